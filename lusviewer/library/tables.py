"""The library's tables, as the steps in ``migrations`` make them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

METADATA: Final = MetaData()


class PathText(TypeDecorator[str]):
    """A path; as bytes where its name is not valid UTF-8, which SQLite would refuse."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002
        """Return what is stored for ``value``."""
        try:
            (value or "").encode("utf-8")
        except UnicodeEncodeError:
            return os.fsencode(value or "")
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401, ARG002
        """Return the path that is stored as ``value``."""
        return os.fsdecode(value) if isinstance(value, bytes) else value


def _text(name: str, *, optional: bool = False, unique: bool = False) -> Column[str]:
    return Column(name, Text, nullable=optional, unique=unique)


def _key() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _link(name: str, target: str, *, optional: bool = False) -> Column[int]:
    return Column(name, Integer, ForeignKey(target), nullable=optional)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


def _bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


PATIENTS: Final = Table(
    "patients",
    METADATA,
    _key(),
    _text("pseudonym", unique=True),
    _flag("given"),
    _text("created_utc"),
)
EXAMS: Final = Table(
    "exams",
    METADATA,
    _key(),
    _link("patient_id", "patients.id"),
    _text("name"),
    _text("facts"),
    _text("created_utc"),
)
CLIPS: Final = Table(
    "clips",
    METADATA,
    _key(),
    _link("exam_id", "exams.id"),
    Column("name", PathText, nullable=False),
    Column("path", PathText, nullable=False),
    _text("sha256", unique=True),
    Column("size_bytes", Integer, nullable=False),
    Column("modified_ns", Integer, nullable=False),
    _text("scheme", optional=True),
    _text("zone", optional=True),
    _text("licence"),
    _flag("missing"),
    _text("added_utc"),
)
TASKS: Final = Table(
    "tasks",
    METADATA,
    Column("key", Text, primary_key=True),
    _text("words"),
    _text("kind"),
    _text("classes"),
    Column("lower", Float),
    Column("upper", Float),
    _text("created_utc"),
)
LABELS: Final = Table(
    "labels",
    METADATA,
    _key(),
    _link("clip_id", "clips.id"),
    _text("task"),
    _text("value", optional=True),
    _text("rater"),
    Column("certainty", Float, nullable=False),
    _text("detail"),
    _text("corrected_from", optional=True),
    _text("corrected_model", optional=True),
    _text("note"),
    _text("given_utc"),
    _link("supersedes", "labels.id", optional=True),
    _flag("current"),
)
DRAWINGS: Final = Table(
    "drawings",
    METADATA,
    _key(),
    _link("clip_id", "clips.id"),
    Column("frame", Integer, nullable=False),
    _text("rater"),
    _text("lines"),
    _text("note"),
    _text("drawn_utc"),
    _link("supersedes", "drawings.id", optional=True),
    _flag("current"),
)
CORRECTIONS: Final = Table(
    "corrections",
    METADATA,
    _key(),
    _link("clip_id", "clips.id"),
    _text("rater"),
    _text("set_values"),
    _text("model_values"),
    _text("model_sha256"),
    _text("corrected_utc"),
    _link("supersedes", "corrections.id", optional=True),
    _flag("current"),
)
FEATURE_SETS: Final = Table(
    "feature_sets", METADATA, _key(), _text("names", unique=True)
)
ANALYSES: Final = Table(
    "analyses",
    METADATA,
    _key(),
    _link("clip_id", "clips.id"),
    _text("model_name"),
    _text("model_version"),
    _text("model_sha256"),
    _text("software"),
    _text("created_utc"),
    _flag("assessable"),
    _link("feature_set_id", "feature_sets.id"),
    _bytes("features"),
    _bytes("embedding_mean"),
    _bytes("embedding_max"),
    _bytes("report"),
)
EXPERTS: Final = Table(
    "experts",
    METADATA,
    _key(),
    _text("name"),
    _text("version"),
    _text("sha256", unique=True),
    _text("target"),
    _text("classes"),
)
PREDICTIONS: Final = Table(
    "predictions",
    METADATA,
    _key(),
    _link("clip_id", "clips.id"),
    _text("model_sha256"),
    _link("expert_id", "experts.id"),
    _text("best"),
    Column("probability", Float, nullable=False),
    _text("probabilities"),
    _flag("abstained"),
    _text("why"),
    Column("frame", Integer),
    _text("reasons"),
    _text("analysed_utc"),
    _text("made_utc"),
    _text("superseded_utc", optional=True),
)
AUDIT: Final = Table(
    "audit",
    METADATA,
    _key(),
    _text("at_utc"),
    _text("who"),
    _text("action"),
    _text("subject"),
    _text("detail"),
    _text("previous"),
    _text("hash", unique=True),
)
