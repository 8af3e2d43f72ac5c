"""Which clips a list shows, and in which order, as SQL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    Float,
    Integer,
    Select,
    case,
    cast,
    func,
    literal,
    not_,
    select,
)

from lusviewer.library.tables import (
    ANALYSES,
    CLIPS,
    EXAMS,
    EXPERTS,
    LABELS,
    PATIENTS,
    PREDICTIONS,
)
from lusviewer.library.values import ClipFilter, OrderBy

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Subquery

    from lusviewer.library.values import ClipOrder

_EVERY: Final = ClipFilter()
_PLAIN: Final = (PATIENTS.c.pseudonym, EXAMS.c.name, CLIPS.c.name, CLIPS.c.id)
_JOINED: Final = PATIENTS.join(EXAMS, EXAMS.c.patient_id == PATIENTS.c.id).join(
    CLIPS, CLIPS.c.exam_id == EXAMS.c.id
)


def joined(query: Select[Any], chosen: ClipFilter = _EVERY) -> Select[Any]:
    """Return ``query`` over the clips the filter leaves, with exams and patients."""
    return query.select_from(_JOINED).where(*_conditions(chosen))


def ordered(connection: Connection, chosen: ClipFilter) -> Select[tuple[int]]:
    """Ask for the keys of the clips the filter leaves, in its order."""
    order, keys = chosen.order, select(CLIPS.c.id).where(*_conditions(chosen))
    if order.by in (OrderBy.LABEL, OrderBy.PREDICTION):
        said = (
            _labels(order.of, chosen.rater)
            if order.by is OrderBy.LABEL
            else _shares(connection, order)
        )
        keys = keys.select_from(_JOINED.outerjoin(said, said.c.clip_id == CLIPS.c.id))
        return keys.order_by(*_last_without(said, order), *_PLAIN)
    keys = keys.select_from(_JOINED)
    if order.by is OrderBy.PATIENT:
        first, *rest = _PLAIN
        return keys.order_by(first.desc() if order.descending else first, *rest)
    by: tuple[ColumnElement[Any], ...] = (CLIPS.c.path, CLIPS.c.id)
    if order.by is OrderBy.ADDED:
        by = (CLIPS.c.added_utc, CLIPS.c.id)
    return keys.order_by(*(c.desc() if order.descending else c for c in by))


def _last_without(said: Subquery, order: ClipOrder) -> list[ColumnElement[Any]]:
    """Return what orders by a value, those without one last either way."""
    value = said.c.value
    by: list[ColumnElement[Any]] = [value]
    if order.by is OrderBy.LABEL:
        by = [cast(value, Float), value]
    return [value.is_(None), *(c.desc() if order.descending else c for c in by)]


def _labels(task: str, rater: str | None) -> Subquery:
    """Ask for each clip's newest label of a task, or that of one rater."""
    newest = (
        select(
            LABELS.c.clip_id,
            LABELS.c.value,
            # SQLite takes the other columns from the row that has the maximum.
            func.max(LABELS.c.id).label("newest"),
        )
        .where(LABELS.c.task == task, LABELS.c.current, LABELS.c.value.is_not(None))
        .group_by(LABELS.c.clip_id)
    )
    if rater is not None:
        newest = newest.where(LABELS.c.rater == rater)
    return newest.subquery()


def _shares(connection: Connection, order: ClipOrder) -> Subquery:
    """Ask for the probability that the experts in use give a class, by clip."""
    wanted = select(EXPERTS.c.id, EXPERTS.c.classes).where(EXPERTS.c.target == order.of)
    if order.expert is not None:
        wanted = wanted.where(EXPERTS.c.name == order.expert)
    experts = {row.id: json.loads(row.classes) for row in connection.execute(wanted)}
    share: ColumnElement[Any] = PREDICTIONS.c.probability
    if order.value is not None:
        # Experts of one target may have parted its values differently.
        places = {
            key: classes.index(order.value)
            for key, classes in experts.items()
            if order.value in classes
        }
        experts = {key: experts[key] for key in places}
        paths = {key: literal(f"$[{place}]") for key, place in places.items()}
        text = PREDICTIONS.c.probabilities
        path = case(paths, value=PREDICTIONS.c.expert_id) if paths else literal("$")
        share = func.json_extract(text, path)
    return (
        select(PREDICTIONS.c.clip_id, func.max(share).label("value"))
        .where(PREDICTIONS.c.expert_id.in_(list(experts)))
        .where(PREDICTIONS.c.superseded_utc.is_(None), not_(PREDICTIONS.c.abstained))
        .group_by(PREDICTIONS.c.clip_id)
        .subquery()
    )


def _conditions(chosen: ClipFilter) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    for column, value in (
        (PATIENTS.c.pseudonym, chosen.patient),
        (EXAMS.c.name, chosen.exam),
        (CLIPS.c.missing, chosen.missing),
        (CLIPS.c.scheme, chosen.zone.scheme if chosen.zone else None),
        (CLIPS.c.zone, chosen.zone.key if chosen.zone else None),
    ):
        if value is not None:
            wanted.append(column == value)
    if chosen.name_contains:
        wanted.append(CLIPS.c.name.contains(chosen.name_contains, autoescape=True))
    if chosen.labelled:
        wanted.append(_has_label(chosen.labelled, chosen.rater, chosen.value))
    if chosen.unlabelled:
        wanted.append(not_(_has_label(chosen.unlabelled, chosen.rater)))
    if chosen.analysed_by:
        wanted.append(_has_analysis(chosen.analysed_by))
    if chosen.not_analysed_by:
        wanted.append(not_(_has_analysis(chosen.not_analysed_by)))
    if chosen.predicted:
        wanted.append(_has_prediction(chosen.predicted))
    if chosen.unpredicted:
        wanted.append(not_(_has_prediction(chosen.unpredicted)))
    return wanted


def _has_label(
    task: str, rater: str | None, value: str | None = None
) -> ColumnElement[bool]:
    # A list made once: asking anew for each clip takes half as long again.
    given = select(LABELS.c.clip_id).where(
        LABELS.c.task == task, LABELS.c.current, LABELS.c.value.is_not(None)
    )
    if rater is not None:
        given = given.where(LABELS.c.rater == rater)
    if value is not None:
        # No class holds a plus, so that this is equality where the task is no set.
        parts = literal("+").concat(LABELS.c.value).concat("+")
        place = func.instr(parts, f"+{value}+")
        given = given.where(cast(place, Integer) > 0)
    return CLIPS.c.id.in_(given)


def _has_analysis(model_sha256: str) -> ColumnElement[bool]:
    by_model = ANALYSES.c.model_sha256 == model_sha256
    return CLIPS.c.id.in_(select(ANALYSES.c.clip_id).where(by_model))


def _has_prediction(target: str) -> ColumnElement[bool]:
    experts = select(EXPERTS.c.id).where(EXPERTS.c.target == target)
    said = select(PREDICTIONS.c.clip_id).where(
        PREDICTIONS.c.expert_id.in_(experts), PREDICTIONS.c.superseded_utc.is_(None)
    )
    return CLIPS.c.id.in_(said)
