"""Frames that no lung assessment should be made on, for the gate to learn from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from lusviewer.files import written
from lusviewer.inference.frames import crop_to_grid
from lusviewer.phantom import random_scene, render
from lusviewer.phantom.chance_other import KINDS, random_other
from lusviewer.phantom.other import render_other

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lusviewer.cancel import CancelToken
    from lusviewer.geometry import FrameGeometry
    from lusviewer.phantom import Scene

Frames = NDArray[np.uint8]

SHADOWED: Final = "shadowed"
"""Lung of which a fifth of the beam or less is lit."""

OTHER_KINDS: Final = (*KINDS, SHADOWED)
"""What the simulated frames show, in the order they take turns."""


def not_lung_clip(seed: int, index: int) -> tuple[Frames, FrameGeometry]:
    """Return the simulated frame ``index`` of ``seed``, and where its beam lies."""
    rng = np.random.default_rng([seed, index])
    kind = OTHER_KINDS[index % len(OTHER_KINDS)]
    if kind == SHADOWED:
        lung = render(_shadowed(rng), 1)
        return lung.frames[0], lung.geometry
    other = render_other(random_other(rng, kind), 1)
    return other.frames[0], other.geometry


def not_lung_frames(path: Path, seed: int, count: int, cancel: CancelToken) -> Frames:
    """Return ``count`` simulated frames on the grid, rendered once into ``path``."""
    if path.is_file():
        stored: Frames = np.load(path)
        if len(stored) == count:
            return stored
    frames = np.stack(list(_rendered(seed, count, cancel)))
    path.parent.mkdir(parents=True, exist_ok=True)
    with written(path) as file:
        np.save(file, frames)
    return frames


def _rendered(seed: int, count: int, cancel: CancelToken) -> Iterator[Frames]:
    for index in range(count):
        cancel.check()
        yield crop_to_grid(*not_lung_clip(seed, index))


def _shadowed(rng: np.random.Generator) -> Scene:
    scene = random_scene(rng)
    left = float(rng.uniform(-1.0, 0.7))
    lit = (left, left + float(rng.uniform(0.1, 0.4)))
    tricks = replace(scene.confounders, contact=lit, contact_softness=0.08)
    quiet = replace(scene.machine, text="", ruler=False)
    return replace(scene, confounders=tricks, machine=quiet)


def misplaced(rng: np.random.Generator, frame: Frames) -> Frames:
    """Return a frame of lung turned by 90, 180 or 270 degrees, or cut up in depth."""
    turns = int(rng.integers(4))
    if turns:
        return np.ascontiguousarray(np.rot90(frame, turns))
    bands = np.array_split(frame, int(rng.integers(3, 6)))
    order = rng.permutation(len(bands))
    if (np.diff(order) > 0).all():
        order = order[::-1]
    return np.concatenate([bands[i] for i in order])
