"""Frames inside encapsulated DICOM pixel data: where each one starts (PS3.5 A.4)."""

from __future__ import annotations

import io
import itertools
import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from lusviewer.errors import CorruptFrameError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ITEM: Final = b"\xfe\xff\x00\xe0"
_DELIMITER: Final = b"\xfe\xff\xdd\xe0"
_LOOKED_AT: Final = 256
_STARTS: Final = (b"\xff\xd8", b"\xff\x4f", b"\xff\x0a")  # JPEG, JPEG 2000, JPEG XL


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """Byte offsets of the first item of each frame, and where the last one ends.

    ``truncated`` says that the file stops before its pixel data do.
    """

    offsets: tuple[int, ...]
    end: int
    truncated: bool


def index_frames(
    file: BinaryIO, start: int, n_frames: int, extended: Sequence[int] = ()
) -> FrameIndex:
    """Return where the frames lie in the pixel data whose first item is at ``start``.

    An offset table, basic or ``extended``, is believed where it is consistent;
    else the fragments are walked through.
    """
    size = file.seek(0, os.SEEK_END)
    head = _read_at(file, start, 8)
    if len(head) < 8 or head[:4] != _ITEM:
        return FrameIndex((), size, truncated=True)
    length = struct.unpack("<I", head[4:])[0]
    first = start + 8 + length
    table = tuple(extended) or _basic_table(_read_at(file, start + 8, length))
    offsets = tuple(first + offset for offset in table)
    if len(offsets) == n_frames and _plausible(file, offsets, first, size):
        return FrameIndex(offsets, size, truncated=offsets[-1] >= size)
    return _walk(file, first, n_frames)


def read_frame(file: BinaryIO, index: FrameIndex, number: int) -> bytes:
    """Return the bytes of one frame, its fragments joined."""
    if number >= len(index.offsets):
        msg = "the file ends before it."
        raise CorruptFrameError(msg)
    last = number + 1 == len(index.offsets)
    position = index.offsets[number]
    end = index.end if last else index.offsets[number + 1]
    parts = []
    while position < end:
        head = _read_at(file, position, 8)
        if head[:4] == _DELIMITER:
            break
        if len(head) < 8 or head[:4] != _ITEM:
            msg = "its fragments are cut off or out of step."
            raise CorruptFrameError(msg)
        length = struct.unpack("<I", head[4:])[0]
        part = file.read(length)
        if len(part) < length:
            msg = "the file ends inside it."
            raise CorruptFrameError(msg)
        parts.append(part)
        position += 8 + length
    if not any(parts):
        msg = "it is empty."
        raise CorruptFrameError(msg)
    return b"".join(parts)


def read_all(file: BinaryIO, start: int) -> bytes:
    """Return every fragment joined: one stream, as video is stored."""
    head = _read_at(file, start, 8)
    first = start + 8 + (struct.unpack("<I", head[4:])[0] if len(head) == 8 else 0)
    size = file.seek(0, os.SEEK_END)
    return read_frame(file, FrameIndex((first,), size, truncated=False), 0)


def _basic_table(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])


def _plausible(file: BinaryIO, offsets: tuple[int, ...], first: int, size: int) -> bool:
    """Whether offsets rise, and those looked at within the file point at items."""
    if any(b <= a for a, b in itertools.pairwise(offsets)):
        return False
    inside = [offset for offset in offsets if offset + 8 <= size]
    if not inside or offsets[0] != first:
        return False
    looked_at = inside[:: max(len(inside) // _LOOKED_AT, 1)] + inside[-1:]
    return all(_read_at(file, at, 4) == _ITEM for at in looked_at)


def _walk(file: BinaryIO, first: int, n_frames: int) -> FrameIndex:
    """Go from fragment to fragment and see which of them begin a frame."""
    peek = _peeker(file)
    position, truncated = first, True
    items: list[int] = []
    begins: list[int] = []
    while len(head := peek(position)) >= 8:
        if head[:4] != _ITEM:
            truncated = head[:4] != _DELIMITER
            break
        items.append(position)
        if head[8:10] in _STARTS:
            begins.append(position)
        position += 8 + struct.unpack("<I", head[4:8])[0]
    if begins and len(items) != n_frames:
        items = begins
    elif n_frames == 1:
        items = items[:1]
    short = truncated and (len(items) < n_frames or position > _size(file))
    return FrameIndex(tuple(items), min(position, _size(file)), truncated=short)


def _peeker(file: BinaryIO) -> Callable[[int], bytes]:
    """Return what reads 12 bytes at an offset, past the buffer where the system can."""
    if isinstance(file, io.BufferedReader) and hasattr(os, "pread"):
        descriptor = file.fileno()
        return lambda offset: os.pread(descriptor, 12, offset)
    return lambda offset: _read_at(file, offset, 12)


def _size(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


def _read_at(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)
