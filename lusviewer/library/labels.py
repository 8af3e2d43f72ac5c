"""Labels: what raters say of clips, and everything they said before."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from lusviewer.errors import LibraryError
from lusviewer.library.audit import logged_row
from lusviewer.library.clips import require_clip
from lusviewer.library.database import now_utc
from lusviewer.library.tables import LABELS, TASKS
from lusviewer.library.tasks import BUILT_IN, Kind, Task, s_f_ratio
from lusviewer.library.values import Answer, Correction, KeptLabel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection, Row

    from lusviewer.library.database import Change, Database

S_F: Final = "s_f"

# Made once: putting them together takes longer than SQLite does.
_BEFORE: Final = select(LABELS).where(
    LABELS.c.clip_id == bindparam("clip_id"),
    LABELS.c.task == bindparam("task"),
    LABELS.c.rater == bindparam("rater"),
    LABELS.c.current,
)
_NEW: Final = insert(LABELS)
_ROW: Final = select(LABELS).where(LABELS.c.id == bindparam("id"))


class Labels:
    """The labels of a library and the tasks they answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tasks(self) -> dict[str, Task]:
        """Return every task by its key: the built-in ones, then one's own."""
        with self._database.reading() as connection:
            return _tasks(connection)

    def define(self, task: Task, *, who: str) -> None:
        """Add a task of one's own, or give one other classes.

        Raises ``LibraryError`` where labels given already would not fit any more, or
        for a built-in task other than the diagnosis.
        """
        with self._database.writing(who) as change:
            define(change, task)

    def give(self, *answers: Answer) -> tuple[KeptLabel, ...]:
        """Keep answers, all or none; each supersedes what its rater said before.

        An answer equal to the one in force changes nothing. For the task ``s_f``
        the value may be left out: it is worked out from ``detail``.
        """
        if not answers:
            return ()
        with self._database.writing(answers[0].rater) as change:
            return give(change, answers)

    def of_clip(self, clip_id: int) -> tuple[KeptLabel, ...]:
        """Return what every rater says of a clip now."""
        return self._select(LABELS.c.clip_id == clip_id, LABELS.c.current)

    def history(self, clip_id: int) -> tuple[KeptLabel, ...]:
        """Return all that was ever said of a clip, oldest first."""
        return self._select(LABELS.c.clip_id == clip_id)

    def of_task(self, task: str, rater: str | None = None) -> tuple[KeptLabel, ...]:
        """Return what is said now for a task, by clip, of all raters or of one."""
        by = [LABELS.c.rater == rater] if rater is not None else []
        return self._select(LABELS.c.task == task, LABELS.c.current, *by)

    def current(self, rater: str | None = None) -> tuple[KeptLabel, ...]:
        """Return everything that is said now, of all raters or of one, by clip."""
        by = [LABELS.c.rater == rater] if rater is not None else []
        return self._select(LABELS.c.current, *by)

    def raters(self) -> tuple[str, ...]:
        """Return everyone who ever gave a label."""
        query = select(LABELS.c.rater).distinct().order_by(LABELS.c.rater)
        with self._database.reading() as connection:
            return tuple(connection.scalars(query))

    def _select(self, *conditions: Any) -> tuple[KeptLabel, ...]:  # noqa: ANN401
        order = (LABELS.c.clip_id, LABELS.c.id)
        query = select(LABELS).where(*conditions).order_by(*order)
        with self._database.reading() as connection:
            return tuple(_kept(row) for row in connection.execute(query))


def give(change: Change, answers: Iterable[Answer]) -> tuple[KeptLabel, ...]:
    """Keep answers inside a change under way."""
    tasks = _tasks(change.connection)
    return tuple(_give(change, _checked(answer, tasks)) for answer in answers)


def define(change: Change, task: Task) -> None:
    """Add or change a task inside a change under way."""
    known = _tasks(change.connection)
    if task == known.get(task.key):
        return
    if task.key in BUILT_IN and not (
        task.key == "diagnosis" and task.kind is Kind.CLASS
    ):
        msg = f"{task.key} is built in."
        raise LibraryError(msg, hint="Choose another name for a task of your own.")
    _still_fits(change.connection, task)
    row = {
        "key": task.key,
        "words": task.words,
        "kind": task.kind.value,
        "classes": json.dumps(task.classes),
        "lower": task.lower if math.isfinite(task.lower) else None,
        "upper": task.upper if math.isfinite(task.upper) else None,
        "created_utc": now_utc(),
    }
    change.connection.execute(insert(TASKS).prefix_with("OR REPLACE").values(**row))
    detail = {key: row[key] for key in ("words", "kind", "classes", "lower", "upper")}
    change.note("task defined", f"task:{task.key}", detail)


def _still_fits(connection: Connection, task: Task) -> None:
    used = select(LABELS.c.value).where(
        LABELS.c.task == task.key, LABELS.c.current, LABELS.c.value.is_not(None)
    )
    for value in connection.scalars(used.distinct()):
        try:
            kept = task.check(value)
        except LibraryError:
            kept = None
        if kept != value:
            msg = f"Labels of {task.key} say {value!r}, which it would not take."
            raise LibraryError(msg, hint="Keep that class, or change those labels.")


def _tasks(connection: Connection) -> dict[str, Task]:
    tasks = dict(BUILT_IN)
    for row in connection.execute(select(TASKS).order_by(TASKS.c.key)):
        tasks[row.key] = Task(
            row.key,
            row.words,
            Kind(row.kind),
            tuple(json.loads(row.classes)),
            -math.inf if row.lower is None else row.lower,
            math.inf if row.upper is None else row.upper,
        )
    return tasks


def _checked(answer: Answer, tasks: Mapping[str, Task]) -> dict[str, Any]:
    """Return the row an answer makes; raise ``LibraryError`` where it is none."""
    task = tasks.get(answer.task)
    if task is None:
        msg = f"The library has no task {answer.task!r}."
        hint = f"It has {', '.join(tasks)}. Define a task of your own first."
        raise LibraryError(msg, hint=hint)
    rater = answer.rater.strip()
    if not rater or not rater.isprintable():
        msg = "A label needs a rater."
        raise LibraryError(msg, hint="Say who gives it; a pseudonym will do.")
    if not 0.0 <= answer.certainty <= 1.0:
        msg = f"A certainty of {answer.certainty:g} cannot be."
        raise LibraryError(msg, hint="It goes from 0, a guess, to 1, certain.")
    if not all(math.isfinite(number) for number in answer.detail.values()):
        msg = f"What {task.key} rests on is not known: {dict(answer.detail)}."
        raise LibraryError(msg, hint="Leave out what was not measured.")
    value = answer.value
    if task.key == S_F and answer.detail and value in (None, ""):
        value = f"{s_f_ratio(answer.detail):.12g}"
    corrected = answer.corrected
    return {
        "clip_id": answer.clip_id,
        "task": task.key,
        "value": None if value is None else task.check(value),
        "rater": rater,
        "certainty": float(answer.certainty),
        "detail": json.dumps(dict(answer.detail), sort_keys=True, allow_nan=False),
        "corrected_from": corrected.value if corrected else None,
        "corrected_model": corrected.model_sha256 if corrected else None,
        "note": answer.note,
    }


def _give(change: Change, said: dict[str, Any]) -> KeptLabel:
    asked = {name: said[name] for name in ("clip_id", "task", "rater")}
    before = change.connection.execute(_BEFORE, asked).first()
    if before is not None and all(getattr(before, k) == v for k, v in said.items()):
        return _kept(before)
    supersedes = None
    if before is not None:
        supersedes = before.id
        change.connection.execute(
            update(LABELS).where(LABELS.c.id == before.id).values(current=False)
        )
    row = {**said, "given_utc": now_utc(), "supersedes": supersedes, "current": True}
    label_id = _insert(change, row)
    kept = change.connection.execute(_ROW, {"id": label_id}).one()
    row = logged_row(LABELS, kept._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    change.note("label given", f"label:{label_id}", row)
    return _kept(kept)


def _insert(change: Change, row: dict[str, Any]) -> int:
    require_clip(change.connection, row["clip_id"])
    try:
        key = change.connection.execute(_NEW, row)
    except IntegrityError as error:
        msg = "The label contradicts one given at the same moment."
        raise LibraryError(msg, hint="Give it again.") from error
    made = key.inserted_primary_key
    return int(made[0]) if made else 0


def _kept(row: Row[Any]) -> KeptLabel:
    corrected = None
    if row.corrected_from is not None:
        corrected = Correction(row.corrected_from, row.corrected_model or "")
    answer = Answer(
        clip_id=row.clip_id,
        task=row.task,
        value=row.value,
        rater=row.rater,
        certainty=row.certainty,
        detail=json.loads(row.detail),
        corrected=corrected,
        note=row.note,
    )
    return KeptLabel(row.id, answer, row.given_utc, row.supersedes, row.current)
