"""Bringing files into the library, and finding them again after a move."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lusviewer.errors import ClipError, LibraryError, LusViewerError
from lusviewer.io.folder import list_exam
from lusviewer.io.opening import unreadable
from lusviewer.library.clips import (
    FileFacts,
    add_clip,
    known_clip,
    mark_missing,
    move_clip,
    note_time,
    unchanged_clip,
)
from lusviewer.library.patients import new_patient

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from lusviewer.cancel import CancelToken
    from lusviewer.library.database import Change
    from lusviewer.library.library import Library
    from lusviewer.library.values import ClipEntry

_CHUNK_BYTES: Final = 8 * 2**20


class Outcome(Enum):
    """What became of a file."""

    ADDED = "added"
    KNOWN = "known"
    MOVED = "found again"
    REFUSED = "refused"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Step:
    """A bit of work done: on which file, how far all of it is, and what came of it.

    ``outcome`` is None while a file is still being read. ``done_files`` of
    ``total_files`` are done with. ``labels`` is how many it brought that are new.
    """

    path: Path
    done_bytes: int
    total_bytes: int
    outcome: Outcome | None = None
    clip_id: int | None = None
    error: LusViewerError | None = None
    done_files: int = 0
    total_files: int = 0
    labels: int = 0


@dataclass(slots=True)
class Progress:
    """How many bytes are done, of how many, and how many files of how many."""

    total_bytes: int
    total_files: int
    done_bytes: int = 0
    done_files: int = 0

    def step(
        self,
        path: Path,
        outcome: Outcome | None = None,
        clip_id: int | None = None,
        error: LusViewerError | None = None,
    ) -> Step:
        """Return the step just done."""
        done = self.done_bytes, self.total_bytes
        if outcome is not None:
            self.done_files = min(self.done_files + 1, self.total_files)
        files = self.done_files, self.total_files
        return Step(path, *done, outcome, clip_id, error, *files)


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose clips are added, and of which exam.

    Without ``patient`` each path added is one new patient with a pseudonym of ours,
    or with ``by_folder`` each folder that holds clips.
    """

    patient: str | None = None
    exam: str = ""
    by_folder: bool = False


def add_paths(
    library: Library,
    paths: Sequence[Path],
    cancel: CancelToken,
    *,
    who: str,
    whose: Whose | None = None,
) -> Iterator[Step]:
    """Add clips, folders of clips and DICOMDIRs; yield what becomes of each file.

    Every file is kept by itself: a run that was stopped is simply run again, and goes
    on with the same patients.
    """
    whose = whose or Whose()
    files, refused = _listed(paths)
    every = [file for group in files for file in group]
    progress = Progress(sum(map(file_size, every)), len(every) + len(refused))
    for path, error in refused:
        yield progress.step(path, Outcome.REFUSED, error=error)
    for group in _folders(files) if whose.by_folder else files:
        yield from _add_group(library, group, progress, cancel, (who, whose))


def read_file(
    path: Path, progress: Progress, cancel: CancelToken
) -> Generator[Step, None, FileFacts]:
    """Return what tells the file's content, yielding as it is read.

    Raises ``ClipError`` where the system does not give it.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                cancel.check()
                digest.update(chunk)
                progress.done_bytes += len(chunk)
                yield progress.step(path)
            status = os.fstat(file.fileno())
    except OSError as error:
        raise unreadable(path, error) from error
    return FileFacts(path, digest.hexdigest(), status.st_size, status.st_mtime_ns)


def take_in(
    change: Change, file: FileFacts, patient: str, exam: str = "", licence: str = ""
) -> tuple[int, Outcome]:
    """Add a file, or see that the library has its content already."""
    known = known_clip(change.connection, file.sha256)
    if known is None:
        return add_clip(change, file, patient, exam, licence), Outcome.ADDED
    if known.path == file.path:
        if known.missing:
            move_clip(change, known, file)
        note_time(change, known, file)
        return known.id, Outcome.KNOWN
    # Unlike Path.exists this is false, not an error, for what the system refuses.
    if os.path.exists(known.path):  # noqa: PTH110
        return known.id, Outcome.KNOWN
    move_clip(change, known, file)
    return known.id, Outcome.MOVED


def check_files(
    library: Library, cancel: CancelToken, *, who: str
) -> Iterator[ClipEntry]:
    """Look whether every clip's file is where it was; yield those that are not.

    A file of another size is another file. What is found out is kept.
    """
    for clip in library.clips.all():
        cancel.check()
        missing = file_size(clip.path) != clip.size_bytes
        if missing != clip.missing:
            with library.database.writing(who) as change:
                mark_missing(change, clip, missing=missing)
        if missing:
            yield clip


def find_again(
    library: Library, folder: Path, cancel: CancelToken, *, who: str
) -> Iterator[Step]:
    """Look in ``folder`` for the clips whose files have gone; tell them by content.

    Yields those found, then those that are not there either.
    """
    if not folder.is_dir():
        msg = f"{folder} is no folder."
        raise LibraryError(msg, hint="Give the folder the clips were moved to.")
    lost = {clip.sha256: clip for clip in check_files(library, cancel, who=who)}
    sizes = {clip.size_bytes for clip in lost.values()}
    found = [file for file in _files_in(folder) if file_size(file) in sizes]
    progress = Progress(sum(map(file_size, found)), len(found))
    for path in found:
        try:
            file = yield from read_file(path, progress, cancel)
        except ClipError as error:
            yield progress.step(path, Outcome.REFUSED, error=error)
            continue
        clip = lost.pop(file.sha256, None)
        if clip is not None:
            with library.database.writing(who) as change:
                move_clip(change, clip, file)
            yield progress.step(path, Outcome.MOVED, clip.id)
    for clip in lost.values():
        yield progress.step(clip.path, Outcome.MISSING, clip.id, _gone(clip))


def _gone(clip: ClipEntry) -> LibraryError:
    msg = f"{clip.path} is not there, or is another file now."
    hint = "Look for it elsewhere: 'lusviewer library relocate FOLDER'."
    return LibraryError(msg, hint=hint)


def _add_group(
    library: Library,
    files: tuple[Path, ...],
    progress: Progress,
    cancel: CancelToken,
    by: tuple[str, Whose],
) -> Iterator[Step]:
    who, whose = by
    known = {file: unchanged(library, file) for file in files}
    # A run that was stopped goes on with the patient it had made up.
    before = (clip.patient for clip in known.values() if clip is not None)
    patient = whose.patient or next(before, None)
    for path in files:
        cancel.check()
        if (clip := known[path]) is not None:
            progress.done_bytes += clip.size_bytes
            yield progress.step(path, Outcome.KNOWN, clip.id)
            continue
        try:
            file = yield from read_file(path, progress, cancel)
        except ClipError as error:
            yield progress.step(path, Outcome.REFUSED, error=error)
            continue
        with library.database.writing(who) as change:
            if patient is None:
                same = known_clip(change.connection, file.sha256)
                patient = same.patient if same else new_patient(change)
            clip_id, outcome = take_in(change, file, patient, whose.exam)
        yield progress.step(path, outcome, clip_id)


def unchanged(library: Library, path: Path) -> ClipEntry | None:
    """Return the clip at ``path`` if its file is as it was when it was read."""
    try:
        status = path.stat()
    except OSError:
        return None
    with library.database.reading() as connection:
        clip = unchanged_clip(connection, path, status.st_size, status.st_mtime_ns)
    return None if clip is None or clip.missing else clip


def _listed(
    paths: Iterable[Path],
) -> tuple[list[tuple[Path, ...]], list[tuple[Path, LusViewerError]]]:
    """Return the clips in each of ``paths``, each once, and what was refused."""
    seen: set[Path] = set()
    files: list[tuple[Path, ...]] = []
    refused: list[tuple[Path, LusViewerError]] = []
    for path in paths:
        try:
            exam = list_exam(path.absolute())
        except LusViewerError as error:
            refused.append((path, error))
            continue
        fresh = [clip.path for clip in exam.clips if clip.path not in seen]
        seen.update(fresh)
        files.append(tuple(fresh))
        refused += exam.refused
    return files, refused


def _folders(groups: Iterable[tuple[Path, ...]]) -> list[tuple[Path, ...]]:
    folders: dict[Path, list[Path]] = {}
    for file in (file for group in groups for file in group):
        folders.setdefault(file.parent, []).append(file)
    return [tuple(files) for files in folders.values()]


def _files_in(folder: Path) -> Iterator[Path]:
    for base, folders, names in os.walk(folder.absolute()):
        folders.sort()
        yield from (Path(base, name) for name in sorted(names))


def file_size(path: Path) -> int:
    """Return the file's size in bytes, -1 where there is no such file."""
    try:
        return path.stat().st_size if path.is_file() else -1
    except OSError:
        return -1
