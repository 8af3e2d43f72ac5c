"""Labelling in rounds, played through on clips whose labels are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.library.asking import Asked
from lusviewer.library.heads import fitted
from lusviewer.library.margins import worth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Rows = NDArray[np.intp]
    Choose = Callable[[Asked, int, np.random.Generator], Rows]

SHARES: Final = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
"""Which shares of a pool's clips are labelled when the heads are tested."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Clips with every label known: what is played with.

    ``inputs`` ``(n, d)``, ``truth`` ``(n, q)`` 0 or 1, ``prior`` ``(n, q)`` what the
    bundle says, NaN where it says nothing, ``patients`` ``(n,)`` numbers.
    """

    inputs: Array
    truth: Array
    prior: Array
    patients: Rows


@dataclass(frozen=True, slots=True)
class Round:
    """After a round: the share labelled, the clips tested and what heads say of them.

    ``asked`` is what the queue knows then.
    """

    share: float
    tested: Rows
    scores: Array
    asked: Asked


def by_queue(asked: Asked, count: int, _draw: np.random.Generator) -> Rows:
    """Return the clips that the queue asks for."""
    rows = np.array([pick.row for pick in asked.picks(count)], np.intp)
    left = np.setdiff1d(np.flatnonzero(asked.askable), rows)
    return np.concatenate([rows, left])[:count]


def by_uncertainty(asked: Asked, count: int, _draw: np.random.Generator) -> Rows:
    """Return the clips whose answers are least sure, each question by itself."""
    gain = worth(asked.probabilities, asked.settled, asked.tasks)
    gain = np.where(asked.askable, gain, -1.0)
    return np.argsort(-gain, kind="stable")[:count]


def by_chance(asked: Asked, count: int, draw: np.random.Generator) -> Rows:
    """Return clips at random."""
    return draw.permutation(np.flatnonzero(asked.askable))[:count]


STRATEGIES: Final[dict[str, Choose]] = {
    "queue": by_queue,
    "random": by_chance,
    "uncertainty": by_uncertainty,
}


def played(pool: Pool, test: Rows, choose: Choose, seed: list[int]) -> Iterator[Round]:
    """Yield each round of labelling all clips but the patients' left out to ``test``.

    The first clips are drawn by ``seed``, the same ones for every way to choose.
    """
    draw = np.random.default_rng(seed)
    learn = np.setdiff1d(np.arange(len(pool.truth)), test)
    labelled = draw.permutation(learn)[: _clips(SHARES[0], learn)]
    asked = _asked(pool, learn, labelled)
    for share in SHARES:
        wanted = _clips(share, learn) - len(labelled)
        if wanted > 0:
            labelled = np.concatenate([labelled, choose(asked, wanted, draw)])
            asked = _asked(pool, learn, labelled)
        scores = [
            fitted(pool.inputs[labelled], pool.truth[labelled, q]).probabilities(
                pool.inputs[test]
            )
            for q in range(pool.truth.shape[1])
        ]
        yield Round(share, test, np.column_stack(scores), asked)


def folds(patients: Rows, count: int, seed: int) -> list[Rows]:
    """Return the clips of ``count`` folds of whole patients."""
    order = np.random.default_rng(seed).permutation(np.unique(patients))
    return [np.flatnonzero(np.isin(patients, order[i::count])) for i in range(count)]


def _clips(share: float, learn: Rows) -> int:
    return round(share * len(learn))


def _asked(pool: Pool, learn: Rows, labelled: Rows) -> Asked:
    """Return what the queue would know: no label but those given."""
    settled = np.zeros(pool.truth.shape, np.bool_)
    settled[labelled] = True
    askable = np.zeros(len(pool.truth), np.bool_)
    askable[np.setdiff1d(learn, labelled)] = True
    answers = np.where(settled, pool.truth, np.nan)
    tasks = np.arange(pool.truth.shape[1], dtype=np.intp)
    return Asked(
        pool.inputs, answers, settled, tasks, pool.prior, pool.patients, askable
    )


def proposal_counts(asked: Asked, truth: Array) -> NDArray[np.int64]:
    """Return ``(2, 3, n)`` for the clips not labelled yet, by clip.

    Without and with the check by other labels: how many answers were open, how many of
    them proposed, how many of those rightly.
    """
    found = []
    right = np.stack([truth == 0, truth == 1])
    for validated in (False, True):
        proposed = asked.proposed(validated=validated)
        waiting = ~asked.settled & asked.askable[:, None]
        counts = (waiting, proposed.any(axis=0), (proposed & right).any(axis=0))
        found.append([each.sum(axis=1) for each in counts])
    return np.array(found, np.int64)
