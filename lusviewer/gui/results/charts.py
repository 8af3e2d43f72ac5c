"""Curves and intervals of a result, drawn in the colours of the theme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lusviewer.gui import palette, theme
from lusviewer.gui.results.result_words import (
    compared_words,
    figure_words,
    rival_words,
    tr,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PySide6.QtGui import QShowEvent

    from lusviewer.experts.validation import Calibration, Compared, Roc

_ORDER: Final = ("a_line", "b_line", "lung", "consolidation", "effusion", "rib_shadow")
_ROW_PX: Final = 44
_AXES: Final = ("left", "bottom")
_DASH: Final = Qt.PenStyle.DashLine


def class_colour(widget: QWidget, place: int) -> QColor:
    """Return the colour of a class by its place, as it stands out on ``widget``."""
    hue = QColor(palette.CLASS_COLOURS[_ORDER[place % len(_ORDER)]])
    return palette.ink(hue, theme.theme_of(widget).colour("panel"))


class Chart(QWidget):
    """A still picture of figures: it neither zooms nor catches the wheel."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.plot = pg.PlotWidget()
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._dressed = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.plot)

    def draw(self) -> None:
        """Draw everything anew, in the colours of the theme; each chart its own."""

    def showEvent(self, event: QShowEvent) -> None:
        """Dress when first seen: only then is the theme known."""
        super().showEvent(event)
        self._dress()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self._dressed:
            self._dress()

    def _dress(self) -> None:
        colours = theme.theme_of(self)
        if colours.name == self._dressed:
            return
        self._dressed = colours.name
        self.plot.setBackground(colours.colour("panel"))
        for side in _AXES:
            axis = self.plot.getAxis(side)
            axis.setPen(colours.colour("line"))
            axis.setTextPen(colours.colour("muted"))
            axis.enableAutoSIPrefix(enable=False)
            axis.setStyle(tickFont=theme.font(self.font(), scale=0.9))
        self.plot.getPlotItem().clear()
        self.draw()
        # Else the axes may keep the room they had without names.
        self.plot.getPlotItem().layout.activate()

    def label(self, across: str, up: str) -> None:
        """Name the axes."""
        colour = theme.theme_of(self).muted
        for side, words in zip(_AXES, (up, across), strict=True):
            self.plot.setLabel(side, words, color=colour)

    def line(self, points: object, colour: QColor, width: float = 2.0) -> None:
        """Draw a curve through points ``(n, 2)``."""
        given = np.asarray(points, np.float64)
        pen = pg.mkPen(colour, width=width)
        self.plot.addItem(
            pg.PlotCurveItem(given[:, 0], given[:, 1], pen=pen, antialias=True)
        )

    def diagonal(self) -> None:
        """Draw what chance, or perfect honesty, would be."""
        pen = pg.mkPen(theme.theme_of(self).colour("muted"), width=1, style=_DASH)
        self.plot.addItem(pg.PlotCurveItem([0, 1], [0, 1], pen=pen, antialias=True))

    def square(self) -> None:
        """Show 0 to 1 both ways."""
        self.plot.setRange(xRange=(0, 1), yRange=(0, 1), padding=0.03)


class RocChart(Chart):
    """The ROC curve of a class against the rest, with the interval around it."""

    def __init__(
        self, curve: Roc, band: NDArray[np.float64] | None, place: int, side: int
    ) -> None:
        """Take the class's ``place`` among all, and the height in px."""
        super().__init__(tr("ROC curve of {name}").format(name=curve.name))
        self._curve, self._band, self._place = curve, band, place
        self.setAccessibleDescription(f"AUC {figure_words(curve.auc)}")
        self.setFixedHeight(side)

    def draw(self) -> None:
        """Draw band, diagonal and curve."""
        self.label(tr("False positive rate"), tr("True positive rate"))
        self.square()
        colour = class_colour(self, self._place)
        if self._band is not None:
            self._shade(self._band, colour)
        self.diagonal()
        if self._curve.points:
            self.line(self._curve.points, colour)

    def _shade(self, band: NDArray[np.float64], colour: QColor) -> None:
        soft = QColor(colour)
        soft.setAlphaF(0.18)
        edges = [
            pg.PlotCurveItem(band[:, 0], band[:, side], pen=pg.mkPen(None))
            for side in (1, 2)
        ]
        for edge in edges:
            self.plot.addItem(edge)
        self.plot.addItem(pg.FillBetweenItem(*edges, brush=pg.mkBrush(soft)))


class CalibrationChart(Chart):
    """What was said against how often it held; larger dots stand for more clips."""

    def __init__(self, calibration: Calibration, side: int) -> None:
        super().__init__(tr("Calibration"))
        self._bins = calibration.bins
        words = tr("said {said:.2f}, seen {seen:.2f}, {n} clips")
        told = [
            words.format(said=one.said, seen=one.seen, n=one.clips)
            for one in self._bins
        ]
        self.setAccessibleDescription("; ".join(told))
        self.setFixedHeight(side)

    def draw(self) -> None:
        """Draw the diagonal, the dots joined, and how many clips each stands for."""
        colours = theme.theme_of(self)
        self.label(tr("Probability said"), tr("Share seen"))
        self.square()
        self.diagonal()
        points = np.array([(one.said, one.seen) for one in self._bins])
        counts = np.array([one.clips for one in self._bins], np.float64)
        accent = colours.colour("accent")
        self.line(points, accent, 1.2)
        sizes = 6 + 16 * np.sqrt(counts / counts.max())
        pen = pg.mkPen(colours.colour("panel"), width=1)
        dots = pg.ScatterPlotItem(
            points[:, 0], points[:, 1], size=sizes, brush=accent, pen=pen
        )
        self.plot.addItem(dots)
        for one in self._bins:
            text = pg.TextItem(str(one.clips), colours.colour("muted"), anchor=(0.5, 1))
            text.setFont(theme.font(self.font(), scale=0.85))
            text.setPos(one.said, one.seen + 0.03)
            self.plot.addItem(text)


class DifferenceChart(Chart):
    """By how much the new expert is better, a dot with its interval for each rival."""

    def __init__(self, compared: Sequence[tuple[str, Compared]], words: str) -> None:
        super().__init__(words)
        self._rows = tuple(
            (name, one.difference)
            for name, one in compared
            if None not in (one.difference.lower, one.difference.upper)
        )
        self._words = words
        told = [compared_words(name, one) for name, one in compared]
        self.setAccessibleDescription("; ".join(told))
        self.setFixedHeight(_ROW_PX * max(len(self._rows), 1) + 56)

    def draw(self) -> None:
        """Draw the line of no difference, intervals and dots."""
        colours = theme.theme_of(self)
        muted = colours.colour("muted")
        self.label(self._words, "")
        self.plot.addItem(pg.InfiniteLine(0, pen=pg.mkPen(muted, width=1, style=_DASH)))
        ticks = []
        for place, (name, found) in enumerate(reversed(self._rows)):
            low, high = found.lower or 0.0, found.upper or 0.0
            colour = colours.colour("warning" if high < 0 else "accent")
            if low <= 0 <= high:
                colour = colours.colour("text")
            self.line([(low, place), (high, place)], colour, 2.5)
            dot = pg.ScatterPlotItem(
                [found.value or 0.0], [place], size=11, brush=colour, pen=None
            )
            self.plot.addItem(dot)
            ticks.append((place, rival_words(name)))
        left = self.plot.getAxis("left")
        left.setStyle(hideOverlappingLabels=False, tickLength=0)
        left.setTicks([ticks])
        metrics = QFontMetrics(self.font())
        left.setWidth(24 + max(metrics.horizontalAdvance(name) for _, name in ticks))
        left.setTextPen(colours.colour("text"))
        ends = [abs(e or 0.0) for _, one in self._rows for e in (one.lower, one.upper)]
        reach = max([0.1, *ends]) * 1.12
        rows = max(len(self._rows), 1)
        self.plot.setRange(xRange=(-reach, reach), yRange=(-0.6, rows - 0.4), padding=0)


def better_words() -> str:
    """Return how the axis of a difference is to be read."""
    return QCoreApplication.translate(
        "results", "in use is better  ←  0  →  new is better"
    )
