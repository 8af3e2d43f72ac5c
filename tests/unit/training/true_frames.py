"""Frames on which a person drew lines, as small as they come."""

from __future__ import annotations

import numpy as np

from lusviewer.geometry import GRID
from lusviewer.training.measure.true_lines import TrueFrame
from tests.drawing import INDEX, chest, linear


def drawn(
    clip: str = "a",
    patient: str = "p",
    b_lines: tuple[int, ...] = (),
    *,
    a_line: bool = False,
) -> TrueFrame:
    """Return a frame with a pleura in rows 60 to 63 and B-lines at these columns."""
    labels = chest(60, 4)
    for column in b_lines:
        labels[64:200, column - 3 : column + 4] = INDEX["b_line"]
    if a_line:
        labels[120:124, 20:200] = INDEX["a_line"]
    origins = np.array([(61.5, column) for column in b_lines], np.float32)
    return TrueFrame(
        clip,
        patient,
        0,
        np.zeros((GRID, GRID), np.uint8),
        labels,
        linear(),
        origins.reshape(-1, 2),
        (a_line, bool(b_lines)),
    )
