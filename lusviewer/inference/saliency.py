"""Where in a frame the model saw what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from lusviewer.geometry import GRID, FrameGeometry, GridMap
from lusviewer.inference.bundle import PROBABILITY_KEYS, ModelBundle
from lusviewer.inference.frames import run_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.clip import Frame


def saliency(
    bundle: ModelBundle,
    frame: Frame,
    geometry: FrameGeometry,
    key: str,
    cancel: CancelToken,
) -> NDArray[np.float32]:
    """Return what speaks for ``key``, from 0 to 1, ``(rows, columns)`` of the clip.

    ``key`` is a biomarker's ("b_lines.many") or a finding's ("finding.b_lines"). The
    value is a place's share in the logit over the largest share in the frame; 0
    where the place speaks against ``key``, and around the beam.
    """
    raw = run_frame(bundle, frame, geometry, cancel)
    activation = raw.saliency[PROBABILITY_KEYS.index(key)]
    return activation_to_clip(activation, raw.grid, geometry)


def activation_to_clip(
    activation: NDArray[np.float32], grid: GridMap, geometry: FrameGeometry
) -> NDArray[np.float32]:
    """Return a coarse class activation map smoothly on the clip's own grid."""
    rows, columns = activation.shape
    corners = np.array([[0, 0], [geometry.rows - 1, geometry.columns - 1]], np.float32)
    first, last = (grid.to_grid(corners) + 0.5) * (rows / GRID, columns / GRID) - 0.5
    steps = (last - first) / (max(geometry.rows - 1, 1), max(geometry.columns - 1, 1))
    place = np.array([[steps[1], 0, first[1]], [0, steps[0], first[0]]], np.float64)
    full = cv2.warpAffine(
        activation.astype(np.float32),
        place,
        (geometry.columns, geometry.rows),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    positive: NDArray[np.float32] = np.maximum(full, 0, dtype=np.float32)
    positive *= geometry.beam_mask()
    highest = positive.max()
    if highest > 0:
        positive /= highest
    return positive
