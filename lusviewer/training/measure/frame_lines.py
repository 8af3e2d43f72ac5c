"""How the class map of one frame agrees with what was drawn on it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.biomarkers import measure
from lusviewer.findings import CLASSES
from lusviewer.geometry import GridMap, grid_box, grid_mask
from lusviewer.training.lines.labels import UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.geometry import FrameGeometry
    from lusviewer.training.measure.true_lines import TrueFrame

    Labels = NDArray[np.uint8]
    Array = NDArray[np.float64]

NEAR: Final = 0.03
"""How near an origin must be, of the beam's width, and the pleura, of its height."""

_BRIDGED: Final = 8.0
"""How far apart, in grid px, neighbouring points of one line may lie."""

_PLEURA, _A_LINE, _B_LINE = (CLASSES.index(c) for c in ("pleura", "a_line", "b_line"))


@dataclass(frozen=True, slots=True)
class PleuraScore:
    """The pleura of one frame, column by column of the grid.

    ``distance`` is the sum of distances over the ``shared`` columns that show it in
    both maps, as shares of the beam's height; ``line_distance`` and ``line_shared``
    the same of the one line that the viewer draws of the map. ``drawn`` and
    ``found`` columns show it in one; ``hits`` of them agree within ``NEAR``.
    """

    distance: float
    shared: int
    drawn: int
    found: int
    hits: int
    line_distance: float
    line_shared: int


@dataclass(frozen=True, slots=True)
class OriginScore:
    """The B-lines of one frame: drawn, found, matched; ``everywhere`` all found.

    ``found`` leaves out lines that run where nothing is known.
    """

    drawn: int
    found: int
    matched: int
    everywhere: int


def overlaps(predicted: Labels, truth: Labels) -> tuple[Array, Array]:
    """Return twice the shared area and the sum of areas ``(9,)``, by class.

    Their quotient is the Dice score; pixels that are not known are left out.
    """
    known = truth != UNKNOWN
    size = len(CLASSES)
    said, true = predicted[known], truth[known]
    agreed = np.bincount(true[said == true], minlength=size)
    areas = np.bincount(said, minlength=size) + np.bincount(true, minlength=size)
    return 2 * agreed.astype(np.float64), areas.astype(np.float64)


def pleura_rows(labels: Labels) -> Array:
    """Return the middle row of the pleura in each column ``(224,)``, NaN for none."""
    shown = labels == _PLEURA
    rows = np.arange(len(labels), dtype=np.float64)[:, None]
    count = shown.sum(axis=0)
    total = (shown * rows).sum(axis=0)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def pleura_score(
    predicted: Labels, truth: Labels, geometry: FrameGeometry
) -> PleuraScore:
    """Return how near the pleura of ``predicted`` comes to the drawn one.

    Columns about which nothing is known where the pleura is said to be do not count.
    """
    top, _, bottom, _ = grid_box(geometry)
    said, drawn = pleura_rows(predicted), pleura_rows(truth)
    has_said, has_drawn = np.isfinite(said), np.isfinite(drawn)
    at = np.rint(np.where(has_said, said, 0)).astype(np.intp)
    known = truth[at, np.arange(truth.shape[1])] != UNKNOWN
    both = has_said & has_drawn
    apart = np.abs(said[both] - drawn[both]) / (bottom - top)
    return PleuraScore(
        float(apart.sum()),
        int(both.sum()),
        int(has_drawn.sum()),
        int((has_said & (known | has_drawn)).sum()),
        int((apart <= NEAR).sum()),
        *_line_apart(viewer_rows(predicted, geometry), drawn, bottom - top),
    )


def _line_apart(said: Array, drawn: Array, height: int) -> tuple[float, int]:
    both = np.isfinite(said) & np.isfinite(drawn)
    return float(np.abs(said[both] - drawn[both]).sum()) / height, int(both.sum())


def viewer_rows(labels: Labels, geometry: FrameGeometry) -> Array:
    """Return the row of the viewer's pleural line in each column, NaN for none.

    The viewer follows one band of the map across the beam; stray patches are no part
    of it.
    """
    grid = GridMap.of(geometry)
    points = grid.to_grid(measure(labels, grid, geometry)[0].pleura_px)
    rows = np.full(labels.shape[1], np.nan)
    order = np.argsort(points[:, 1], kind="stable")
    points = points[order].astype(np.float64)
    for left, right in pairwise(points):
        if right[1] - left[1] <= _BRIDGED:
            columns = np.arange(max(0, int(np.ceil(left[1]))), int(right[1]) + 1)
            columns = columns[columns < len(rows)]
            rows[columns] = np.interp(columns, (left[1], right[1]), (left[0], right[0]))
    return rows


def presence_scores(
    labels: Labels,
    geometry: FrameGeometry,
    probabilities: NDArray[np.float32] | None = None,
    known: NDArray[np.bool_] | None = None,
) -> tuple[float, float]:
    """Return how much of the beam below the pleura is A-line, and how much B-line.

    With class ``probabilities`` ``(9, 224, 224)`` these are summed instead. Only what
    is ``known`` counts, where that is given.
    """
    below = _below_pleura(labels) & grid_mask(geometry)
    if known is not None and (below & known).any():
        below = below & known
    size = max(int(below.sum()), 1)
    shares = []
    for index in (_A_LINE, _B_LINE):
        part = labels == index if probabilities is None else probabilities[index]
        shares.append(float(part[below].sum()) / size)
    return shares[0], shares[1]


def _below_pleura(labels: Labels) -> NDArray[np.bool_]:
    """Return what lies below the pleura, carried on sideways; all where none is."""
    rows = pleura_rows(labels)
    found = np.flatnonzero(np.isfinite(rows))
    if not len(found):
        return np.ones(labels.shape, np.bool_)
    depth = np.interp(np.arange(len(rows)), found, rows[found])
    return np.asarray(np.arange(len(labels))[:, None] > depth)


def origin_score(predicted: Labels, true: TrueFrame) -> OriginScore:
    """Return how the B-lines that the viewer would measure agree with those drawn."""
    geometry = true.geometry
    grid = GridMap.of(geometry)
    lines, _ = measure(predicted, grid, geometry)
    _, left, _, right = geometry.region
    found = lines.b_lines
    matched = match(found[:, :2], true.origins, NEAR * (right - left))
    known = [
        hit or _is_known(line, true.labels, grid)
        for line, hit in zip(found, matched, strict=True)
    ]
    return OriginScore(len(true.origins), sum(known), sum(matched), len(found))


def match(
    found: NDArray[np.float32], drawn: NDArray[np.float32], reach: float
) -> list[bool]:
    """Return which ``found`` points have a drawn one of their own within ``reach``.

    The nearest pairs are joined first.
    """
    taken = [False] * len(found)
    free = set(range(len(drawn)))
    apart = np.hypot(*(found[:, None] - drawn[None]).transpose(2, 0, 1))
    for pair in np.argsort(apart, axis=None, kind="stable"):
        one, other = divmod(int(pair), len(drawn))
        if apart[one, other] > reach:
            break
        if not taken[one] and other in free:
            taken[one] = True
            free.remove(other)
    return taken


def _is_known(line: NDArray[np.float32], truth: Labels, grid: GridMap) -> bool:
    """Whether at least half of a B-line runs where the drawing says something."""
    ends = grid.to_grid(line[:4].reshape(2, 2))
    points = np.rint(np.linspace(ends[0], ends[1], 32)).astype(np.intp)
    row, column = np.clip(points, 0, len(truth) - 1).T
    return bool((truth[row, column] != UNKNOWN).mean() >= 0.5)
