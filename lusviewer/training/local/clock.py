"""How much of a training is done, and how long the rest will take."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

USUAL: Final = {
    "tree": 0.003,
    "forest": 0.1,
    "svm": 0.003,
    "mlp": 0.045,
    "logistic": 0.003,
    "figures": 0.02,
    "comparing": 1.0,
}
"""Seconds of one unit of work on an ordinary core, until it was measured here."""

_TRUSTED: Final = 0.5
"""Seconds of work for which the usual is trusted: the first fits take longer."""


class Clock:
    """Measures each kind of work by itself: a forest takes many times a tree's time.

    ``work`` says how many units of each kind there are. What was not begun is taken to
    be as much slower or faster than usual as what was measured.
    """

    def __init__(
        self,
        work: Mapping[str, int],
        usual: Mapping[str, float] = USUAL,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._left = dict(work)
        self._total = sum(work.values())
        self._usual, self._now = usual, now
        self._spent: defaultdict[str, float] = defaultdict(float)
        self._done: defaultdict[str, int] = defaultdict(int)
        self._under_way: tuple[str, int, float] | None = None

    def begin(self, kind: str, units: int, what: str) -> dict[str, Any]:
        """Return the event of work that begins now; what was under way is done."""
        self.end()
        told = {
            "event": "progress",
            "done": sum(self._done.values()),
            "total": self._total,
            "what": what,
            "seconds_left": self._seconds(),
        }
        self._under_way = (kind, units, self._now())
        return told

    def end(self) -> None:
        """Take what is under way for done."""
        if self._under_way is None:
            return
        kind, units, began = self._under_way
        self._under_way = None
        self._spent[kind] += self._now() - began
        self._done[kind] += units
        self._left[kind] = max(0, self._left.get(kind, 0) - units)

    def drop(self, *kinds: str) -> None:
        """Leave kinds of work out that will not be done any more."""
        for kind in kinds:
            self._total -= self._left.pop(kind, 0)

    def _seconds(self) -> float | None:
        if not self._spent:
            return None
        usual = sum(n * self._usual[kind] for kind, n in self._done.items())
        slower = (sum(self._spent.values()) + _TRUSTED) / (usual + _TRUSTED)
        seconds = 0.0
        for kind, left in self._left.items():
            done = self._done[kind]
            each = self._spent[kind] / done if done else self._usual[kind] * slower
            seconds += left * each
        return round(seconds, 1)
