"""From echo power to grey values: gain, dynamic range, text, ruler, compression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.phantom.scan import Beam
    from lusviewer.phantom.scene import Machine
    from lusviewer.phantom.speckle import Floats

_GLYPHS = {
    "0": (14, 17, 19, 21, 25, 17, 14), "1": (4, 12, 4, 4, 4, 4, 14),
    "2": (14, 17, 1, 2, 4, 8, 31), "3": (31, 2, 4, 2, 1, 17, 14),
    "4": (2, 6, 10, 18, 31, 2, 2), "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14), "7": (31, 1, 2, 4, 8, 8, 8),
    "8": (14, 17, 17, 14, 17, 17, 14), "9": (14, 17, 17, 15, 1, 2, 12),
    "A": (14, 17, 17, 31, 17, 17, 17), "B": (30, 17, 17, 30, 17, 17, 30),
    "C": (14, 17, 16, 16, 16, 17, 14), "D": (28, 18, 17, 17, 17, 18, 28),
    "E": (31, 16, 16, 30, 16, 16, 31), "G": (14, 17, 16, 23, 17, 17, 15),
    "H": (17, 17, 17, 31, 17, 17, 17), "I": (14, 4, 4, 4, 4, 4, 14),
    "L": (16, 16, 16, 16, 16, 16, 31), "M": (17, 27, 21, 21, 17, 17, 17),
    "N": (17, 17, 25, 21, 19, 17, 17), "R": (30, 17, 17, 30, 20, 18, 17),
    "S": (15, 16, 16, 14, 1, 1, 30), "T": (31, 4, 4, 4, 4, 4, 4),
    "U": (17, 17, 17, 17, 17, 17, 14), "Z": (31, 1, 2, 4, 8, 16, 31),
    ".": (0, 0, 0, 0, 0, 12, 12), " ": (0, 0, 0, 0, 0, 0, 0),
}  # fmt: skip


class Receiver:
    """The scanner's receive side: depth gain, noise and log compression."""

    def __init__(self, machine: Machine, beam: Beam, clutter_db: float) -> None:
        self._machine = machine
        n = len(machine.tgc_db)
        part = np.linspace(0, 1, beam.shape[0])
        tgc = np.interp(part, np.linspace(0, 1, n), machine.tgc_db)
        self.gain_db = tgc.astype(np.float32)[:, None]
        noise = machine.noise_db + machine.noise_slope_db * part
        self.noise_power = (10 ** (noise / 10)).astype(np.float32)[:, None]
        fog = clutter_db - 0.45 * beam.depth_mm + self.gain_db
        self.clutter_power = (10 ** (fog / 10)).astype(np.float32)
        self._exposure_db = 0.0
        self._edge_db = (machine.edge_loss_db * np.abs(beam.u) ** 3).astype(np.float32)

    def line_gain(self, extra_loss_db: Floats) -> Floats:
        """Return the power gain of each sample, with a loss per line."""
        level = self.gain_db - self._edge_db - extra_loss_db
        out: Floats = np.exp(level * np.float32(np.log(10) / 10))
        return out

    def expose(self, power: Floats, recorded: NDArray[np.bool_]) -> None:
        """Set the gain as a person would: by the brightest parts of the picture."""
        m = self._machine
        if m.bright_grey <= 0:
            return
        now = float(np.percentile(self.grey(power)[recorded], 96)) / (255 - m.black)
        levels = np.array([m.bright_grey / 255, max(now, 0.02)]) ** (1 / m.gamma)
        change = float(levels[0] - levels[1]) * m.dynamic_range_db
        self._exposure_db = float(np.clip(change, -18, 18))

    def grey(self, power: Floats) -> Floats:
        """Return grey values 0 to 255 of echo ``power``."""
        m = self._machine
        level = np.log(power + np.float32(1e-12)) * np.float32(10 / np.log(10))
        level += np.float32(m.dynamic_range_db + m.gain_db + self._exposure_db)
        level /= np.float32(m.dynamic_range_db)
        np.clip(level, 0, 1, out=level)
        if m.gamma != 1:
            level **= np.float32(m.gamma)
        level *= np.float32(255 - m.black)
        out: Floats = level
        return out


def blur(image: Floats, amount: float) -> Floats:
    """Return ``image`` softened; ``amount`` 1 is a 1-2-1 kernel both ways."""
    if amount <= 0:
        return image
    side = np.float32(0.25 * min(amount, 1.3))
    middle = 1 - 2 * side
    out = image * middle
    out[1:] += side * image[:-1]
    out[:-1] += side * image[1:]
    again = out * middle
    again[:, 1:] += side * out[:, :-1]
    again[:, :-1] += side * out[:, 1:]
    return again


def sharpen(image: Floats, amount: float) -> Floats:
    """Return ``image`` with its edges along depth enhanced, as scanners do."""
    if amount <= 0:
        return image
    padded = np.pad(image, ((2, 2), (0, 0)), mode="edge")
    local = padded[:-4] + padded[1:-3] + padded[3:-1] + padded[4:]
    out = image + np.float32(amount) * (image - np.float32(0.25) * local)
    return np.clip(out, 0, 255)


def smear(image: Floats) -> Floats:
    """Return ``image`` softened across its columns alone."""
    out = 0.5 * image
    out[:, 1:] += 0.25 * image[:, :-1]
    out[:, :-1] += 0.25 * image[:, 1:]
    out[:, 0] += 0.25 * image[:, 0]
    out[:, -1] += 0.25 * image[:, -1]
    return out


def burn_in(machine: Machine, rows: int, columns: int) -> NDArray[np.uint8] | None:
    """Return text and ruler as they cover a frame, 0 where nothing is burnt in."""
    if not machine.text and not machine.ruler:
        return None
    out = np.zeros((rows, columns), np.uint8)
    size = max(1, rows // 224)
    _write(out, machine.text, (3 * size, 3 * size), size)
    if machine.ruler:
        for row in range(10 * size, rows - 2, max(12, rows // 14)):
            out[row, -4 * size :] = 190
    return out


def _write(out: NDArray[np.uint8], text: str, at: tuple[int, int], size: int) -> None:
    row, column = at
    for letter in text.upper():
        glyph = np.array(_GLYPHS.get(letter, _GLYPHS[" "]), np.uint8)
        bits = np.unpackbits(glyph[:, None], axis=1)[:, 3:]
        bits = np.kron(bits, np.ones((size, size), np.uint8))
        part = out[row : row + bits.shape[0], column : column + bits.shape[1]]
        part[:] = np.maximum(part, 210 * bits[: part.shape[0], : part.shape[1]])
        column += 6 * size


_LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56], [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    np.float32,
)  # fmt: skip


def _cosines() -> Floats:
    k, n = np.mgrid[0:8, 0:8]
    basis = np.cos(np.pi * (2 * n + 1) * k / 16) * 0.5
    basis[0] /= np.sqrt(2)
    out: Floats = basis.astype(np.float32)
    return out


_DCT = _cosines()


def compress(image: Floats, quality: int) -> Floats:
    """Return ``image`` with the artefacts of 8x8 block coding at ``quality`` 1-99."""
    rows, columns = image.shape
    if quality <= 0 or rows % 8 or columns % 8:
        return image
    scale = 50 / quality if quality < 50 else 2 - quality / 50
    table = np.maximum(_LUMINANCE * np.float32(scale), 1)
    blocks = image.reshape(rows // 8, 8, columns // 8, 8).swapaxes(1, 2)
    coded = _DCT @ (blocks - np.float32(128)) @ _DCT.T
    coded = np.rint(coded / table) * table
    blocks = _DCT.T @ coded @ _DCT + np.float32(128)
    out: Floats = blocks.swapaxes(1, 2).reshape(rows, columns)
    return out
