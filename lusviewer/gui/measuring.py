"""Distances drawn on the image: mm where calibrated, px where not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from lusviewer.gui.history import PassingCommand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QUndoStack

    from lusviewer.geometry import FrameGeometry

Point = tuple[float, float]
"""``(row, column)`` in the clip's pixels."""

_GRIP_PX: Final = 10.0
"""How near, in px on screen, the pointer must be to take hold of an end."""

_SHORTEST_PX: Final = 3.0
"""A drag shorter than this, in px on screen, measures nothing."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A distance between two points of the image."""

    first: Point
    second: Point

    def moved(self, end: int, point: Point) -> Measurement:
        """Return the measurement with one of its ends (0 or 1) elsewhere."""
        return (
            Measurement(point, self.second)
            if end == 0
            else Measurement(self.first, point)
        )


def length_of(
    measurement: Measurement, geometry: FrameGeometry | None
) -> tuple[float, str]:
    """Return the length and its unit: "mm" in a calibrated region, else "px"."""
    rows = measurement.second[0] - measurement.first[0]
    columns = measurement.second[1] - measurement.first[1]
    spacing = None
    if geometry is not None:
        spacing = geometry.spacing_between(measurement.first, measurement.second)
    if spacing is None:
        return math.hypot(rows, columns), "px"
    return math.hypot(rows * spacing[0], columns * spacing[1]), "mm"


def words_of(measurement: Measurement, geometry: FrameGeometry | None) -> str:
    """Return the length as it is written beside the line."""
    length, unit = length_of(measurement, geometry)
    return f"{length:.1f} mm" if unit == "mm" else f"{length:.0f} px"


class Measurements(QObject):
    """The measurements of the open clip; every change of them can be undone.

    Signals
    -------
    changed()
        ``shown`` is another tuple now.
    """

    changed = Signal()

    def __init__(self, undo_stack: QUndoStack, parent: QObject) -> None:
        super().__init__(parent)
        self.shown: tuple[Measurement, ...] = ()
        self._undo_stack = undo_stack
        self._kept: dict[object, tuple[Measurement, ...]] = {}
        self._of: object = None

    def open(self, of: object) -> None:
        """Show those of another clip, told apart by its path, as they were left."""
        self.forget()
        self._of = of
        self.put(self._kept.get(of, ()))

    def add(self, measurement: Measurement) -> None:
        """Show one more."""
        self._do(self.tr("Measure a distance"), (*self.shown, measurement))

    def replace(self, index: int, measurement: Measurement) -> None:
        """Show another in the place of one."""
        shown = (*self.shown[:index], measurement, *self.shown[index + 1 :])
        self._do(self.tr("Move a measurement"), shown)

    def remove(self, index: int) -> None:
        """Show one less."""
        shown = self.shown[:index] + self.shown[index + 1 :]
        self._do(self.tr("Delete a measurement"), shown)

    def remove_all(self) -> None:
        """Show none."""
        if self.shown:
            self._do(self.tr("Delete all measurements"), ())

    def forget(self) -> None:
        """Show none, with nothing to undo: no clip is open."""
        self._of = None
        self.put(())

    def put(self, shown: tuple[Measurement, ...]) -> None:
        """Show these, without a step to undo."""
        if shown != self.shown:
            self.shown = shown
            if self._of is not None:
                self._kept[self._of] = shown
            self.changed.emit()

    def _do(self, words: str, shown: tuple[Measurement, ...]) -> None:
        self._undo_stack.push(_Change(self, words, shown))


class _Change(PassingCommand):
    def __init__(
        self,
        measurements: Measurements,
        words: str,
        shown: tuple[Measurement, ...],
    ) -> None:
        super().__init__(words)
        self._measurements = measurements
        self._old = measurements.shown
        self._new = shown

    def redo(self) -> None:
        self._measurements.put(self._new)

    def undo(self) -> None:
        self._measurements.put(self._old)


def end_near(
    measurements: Sequence[Measurement], point: Point, px_per_screen_px: float
) -> tuple[int, int] | None:
    """Return measurement and end under the pointer, the last drawn first."""
    reach = _GRIP_PX * px_per_screen_px
    for index in reversed(range(len(measurements))):
        ends = (measurements[index].first, measurements[index].second)
        for end, place in enumerate(ends):
            if math.dist(place, point) <= reach:
                return index, end
    return None


class MeasuringTool(QObject):
    """Turns presses and drags of the pointer into measurements.

    Points are ``(row, column)``; a ``reach`` is px of the clip per px of the screen.

    Signals
    -------
    changed()
        What is to be drawn is different now.
    """

    changed = Signal()

    def __init__(self, measurements: Measurements, parent: QObject) -> None:
        super().__init__(parent)
        self.measurements = measurements
        self.active = False
        self.drawing: Measurement | None = None
        self.chosen = -1
        self._held: tuple[int, int] | None = None
        measurements.changed.connect(self._on_measurements)

    @property
    def shown(self) -> tuple[Measurement, ...]:
        """The measurements but for one whose end is being moved."""
        shown = self.measurements.shown
        if self._held is None:
            return shown
        return shown[: self._held[0]] + shown[self._held[0] + 1 :]

    def take_up(self, *, active: bool) -> None:
        """Make drags measure, or stop doing so."""
        self.active = active
        self.drawing = self._held = None
        self.changed.emit()

    def press(self, point: Point, reach: float) -> bool:
        """Take hold of an end, or begin a measurement; false if neither."""
        self._held = end_near(self.measurements.shown, point, reach)
        if self._held is not None:
            self.chosen = self._held[0]
            self.drawing = self.measurements.shown[self.chosen]
        else:
            self.chosen = -1
            self.drawing = Measurement(point, point) if self.active else None
        self.changed.emit()
        return self.drawing is not None

    def drag(self, point: Point) -> bool:
        """Move what is held to ``point``; false if nothing is."""
        if self.drawing is None:
            return False
        end = 1 if self._held is None else self._held[1]
        self.drawing = self.drawing.moved(end, point)
        self.changed.emit()
        return True

    def release(self, reach: float) -> bool:
        """Keep what was drawn, unless it is too short; false if nothing was."""
        drawn, held = self.drawing, self._held
        self.drawing = self._held = None
        if drawn is None:
            return False
        if held is not None:
            if drawn != self.measurements.shown[held[0]]:
                self.measurements.replace(held[0], drawn)
        elif math.dist(drawn.first, drawn.second) >= _SHORTEST_PX * reach:
            self.measurements.add(drawn)
        self.changed.emit()
        return True

    def delete(self) -> None:
        """Delete the measurement that is chosen, or else the last."""
        shown = self.measurements.shown
        if shown:
            self.measurements.remove(
                self.chosen if self.chosen >= 0 else len(shown) - 1
            )

    def _on_measurements(self) -> None:
        if self.chosen >= len(self.measurements.shown):
            self.chosen = -1
        self.changed.emit()
