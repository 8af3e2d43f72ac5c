"""The clips to learn from and to be measured on, and how a step's are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor

from lusviewer.errors import TrainingError
from lusviewer.geometry import GRID
from lusviewer.training.biomarkers.settings import FRAMES
from lusviewer.training.data.augment import Look, apply_look, toned_like
from lusviewer.training.data.batches import Bag, BagChooser, normalised, spread
from lusviewer.training.data.real_clips import is_cached, open_cached
from lusviewer.training.data.shards import open_shards
from lusviewer.training.data.weak_labels import DENIALS, weak_labels
from lusviewer.training.lite.run_state import known_clips, part_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lusviewer.training.biomarkers.settings import BiomarkerSettings

_TONED_SHARE: Final = 0.35
"""How many simulated clips take on the grey levels of a real one."""

_STREAM: Final = 11
"""Parts the random numbers of these batches from those of other recipes."""

_HELD_OUT: Final = {
    "train": slice(-3),
    "validation": slice(-3, -2),
    "test": slice(-2, None),
}
"""Which of the rendered shards, in their order, are for what."""


@dataclass(frozen=True, slots=True)
class SimulatedClip:
    """A rendered clip: frames uint8 ``(n, 224, 224)``, truth ``(n, 43)``, its scene."""

    frames: NDArray[np.uint8]
    truth: NDArray[np.uint8]
    scene: str


@dataclass(frozen=True, slots=True)
class ClipBatch:
    """A step's clips, the simulated ones first.

    ``frames`` ``(clips * FRAMES, 1, 224, 224)`` normalised; ``values`` and ``weights``
    ``(clips, 43)`` of whole clips.
    """

    frames: Tensor
    values: Tensor
    weights: Tensor


def simulated_clips(settings: BiomarkerSettings, part: str) -> list[SimulatedClip]:
    """Return the rendered clips of ``part``: "train", "validation" or "test"."""
    shards = open_shards(Path(settings.clips), "train")
    if len(shards) < 4:
        msg = f"{settings.clips} holds {len(shards)} shards of clips, 4 are needed."
        raise TrainingError(msg, hint="Render them first: --only render.")
    return [
        SimulatedClip(shard.frames[rows], shard.truth[rows], f"scene {scene}")
        for shard in shards[_HELD_OUT[part]]
        for scene in np.unique(shard.scene)
        for rows in (_rows(shard.scene, int(scene)),)
    ]


def _rows(scenes: NDArray[np.int32], scene: int) -> slice:
    """Return the rows of ``scene``: a slice, so that nothing is read yet."""
    found = np.flatnonzero(scenes == scene)
    return slice(int(found[0]), int(found[-1]) + 1)


def real_clips(settings: BiomarkerSettings, part: str) -> list[Bag]:
    """Return the decoded POCUS clips of ``part`` of the shipped split."""
    cache = Path(settings.cache)
    return [
        Bag(open_cached(cache, clip.file), clip)
        for clip in part_of(known_clips(settings), part)
        if is_cached(cache, clip.file)
    ]


def clip_truth(truth: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the labels ``(43,)`` of a whole clip from those of its frames.

    A label holds where some frame has it; one that denies, where every frame does.
    """
    whole = truth.max(0).astype(np.float32)
    whole[list(DENIALS)] = truth.min(0)[list(DENIALS)]
    return whole


def clip_view(frames: NDArray[np.uint8], view: int, views: int) -> NDArray[np.uint8]:
    """Return sample ``view`` of ``views`` of a clip: ``FRAMES`` frames over it all."""
    chosen = spread(len(frames), FRAMES, (view + 0.5) / views)
    return np.stack([frames[int(i)] for i in chosen])


class ClipMaker:
    """Draws mixed batches of clips; the same step always gives the same batch."""

    def __init__(
        self, simulated: Sequence[SimulatedClip], bags: Sequence[Bag], seed: int
    ) -> None:
        self._simulated, self._bags, self._seed = simulated, bags, seed
        self._chooser = BagChooser(bags)

    def make(self, step: int, n_simulated: int, n_bags: int) -> ClipBatch:
        """Return the batch of ``step``; without real clips, simulated ones alone."""
        rng = np.random.default_rng([self._seed, _STREAM, step])
        frames, values, weights = [], [], []
        for number in rng.integers(0, len(self._simulated), n_simulated):
            clip = self._simulated[int(number)]
            chosen = spread(len(clip.frames), FRAMES, rng.random())
            frames += self._seen(self._toned(clip.frames[chosen], rng), rng)
            values.append(clip_truth(clip.truth[chosen]))
            weights.append(np.ones_like(values[-1]))
        for _ in range(n_bags if self._bags else 0):
            bag = self._chooser.draw(rng)
            chosen = spread(len(bag.clip.frames), FRAMES, rng.random())
            frames += self._seen(bag.clip.frames[chosen], rng)
            known = weak_labels(bag.known)
            values.append(known[0])
            weights.append(known[1])
        return ClipBatch(
            normalised(np.stack(frames)),
            torch.from_numpy(np.stack(values)),
            torch.from_numpy(np.stack(weights)),
        )

    def _toned(
        self, frames: NDArray[np.uint8], rng: np.random.Generator
    ) -> NDArray[np.uint8]:
        if not self._bags or rng.random() >= _TONED_SHARE:
            return frames
        bag = self._bags[int(rng.integers(len(self._bags)))]
        model = bag.clip.frames[int(rng.integers(len(bag.clip.frames)))]
        # As one tall picture, so that all frames of the clip change alike.
        tall = frames.reshape(-1, GRID)
        return toned_like(tall, model, float(rng.uniform(0.3, 1))).reshape(frames.shape)

    def _seen(
        self, frames: NDArray[np.uint8], rng: np.random.Generator
    ) -> list[NDArray[np.uint8]]:
        """Return the frames of a clip with one look."""
        look = Look.draw(rng, GRID)
        return [apply_look(look, frame, rng) for frame in frames]
