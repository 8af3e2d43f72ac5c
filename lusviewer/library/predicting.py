"""Having the experts in use decide anew from what was analysed, without pictures."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from lusviewer.analysis.summary import Seen, predictions_of
from lusviewer.experts.features import embedding_names
from lusviewer.findings import Evidence, Quality
from lusviewer.library.analyses import named_floats
from lusviewer.library.predictions import Judged, keep_predictions
from lusviewer.library.tables import ANALYSES, EXPERTS, FEATURE_SETS, PREDICTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Row

    from lusviewer.cancel import CancelToken
    from lusviewer.experts import Expert
    from lusviewer.library.library import Library

    Answers = dict[str, set[str | None]]

BATCH: Final = 25
"""So many clips are kept at once: a window that writes a label waits for no more."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A few clips whose predictions are new; ``done`` of ``total`` clips so far.

    Of these clips ``made`` and ``superseded`` count the predictions; ``changed`` those
    on which an expert now answers otherwise than the one of its name did before.
    """

    clip_ids: tuple[int, ...]
    done: int
    total: int
    made: int
    superseded: int
    changed: int


def to_refresh(
    library: Library, model_sha256: str, experts: Sequence[Expert]
) -> tuple[int, ...]:
    """Return the clips that a model analysed and these experts have yet to judge.

    Those are all whose present predictions are not by just these experts, or rest on
    an older analysis.
    """
    with library.database.reading() as connection:
        analysed = connection.execute(
            select(ANALYSES.c.clip_id, ANALYSES.c.created_utc)
            .where(ANALYSES.c.model_sha256 == model_sha256)
            .order_by(ANALYSES.c.clip_id)
        ).all()
        said = connection.execute(
            select(PREDICTIONS.c.clip_id, EXPERTS.c.sha256, PREDICTIONS.c.analysed_utc)
            .join(EXPERTS, EXPERTS.c.id == PREDICTIONS.c.expert_id)
            .where(PREDICTIONS.c.model_sha256 == model_sha256)
            .where(PREDICTIONS.c.superseded_utc.is_(None))
        ).all()
    now: dict[int, set[tuple[str, str]]] = {}
    for clip_id, sha256, analysed_utc in said:
        now.setdefault(clip_id, set()).add((sha256, analysed_utc))
    wanted = {expert.sha256 for expert in experts}
    return tuple(
        clip_id
        for clip_id, created_utc in analysed
        if now.get(clip_id, set()) != {(sha256, created_utc) for sha256 in wanted}
    )


def refresh_predictions(
    library: Library,
    model_sha256: str,
    experts: Sequence[Expert],
    cancel: CancelToken,
    *,
    who: str,
) -> Iterator[Refreshed]:
    """Have ``experts`` judge every clip that a model analysed; yield a few at a time.

    ``experts`` are all those in use: what others say is superseded, and stays with
    them. Each batch is kept whole or not at all; a run that was stopped is run again
    and goes on where it was. Raises ``ManifestError`` where an expert asks for a
    feature that is not among those kept.
    """
    clips = to_refresh(library, model_sha256, experts)
    for start in range(0, len(clips), BATCH):
        batch = clips[start : start + BATCH]
        judged = [
            _judge(row, experts, cancel)
            for row in _analyses(library, model_sha256, batch)
        ]
        cancel.check()
        made, superseded, changed = _keep(library, model_sha256, judged, who)
        done = start + len(batch)
        yield Refreshed(batch, done, len(clips), made, superseded, changed)


def _analyses(
    library: Library, model_sha256: str, clip_ids: Sequence[int]
) -> Sequence[Row[Any]]:
    query = (
        select(ANALYSES, FEATURE_SETS.c.names)
        .join(FEATURE_SETS, FEATURE_SETS.c.id == ANALYSES.c.feature_set_id)
        .where(ANALYSES.c.model_sha256 == model_sha256)
        .where(ANALYSES.c.clip_id.in_(clip_ids))
    )
    with library.database.reading() as connection:
        return connection.execute(query).all()


def _judge(row: Row[Any], experts: Sequence[Expert], cancel: CancelToken) -> Judged:
    features = named_floats(json.loads(row.names), row.features)
    size = len(row.embedding_mean) // 4
    features |= named_floats(embedding_names(size), row.embedding_mean)
    report = json.loads(zlib.decompress(row.report))
    quality = Quality(row.assessable, report.get("quality", {}).get("reason", ""))
    seen = Seen(
        row.model_sha256,
        _evidence(report.get("biomarkers", {})),
        _evidence(report.get("findings", {})),
        report.get("measured", {}),
        quality,
    )
    predictions = predictions_of(experts, features, seen, cancel)
    said = tuple(zip(experts, predictions, strict=True))
    return Judged(row.clip_id, row.created_utc, said)


def _evidence(found: Mapping[str, Any]) -> dict[str, Evidence]:
    return {
        key: Evidence(one["probability"], one["frame"])
        for key, one in found.items()
        if one is not None
    }


def _keep(
    library: Library, model_sha256: str, judged: Sequence[Judged], who: str
) -> tuple[int, int, int]:
    """Keep a batch; return how many predictions are new, superseded, clips changed."""
    with library.database.writing(who) as change:
        kept = _still_so(change.connection, model_sha256, judged)
        before = _answers(change.connection, model_sha256, kept)
        made, superseded = keep_predictions(change, model_sha256, kept)
        detail = {
            "clips": [one.clip_id for one in kept],
            "experts": sorted({e.sha256 for one in kept for e, _ in one.said}),
            "made": made,
            "superseded": superseded,
        }
        change.note("predictions refreshed", f"model:{model_sha256}", detail)
    changed = 0
    for one in kept:
        was = before.get(one.clip_id, {})
        now = _by_name((e.manifest.name, p) for e, p in one.said)
        changed += any(was.get(name, said) != said for name, said in now.items())
    return made, superseded, changed


def _still_so(
    connection: Connection, model_sha256: str, judged: Sequence[Judged]
) -> list[Judged]:
    """Return the clips that nobody analysed anew while the experts were judging."""
    query = (
        select(ANALYSES.c.clip_id, ANALYSES.c.created_utc)
        .where(ANALYSES.c.model_sha256 == model_sha256)
        .where(ANALYSES.c.clip_id.in_([one.clip_id for one in judged]))
    )
    now = {row.clip_id: row.created_utc for row in connection.execute(query)}
    return [one for one in judged if now.get(one.clip_id) == one.analysed_utc]


def _answers(
    connection: Connection, model_sha256: str, judged: Sequence[Judged]
) -> dict[int, Answers]:
    """Return what the experts in use say of each clip."""
    query = (
        select(
            PREDICTIONS.c.clip_id,
            EXPERTS.c.name,
            PREDICTIONS.c.best,
            PREDICTIONS.c.abstained,
        )
        .join(EXPERTS, EXPERTS.c.id == PREDICTIONS.c.expert_id)
        .where(PREDICTIONS.c.clip_id.in_([one.clip_id for one in judged]))
        .where(PREDICTIONS.c.model_sha256 == model_sha256)
        .where(PREDICTIONS.c.superseded_utc.is_(None))
    )
    rows: dict[int, list[tuple[str, Any]]] = {}
    for row in connection.execute(query):
        rows.setdefault(row.clip_id, []).append((row.name, row))
    return {clip_id: _by_name(said) for clip_id, said in rows.items()}


def _by_name(said: Iterable[tuple[str, Any]]) -> Answers:
    """Return the likeliest classes by the experts' names, None where one abstains.

    Two experts of one name may be in use, each in a folder of its own.
    """
    answers: Answers = {}
    for name, one in said:
        answers.setdefault(name, set()).add(None if one.abstained else one.best)
    return answers
