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
    null,
    or_,
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
    TASKS,
)
from lusviewer.library.tasks import BUILT_IN, Kind
from lusviewer.library.values import NOT_ASSESSABLE, ClipFilter, OrderBy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection

    from lusviewer.library.values import ClipOrder

_EVERY: Final = ClipFilter()
_JOINED: Final = PATIENTS.join(EXAMS, EXAMS.c.patient_id == PATIENTS.c.id).join(
    CLIPS, CLIPS.c.exam_id == EXAMS.c.id
)
# Each patient's place is found once, not once for each of the patient's clips.
_PLACES: Final = select(
    PATIENTS.c.id,
    func.row_number()
    .over(order_by=(func.natural_key(PATIENTS.c.pseudonym), PATIENTS.c.pseudonym))
    .label("place"),
).cte("places")
_PLACED: Final = _JOINED.join(_PLACES, _PLACES.c.id == PATIENTS.c.id)
_PLAIN: Final = (_PLACES.c.place, EXAMS.c.name, CLIPS.c.name, CLIPS.c.id)

_IN_USE: Final = (
    select(PREDICTIONS.c.id)
    .where(PREDICTIONS.c.expert_id == EXPERTS.c.id)
    .where(PREDICTIONS.c.superseded_utc.is_(None))
    .correlate(EXPERTS)
    .exists()
)


def joined(query: Select[Any], chosen: ClipFilter = _EVERY) -> Select[Any]:
    """Return ``query`` over the clips the filter leaves, with exams and patients."""
    return query.select_from(_JOINED).where(*_conditions(chosen))


def ordered(connection: Connection, chosen: ClipFilter) -> Select[tuple[int]]:
    """Ask for the keys of the clips the filter leaves, in its order."""
    by, down = chosen.order.by, chosen.order.descending
    keys = select(CLIPS.c.id).select_from(_PLACED).where(*_conditions(chosen))
    if by is OrderBy.LABEL:
        place = _label(connection, chosen.order.of, _by(chosen))
    elif by is OrderBy.PREDICTION:
        place = _probability(connection, chosen.order)
    elif by is OrderBy.PATIENT:
        first, *rest = _PLAIN
        return keys.order_by(first.desc() if down else first, *rest)
    else:
        column = CLIPS.c.path if by is OrderBy.PATH else CLIPS.c.added_utc
        both = (column, CLIPS.c.id)
        keys = joined(select(CLIPS.c.id), chosen)
        return keys.order_by(*(c.desc() if down else c for c in both))
    return keys.order_by((place.desc() if down else place).nulls_last(), *_PLAIN)


def _by(chosen: ClipFilter) -> list[ColumnElement[bool]]:
    """Return whose labels count."""
    by: list[ColumnElement[bool]] = []
    if chosen.rater is not None:
        by.append(LABELS.c.rater == chosen.rater)
    if chosen.raters is not None:
        by.append(LABELS.c.rater.in_(chosen.raters))
    return by


def _label(
    connection: Connection, task: str, by: Sequence[ColumnElement[bool]]
) -> ColumnElement[Any]:
    """Return where a clip's newest label of a task puts it.

    Numbers by size, classes as the task names them; NULL without one.
    """
    newest = select(LABELS.c.value).where(
        LABELS.c.clip_id == CLIPS.c.id,
        LABELS.c.task == task,
        LABELS.c.current,
        LABELS.c.value.is_not(None),
        *by,
    )
    value = newest.order_by(LABELS.c.id.desc()).limit(1).correlate(CLIPS)
    kind, classes = _values(connection, task)
    if kind is Kind.NUMBER:
        return cast(func.nullif(value.scalar_subquery(), NOT_ASSESSABLE), Float)
    if kind is Kind.SET:
        return func.nullif(value.scalar_subquery(), NOT_ASSESSABLE)
    places = {name: place for place, name in enumerate(classes)}
    return case(places, value=value.scalar_subquery())


def _values(connection: Connection, task: str) -> tuple[Kind, Sequence[str]]:
    """Return what a task takes; a set where the library does not know it."""
    own = select(TASKS.c.kind, TASKS.c.classes).where(TASKS.c.key == task)
    row = connection.execute(own).first()
    if row is not None:
        return Kind(row.kind), json.loads(row.classes)
    known = BUILT_IN.get(task)
    return (known.kind, known.classes) if known else (Kind.SET, ())


def _probability(connection: Connection, order: ClipOrder) -> ColumnElement[Any]:
    """Return the highest probability that the experts in use give; NULL without."""
    experts = select(EXPERTS.c.id, EXPERTS.c.classes).where(
        EXPERTS.c.target == order.of, _IN_USE
    )
    if order.expert is not None:
        experts = experts.where(EXPERTS.c.name == order.expert)
    found: list[ColumnElement[Any]] = []
    for key, classes in connection.execute(experts):
        share: ColumnElement[Any] = PREDICTIONS.c.probability
        if order.value is not None:
            # Experts of one target may have parted its values differently.
            if order.value not in (names := json.loads(classes)):
                continue
            place = f"$[{names.index(order.value)}]"
            share = func.json_extract(PREDICTIONS.c.probabilities, place)
        said = select(share).where(
            PREDICTIONS.c.expert_id == key,
            PREDICTIONS.c.clip_id == CLIPS.c.id,
            PREDICTIONS.c.superseded_utc.is_(None),
            not_(PREDICTIONS.c.abstained),
        )
        found.append(said.limit(1).correlate(CLIPS).scalar_subquery())
    if len(found) < 2:
        return found[0] if found else null()
    highest = func.max(*(func.coalesce(one, -1.0) for one in found))
    return func.nullif(highest, -1.0)


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
    if chosen.text:
        wanted.append(_named_like(chosen.text))
    for group, belongs in (
        (select(ANALYSES.c.clip_id), chosen.analysed),
        (_differing(chosen.raters), chosen.differing),
    ):
        if belongs is not None:
            member = CLIPS.c.id.in_(group)
            wanted.append(member if belongs else not_(member))
    return wanted + _said_of(chosen)


def _said_of(chosen: ClipFilter) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if chosen.labelled:
        wanted.append(_has_label(chosen.labelled, _by(chosen), chosen.value))
    if chosen.unlabelled:
        wanted.append(not_(_has_label(chosen.unlabelled, _by(chosen))))
    if chosen.analysed_by:
        wanted.append(_has_analysis(chosen.analysed_by))
    if chosen.not_analysed_by:
        wanted.append(not_(_has_analysis(chosen.not_analysed_by)))
    if chosen.predicted:
        wanted.append(_has_prediction(chosen.predicted))
    if chosen.unpredicted:
        wanted.append(not_(_has_prediction(chosen.unpredicted)))
    return wanted


def _named_like(text: str) -> ColumnElement[bool]:
    return or_(
        *(
            column.contains(text, autoescape=True)
            for column in (CLIPS.c.name, PATIENTS.c.pseudonym)
        )
    )


def _differing(raters: tuple[str, ...] | None) -> Select[tuple[int]]:
    """Ask for the clips of which an expert says something else than a person.

    As a list shows it: the newest label counts, and only what the expert could say.
    """
    newer = LABELS.alias("newer")
    # Looked up by rater, each of the labels would be searched for several times.
    seen = [
        func.coalesce(table.c.rater, "").in_(raters)
        for table in (newer, LABELS)
        if raters is not None
    ]
    newest = not_(
        select(newer.c.id)
        .where(
            newer.c.clip_id == LABELS.c.clip_id,
            newer.c.task == LABELS.c.task,
            newer.c.current,
            newer.c.value.is_not(None),
            newer.c.id > LABELS.c.id,
            *seen[:1],
        )
        .exists()
    )
    could_say = select(func.json_each(EXPERTS.c.classes).table_valued("value").c.value)
    return (
        select(PREDICTIONS.c.clip_id)
        .join(EXPERTS, EXPERTS.c.id == PREDICTIONS.c.expert_id)
        .join(
            LABELS,
            (LABELS.c.clip_id == PREDICTIONS.c.clip_id)
            & (LABELS.c.task == EXPERTS.c.target),
        )
        .where(PREDICTIONS.c.superseded_utc.is_(None), not_(PREDICTIONS.c.abstained))
        .where(LABELS.c.current, LABELS.c.value != PREDICTIONS.c.best)
        .where(LABELS.c.value.in_(could_say), newest, *seen[1:])
    )


def _has_label(
    task: str, by: Sequence[ColumnElement[bool]], value: str | None = None
) -> ColumnElement[bool]:
    # A list made once: asking anew for each clip takes half as long again.
    given = select(LABELS.c.clip_id).where(
        LABELS.c.task == task, LABELS.c.current, LABELS.c.value.is_not(None), *by
    )
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
