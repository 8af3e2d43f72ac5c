"""Loss curves as they come, drawn by pyqtgraph; imported once there is one to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyqtgraph
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lusviewer.gui.learning.fields import Choice
from lusviewer.gui.learning.words import curve_words
from lusviewer.gui.panel_parts import words
from lusviewer.gui.theme import SPACE, theme_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtCore import QEvent, QObject, QPointF

    from lusviewer.gui.learning.trainings import Curve
    from lusviewer.gui.theme import Theme

_HEIGHT: Final = 130
_FEW: Final = 20


class Axes:
    """A view with two axes and a line that is moved under the pointer.

    Without what a ``PlotWidget`` brings along, menus and buttons, it is made in a
    third of the time. It neither zooms nor catches the wheel.
    """

    def __init__(self, name: str) -> None:
        self.widget = pyqtgraph.GraphicsView(background=None)
        # The style sheet paints every graphics view as the clip's dark stage.
        self.widget.setStyleSheet("background: transparent;")
        self.widget.setFixedHeight(_HEIGHT)
        self.widget.setAccessibleName(name)
        self.widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view = pyqtgraph.ViewBox(enableMenu=False, enableMouse=False)
        self._grid = grid = pyqtgraph.GraphicsLayout()
        grid.addItem(self.view, 0, 1)
        self._sides = [pyqtgraph.AxisItem(side) for side in ("left", "bottom")]
        for side, place in zip(self._sides, ((0, 0), (1, 1)), strict=True):
            side.enableAutoSIPrefix(enable=False)
            side.linkToView(self.view)
            grid.addItem(side, *place)
        self.widget.setCentralItem(grid)
        self.pointer = pyqtgraph.InfiniteLine(angle=90)
        self.pointer.setVisible(False)
        self.view.addItem(self.pointer, ignoreBounds=True)

    def add_line(self) -> pyqtgraph.PlotDataItem:
        """Return a new line without points."""
        # Smoothed: in a line of steps the dashes could not be told from a solid one.
        line = pyqtgraph.PlotDataItem(antialias=True)
        self.view.addItem(line)
        return line

    def settle(self) -> None:
        """Give the numbers beside the axes their room.

        A layout that Qt left invalid without an event to come asks for none again.
        """
        self._grid.layout.activate()

    def dress(self, colours: Theme) -> None:
        """Take the colours of the theme."""
        for side in self._sides:
            side.setPen(colours.colour("line"))
            side.setTextPen(colours.colour("muted"))
        self.pointer.setPen(pyqtgraph.mkPen(colours.colour("muted"), width=1))


class CurvePlot(QWidget):
    """Losses of what is fitted by steps; the newest, unless another is chosen.

    Where the pointer stands, the errors at that step are read out.
    """

    def __init__(self) -> None:
        super().__init__()
        self._curves: Mapping[str, Curve] = {}
        self._chosen = ""
        self._pointed: float | None = None
        self.choice = Choice(
            self.tr("Curve"), self.tr("Which of the curves is shown; first the newest")
        )
        self.axes = Axes(self.tr("How the error falls"))
        self.learned, self.judged = self.axes.add_line(), self.axes.add_line()
        self.key = words("", "muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        for widget in (self.choice, self.axes.widget, self.key):
            column.addWidget(widget)
        self._dress()
        self.choice.activated.connect(self._on_chosen)
        self.axes.widget.scene().sigMouseMoved.connect(self._on_pointed)
        self.axes.widget.installEventFilter(self)

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
        self.axes.settle()
        self._tell()

    def _tell(self) -> None:
        """Say the errors: the last ones, or those at the step pointed to."""
        curve = self._curves.get(str(self.choice.currentData()))
        if curve is None:
            return
        step = nearest(curve.steps, self._pointed)
        self.axes.pointer.setVisible(step is not None)
        title = self.tr("Error by step")
        if step is not None:
            self.axes.pointer.setValue(step)
            title = self.tr("Error at step {n}").format(n=step)
        solid = self.tr("{title}. Solid: clips it learns from").format(title=title)
        told = [_told(solid, curve.steps, curve.loss, step)]
        dashed = self.tr("Dashed: clips that only judge")
        told += [_told(dashed, curve.judged_at, curve.judged, step)]
        text = "\n".join(part for part in told if part)
        self.key.setText(text)
        self.axes.widget.setAccessibleDescription(text)

    @Slot(object)
    def _on_pointed(self, place: QPointF) -> None:
        self._pointed = float(self.axes.view.mapSceneToView(place).x())
        self._tell()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Tell the last errors again once the pointer has gone."""
        if watched is self.axes.widget and event.type() is event.Type.Leave:
            self._pointed = None
            self._tell()
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() is event.Type.PaletteChange and self._curves:
            self._dress()

    def _dress(self) -> None:
        colours = theme_of(self)
        self.axes.dress(colours)
        self.learned.setPen(pyqtgraph.mkPen(colours.colour("accent"), width=1.6))
        dashes = Qt.PenStyle.DashLine
        pen = pyqtgraph.mkPen(colours.colour("warning"), width=1.6, style=dashes)
        self.judged.setPen(pen)
        for line, role in ((self.learned, "accent"), (self.judged, "warning")):
            line.setSymbolBrush(colours.colour(role))
            line.setSymbolPen(None)
            line.setSymbolSize(4)


def nearest(steps: Sequence[int], place: float | None) -> int | None:
    """Return the step that is nearest to a place, None where there is none."""
    if place is None or not steps:
        return None
    return min(steps, key=lambda step: abs(step - place))


def _told(
    name: str, steps: Sequence[int], values: Sequence[float], step: int | None
) -> str:
    """Return the value judged last by then, "" where there was none."""
    known = [
        value
        for at, value in zip(steps, values, strict=True)
        if step is None or at <= step
    ]
    return f"{name}, {known[-1]:.3f}" if known else ""
