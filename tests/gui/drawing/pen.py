"""A bright ridge to draw on, and a hand that draws on it with real events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from lusviewer.library import Line, open_library
from tests.gui.conftest import WAIT_MS

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.clip_view import ClipView
    from lusviewer.gui.main_window import MainWindow

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier
RIDGE_X = np.arange(20, 200)


def ridge_y(x: Any, frame: int) -> Any:
    """Return where the bright ridge lies: a bow that sinks from frame to frame."""
    return 70.0 + 8.0 * np.sin(x / 40.0) + 0.5 * frame


def open_in(qtbot: QtBot, window: MainWindow, path: Path) -> None:
    viewer = window._viewer
    viewer.auto_analyse = False
    with qtbot.waitSignal(viewer.image_changed, timeout=WAIT_MS):
        viewer.open_path(path)
    clip = viewer.clip
    assert clip is not None
    qtbot.waitUntil(lambda: clip.cached(11) is not None, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.drawing.model.ready, timeout=WAIT_MS)


def on_screen(view: ClipView, x: float, y: float) -> QPoint:
    return view.mapFromScene(QPointF(x + 0.5, y + 0.5))


def click(window: MainWindow, x: float, y: float) -> None:
    view = window.clip_view
    where = on_screen(view, x, y)
    QTest.mouseMove(view.viewport(), where)
    # Apart in time, so that two clicks near each other are no double click.
    QTest.mouseClick(view.viewport(), LEFT, NONE, where, 600)


def press_key(window: MainWindow, key: Qt.Key, modifier=NONE) -> None:
    QTest.keyClick(window.clip_view, key, modifier)


def drag(window: MainWindow, *points: tuple[float, float], button=LEFT) -> None:
    view = window.clip_view
    port = view.viewport()
    places = [on_screen(view, *point) for point in points]
    QTest.mousePress(port, button, NONE, places[0], 600)
    for place in places[1:]:
        QTest.mouseMove(port, place)
    QTest.mouseRelease(port, button, NONE, places[-1])


def kept(window: MainWindow) -> dict[int, tuple[Line, ...]]:
    """Return what anna drew, by frame, straight from the database."""
    folder = window.study.shelf.folder
    if not (folder / "library.db").is_file():
        return {}
    with open_library(folder) as library:
        assert library.verify().holds
        return {
            one.frame: one.lines
            for clip in library.clips.page()
            for one in library.drawings.of_clip(clip.id, "anna")
        }


def settle(qtbot: QtBot, window: MainWindow) -> None:
    def settled() -> bool:
        return not window.drawing.model._waiting and not window.study.writing

    qtbot.waitUntil(settled, timeout=WAIT_MS)


def from_ridge(line: Line, frame: int = 0) -> float:
    """Return the mean distance, in px down, of a line from the ridge."""
    x, y = np.array(line.points).T
    at = np.arange(np.ceil(x.min()), x.max())
    order = np.argsort(x)
    away = np.interp(at, x[order], y[order]) - ridge_y(at, frame)
    return float(np.abs(away).mean())


def draw_pleura(window: MainWindow, offset: float = 4.0) -> None:
    """Click a pleura ``offset`` px below the ridge, and end it with Enter."""
    frame = window._viewer.frame_index
    window.actions_by_name["draw_pleura"].trigger()
    for x in (40.0, 90.0, 140.0, 180.0):
        click(window, x, float(ridge_y(x, frame)) + offset)
    press_key(window, Qt.Key.Key_Return)


def draw_b_line(window: MainWindow) -> None:
    window.actions_by_name["draw_b_line"].trigger()
    click(window, 100.0, 80.0)
    click(window, 104.0, 200.0)
