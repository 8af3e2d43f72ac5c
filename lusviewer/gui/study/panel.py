"""The clips of the library, to look at and to label together."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QPushButton, QStackedWidget, QVBoxLayout, QWidget

from lusviewer.gui import dropping
from lusviewer.gui.panel_parts import ElidedLabel, link, words
from lusviewer.gui.study.cards import AnalysisCard, FillingCard, WritingCard
from lusviewer.gui.study.chooser import Chooser, nothing_words
from lusviewer.gui.study.filling.model import Filling
from lusviewer.gui.study.label_bar import LabelBar
from lusviewer.gui.study.listing.clip_list_view import ClipListView
from lusviewer.gui.study.watcher import Watcher
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from PySide6.QtGui import QDragEnterEvent, QDropEvent, QFontMetrics

    from lusviewer.gui.settings import Settings
    from lusviewer.gui.study.listing.work import Listing
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel


_LETTERS: Final = 28


class StudyPanel(QWidget):
    """Searching, the list, what is going on, and what is said of several clips.

    Signals
    -------
    wanted(str)
        The action of this name is to be done.
    dropped(list)
        These paths are to be added.
    """

    wanted = Signal(str)
    dropped = Signal(object)

    def __init__(
        self,
        viewer: ViewerModel,
        study: StudyModel,
        settings: Settings,  # noqa: ARG002 - all panels of the study take it
    ) -> None:
        super().__init__()
        self.setObjectName("study_panel")
        self._viewer, self._study = viewer, study
        self.chooser = Chooser()
        self.view = ClipListView(study)
        self.filling = Filling(study, self)
        self.filling_card = FillingCard(self.filling)
        self.analysis = AnalysisCard(viewer, study)
        self.label_bar = LabelBar(study)
        self.writing_card = WritingCard(viewer, study)
        Watcher(study, self)
        self.count = ElidedLabel("", "muted")
        self.count.setContentsMargins(SPACE, 0, SPACE, 0)
        self.pages = QStackedWidget()
        self._invitation, self._nothing = self._invite(), self._tell_nothing()
        for page in (self._invitation, self._nothing, self.view):
            self.pages.addWidget(page)
        self.pages.setCurrentWidget(self._invitation)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addWidget(self.chooser)
        column.addWidget(self.count)
        column.addWidget(self.pages, 1)
        for part in (
            self.label_bar,
            self.writing_card,
            self.filling_card,
            self.analysis,
        ):
            frame = QVBoxLayout()
            frame.setContentsMargins(SPACE, 0, SPACE, 0)
            frame.addWidget(part)
            column.addLayout(frame)
        column.addSpacing(SPACE // 2)
        self.setMinimumWidth(self.least_width(self.fontMetrics()))
        self.setAcceptDrops(True)
        self._connect()

    def _connect(self) -> None:
        self.chooser.changed.connect(self._choose)
        self.chooser.search.returnPressed.connect(self.view.setFocus)
        self._viewer.models_changed.connect(self._choose)
        self._study.seen.changed.connect(self._choose)
        self.view.clips.listed.connect(self._show_listing)
        self.view.chosen.connect(self.open_clip)
        self.view.selected.connect(self.label_bar.set_clips)
        self.label_bar.cleared.connect(self.view.clearSelection)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._show_menu)

    def _invite(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        column.setSpacing(SPACE)
        column.addWidget(words(self.tr("The study library is empty."), wrap=True))
        told = self.tr(
            "It keeps which clips you have, what you say of them and what models "
            "found. The clips stay where they are. Drop a folder here, or begin with:"
        )
        column.addWidget(words(told, "muted", wrap=True))
        for name, text in (
            ("study_add_folder", self.tr("Add a folder of clips ...")),
            ("study_collection", self.tr("Import a collection ...")),
        ):
            button = QPushButton(text)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(partial(self._want, name))
            column.addWidget(button)
        column.addStretch(1)
        return page

    def _tell_nothing(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        self.nothing = words("", "muted", wrap=True)
        column.addWidget(self.nothing)
        text = self.tr("Show all clips")
        column.addWidget(link(text, text, self.chooser.reset))
        column.addStretch(1)
        return page

    def _want(self, name: str, _checked: bool = False) -> None:  # noqa: FBT001, FBT002
        self.wanted.emit(name)

    @staticmethod
    def least_width(metrics: QFontMetrics) -> int:
        """Return a width in which names can be read at this size of the font."""
        return _LETTERS * metrics.averageCharWidth()

    def sizeHint(self) -> QSize:
        """Return a width in which names can be read."""
        return QSize(250, 400)

    @Slot()
    def _choose(self) -> None:
        bundle = self._viewer.bundle
        sha256 = "" if bundle is None else bundle.identity.sha256
        choice = self.chooser.choice(sha256)
        self.view.clips.choose(replace(choice, raters=self._study.seen.raters))

    @Slot(object)
    def _show_listing(self, listing: Listing) -> None:
        self.chooser.set_tasks(listing.tasks)
        self.label_bar.set_tasks(listing.tasks)
        self.chooser.setVisible(listing.total > 0)
        self.count.setVisible(listing.total > 0)
        self.count.set_full_text(self._counted(listing))
        self.nothing.setText(nothing_words(listing.choice))
        if listing.ids:
            self.pages.setCurrentWidget(self.view)
        else:
            empty = listing.total == 0
            self.pages.setCurrentWidget(self._invitation if empty else self._nothing)

    def _counted(self, listing: Listing) -> str:
        shown, total, patients = len(listing.ids), listing.total, listing.patients
        if not shown:
            return self.tr("None of {n} clips").format(n=total)
        clips = self.tr("1 clip") if total == 1 else self.tr("{n} clips")
        clips = clips.format(n=total)
        if shown != total:
            clips = self.tr("{shown} of {clips}").format(shown=shown, clips=clips)
        whose = self.tr("1 patient") if patients == 1 else self.tr("{n} patients")
        return f"{clips}, {whose.format(n=patients)}"

    @Slot(int)
    def open_clip(self, clip_id: int) -> None:
        """Open a clip together with the others of its exam."""
        self._study.open_clip(clip_id)

    @Slot(QPoint)
    def _show_menu(self, place: QPoint) -> None:
        self.label_bar.show_menu(self.view.viewport().mapToGlobal(place))

    # --- from the desktop ------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome files and folders: here they are added, not opened."""
        dropping.welcome(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Add what was dropped."""
        if paths := dropping.dropped(event):
            self.dropped.emit(paths)
