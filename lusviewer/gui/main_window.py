"""The window: docks around the clip, menus and toolbar from the table of actions."""

from __future__ import annotations

import getpass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QLabel,
    QMainWindow,
    QSizePolicy,
    QTabWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lusviewer.gui import dropping
from lusviewer.gui.actions import ACTIONS, MENUS, Actions, translated
from lusviewer.gui.banner import Banner
from lusviewer.gui.cine_bar import CineBar
from lusviewer.gui.clip_view import ClipView
from lusviewer.gui.commands import FileCommands, bind_cine, bind_viewing
from lusviewer.gui.dock_title import DockTitle
from lusviewer.gui.drawing.commands import Drawing
from lusviewer.gui.exam_panel import ExamPanel
from lusviewer.gui.findings_panel import FindingsPanel
from lusviewer.gui.focus_keys import FocusKeys
from lusviewer.gui.labelling.commands import LabelCommands
from lusviewer.gui.later import Later
from lusviewer.gui.layer_panel import LayerButton
from lusviewer.gui.player import Player
from lusviewer.gui.results.commands import ResultCommands
from lusviewer.gui.status_strip import StatusStrip
from lusviewer.gui.study.commands import StudyCommands
from lusviewer.gui.study.kept_edits import KeptEdits
from lusviewer.gui.study.model import StudyModel
from lusviewer.gui.study.panel import StudyPanel
from lusviewer.gui.timeline_view import TimelineView
from lusviewer.paths import user_data

if TYPE_CHECKING:
    from PySide6.QtGui import (
        QCloseEvent,
        QDragEnterEvent,
        QDropEvent,
        QShowEvent,
    )

    from lusviewer.gui.asking.panel import QueuePanel
    from lusviewer.gui.learning.panel import LearningPanel
    from lusviewer.gui.settings import Settings
    from lusviewer.gui.viewer_model import ViewerModel

SIZE: Final = QSize(1440, 900)
_STATE_VERSION: Final = 1
_TOOLBAR: Final = (
    "open",
    "open_folder",
    "",
    "analyse",
    "export",
    "",
    "overlays",
    "saliency",
    "layers",
    "",
    "fit",
    "measure",
    "draw",
    "",
    "undo",
    "redo",
)
_WITH_TEXT: Final = frozenset({"open", "analyse", "export"})


class MainWindow(QMainWindow):
    """Everything on screen; it knows the widgets, they do not know each other."""

    def __init__(self, viewer: ViewerModel, settings: Settings) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self._viewer = viewer
        self._settings = settings
        self._settled = False
        self.actions_by_name = Actions(self, settings)
        self.study = StudyModel(viewer, *_library_and_rater(settings))
        KeptEdits(viewer, self.study)
        self.player = Player(viewer)
        self.clip_view = ClipView(viewer)
        self.drawing = Drawing(viewer, self.study, self.clip_view)
        self.banner = Banner(viewer)
        self.cine_bar = CineBar(viewer, self.actions_by_name)
        self.exam_panel = ExamPanel(viewer)
        self.timeline_view = TimelineView(viewer)
        self.findings_panel = FindingsPanel(viewer, self.study)
        self.study_panel = StudyPanel(viewer, self.study, settings)
        self.queue: Later[QueuePanel] = Later(
            "lusviewer.gui.asking.panel", "QueuePanel", self._made
        )
        self.learning: Later[LearningPanel] = Later(
            "lusviewer.gui.learning.panel", "LearningPanel", self._made_to_learn
        )
        self.commands = FileCommands(viewer, settings, self.clip_view, self)
        self.commands.bind(self.actions_by_name)
        self.study_commands = StudyCommands(
            self.study, settings, self.study_panel, self
        )
        self.study_commands.bind(self.actions_by_name)
        self.labelling = LabelCommands(self.findings_panel.labelling, settings, self)
        self.labelling.bind(self.actions_by_name)
        bind_viewing(self.actions_by_name, viewer, self.clip_view)
        bind_cine(self.actions_by_name, viewer, self.player)
        self._lay_out()
        self.results = ResultCommands(viewer, self.study, settings, self)
        self.results.bind(self.actions_by_name)
        self.drawing.bind(self.actions_by_name, self.cine_bar.slider)
        self._connect()
        self._show_title()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            FocusKeys(self, app)

    # --- building ------------------------------------------------------------------

    def _made(self, panel: type[QueuePanel]) -> QueuePanel:
        made = panel(self._viewer, self.study, self._settings)
        made.library_wanted.connect(self.actions_by_name["study_find"].trigger)
        return made

    def _made_to_learn(self, panel: type[LearningPanel]) -> LearningPanel:
        made = panel(self._viewer, self.study, self._settings)
        made.result_wanted.connect(self.results.show_result)
        made.library_wanted.connect(self.actions_by_name["study_find"].trigger)
        made.guard(self)
        return made

    def _lay_out(self) -> None:
        self.setAcceptDrops(True)
        self.clip_view.setAcceptDrops(False)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self.clip_view, 1)
        column.addWidget(self.cine_bar)
        self.setCentralWidget(centre)
        left, right = (
            Qt.DockWidgetArea.LeftDockWidgetArea,
            Qt.DockWidgetArea.RightDockWidgetArea,
        )
        self.setCorner(Qt.Corner.BottomLeftCorner, left)
        self.setCorner(Qt.Corner.BottomRightCorner, right)
        self.docks = (
            self._dock("exam", self.tr("Exam"), self.exam_panel, left),
            self._dock("findings", self.tr("Findings"), self.findings_panel, right),
            self._dock(
                "timelines",
                self.tr("Timelines"),
                self.timeline_view,
                Qt.DockWidgetArea.BottomDockWidgetArea,
            ),
        )
        self.study_docks = (
            self._dock("study", self.tr("Library"), self.study_panel, left),
            self._dock("queue", self.tr("Label next"), self.queue, left),
            self._dock("learning", self.tr("Learn"), self.learning, right),
        )
        self._stack_docks()
        self._fill_menus()
        self._fill_toolbar()
        self.setStatusBar(StatusStrip(self._viewer, self.actions_by_name))
        self.resize(SIZE)
        self._default_state = self.saveState(_STATE_VERSION)

    def _dock(
        self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea
    ) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(f"dock_{name}")
        dock.setWidget(widget)
        dock.setTitleBarWidget(DockTitle(dock))
        self.addDockWidget(area, dock)
        return dock

    def _stack_docks(self) -> None:
        """Put the docks of the study behind those of the clip, as tabs."""
        exam, findings, _ = self.docks
        for dock in self.study_docks:
            front = findings if dock.objectName() == "dock_learning" else exam
            self.tabifyDockWidget(front, dock)
            front.raise_()
        self.setTabPosition(
            Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North
        )

    @Slot()
    def _settle_docks(self) -> None:
        exam, findings, timelines = self.docks
        horizontal, vertical = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        # Style what is still hidden now, rather than when the first report comes.
        for widget in self.findings_panel.findChildren(QWidget):
            widget.ensurePolished()
        sides = [min(250, self.width() // 6), min(380, round(self.width() * 0.27))]
        self.resizeDocks([exam, findings], sides, horizontal)
        self.resizeDocks([timelines], [round(self.height() * 0.25)], vertical)

    def _fill_menus(self) -> None:
        actions = self.actions_by_name
        for key, title in MENUS:
            menu = self.menuBar().addMenu(translated(title))
            groups = ""
            for spec in ACTIONS:
                if spec.menu.partition("/")[0] != key:
                    continue
                if groups and spec.menu != groups:
                    menu.addSeparator()
                groups = spec.menu
                menu.addAction(actions[spec.name])
                if spec.name == "open_sample":
                    self._recent = menu.addMenu(self.tr("Open &recent"))
                    self._recent.aboutToShow.connect(self._fill_recent)
            if key == "view":
                menu.addSeparator()
                for dock in (*self.docks, *self.study_docks):
                    menu.addAction(dock.toggleViewAction())
        # Actions that stand in no open menu still need their keys.
        self.addActions([actions[spec.name] for spec in ACTIONS])

    def _fill_toolbar(self) -> None:
        bar = QToolBar(self.tr("Tools"))
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setIconSize(QSize(18, 18))
        for name in _TOOLBAR:
            if not name:
                bar.addSeparator()
            elif name == "layers":
                bar.addWidget(LayerButton(self._viewer))
            else:
                bar.addAction(self.actions_by_name[name])
                if name in _WITH_TEXT:
                    self._show_text(bar, name)
        room = QWidget()
        room.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(room)
        notice = QLabel(self.tr("Research use only"))
        notice.setProperty("role", "warning")
        notice.setToolTip(self.tr("Research use only, not a medical device"))
        notice.setContentsMargins(0, 0, 8, 0)
        bar.addWidget(notice)
        self.addToolBar(bar)

    def _show_text(self, bar: QToolBar, name: str) -> None:
        action = self.actions_by_name[name]
        short = action.text().replace("&", "").removesuffix(" ...").split(" ")[0]
        action.setIconText(short)
        button = bar.widgetForAction(action)
        if isinstance(button, QToolButton):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def _connect(self) -> None:
        viewer = self._viewer
        for signal in (
            viewer.clip_opened,
            viewer.clip_closed,
            viewer.report_changed,
            viewer.analysis_started,
            viewer.analysis_ended,
            viewer.exam_changed,
            viewer.exam.progressed,
            self.study.opened,
            self.study.changed,
        ):
            signal.connect(self._show_possible)
        viewer.clip_opened.connect(self._show_title)
        viewer.clip_closed.connect(self._show_title)
        actions = self.actions_by_name
        actions["full_screen"].toggled.connect(self._show_full_screen)
        actions["reset_layout"].triggered.connect(self.reset_layout)

    # --- following the viewer -------------------------------------------------------

    @Slot()
    def _show_possible(self) -> None:
        viewer = self._viewer
        present = {
            "clip": viewer.clip is not None,
            "report": viewer.report is not None,
            "analysis": viewer.analysis.busy or viewer.exam.busy,
            "exam": len(viewer.exam.clips) > 1,
            "library": self.study.shelf.made,
        }
        there = frozenset(name for name, is_there in present.items() if is_there)
        self.actions_by_name.enable(there)

    @Slot()
    def _show_title(self) -> None:
        notice = self.tr("Research use only, not a medical device")
        clip = self._viewer.clip
        name = "" if clip is None else f"{clip.identity.path.name} - "
        self.setWindowTitle(f"{name}lusviewer - {notice}")

    # --- panels ---------------------------------------------------------------------

    @Slot()
    def reset_layout(self) -> None:
        """Put all panels back where they were at first."""
        self.restoreState(self._default_state, _STATE_VERSION)
        self._settle_docks()

    @Slot(bool)
    def _show_full_screen(self, full: bool) -> None:  # noqa: FBT001 - a Qt slot
        if full:
            self.showFullScreen()
        else:
            self.showNormal()

    def restore(self) -> None:
        """Take the place on screen and the panels of the last time."""
        self.restoreGeometry(self._settings.raw("window/geometry"))
        state = self._settings.raw("window/state")
        self._settled = self.restoreState(state, _STATE_VERSION)
        self.actions_by_name["full_screen"].setChecked(self.isFullScreen())

    def showEvent(self, event: QShowEvent) -> None:
        """Share out the room: docks take their sizes only once they are shown."""
        super().showEvent(event)
        if not self._settled:
            self._settled = True
            QTimer.singleShot(0, self._settle_docks)

    @Slot()
    def _fill_recent(self) -> None:
        self._recent.clear()
        for text in self._settings.recent():
            path = Path(text)
            words = f"{path.name}    {path.parent}".replace("&", "&&")
            action = self._recent.addAction(words)
            action.triggered.connect(partial(self._open_recent, path))
        self._recent.addSeparator()
        forget = self._recent.addAction(self.tr("Forget these"))
        forget.triggered.connect(self._settings.clear_recent)

    def _open_recent(self, path: Path) -> None:
        self.commands.open([path])

    # --- from the desktop -----------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome files and folders."""
        dropping.welcome(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        if paths := dropping.dropped(event):
            self.commands.open(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the panels, stop all work, wait for every thread."""
        self._settings.put("window/geometry", self.saveGeometry())
        self._settings.put("window/state", self.saveState(_STATE_VERSION))
        self._settings.write()
        self.commands.exporter.close()
        self.drawing.close()
        self.results.close()
        if self.learning.made is not None:
            self.learning.made.shutdown()
        self.labelling.close()
        self.study.shutdown()
        self._viewer.shutdown()
        super().closeEvent(event)


def _library_and_rater(settings: Settings) -> tuple[Path, str]:
    """Return the folder of the library and who labels, as chosen or usual."""
    folder = settings.text("library", str(user_data() / "library"))
    return Path(folder), settings.text("rater") or getpass.getuser()
