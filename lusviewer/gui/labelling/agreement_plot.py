"""Bland and Altman's plot: the difference of two raters over their mean."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, Qt

from lusviewer.gui import palette, theme
from lusviewer.gui.results.charts import Chart

if TYPE_CHECKING:
    from PySide6.QtGui import QColor

    from lusviewer.library.agreement import NumberAgreement
    from lusviewer.library.agreement_figures import Estimate

_DASH = Qt.PenStyle.DashLine


def tr(text: str) -> str:
    """Return ``text`` in the language of the window."""
    return QCoreApplication.translate("AgreementPlot", text)


class BlandAltmanChart(Chart):
    """A dot a pair, larger where several fall together; bias and limits as lines."""

    def __init__(self, found: NumberAgreement, raters: tuple[str, str]) -> None:
        super().__init__(tr("Bland-Altman plot of {what}").format(what=found.words))
        self._found, self._raters = found, raters
        self.setMinimumHeight(200)

    def draw(self) -> None:
        """Draw the bands of the intervals, the lines, then the pairs."""
        colours, figures = theme.theme_of(self), self._found.figures
        for estimate, style in (
            (figures.bias, Qt.PenStyle.SolidLine),
            (figures.lower, _DASH),
            (figures.upper, _DASH),
        ):
            self._level(estimate, style)
        pairs = Counter(
            ((one.first + one.second) / 2, one.first - one.second)
            for one in self._found.pairs
        )
        ink = palette.ink(palette.colour_of("a_line"), colours.colour("panel"))
        fill = type(ink)(ink)
        fill.setAlpha(120)
        self.plot.addItem(
            pg.ScatterPlotItem(
                [mean for mean, _ in pairs],
                [difference for _, difference in pairs],
                size=[7 + 3 * (count - 1) ** 0.5 for count in pairs.values()],
                pen=pg.mkPen(ink),
                brush=pg.mkBrush(fill),
            )
        )
        first, second = self._raters
        self.label(
            tr("Mean of both"),
            tr("{first} less {second}").format(first=first, second=second),
        )

    def _level(self, estimate: Estimate, style: Qt.PenStyle) -> None:
        colours = theme.theme_of(self)
        band: QColor = colours.colour("muted")
        band.setAlpha(40)
        if math.isfinite(estimate.lower):
            region = pg.LinearRegionItem(
                (estimate.lower, estimate.upper),
                orientation="horizontal",
                movable=False,
                brush=pg.mkBrush(band),
                pen=pg.mkPen(None),
            )
            self.plot.addItem(region)
        line = pg.InfiniteLine(
            estimate.value,
            angle=0,
            pen=pg.mkPen(colours.colour("text"), width=1.4, style=style),
            label=f"{estimate.value:.2f}",
            labelOpts={
                "position": 0.93,
                "color": colours.colour("text"),
                "fill": colours.colour("panel"),
            },
        )
        self.plot.addItem(line)
