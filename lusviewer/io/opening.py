"""Opening one file by what it holds, whatever it is called."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from lusviewer.errors import (
    ClipError,
    CorruptClipError,
    UnreadableFileError,
    UnsupportedClipError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lusviewer.clip import Clip

_HEAD_BYTES: Final = 1024
_ENVELOPED: Final = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
"""What begins a message of PKCS #7, as secure DICOM files are (PS3.15 D)."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A kind of file: its name, the module that reads it, and how to tell it."""

    name: str
    module: str
    sniff: Callable[[bytes], bool]


def _is_dicom(head: bytes) -> bool:
    return head[128:132] == b"DICM" or head[:4] == b"DICM"


def _is_bare_dicom(head: bytes) -> bool:
    """Whether a data set begins at once: group 2 or 8, then a VR or a short length."""
    if head[:2] not in (b"\x02\x00", b"\x08\x00", b"\x00\x08") or len(head) < 16:
        return False
    explicit = head[4:6].isalpha() and head[4:6].isupper()
    little = head[0] != 0
    element = int.from_bytes(head[2:4], "little" if little else "big")
    length = int.from_bytes(head[4:8], "little")
    return element < 0x2000 and (explicit or (little and length < 256))


def _starts(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(signatures)


def _is_riff(*kinds: bytes) -> Callable[[bytes], bool]:
    return lambda head: head[:4] == b"RIFF" and head[8:12] in kinds


def _is_quicktime(head: bytes) -> bool:
    return head[4:8] in (b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip", b"pnot")


def _is_mpeg(head: bytes) -> bool:
    streams = (b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3", b"\x00\x00\x00\x01")
    packets = head[:1] == b"G" and head[188:189] == b"G" and head[376:377] == b"G"
    return head.startswith(streams) or packets


READERS: Final = (
    Reader("DICOM", "lusviewer.io.dicom", _is_dicom),
    Reader("MP4 or MOV", "lusviewer.io.video", _is_quicktime),
    Reader("AVI", "lusviewer.io.video", _is_riff(b"AVI ", b"AVIX")),
    Reader("MPEG", "lusviewer.io.video", _is_mpeg),
    Reader("MKV or WebM", "lusviewer.io.video", _starts(b"\x1a\x45\xdf\xa3")),
    Reader("GIF", "lusviewer.io.video", _starts(b"GIF87a", b"GIF89a")),
    Reader("WMV", "lusviewer.io.video", _starts(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11")),
    Reader("FLV", "lusviewer.io.video", _starts(b"FLV\x01")),
    Reader("PNG", "lusviewer.io.image", _starts(b"\x89PNG\r\n\x1a\n")),
    Reader("JPEG", "lusviewer.io.image", _starts(b"\xff\xd8\xff")),
    Reader("BMP", "lusviewer.io.image", _starts(b"BM")),
    Reader("TIFF", "lusviewer.io.image", _starts(b"II*\x00", b"MM\x00*")),
    Reader("WebP", "lusviewer.io.image", _is_riff(b"WEBP")),
    Reader("DICOM", "lusviewer.io.dicom", _is_bare_dicom),
)


def open_clip(path: Path) -> Clip:
    """Open a file as a clip, by its content; reads the header alone.

    Raises ``ClipError`` naming the file, the reason and what to do.
    """
    module = import_module(reader_of(path))
    with errors_worded(path):
        return cast("Clip", module.read(path))


@contextmanager
def errors_worded(path: Path) -> Iterator[None]:
    """Turn whatever a library raises over a broken file into words for a user."""
    try:
        yield
    except (ClipError, MemoryError):
        raise
    except Exception as error:
        # Parsers raise OSError too, but only the system gives it a number.
        if isinstance(error, OSError) and error.errno is not None:
            raise unreadable(path, error) from error
        msg = f"{path.name} is broken or cut off: its header contradicts itself."
        hint = f"Copy or export it again from where it came. ({_short(error)})"
        raise CorruptClipError(msg, hint=hint) from error


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())[:120]
    return f"{type(error).__name__}: {text}"


def reader_of(path: Path) -> str:
    """Return the module that reads a file, told by its first bytes.

    Raises ``ClipError`` where the file cannot be read or is of no known kind.
    """
    try:
        if path.is_fifo():  # Opening it would wait for whoever writes.
            msg = f"{path.name} is a pipe, not a file."
            raise UnsupportedClipError(msg, hint="Save what comes through it first.")
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise unreadable(path, error) from error
    return _reader_for(path, head).module


def _reader_for(path: Path, head: bytes) -> Reader:
    if not head:
        msg = f"{path.name} is empty: it holds no bytes at all."
        hint = "Copy it again from where it came; the transfer may have failed."
        raise CorruptClipError(msg, hint=hint)
    for reader in READERS:
        if reader.sniff(head):
            return reader
    if _ENVELOPED in head:
        msg = f"{path.name} is encrypted: an enveloped DICOM file."
        raise UnsupportedClipError(msg, hint="Decrypt it, or export it anew.")
    what = "a text file" if _is_text(head) else "not a clip lusviewer can read"
    known = ", ".join(dict.fromkeys(reader.name for reader in READERS))
    msg = f"{path.name} is {what}."
    raise UnsupportedClipError(msg, hint=f"Readable kinds: {known}.")


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return False
        text = head[: error.start].decode("utf-8")
    return all(character.isprintable() or character.isspace() for character in text)


def unreadable(path: Path, error: OSError) -> UnreadableFileError:
    """Return what the operating system said, in words for a user."""
    reasons: dict[type[OSError], tuple[str, str]] = {
        FileNotFoundError: ("does not exist", "It may have been moved or renamed."),
        IsADirectoryError: ("is a folder", "Open it as an exam instead."),
        PermissionError: (
            "may not be read by this user",
            "Ask its owner for permission to read it, or copy it.",
        ),
    }
    default = (
        f"could not be read: {error.strerror or error}",
        "Check the disk or the network.",
    )
    reason, hint = reasons.get(type(error), default)
    return UnreadableFileError(f"{path.name} {reason}.", hint=hint)
