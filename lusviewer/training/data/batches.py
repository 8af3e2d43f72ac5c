"""The batches of a run: each step's is a function of the seed and the step alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor

from lusviewer.findings import FINDINGS
from lusviewer.geometry import GRID
from lusviewer.inference.frames import MEAN, STD
from lusviewer.training.data.augment import Look, apply_look, apply_to_labels
from lusviewer.training.data.vary import Variation, varied

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lusviewer.training.data.line_frame import LineFrame
    from lusviewer.training.data.pocus_labels import PocusClip
    from lusviewer.training.data.real_clips import CachedClip
    from lusviewer.training.data.shards import Shard

_FINDING_SHARES: Final = (0.15, 0.25, 0.2, 0.2, 0.2)
"""How often a bag is drawn for each finding."""


@dataclass(frozen=True, slots=True)
class Bag:
    """A real clip to learn from: its frames, what is known of it."""

    clip: CachedClip
    known: PocusClip


@dataclass(frozen=True, slots=True)
class Batch:
    """Phantom frames first, then drawn real ones, then those of the bags, by clip.

    ``frames`` ``(n, 1, 224, 224)`` normalised; ``labels`` int64 ``(p, 224, 224)`` and
    ``truth`` ``(p, 43)`` of the phantom frames; ``drawn`` int64 ``(d, 224, 224)``,
    255 where not known, and ``shown``, ``sure`` ``(d, 5)`` of the drawn frames;
    ``values``, ``weights`` ``(bags, 5)``.
    """

    frames: Tensor
    labels: Tensor
    truth: Tensor
    values: Tensor
    weights: Tensor
    drawn: Tensor
    shown: Tensor
    sure: Tensor


def normalised(frames: NDArray[np.uint8]) -> Tensor:
    """Return uint8 ``(n, 224, 224)`` as the network wants them."""
    values = (np.asarray(frames, np.float32) - MEAN) / STD
    return torch.from_numpy(values)[:, None]


class BagChooser:
    """Draws real clips, so that each finding is seen present and absent."""

    def __init__(self, bags: Sequence[Bag]) -> None:
        self._bags = bags
        self._positive = [self._with(i, positive=True) for i in range(len(FINDINGS))]
        self._negative = [self._with(i, positive=False) for i in range(len(FINDINGS))]

    def draw(self, rng: np.random.Generator) -> Bag:
        """Return one of the clips."""
        finding = int(rng.choice(len(FINDINGS), p=_FINDING_SHARES))
        table = self._positive if rng.random() < 0.5 else self._negative
        shares = table[finding]
        if shares.sum() == 0:
            return self._bags[int(rng.integers(len(self._bags)))]
        return self._bags[int(rng.choice(len(shares), p=shares))]

    def _with(self, finding: int, *, positive: bool) -> NDArray[np.float64]:
        """Return how likely each bag is drawn for a finding present or absent."""
        share = np.array(
            [
                b.known.weights[finding] * (b.known.values[finding] == positive)
                for b in self._bags
            ],
            np.float64,
        )
        return share / share.sum() if share.sum() > 0 else share


class BatchMaker:
    """Draws mixed batches; the same step always gives the same batch.

    ``variation`` says how simulated frames are varied.
    """

    def __init__(
        self,
        shards: Sequence[Shard],
        bags: Sequence[Bag],
        seed: int,
        lines: Sequence[LineFrame] = (),
        variation: Variation = Variation(),  # noqa: B008 - frozen
    ) -> None:
        self._variation = variation
        self._shards = shards
        self._lines = by_clip(lines)
        self._starts = np.cumsum([0] + [len(shard.frames) for shard in shards])
        self._bags = bags
        self._chooser = BagChooser(bags)
        self._seed = seed

    def make(
        self, step: int, n_phantom: int, n_bags: int, n_frames: int, n_lines: int = 0
    ) -> Batch:
        """Return the batch of ``step``: phantom frames, and bags of ``n_frames``.

        ``n_lines`` drawn real frames join them, where the maker has any.
        """
        rng = np.random.default_rng([self._seed, step])
        frames: list[NDArray[np.uint8]] = []
        labels, truth, values, weights = [], [], [], []
        for number in rng.integers(0, self._starts[-1], n_phantom):
            frame, label, known = self._phantom(int(number), rng)
            frames.append(frame)
            labels.append(label)
            truth.append(known)
        bagged: list[NDArray[np.uint8]] = []
        for _ in range(n_bags if self._bags else 0):
            bag = self._chooser.draw(rng)
            bagged += _bag_frames(bag, n_frames, rng)
            values.append(bag.known.values)
            weights.append(bag.known.weights)
        lines = self._draw_lines(n_lines, rng)
        frames += [picture for picture, _, _ in lines]
        return Batch(
            normalised(np.stack(frames + bagged)),
            torch.from_numpy(np.stack(labels)).long(),
            torch.from_numpy(np.stack(truth)).float(),
            _rows(values),
            _rows(weights),
            _maps([label for _, label, _ in lines]),
            _rows([line.values for _, _, line in lines]),
            _rows([line.weights for _, _, line in lines]),
        )

    def _draw_lines(
        self, count: int, rng: np.random.Generator
    ) -> list[tuple[NDArray[np.uint8], NDArray[np.uint8], LineFrame]]:
        """Return drawn frames: each clip as likely as another, whatever its length."""
        drawn = []
        for number in rng.integers(0, len(self._lines), count) if self._lines else ():
            clip = self._lines[int(number)]
            line = clip[int(rng.integers(len(clip)))]
            look = Look.draw(rng, GRID)
            picture = apply_look(look, line.frame, rng)
            drawn.append((picture, apply_to_labels(look, line.labels), line))
        return drawn

    def _phantom(
        self, number: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
        index = int(np.searchsorted(self._starts, number, "right")) - 1
        shard, row = self._shards[index], number - int(self._starts[index])
        real = self._real_frame if self._bags else None
        pair = shard.frames[row], shard.labels[row]
        frame, labels = varied(*pair, self._variation, real, rng)
        return frame, labels, shard.truth[row]

    def _real_frame(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        frames = self._bags[int(rng.integers(len(self._bags)))].clip.frames
        return np.asarray(frames[int(rng.integers(len(frames)))])


def by_clip(lines: Sequence[LineFrame]) -> list[list[LineFrame]]:
    """Return drawn frames grouped by their clip."""
    clips: dict[str, list[LineFrame]] = {}
    for line in lines:
        clips.setdefault(line.clip, []).append(line)
    return list(clips.values())


def _maps(labels: Sequence[NDArray[np.uint8]]) -> Tensor:
    if not labels:
        return torch.zeros(0, GRID, GRID, dtype=torch.long)
    return torch.from_numpy(np.stack(labels)).long()


def _rows(values: Sequence[NDArray[np.float32]]) -> Tensor:
    if not values:
        return torch.zeros(0, len(FINDINGS))
    return torch.from_numpy(np.stack(values)).float()


def spread(total: int, count: int, offset: float) -> NDArray[np.intp]:
    """Return ``count`` indices spread over ``total`` frames; ``offset`` 0 to 1."""
    return ((np.arange(count) + offset) * total / count).astype(np.intp) % total


def _bag_frames(
    bag: Bag, n_frames: int, rng: np.random.Generator
) -> list[NDArray[np.uint8]]:
    """Return frames spread over the clip, from a random start, with one look."""
    chosen = spread(len(bag.clip.frames), n_frames, rng.random())
    look = Look.draw(rng, GRID)
    return [apply_look(look, bag.clip.frames[int(i)], rng) for i in chosen]
