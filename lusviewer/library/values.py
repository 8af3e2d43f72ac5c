"""What the library gives and takes: plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
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
    """All lines one rater drew on one frame; none at all is a statement too.

    ``withdrawn`` is that a rater says nothing of the frame any more.
    """

    id: int
    clip_id: int
    frame: int
    rater: str
    lines: tuple[Line, ...]
    drawn_utc: str
    note: str
    supersedes: int | None
    current: bool
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class ClipPrediction:
    """What an expert in use says of a clip, as short as a list shows it.

    ``best`` is the most probable class and ``probability`` its share, also where the
    expert ``abstained``. ``version`` is the expert's own; it chose from ``classes``.
    """

    target: str
    expert: str
    version: str
    best: str
    probability: float
    abstained: bool
    model_sha256: str
    classes: tuple[str, ...] = ()

    def differs(self, label: str | None) -> bool:
        """Return whether a person said else, and what the expert could have said."""
        return not self.abstained and label in self.classes and label != self.best


@dataclass(frozen=True, slots=True)
class ClipEntry:
    """A clip in the list: where it lies, whose it is, and what is said of it now.

    ``labels`` has the newest current value of each task, whoever gave it.
    ``predictions`` are those of the experts in use, by target and expert;
    ``analysed_by`` the SHA-256 of the models that looked at the clip.
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
    added_utc: str = ""
    predictions: tuple[ClipPrediction, ...] = ()
    analysed_by: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name


class OrderBy(Enum):
    """What a list of clips is ordered by."""

    PATIENT = "patient"
    PATH = "path"
    ADDED = "added"
    LABEL = "label"
    PREDICTION = "prediction"


@dataclass(frozen=True, slots=True)
class ClipOrder:
    """The order of a list; clips that are alike come by patient, exam and name.

    Patients come as people count them: patient_2 before patient_11.
    A LABEL is that of the task ``of``, the newest of several: numbers by size, classes
    as the task names them. A PREDICTION is the probability of class ``value`` of the
    target ``of``, or of the likeliest class; the highest where several experts say
    one, or that of ``expert``. Clips without, not assessable, or where it abstained
    come last either way.
    """

    by: OrderBy = OrderBy.PATIENT
    of: str = ""
    value: str | None = None
    expert: str | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True)
class ClipFilter:
    """Which clips to list, in which order; what is None does not matter.

    ``unlabelled`` and ``labelled`` name a task; with ``rater`` only that person's
    labels count, with ``value`` only labels that say so (of a set: that hold it).
    ``analysed_by`` and ``not_analysed_by`` are a model's SHA-256. ``predicted`` and
    ``unpredicted`` are targets that an expert in use was asked for, or none was; one
    that abstained was asked. ``text`` is in the file's name or the patient's; with
    ``analysed`` any model counts; ``differing`` are clips of which an expert in use
    says something else than the newest label does. With ``raters`` the list knows of
    nobody else's labels, whatever is asked for.
    """

    patient: str | None = None
    exam: str | None = None
    zone: Zone | None = None
    name_contains: str | None = None
    unlabelled: str | None = None
    labelled: str | None = None
    value: str | None = None
    rater: str | None = None
    analysed_by: str | None = None
    not_analysed_by: str | None = None
    missing: bool | None = None
    predicted: str | None = None
    unpredicted: str | None = None
    text: str | None = None
    analysed: bool | None = None
    differing: bool | None = None
    order: ClipOrder = ClipOrder()
    raters: tuple[str, ...] | None = None
