"""What the library gives and takes: plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lusviewer.library.zones import Zone

NOT_ASSESSABLE: Final = "not assessable"
"""A value of every task: a person looked, and the clip does not show it."""

LINE_KINDS: Final = ("pleura", "a_line", "b_line")
"""What can be drawn on a frame."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a model had said where a person says otherwise, and the model's SHA-256."""

    value: str
    model_sha256: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rater says of one clip for one task; None takes the answer back.

    ``certainty`` is 0 to 1. ``detail`` holds what the value rests on, as SpO2 and
    oxygen for the S/F ratio. ``corrected`` is what a model had said.
    """

    clip_id: int
    task: str
    value: str | None
    rater: str
    certainty: float = 1.0
    detail: Mapping[str, float] = field(default_factory=dict)
    corrected: Correction | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class KeptLabel:
    """An answer as it is kept; ``current`` is false once a newer one replaced it."""

    id: int
    answer: Answer
    given_utc: str
    supersedes: int | None
    current: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A drawn line: ``kind`` of ``LINE_KINDS``, points ``(x, y)`` px of the frame.

    Pixel centres lie at whole numbers. A B-line's first point is its origin, its width
    that of the beam half-way down; 0 where it was not measured.
    """

    kind: str
    points: tuple[tuple[float, float], ...]
    width_px: float = 0.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """All lines one rater drew on one frame; none at all is a statement too."""

    id: int
    clip_id: int
    frame: int
    rater: str
    lines: tuple[Line, ...]
    drawn_utc: str
    note: str
    supersedes: int | None
    current: bool


@dataclass(frozen=True, slots=True)
class ClipEntry:
    """A clip in the list: where it lies, whose it is, and its current labels.

    ``labels`` has the newest current value of each task, whoever gave it.
    """

    id: int
    path: Path
    patient: str
    exam: str
    sha256: str
    size_bytes: int
    zone: Zone | None
    licence: str
    missing: bool
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name


@dataclass(frozen=True, slots=True)
class ClipFilter:
    """Which clips to list; what is None does not matter.

    ``unlabelled`` and ``labelled`` name a task; with ``rater`` only that person's
    labels count. ``analysed_by`` and ``not_analysed_by`` are a model's SHA-256.
    """

    patient: str | None = None
    exam: str | None = None
    zone: Zone | None = None
    name_contains: str | None = None
    unlabelled: str | None = None
    labelled: str | None = None
    rater: str | None = None
    analysed_by: str | None = None
    not_analysed_by: str | None = None
    missing: bool | None = None
