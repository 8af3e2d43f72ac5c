"""Turns presses, drags and keys into lines: the pen of the clip view."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, Signal, Slot

from lusviewer.gui.drawing import hints, strokes
from lusviewer.gui.drawing.sketch import STILL_PX, Sketch
from lusviewer.gui.drawing.strokes import XY, Grip, grip_at
from lusviewer.gui.drawing.work import Wish

if TYPE_CHECKING:
    from lusviewer.gui.drawing.model import DrawingModel
    from lusviewer.gui.pointing import Touch
    from lusviewer.gui.viewer_model import ViewerModel
    from lusviewer.library import Line

_GRIP_PX: Final = 9.0
"""How near, in px on screen, the pointer must be to take hold of something."""

_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_DELETE: Final = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


class DrawingTool(QObject):
    """The pen: draws lines of one ``kind``, and edits those of that kind.

    Signals
    -------
    changed()
        What is to be drawn on screen is different now.
    taken_up(bool)
    kind_changed(str)
    """

    changed = Signal()
    taken_up = Signal(bool)
    kind_changed = Signal(str)

    def __init__(self, viewer: ViewerModel, model: DrawingModel) -> None:
        super().__init__(viewer)
        self.model = model
        self.active = False
        self.kind = strokes.KINDS[0]
        self.as_drawn = False
        self.sketch: Sketch | None = None
        self.chosen: Grip | None = None
        self.hover: Grip | None = None
        self._viewer = viewer
        self._held: Grip | None = None
        self._moved: Line | None = None
        self._pressed: XY | None = None
        self._note = ""
        model.changed.connect(self._on_model)
        viewer.frame_changed.connect(self._leave)
        viewer.clip_closed.connect(self._leave)

    # --- taking it up ----------------------------------------------------------------

    def take_up(self, *, active: bool) -> None:
        """Take the pen up, or lay it down; a line half drawn is finished first."""
        if active != self.active:
            self._leave()
            self.active = active
            self.taken_up.emit(active)
            self.changed.emit()

    def choose_kind(self, kind: str) -> None:
        """Draw lines of ``kind`` from now on, with the pen in hand."""
        self._leave()
        self.kind = kind
        self.kind_changed.emit(kind)
        self.take_up(active=True)
        self.changed.emit()

    def set_as_drawn(self, as_drawn: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Keep lines as they are drawn rather than on the echo."""
        self.as_drawn = as_drawn
        self.changed.emit()

    def note(self, words: str) -> None:
        """Say something in the place of the hint until the pointer is used."""
        self._note = words
        self.changed.emit()

    # --- what is shown ---------------------------------------------------------------

    @property
    def lines(self) -> tuple[Line, ...]:
        """One's own lines of the frame, one that is being moved where it is now."""
        lines = self.model.lines() or ()
        if self._moved is None or self._held is None:
            return lines
        index = self._held.line
        return (*lines[:index], self._moved, *lines[index + 1 :])

    @property
    def cursor(self) -> Qt.CursorShape:
        """A hand over what can be held, else a cross."""
        grip = self._held or (None if self.sketch else self.hover)
        if grip is None:
            return Qt.CursorShape.CrossCursor
        if grip.edge:
            return Qt.CursorShape.SizeHorCursor
        held = self._held is not None
        shape = Qt.CursorShape
        return shape.ClosedHandCursor if held else shape.OpenHandCursor

    @property
    def keys(self) -> frozenset[Qt.Key]:
        """The keys of the pen, before the shortcuts of the window."""
        if not self.active:
            return frozenset()
        # A point taken back once too often must not take an answer back.
        keys = {Qt.Key.Key_Escape, *_DELETE}
        return frozenset(keys if self.sketch is None else keys | {*_ENTER})

    def hint(self) -> str:
        """Return what the next click does."""
        if self._note:
            return self._note
        if self.sketch is not None:
            return hints.hint_of_sketch(self.sketch, as_drawn=self.as_drawn)
        if self.hover is not None:
            chosen = self._is_chosen(self.hover.line)
            return hints.hint_over(self.hover, self.kind, chosen=chosen)
        return hints.hint_to_begin(self.kind, none_here=self.model.lines() == ())

    def _is_chosen(self, line: int) -> bool:
        return self.chosen is not None and self.chosen.line == line

    # --- the pointer -----------------------------------------------------------------

    def press(self, touch: Touch) -> bool:
        """Add a point, take hold of something, or begin a line."""
        if not self.active:
            return False
        self._note = ""
        self._viewer.set_playing(False)
        at = (touch.x, touch.y)
        self._pressed = at
        self._held = None if self.sketch else self._grip(touch)
        if self._held is None:
            self._let_go()
            self._add(at, touch.reach)
        self.changed.emit()
        return True

    def move(self, touch: Touch) -> bool:
        """Move what is held, draw on, or show what lies under the pointer."""
        if not self.active:
            return False
        at, pressed = (touch.x, touch.y), self._pressed
        if self._held is not None and pressed is not None:
            self._drag(self._held, pressed, at, touch.reach)
        elif self.sketch is not None and pressed is not None:
            self.sketch.draw_on(pressed, at, touch.reach)
        elif self.sketch is not None:
            self.sketch.ahead = at
        else:
            hover = self._grip(touch)
            if hover == self.hover:
                return False
            self.hover = hover
        self.changed.emit()
        return pressed is not None

    def release(self, touch: Touch) -> bool:
        """Finish what the press began."""
        if not self.active or self._pressed is None:
            return False
        held, moved = self._held, self._moved
        self._pressed = self._held = self._moved = None
        if held is not None and moved is not None:
            self._put_down(held, moved)
        elif held is not None:
            self._click(held, (touch.x, touch.y))
        elif self.sketch is not None and self.sketch.let_go():
            self._end(as_drawn=touch.alt)
        self.changed.emit()
        return True

    def double(self, touch: Touch) -> bool:
        """End the line that is being drawn."""
        if self.active:
            self._end(as_drawn=touch.alt)
        return self.active

    def _grip(self, touch: Touch) -> Grip | None:
        lines, at = self.model.lines() or (), (touch.x, touch.y)
        return grip_at(lines, self.kind, at, _GRIP_PX * touch.reach)

    def _add(self, at: XY, reach: float) -> None:
        if self.sketch is None:
            sheet = self.model.sheet()
            if sheet is None:
                self._note = self.tr("The library is still being read")
                return
            self.sketch = Sketch(self.kind, sheet)
        else:
            self.sketch.begun = False
        self.sketch.add(at, reach)

    def _drag(self, held: Grip, pressed: XY, at: XY, reach: float) -> None:
        line = (self.model.lines() or ())[held.line]
        if self._moved is None and math.dist(pressed, at) <= STILL_PX * reach:
            return
        if held.edge:
            self._moved = strokes.widened(line, at)
        elif held.point >= 0:
            self._moved = strokes.with_point(line, held.point, at)
        else:
            by = (at[0] - pressed[0], at[1] - pressed[1])
            self._moved = strokes.shifted(line, by)

    def _put_down(self, held: Grip, moved: Line) -> None:
        if held.edge:
            words = self.tr("Set how wide a B-line is")
        elif held.point >= 0:
            words = self.tr("Move a point")
        else:
            words = self.tr("Move a line")
        self.chosen = Grip(held.line, point=held.point)
        self._replace(held.line, moved, words)

    def _click(self, held: Grip, at: XY) -> None:
        """Choose what was clicked on; of the line chosen already, add a point."""
        point = held.point
        again = held.segment >= 0 and self._is_chosen(held.line)
        if again and self.kind != "b_line":
            line = (self.model.lines() or ())[held.line]
            more = strokes.with_inserted(line, held.segment, at)
            point = held.segment + 1
            self._replace(held.line, more, self.tr("Add a point"))
        self.chosen = Grip(held.line, point=point)

    def _replace(self, index: int, line: Line | None, words: str) -> None:
        lines = self.model.lines() or ()
        instead = () if line is None else (line,)
        kept = (*lines[:index], *instead, *lines[index + 1 :])
        # A frame that lost its last line is not said to have none: that is said aloud.
        self.model.keep(kept or None, words)

    # --- keys ------------------------------------------------------------------------

    def key(self, key: int, *, alt: bool) -> bool:
        """End, abandon or shorten a line, delete what is chosen, lay the pen down."""
        if not self.active:
            return False
        if self.sketch is not None:
            return self._key_in(self.sketch, key, alt=alt)
        if key in _DELETE:
            self.delete()
        elif key == Qt.Key.Key_Escape and self.chosen is not None:
            self._let_go()
        elif key == Qt.Key.Key_Escape:
            self.take_up(active=False)
        else:
            return False
        self.changed.emit()
        return True

    def _key_in(self, sketch: Sketch, key: int, *, alt: bool) -> bool:
        if key in _ENTER:
            self._end(as_drawn=alt)
        elif key == Qt.Key.Key_Escape:
            self.sketch = None
        elif key in _DELETE:
            self.sketch = sketch if sketch.shorten() else None
        else:
            return False
        self.changed.emit()
        return True

    def delete(self) -> None:
        """Delete the point that is chosen, or else the line."""
        lines, chosen = self.model.lines() or (), self.chosen
        if chosen is None or chosen.line >= len(lines):
            return
        left = None
        if chosen.point >= 0:
            left = strokes.without_point(lines[chosen.line], chosen.point)
        words = self.tr("Delete a point") if left else self.tr("Delete a line")
        self._let_go()
        self._replace(chosen.line, left, words)

    # --- ending ----------------------------------------------------------------------

    def _end(self, *, as_drawn: bool) -> None:
        """Make a line of what was sketched, if it is one."""
        sketch, self.sketch = self.sketch, None
        stroke = None if sketch is None else sketch.stroke()
        if sketch is not None and stroke is not None:
            snaps = not (as_drawn or self.as_drawn)
            words = hints.words_of(sketch.kind)
            self.model.finish(Wish(sketch.sheet, (stroke,), words, snaps))
        self.changed.emit()

    @Slot()
    def _leave(self) -> None:
        """Finish what was begun on a frame before another is shown."""
        self._note = ""
        self._end(as_drawn=False)
        self._pressed = None
        self._let_go()

    def _let_go(self) -> None:
        self.chosen = self.hover = self._held = self._moved = None

    @Slot()
    def _on_model(self) -> None:
        count = len(self.model.lines() or ())
        grips = (self.chosen, self.hover, self._held)
        if any(grip is not None and grip.line >= count for grip in grips):
            self._let_go()
        self.changed.emit()
