"""Bringing clips and labels into the library and out of it, off the window's thread.

Nothing here knows Qt; the library is imported inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lusviewer.errors import LibraryError, LusViewerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from lusviewer.cancel import CancelToken
    from lusviewer.gui.study.work import Shelf
    from lusviewer.library.adding import Step
    from lusviewer.library.records import ClipRecord


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one file: ``outcome`` in a word, with why and what to do.

    "added", "known", "found again", "refused", "missing", "written", "sound" or
    "broken".
    """

    path: Path
    outcome: str
    why: str = ""
    hint: str = ""

    @property
    def trouble(self) -> bool:
        """Whether a person should look at it."""
        return self.outcome in ("refused", "missing", "broken")


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far it is: files and bytes done of how many, 0 where that is not known.

    ``told`` is what became of a file just now, ``clip`` the clip that is different.
    """

    done: int = 0
    total: int = 0
    done_bytes: int = 0
    total_bytes: int = 0
    told: Told | None = None
    clip: int | None = None


@dataclass(frozen=True, slots=True)
class Adding:
    """What to add, and whose it is: one patient's, or each folder another's.

    Without ``patient`` pseudonyms are made up.
    """

    paths: tuple[Path, ...]
    patient: str = ""
    exam: str = ""
    by_folder: bool = True


def add(
    what: Adding, who: str, shelf: Shelf, cancel: CancelToken
) -> Iterator[Progressed]:
    """Add clips and folders of clips."""
    from lusviewer.library.adding import Whose, add_paths

    by_folder = what.by_folder and not what.patient
    whose = Whose(what.patient or None, what.exam, by_folder)
    steps = add_paths(shelf.library(), what.paths, cancel, who=who, whose=whose)
    yield from _followed(steps)


def import_collection(
    folder: Path, who: str, shelf: Shelf, cancel: CancelToken
) -> Iterator[Progressed]:
    """Import POCUS or COVID-BLUeS with all that is said of their clips."""
    try:
        from lusviewer.training.data.library_records import collection_records
    except ImportError as error:
        msg = f"This build of lusviewer cannot read {folder}: {error}."
        raise LibraryError(msg, hint="Import its labels as a CSV instead.") from error
    yield from _added(shelf, collection_records(folder), who, cancel)


def import_labels(
    table: Path, who: str, shelf: Shelf, cancel: CancelToken
) -> Iterator[Progressed]:
    """Import a CSV of labels, with the clips it names."""
    from lusviewer.library.label_table import read_label_table

    library = shelf.library()
    yield from _added(
        shelf, read_label_table(table, library.labels.tasks()), who, cancel
    )


def _added(
    shelf: Shelf, records: Sequence[ClipRecord], who: str, cancel: CancelToken
) -> Iterator[Progressed]:
    from lusviewer.library.records import add_records

    yield from _followed(add_records(shelf.library(), records, cancel, who=who))


def import_lines(
    files: Sequence[Path], who: str, shelf: Shelf, cancel: CancelToken
) -> Iterator[Progressed]:
    """Import lines that SlicerUltrasound or OHIF drew, a file a clip."""
    from lusviewer.library import annotation_files

    library = shelf.library()
    for done, file in enumerate(files, 1):
        cancel.check()
        try:
            clip, found = annotation_files.import_lines(library, file, who)
        except LusViewerError as error:
            # The hints there are for the command line.
            hint = "A file of lines is called like its clip, as x.json for x.dcm."
            told = Told(file, "refused", error.message, hint)
            yield Progressed(done, len(files), told=told)
            continue
        frames = len({frame for frame, _ in found.lines})
        why = f"{clip.name}: {frames} frames"
        if found.rejected:
            why = f"{why}, {found.rejected} rejected lines left out"
        told = Told(file, "added", why)
        yield Progressed(done, len(files), told=told, clip=clip.id)


def export_labels(
    table: Path, who: str, shelf: Shelf, _cancel: CancelToken
) -> Iterator[Progressed]:
    """Write all labels as CSV."""
    from lusviewer.library.label_table import write_label_table

    del who
    rows = write_label_table(shelf.library(), table)
    yield Progressed(1, 1, told=Told(table, "written", f"{rows} rows"))


def export_corrections(
    table: Path, who: str, shelf: Shelf, _cancel: CancelToken
) -> Iterator[Progressed]:
    """Write all corrected biomarkers as CSV."""
    from lusviewer.library.correction_table import write_correction_table

    del who
    rows = write_correction_table(shelf.library(), table)
    yield Progressed(1, 1, told=Told(table, "written", f"{rows} rows"))


def export_lines(
    wish: tuple[Path, str], who: str, shelf: Shelf, cancel: CancelToken
) -> Iterator[Progressed]:
    """Write drawn lines into a folder, for "slicer" or for "ohif"."""
    from lusviewer.library import annotation_files

    del who
    folder, kind = wish
    for one in annotation_files.export_lines(shelf.library(), folder, kind):
        tellings = [Told(file, "written") for file in one.files]
        if one.error is not None:
            why, hint = one.error.message, one.error.hint
            tellings.append(Told(one.clip.path, "missing", why, hint))
        for told in tellings:
            yield Progressed(one.done, one.total, told=told)
        cancel.check()


def relocate(
    folder: Path, who: str, shelf: Shelf, cancel: CancelToken
) -> Iterator[Progressed]:
    """Look in a folder for the clips whose files have gone."""
    from lusviewer.library.adding import find_again

    yield from _followed(find_again(shelf.library(), folder, cancel, who=who))


def verify(
    check_clips: bool,  # noqa: FBT001 - all work takes what, who, shelf, token
    who: str,
    shelf: Shelf,
    cancel: CancelToken,
) -> Iterator[Progressed]:
    """Check the library's file and log, and whether every clip is where it was."""
    from lusviewer.library.adding import check_files

    library = shelf.library()
    yield Progressed()
    verdict = library.verify()
    file = library.database.file
    if verdict.holds:
        told = Told(file, "sound", f"{verdict.entries} entries in the log")
    else:
        at = f"entry {verdict.broken_entry}: " if verdict.broken_entry else ""
        hint = "Go back to a copy from the folder 'backups'."
        told = Told(file, "broken", f"{at}{verdict.why}", hint)
    yield Progressed(told=told)
    if check_clips:
        for clip in check_files(library, cancel, who=who):
            gone = "not there, or another file now"
            hint = "If it was moved, let Study > Find moved clips look for it."
            yield Progressed(told=Told(clip.path, "missing", gone, hint), clip=clip.id)


def _followed(steps: Iterable[Step]) -> Iterator[Progressed]:
    """Yield each step as the window shows it."""
    from lusviewer.library.adding import Outcome

    for step in steps:
        told = None
        if step.outcome is not None:
            why, hint = "", ""
            if step.outcome is Outcome.MISSING:
                why = "not in that folder either, or another file now"
            elif step.error is not None:
                why, hint = step.error.message, step.error.hint
            told = Told(step.path, step.outcome.value, why, hint)
        yield Progressed(
            step.done_files,
            step.total_files,
            step.done_bytes,
            step.total_bytes,
            told,
            step.clip_id,
        )
