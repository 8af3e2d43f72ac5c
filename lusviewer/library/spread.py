"""Choosing clips that are worth a look and unlike each other, over many patients.

Greedy k-centre after Sener and Savarese 2018 (arXiv 1708.00489), weighed by what a
look is worth and by how much of its patient was seen already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_BLOCK: Final = 256
"""So many distances a clip are held at once."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A chosen clip: its row, its score, and what the score is made of.

    ``apart`` is how far it lies from all clips taken before, 1 for the furthest one;
    ``of_patient`` how many clips of its patient were taken before.
    """

    row: int
    score: float
    worth: float
    apart: float
    of_patient: int


def spread_out(
    worth: Array,
    points: Array,
    patients: NDArray[np.intp],
    taken: NDArray[np.bool_],
    count: int,
) -> list[Pick]:
    """Return ``count`` clips, one after the other, each of the highest score then.

    ``worth`` ``(n,)``; ``points`` ``(n, d)`` where clips that look alike lie together;
    ``patients`` ``(n,)`` numbers; ``taken`` ``(n,)`` those labelled already. The score
    is worth times apart over 1 + clips of the patient; clips worth 0 are left.
    """
    free = ~taken & (worth > 0)
    seen = np.bincount(patients[taken], minlength=int(patients.max(initial=0)) + 1)
    near = _nearest(points, np.flatnonzero(taken))
    picks: list[Pick] = []
    while free.any() and len(picks) < count:
        far = near[free].max()
        apart = near / far if 0 < far < np.inf else np.ones(len(near))
        score = np.where(free, worth * apart / (1 + seen[patients]), -1.0)
        row = int(np.argmax(score))
        of_patient = int(seen[patients[row]])
        made_of = float(worth[row]), float(apart[row])
        picks.append(Pick(row, float(score[row]), *made_of, of_patient))
        free[row] = False
        seen[patients[row]] += 1
        near = np.minimum(near, np.linalg.norm(points - points[row], axis=1))
    return picks


def _nearest(points: Array, rows: NDArray[np.intp]) -> Array:
    """Return how far each point is from the nearest of ``rows``; inf without any."""
    near = np.full(len(points), np.inf)
    length = (points**2).sum(axis=1)
    for start in range(0, len(rows), _BLOCK):
        some = rows[start : start + _BLOCK]
        squared = length[:, None] + length[some] - 2 * points @ points[some].T
        near = np.minimum(near, squared.min(axis=1))
    return np.asarray(np.sqrt(np.maximum(near, 0)))
