"""Small real files for the readers: DICOM by pydicom, video by PyAV."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pydicom
import pydicom.uid as uids
import simplejpeg
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.pixels.encoders.base import get_encoder

if TYPE_CHECKING:
    import io

Pixels = NDArray[Any]

ULTRASOUND = "1.2.840.10008.5.1.4.1.1.3.1"


def cine(n: int = 4, rows: int = 48, columns: int = 64) -> NDArray[np.uint8]:
    """Smooth frames that differ from each other, ``(n, rows, columns)``."""
    row, column = np.mgrid[:rows, :columns]
    frames = [
        60 + 50 * np.sin((row + 3 * i) / 9) + 40 * np.cos((column - 5 * i) / 7)
        for i in range(n)
    ]
    return np.stack(frames).clip(0, 255).astype(np.uint8)


def coloured(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB frames whose channels differ, ``(n, rows, columns, 3)``."""
    return np.stack([frames, frames[:, ::-1], frames[:, :, ::-1]], axis=-1)


def header(frames: Pixels, syntax: str, photometric: str, **elements: Any) -> Dataset:
    """A header for ``frames``; ``elements`` set, or with None remove, attributes."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = uids.UID(ULTRASOUND)
    meta.MediaStorageSOPInstanceUID = uids.generate_uid()
    meta.TransferSyntaxUID = uids.UID(syntax)
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID = meta.MediaStorageSOPClassUID
    made.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    made.Modality = "US"
    made.SamplesPerPixel = 3 if frames.ndim == 4 else 1
    made.PhotometricInterpretation = photometric
    made.NumberOfFrames = len(frames)
    made.Rows, made.Columns = frames.shape[1:3]
    made.BitsAllocated = 8 * frames.dtype.itemsize
    made.BitsStored = made.BitsAllocated
    made.HighBit = made.BitsStored - 1
    made.PixelRepresentation = 0
    if frames.ndim == 4:
        made.PlanarConfiguration = 0
    made.FrameTime = 40.0
    made.FrameIncrementPointer = 0x00181063
    for keyword, value in elements.items():
        if value is None:
            del made[keyword]
        else:
            setattr(made, keyword, value)
    return made


def write(path: Path, made: Dataset) -> Path:
    """Save a data set in its own transfer syntax, known to pydicom or not."""
    syntax = made.file_meta.TransferSyntaxUID
    known = _STAND_INS.get(syntax, syntax)
    made.file_meta.TransferSyntaxUID = uids.UID(known)
    pydicom.dcmwrite(
        path,
        made,
        enforce_file_format=True,
        implicit_vr=syntax == uids.ImplicitVRLittleEndian,
        little_endian=syntax != uids.ExplicitVRBigEndian,
    )
    if known != syntax:
        named = path.read_bytes()
        path.write_bytes(named.replace(_padded(known), _padded(syntax), 1))
    return path


# Same length when padded, so that one can take the other's place in a file.
_STAND_INS = {
    "1.2.840.10008.1.2.4.110": "1.2.840.10008.1.2.4.203",
    "1.2.840.10008.1.2.4.112": "1.2.840.10008.1.2.4.203",
    "1.2.840.10008.1.2.8.1": "1.2.840.10008.1.2.4.50",
}


def _padded(uid: str) -> bytes:
    return uid.encode() + b"\0" * (len(uid) % 2)


def native(
    path: Path,
    frames: Pixels,
    photometric: str = "MONOCHROME2",
    *,
    syntax: str = uids.ExplicitVRLittleEndian,
    **elements: Any,
) -> Path:
    """Write uncompressed frames; ``frames`` may also be the raw bytes' source."""
    made = header(frames, syntax, photometric, **elements)
    data = frames
    if made.get("PlanarConfiguration") == 1:
        data = frames.transpose(0, 3, 1, 2)
    if syntax == uids.ExplicitVRBigEndian:
        data = data.astype(data.dtype.newbyteorder(">"))
    raw = np.ascontiguousarray(data).tobytes()
    made.PixelData = raw + b"\0" * (len(raw) % 2)
    made["PixelData"].VR = "OB" if made.BitsAllocated == 8 else "OW"
    return write(path, made)


def packed(
    path: Path,
    made: Dataset,
    encoded: list[bytes],
    *,
    table: str = "basic",
    fragments: int = 1,
) -> Path:
    """Write compressed frames; ``table`` is "basic", "extended" or "none"."""
    if table == "extended":
        data, offsets, lengths = encapsulate_extended(encoded)
        made.ExtendedOffsetTable = offsets
        made.ExtendedOffsetTableLengths = lengths
    else:
        data = encapsulate(
            encoded, fragments_per_frame=fragments, has_bot=table == "basic"
        )
    made.PixelData = data
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    return write(path, made)


def jpegs(frames: NDArray[np.uint8], quality: int = 95) -> list[bytes]:
    """Baseline JPEG of gray or RGB frames."""
    if frames.ndim == 3:
        return [
            simplejpeg.encode_jpeg(f[..., None], quality, colorspace="GRAY")
            for f in frames
        ]
    return [simplejpeg.encode_jpeg(f, quality, colorsubsampling="444") for f in frames]


def encoded(frames: Pixels, syntax: str, **options: Any) -> list[bytes]:
    """Each frame by the pydicom encoder of ``syntax``."""
    encoder = get_encoder(uids.UID(syntax))
    photometric = "RGB" if frames.ndim == 4 else "MONOCHROME2"
    described = {
        "rows": frames.shape[1],
        "columns": frames.shape[2],
        "samples_per_pixel": 3 if frames.ndim == 4 else 1,
        "bits_allocated": 8 * frames.dtype.itemsize,
        "bits_stored": 8 * frames.dtype.itemsize,
        "pixel_representation": 0,
        "photometric_interpretation": photometric,
        "number_of_frames": 1,
        "planar_configuration": 0,
        **options,
    }
    return [encoder.encode(np.ascontiguousarray(f), **described) for f in frames]


def deflated_frames(frames: NDArray[np.uint8]) -> list[bytes]:
    """Each frame by itself as a raw deflate stream."""
    made = []
    for frame in frames:
        squeeze = zlib.compressobj(wbits=-15)
        data = squeeze.compress(frame.tobytes()) + squeeze.flush()
        made.append(data + b"\0" * (len(data) % 2))
    return made


def film(
    where: Path | io.BytesIO,
    frames: NDArray[np.uint8],
    codec: str,
    *,
    pix_fmt: str = "yuv420p",
    rate: int = 25,
    kind: str | None = None,
    options: dict[str, str] | None = None,
) -> None:
    """Encode gray or RGB frames as a video."""
    target = str(where) if isinstance(where, Path) else where
    with av.open(target, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pix_fmt
        stream.options = options or {}
        for pixels in frames:
            rgb = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24")
            for packet in stream.encode(frame.reformat(format=pix_fmt)):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
