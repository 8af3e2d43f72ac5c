"""What the next click of the pen does, in a line of words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from lusviewer.gui.drawing.sketch import Sketch
    from lusviewer.gui.drawing.strokes import Grip


def tr(text: str) -> str:
    """Return ``text`` in the language of the window."""
    return QCoreApplication.translate("drawing", text)


def hint_of_sketch(sketch: Sketch, *, as_drawn: bool) -> str:
    """Return how a line on its way goes on."""
    if sketch.kind == "b_line":
        return tr("Click where the B-line ends. Esc abandons it")
    if sketch.in_one:
        return tr("Let go to end the line")
    if as_drawn:
        return tr("Double-click or Enter ends the line, Backspace takes a point back")
    return tr("Double-click or Enter ends the line; with Alt it stays as drawn")


def hint_over(grip: Grip, kind: str, *, chosen: bool) -> str:
    """Return what can be done with what lies under the pointer."""
    if grip.edge:
        return tr("Drag to set how wide the B-line is")
    if grip.point >= 0:
        return tr("Drag to move the point; click, then Delete, to remove it")
    if kind == "b_line":
        return tr("Drag to move the B-line; click, then Delete, to remove it")
    if chosen:
        return tr("Click to add a point, drag to move the line, Delete removes it")
    return tr("Click to choose the line, drag to move it")


def hint_to_begin(kind: str, *, none_here: bool) -> str:
    """Return how a line is begun."""
    words = {
        "pleura": tr("Pleura: click along it, or draw it in one go"),
        "a_line": tr("A-line: click along it, or draw it in one go"),
        "b_line": tr("B-line: click its origin on the pleura, then its end"),
    }[kind]
    if none_here:
        return tr("You said that there are no lines here") + ". " + words
    return words


def words_of(kind: str) -> str:
    """Return what drawing a line of ``kind`` is called in the history."""
    return {
        "pleura": tr("Draw the pleura"),
        "a_line": tr("Draw an A-line"),
        "b_line": tr("Draw a B-line"),
    }[kind]
