"""Lines drawn on frames: the pleura, A-lines and B-lines, by rater."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from lusviewer.errors import LibraryError
from lusviewer.library.audit import logged_row
from lusviewer.library.clips import require_clip
from lusviewer.library.database import now_utc
from lusviewer.library.tables import DRAWINGS
from lusviewer.library.values import LINE_KINDS, Drawing, Line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from lusviewer.library.database import Change, Database

_FAR: Final = 1e5

_NOTHING: Final = "null"
"""What stands for the lines of a frame of which nothing is said any more."""


_IN_FORCE: Final = (DRAWINGS.c.current, DRAWINGS.c.lines != _NOTHING)


class Drawings:
    """The lines drawn on the frames of a library's clips."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def draw(
        self,
        clip_id: int,
        frame: int,
        lines: Sequence[Line],
        *,
        rater: str,
        note: str = "",
    ) -> Drawing:
        """Keep all lines of a frame; they supersede what this rater drew there.

        No lines at all say that the frame was looked at and has none.
        """
        with self._database.writing(rater) as change:
            return draw(change, clip_id, frame, lines, note=note)

    def withdraw(
        self, clip_id: int, frame: int, *, rater: str, note: str = ""
    ) -> Drawing | None:
        """Take back what this rater drew on a frame; None where there is nothing.

        Nothing is said of the frame then, not even that it has no lines.
        """
        with self._database.writing(rater) as change:
            return withdraw(change, clip_id, frame, note=note)

    def of_clip(self, clip_id: int, rater: str | None = None) -> tuple[Drawing, ...]:
        """Return the drawings in force, by frame, of all raters or of one."""
        by = [DRAWINGS.c.rater == rater] if rater is not None else []
        return self._select(DRAWINGS.c.clip_id == clip_id, *_IN_FORCE, *by)

    def history(self, clip_id: int, frame: int) -> tuple[Drawing, ...]:
        """Return all that was ever drawn on a frame, oldest first."""
        return self._select(DRAWINGS.c.clip_id == clip_id, DRAWINGS.c.frame == frame)

    def clips(self) -> tuple[int, ...]:
        """Return the keys of the clips that have drawings in force."""
        query = select(DRAWINGS.c.clip_id).where(*_IN_FORCE).distinct()
        with self._database.reading() as connection:
            return tuple(sorted(connection.scalars(query)))

    def _select(self, *conditions: Any) -> tuple[Drawing, ...]:  # noqa: ANN401
        order = (DRAWINGS.c.frame, DRAWINGS.c.rater, DRAWINGS.c.id)
        query = select(DRAWINGS).where(*conditions).order_by(*order)
        with self._database.reading() as connection:
            return tuple(_kept(row) for row in connection.execute(query))


def draw(
    change: Change, clip_id: int, frame: int, lines: Sequence[Line], *, note: str = ""
) -> Drawing:
    """Keep all lines of a frame, drawn by the one who makes the change."""
    require_clip(change.connection, clip_id)
    text = _as_text(frame, lines)
    before = _before(change, clip_id, frame)
    if before is not None and (before.lines, before.note) == (text, note):
        return _kept(before)
    place = {"clip_id": clip_id, "frame": frame, "lines": text, "note": note}
    return _supersede(change, before, place, "lines drawn")


def withdraw(
    change: Change, clip_id: int, frame: int, *, note: str = ""
) -> Drawing | None:
    """Take back what the one who makes the change drew on a frame, if anything."""
    before = _before(change, clip_id, frame)
    if before is None or before.lines == _NOTHING:
        return None
    place = {"clip_id": clip_id, "frame": frame, "lines": _NOTHING, "note": note}
    return _supersede(change, before, place, "lines withdrawn")


def _before(change: Change, clip_id: int, frame: int) -> Row[Any] | None:
    """Return the row in force of the one who makes the change."""
    rater = change.who.strip()
    if not rater:
        msg = "A drawing needs a rater."
        raise LibraryError(msg, hint="Say who drew it; a pseudonym will do.")
    place = {"clip_id": clip_id, "frame": frame, "rater": rater}
    return change.connection.execute(
        select(DRAWINGS).filter_by(**place).where(DRAWINGS.c.current)
    ).first()


def _supersede(
    change: Change, before: Row[Any] | None, values: dict[str, Any], action: str
) -> Drawing:
    """Put a row in the place of ``before``, and into the log as ``action``."""
    if before is not None:
        change.connection.execute(
            update(DRAWINGS).where(DRAWINGS.c.id == before.id).values(current=False)
        )
    row = {
        **values,
        "rater": change.who.strip(),
        "drawn_utc": now_utc(),
        "supersedes": None if before is None else before.id,
        "current": True,
    }
    made = change.connection.execute(insert(DRAWINGS).values(**row))
    key = made.inserted_primary_key
    kept = change.connection.execute(
        select(DRAWINGS).where(DRAWINGS.c.id == (key[0] if key else 0))
    ).one()
    row = logged_row(DRAWINGS, kept._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    change.note(action, f"drawing:{kept.id}", row)
    return _kept(kept)


def _as_text(frame: int, lines: Sequence[Line]) -> str:
    if frame < 0:
        msg = f"There is no frame {frame}."
        raise LibraryError(msg, hint="Frames count from 0.")
    for line in lines:
        if line.kind not in LINE_KINDS:
            msg = f"{line.kind!r} is no line that can be drawn."
            raise LibraryError(msg, hint=f"There are {', '.join(LINE_KINDS)}.")
        numbers = [number for point in line.points for number in point]
        numbers_and_width = [*numbers, line.width_px]
        sound = all(math.isfinite(n) and abs(n) < _FAR for n in numbers_and_width)
        if len(line.points) < 2 or len(numbers) != 2 * len(line.points) or not sound:
            msg = f"A {line.kind} drawn on frame {frame} is no line."
            raise LibraryError(msg, hint="It needs two points x, y in px, or more.")
    return json.dumps([_as_json(line) for line in lines])


def _as_json(line: Line) -> dict[str, Any]:
    points = [[float(x), float(y)] for x, y in line.points]
    return {"kind": line.kind, "points": points, "width_px": float(line.width_px)}


def _kept(row: Row[Any]) -> Drawing:
    lines = tuple(
        Line(one["kind"], tuple((x, y) for x, y in one["points"]), one["width_px"])
        for one in json.loads(row.lines) or ()
    )
    return Drawing(
        id=row.id,
        clip_id=row.clip_id,
        frame=row.frame,
        rater=row.rater,
        lines=lines,
        drawn_utc=row.drawn_utc,
        note=row.note,
        supersedes=row.supersedes,
        current=row.current,
        withdrawn=row.lines == _NOTHING,
    )
