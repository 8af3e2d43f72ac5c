"""What models said of clips: the report, and what experts are trained from."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import insert, select

from lusviewer.errors import LibraryError
from lusviewer.experts.features import features_of
from lusviewer.findings import ModelIdentity
from lusviewer.library.clips import require_clip
from lusviewer.library.predictions import Judged, keep_predictions
from lusviewer.library.tables import ANALYSES, FEATURE_SETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from sqlalchemy import Connection, Row

    from lusviewer.experts import Expert
    from lusviewer.findings import ClipReport
    from lusviewer.library.database import Database

_LITTLE = "<f4"


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one model said of one clip.

    ``features`` are the named values experts decide by, NaN where not known;
    ``embedding_mean`` and ``embedding_max`` float32 ``(n,)`` over its frames;
    ``report`` is the report as JSON has it.
    """

    clip_id: int
    model_name: str
    model_version: str
    model_sha256: str
    software: str
    created_utc: str
    assessable: bool
    features: Mapping[str, float]
    embedding_mean: NDArray[np.float32]
    embedding_max: NDArray[np.float32]
    report: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """The features of every clip one model analysed, a row a clip.

    ``clip_ids`` int64 ``(n,)``; ``features`` float32 ``(n, len(names))``, NaN where
    not known; ``embedding_mean`` and ``embedding_max`` float32 ``(n, e)``;
    ``assessable`` bool ``(n,)``.
    """

    model_sha256: str
    names: tuple[str, ...]
    clip_ids: NDArray[np.int64]
    features: NDArray[np.float32]
    embedding_mean: NDArray[np.float32]
    embedding_max: NDArray[np.float32]
    assessable: NDArray[np.bool_]


class Analyses:
    """The analyses of a library; each clip has at most one by each model."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(
        self,
        clip_id: int,
        report: ClipReport,
        document: Mapping[str, Any],
        experts: Sequence[Expert] = (),
    ) -> None:
        """Keep a report and its JSON form; it replaces an older one of that model.

        ``experts`` are those that made the report's predictions, in their order:
        these are kept as what they say now. Without them the clip waits for
        ``refresh_predictions``.
        """
        row = _row(clip_id, report, document)
        names = json.dumps(list(features_of(report)))
        with self._database.writing(report.software) as change:
            require_clip(change.connection, clip_id)
            row["feature_set_id"] = _feature_set(change.connection, names)
            statement = insert(ANALYSES).prefix_with("OR REPLACE")
            change.connection.execute(statement.values(**row))
            detail = {key: row[key] for key in ("model_name", "model_version")}
            detail["model_sha256"] = row["model_sha256"]
            detail["experts"] = [expert.sha256 for expert in experts]
            said = zip(experts, report.predictions, strict=True) if experts else ()
            judged = Judged(clip_id, report.created_utc, tuple(said))
            keep_predictions(change, report.model.sha256, [judged])
            change.note("analysis kept", f"clip:{clip_id}", detail)

    def get(self, clip_id: int, model_sha256: str) -> Analysis | None:
        """Return what a model said of a clip, None where it was not asked."""
        query = (
            select(ANALYSES, FEATURE_SETS.c.names)
            .join(FEATURE_SETS, FEATURE_SETS.c.id == ANALYSES.c.feature_set_id)
            .where(ANALYSES.c.clip_id == clip_id)
            .where(ANALYSES.c.model_sha256 == model_sha256)
        )
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else _analysis(row)

    def models(self) -> tuple[ModelIdentity, ...]:
        """Return the models that analysed clips here, the one used last first."""
        newest = ANALYSES.c.created_utc
        query = (
            select(
                ANALYSES.c.model_name, ANALYSES.c.model_version, ANALYSES.c.model_sha256
            )
            .group_by(ANALYSES.c.model_sha256)
            .order_by(newest.desc())
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(
            ModelIdentity(r.model_name, r.model_version, r.model_sha256, "")
            for r in rows
        )

    def table(self, model_sha256: str) -> FeatureTable:
        """Return the features of all clips a model analysed, in the newest layout.

        Raises ``LibraryError`` where there are none.
        """
        query = (
            select(
                ANALYSES.c.clip_id,
                ANALYSES.c.assessable,
                ANALYSES.c.features,
                ANALYSES.c.embedding_mean,
                ANALYSES.c.embedding_max,
                FEATURE_SETS.c.names,
            )
            .join(FEATURE_SETS, FEATURE_SETS.c.id == ANALYSES.c.feature_set_id)
            .where(ANALYSES.c.model_sha256 == model_sha256)
            .order_by(ANALYSES.c.clip_id)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        if not rows:
            msg = f"No clip of the library was analysed by {model_sha256[:12]}."
            raise LibraryError(msg, hint="Analyse the clips first.")
        names = max(
            (tuple(json.loads(text)) for text in {r.names for r in rows}), key=len
        )
        return FeatureTable(
            model_sha256=model_sha256,
            names=names,
            clip_ids=np.array([r.clip_id for r in rows], np.int64),
            features=np.stack([_aligned(r.features, r.names, names) for r in rows]),
            embedding_mean=np.stack([_floats(r.embedding_mean) for r in rows]),
            embedding_max=np.stack([_floats(r.embedding_max) for r in rows]),
            assessable=np.array([r.assessable for r in rows], np.bool_),
        )


def _row(
    clip_id: int, report: ClipReport, document: Mapping[str, Any]
) -> dict[str, Any]:
    timelines, model = report.timelines, report.model
    embeddings = timelines.embeddings
    seen = np.zeros((1, 0), np.float32)
    if embeddings is not None and timelines.analysed.any():
        seen = embeddings[timelines.analysed]
    values = np.array(list(features_of(report).values()), _LITTLE)
    text = json.dumps(document, allow_nan=False).encode("ascii")
    return {
        "clip_id": clip_id,
        "model_name": model.name,
        "model_version": model.version,
        "model_sha256": model.sha256,
        "software": report.software,
        "created_utc": report.created_utc,
        "assessable": bool(report.quality.assessable),
        "features": values.tobytes(),
        "embedding_mean": seen.mean(axis=0).astype(_LITTLE).tobytes(),
        "embedding_max": seen.max(axis=0).astype(_LITTLE).tobytes(),
        "report": zlib.compress(text, 6),
    }


def _feature_set(connection: Connection, names: str) -> int:
    known = select(FEATURE_SETS.c.id).where(FEATURE_SETS.c.names == names)
    found = connection.scalar(known)
    if found is None:
        connection.execute(insert(FEATURE_SETS).values(names=names))
        found = connection.scalar(known)
    return int(found or 0)


def _floats(blob: bytes) -> NDArray[np.float32]:
    return np.frombuffer(blob, _LITTLE).astype(np.float32)


def named_floats(names: Iterable[str], blob: bytes) -> dict[str, float]:
    """Return kept float32 values by their names."""
    return dict(zip(names, _floats(blob).tolist(), strict=True))


def _aligned(blob: bytes, stored: str, names: tuple[str, ...]) -> NDArray[np.float32]:
    """Return features in the order of ``names``, NaN where they were not kept."""
    kept = dict(zip(json.loads(stored), _floats(blob), strict=True))
    return np.array([kept.get(name, np.nan) for name in names], np.float32)


def _analysis(row: Row[Any]) -> Analysis:
    return Analysis(
        clip_id=row.clip_id,
        model_name=row.model_name,
        model_version=row.model_version,
        model_sha256=row.model_sha256,
        software=row.software,
        created_utc=row.created_utc,
        assessable=row.assessable,
        features=named_floats(json.loads(row.names), row.features),
        embedding_mean=_floats(row.embedding_mean),
        embedding_max=_floats(row.embedding_max),
        report=json.loads(zlib.decompress(row.report)),
    )
