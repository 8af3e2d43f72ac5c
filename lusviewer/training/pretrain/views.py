"""Two sights of one recording: a look, and a part of the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from lusviewer.training.data.augment import Look, apply_look
from lusviewer.training.data.batches import normalised

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

_SMALLEST_PART: Final = 0.5
"""The smallest side of a part, as a share of the frame's."""


def view(
    frames: Sequence[NDArray[np.uint8]], size: int, rng: np.random.Generator
) -> list[NDArray[np.uint8]]:
    """Return ``frames`` in one random look, cut to one random square of ``size``.

    Frames of one clip stay one recording: look and square are the same for all.
    """
    whole = frames[0].shape[0]
    look = Look.draw(rng, whole)
    side = int(whole * rng.uniform(_SMALLEST_PART, 1))
    top, left = (int(v) for v in rng.integers(0, whole - side + 1, 2))
    return [
        _reduced(
            apply_look(look, frame, rng)[top : top + side, left : left + side], size
        )
        for frame in frames
    ]


def _reduced(picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    shrinks = picture.shape[0] > size
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (size, size), interpolation=way), np.uint8)


def stacked(pictures: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Return ``pictures`` as the network wants them: ``(n, 1, rows, columns)``."""
    return normalised(np.stack(pictures))
