"""What the timelines show, row by row, and where time lies on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.findings import BIOMARKERS, FINDINGS, INDEX, LABELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.findings import Biomarker

CURVES: Final = (
    *(f"finding.{key}" for key in FINDINGS),
    "measured.b_line_count",
    "measured.pleura_with_b_lines_fraction",
    "measured.a_line_count",
)
"""The biomarkers drawn as curves; the 38 labels follow as a heat-map."""

_TICKS_S: Final = (
    *(0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0),
    *(60.0, 120.0, 300.0, 600.0),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the view: a curve, a group's heading or a strip of heat.

    ``top`` and ``height`` are in px of the content, below the time axis.
    """

    kind: str
    key: str
    label: str
    top: int
    height: int

    @property
    def bottom(self) -> int:
        """The first px below the row."""
        return self.top + self.height


def lay_out(
    curve_height: int, strip_height: int, heading_height: int, *, expanded: bool
) -> tuple[Row, ...]:
    """Return the rows from the top, with the 38 labels if ``expanded``."""
    rows: list[Row] = []
    top = 0

    def add(kind: str, key: str, label: str, height: int) -> None:
        nonlocal top
        rows.append(Row(kind, key, label, top, height))
        top += height

    for key in CURVES:
        add("curve", key, biomarker(key).label, curve_height)
    if expanded:
        group = ""
        for label in LABELS:
            words, _, name = label.label.partition(": ")
            if label.group != group:
                group = label.group
                add("heading", group, words, heading_height)
            add("strip", label.key, name, strip_height)
    return tuple(rows)


def biomarker(key: str) -> Biomarker:
    """Return the biomarker of ``key``."""
    return BIOMARKERS[INDEX[key]]


def value_words(key: str, value: float) -> str:
    """Return ``value`` as it is written on screen; a dash where there is none."""
    if not np.isfinite(value):
        return "-"
    unit = biomarker(key).unit
    if unit == "fraction" and biomarker(key).upper <= 1.0:
        return f"{100 * value:.0f} %"
    digits = {"lines": ".0f", "mm": ".1f", "px": ".1f"}.get(unit, ".2f")
    suffix = f" {unit}" if unit in ("mm", "px") else ""
    return f"{value:{digits}}{suffix}"


@dataclass(frozen=True, slots=True)
class TimeScale:
    """Where each frame lies between ``left`` and ``left + width`` px.

    Frame ``i`` fills the time from ``edges_s[i]`` to ``edges_s[i + 1]``.
    """

    edges_s: NDArray[np.float64]
    left: float
    width: float

    @classmethod
    def of(
        cls, frame_times_s: NDArray[np.float64], left: float, width: float
    ) -> TimeScale:
        """Return the scale of a clip; the last frame lasts as long as most do."""
        steps = np.diff(frame_times_s)
        last = float(np.sort(steps)[len(steps) // 2]) if len(steps) else 1.0
        edges = np.append(frame_times_s, frame_times_s[-1] + last)
        return cls(edges - edges[0], left, max(width, 1.0))

    def __len__(self) -> int:
        return len(self.edges_s) - 1

    @property
    def duration_s(self) -> float:
        """From the start of the first frame to the end of the last."""
        return float(self.edges_s[-1])

    def x_of_time(self, time_s: float) -> float:
        """Return the px of a time."""
        return self.left + self.width * time_s / self.duration_s

    def x_of(self, frame: int) -> float:
        """Return the px of the middle of a frame."""
        middle = (self.edges_s[frame] + self.edges_s[frame + 1]) / 2
        return self.x_of_time(float(middle))

    def band_of(self, first: int, last: int) -> tuple[float, float]:
        """Return the px from where ``first`` starts to where ``last`` ends."""
        start, end = self.edges_s[first], self.edges_s[last + 1]
        return self.x_of_time(float(start)), self.x_of_time(float(end))

    def frame_at(self, x: float) -> int:
        """Return the frame shown at px ``x``, the nearest one outside the clip."""
        time_s = (x - self.left) / self.width * self.duration_s
        index = int(np.searchsorted(self.edges_s, time_s, side="right")) - 1
        return min(max(index, 0), len(self) - 1)

    def frames_of_columns(self, n_columns: int) -> NDArray[np.intp]:
        """Return the frame in the middle of each of ``n_columns`` equal px."""
        times = (np.arange(n_columns) + 0.5) / n_columns * self.duration_s
        frames = np.searchsorted(self.edges_s, times, side="right") - 1
        return np.clip(frames, 0, len(self) - 1)

    def ticks_s(self, gap_px: float) -> list[float]:
        """Return the times to write on the axis, at least ``gap_px`` apart."""
        least = gap_px / self.width * self.duration_s
        step = next((s for s in _TICKS_S if s >= least), _TICKS_S[-1])
        return [step * i for i in range(int(self.duration_s / step + 1e-6) + 1)]
