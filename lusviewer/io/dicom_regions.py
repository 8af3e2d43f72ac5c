"""The ultrasound regions of a DICOM header (0018,6011) as geometry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from lusviewer.geometry import FrameGeometry, UltrasoundRegion

# PS3.3 C.8.5.5.1.1, .2 and .15
_FORMATS: Final = {
    0: "none",
    1: "2D",
    2: "M-mode",
    3: "spectral",
    4: "waveform",
    5: "graphics",
}
_DATA_TYPES: Final = {
    0: "none",
    1: "tissue",
    2: "colour flow",
    3: "PW Doppler",
    4: "CW Doppler",
    5: "Doppler mean trace",
    6: "Doppler mode trace",
    7: "Doppler max trace",
    8: "volume trace",
    9: "d(volume)/dt trace",
    10: "ECG",
    11: "pulse",
    12: "phonocardiogram",
    13: "gray bar",
    14: "colour bar",
    15: "integrated backscatter",
    16: "area trace",
    17: "d(area)/dt trace",
    18: "other physiological",
}
_UNITS: Final = {
    0: "none",
    1: "percent",
    2: "dB",
    3: "cm",
    4: "s",
    5: "Hz",
    6: "dB/s",
    7: "cm/s",
    8: "cm2",
    9: "cm2/s",
    10: "cm3",
    11: "cm3/s",
    12: "degree",
}
_CM: Final = 3
_SQUARE: Final = 0.05
_IMAGE_DATA: Final = ("tissue", "colour flow")


def geometry_of(header: Any, rows: int, columns: int) -> FrameGeometry:  # noqa: ANN401
    """Return the geometry a header gives: its regions, and the one with the image."""
    regions = _regions(header, rows, columns)
    images = [region for region in regions if _shows_an_image(region)]
    if not images:
        spacing = _plain_spacing(header)
        whole = (0, 0, rows, columns)
        return FrameGeometry(rows, columns, whole, spacing, regions=regions)
    best = max(images, key=lambda region: (region.data_type == "tissue", _area(region)))
    return FrameGeometry(
        rows,
        columns,
        best.bounds,
        best.spacing_mm,
        regions=regions,
        beam_from="header",
    )


def oblong_pixels(geometry: FrameGeometry) -> tuple[str, ...]:
    """Return a warning where pixels are clearly not square."""
    if geometry.pixel_spacing_mm is None:
        return ()
    down, across = geometry.pixel_spacing_mm
    if abs(across / down - 1) <= _SQUARE:
        return ()
    return (
        f"Pixels are {down:.3g} mm high and {across:.3g} mm wide: they are shown as "
        "stored, and depths along slanted scan lines are not exact.",
    )


def _regions(
    header: Any,  # noqa: ANN401
    rows: int,
    columns: int,
) -> tuple[UltrasoundRegion, ...]:
    items = header.get("SequenceOfUltrasoundRegions") or ()
    found = (_region(item, rows, columns) for item in items)
    return tuple(region for region in found if region is not None)


def _region(item: Any, rows: int, columns: int) -> UltrasoundRegion | None:  # noqa: ANN401
    """Return one region cut to the frame; None where it has no bounds within it."""
    try:
        # The bounds in the file are inclusive.
        top = max(int(item.RegionLocationMinY0), 0)
        left = max(int(item.RegionLocationMinX0), 0)
        bottom = min(int(item.RegionLocationMaxY1) + 1, rows)
        right = min(int(item.RegionLocationMaxX1) + 1, columns)
    except (AttributeError, TypeError, ValueError):
        return None
    if top >= bottom or left >= right:
        return None
    units = (
        item.get("PhysicalUnitsYDirection"),
        item.get("PhysicalUnitsXDirection"),
    )
    return UltrasoundRegion(
        (top, left, bottom, right),
        _name(_FORMATS, item.get("RegionSpatialFormat")),
        _name(_DATA_TYPES, item.get("RegionDataType")),
        _spacing(item) if units == (_CM, _CM) else None,
        (_name(_UNITS, units[0]), _name(_UNITS, units[1])),
    )


def _spacing(item: Any) -> tuple[float, float] | None:  # noqa: ANN401
    """Return mm per pixel; a mirrored axis has a negative delta."""
    down, across = (
        abs(float(item.get(keyword) or 0)) * 10
        for keyword in ("PhysicalDeltaY", "PhysicalDeltaX")
    )
    return (down, across) if _usable(down, across) else None


def _plain_spacing(header: Any) -> tuple[float, float] | None:  # noqa: ANN401
    """Return Pixel Spacing (0028,0030), in mm, which some exports carry instead."""
    value = header.get("PixelSpacing")
    if not isinstance(value, Sequence) or len(value) != 2:
        return None
    down, across = float(value[0]), float(value[1])
    return (down, across) if _usable(down, across) else None


def _usable(*steps: float) -> bool:
    return all(math.isfinite(step) and step > 0 for step in steps)


def _shows_an_image(region: UltrasoundRegion) -> bool:
    return region.spatial_format == "2D" and region.data_type in _IMAGE_DATA


def _area(region: UltrasoundRegion) -> int:
    top, left, bottom, right = region.bounds
    return (bottom - top) * (right - left)


def _name(names: dict[int, str], code: Any) -> str:  # noqa: ANN401
    return "" if code is None else names.get(int(code), str(code))
