"""Bland and Altman's plot: the difference of two raters over their mean."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, QPointF, Qt
from PySide6.QtGui import QColor, QFontMetricsF

from lusviewer.gui import palette
from lusviewer.gui.charts import DASHED, SOLID, Chart, Plane, axis_over

if TYPE_CHECKING:
    from lusviewer.gui.theme import Theme
    from lusviewer.library.agreement import NumberAgreement
    from lusviewer.library.agreement_figures import Estimate

_LEAST: Final = 1.0
"""What each axis spans at least, in the unit of the numbers."""


def tr(text: str) -> str:
    """Return ``text`` in the language of the window."""
    return QCoreApplication.translate("AgreementPlot", text)


class BlandAltmanChart(Chart):
    """A dot a pair, larger where several fall together; bias and limits as lines."""

    def __init__(self, found: NumberAgreement, raters: tuple[str, str]) -> None:
        self._figures = figures = found.figures
        self._pairs = Counter(
            ((one.first + one.second) / 2, one.first - one.second)
            for one in found.pairs
        )
        first, second = raters
        levels = [
            value
            for one in (figures.bias, figures.lower, figures.upper)
            for value in (one.value, one.lower, one.upper)
        ]
        means, apart = zip(*self._pairs, strict=True)
        super().__init__(
            tr("Bland-Altman plot of {what}").format(what=found.words),
            axis_over(tr("Mean of both"), means, _LEAST),
            axis_over(
                tr("{first} less {second}").format(first=first, second=second),
                [*apart, *levels],
                _LEAST,
            ),
        )
        self.setMinimumHeight(200)

    def draw(self, plane: Plane, colours: Theme) -> None:
        """Draw the bands of the intervals, the lines, then the pairs."""
        figures = self._figures
        levels = (
            (figures.bias, SOLID),
            (figures.lower, DASHED),
            (figures.upper, DASHED),
        )
        for estimate, style in levels:
            _level(plane, estimate, style, colours)
        ink = palette.ink(palette.colour_of("a_line"), colours.colour("panel"))
        fill = QColor(ink)
        fill.setAlpha(120)
        sizes = [7 + 3 * (count - 1) ** 0.5 for count in self._pairs.values()]
        plane.dots(list(self._pairs), fill, sizes, ink)
        for estimate, _ in levels:
            _figure(plane, estimate.value, colours)


def _level(plane: Plane, found: Estimate, style: Qt.PenStyle, colours: Theme) -> None:
    band = colours.colour("muted")
    band.setAlpha(40)
    if math.isfinite(found.lower):
        plane.stripe(found.lower, found.upper, band)
    plane.level(found.value, colours.colour("text"), 1.4, style)


def _figure(plane: Plane, value: float, colours: Theme) -> None:
    """Write a figure on its line, on a ground of its own beside the right end."""
    painter, text = plane.painter, f"{value:.2f}"
    metrics = QFontMetricsF(painter.font())
    width, half = metrics.horizontalAdvance(text) + 8, metrics.height() / 2
    at = QPointF(plane.box.right() - width / 2, plane.at(0.0, value).y() + half)
    painter.fillRect(plane.room_above(at, text), colours.colour("panel"))
    plane.words_above(at, text, colours.colour("text"))
