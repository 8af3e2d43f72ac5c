"""Pairs of clips of one patient, their frames shuffled (Holste et al. 2022)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from lusviewer.training.pretrain.views import stacked, view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from lusviewer.training.pretrain.clips import Recording

    Frames = NDArray[np.uint8]

SHOWN: Final = 4
"""Frames of a clip that are shown, and put into an order."""

ORDERS: Final = tuple(permutations(range(SHOWN)))
"""The 24 orders."""

_LONGEST_STRIDE: Final = 5


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient's clips of four frames and more."""

    name: str
    clips: tuple[Frames, ...]


@dataclass(frozen=True, slots=True)
class ClipBatch:
    """Shuffled frames ``(2 n * 4, 1, size, size)``: all left clips, then all right.

    ``order`` int64 ``(2 n,)`` indexes ``ORDERS``.
    """

    frames: Tensor
    order: Tensor


def patients_of(recordings: Sequence[Recording]) -> list[Patient]:
    """Return the patients that can be paired: single pictures are left out."""
    clips: dict[str, list[Frames]] = defaultdict(list)
    for recording in recordings:
        if len(recording.frames) >= SHOWN:
            clips[recording.patient].append(recording.frames)
    return [
        Patient(name, tuple(found))
        for name, found in sorted(clips.items())
        if len(found) > 1 or len(found[0]) >= 2 * SHOWN
    ]


def two_clips(patient: Patient, rng: np.random.Generator) -> tuple[Frames, Frames]:
    """Return two different clips of ``patient``; of a single one, its two halves."""
    if len(patient.clips) == 1:
        clip = patient.clips[0]
        half = len(clip) // 2
        halves = (clip[:half], clip[half:])
        return halves if rng.random() < 0.5 else halves[::-1]
    first, second = rng.choice(len(patient.clips), 2, replace=False)
    return patient.clips[int(first)], patient.clips[int(second)]


def shuffled(
    clip: Frames, size: int, rng: np.random.Generator
) -> tuple[list[NDArray[np.uint8]], int]:
    """Return four frames of ``clip`` at a random stride in a random order, and which.

    All four have one look, so that only what moves tells the order.
    """
    stride = int(rng.integers(1, min(_LONGEST_STRIDE, (len(clip) - 1) // 3) + 1))
    start = int(rng.integers(0, len(clip) - 3 * stride))
    seen = view([clip[start + i * stride] for i in range(SHOWN)], size, rng)
    order = int(rng.integers(len(ORDERS)))
    return [seen[i] for i in ORDERS[order]], order


def clip_batch(
    groups: Sequence[tuple[Sequence[Patient], int]], size: int, seed: list[int]
) -> ClipBatch:
    """Return a batch: so many different patients of each group, two clips of each."""
    rng = np.random.default_rng(seed)
    chosen = [
        patients[int(i)]
        for patients, count in groups
        for i in rng.choice(len(patients), min(count, len(patients)), replace=False)
    ]
    pairs = [two_clips(patient, rng) for patient in chosen]
    frames, orders = [], []
    for side in (0, 1):
        for pair in pairs:
            shown, order = shuffled(pair[side], size, rng)
            frames += shown
            orders.append(order)
    return ClipBatch(stacked(frames), torch.tensor(orders))
