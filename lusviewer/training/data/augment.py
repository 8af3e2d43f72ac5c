"""Making frames differ as probes, machines, hands and video encoders do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Look:
    """One drawn view: where the picture lies and how it is shown.

    Frames of one clip share a look, so that a bag stays one recording.
    """

    matrix: NDArray[np.float64]
    tones: NDArray[np.uint8]
    gains: NDArray[np.float32] | None
    blur: float
    sharpen: float
    speckle: float
    cutouts: tuple[tuple[int, int, int, int], ...]
    jpeg: int | None

    @classmethod
    def draw(cls, rng: np.random.Generator, size: int) -> Look:
        """Return a random look for frames of ``size`` rows and columns."""
        return cls(
            matrix=_draw_matrix(rng, size),
            tones=_draw_tones(rng),
            gains=_draw_gains(rng, size) if rng.random() < 0.5 else None,
            blur=float(rng.uniform(0.4, 1.6)) if rng.random() < 0.25 else 0.0,
            sharpen=float(rng.uniform(0.2, 1.2)) if rng.random() < 0.15 else 0.0,
            speckle=float(rng.uniform(0.03, 0.2)) if rng.random() < 0.3 else 0.0,
            cutouts=_draw_cutouts(rng, size) if rng.random() < 0.25 else (),
            jpeg=int(rng.integers(15, 80)) if rng.random() < 0.3 else None,
        )


def apply_look(look: Look, frame: Frame, rng: np.random.Generator) -> Frame:
    """Return ``frame`` as seen with ``look``; ``rng`` draws the speckle."""
    size = frame.shape[0]
    moved = cv2.warpAffine(frame, look.matrix, (size, size), flags=cv2.INTER_LINEAR)
    picture: NDArray[Any] = cv2.LUT(moved, look.tones)
    if look.blur:
        picture = cv2.GaussianBlur(picture, (0, 0), look.blur)
    if look.sharpen:
        soft = cv2.GaussianBlur(picture, (0, 0), 1.2)
        picture = cv2.addWeighted(picture, 1 + look.sharpen, soft, -look.sharpen, 0)
    if look.gains is not None or look.speckle:
        picture = _scaled(picture, look, rng)
    for top, left, bottom, right in look.cutouts:
        picture[top:bottom, left:right] = 0
    if look.jpeg is not None:
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, look.jpeg])
        picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))
    # What was black outside the beam stays black, as in the model's grid.
    return np.where(moved == 0, 0, picture).astype(np.uint8)


def toned_like(frame: Frame, model: Frame, share: float) -> Frame:
    """Return ``frame`` with its grey levels moved towards those of ``model``.

    ``share`` 1 gives it the same distribution inside the beam, 0 leaves it alone.
    """
    levels = np.arange(256)
    own, other = _distribution(frame), _distribution(model)
    if own is None or other is None:
        return frame
    matched = np.interp(own, other, levels)
    tones = np.clip((1 - share) * levels + share * matched, 0, 255)
    tones[0] = 0
    return np.asarray(cv2.LUT(frame, tones.astype(np.uint8)), np.uint8)


def _distribution(frame: Frame) -> NDArray[np.float64] | None:
    """Return the share of pixels up to each grey level, the black ones left out."""
    counts = np.bincount(frame[::2, ::2].ravel(), minlength=256).astype(np.float64)
    counts[0] = 0
    if counts.sum() < 100:
        return None
    return np.asarray(np.cumsum(counts + 1e-6) / counts.sum())


def apply_to_labels(look: Look, labels: Frame) -> Frame:
    """Return the class indices moved as the frame is; outside is class 0."""
    size = labels.shape[0]
    moved = cv2.warpAffine(labels, look.matrix, (size, size), flags=cv2.INTER_NEAREST)
    return np.asarray(moved, np.uint8)


def _draw_matrix(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Flip, scale, stretch, turn a little and shift, about the middle."""
    scale = float(np.exp(rng.uniform(-0.22, 0.22)))
    aspect = float(np.exp(rng.uniform(-0.12, 0.12)))
    angle = float(np.deg2rad(rng.uniform(-7, 7)))
    flip = -1.0 if rng.random() < 0.5 else 1.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag([flip * scale * aspect, scale / aspect])
    middle = np.full(2, (size - 1) / 2)
    shift = rng.uniform(-0.06, 0.06, 2) * size
    return np.column_stack([linear, middle - linear @ middle + shift])


def _draw_tones(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Gain, gamma, contrast and a stretched histogram, as one table."""
    x = np.linspace(0, 1, 256)
    black = rng.uniform(0, 0.08) if rng.random() < 0.4 else 0.0
    white = rng.uniform(0.75, 1.0) if rng.random() < 0.4 else 1.0
    x = np.clip((x - black) / (white - black), 0, 1)
    x = x ** np.exp(rng.uniform(-0.45, 0.45))
    x = x * np.exp(rng.uniform(-0.35, 0.25))
    x = (x - 0.3) * np.exp(rng.uniform(-0.25, 0.25)) + 0.3
    return np.asarray(np.clip(x * 255, 0, 255), np.uint8)


def _draw_gains(rng: np.random.Generator, size: int) -> NDArray[np.float32]:
    """Draw a smooth gain over depth, as the knobs of time-gain compensation make it."""
    knobs = np.exp(rng.normal(0, 0.25, 6))
    rows = np.linspace(0, 5, size)
    return np.interp(rows, np.arange(6), knobs).astype(np.float32)[:, None]


def _draw_cutouts(
    rng: np.random.Generator, size: int
) -> tuple[tuple[int, int, int, int], ...]:
    boxes = []
    for _ in range(int(rng.integers(1, 4))):
        height, width = rng.integers(8, size // 5, 2)
        top, left = rng.integers(0, size - 8, 2)
        boxes.append((int(top), int(left), int(top + height), int(left + width)))
    return tuple(boxes)


def _scaled(picture: NDArray[Any], look: Look, rng: np.random.Generator) -> Frame:
    values = picture.astype(np.float32)
    if look.gains is not None:
        values *= look.gains
    if look.speckle:
        coarse = rng.standard_normal((112, 112), np.float32)
        grain = cv2.resize(coarse, picture.shape[::-1], interpolation=cv2.INTER_LINEAR)
        values *= 1 + look.speckle * grain
    return np.asarray(np.clip(values, 0, 255), np.uint8)
