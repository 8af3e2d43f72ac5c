"""What share of the labels brings which AUC, before and after a model was adapted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QVBoxLayout, QWidget

from lusviewer.gui.charts import DASHED, SOLID, Axis, Chart, Plane, axis_over
from lusviewer.gui.learning.fields import Choice
from lusviewer.gui.learning.words import question_words, tr
from lusviewer.gui.panel_parts import words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtCore import Qt
    from PySide6.QtGui import QColor

    from lusviewer.gui.learning.events import Figure, Fractions, Share
    from lusviewer.gui.theme import Theme

_HEIGHT: Final = 150
_ASIDE: Final = 0.6
"""Percent that the two lie beside each other, so that no bar hides another."""
_LEAST: Final = 0.1


class FractionChart(Chart):
    """AUC by share of the labels: solid adapted, dashed as it was, with intervals."""

    def __init__(self, name: str) -> None:
        super().__init__(name, Axis("", 0.0, 100.0), Axis("", 0.5, 1.0))
        self._shares: tuple[Share, ...] = ()
        self.setFixedHeight(_HEIGHT)

    def show_shares(self, shares: tuple[Share, ...]) -> None:
        """Draw these figures from now on."""
        self._shares = shares
        known = [f for one in shares for f in (one.before, one.adapted) if f]
        ends = [end for figure in known for end in (figure.low, figure.high)]
        across = [100 * one.share for one in shares]
        self.show_axes(
            axis_over("", [*across, 0.0]), axis_over("", ends, _LEAST, grid=True)
        )
        told = [
            tr("{share:.0f} % of the labels: {value:.2f}").format(
                share=100 * one.share, value=one.adapted.value
            )
            for one in shares
            if one.adapted is not None
        ]
        self.setAccessibleDescription("; ".join(told))

    def draw(self, plane: Plane, colours: Theme) -> None:
        """Draw both lines with an interval at each share."""
        before = [(one.share, one.before) for one in self._shares]
        adapted = [(one.share, one.adapted) for one in self._shares]
        _line(plane, before, (colours.colour("warning"), DASHED), -_ASIDE)
        _line(plane, adapted, (colours.colour("accent"), SOLID), _ASIDE)


class FractionPlot(QWidget):
    """The chart of each question, and how it is to be read."""

    def __init__(self) -> None:
        super().__init__()
        self._curves: Mapping[str, tuple[Share, ...]] = {}
        self.choice = Choice(self.tr("Question"), self.tr("Of which question it is"))
        self.chart = FractionChart(self.tr("AUC by share of the labels"))
        key = self.tr(
            "AUC on patients never seen, by share of the labels in %. Solid: adapted. "
            "Dashed: as it was. Bars: 95 % intervals."
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addWidget(self.choice)
        column.addWidget(self.chart)
        column.addWidget(words(key, "muted", wrap=True))
        self.fair = words("", "muted", wrap=True)
        column.addWidget(self.fair)
        self.choice.currentIndexChanged.connect(self._show)

    def show_fractions(self, fractions: Fractions) -> None:
        """Show the curves of each question."""
        self._curves = fractions.curves
        self.fair.setText(fractions.labels)
        self.fair.setVisible(bool(fractions.labels))
        names = [(question_words(name), name, True) for name in fractions.curves]
        self.choice.fill(names)
        self.choice.setVisible(len(names) > 1)
        self._show()

    def _show(self) -> None:
        self.chart.show_shares(self._curves.get(str(self.choice.currentData()), ()))


def _line(
    plane: Plane,
    points: Sequence[tuple[float, Figure | None]],
    look: tuple[QColor, Qt.PenStyle],
    aside: float,
) -> None:
    colour, style = look
    known = [(100 * share + aside, one) for share, one in points if one is not None]
    if not known:
        return
    plane.line([(x, one.value) for x, one in known], colour, 1.6, style)
    plane.dots([(x, one.value) for x, one in known], colour, 4.0)
    for x, one in known:
        plane.line([(x, one.low), (x, one.high)], colour, 1.0)
