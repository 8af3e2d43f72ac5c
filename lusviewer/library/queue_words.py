"""Why a clip is asked about, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from lusviewer.experts.features import FEATURES, feature_words
from lusviewer.library.margins import margin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lusviewer.library.asking import Asked
    from lusviewer.library.spread import Pick
    from lusviewer.library.tasks import Task

    Array = NDArray[np.float64]

_CLOSE: Final = 0.5
"""Below this margin an answer is called unsure."""

_AT_ODDS: Final = 0.3
"""The head and the other answers differ by so much to be called at odds."""

_RELATED: Final = 0.2
"""The correlation from which another answer is named."""

_UNLIKE: Final = 0.7
"""From this share of the largest distance on a clip is called unlike the others."""


class Question(Protocol):
    """A column of the queue: whether a task's answer is ``value``."""

    @property
    def task(self) -> Task:
        """The task asked."""

    @property
    def value(self) -> str:
        """The answer asked about."""

    @property
    def no(self) -> str:
        """The other answer, "" where there are several."""


def why_asked(
    asked: Asked, columns: Sequence[Question], pick: Pick, patient: str
) -> tuple[str, ...]:
    """Return the reasons for a pick, the weightiest first; at least one."""
    reasons = [
        *_unsure(asked, columns, pick.row),
        *_at_odds(asked, columns, pick.row),
    ]
    if asked.settled.all(axis=1).any() and pick.apart >= _UNLIKE:
        reasons.append("it looks unlike the clips labelled or chosen so far")
    if pick.of_patient == 0:
        reasons.append(f"nothing of {patient} is labelled or chosen yet")
    return tuple(reasons or ["of what is left, it is worth most"])


def _unsure(asked: Asked, columns: Sequence[Question], row: int) -> list[str]:
    """Return the open tasks that are hard to tell, the least sure two."""
    found = []
    for task in np.unique(asked.tasks):
        mine = np.flatnonzero(asked.tasks == task).tolist()
        chances = asked.mixed[row, mine]
        ahead = float(margin(chances[None])[0])
        if not asked.settled[row, mine].all() and ahead < _CLOSE:
            found.append((ahead, _between([columns[q] for q in mine], chances)))
    return [words for _, words in sorted(found)[:2]]


def _words(task: Task) -> str:
    return feature_words(task.key) if task.key in FEATURES else task.words


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _between(columns: Sequence[Question], chances: Array) -> str:
    words = _words(columns[0].task)
    if len(columns) == 1:
        return f"{words}: hard to tell, {columns[0].value} at {_percent(chances[0])}"
    share = chances / max(float(chances.sum()), 1e-12)
    first, second = np.argsort(-share)[:2].tolist()
    return (
        f"{words}: {columns[first].value} or {columns[second].value}, "
        f"{_percent(share[first])} and {_percent(share[second])}"
    )


def _at_odds(asked: Asked, columns: Sequence[Question], row: int) -> list[str]:
    """Return the open answer that goes least with another one of the same clip."""
    seen = np.where(
        np.isfinite(asked.answers[row]), asked.answers[row], asked.probabilities[row]
    )
    given = np.where(seen > 0.5, asked.correlation.given[1], asked.correlation.given[0])
    apart = np.abs(asked.probabilities[row][:, None] - given)
    related = np.abs(asked.correlation.phi) >= _RELATED
    sure = np.abs(2 * seen - 1) >= _CLOSE
    apart = np.where(related & sure & ~asked.settled[row][:, None], apart, 0.0)
    q, other = divmod(int(np.argmax(apart)), len(columns))
    if apart[q, other] < _AT_ODDS:
        return []
    mine, its = columns[q], columns[other]
    its_value = its.value if seen[other] > 0.5 else its.no or f"not {its.value}"
    here = _percent(asked.probabilities[row, q])
    return [
        f"{_words(mine.task)}: {mine.value} at {here}, "
        f"but usually {_percent(given[q, other])} where {_words(its.task)}: {its_value}"
    ]
