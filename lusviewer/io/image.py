"""Still images as clips of one frame; pages of a TIFF as frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from lusviewer.clip import Clip, ClipDetails, ClipIdentity
from lusviewer.errors import CorruptClipError
from lusviewer.geometry import FrameGeometry
from lusviewer.io.dicom_times import Timing, assumed_times
from lusviewer.io.tones import is_coloured

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# What it says of broken files, lusviewer says in its own words.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

_TIFF = (b"II*\x00", b"MM\x00*")


class ImageFrames:
    """Decoded pages, as ``(rows, columns)`` gray or ``(rows, columns, 3)`` RGB."""

    def __init__(self, pages: list[NDArray[np.uint8]]) -> None:
        self._pages = pages

    def luminance(self, index: int) -> NDArray[np.uint8]:
        """Return page ``index`` in gray."""
        page = self._pages[index]
        if page.ndim == 2:
            return page.copy()
        return np.asarray(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), np.uint8)

    def colour(self, index: int) -> NDArray[np.uint8]:
        """Return page ``index`` in RGB."""
        page = self._pages[index]
        return np.repeat(page[..., None], 3, 2) if page.ndim == 2 else page.copy()

    def close(self) -> None:
        """Drop the pages."""
        self._pages = []


def read(path: Path) -> Clip:
    """Open an image; its orientation tag is followed."""
    data = path.read_bytes()
    pages = [_rgb_or_gray(page) for page in _decode(path, data)]
    same = [page for page in pages if page.shape[:2] == pages[0].shape[:2]]
    rows, columns = same[0].shape[:2]
    timing = Timing(np.zeros(1)) if len(same) == 1 else assumed_times(len(same))
    notes = timing.warnings
    if len(same) < len(pages):
        notes += (f"{len(pages) - len(same)} pages of another size are left out.",)
    return Clip(
        ClipIdentity(path, "image"),
        ImageFrames(same),
        FrameGeometry(rows, columns, (0, 0, rows, columns)),
        timing.times_s,
        ClipDetails(
            kind=_kind(data),
            photometric="RGB" if same[0].ndim == 3 else "MONOCHROME2",
            colour=any(page.ndim == 3 and is_coloured(page) for page in same),
            rate_assumed=timing.assumed,
        ),
        warnings=notes,
    )


def _decode(path: Path, data: bytes) -> list[NDArray[Any]]:
    buffer = np.frombuffer(data, np.uint8)
    pages: list[Any] = []
    try:
        if data.startswith(_TIFF):
            _, found = cv2.imdecodemulti(buffer, cv2.IMREAD_UNCHANGED)
            pages = list(found or ())
        else:
            image = cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED)
            if (
                image is not None
                and image.dtype == np.uint8
                and image.shape[2:] != (4,)
            ):
                # Only this mode turns the picture as its EXIF tag asks.
                image = cv2.imdecode(buffer, cv2.IMREAD_ANYCOLOR)
            pages = [] if image is None else [image]
    except cv2.error:
        pages = []
    if not pages:
        msg = f"{path.name} is an image, but it does not decode."
        raise CorruptClipError(msg, hint="Copy or export it again.")
    return pages


def _rgb_or_gray(page: NDArray[Any]) -> NDArray[np.uint8]:
    """Bring a page to 8 bits, its transparency onto black, and plain gray to 2D."""
    values = page
    if values.dtype == np.uint16:
        values = (values >> 8).astype(np.uint8)
    elif values.dtype != np.uint8:
        values = np.nan_to_num(values, posinf=0, neginf=0)
        low, high = float(values.min()), float(values.max())
        values = ((values - low) * (255 / max(high - low, 1e-9))).astype(np.uint8)
    if values.ndim == 3 and values.shape[2] == 4:
        alpha = values[..., 3:].astype(np.uint16)
        values = (values[..., :3] * alpha // 255).astype(np.uint8)
    if values.ndim == 3:
        values = np.ascontiguousarray(values[..., :3][..., ::-1])
        if (values == values[..., :1]).all():
            values = np.ascontiguousarray(values[..., 0])
    return values


def _kind(data: bytes) -> str:
    names = {b"\x89P": "PNG", b"\xff\xd8": "JPEG", b"BM": "BMP", b"RI": "WebP"}
    return names.get(data[:2], "TIFF")
