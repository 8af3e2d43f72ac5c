"""What can be asked of a clip: the tasks, and the values they take."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from lusviewer.errors import LibraryError
from lusviewer.findings import FINDINGS, LABELS
from lusviewer.library.values import NOT_ASSESSABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOM_AIR: Final = 0.21
PER_LITRE: Final = 0.04
"""What each litre of oxygen a minute adds to the inspired fraction, by estimate."""

_KEY: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)?")
LABEL_COLUMNS: Final = ("file", "patient", "exam", "zone", "rater", "licence")
DETAIL_COLUMNS: Final = ("spo2", "fio2", "oxygen_l_min")
NOTE_COLUMNS: Final = ("certainty", "not_assessable")
"""The columns of a table of labels that are no task."""

_TAKEN: Final = {*LABEL_COLUMNS, *DETAIL_COLUMNS, *NOTE_COLUMNS, *FINDINGS}


class Kind(Enum):
    """What the value of a task is."""

    CLASS = "class"
    SET = "set"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Task:
    """A question asked of clips: its key, its words, and the values it takes.

    A CLASS takes one of ``classes``, a SET any of them joined by ``+``, a NUMBER
    what lies between ``lower`` and ``upper``. All take 'not assessable'.
    """

    key: str
    words: str
    kind: Kind
    classes: tuple[str, ...] = ()
    lower: float = -math.inf
    upper: float = math.inf

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key) or self.key in _TAKEN:
            msg = f"{self.key!r} cannot name a task."
            hint = "Use small letters, digits and _, and no column of the label table."
            raise LibraryError(msg, hint=hint)
        if self.kind is not Kind.NUMBER:
            self._check_classes()
        elif not self.lower < self.upper:
            msg = f"{self.key} has no number from {self.lower:g} to {self.upper:g}."
            raise LibraryError(msg, hint="Give the lowest first, then the highest.")

    def _check_classes(self) -> None:
        wrong = [
            name
            for name in self.classes
            if not name.strip() or set(name) & set("+=;") or name == NOT_ASSESSABLE
        ]
        if wrong or len(set(self.classes)) != len(self.classes) or not self.classes:
            msg = f"The classes of {self.key} are not usable: {list(self.classes)}."
            hint = "Name at least one, each once, without + = or ;."
            raise LibraryError(msg, hint=hint)

    def check(self, value: str) -> str:
        """Return ``value`` as it is kept; raise ``LibraryError`` where it is none."""
        value = value.strip()
        if value == NOT_ASSESSABLE:
            return value
        if self.kind is Kind.NUMBER:
            return self._number(value)
        if self.kind is Kind.SET:
            return self._set(value)
        return self._class(value)

    def _class(self, value: str) -> str:
        by_lower = {name.lower(): name for name in self.classes}
        known = by_lower.get(value.lower())
        if known is None:
            raise self._refused(value)
        return known

    def _set(self, value: str) -> str:
        named = {self._class(part.strip()) for part in value.split("+")}
        return "+".join(name for name in self.classes if name in named)

    def _number(self, value: str) -> str:
        try:
            number = float(value)
        except ValueError:
            raise self._refused(value) from None
        if not self.lower <= number <= self.upper or not math.isfinite(number):
            raise self._refused(value)
        return f"{number:.12g}"

    def _refused(self, value: str) -> LibraryError:
        msg = f"{value!r} is no value of {self.key}."
        return LibraryError(msg, hint=f"It takes {self.values_in_words}.")

    @property
    def values_in_words(self) -> str:
        """What the task takes, in words."""
        if self.kind is Kind.NUMBER:
            return f"a number from {self.lower:g} to {self.upper:g}"
        joined = ", ".join(self.classes)
        return f"any of {joined}, joined by +" if self.kind is Kind.SET else joined


def _groups() -> Mapping[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for label in LABELS:
        name = label.key.partition(".")[2]
        groups[label.group] = (*groups.get(label.group, ()), name)
    return groups


def _built_in() -> tuple[Task, ...]:
    findings = [
        Task(f"finding.{key}", key.replace("_", " "), Kind.CLASS, ("yes", "no"))
        for key in FINDINGS
    ]
    groups = [
        Task(f"group.{key}", key.replace("_", " "), Kind.SET, classes)
        for key, classes in _groups().items()
    ]
    diagnoses = ("regular", "bacterial pneumonia", "COVID-19", "viral pneumonia")
    return (
        *findings,
        *groups,
        Task("severity", "severity", Kind.CLASS, ("0", "1", "2", "3")),
        Task("diagnosis", "diagnosis", Kind.CLASS, diagnoses),
        Task("s_f", "S/F ratio", Kind.NUMBER, lower=10.0, upper=500.0),
    )


BUILT_IN: Final[Mapping[str, Task]] = {task.key: task for task in _built_in()}
"""The tasks every library knows; ``diagnosis`` may be given other classes."""


def s_f_ratio(detail: Mapping[str, float]) -> float:
    """Return SpO2 over the inspired fraction of oxygen.

    ``detail`` has ``spo2`` in % and ``fio2`` (0.21 to 1) or ``oxygen_l_min``; without
    either it was room air. Litres are taken as 0.21 and 0.04 each, at most 1.
    """
    spo2 = detail.get("spo2", math.nan)
    litres = detail.get("oxygen_l_min", 0.0)
    fio2 = detail.get("fio2", min(1.0, ROOM_AIR + PER_LITRE * litres))
    if not (10.0 <= spo2 <= 100.0 and ROOM_AIR <= fio2 <= 1.0 and litres >= 0):
        msg = f"SpO2 {spo2:g} % at a fraction of oxygen of {fio2:g} cannot be."
        hint = "SpO2 is 10 to 100 %, the fraction 0.21 to 1, litres 0 or more."
        raise LibraryError(msg, hint=hint)
    return spo2 / fio2
