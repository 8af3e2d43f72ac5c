"""What an expert is asked: a task of the library, its values as classes."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from lusviewer.errors import TrainingError
from lusviewer.library.tasks import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lusviewer.library.tasks import Task


@dataclass(frozen=True, slots=True)
class Question:
    """A task and its classes, in their order; of two the second is the positive one.

    ``cuts`` part numbers into classes, ``has`` asks whether a set holds that label.
    """

    task: str
    classes: tuple[str, ...]
    cuts: tuple[float, ...] = ()
    has: str | None = None

    def class_of(self, value: str) -> int | None:
        """Return the class a label's value belongs to, None where it has none."""
        if self.cuts:
            number = _number(value)
            return None if number is None else bisect_right(self.cuts, number)
        if self.has is not None:
            return int(self.has in value.split("+"))
        return self.classes.index(value) if value in self.classes else None


def ask(task: Task, cuts: Sequence[float] = (), has: str | None = None) -> Question:
    """Return the question a task asks; raise ``TrainingError`` where it cannot be.

    Numbers, and classes that are numbers, can be parted at ``cuts``; of a set it is
    asked whether it ``has`` a label.
    """
    if cuts:
        return _parted(task, tuple(sorted(set(cuts))))
    if task.kind is Kind.SET:
        return _having(task, has)
    if has is not None:
        msg = f"{task.key} takes one value: there is nothing it could have beside it."
        raise TrainingError(msg, hint="Leave --has away.")
    if task.kind is Kind.NUMBER:
        msg = f"{task.key} is a number, an expert chooses among classes."
        raise TrainingError(msg, hint="Say where to part it, as --cut 275.")
    classes = task.classes
    return Question(
        task.key, ("no", "yes") if set(classes) == {"no", "yes"} else classes
    )


def _parted(task: Task, cuts: tuple[float, ...]) -> Question:
    words = task.classes if task.kind is Kind.CLASS else ()
    if task.kind is Kind.SET or any(_number(word) is None for word in words):
        msg = f"{task.key} is no number: it cannot be parted."
        raise TrainingError(msg, hint=f"It takes {task.values_in_words}.")
    between = [f"{a:g} to {b:g}" for a, b in pairwise(cuts)]
    classes = (f"below {cuts[0]:g}", *between, f"{cuts[-1]:g} or more")
    return Question(task.key, classes, cuts)


def _having(task: Task, has: str | None) -> Question:
    if has not in task.classes:
        msg = f"{task.key} takes several labels at once: one of them is asked for."
        raise TrainingError(
            msg, hint=f"Say which with --has: {', '.join(task.classes)}."
        )
    return Question(task.key, ("no", "yes"), has=has)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
