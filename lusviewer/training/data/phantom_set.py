"""Simulated training frames, rendered once into shards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from lusviewer.files import written
from lusviewer.geometry import GRID, FrameGeometry, grid_box, grid_mask
from lusviewer.inference.frames import crop_to_grid
from lusviewer.phantom import random_scene, render

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken

SCENES_PER_SHARD: Final = 100


@dataclass(frozen=True, slots=True)
class RenderPlan:
    """How scenes become frames: ``step`` frames lie between those that are kept."""

    seed: int
    frames_per_scene: int
    step: int = 1


def render_shard(folder: Path, index: int, plan: RenderPlan) -> None:
    """Render shard ``index`` into ``folder``, unless it is there already."""
    if (folder / f"{index:05d}-truth.npy").is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    parts: list[list[NDArray[np.uint8]]] = [[], [], []]
    scenes = []
    for scene in range(index * SCENES_PER_SHARD, (index + 1) * SCENES_PER_SHARD):
        for part, values in zip(parts, render_scene(scene, plan), strict=True):
            part.append(values)
        scenes += [scene] * plan.frames_per_scene
    arrays: dict[str, NDArray[Any]] = {
        "frames": np.concatenate(parts[0]),
        "labels": np.concatenate(parts[1]),
        "scene": np.array(scenes, np.int32),
        "truth": np.concatenate(parts[2]),
    }
    for name, array in arrays.items():  # "truth" comes last: then the shard is whole
        with written(folder / f"{index:05d}-{name}.npy") as file:
            np.save(file, array)


def render_scene(scene: int, plan: RenderPlan) -> tuple[NDArray[np.uint8], ...]:
    """Return frames and labels ``(n, 224, 224)`` and truth ``(n, 43)`` of a scene."""
    rng = np.random.default_rng([plan.seed, scene])
    n_frames = (plan.frames_per_scene - 1) * plan.step + 1
    clip = render(random_scene(rng), n_frames)
    kept = slice(0, n_frames, plan.step)
    frames, labels = [], []
    for frame, label in zip(clip.frames[kept], clip.labels[kept], strict=True):
        frames.append(crop_to_grid(frame, clip.geometry))
        labels.append(labels_to_grid(label, clip.geometry))
    truth = np.concatenate([clip.biomarkers[kept], clip.findings[kept]], axis=1)
    return np.stack(frames), np.stack(labels), (truth > 0.5).astype(np.uint8)


def labels_to_grid(
    labels: NDArray[np.uint8], geometry: FrameGeometry
) -> NDArray[np.uint8]:
    """Return class indices on the model's grid, as ``crop_to_grid`` does for frames."""
    top, left, bottom, right = geometry.region
    box = grid_box(geometry)
    size = (box[3] - box[1], box[2] - box[0])
    grid = np.zeros((GRID, GRID), np.uint8)
    grid[box[0] : box[2], box[1] : box[3]] = cv2.resize(
        labels[top:bottom, left:right], size, interpolation=cv2.INTER_NEAREST
    )
    grid *= grid_mask(geometry)
    return grid


def render_shards(
    folder: Path, indices: range, plan: RenderPlan, cancel: CancelToken
) -> Iterator[int]:
    """Render the shards ``indices``; yield each when it is there."""
    for index in indices:
        cancel.check()
        render_shard(folder, index, plan)
        yield index
