"""What experts say of clips: now, and what earlier ones said before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from lusviewer.findings import Prediction, Reason
from lusviewer.library.database import now_utc
from lusviewer.library.tables import EXPERTS, PREDICTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Row

    from lusviewer.experts import Expert
    from lusviewer.library.database import Change, Database


@dataclass(frozen=True, slots=True)
class ExpertIdentity:
    """Which expert said something; ``sha256`` is that of its manifest."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class KeptPrediction:
    """What an expert said of a clip that the model ``model_sha256`` had analysed.

    ``superseded_utc`` is when another prediction took its place, None while it stands.
    """

    id: int
    clip_id: int
    model_sha256: str
    expert: ExpertIdentity
    prediction: Prediction
    made_utc: str
    superseded_utc: str | None

    @property
    def current(self) -> bool:
        """Whether the expert that says so is in use."""
        return self.superseded_utc is None


@dataclass(frozen=True, slots=True)
class Judged:
    """What experts say of a clip now, and when what they judge by was analysed."""

    clip_id: int
    analysed_utc: str
    said: tuple[tuple[Expert, Prediction], ...]


class Predictions:
    """The predictions of a library: at most one now by each expert, clip and model."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_clip(
        self, clip_id: int, model_sha256: str | None = None
    ) -> tuple[KeptPrediction, ...]:
        """Return what the experts in use say of a clip, by target and expert."""
        return self._select(PREDICTIONS.c.clip_id == clip_id, *_now(model_sha256))

    def current(
        self, target: str | None = None, model_sha256: str | None = None
    ) -> tuple[KeptPrediction, ...]:
        """Return what the experts in use say of every clip, by clip."""
        of = [EXPERTS.c.target == target] if target is not None else []
        return self._select(*of, *_now(model_sha256))

    def history(self, clip_id: int) -> tuple[KeptPrediction, ...]:
        """Return all that experts ever said of a clip, oldest first."""
        return self._select(PREDICTIONS.c.clip_id == clip_id, by_time=True)

    def targets(self) -> tuple[str, ...]:
        """Return the tasks that experts in use answer."""
        query = select(EXPERTS.c.target).join(PREDICTIONS).where(*_now(None)).distinct()
        with self._database.reading() as connection:
            return tuple(connection.scalars(query.order_by(EXPERTS.c.target)))

    def counts(self, model_sha256: str | None = None) -> dict[ExpertIdentity, int]:
        """Return of how many clips each expert in use says something, by name."""
        query = (
            select(EXPERTS.c.name, EXPERTS.c.version, EXPERTS.c.sha256, func.count())
            .join(PREDICTIONS, PREDICTIONS.c.expert_id == EXPERTS.c.id)
            .where(*_now(model_sha256))
            .group_by(EXPERTS.c.id)
            .order_by(EXPERTS.c.name, EXPERTS.c.id)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return {ExpertIdentity(*who): count for *who, count in rows}

    def _select(
        self, *conditions: ColumnElement[bool], by_time: bool = False
    ) -> tuple[KeptPrediction, ...]:
        query = (
            select(PREDICTIONS, *_WHO)
            .join(EXPERTS, EXPERTS.c.id == PREDICTIONS.c.expert_id)
            .where(*conditions)
        )
        if not by_time:
            query = query.order_by(
                PREDICTIONS.c.clip_id, EXPERTS.c.target, EXPERTS.c.name
            )
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(PREDICTIONS.c.id)).all()
        return tuple(_kept(row) for row in rows)


_WHO = (
    EXPERTS.c.name,
    EXPERTS.c.version,
    EXPERTS.c.sha256,
    EXPERTS.c.target,
    EXPERTS.c.classes,
)


def keep_predictions(
    change: Change, model_sha256: str, judged: Sequence[Judged]
) -> tuple[int, int]:
    """Keep what experts say of clips now, in place of what was said before.

    Returns how many predictions were made and how many superseded.
    """
    connection, now = change.connection, now_utc()
    superseded = connection.execute(
        update(PREDICTIONS)
        .where(PREDICTIONS.c.clip_id.in_([one.clip_id for one in judged]))
        .where(*_now(model_sha256))
        .values(superseded_utc=now)
    ).rowcount
    # One expert may be in use under two names.
    experts = {e.sha256: e for one in judged for e, _ in one.said}
    keys = {sha: _expert_id(connection, one) for sha, one in experts.items()}
    rows = [
        {
            **_row(prediction),
            "clip_id": one.clip_id,
            "model_sha256": model_sha256,
            "expert_id": keys[sha256],
            "analysed_utc": one.analysed_utc,
            "made_utc": now,
            "superseded_utc": None,
        }
        for one in judged
        for sha256, prediction in {e.sha256: p for e, p in one.said}.items()
    ]
    if rows:
        connection.execute(insert(PREDICTIONS), rows)
    return len(rows), superseded


def _now(model_sha256: str | None) -> list[ColumnElement[bool]]:
    now: list[ColumnElement[bool]] = [PREDICTIONS.c.superseded_utc.is_(None)]
    if model_sha256 is not None:
        now.append(PREDICTIONS.c.model_sha256 == model_sha256)
    return now


def _expert_id(connection: Connection, expert: Expert) -> int:
    known = select(EXPERTS.c.id).where(EXPERTS.c.sha256 == expert.sha256)
    found = connection.scalar(known)
    if found is None:
        manifest = expert.manifest
        row = {
            "name": manifest.name,
            "version": manifest.version,
            "sha256": expert.sha256,
            "target": manifest.target,
            "classes": json.dumps(manifest.classes),
        }
        connection.execute(insert(EXPERTS).values(**row))
        found = connection.scalar(known)
    return int(found or 0)


def _row(prediction: Prediction) -> dict[str, Any]:
    reasons = [[r.feature, r.value, r.words] for r in prediction.reasons]
    return {
        "best": prediction.best,
        "probability": max(prediction.probabilities),
        "probabilities": json.dumps(prediction.probabilities, allow_nan=False),
        "abstained": prediction.abstained,
        "why": prediction.why,
        "frame": prediction.frame,
        "reasons": json.dumps(reasons),
    }


def _kept(row: Row[Any]) -> KeptPrediction:
    prediction = Prediction(
        expert=row.name,
        target=row.target,
        classes=tuple(json.loads(row.classes)),
        probabilities=tuple(json.loads(row.probabilities)),
        abstained=row.abstained,
        why=row.why,
        reasons=tuple(Reason(*reason) for reason in json.loads(row.reasons)),
        frame=row.frame,
    )
    return KeptPrediction(
        id=row.id,
        clip_id=row.clip_id,
        model_sha256=row.model_sha256,
        expert=ExpertIdentity(row.name, row.version, row.sha256),
        prediction=prediction,
        made_utc=row.made_utc,
        superseded_utc=row.superseded_utc,
    )
