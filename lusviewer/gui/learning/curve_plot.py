"""Loss curves as they come, drawn by pyqtgraph; imported once there is one to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lusviewer.gui.learning.fields import Choice
from lusviewer.gui.learning.words import curve_words
from lusviewer.gui.panel_parts import words
from lusviewer.gui.theme import SPACE, theme_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtCore import QEvent

    from lusviewer.gui.learning.trainings import Curve
    from lusviewer.gui.theme import Theme

_HEIGHT: Final = 130
_FEW: Final = 20
_AXES: Final = ("left", "bottom")


def bare_plot(name: str, height: int) -> pyqtgraph.PlotWidget:
    """Return a plot that neither zooms nor catches the wheel."""
    plot = pyqtgraph.PlotWidget(background=None)
    # The style sheet paints every graphics view as the clip's dark stage.
    plot.setStyleSheet("background: transparent;")
    plot.setFixedHeight(height)
    plot.setAccessibleName(name)
    plot.setMenuEnabled(False)
    plot.setMouseEnabled(x=False, y=False)
    plot.hideButtons()
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    for axis in _AXES:
        plot.getAxis(axis).enableAutoSIPrefix(enable=False)
    return plot


def dress(plot: pyqtgraph.PlotWidget, colours: Theme) -> None:
    """Give the axes of a plot the colours of the theme."""
    for name in _AXES:
        axis = plot.getAxis(name)
        axis.setPen(colours.colour("line"))
        axis.setTextPen(colours.colour("muted"))


class CurvePlot(QWidget):
    """Losses of what is fitted by steps; the newest, unless another is chosen."""

    def __init__(self) -> None:
        super().__init__()
        self._curves: Mapping[str, Curve] = {}
        self._chosen = ""
        self.choice = Choice(
            self.tr("Curve"), self.tr("Which of the curves is shown; first the newest")
        )
        self.plot = bare_plot(self.tr("How the error falls"), _HEIGHT)
        self.learned = self.plot.plot()
        self.judged = self.plot.plot()
        self.key = words("", "muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        for widget in (self.choice, self.plot, self.key):
            column.addWidget(widget)
        self._dress()
        self.choice.activated.connect(self._on_chosen)

    def show_curves(self, curves: Mapping[str, Curve]) -> None:
        """Show what came; where a new curve began, that one."""
        self._curves = curves
        if self.choice.count() != len(curves):
            self.choice.fill([(curve_words(what), what, True) for what in curves])
            if not self._chosen:
                self.choice.setCurrentIndex(self.choice.count() - 1)
        self.choice.setVisible(len(curves) > 1)
        self._draw()

    def _on_chosen(self) -> None:
        self._chosen = str(self.choice.currentData())
        self._draw()

    def _draw(self) -> None:
        curve = self._curves.get(str(self.choice.currentData()))
        if curve is None:
            return
        # Of few points a line alone shows little, of one nothing.
        dot = "o" if len(curve.steps) <= _FEW else None
        self.learned.setData(curve.steps, curve.loss, symbol=dot)
        self.judged.setData(curve.judged_at, curve.judged, symbol=dot)
        solid = self.tr("Error by step. Solid: clips it learns from")
        told = [_told(solid, curve.loss)]
        told += [_told(self.tr("Dashed: clips that only judge"), curve.judged)]
        self.key.setText("\n".join(part for part in told if part))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() is event.Type.PaletteChange and self._curves:
            self._dress()

    def _dress(self) -> None:
        colours = theme_of(self)
        dress(self.plot, colours)
        self.learned.setPen(pyqtgraph.mkPen(colours.colour("accent"), width=1.6))
        dashes = Qt.PenStyle.DashLine
        pen = pyqtgraph.mkPen(colours.colour("warning"), width=1.6, style=dashes)
        self.judged.setPen(pen)
        for line, role in ((self.learned, "accent"), (self.judged, "warning")):
            line.setSymbolBrush(colours.colour(role))
            line.setSymbolPen(None)
            line.setSymbolSize(4)


def _told(name: str, values: list[float]) -> str:
    return f"{name}, {values[-1]:.3f}" if values else ""
