"""The clips: where they lie, what they hold, and lists of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func, insert, select, update

from lusviewer.errors import LibraryError
from lusviewer.library.choosing import joined, ordered
from lusviewer.library.database import now_utc
from lusviewer.library.patients import exam_id
from lusviewer.library.tables import (
    ANALYSES,
    CLIPS,
    EXAMS,
    EXPERTS,
    LABELS,
    PATIENTS,
    PREDICTIONS,
)
from lusviewer.library.values import ClipEntry, ClipFilter, ClipPrediction
from lusviewer.library.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Row

    from lusviewer.library.database import Change, Database

_EVERY: Final = ClipFilter()
_PAGE: Final = 500
_COLUMNS = (CLIPS, PATIENTS.c.pseudonym.label("patient"), EXAMS.c.name.label("exam"))


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What tells a file's content: its SHA-256, its size and when it was changed."""

    path: Path
    sha256: str
    size_bytes: int
    modified_ns: int


class Clips:
    """The clips of a library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, chosen: ClipFilter = _EVERY) -> int:
        """Return how many clips the filter leaves."""
        query = joined(select(func.count()), chosen)
        with self._database.reading() as connection:
            return int(connection.scalar(query) or 0)

    def count_patients(self, chosen: ClipFilter = _EVERY) -> int:
        """Return of how many patients the clips are that the filter leaves."""
        query = joined(select(func.count(PATIENTS.c.id.distinct())), chosen)
        with self._database.reading() as connection:
            return int(connection.scalar(query) or 0)

    def page(
        self, chosen: ClipFilter = _EVERY, *, start: int = 0, limit: int = 100
    ) -> tuple[ClipEntry, ...]:
        """Return ``limit`` clips from number ``start`` on, in the filter's order.

        A page of 100 out of 5,000 takes a few milliseconds.
        """
        with self._database.reading() as connection:
            # The keys first: sorting them moves far less than sorting whole rows.
            keys = ordered(connection, chosen).limit(limit).offset(start)
            found: list[int] = list(connection.scalars(keys))
            return _entries(connection, found, chosen.raters)

    def ids(self, chosen: ClipFilter = _EVERY) -> tuple[int, ...]:
        """Return the keys of every clip the filter leaves, in its order."""
        with self._database.reading() as connection:
            return tuple(connection.scalars(ordered(connection, chosen)))

    def entries(
        self, clip_ids: Sequence[int], raters: Sequence[str] | None = None
    ) -> tuple[ClipEntry, ...]:
        """Return the clips with these keys, in their order; those gone are left out.

        With ``raters`` they have nobody else's labels.
        """
        with self._database.reading() as connection:
            return _entries(connection, clip_ids, raters)

    def all(self, chosen: ClipFilter = _EVERY) -> Iterator[ClipEntry]:
        """Yield every clip the filter leaves, a page in memory at a time."""
        start = 0
        while page := self.page(chosen, start=start, limit=_PAGE):
            yield from page
            start += len(page)

    def get(self, clip_id: int) -> ClipEntry:
        """Return one clip."""
        with self._database.reading() as connection:
            found = _entries(connection, [clip_id])
        if not found:
            raise _unknown(str(clip_id))
        return found[0]

    def find(self, text: str) -> ClipEntry:
        """Return the clip that a number, a path, a name or a hash's start means."""
        with self._database.reading() as connection:
            found = _entries(connection, _matching(connection, text))
        if not found:
            raise _unknown(repr(text))
        if len(found) > 1:
            msg = f"{text!r} could be {len(found)} clips of the library."
            hint = "Give the number that 'lusviewer library list' shows."
            raise LibraryError(msg, hint=hint)
        return found[0]

    def set_zone(self, clip_ids: Iterable[int], zone: Zone | None, *, who: str) -> None:
        """Say where on the chest the clips were taken; None takes it back."""
        with self._database.writing(who) as change:
            for clip_id in clip_ids:
                set_zone(change, clip_id, zone)

    def assign(self, clip_id: int, patient: str, exam: str = "", *, who: str) -> None:
        """Move a clip to another patient's exam; both are made where they are new."""
        self.assign_all({clip_id: (patient, exam)}, who=who)

    def assign_all(self, whose: Mapping[int, tuple[str, str]], *, who: str) -> None:
        """Move clips to the patient and exam each is given, all or none."""
        with self._database.writing(who) as change:
            for clip_id, (patient, exam) in whose.items():
                assign(change, clip_id, patient, exam)


def add_clip(
    change: Change, file: FileFacts, patient: str, exam: str = "", licence: str = ""
) -> int:
    """Add a file that is new to the library; return the clip's key."""
    row = {
        "exam_id": exam_id(change, patient, exam),
        "name": file.path.name,
        "path": str(file.path),
        "sha256": file.sha256,
        "size_bytes": file.size_bytes,
        "modified_ns": file.modified_ns,
        "licence": licence,
        "missing": False,
        "added_utc": now_utc(),
    }
    result = change.connection.execute(insert(CLIPS).values(**row))
    key = result.inserted_primary_key
    clip_id = int(key[0]) if key else 0
    detail = {"path": str(file.path), "sha256": file.sha256, "patient": patient}
    change.note("clip added", f"clip:{clip_id}", detail)
    return clip_id


def known_clip(connection: Connection, sha256: str) -> ClipEntry | None:
    """Return the clip with this content, wherever it lies."""
    query = select(CLIPS.c.id).where(CLIPS.c.sha256 == sha256)
    found = _entries(connection, list(connection.scalars(query)))
    return found[0] if found else None


def unchanged_clip(
    connection: Connection, path: Path, size: int, modified_ns: int
) -> ClipEntry | None:
    """Return the clip at ``path`` if the file looks as it did when it was hashed."""
    query = select(CLIPS.c.id).where(
        CLIPS.c.path == str(path),
        CLIPS.c.size_bytes == size,
        CLIPS.c.modified_ns == modified_ns,
    )
    found = _entries(connection, list(connection.scalars(query)))
    return found[0] if found else None


def move_clip(change: Change, clip: ClipEntry, file: FileFacts) -> None:
    """Say that a clip lies elsewhere now."""
    change.connection.execute(
        update(CLIPS)
        .where(CLIPS.c.id == clip.id)
        .values(
            path=str(file.path),
            name=file.path.name,
            modified_ns=file.modified_ns,
            missing=False,
        )
    )
    detail = {"from": str(clip.path), "to": str(file.path)}
    change.note("clip found again", f"clip:{clip.id}", detail)


def note_time(change: Change, clip: ClipEntry, file: FileFacts) -> None:
    """Keep when a file was last written, so that it is not read again for that."""
    change.connection.execute(
        update(CLIPS).where(CLIPS.c.id == clip.id).values(modified_ns=file.modified_ns)
    )


def mark_missing(change: Change, clip: ClipEntry, *, missing: bool) -> None:
    """Keep whether a clip's file is where it was, unchanged."""
    if clip.missing == missing:
        return
    change.connection.execute(
        update(CLIPS).where(CLIPS.c.id == clip.id).values(missing=missing)
    )
    action = "clip missing" if missing else "clip there again"
    change.note(action, f"clip:{clip.id}", {"path": str(clip.path)})


def set_zone(change: Change, clip_id: int, zone: Zone | None) -> None:
    """Say where on the chest a clip was taken, where that is news."""
    clip = _one(change.connection, clip_id)
    if clip.zone == zone:
        return
    scheme, key = (zone.scheme, zone.key) if zone else (None, None)
    change.connection.execute(
        update(CLIPS).where(CLIPS.c.id == clip_id).values(scheme=scheme, zone=key)
    )
    before, after = (str(z) if z else None for z in (clip.zone, zone))
    change.note("zone set", f"clip:{clip_id}", {"from": before, "to": after})


def assign(change: Change, clip_id: int, patient: str, exam: str = "") -> None:
    """Move a clip to another patient's exam, where it is not there already."""
    clip = _one(change.connection, clip_id)
    if (clip.patient, clip.exam) == (patient.strip(), exam.strip() or clip.exam):
        return
    key = exam_id(change, patient, exam)
    change.connection.execute(
        update(CLIPS).where(CLIPS.c.id == clip_id).values(exam_id=key)
    )
    detail = {"from": clip.patient, "to": patient, "exam": exam}
    change.note("clip reassigned", f"clip:{clip_id}", detail)


def require_clip(connection: Connection, clip_id: int) -> None:
    """Raise ``LibraryError`` where the library has no such clip."""
    if connection.scalar(_KNOWN, {"key": clip_id}) is None:
        raise _unknown(str(clip_id))


def _one(connection: Connection, clip_id: int) -> ClipEntry:
    require_clip(connection, clip_id)
    return _entries(connection, [clip_id])[0]


def _unknown(text: str) -> LibraryError:
    msg = f"The library has no clip {text}."
    return LibraryError(msg, hint="'lusviewer library list' shows what it has.")


def _matching(connection: Connection, text: str) -> list[int]:
    """Return the keys of the clips that ``text`` may mean, the plainest way first."""
    ways: list[ColumnElement[bool]] = []
    if text.isdecimal() and len(text) < 16:
        ways.append(CLIPS.c.id == int(text))
    ways += [CLIPS.c.path == str(Path(text).absolute()), CLIPS.c.name == text]
    if len(text) >= 8 and set(text.lower()) <= set("0123456789abcdef"):
        ways.append(CLIPS.c.sha256.startswith(text.lower()))
    for way in ways:
        found = list(connection.scalars(select(CLIPS.c.id).where(way).limit(20)))
        if found:
            return found
    return []


def _entries(
    connection: Connection, keys: Sequence[int], raters: Sequence[str] | None = None
) -> tuple[ClipEntry, ...]:
    """Return the clips with these keys, in their order, with what is said of them."""
    if not keys:
        return ()
    said, asked = _Said(), {"keys": json.dumps(list(keys))}
    for clip_id, task, value in _labels(connection, asked, raters):
        said.labels.setdefault(clip_id, {})[task] = value
    for clip_id, classes, *shown in connection.execute(_PREDICTIONS, asked).all():
        one = ClipPrediction(*(*shown, _names(classes)))
        said.predictions.setdefault(clip_id, []).append(one)
    for clip_id, sha256 in connection.execute(_MODELS, asked).all():
        said.models.setdefault(clip_id, []).append(sha256)
    rows = connection.execute(_ROWS, asked).all()
    found = {row.id: _entry(row, said) for row in rows}
    return tuple(found[key] for key in keys if key in found)


def _labels(
    connection: Connection, asked: dict[str, str], raters: Sequence[str] | None
) -> Sequence[Row[int, str, Any]]:
    if raters is None:
        return connection.execute(_LABELS, asked).all()
    by = {"raters": json.dumps(list(raters))}
    return connection.execute(_LABELS_BY, asked | by).all()


_KNOWN: Final = select(CLIPS.c.id).where(CLIPS.c.id == bindparam("key"))

# Made once: putting these together takes longer than SQLite does. The keys come as
# one value, a table of JSON, which is quicker than a value for each.
_AMONG: Final = select(func.json_each(bindparam("keys")).table_valued("value").c.value)
_LABELS: Final = (
    select(LABELS.c.clip_id, LABELS.c.task, LABELS.c.value)
    .where(LABELS.c.clip_id.in_(_AMONG), LABELS.c.current)
    .where(LABELS.c.value.is_not(None))
    .order_by(LABELS.c.id)
)
_RATERS: Final = func.json_each(bindparam("raters")).table_valued("value").c.value
_LABELS_BY: Final = _LABELS.where(LABELS.c.rater.in_(select(_RATERS)))
_PREDICTIONS: Final = (
    select(
        PREDICTIONS.c.clip_id,
        EXPERTS.c.classes,
        EXPERTS.c.target,
        EXPERTS.c.name,
        EXPERTS.c.version,
        PREDICTIONS.c.best,
        PREDICTIONS.c.probability,
        PREDICTIONS.c.abstained,
        PREDICTIONS.c.model_sha256,
    )
    .join(EXPERTS, EXPERTS.c.id == PREDICTIONS.c.expert_id)
    .where(PREDICTIONS.c.clip_id.in_(_AMONG), PREDICTIONS.c.superseded_utc.is_(None))
    .order_by(EXPERTS.c.target, EXPERTS.c.name)
)
_MODELS: Final = (
    select(ANALYSES.c.clip_id, ANALYSES.c.model_sha256)
    .where(ANALYSES.c.clip_id.in_(_AMONG))
    .order_by(ANALYSES.c.id)
)
_ROWS: Final = joined(select(*_COLUMNS)).where(CLIPS.c.id.in_(_AMONG))


@dataclass(slots=True)
class _Said:
    """What is said of clips, by their keys."""

    labels: dict[int, dict[str, str]] = field(default_factory=dict)
    predictions: dict[int, list[ClipPrediction]] = field(default_factory=dict)
    models: dict[int, list[str]] = field(default_factory=dict)


def _entry(row: Row[Any], said: _Said) -> ClipEntry:
    return ClipEntry(
        id=row.id,
        path=Path(row.path),
        patient=row.patient,
        exam=row.exam,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        zone=_zone(row.scheme, row.zone) if row.scheme else None,
        licence=row.licence,
        missing=row.missing,
        labels=said.labels.get(row.id, {}),
        added_utc=row.added_utc,
        predictions=tuple(said.predictions.get(row.id, ())),
        analysed_by=tuple(said.models.get(row.id, ())),
    )


@lru_cache(maxsize=64)
def _names(classes: str) -> tuple[str, ...]:
    return tuple(json.loads(classes))


@lru_cache(maxsize=64)
def _zone(scheme: str, key: str) -> Zone:
    return Zone(scheme, key)
