"""One frame through the model: cut out, resampled, run, and mapped back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from lusviewer.findings import CLASSES, FINDINGS
from lusviewer.geometry import GRID, FrameGeometry, GridMap, grid_box, grid_mask
from lusviewer.inference.bundle import LABEL_KEYS, PROBABILITY_KEYS, ModelBundle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.clip import Frame

__all__ = [
    "GridMap",
    "RawFindings",
    "crop_to_grid",
    "labels_to_clip",
    "run_frame",
    "run_grid",
    "run_temporal",
    "to_grid",
]

MEAN: Final = 127.0
STD: Final = 128.0
OUTSIDE: Final = CLASSES.index("outside")


@dataclass(frozen=True, slots=True)
class RawFindings:
    """What the model says of one frame.

    ``labels`` uint8 ``(GRID, GRID)``; ``biomarkers`` ``(38,)`` and ``findings``
    ``(5,)`` calibrated probabilities; ``embedding`` ``(n,)``; ``saliency``
    ``(43, rows, columns)`` class activation maps in ``PROBABILITY_KEYS`` order.
    ``image`` uint8 ``(GRID, GRID)`` is what the model saw.
    """

    labels: NDArray[np.uint8]
    biomarkers: NDArray[np.float32]
    findings: NDArray[np.float32]
    embedding: NDArray[np.float32]
    saliency: NDArray[np.float32]
    grid: GridMap
    image: NDArray[np.uint8]


def crop_to_grid(frame: Frame, geometry: FrameGeometry) -> NDArray[np.uint8]:
    """Return the beam of ``frame`` on the grid, 0 around it, ``(GRID, GRID)``."""
    top, left, bottom, right = geometry.region
    crop = frame[top:bottom, left:right]
    grid_top, grid_left, grid_bottom, grid_right = grid_box(geometry)
    size = (grid_right - grid_left, grid_bottom - grid_top)
    grid = np.zeros((GRID, GRID), np.uint8)
    shrinks = size[0] * size[1] < crop.size
    grid[grid_top:grid_bottom, grid_left:grid_right] = cv2.resize(
        crop, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    grid *= grid_mask(geometry)
    return grid


def to_grid(
    frame: Frame, geometry: FrameGeometry, mean: float = MEAN, std: float = STD
) -> NDArray[np.float32]:
    """Return ``frame`` as the model wants it, ``(1, 1, GRID, GRID)``."""
    return _normalised(crop_to_grid(frame, geometry), mean, std)


def _normalised(
    image: NDArray[np.uint8], mean: float, std: float
) -> NDArray[np.float32]:
    batch = image.astype(np.float32)
    batch -= np.float32(mean)
    batch *= np.float32(1 / std)
    return batch[None, None]


def run_frame(
    bundle: ModelBundle, frame: Frame, geometry: FrameGeometry, cancel: CancelToken
) -> RawFindings:
    """Return what the model says of ``frame``; nothing is found outside the beam."""
    image = crop_to_grid(frame, geometry)
    outputs = run_grid(bundle, image, cancel)
    labels = np.minimum(outputs["labels"][0], len(CLASSES) - 1)
    labels[~grid_mask(geometry)] = OUTSIDE
    return RawFindings(
        labels=labels,
        biomarkers=probabilities(bundle, outputs["biomarkers"][0], LABEL_KEYS),
        findings=probabilities(bundle, outputs["findings"][0], _FINDING_KEYS),
        embedding=outputs["embedding"][0],
        saliency=outputs["saliency"][0],
        grid=GridMap.of(geometry),
        image=image,
    )


def run_grid(
    bundle: ModelBundle, image: NDArray[np.uint8], cancel: CancelToken
) -> dict[str, NDArray[Any]]:
    """Return what the frame graph gives, logits and all, for ``(GRID, GRID)``."""
    manifest = bundle.manifest
    batch = _normalised(image, manifest.mean, manifest.std)
    return bundle.frame.run({manifest.frame.input.name: batch}, cancel)


def run_temporal(
    bundle: ModelBundle, embeddings: NDArray[np.float32], cancel: CancelToken
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return calibrated probabilities per frame, each seen among its neighbours.

    ``embeddings`` is ``(n_frames, n)``; the biomarkers are ``(n_frames, 38)``, the
    findings ``(n_frames, 5)``.
    """
    name = bundle.manifest.temporal.input.name
    outputs = bundle.temporal.run({name: embeddings[None]}, cancel)
    biomarkers = probabilities(bundle, outputs["biomarkers"][0], LABEL_KEYS)
    findings = probabilities(bundle, outputs["findings"][0], _FINDING_KEYS)
    return biomarkers, findings


def probabilities(
    bundle: ModelBundle, logits: NDArray[np.float32], keys: tuple[str, ...]
) -> NDArray[np.float32]:
    """Return calibrated probabilities of ``logits``, whose last axis is ``keys``."""
    scale, offset = bundle.manifest.calibration_of(keys)
    # exp of large negatives overflows; beyond 60 the sigmoid is 0 or 1 anyway.
    bounded = np.clip(logits * scale + offset, -60, 60)
    probability: NDArray[np.float32] = 1 / (1 + np.exp(-bounded))
    return probability.astype(np.float32)


def labels_to_clip(
    labels: NDArray[np.uint8], grid: GridMap, geometry: FrameGeometry
) -> NDArray[np.uint8]:
    """Return the class of each pixel of the clip, 'outside' around the beam.

    ``labels`` is a ``(GRID, GRID)`` map that ``grid`` places on the clip.
    """
    rows, shown_rows = _nearest(grid, geometry.rows, 0)
    columns, shown_columns = _nearest(grid, geometry.columns, 1)
    full = np.zeros((geometry.rows, geometry.columns), np.uint8)
    full[shown_rows, shown_columns] = labels[rows][:, columns]
    full *= geometry.beam_mask()  # 'outside' is class 0.
    return full


def _nearest(grid: GridMap, size: int, axis: int) -> tuple[NDArray[np.intp], slice]:
    """Return the grid index nearest to each clip index that the grid covers."""
    steps = np.arange(size, dtype=np.float32)
    points = grid.to_grid(np.stack([steps, steps], axis=1))
    nearest = np.rint(points[:, axis]).astype(np.intp)
    first, last = np.searchsorted(nearest, (0, GRID))
    return nearest[first:last], slice(int(first), int(last))


_FINDING_KEYS: Final = PROBABILITY_KEYS[len(LABEL_KEYS) :]
assert len(_FINDING_KEYS) == len(FINDINGS)
