"""The recipe segmentation: which labels, which frames and which network do better.

Dense against sparse labels (Gare et al. 2022, arXiv 2201.10166), simulated frames
alone against simulated and drawn real ones, the product's network against a U-Net.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from lusviewer.errors import TrainingError
from lusviewer.training.data.batches import BatchMaker
from lusviewer.training.data.shards import open_shards
from lusviewer.training.lite.run_state import real_folder
from lusviewer.training.recipe import Event, Recipe, Stage
from lusviewer.training.segmentation.trainer import train
from lusviewer.training.segmentation.variants import VARIANTS, SegmentationSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lusviewer.cancel import CancelToken
    from lusviewer.training.lines.frames import LineFrame


def phantom(settings: SegmentationSettings, cancel: CancelToken) -> Iterator[Event]:
    """Train the runs on simulated frames alone."""
    yield from _train(settings, cancel, real=False)


def lines(settings: SegmentationSettings, cancel: CancelToken) -> Iterator[Event]:
    """Train the runs on simulated frames and drawn real ones."""
    yield from _train(settings, cancel, real=True)


def _train(
    settings: SegmentationSettings, cancel: CancelToken, *, real: bool
) -> Iterator[Event]:
    shards = open_shards(Path(settings.frames), "train")
    drawn = drawn_frames(settings, "train", cancel) if real else []
    maker = BatchMaker(shards, [], settings.seed, drawn)
    for variant in VARIANTS:
        if variant.real == real:
            yield from train(settings, variant, maker, cancel)


def drawn_frames(
    settings: SegmentationSettings, part: str, cancel: CancelToken
) -> list[LineFrame]:
    """Return the drawn real frames of ``part``."""
    from lusviewer.training.lines.frames import line_frames  # noqa: PLC0415 - decoders

    folder = real_folder(settings)
    if folder is None:
        msg = "The folder of the POCUS collection is not given."
        raise TrainingError(msg, hint="Name it with --real.")
    return line_frames(Path(settings.lines), folder, part, Path(settings.cache), cancel)


_STAGES: Final[dict[str, Stage]] = {"phantom": phantom, "lines": lines}

RECIPE: Final = Recipe(
    "segmentation",
    "Dense against sparse labels, phantom against real lines, network against U-Net.",
    SegmentationSettings,
    _STAGES,
)
