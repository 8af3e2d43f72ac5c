"""Rendered training frames on disk, read back without copying."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.errors import TrainingError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_EVERY: Final = 10
_HELD_OUT: Final = {"validation": 8, "test": 9}
"""Of ten shards one is for validation and one for testing."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Frames of some scenes, opened without reading them.

    ``frames`` and ``labels`` uint8 ``(n, 224, 224)``; ``truth`` uint8 ``(n, 43)``,
    the 38 labels then the 5 findings of each frame; ``scene`` the scene of each.
    """

    frames: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    truth: NDArray[np.uint8]
    scene: NDArray[np.int32]


def open_shards(folder: Path, part: str) -> tuple[Shard, ...]:
    """Return the shards of ``part``: "train", "validation" or "test"."""
    shards = tuple(_open_shard(folder, i) for i in shard_indices(folder, part))
    if not shards:
        msg = f"{folder} holds no rendered frames for the part '{part}'"
        raise TrainingError(msg, hint="Render them first: lusviewer train render.")
    return shards


def shard_indices(folder: Path, part: str) -> list[int]:
    """Return the indices of the shards of ``part`` that are whole."""
    found = sorted(int(p.name[:5]) for p in folder.glob("*-truth.npy"))
    wanted = _HELD_OUT.get(part)
    held_out = set(_HELD_OUT.values())
    return [
        i
        for i in found
        if (i % _EVERY == wanted if wanted else i % _EVERY not in held_out)
    ]


def _open_shard(folder: Path, index: int) -> Shard:
    def stored(name: str) -> NDArray[np.uint8]:
        path = folder / f"{index:05d}-{name}.npy"
        array: NDArray[np.uint8] = np.load(path, mmap_mode="r")
        return array

    scene: NDArray[np.int32] = np.load(folder / f"{index:05d}-scene.npy")
    return Shard(stored("frames"), stored("labels"), stored("truth"), scene)
