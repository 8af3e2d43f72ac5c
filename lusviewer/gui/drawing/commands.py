"""Drawing in the window: the pen, its actions, and the marks on the slider."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QMenu, QToolBar, QToolButton

from lusviewer.gui.drawing.item import DrawingItem, Shown
from lusviewer.gui.drawing.model import DrawingModel
from lusviewer.gui.drawing.strokes import KINDS
from lusviewer.gui.drawing.taking import strokes_of
from lusviewer.gui.drawing.tool import DrawingTool
from lusviewer.gui.drawing.work import Wish

if TYPE_CHECKING:
    from lusviewer.gui.actions import Actions
    from lusviewer.gui.cine_bar import SeekSlider
    from lusviewer.gui.clip_view import ClipView
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel

_IN_BUTTON = (
    ("draw_pleura", "draw_a_line", "draw_b_line", "draw_as_drawn"),
    ("draw_copy", "draw_take", "draw_none"),
    ("draw_others",),
)


class Drawing(QObject):
    """Brings the pen, the library and the clip view together."""

    def __init__(self, viewer: ViewerModel, study: StudyModel, view: ClipView) -> None:
        super().__init__(view)
        self._viewer, self._view = viewer, view
        self._others = False
        self.model = DrawingModel(viewer, study)
        self.tool = DrawingTool(viewer, self.model)
        self._item = DrawingItem()
        view.take_tool(self.tool, self._item)
        self.tool.changed.connect(self._show)
        view.measuring_changed.connect(self._on_measuring)
        for signal in (viewer.geometry_changed, viewer.clip_opened, viewer.clip_closed):
            signal.connect(self._on_clip)

    def bind(self, actions: Actions, slider: SeekSlider) -> None:
        """Bind the actions of drawing, and mark drawn frames on the slider."""
        tool = self.tool
        actions["draw"].toggled.connect(self._take_up)
        actions["draw_as_drawn"].toggled.connect(tool.set_as_drawn)
        actions["draw_others"].toggled.connect(self._show_others)
        for kind in KINDS:
            chosen = partial(tool.choose_kind, kind)
            actions[f"draw_{kind}"].triggered.connect(lambda _=False, do=chosen: do())
        for name, slot in (
            ("draw_copy", self.copy),
            ("draw_take", self.take),
            ("draw_none", self.say_none),
            ("draw_previous", partial(self._jump, forth=False)),
            ("draw_next", partial(self._jump, forth=True)),
        ):
            actions[name].triggered.connect(lambda _=False, do=slot: do())
        for signal in (tool.taken_up, tool.kind_changed):
            signal.connect(partial(self._show_actions, actions))
        self.model.frames_changed.connect(slider.set_marks)
        self._give_menu(actions)

    def _give_menu(self, actions: Actions) -> None:
        """Put what goes with the pen under its button in the toolbar."""
        for bar in actions["draw"].associatedObjects():
            if not isinstance(bar, QToolBar):
                continue
            button = bar.widgetForAction(actions["draw"])
            if isinstance(button, QToolButton):
                menu = QMenu(button)
                for group in _IN_BUTTON:
                    menu.addActions([actions[name] for name in group])
                    menu.addSeparator()
                button.setMenu(menu)
                button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
                # The style sheet makes room for the arrow, but only when asked again.
                button.style().unpolish(button)
                button.style().polish(button)

    def _show_actions(self, actions: Actions, _what: object) -> None:
        tool = self.tool
        actions["draw"].setChecked(tool.active)
        for kind in KINDS:
            actions[f"draw_{kind}"].setChecked(tool.active and tool.kind == kind)

    def _take_up(self, active: bool) -> None:  # noqa: FBT001 - a Qt slot
        self.tool.take_up(active=active)

    @Slot(bool)
    def _on_measuring(self, measuring: bool) -> None:  # noqa: FBT001 - a Qt slot
        if measuring:
            self.tool.take_up(active=False)

    # --- what is shown -----------------------------------------------------------

    @Slot()
    def _show(self) -> None:
        tool, model = self.tool, self.model
        self._item.set_shown(
            Shown(
                tool.lines,
                model.waiting,
                model.others if self._others else (),
                tool.sketch,
                tool.chosen,
                tool.kind if tool.active else "",
            )
        )
        self._view.show_tool()

    @Slot()
    def _on_clip(self) -> None:
        self._item.set_geometry(self._viewer.geometry)

    def _show_others(self, others: bool) -> None:  # noqa: FBT001 - a Qt slot
        self._others = others
        self._show()

    # --- whole frames ------------------------------------------------------------

    def copy(self) -> None:
        """Take the lines of the nearest drawn frame before, on the echo here."""
        self._viewer.set_playing(False)
        self.tool.take_up(active=True)
        instead = self._instead()
        frame = self.model.copy_from_before()
        if frame is None:
            self.tool.note(self.tr("No frame before this one has lines of yours"))
        else:
            words = self.tr("Lines copied from frame {n}").format(n=frame + 1)
            self.tool.note(words + instead)

    def _instead(self) -> str:
        """Return what becomes of the lines that are there already, "" if none are."""
        if not self.model.lines():
            return ""
        return self.tr("; they replace those that were here, undo brings them back")

    def take(self) -> None:
        """Begin with the lines that the model found in this frame."""
        self._viewer.set_playing(False)
        self.tool.take_up(active=True)
        found, geometry = self._view.findings_shown(), self._viewer.geometry
        sheet = self.model.sheet()
        if found is None or geometry is None:
            self.tool.note(self.tr("This frame is not analysed yet"))
            return
        strokes = strokes_of(found.lines, geometry)
        if not strokes:
            self.tool.note(self.tr("The model found no lines in this frame"))
        elif sheet is not None:
            words = self.tr("Take the model's lines")
            told = self.tr("The model's lines: change what is wrong") + self._instead()
            self.model.finish(Wish(sheet, strokes, words, snaps=False, replacing=True))
            self.tool.note(told)

    def say_none(self) -> None:
        """Say that this frame has no lines, unless some are drawn."""
        self._viewer.set_playing(False)
        if self.model.lines():
            self.tool.take_up(active=True)
            self.tool.note(self.tr("There are lines of yours here: delete them first"))
            return
        self.model.keep((), self.tr("Say that there are no lines"))
        words = self.tr("Frame {n}: no lines").format(n=self._viewer.frame_index + 1)
        self._viewer.status_changed.emit(words)

    def _jump(self, *, forth: bool) -> None:
        here, frames = self._viewer.frame_index, self.model.frames
        there = [one for one in frames if (one > here if forth else one < here)]
        if there:
            self._viewer.set_playing(False)
            self._viewer.set_frame(there[0] if forth else there[-1])

    def close(self) -> None:
        """Keep what is on its way; nothing is heard after."""
        self.tool.take_up(active=False)
        self.model.close()
