"""DICOM files of modality US as clips."""

from __future__ import annotations

import io
import logging
import os
import struct
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, Final

import pydicom
import pydicom.uid as uids

from lusviewer.clip import Clip, ClipDetails, ClipIdentity
from lusviewer.errors import (
    CorruptClipError,
    CorruptFrameError,
    UnsupportedClipError,
)
from lusviewer.io.dicom_pixels import (
    DEFLATED_FRAMES,
    DicomFrames,
    PixelLayout,
    encapsulated_reader,
    native_reader,
    syntax_name,
)
from lusviewer.io.dicom_regions import geometry_of, oblong_pixels
from lusviewer.io.dicom_times import Timing, frame_times, playback, trim
from lusviewer.io.fragments import index_frames, read_all
from lusviewer.io.tones import ToneTable, monochrome_table, palette_table

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import FileDataset

# Odd values in a header are met at every turn and are not the user's to mend.
warnings.filterwarnings("ignore", module="pydicom")
logging.getLogger("pydicom").setLevel(logging.ERROR)

_STILL_SYNTAXES: Final = {
    uids.JPEGBaseline8Bit,
    uids.JPEGExtended12Bit,
    uids.JPEGLossless,
    uids.JPEGLosslessSV1,
    uids.JPEGLSLossless,
    uids.JPEGLSNearLossless,
    uids.JPEG2000Lossless,
    uids.JPEG2000,
    uids.HTJ2K,
    uids.HTJ2KLossless,
    uids.HTJ2KLosslessRPCL,
    uids.RLELossless,
    uids.UID(DEFLATED_FRAMES),
}
_NATIVE_SYNTAXES: Final = {
    uids.ImplicitVRLittleEndian,
    uids.ExplicitVRLittleEndian,
    uids.ExplicitVRBigEndian,
    uids.DeflatedExplicitVRLittleEndian,
}
_VIDEO_PREFIX: Final = "1.2.840.10008.1.2.4.10"
_COLOURS: Final = {
    "MONOCHROME1": 1,
    "MONOCHROME2": 1,
    "PALETTE COLOR": 1,
    "RGB": 3,
    "YBR_FULL": 3,
    "YBR_FULL_422": 3,
    "YBR_PARTIAL_420": 3,
    "YBR_PARTIAL_422": 3,
    "YBR_ICT": 3,
    "YBR_RCT": 3,
}
_PIXEL_TAGS: Final = (b"\xe0\x7f\x10\x00", b"\x7f\xe0\x00\x10")
_MOST_FRAMES: Final = 10**6
"""A frame count above this is not believed where the frames are not there."""
_DIRECTORY: Final = uids.MediaStorageDirectoryStorage
_AGAIN: Final = "Copy or export the file again from where it came."


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where in a file the value of the pixel data lies.

    ``length`` is what the header says, None for encapsulated data; ``there`` is how
    many bytes the file really has.
    """

    file: BinaryIO
    offset: int
    length: int | None
    there: int
    vr: str


def read(path: Path) -> Clip:
    """Open a DICOM file as a clip; reads the header alone."""
    header, pixels = _read_header(path)
    try:
        return _read(path, header, pixels)
    except BaseException:
        if pixels is not None:
            pixels.file.close()
        raise


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list of clips shows of one: its series, and its place in it."""

    series: str
    numbers: tuple[int, int]


def summary(path: Path) -> Summary | None:
    """Return what a list shows; None for a DICOMDIR, an error for what is no clip."""
    header, pixels = _read_header(path)
    if pixels is not None:
        pixels.file.close()
    if header.file_meta.get("MediaStorageSOPClassUID") == _DIRECTORY:
        return None
    _refuse_what_is_not_ultrasound(path, header)
    if pixels is None or pixels.length == 0:
        raise _no_pixels(path)
    number, instance = (
        _integer(header, "SeriesNumber"),
        _integer(header, "InstanceNumber"),
    )
    series = str(header.get("SeriesDescription") or "")
    return Summary(series or (f"Series {number}" if number else ""), (number, instance))


def directory_files(path: Path) -> list[tuple[str, ...]] | None:
    """Return the relative paths a DICOMDIR names; None if it is no DICOMDIR."""
    header, pixels = _read_header(path)
    if pixels is not None:
        pixels.file.close()
    if header.file_meta.get("MediaStorageSOPClassUID") != _DIRECTORY:
        return None
    files = []
    for record in header.get("DirectoryRecordSequence") or ():
        name = record.get("ReferencedFileID")
        if name and record.get("DirectoryRecordType") == "IMAGE":
            parts = [name] if isinstance(name, str) else name
            files.append(tuple(str(part) for part in parts))
    return files


def _integer(header: FileDataset, keyword: str) -> int:
    try:
        return int(header.get(keyword) or 0)
    except (TypeError, ValueError):
        return 0


def _no_pixels(path: Path) -> CorruptClipError:
    msg = f"{path.name} is DICOM, but holds no pixel data."
    hint = "It may be a report, or have been cut off when it was copied."
    return CorruptClipError(msg, hint=hint)


def _read(path: Path, header: FileDataset, pixels: PixelElement | None) -> Clip:
    if header.file_meta.get("MediaStorageSOPClassUID") == _DIRECTORY:
        msg = f"{path.name} is a DICOMDIR, a list of files, not a clip."
        raise UnsupportedClipError(msg, hint="Open it as an exam, or open its folder.")
    _refuse_what_is_not_ultrasound(path, header)
    if pixels is None or not header.get("Rows") or pixels.length == 0:
        raise _no_pixels(path)
    syntax = _syntax(header, pixels)
    if syntax.startswith(_VIDEO_PREFIX):
        return _video_clip(path, header, pixels, syntax)
    if syntax not in _STILL_SYNTAXES | _NATIVE_SYNTAXES:
        msg = f"{path.name} is stored as {syntax_name(syntax)} ({syntax})."
        hint = "lusviewer cannot decode that: export the clip as JPEG or uncompressed."
        raise UnsupportedClipError(msg, hint=hint)
    layout = _layout(path, header, pixels, syntax)
    if syntax in _NATIVE_SYNTAXES:
        return _native_clip(path, header, pixels, layout)
    return _encapsulated_clip(path, header, pixels, layout)


def _read_header(path: Path) -> tuple[FileDataset, PixelElement | None]:
    """Return all that stands before the pixel data, and where these begin."""
    file: BinaryIO = path.open("rb")
    try:
        header = pydicom.dcmread(file, stop_before_pixels=True, force=True)
        syntax = header.file_meta.get("TransferSyntaxUID")
        if syntax == uids.DeflatedExplicitVRLittleEndian:
            file.seek(0)
            header = pydicom.dcmread(file, force=True)
            file.close()
            return header, _inflated(header)
        pixels = _pixel_element(file, header)
    except OSError:
        file.close()
        raise
    except Exception as error:  # the parser raises whatever the bytes lead it to
        file.close()
        msg = f"{path.name} cannot be read as DICOM: its header is broken."
        raise CorruptClipError(msg, hint=_AGAIN) from error
    if pixels is None:
        file.close()
    return header, pixels


def _pixel_element(file: BinaryIO, header: FileDataset) -> PixelElement | None:
    """Read the pixel data's own tag, VR and length, where the header ended."""
    implicit, little = header.original_encoding
    start = file.tell()
    head = file.read(12)
    if head[:4] not in _PIXEL_TAGS:
        return None
    at = 4 if implicit else 8
    order = ">" if little is False else "<"
    length = struct.unpack(f"{order}I", head[at : at + 4])[0]
    offset = start + at + 4
    there = file.seek(0, os.SEEK_END) - offset
    return PixelElement(
        file,
        offset,
        None if length == 0xFFFFFFFF else length,
        there,
        "OW" if implicit else head[4:6].decode("latin-1"),
    )


def _inflated(header: FileDataset) -> PixelElement | None:
    """Return the pixels of a deflated data set, which cannot be read in parts."""
    if "PixelData" not in header:
        return None
    data = header.PixelData
    vr = str(header["PixelData"].VR)
    return PixelElement(io.BytesIO(data), 0, len(data), len(data), vr)


def _refuse_what_is_not_ultrasound(path: Path, header: FileDataset) -> None:
    if "EncryptedAttributesSequence" in header:
        msg = f"{path.name} is encrypted."
        raise UnsupportedClipError(msg, hint="Export it without encryption.")
    modality = header.get("Modality")
    if not modality and "SOPClassUID" not in header:
        msg = f"{path.name} is DICOM by its signature, but its header is unreadable."
        hint = f"It is encrypted or cut off. {_AGAIN}"
        raise CorruptClipError(msg, hint=hint)
    ultrasound = "Ultrasound" in uids.UID(str(header.get("SOPClassUID", ""))).name
    if modality not in ("US", "IVUS") and not (ultrasound and not modality):
        msg = f"{path.name} is of modality {modality or 'unknown'}, not ultrasound."
        raise UnsupportedClipError(msg, hint="lusviewer opens modality US alone.")


def _syntax(header: FileDataset, pixels: PixelElement) -> str:
    """Return the transfer syntax, from the encoding met where none is written."""
    named = header.file_meta.get("TransferSyntaxUID")
    if named:
        return str(named)
    if pixels.length is None:
        return str(uids.JPEGBaseline8Bit)
    implicit, little = header.original_encoding
    if implicit:
        return str(uids.ImplicitVRLittleEndian)
    big = little is False
    return str(uids.ExplicitVRBigEndian if big else uids.ExplicitVRLittleEndian)


def _layout(
    path: Path, header: FileDataset, pixels: PixelElement, syntax: str
) -> PixelLayout:
    photometric = str(header.get("PhotometricInterpretation") or "MONOCHROME2")
    samples = int(header.get("SamplesPerPixel") or 1)
    bits = int(header.get("BitsAllocated") or 0)
    if _COLOURS.get(photometric) != samples or bits not in (8, 16):
        msg = (
            f"{path.name} holds {samples} samples of {bits} bits a pixel as "
            f"{photometric}."
        )
        hint = "lusviewer shows gray, palette, RGB and YBR images of 8 or 16 bits."
        raise UnsupportedClipError(msg, hint=hint)
    stored = min(int(header.get("BitsStored") or bits), bits)
    if syntax == uids.JPEGExtended12Bit and stored > 8:
        msg = f"{path.name} is stored as {syntax_name(syntax)} with {stored} bits."
        hint = "No decoder at hand is true to it: export the clip with 8 bits."
        raise UnsupportedClipError(msg, hint=hint)
    big = syntax == uids.ExplicitVRBigEndian
    layout = PixelLayout(
        syntax=syntax,
        rows=int(header.Rows),
        columns=int(header.Columns),
        samples=samples,
        bits_allocated=bits,
        bits_stored=stored,
        signed=bool(header.get("PixelRepresentation")),
        planar=bool(header.get("PlanarConfiguration")) and samples > 1,
        photometric=photometric,
        swapped=big and bits == 8 and pixels.vr == "OW",
        big_endian=big,
    )
    full = replace(layout, photometric="YBR_FULL")
    length = (pixels.length or 0) // _frames_said(header)
    if photometric == "YBR_FULL_422" and length >= full.frame_bytes:
        return full  # Some writers name the format the image had when compressed.
    return layout


def _frames_said(header: FileDataset) -> int:
    return max(int(header.get("NumberOfFrames") or 1), 1)


def _native_clip(
    path: Path, header: FileDataset, pixels: PixelElement, layout: PixelLayout
) -> Clip:
    said = _frames_said(header)
    length = pixels.length if pixels.length is not None else pixels.there
    stored = length // layout.frame_bytes
    whole = min(pixels.there, length) // layout.frame_bytes
    cut_off = pixels.there < length
    read_bytes = native_reader(pixels.offset, layout)
    source = DicomFrames(pixels.file, read_bytes, layout, _tones(path, header, layout))
    n_frames = min(stored, said) if cut_off else stored
    return _clip(path, header, source, (said, n_frames, whole))


def _encapsulated_clip(
    path: Path, header: FileDataset, pixels: PixelElement, layout: PixelLayout
) -> Clip:
    said = _frames_said(header)
    index = index_frames(pixels.file, pixels.offset, said, _extended_offsets(header))
    there = len(index.offsets)
    read_bytes = encapsulated_reader(index)
    source = DicomFrames(pixels.file, read_bytes, layout, _tones(path, header, layout))
    missing = index.truncated and there and said <= _MOST_FRAMES
    n_frames = max(said, there) if missing else there
    return _clip(path, header, source, (said, n_frames, there))


def _extended_offsets(header: FileDataset) -> tuple[int, ...]:
    table = header.get("ExtendedOffsetTable")
    if not isinstance(table, bytes):
        return ()
    return struct.unpack(f"<{len(table) // 8}Q", table[: len(table) // 8 * 8])


def _tones(path: Path, header: FileDataset, layout: PixelLayout) -> ToneTable | None:
    """Return the table for images of one sample a pixel, None for colour."""
    if layout.samples > 1:
        return None
    header.PixelRepresentation = int(layout.signed)
    if layout.photometric == "PALETTE COLOR":
        try:
            return palette_table(
                header, layout.bits_stored, big_endian=layout.big_endian
            )
        except (KeyError, AttributeError, ValueError, TypeError) as error:
            msg = f"{path.name} has a broken colour palette: {error}."
            raise CorruptClipError(msg, hint=_AGAIN) from error
    return monochrome_table(header, layout.bits_stored)


def _clip(
    path: Path,
    header: FileDataset,
    source: DicomFrames,
    counts: tuple[int, int, int],
) -> Clip:
    """Build the clip; ``counts`` are frames said, shown, and whole in the file."""
    said, n_frames, whole = counts
    if whole == 0 or n_frames == 0:
        msg = f"{path.name} is cut off: not one frame is whole."
        raise CorruptClipError(msg, hint=_AGAIN)
    notes: list[str] = []
    if whole < n_frames:
        notes.append(
            f"The file is cut off: {n_frames - whole} of {n_frames} frames are missing."
        )
    elif n_frames != said:
        notes.append(_other_count(said, n_frames))
    timing = frame_times(header, n_frames)
    geometry = geometry_of(header, int(header.Rows), int(header.Columns))
    missing = CorruptFrameError(f"{path.name} ends before this frame.", hint=_AGAIN)
    return Clip(
        _identity(path, header),
        source,
        geometry,
        timing.times_s,
        _details(header, source.syntax, n_frames, timing),
        warnings=(*notes, *timing.warnings, *oblong_pixels(geometry)),
        broken=dict.fromkeys(range(whole, n_frames), missing),
    )


def _other_count(said: int, there: int) -> str:
    return f"The header says {said} frames, the file holds {there}: these are used."


def _identity(path: Path, header: FileDataset) -> ClipIdentity:
    uid = header.get("SOPInstanceUID")
    return ClipIdentity(path, "dicom", str(uid) if uid else None)


def _details(
    header: FileDataset, syntax: str, n_frames: int, timing: Timing
) -> ClipDetails:
    photometric = str(header.get("PhotometricInterpretation") or "MONOCHROME2")
    return ClipDetails(
        kind="DICOM",
        transfer_syntax=syntax_name(syntax),
        photometric=photometric,
        colour=not photometric.startswith("MONOCHROME"),
        rate_assumed=timing.assumed,
        playback=playback(header),
        trim=trim(header, n_frames),
    )


def _video_clip(
    path: Path, header: FileDataset, pixels: PixelElement, syntax: str
) -> Clip:
    """Open a video stream that is wrapped in DICOM; its header keeps the time."""
    from lusviewer.io.video import open_stream  # noqa: PLC0415 - PyAV is heavy

    try:
        data = read_all(pixels.file, pixels.offset)
    except CorruptFrameError as error:
        msg = f"{path.name} is cut off: {error.message}"
        raise CorruptClipError(msg, hint=_AGAIN) from error
    pixels.file.close()
    video = open_stream(path, io.BytesIO(data))
    said, n_frames = _frames_said(header), len(video.times_s)
    notes: tuple[str, ...] = ()
    if said != n_frames:
        notes = (_other_count(said, n_frames),)
    timing = frame_times(header, n_frames)
    if timing.assumed and video.timed:
        timing = Timing(video.times_s)
    geometry = geometry_of(header, video.rows, video.columns)
    return Clip(
        _identity(path, header),
        video.source,
        geometry,
        timing.times_s,
        replace(
            _details(header, syntax, n_frames, timing),
            colour=video.colour,
            inter_coded=video.source.inter_coded,
        ),
        warnings=(*notes, *timing.warnings, *oblong_pixels(geometry)),
    )
