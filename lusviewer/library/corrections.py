"""What a person set the biomarkers of a clip to, where the model was wrong."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from lusviewer.errors import LibraryError
from lusviewer.findings import BIOMARKERS, INDEX
from lusviewer.library.audit import logged_row
from lusviewer.library.clips import require_clip
from lusviewer.library.database import now_utc
from lusviewer.library.tables import CORRECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Row

    from lusviewer.library.database import Change, Database

_NOTHING: Final = "{}"
"""What stands for the values once all of the model's are taken again."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """The biomarkers one person set in one clip: key to value, 0 to 1 but measures.

    ``model_values`` has what the model with ``model_sha256`` had said of them, as far
    as it did.
    """

    id: int
    clip_id: int
    rater: str
    values: Mapping[str, float]
    corrected_utc: str
    model_values: Mapping[str, float] = field(default_factory=dict)
    model_sha256: str = ""
    supersedes: int | None = None
    current: bool = True


class Corrections:
    """The corrected biomarkers of a library's clips."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def correct(
        self,
        clip_id: int,
        values: Mapping[str, float],
        *,
        rater: str,
        model_values: Mapping[str, float] | None = None,
        model_sha256: str = "",
    ) -> Corrected | None:
        """Keep all that a rater set in a clip; it supersedes what he set before.

        No values at all take it back: the model's are right. None where nothing was
        set and nothing is; the same values again change nothing.
        """
        said = {
            "clip_id": clip_id,
            "set_values": _as_text(values),
            "model_values": _as_text(model_values or {}),
            "model_sha256": model_sha256,
        }
        with self._database.writing(rater) as change:
            return _correct(change, said)

    def of_clip(self, clip_id: int, rater: str | None = None) -> tuple[Corrected, ...]:
        """Return what is in force in a clip, of all raters or of one, by rater."""
        return self._in_force(rater, CORRECTIONS.c.clip_id == clip_id)

    def current(self, rater: str | None = None) -> tuple[Corrected, ...]:
        """Return what is in force in all clips, of all raters or of one, by clip."""
        found = self._in_force(rater)
        return tuple(sorted(found, key=lambda one: (one.clip_id, one.rater)))

    def raters(self) -> tuple[str, ...]:
        """Return everyone who ever corrected a biomarker."""
        query = select(CORRECTIONS.c.rater).distinct().order_by(CORRECTIONS.c.rater)
        with self._database.reading() as connection:
            return tuple(connection.scalars(query))

    def history(self, clip_id: int) -> tuple[Corrected, ...]:
        """Return all that was ever set in a clip, by rater, oldest first."""
        return self._select(CORRECTIONS.c.clip_id == clip_id)

    def _in_force(
        self,
        rater: str | None,
        *conditions: Any,  # noqa: ANN401 - SQLAlchemy's own
    ) -> tuple[Corrected, ...]:
        by = [CORRECTIONS.c.rater == rater] if rater is not None else []
        in_force = (CORRECTIONS.c.current, CORRECTIONS.c.set_values != _NOTHING)
        return self._select(*conditions, *in_force, *by)

    def _select(self, *conditions: Any) -> tuple[Corrected, ...]:  # noqa: ANN401
        order = (CORRECTIONS.c.rater, CORRECTIONS.c.id)
        query = select(CORRECTIONS).where(*conditions).order_by(*order)
        with self._database.reading() as connection:
            return tuple(_kept(row) for row in connection.execute(query))


def _correct(change: Change, said: dict[str, Any]) -> Corrected | None:
    require_clip(change.connection, said["clip_id"])
    rater = change.who.strip()
    if not rater:
        msg = "A correction needs a rater."
        raise LibraryError(msg, hint="Say who corrects; a pseudonym will do.")
    place = {"clip_id": said["clip_id"], "rater": rater, "current": True}
    before = change.connection.execute(select(CORRECTIONS).filter_by(**place)).first()
    if before is None and said["set_values"] == _NOTHING:
        return None
    if before is not None and before.set_values == said["set_values"]:
        return _kept(before)
    return _supersede(change, before, said | place)


def _supersede(
    change: Change, before: Row[Any] | None, values: dict[str, Any]
) -> Corrected:
    """Put a row in the place of ``before``, and into the log."""
    if before is not None:
        change.connection.execute(
            update(CORRECTIONS)
            .where(CORRECTIONS.c.id == before.id)
            .values(current=False)
        )
    supersedes = None if before is None else before.id
    row = {**values, "corrected_utc": now_utc(), "supersedes": supersedes}
    made = change.connection.execute(insert(CORRECTIONS).values(**row))
    key = made.inserted_primary_key
    kept = change.connection.execute(
        select(CORRECTIONS).where(CORRECTIONS.c.id == (key[0] if key else 0))
    ).one()
    row = logged_row(CORRECTIONS, kept._mapping)  # noqa: SLF001 - SQLAlchemy's own
    change.note("biomarkers corrected", f"correction:{kept.id}", row)
    return _kept(kept)


def _as_text(values: Mapping[str, float]) -> str:
    """Return values as they are kept; raise ``LibraryError`` where one cannot be."""
    for key, value in values.items():
        measured = key.partition(".")[0] == "measured"
        if key not in INDEX and not measured:
            msg = f"{key!r} is no biomarker that can be corrected."
            known = ", ".join(one.key for one in BIOMARKERS[:3])
            raise LibraryError(msg, hint=f"There are {known} and others.")
        if not math.isfinite(value) or (not measured and not 0.0 <= value <= 1.0):
            msg = f"{key} cannot be {value:g}."
            raise LibraryError(msg, hint="A probability goes from 0 to 1.")
    numbers = {key: float(value) for key, value in values.items()}
    return json.dumps(numbers, sort_keys=True, allow_nan=False)


def _kept(row: Row[Any]) -> Corrected:
    return Corrected(
        id=row.id,
        clip_id=row.clip_id,
        rater=row.rater,
        values=json.loads(row.set_values),
        corrected_utc=row.corrected_utc,
        model_values=json.loads(row.model_values),
        model_sha256=row.model_sha256,
        supersedes=row.supersedes,
        current=row.current,
    )
