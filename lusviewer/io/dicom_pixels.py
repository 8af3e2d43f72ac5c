"""Decoding frames of DICOM pixel data, one at a time and by index."""

from __future__ import annotations

import weakref
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import cv2
import numpy as np
import pydicom.uid as uids
import simplejpeg
from numpy.typing import NDArray
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder

from lusviewer.errors import CorruptFrameError
from lusviewer.io.fragments import FrameIndex, read_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from lusviewer.io.tones import ToneTable

Pixels = NDArray[Any]

_PLAIN_JPEG: Final = {uids.JPEGBaseline8Bit, uids.JPEGExtended12Bit}
DEFLATED_FRAMES: Final = "1.2.840.10008.1.2.8.1"
# Younger than the dictionary that comes with pydicom.
_NEW_NAMES: Final = {
    "1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
    "1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
    DEFLATED_FRAMES: "Deflated Image Frame Compression",
}
_ADOBE_RGB: Final = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """How the samples of one frame are stored."""

    syntax: str
    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    planar: bool
    photometric: str
    swapped: bool = False
    big_endian: bool = False

    @property
    def frame_bytes(self) -> int:
        """The size of an uncompressed frame."""
        values = self.rows * self.columns * self.samples
        if self.photometric == "YBR_FULL_422":
            values = self.rows * self.columns * 2
        return values * self.bits_allocated // 8


class DicomFrames:
    """Frames of one DICOM file: raw bytes by index, decoded, toned to 8 bits."""

    def __init__(
        self,
        file: BinaryIO,
        read: Callable[[BinaryIO, int], bytes],
        layout: PixelLayout,
        tones: ToneTable | None,
    ) -> None:
        self._file = file
        weakref.finalize(self, file.close)  # For clips that nobody closes.
        self._read = read
        self._layout = layout
        self._tones = tones

    @property
    def syntax(self) -> str:
        """The UID of the transfer syntax."""
        return self._layout.syntax

    def luminance(self, index: int) -> NDArray[np.uint8]:
        """Return frame ``index`` as ``(rows, columns)``."""
        pixels, photometric = self._decode(index, gray=True)
        if self._layout.samples == 1 or pixels.ndim == 2:
            if self._tones is None:
                return np.ascontiguousarray(pixels, np.uint8)
            return self._tones.gray(pixels)
        if photometric.startswith("YBR"):
            return np.ascontiguousarray(pixels[..., 0])
        return _uint8(cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY))

    def colour(self, index: int) -> NDArray[np.uint8]:
        """Return frame ``index`` as ``(rows, columns, 3)`` RGB."""
        pixels, photometric = self._decode(index, gray=False)
        if pixels.ndim == 2:
            if self._tones is None:
                return np.repeat(pixels[..., None], 3, 2).astype(np.uint8)
            return self._tones.rgb(pixels)
        if photometric.startswith("YBR"):
            ordered = np.ascontiguousarray(pixels[..., [0, 2, 1]])
            return _uint8(cv2.cvtColor(ordered, cv2.COLOR_YCrCb2RGB))
        return np.ascontiguousarray(pixels)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _decode(self, index: int, *, gray: bool) -> tuple[Pixels, str]:
        layout = self._layout
        try:
            data = self._read(self._file, index)
            pixels, photometric = decoder_of(layout)(data, layout, gray)
        except CorruptFrameError:
            raise
        except Exception as error:  # codecs raise whatever they like
            msg = f"{syntax_name(layout.syntax)}: {_short(error)}"
            hint = "Export the clip again from where it came."
            raise CorruptFrameError(msg, hint=hint) from error
        if pixels.ndim == 3 and pixels.shape[2] != 3:
            msg = f"it decodes to {pixels.shape[2]} samples a pixel."
            raise CorruptFrameError(msg)
        if pixels.shape[:2] != (layout.rows, layout.columns):
            msg = (
                f"it decodes to {pixels.shape[0]}x{pixels.shape[1]}, the header says "
                f"{layout.rows}x{layout.columns}."
            )
            raise CorruptFrameError(msg)
        return _eight_bits(pixels, layout), photometric


def decoder_of(
    layout: PixelLayout,
) -> Callable[[bytes, PixelLayout, bool], tuple[Pixels, str]]:
    """Return the function that turns the bytes of one frame into samples."""
    if layout.syntax == DEFLATED_FRAMES:
        return _inflate
    if not uids.UID(layout.syntax).is_encapsulated:
        return _unpack
    if layout.syntax in _PLAIN_JPEG and layout.bits_stored <= 8:
        return _plain_jpeg
    return _by_plugin


def native_reader(offset: int, layout: PixelLayout) -> Callable[[BinaryIO, int], bytes]:
    """Return a reader of exactly the bytes of one uncompressed frame."""

    def read(file: BinaryIO, index: int) -> bytes:
        start = index * layout.frame_bytes
        # Swapped 16-bit words: a frame of odd size begins in the middle of one.
        pad = start % 2 if layout.swapped else 0
        file.seek(offset + start - pad)
        wanted = layout.frame_bytes + pad
        data = file.read(wanted + (wanted % 2 if layout.swapped else 0))
        if len(data) < wanted:
            msg = "the file ends before its end."
            raise CorruptFrameError(msg)
        if layout.swapped:
            data = np.frombuffer(data[: len(data) // 2 * 2], "<u2").byteswap().tobytes()
        return data[pad : pad + layout.frame_bytes]

    return read


def encapsulated_reader(index: FrameIndex) -> Callable[[BinaryIO, int], bytes]:
    """Return a reader of one compressed frame."""

    def read(file: BinaryIO, number: int) -> bytes:
        return read_frame(file, index, number)

    return read


def _unpack(data: bytes, layout: PixelLayout, _gray: bool) -> tuple[Pixels, str]:  # noqa: FBT001
    kind = "i" if layout.signed else "u"
    order = ">" if layout.big_endian else "<"
    values = np.frombuffer(data, f"{order}{kind}{layout.bits_allocated // 8}")
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    shape = (layout.rows, layout.columns)
    if layout.photometric == "YBR_FULL_422":
        return _unpack_422(values.reshape(-1, 4), shape), "YBR_FULL"
    if layout.samples == 1:
        return values.reshape(shape), layout.photometric
    if layout.planar:
        return values.reshape(layout.samples, *shape).transpose(1, 2, 0), (
            layout.photometric
        )
    return values.reshape(*shape, layout.samples), layout.photometric


def _unpack_422(pairs: Pixels, shape: tuple[int, int]) -> Pixels:
    """Spread two pixels stored as Y Y Cb Cr to Y Cb Cr each."""
    full = np.empty((len(pairs), 2, 3), pairs.dtype)
    full[:, :, 0] = pairs[:, :2]
    full[:, :, 1] = pairs[:, 2:3]
    full[:, :, 2] = pairs[:, 3:4]
    return full.reshape(*shape, 3)


def _inflate(data: bytes, layout: PixelLayout, gray: bool) -> tuple[Pixels, str]:  # noqa: FBT001
    raw = zlib.decompress(data, -zlib.MAX_WBITS)
    return _unpack(raw[: layout.frame_bytes], layout, gray)


def _plain_jpeg(data: bytes, layout: PixelLayout, gray: bool) -> tuple[Pixels, str]:  # noqa: FBT001
    if layout.photometric == "RGB" and not _says_its_colours(data):
        data = data[:2] + _ADOBE_RGB + data[2:]
    if gray or layout.samples == 1:
        pixels = simplejpeg.decode_jpeg(data, colorspace="GRAY")
        return pixels[..., 0], layout.photometric
    return simplejpeg.decode_jpeg(data, colorspace="RGB"), "RGB"


def _says_its_colours(data: bytes) -> bool:
    """Whether a JPEG stream carries a JFIF or Adobe marker."""
    head = data[: data.find(b"\xff\xda")] if b"\xff\xda" in data else data[:512]
    return b"JFIF\x00" in head or b"Adobe" in head


def _by_plugin(data: bytes, layout: PixelLayout, _gray: bool) -> tuple[Pixels, str]:  # noqa: FBT001
    options: dict[str, Any] = {
        "rows": layout.rows,
        "columns": layout.columns,
        "samples_per_pixel": layout.samples,
        "bits_allocated": layout.bits_allocated,
        "bits_stored": layout.bits_stored,
        "pixel_representation": int(layout.signed),
        "planar_configuration": int(layout.planar),
        "photometric_interpretation": layout.photometric,
        "number_of_frames": 1,
        "pixel_keyword": "PixelData",
    }
    if layout.samples == 1:
        del options["planar_configuration"]
    decoder = get_decoder(uids.UID(layout.syntax))
    pixels, meta = decoder.as_array(
        encapsulate([data], has_bot=False),
        raw=True,
        decoding_plugin=_PLUGINS.get(layout.syntax, ""),
        **options,
    )
    return pixels, str(meta["photometric_interpretation"])


_PLUGINS: Final[dict[str, str]] = {
    uids.RLELossless: "pylibjpeg",
    uids.JPEGLSLossless: "pyjpegls",
    uids.JPEGLSNearLossless: "pyjpegls",
    uids.JPEG2000Lossless: "pylibjpeg",
    uids.JPEG2000: "pylibjpeg",
    uids.HTJ2K: "pylibjpeg",
    uids.HTJ2KLossless: "pylibjpeg",
    uids.HTJ2KLosslessRPCL: "pylibjpeg",
    uids.JPEGLossless: "gdcm",
    uids.JPEGLosslessSV1: "gdcm",
    uids.JPEGExtended12Bit: "gdcm",
}


def _eight_bits(pixels: Pixels, layout: PixelLayout) -> Pixels:
    """Bring colour samples, which are never negative, to 8 unsigned bits."""
    if pixels.ndim == 2 or pixels.dtype == np.uint8:
        return pixels
    surplus = max(layout.bits_stored - 8, 0)
    return (pixels.view(f"u{pixels.dtype.itemsize}") >> surplus).astype(np.uint8)


def _uint8(pixels: Pixels) -> NDArray[np.uint8]:
    return np.asarray(pixels, np.uint8)


def syntax_name(syntax: str) -> str:
    """Return what a transfer syntax is called; its UID where nobody named it."""
    return _NEW_NAMES.get(syntax) or str(uids.UID(syntax).name)


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:200] or type(error).__name__
