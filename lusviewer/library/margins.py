"""How sure the answers to several questions about a clip are, taken together.

After the idea of Liu et al. 2020 (TSAL, arXiv 2009.05436): a margin over all labels
that uses how they go together. Their formula is not published; the one here is ours
and stands in docs/local-learning.md. A *column* is one yes-or-no question; a task of
more than two classes has a column for each class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SMOOTHING: Final = 4.0
"""So many made-up clips, on which labels do not go together, join those counted."""

CONFIDENT: Final = 0.9
"""The least probability with which an answer is proposed."""

SELDOM: Final = 0.5
"""An answer is contradicted where it comes at most so often as it usually does."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """How the answers to questions go together.

    ``usual`` ``(q,)`` how often each is yes; ``phi`` ``(q, q)`` their correlation, 0
    on the diagonal and between classes of one task; ``given`` ``(2, q, q)``: at
    ``[v, a, b]`` how often a is yes where b is no (v = 0) or yes (v = 1).
    """

    usual: Array
    phi: Array
    given: Array


def correlation(answers: Array, tasks: NDArray[np.intp]) -> Correlation:
    """Return how ``answers`` ``(n, q)`` go together: 1, 0, or NaN where not known.

    ``tasks`` ``(q,)`` says which task each column belongs to.
    """
    known = np.isfinite(answers)
    yes = np.where(known, answers, 0.0)
    no = np.where(known, 1.0 - answers, 0.0)
    usual = (yes.sum(axis=0) + 0.5) / (known.sum(axis=0) + 1.0)
    both = yes.T @ yes + SMOOTHING * np.outer(usual, usual)
    first = yes.T @ no + SMOOTHING * np.outer(usual, 1 - usual)
    second = no.T @ yes + SMOOTHING * np.outer(1 - usual, usual)
    neither = no.T @ no + SMOOTHING * np.outer(1 - usual, 1 - usual)
    given = np.stack([first / (first + neither), both / (both + second)])
    spread = (both + first) * (second + neither) * (both + second) * (first + neither)
    phi = (both * neither - first * second) / np.sqrt(spread)
    return Correlation(usual, np.where(_apart(tasks), phi, 0.0), given)


def _apart(tasks: NDArray[np.intp]) -> NDArray[np.bool_]:
    return np.asarray(tasks[:, None] != tasks[None, :])


def by_others(seen: Array, found: Correlation) -> tuple[Array, Array]:
    """Return what the other answers of each clip say of each, and how strongly.

    ``seen`` ``(n, q)``: the answer where it is known, else its probability. Gives
    probabilities ``(n, q)``, each other answer weighed by its correlation, and the
    largest correlation ``(q,)``.
    """
    weight = np.abs(found.phi)
    total = weight.sum(axis=1)
    when_yes, when_no = weight * found.given[1], weight * found.given[0]
    said = seen @ when_yes.T + (1 - seen) @ when_no.T
    safe = np.where(total > 0, total, 1.0)
    others = np.where(total > 0, said / safe, found.usual)
    return np.asarray(others), np.asarray(weight.max(axis=1, initial=0.0))


def together(probabilities: Array, answers: Array, found: Correlation) -> Array:
    """Return the probabilities ``(n, q)`` with what the other answers say mixed in.

    The answers known count as they are; the mixture weighs the others by the largest
    correlation, so that labels that do not go together change nothing.
    """
    seen = np.where(np.isfinite(answers), answers, probabilities)
    others, strength = by_others(seen, found)
    return np.asarray((probabilities + strength * others) / (1 + strength))


def margin(classes: Array) -> Array:
    """Return how far the first class is ahead of the second ``(n,)``, 0 to 1.

    ``classes`` ``(n, k)`` probabilities; one column is a question's yes, and its no
    the rest.
    """
    if classes.shape[1] == 1:
        return np.asarray(np.abs(2 * classes[:, 0] - 1))
    share = classes / np.maximum(classes.sum(axis=1, keepdims=True), 1e-12)
    ordered = np.sort(share, axis=1)
    return np.asarray(ordered[:, -1] - ordered[:, -2])


def worth(
    probabilities: Array, settled: NDArray[np.bool_], tasks: NDArray[np.intp]
) -> Array:
    """Return what one look at each clip would settle ``(n,)``: 0 nothing, 1 all.

    The mean over the tasks of 1 - margin, where what is ``settled`` ``(n, q)`` counts
    0.
    """
    names = np.unique(tasks)
    gain = np.zeros(len(probabilities))
    for task in names:
        columns = tasks == task
        waiting = ~settled[:, columns].all(axis=1)
        gain += waiting * (1 - margin(probabilities[:, columns]))
    return np.asarray(gain / max(len(names), 1))


def contradictions(
    probabilities: Array, answers: Array, found: Correlation
) -> NDArray[np.bool_]:
    """Return which answers speak against each other ``(2, n, q, q)``.

    At ``[v, i, a, b]``: saying v of a (0 no, 1 yes) on clip i goes against b, which is
    labelled or confident there, as v comes at most ``SELDOM`` as often as usual.
    """
    seen = np.where(np.isfinite(answers), answers, probabilities)
    sure = np.maximum(seen, 1 - seen) >= CONFIDENT
    apart = found.phi != 0
    against = []
    for value in (0, 1):
        usual = found.usual if value else 1 - found.usual
        given = found.given if value else 1 - found.given
        rare = (given <= SELDOM * usual[None, :, None]) & apart
        stated = np.where((seen > 0.5)[:, None, :], rare[1], rare[0])
        against.append(stated & sure[:, None, :])
    return np.stack(against)
