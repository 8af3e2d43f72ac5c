"""From stored values to 8 bits: palettes, rescale, windows, inversion, colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ToneTable:
    """A look-up table from a stored value to luminance and RGB, built once."""

    def __init__(self, rgb: NDArray[np.uint8], mask: int, *, neutral: bool) -> None:
        self._rgb = rgb
        self._mask = mask
        self._gray = rgb[:, 0].copy()
        if not neutral:
            weights = np.array([0.299, 0.587, 0.114])
            self._gray = np.rint(rgb @ weights).astype(np.uint8)
        self.neutral = neutral

    def gray(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """Return luminance for stored values."""
        return np.take(self._gray, self._codes(values))

    def rgb(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """Return RGB for stored values."""
        return np.take(self._rgb, self._codes(values), axis=0)

    def _codes(self, values: NDArray[Any]) -> NDArray[Any]:
        if values.dtype == np.uint8 and self._mask == 255:
            return values
        # Bits above those stored may carry overlays; a sign wraps into the table.
        return values.view(f"u{values.dtype.itemsize}") & self._mask


def palette_table(
    header: Any,  # noqa: ANN401 - a Dataset
    bits_stored: int,
    *,
    big_endian: bool,
) -> ToneTable:
    """Return the table of a PALETTE COLOR image with its red, green and blue LUTs.

    Raises ``ValueError`` or ``AttributeError`` where the LUTs are missing or odd.
    """
    count = 1 << bits_stored
    signed = bool(header.PixelRepresentation)
    order = ">" if big_endian else "<"
    channels = [
        _spread(*_lut(header, name, order), count=count, signed=signed)
        for name in ("Red", "Green", "Blue")
    ]
    rgb = np.stack(channels, 1)
    neutral = bool((rgb == rgb[:, :1]).all())
    return ToneTable(rgb, count - 1, neutral=neutral)


def _lut(
    header: Any,  # noqa: ANN401
    name: str,
    order: str,
) -> tuple[NDArray[np.uint8], int]:
    """Return one channel's LUT in 8 bits, and the first stored value it maps."""
    entries, first, bits = header[f"{name}PaletteColorLookupTableDescriptor"].value
    entries = int(entries) or 65536
    data = header.get(f"{name}PaletteColorLookupTableData")
    if data is None:
        data = header[f"Segmented{name}PaletteColorLookupTableData"].value
        return _narrow(_unroll(np.frombuffer(data, f"{order}u2"))), int(first)
    if len(data) >= 2 * entries:
        return _narrow(np.frombuffer(data, f"{order}u2")[:entries]), int(first)
    if bits == 16 and len(data) < entries:
        msg = f"the {name.lower()} palette holds {len(data)} bytes of {2 * entries}"
        raise ValueError(msg)
    return np.frombuffer(data, np.uint8)[:entries].copy(), int(first)


def _narrow(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Bring 16-bit entries to 8; some writers store 8 bits in 16."""
    return (values >> 8 if values.max() > 255 else values).astype(np.uint8)


def _unroll(words: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Unroll a segmented LUT (PS3.3 C.7.9.2) of discrete and linear segments."""
    values: list[int] = []
    at = 0
    while at + 2 <= len(words):
        kind, length = int(words[at]), int(words[at + 1])
        if kind == 0:
            values.extend(int(word) for word in words[at + 2 : at + 2 + length])
            at += 2 + length
        elif kind == 1 and values:
            end = int(words[at + 2])
            ramp = np.linspace(values[-1], end, length + 1)[1:]
            values.extend(int(value) for value in np.rint(ramp))
            at += 3
        else:
            msg = f"palette segments of kind {kind} are not supported"
            raise ValueError(msg)
    return np.array(values, np.uint16)


def _spread(
    lut: NDArray[np.uint8], first: int, *, count: int, signed: bool
) -> NDArray[np.uint8]:
    """Return the LUT value of every stored code; ends are held."""
    codes = np.arange(count)
    if signed:
        codes = np.where(codes >= count // 2, codes - count, codes)
    return lut[np.clip(codes - first, 0, len(lut) - 1)]


def monochrome_table(header: Any, bits_stored: int) -> ToneTable:  # noqa: ANN401
    """Return the table of a MONOCHROME image: rescale, window, inversion."""
    count = 1 << bits_stored
    values = np.arange(count, dtype=np.float64)
    if header.PixelRepresentation:
        values = np.where(values >= count // 2, values - count, values)
    slope = _first(header.get("RescaleSlope"), 1.0) or 1.0
    values = values * slope + _first(header.get("RescaleIntercept"), 0.0)
    low, high = float(values.min()), float(values.max())
    width = _first(header.get("WindowWidth"), 0.0)
    if width >= 1:
        centre = _first(header.get("WindowCenter"), 0.0)
        low, high = _window(centre, width, str(header.get("VOILUTFunction") or ""))
    tones = np.clip((values - low) / max(high - low, 1e-9), 0, 1) * 255
    if header.PhotometricInterpretation == "MONOCHROME1":
        tones = 255 - tones
    gray = np.rint(tones).astype(np.uint8)
    return ToneTable(np.repeat(gray[:, None], 3, 1), count - 1, neutral=True)


def _window(centre: float, width: float, function: str) -> tuple[float, float]:
    """Return the values shown black and white (PS3.3 C.11.2.1.2)."""
    if function == "LINEAR_EXACT" or width <= 1:
        return centre - width / 2, centre + width / 2
    return centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2


def _first(value: Any, default: float) -> float:  # noqa: ANN401
    if value is None or (hasattr(value, "__len__") and len(value) == 0):
        return default
    if hasattr(value, "__iter__") and not isinstance(value, str):
        value = value[0]
    return float(value)


def is_coloured(rgb: NDArray[np.uint8]) -> bool:
    """Whether more than a trace of an RGB picture is clearly not gray."""
    thin = rgb[::4, ::4].astype(np.int16)
    spread = thin.max(axis=2) - thin.min(axis=2)
    return bool((spread > 40).mean() > 0.002)
