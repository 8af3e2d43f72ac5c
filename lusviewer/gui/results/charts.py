"""Curves and intervals of a result, drawn in the colours of the theme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, QPointF
from PySide6.QtGui import QColor

from lusviewer.gui import palette, theme
from lusviewer.gui.charts import DASHED, Axis, Chart, Plane
from lusviewer.gui.results.result_words import (
    compared_words,
    figure_words,
    rival_words,
    tr,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtWidgets import QWidget

    from lusviewer.experts.validation import Calibration, Compared, Roc
    from lusviewer.gui.theme import Theme

_ORDER: Final = ("a_line", "b_line", "lung", "consolidation", "effusion", "rib_shadow")
_ROW_PX: Final = 44
_DIAGONAL: Final = ((0.0, 0.0), (1.0, 1.0))
_ROOM: Final = 0.03
_SHADE: Final = 0.18


def class_colour(widget: QWidget, place: int) -> QColor:
    """Return the colour of a class by its place, as it stands out on ``widget``."""
    hue = QColor(palette.CLASS_COLOURS[_ORDER[place % len(_ORDER)]])
    return palette.ink(hue, theme.theme_of(widget).colour("panel"))


class RocChart(Chart):
    """The ROC curve of a class against the rest, with the interval around it."""

    def __init__(
        self, curve: Roc, band: NDArray[np.float64] | None, place: int, side: int
    ) -> None:
        """Take the class's ``place`` among all, and the height in px."""
        super().__init__(
            tr("ROC curve of {name}").format(name=curve.name),
            Axis(tr("1 \N{MINUS SIGN} specificity"), -_ROOM, 1 + _ROOM),
            Axis(tr("Sensitivity"), -_ROOM, 1 + _ROOM),
        )
        self._curve, self._band, self._place = curve, band, place
        self.setAccessibleDescription(f"AUC {figure_words(curve.auc)}")
        self.setFixedHeight(side)

    def draw(self, plane: Plane, colours: Theme) -> None:
        """Draw band, diagonal and curve."""
        colour = class_colour(self, self._place)
        if self._band is not None:
            soft = QColor(colour)
            soft.setAlphaF(_SHADE)
            plane.band(self._band, soft)
        plane.line(_DIAGONAL, colours.colour("muted"), 1.0, DASHED)
        if self._curve.points:
            plane.line(self._curve.points, colour)


class CalibrationChart(Chart):
    """What was said against how often it held; larger dots stand for more clips."""

    def __init__(self, calibration: Calibration, side: int) -> None:
        super().__init__(
            tr("Calibration"),
            Axis(tr("Probability said"), -_ROOM, 1 + _ROOM),
            # The number above a dot at 1 needs room, too.
            Axis(tr("Share seen"), -_ROOM, 1 + 3 * _ROOM),
        )
        self._bins = calibration.bins
        words = tr("said {said:.2f}, seen {seen:.2f}, {n} clips")
        told = [
            words.format(said=one.said, seen=one.seen, n=one.clips)
            for one in self._bins
        ]
        self.setAccessibleDescription("; ".join(told))
        self.setFixedHeight(side)

    def draw(self, plane: Plane, colours: Theme) -> None:
        """Draw the diagonal, the dots joined, and how many clips each stands for."""
        plane.line(_DIAGONAL, colours.colour("muted"), 1.0, DASHED)
        points = [(one.said, one.seen) for one in self._bins]
        most = max((one.clips for one in self._bins), default=1)
        sizes = [6 + 16 * (one.clips / most) ** 0.5 for one in self._bins]
        accent = colours.colour("accent")
        plane.line(points, accent, 1.2)
        plane.dots(points, accent, sizes, colours.colour("panel"))
        for one, size in zip(self._bins, sizes, strict=True):
            above = plane.at(one.said, one.seen) - QPointF(0, size / 2 + 2)
            plane.words_above(above, str(one.clips), colours.colour("muted"))


class DifferenceChart(Chart):
    """By how much the new expert is better, a dot with its interval for each rival."""

    def __init__(self, compared: Sequence[tuple[str, Compared]], words: str) -> None:
        self._rows = tuple(
            (name, one.difference)
            for name, one in compared
            if None not in (one.difference.lower, one.difference.upper)
        )[::-1]
        ends = [abs(e or 0.0) for _, one in self._rows for e in (one.lower, one.upper)]
        reach = max([0.1, *ends]) * 1.12
        names = tuple(
            (float(place), rival_words(name))
            for place, (name, _) in enumerate(self._rows)
        )
        rows = max(len(self._rows), 1)
        up = Axis("", -0.6, rows - 0.4, names)
        super().__init__(words, Axis(words, -reach, reach), up)
        told = [compared_words(name, one) for name, one in compared]
        self.setAccessibleDescription("; ".join(told))
        self.setFixedHeight(_ROW_PX * rows + 56)

    def draw(self, plane: Plane, colours: Theme) -> None:
        """Draw the line of no difference, intervals and dots."""
        plane.upright(0.0, colours.colour("muted"), 1.0, DASHED)
        for place, (_, found) in enumerate(self._rows):
            low, high = found.lower or 0.0, found.upper or 0.0
            colour = colours.colour("warning" if high < 0 else "accent")
            if low <= 0 <= high:
                colour = colours.colour("text")
            plane.line([(low, place), (high, place)], colour, 2.5)
            plane.dots([(found.value or 0.0, place)], colour, 11.0)


def better_words() -> str:
    """Return how the axis of a difference is to be read."""
    return QCoreApplication.translate(
        "results", "in use is better  ←  0  →  new is better"
    )
