"""How fine a frame's texture is, and giving one frame the fineness of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]
    Floats = NDArray[np.float32]

SCALES: Final = (0.8, 1.6, 3.2)
"""Each band of local frequency holds what blurring by this many px more takes away."""

_MOST: Final = 2.5
_MARGIN: Final = 9


def inner_beam(frame: Frame) -> NDArray[np.bool_]:
    """Return what lies well inside the beam, where its edge makes no frequency."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_MARGIN, _MARGIN))
    shown = np.pad((frame > 0).astype(np.uint8), _MARGIN)
    whole = cv2.morphologyEx(shown, cv2.MORPH_CLOSE, disc)
    inner = cv2.erode(whole, disc)[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
    return np.asarray(inner > 0)


def bands(frame: Frame) -> tuple[list[Floats], Floats]:
    """Return the bands of local frequency, the finest first, and what is left."""
    rest = frame.astype(np.float32)
    found = []
    for scale in SCALES:
        soft = np.asarray(cv2.GaussianBlur(rest, (0, 0), scale), np.float32)
        found.append(rest - soft)
        rest = soft
    return found, rest


def band_strengths(frame: Frame) -> NDArray[np.float64] | None:
    """Return each band's spread over the frame's mean grey; None without a beam."""
    inner = inner_beam(frame)
    if inner.sum() < 500:
        return None
    found, rest = bands(frame)
    level = float(rest[inner].mean()) + 1
    return np.array([float(band[inner].std()) / level for band in found])


def sharpened_like(frame: Frame, model: Frame, share: float) -> Frame:
    """Return ``frame`` with its bands as strong as those of ``model``.

    ``share`` 1 matches them, up to a factor of 2.5; 0 leaves the frame alone. What
    was black stays black, and all else stays above it.
    """
    own, other = band_strengths(frame), band_strengths(model)
    if own is None or other is None:
        return frame
    ratio = np.clip((other + 1e-3) / (own + 1e-3), 1 / _MOST, _MOST) ** share
    found, total = bands(frame)
    for factor, band in zip(ratio, found, strict=True):
        total = total + np.float32(factor) * band
    return np.where(frame > 0, np.clip(total, 1, 255), 0).astype(np.uint8)
