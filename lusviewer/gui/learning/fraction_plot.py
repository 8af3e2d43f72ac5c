"""What share of the labels brings which AUC, before and after a model was adapted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lusviewer.gui.learning.curve_plot import bare_plot, dress
from lusviewer.gui.learning.fields import Choice
from lusviewer.gui.learning.words import tr
from lusviewer.gui.panel_parts import words
from lusviewer.gui.theme import SPACE, theme_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QColor

    from lusviewer.gui.learning.events import Figure, Fractions, Share

_HEIGHT: Final = 150
_ASIDE: Final = 0.6
"""Percent that the two lie beside each other, so that no bar hides another."""


class FractionPlot(QWidget):
    """AUC by share of the labels: solid adapted, dashed as it was, with intervals."""

    def __init__(self) -> None:
        super().__init__()
        self._curves: Mapping[str, tuple[Share, ...]] = {}
        self.choice = Choice(self.tr("Question"), self.tr("Of which question it is"))
        self.plot = bare_plot(self.tr("AUC by share of the labels"), _HEIGHT)
        key = self.tr(
            "AUC on patients never seen, by share of the labels in %. Solid: adapted. "
            "Dashed: as it was. Bars: 95 % intervals."
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addWidget(self.choice)
        column.addWidget(self.plot)
        column.addWidget(words(key, "muted", wrap=True))
        self.choice.currentIndexChanged.connect(self._draw)

    def show_fractions(self, fractions: Fractions) -> None:
        """Show the curves of each question."""
        self._curves = fractions.curves
        names = [(name.replace("_", " "), name, True) for name in fractions.curves]
        self.choice.fill(names)
        self.choice.setVisible(len(names) > 1)
        self._draw()

    def _draw(self) -> None:
        self.plot.getPlotItem().clear()
        shares = self._curves.get(str(self.choice.currentData()), ())
        colours = theme_of(self)
        dress(self.plot, colours)
        before = [(one.share, one.before) for one in shares]
        adapted = [(one.share, one.adapted) for one in shares]
        dashed = colours.colour("warning"), Qt.PenStyle.DashLine
        self._line(before, dashed, -_ASIDE)
        self._line(adapted, (colours.colour("accent"), Qt.PenStyle.SolidLine), _ASIDE)
        told = [
            tr("{share:.0%} of the labels: {value:.2f}").format(
                share=share, value=figure.value
            )
            for share, figure in adapted
            if figure is not None
        ]
        self.plot.setAccessibleDescription("; ".join(told))

    def _line(
        self,
        points: Sequence[tuple[float, Figure | None]],
        look: tuple[QColor, Qt.PenStyle],
        aside: float,
    ) -> None:
        colour, style = look
        known = [(share, one) for share, one in points if one is not None]
        across = [100 * share + aside for share, _ in known]
        pen = pyqtgraph.mkPen(colour, width=1.6, style=style)
        self.plot.plot(across, [one.value for _, one in known], pen=pen)
        for x, one in zip(across, [one for _, one in known], strict=True):
            bar = pyqtgraph.mkPen(colour, width=1)
            self.plot.plot([x, x], [one.low, one.high], pen=bar)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() is event.Type.PaletteChange and self._curves:
            self._draw()
