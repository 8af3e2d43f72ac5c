"""Finding the beam in frames whose header does not say where it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lusviewer.geometry import FrameGeometry


def locate_beam(
    frames: Sequence[NDArray[np.uint8]], geometry: FrameGeometry
) -> tuple[FrameGeometry, tuple[str, ...]]:
    """Return ``geometry`` with the beam found from the pixels, and warnings."""
    raise NotImplementedError
