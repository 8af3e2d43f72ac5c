"""Which of many clips to ask a person about next: the arithmetic of the queue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from lusviewer.library.heads import calibrated
from lusviewer.library.margins import (
    CONFIDENT,
    Correlation,
    contradictions,
    correlation,
    together,
    worth,
)
from lusviewer.library.spread import spread_out

if TYPE_CHECKING:
    from lusviewer.library.spread import Pick

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEARNED_FROM: Final = 3
"""From so many yes and so many no on, labels say more than the model alone."""

PROPOSED_FROM: Final = 5
"""Answers are proposed from so many labels with yes and so many with no on."""


@dataclass(frozen=True)
class Asked:
    """Questions about clips, and what is known of their answers.

    ``inputs`` ``(n, d)`` scaled, what heads learn from and where clips that look alike
    lie together. ``answers`` ``(n, q)`` 1, 0 or NaN; ``settled`` ``(n, q)`` those a
    person answered, also with 'not assessable'. ``tasks`` ``(q,)`` the task of each
    column; ``prior`` ``(n, q)`` what the model says by itself, NaN where it says
    nothing; ``patients`` ``(n,)`` numbers; ``askable`` ``(n,)`` the clips that may be
    asked about.
    """

    inputs: Array
    answers: Array
    settled: Flags
    tasks: NDArray[np.intp]
    prior: Array
    patients: NDArray[np.intp]
    askable: Flags

    @cached_property
    def probabilities(self) -> Array:
        """What heads that learned from the labels say ``(n, q)``.

        Where there are too few labels it is what the model says.
        """
        return np.column_stack([self._column(q) for q in range(len(self.tasks))])

    @cached_property
    def correlation(self) -> Correlation:
        """How the answers given so far go together."""
        return correlation(self.answers, self.tasks)

    @cached_property
    def mixed(self) -> Array:
        """The probabilities ``(n, q)`` with what the other answers say mixed in."""
        return together(self.probabilities, self.answers, self.correlation)

    @property
    def learned(self) -> Flags:
        """Which questions have labels enough to propose answers ``(q,)``."""
        yes, no = (self.answers == 1).sum(axis=0), (self.answers == 0).sum(axis=0)
        return np.asarray(np.minimum(yes, no) >= PROPOSED_FROM)

    def picks(self, count: int) -> list[Pick]:
        """Return the ``count`` clips to ask about next, the first one first."""
        gain = np.where(self.askable, worth(self.mixed, self.settled, self.tasks), 0.0)
        taken = np.asarray(self.settled.all(axis=1), np.bool_)
        return spread_out(gain, self.inputs, self.patients, taken, count)

    def proposed(self, *, validated: bool = True) -> Flags:
        """Return which answers are sure enough to be proposed ``(2, n, q)``.

        No first, then yes. Only where nothing was answered, the head is confident
        and, if ``validated``, no other answer of the clip speaks against it.
        """
        free = ~self.settled & self.askable[:, None] & self.learned
        sure = np.stack([1 - self.probabilities, self.probabilities]) >= CONFIDENT
        if not validated:
            return np.asarray(sure & free)
        against = contradictions(self.probabilities, self.answers, self.correlation)
        return np.asarray(sure & free & ~against.any(axis=3))

    def _column(self, q: int) -> Array:
        answers, prior = self.answers[:, q], self.prior[:, q]
        yes, no = (answers == 1).sum(), (answers == 0).sum()
        if np.isfinite(prior).any() and min(yes, no) < LEARNED_FROM:
            return np.where(np.isfinite(prior), prior, 0.5)
        known = np.isfinite(answers)
        head = calibrated(self.inputs[known], answers[known], self.patients[known])
        return head.probabilities(self.inputs)
