"""Folders and DICOMDIR as exams: the clips in them, in their order."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lusviewer.errors import ClipError, EmptyFolderError, UnreadableFileError
from lusviewer.io.opening import errors_worded, reader_of, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CLIP_SUFFIXES: Final = frozenset(
    (
        ".dcm",
        ".dicom",
        ".mp4",
        ".mov",
        ".m4v",
        ".avi",
        ".mpg",
        ".mpeg",
        ".mkv",
        ".webm",
        ".gif",
        ".wmv",
        ".flv",
        ".webp",
        ".png",
        ".jpg",
        ".jpeg",
        ".bmp",
        ".tif",
        ".tiff",
    )
)
_CHOOSE: Final = "Choose the folder that holds the DICOM, video or image files."
_DICOM: Final = "lusviewer.io.dicom"


@dataclass(frozen=True, slots=True)
class ExamClip:
    """A clip of an exam: its file, what to call it, and what it belongs to."""

    path: Path
    label: str
    series: str = ""


@dataclass(frozen=True, slots=True)
class Exam:
    """Clips that belong together, and files that were refused, with the reason."""

    clips: tuple[ExamClip, ...]
    refused: tuple[tuple[Path, ClipError], ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A file met on the way: to be looked at, or already known to be trouble."""

    path: Path
    error: ClipError | None = None


def list_exam(path: Path) -> Exam:
    """Return the clips of a folder, nested or not, of a DICOMDIR, or of one file.

    Reads headers alone. Files that are no clips, and are not called like clips, are
    passed over. Raises ``EmptyFolderError`` where nothing can be opened, and other
    ``ClipError`` where ``path`` itself is the trouble.
    """
    # Unlike Path.is_dir this is false, not an error, for what the system refuses.
    if os.path.isdir(path):  # noqa: PTH112
        return _exam(path, path, _walk(path))
    reader = reader_of(path)
    if reader == _DICOM:
        with errors_worded(path):
            listed = _dicom().directory_files(path)
        if listed is not None:
            found = [_in_directory(path.parent, parts) for parts in listed]
            return _exam(path, path.parent, found)
    return Exam((ExamClip(path, path.name),))


def _dicom() -> Any:  # noqa: ANN401 - pydicom comes in with it, so late
    return import_module(_DICOM)


def _exam(path: Path, folder: Path, found: Iterable[_Found]) -> Exam:
    clips: list[tuple[Any, ExamClip]] = []
    refused: list[tuple[Path, ClipError]] = []
    for file in found:
        try:
            if file.error is not None:
                raise file.error
            entry = _entry(file.path, folder)
        except ClipError as error:
            refused.append((file.path, error))
            continue
        if entry is not None:
            clips.append(entry)
    if not clips:
        msg = f"{path.name or path} holds no clip that can be opened."
        if refused:
            msg = f"{msg} The first of {len(refused)} refused: {refused[0][1].message}"
        raise EmptyFolderError(msg, hint=_CHOOSE)
    clips.sort(key=lambda pair: pair[0])
    return Exam(tuple(clip for _, clip in clips), tuple(refused))


def _entry(path: Path, folder: Path) -> tuple[Any, ExamClip] | None:
    """Return a clip with its place in the order; None for what is no clip.

    Raises ``ClipError`` for a file that should be one, and cannot be opened.
    """
    try:
        module = reader_of(path)
    except UnreadableFileError:
        raise  # Whatever it is called: DICOM files often have no suffix.
    except ClipError:
        if path.suffix.lower() in _CLIP_SUFFIXES:
            raise
        return None
    parent = path.parent.relative_to(folder).as_posix()
    series, numbers = ("" if parent == "." else parent), (0, 0)
    if module == _DICOM:
        with errors_worded(path):
            summary = _dicom().summary(path)
        if summary is None:
            return None
        series, numbers = summary.series or series, summary.numbers
    key = (parent, *numbers, _natural(path.name))
    return key, ExamClip(path, path.name, series)


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    """Return a key that puts clip 2 before clip 10."""
    parts = re.split(r"(\d+)", name.lower())
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def _walk(folder: Path) -> Iterator[_Found]:
    closed: list[OSError] = []
    for base, folders, names in os.walk(folder, onerror=closed.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(base, name)
            if name.startswith("."):
                continue
            try:
                if path.is_file():
                    yield _Found(path)
            except OSError as error:  # A folder that may be listed, but not entered.
                yield _Found(path, unreadable(path, error))
    for failure in closed:
        path = Path(str(failure.filename))
        yield _Found(path, unreadable(path, failure))


def _in_directory(folder: Path, parts: tuple[str, ...]) -> _Found:
    """Return the file that a DICOMDIR names, in whatever case it lies on disk."""
    path = folder
    for part in parts:
        exact = path / part
        path = exact if exact.exists() else _ignoring_case(path, part)
    if not path.is_file():
        missing = folder.joinpath(*parts)
        return _Found(missing, unreadable(missing, FileNotFoundError()))
    return _Found(path)


def _ignoring_case(folder: Path, name: str) -> Path:
    if folder.is_dir():
        for entry in folder.iterdir():
            if entry.name.lower() == name.lower():
                return entry
    return folder / name
