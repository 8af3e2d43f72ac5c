"""Labelled clips from anywhere, as plain records that go into a library."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from lusviewer.errors import LibraryError, LusViewerError
from lusviewer.io.opening import reader_of
from lusviewer.library.adding import (
    Outcome,
    Progress,
    Step,
    file_size,
    read_file,
    take_in,
    unchanged,
)
from lusviewer.library.clips import assign, known_clip, set_zone
from lusviewer.library.labels import give
from lusviewer.library.patients import add_facts
from lusviewer.library.tables import LABELS, PATIENTS
from lusviewer.library.values import Answer, ClipEntry

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence
    from pathlib import Path

    from lusviewer.cancel import CancelToken
    from lusviewer.library.clips import FileFacts
    from lusviewer.library.database import Change
    from lusviewer.library.library import Library
    from lusviewer.library.zones import Zone


@dataclass(frozen=True, slots=True)
class Said:
    """What a record says for one task."""

    value: str | None
    certainty: float = 1.0
    detail: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClipRecord:
    """A clip, whose it is, and what is said of it: ``labels`` by the key of a task.

    ``facts`` are clinical values of the exam. ``where`` tells a person which line of
    which table it came from. An empty ``rater`` is the one who adds the records.
    """

    path: Path
    patient: str
    exam: str = ""
    zone: Zone | None = None
    licence: str = ""
    rater: str = ""
    labels: Mapping[str, Said] = field(default_factory=dict)
    facts: Mapping[str, float] = field(default_factory=dict)
    where: str = ""


def add_records(
    library: Library, records: Sequence[ClipRecord], cancel: CancelToken, *, who: str
) -> Iterator[Step]:
    """Add clips with their labels; yield what becomes of each.

    Each record is kept whole or not at all, and one that was kept before changes
    nothing. A clip the library has under a pseudonym of its own making goes over to
    the record's patient; one that a person gave to another patient is refused.
    """
    sizes = [max(file_size(record.path), 0) for record in records]
    progress = Progress(sum(sizes), len(records))
    for record in records:
        cancel.check()
        try:
            yield (yield from _add(library, record, progress, cancel, who))
        except LusViewerError as error:
            yield progress.step(record.path, Outcome.REFUSED, error=_at(record, error))


def _add(
    library: Library,
    record: ClipRecord,
    progress: Progress,
    cancel: CancelToken,
    who: str,
) -> Generator[Step, None, Step]:
    path = record.path.absolute()
    known = unchanged(library, path)
    file: FileFacts | None = None
    if known is None:
        # Before its content is hashed: what is no clip at all is told at once.
        reader_of(path)
        file = yield from read_file(path, progress, cancel)
    else:
        progress.done_bytes += known.size_bytes
    with library.database.writing(record.rater or who) as change:
        outcome = Outcome.KNOWN
        if file is not None:
            known = known_clip(change.connection, file.sha256)
            clip_id, outcome = take_in(
                change, file, record.patient, record.exam, record.licence
            )
        elif known is not None:
            clip_id = known.id
        else:
            msg = "a file is either known or read"
            raise AssertionError(msg)
        if known is not None:
            _claim(change, known, record)
        labels = _tell(change, clip_id, record)
    return replace(progress.step(path, outcome, clip_id), labels=labels)


def _tell(change: Change, clip_id: int, record: ClipRecord) -> int:
    """Keep what a record says of its clip; return how many labels are new."""
    if record.zone is not None:
        set_zone(change, clip_id, record.zone)
    if record.facts:
        add_facts(change, record.patient, record.exam, record.facts)
    answers = [
        Answer(clip_id, task, said.value, change.who, said.certainty, said.detail)
        for task, said in record.labels.items()
    ]
    last = change.connection.scalar(select(func.max(LABELS.c.id))) or 0
    return sum(label.id > last for label in give(change, answers))


def _claim(change: Change, clip: ClipEntry, record: ClipRecord) -> None:
    """Give a clip to the record's patient, if nobody gave it to another one."""
    if clip.patient == record.patient:
        if record.exam:
            assign(change, clip.id, record.patient, record.exam)
        return
    chosen = select(PATIENTS.c.given).where(PATIENTS.c.pseudonym == clip.patient)
    if change.connection.scalar(chosen):
        msg = (
            f"{clip.name} belongs to patient {clip.patient} in the library, "
            f"here to {record.patient}."
        )
        raise LibraryError(msg, hint="Correct one of the two.")
    assign(change, clip.id, record.patient, record.exam)


def _at(record: ClipRecord, error: LusViewerError) -> LusViewerError:
    if not record.where:
        return error
    return LibraryError(f"{record.where}: {error.message}", hint=error.hint)
