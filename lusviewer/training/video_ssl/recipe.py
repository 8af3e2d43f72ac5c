"""The recipe of Holste et al. (2022, arXiv 2207.11581) on clips of one patient."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from lusviewer.training.pretrain import finish
from lusviewer.training.pretrain.clips import decode, recordings, simulated
from lusviewer.training.pretrain.loop import first_features, pretrain
from lusviewer.training.recipe import Recipe, Stage
from lusviewer.training.video_ssl.objective import VideoObjective
from lusviewer.training.video_ssl.pairs import Patient, patients_of
from lusviewer.training.video_ssl.settings import VideoSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lusviewer.cancel import CancelToken
    from lusviewer.training.recipe import Event

_ABOUT: Final = (
    "EfficientNet-Lite0, taught by two tasks on unlabelled video: which two clips are "
    "of one patient, and in which of 24 orders four frames of a clip were taken."
)


def train(settings: VideoSettings, cancel: CancelToken) -> Iterator[Event]:
    """Train the encoder from its last checkpoint to its last step."""
    objective = VideoObjective(settings, first_features(settings), _groups(settings))
    yield from pretrain(settings, objective, cancel)


def _groups(settings: VideoSettings) -> list[tuple[list[Patient], int]]:
    groups = [(patients_of(recordings(settings)), settings.patients)]
    if settings.simulated and settings.scenes:
        scenes = patients_of(simulated(Path(settings.simulated)))
        groups.append((scenes, settings.scenes))
    return groups


def export(settings: VideoSettings, cancel: CancelToken) -> Iterator[Event]:
    """Write the encoder's graph, manifest and card."""
    cancel.check()
    scenes = settings.simulated and settings.scenes
    taught = "unlabelled, and simulated scenes" if scenes else "unlabelled"
    yield from finish.export(settings, "video-ssl", _ABOUT, taught)


def measure(settings: VideoSettings, cancel: CancelToken) -> Iterator[Event]:
    """Judge the encoder's features beside ImageNet's; write the result."""
    yield from finish.measure(settings, "video-ssl", cancel)


_STAGES: Final[dict[str, Stage]] = {
    "decode": decode,
    "train": train,
    "export": export,
    "measure": measure,
}

RECIPE: Final = Recipe(
    "video-ssl",
    "Self-supervised pretraining: clips of one patient, and the order of frames.",
    VideoSettings,
    _STAGES,
)
