"""Where numbers can sensibly be parted into classes."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

S_F_CUTS: Final = (180.0, 275.0, 430.0)
"""Limits of S/F ratios between classes, after Gare et al. 2022 (arXiv 2206.08398)."""

_KNOWN: Final = {"s_f": S_F_CUTS}


def proposed_cuts(
    task: str, said: Iterable[tuple[str, float]], least: int
) -> tuple[float, ...]:
    """Return cuts that leave at least ``least`` patients in each class; may be empty.

    ``said`` are patient and number of each label. Of known limits as many as the
    labels allow are taken; else the median parts them.
    """
    numbers = list(said)
    if task in _KNOWN:
        return _fitting(_KNOWN[task], numbers, least)
    values = sorted({value for _, value in numbers})
    if len(values) < 2:
        return ()
    middle = float(np.median([value for _, value in numbers]))
    # A cut at the lowest value would leave nothing below it.
    cut = middle if middle > values[0] else values[1]
    return _fitting((float(f"{cut:.4g}"),), numbers, least)


def _fitting(
    cuts: tuple[float, ...], numbers: Sequence[tuple[str, float]], least: int
) -> tuple[float, ...]:
    """Drop cuts one by one until every class has patients enough."""
    while cuts:
        owners: list[set[str]] = [set() for _ in range(len(cuts) + 1)]
        for patient, value in numbers:
            owners[bisect_right(cuts, value)].add(patient)
        counts = [len(one) for one in owners]
        few = int(np.argmin(counts))
        if counts[few] >= least:
            return cuts
        # The smallest class joins the smaller of its neighbours.
        sides = [place for place in (few - 1, few) if 0 <= place < len(cuts)]
        gone = min(sides, key=lambda side: counts[side if side < few else side + 1])
        cuts = cuts[:gone] + cuts[gone + 1 :]
    return ()
