"""Random fields: speckle from scattered echoes, tissue textures, smooth curves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Complex = NDArray[np.complex64]


def _response(n: int, sigma: float) -> Floats:
    frequency = np.fft.fftfreq(n)
    out: Floats = np.exp(-2 * (np.pi * sigma * frequency) ** 2).astype(np.float32)
    return out


def complex_field(
    rng: np.random.Generator, shape: tuple[int, int], sigma: tuple[float, float]
) -> Complex:
    """Return filtered complex noise of mean power 1; its modulus is Rayleigh."""
    # Drawn in the frequency domain: white noise stays white under the transform.
    noise = rng.standard_normal((2, *shape), np.float32)
    field = np.empty(shape, np.complex64)
    field.real, field.imag = noise[0], noise[1]
    field *= _response(shape[0], sigma[0])[:, None]
    field *= _response(shape[1], sigma[1])[None, :]
    field = np.fft.ifft2(field).astype(np.complex64)
    field /= np.sqrt(np.mean(field.real**2 + field.imag**2)) + 1e-12
    return field


def texture(
    rng: np.random.Generator, shape: tuple[int, int], sigma: tuple[float, float]
) -> Floats:
    """Return smooth real noise of mean 0 and deviation 1."""
    field = complex_field(rng, shape, sigma).real
    field = field - field.mean()
    out: Floats = (field / (field.std() + 1e-9)).astype(np.float32)
    return out


def curve(rng: np.random.Generator, n: int, sigma: float) -> Floats:
    """Return smooth one-dimensional noise of mean 0 and deviation 1."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    frequency = np.fft.rfftfreq(n)
    spectrum *= np.exp(-2 * (np.pi * sigma * frequency) ** 2)
    values = np.fft.irfft(spectrum, n)
    values -= values.mean()
    out: Floats = (values / (values.std() + 1e-9)).astype(np.float32)
    return out


def shifted(field: Floats, start: float, n: int) -> Floats:
    """Return ``n`` columns of ``field`` from the fractional column ``start``."""
    start = float(np.clip(start, 0, field.shape[1] - n - 1.001))
    first = int(start)
    part = np.float32(start - first)
    out: Floats = field[:, first : first + n] * (1 - part)
    out += field[:, first + 1 : first + n + 1] * part
    return out


class Speckle:
    """Speckle power of two layers that slide apart and decorrelate over frames."""

    def __init__(
        self,
        rng: np.random.Generator,
        shape: tuple[int, int],
        sigma: tuple[float, float],
        pad: int,
    ) -> None:
        self._shape = shape
        self._pad = pad
        padded = (shape[0], shape[1] + 2 * pad)
        self._fields = [complex_field(rng, padded, sigma) for _ in range(3)]
        self._mixes = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])

    def drift(self, rng: np.random.Generator, steps: tuple[float, float]) -> None:
        """Move on to the next frame: 0 keeps a layer's speckle, 1 renews it."""
        moves = np.array(steps)[:, None] * rng.standard_normal((2, 3))
        self._mixes = self._mixes + moves
        self._mixes /= np.sqrt(np.sum(self._mixes**2, axis=1, keepdims=True))

    def power(self, layer: int, shift: float) -> Floats:
        """Return a layer's speckle power, mean 1, slid by ``shift`` lines."""
        n = self._shape[1]
        first = int(np.clip(round(self._pad + shift), 0, 2 * self._pad))
        window = slice(first, first + n)
        a, b, c = (np.complex64(part) for part in self._mixes[layer])
        mixed = self._fields[0][:, window] * a
        mixed += self._fields[1][:, window] * b
        mixed += self._fields[2][:, window] * c
        power: Floats = mixed.real**2 + mixed.imag**2
        return power
