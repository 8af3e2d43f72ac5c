"""The recipe of USCL (Chen et al. 2020, arXiv 2011.13066) on unlabelled clips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lusviewer.training.pretrain import finish
from lusviewer.training.pretrain.clips import decode, recordings
from lusviewer.training.pretrain.loop import first_features, pretrain
from lusviewer.training.recipe import Recipe, Stage
from lusviewer.training.uscl.objective import UsclObjective
from lusviewer.training.uscl.settings import UsclSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lusviewer.cancel import CancelToken
    from lusviewer.training.recipe import Event

_ABOUT: Final = (
    "EfficientNet-Lite0, taught by semi-supervised contrastive learning on ultrasound "
    "video (USCL): mixed pairs of frames of one video against those of other videos."
)


def train(settings: UsclSettings, cancel: CancelToken) -> Iterator[Event]:
    """Train the encoder from its last checkpoint to its last step."""
    videos = recordings(settings, settings.labelled)
    objective = UsclObjective(settings, first_features(settings), videos)
    yield from pretrain(settings, objective, cancel)


def export(settings: UsclSettings, cancel: CancelToken) -> Iterator[Event]:
    """Write the encoder's graph, manifest and card."""
    cancel.check()
    told = f"the diagnosis told of {100 * settings.labelled:.0f} % of the patients"
    taught = told if settings.labelled else "unlabelled"
    yield from finish.export(settings, "uscl", _ABOUT, taught)


def measure(settings: UsclSettings, cancel: CancelToken) -> Iterator[Event]:
    """Judge the encoder's features beside ImageNet's; write the result."""
    yield from finish.measure(settings, "uscl", cancel)


_STAGES: Final[dict[str, Stage]] = {
    "decode": decode,
    "train": train,
    "export": export,
    "measure": measure,
}

RECIPE: Final = Recipe(
    "uscl",
    "Contrastive pretraining with mixed sample pairs of one video.",
    UsclSettings,
    _STAGES,
)
