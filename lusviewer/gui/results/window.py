"""The result of a training: is it better, and shall it be put in use."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, QTimer, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from lusviewer.errors import LusViewerError
from lusviewer.gui import theme
from lusviewer.gui.clinical_words import kind_words
from lusviewer.gui.jobs import Lane
from lusviewer.gui.narrow import narrow_tabs
from lusviewer.gui.panel_parts import ElidedLabel, set_role, words
from lusviewer.gui.results import work
from lusviewer.gui.results.asking_first import PromoteQuestion, RollBackQuestion
from lusviewer.gui.results.done_words import done_words
from lusviewer.gui.results.notice import Notice
from lusviewer.gui.results.pages import (
    TreePage,
    WrongPage,
    better_parts,
    features_parts,
    found_parts,
    good_parts,
    origin_parts,
)
from lusviewer.gui.results.piecemeal import Piecemeal
from lusviewer.gui.results.result_words import (
    Verdict,
    headline,
    question_words,
)
from lusviewer.gui.theme import SPACE, set_icon

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QCloseEvent

    from lusviewer.gui.results.model import ExpertsModel
    from lusviewer.gui.results.work import Done, Result
    from lusviewer.gui.settings import Settings
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel

SIZE: Final = QSize(1100, 800)
_GEOMETRY: Final = "result/geometry"
_ROLES: Final = {
    Verdict.BETTER: "accent",
    Verdict.WORSE: "warning",
    Verdict.UNDECIDED: "muted",
}


class ResultWindow(QWidget):
    """A window on the folder a training wrote; several may be open at once."""

    def __init__(
        self,
        viewer: ViewerModel,
        study: StudyModel,
        experts: ExpertsModel,
        settings: Settings,
        folder: Path,
    ) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._viewer, self._study, self._experts = viewer, study, experts
        self._settings = settings
        self.folder = folder
        self.result: Result | None = None
        self.setWindowTitle(self.tr("Result: {name}").format(name=folder.name))
        self.setAccessibleName(self.tr("Result of a training"))
        self._reading = Lane(self)
        self._reading.produced.connect(self._on_read)
        self._reading.failed.connect(self._on_failed)
        self._make_parts()
        self._lay_out()
        viewer.models_changed.connect(self.read)
        experts.changed.connect(self.read)
        experts.told.connect(self._on_told)
        experts.failed.connect(self.notice.show_error)
        if not self.restoreGeometry(settings.raw(_GEOMETRY)):
            self.resize(SIZE)
        self.read()

    def _make_parts(self) -> None:
        self.notice = Notice()
        self.title = ElidedLabel("", "muted")
        self.figure = words("", wrap=True)
        self.figure.setFont(theme.font(self.font(), scale=1.45, bold=True))
        self.beside = words("", wrap=True)
        self.beside.setFont(theme.font(self.font(), scale=1.15, bold=True))
        self.caution = words(self.tr("Reading ..."), "muted", wrap=True)
        self.state = words("", "chip")
        self.told = words("", "muted", wrap=True)
        self.promote = QPushButton(self.tr("Put in use ..."))
        self.roll_back = QPushButton(self.tr("Roll back ..."))
        self.export = QPushButton(self.tr("Export ..."))
        self.export.setToolTip(self.tr("Write it to one file, to hand it on"))
        self.roll_back.setToolTip(self.tr("Put in use again what it replaced"))
        set_icon(self.export, "export")
        set_icon(self.roll_back, "undo")
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        narrow_tabs(self.tabs)
        self.tabs.setAccessibleName(self.tr("Pages of the result"))
        self.tabs.currentChanged.connect(self._fill_page)
        self._makers: list[Callable[[], QWidget]] = []
        for button, act in (
            (self.promote, self.ask_promote),
            (self.roll_back, self.ask_roll_back),
            (self.export, self.ask_export),
        ):
            button.clicked.connect(act)
            button.setAccessibleName(button.text().removesuffix(" ..."))

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.title, 1)
        top.addWidget(self.state)
        actions = QHBoxLayout()
        actions.setSpacing(SPACE)
        for button in (self.promote, self.roll_back, self.export):
            actions.addWidget(button)
            button.setEnabled(False)
        actions.addSpacing(SPACE)
        actions.addWidget(self.told, 1)
        head = QFrame()
        column = QVBoxLayout(head)
        column.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE)
        column.setSpacing(SPACE)
        column.addWidget(self.notice)
        column.addLayout(top)
        for part in (self.figure, self.beside, self.caution):
            column.addWidget(part)
        column.addLayout(actions)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(head)
        whole.addWidget(self.tabs, 1)

    # --- reading --------------------------------------------------------------------

    @Slot()
    def read(self) -> None:
        """Read the folder, again if something may be different now."""
        bundle, shelf = self._experts.bundle, self._study.shelf
        self._reading.run(partial(work.read_result, self.folder, bundle, shelf))

    @Slot(object)
    def _on_read(self, results: tuple[Result, ...]) -> None:
        before, self.result = self.result, results[-1]
        self._show_head(self.result)
        if before is None or before.sha256 != self.result.sha256:
            # The head is seen first; the page is made in turns of its own.
            QTimer.singleShot(0, self._make_pages)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LusViewerError):
            raise error
        self.notice.show_error(error)
        if self.result is None:
            self.caution.setText("")
        for button in (self.promote, self.roll_back, self.export):
            button.setEnabled(False)

    def _show_head(self, result: Result) -> None:
        manifest, said = result.manifest, headline(result.validation)
        parts = [
            f"{manifest.name} {manifest.version}",
            question_words(result.validation.question),
            kind_words(manifest.kind),
            manifest.trained_on.text,
        ]
        self.title.set_full_text("  ·  ".join(parts))
        self.figure.setText(said.figure)
        self.beside.setText(said.beside)
        set_role(self.beside, _ROLES[said.verdict])
        self.caution.setText(said.caution)
        used = result.in_use
        self.state.setText(self.tr("not in use"))
        if used is not None:
            self.state.setText(self.tr("in use as {name}").format(name=used.name))
        self.promote.setEnabled(used is None and not result.misfit)
        tip = self.tr("Have it answer from now on, or in another one's place")
        if used is not None:
            tip = self.tr("It is in use already.")
        self.promote.setToolTip(result.misfit or tip)
        self.roll_back.setVisible(used is not None and used.own)
        self.roll_back.setEnabled(True)
        self.export.setEnabled(True)
        self.notice.show_words(result.misfit)

    # --- pages ----------------------------------------------------------------------

    @Slot()
    def _make_pages(self) -> None:
        if (result := self.result) is None:
            return
        makers: list[tuple[str, Callable[[], QWidget]]] = [
            (self.tr("Is it better?"), lambda: Piecemeal(better_parts(result))),
            (self.tr("How good it is"), lambda: Piecemeal(good_parts(result))),
            (self.tr("What matters"), lambda: Piecemeal(features_parts(result))),
            (self.tr("Clips it gets wrong"), partial(self._wrong_page, result)),
            (self.tr("Kinds and parts"), lambda: Piecemeal(found_parts(result))),
            (self.tr("Where it is from"), lambda: Piecemeal(origin_parts(result))),
        ]
        if result.validation.tree:
            makers.insert(2, (self.tr("The tree"), partial(TreePage, result)))
        self._makers = [maker for _, maker in makers]
        while self.tabs.count():
            page = self.tabs.widget(0)
            self.tabs.removeTab(0)
            if page is not None:
                page.deleteLater()
        for number, (title, _) in enumerate(makers):
            place = QWidget()
            place.setAutoFillBackground(True)
            place.setBackgroundRole(QPalette.ColorRole.Base)
            layout = QVBoxLayout(place)
            layout.setContentsMargins(0, 0, 0, 0)
            self.tabs.addTab(place, title)
            self.tabs.setTabToolTip(number, title)
        self._fill_page(self.tabs.currentIndex())

    @Slot(int)
    def _fill_page(self, place: int) -> None:
        """Make a page when it is first looked at: each takes a moment."""
        holder = self.tabs.widget(place)
        layout = None if holder is None else holder.layout()
        if layout is not None and layout.count() == 0 and place < len(self._makers):
            layout.addWidget(self._makers[place]())

    def _wrong_page(self, result: Result) -> QWidget:
        page = WrongPage(result)
        page.table.chosen.connect(self._open_clip)
        self._viewer.clip_opened.connect(page.table.note_open)
        return page

    @Slot(object)
    def _open_clip(self, path: Path) -> None:
        self._study.open_clip(path)

    # --- doing ----------------------------------------------------------------------

    @Slot()
    def ask_promote(self) -> None:
        """Ask whether it is really to be put in use."""
        if self.result is not None:
            question = PromoteQuestion(self.result, self)
            question.confirmed.connect(self._promote)
            _ask(question)

    @Slot(str)
    def _promote(self, name: str) -> None:
        self._begin(self.tr("Putting it in use ..."))
        self._experts.promote(self.folder, name)

    @Slot()
    def ask_roll_back(self) -> None:
        """Ask how far to go back."""
        used = None if self.result is None else self.result.in_use
        if used is not None:
            question = RollBackQuestion(used, self)
            question.confirmed.connect(partial(self._roll_back, used.name))
            _ask(question)

    def _roll_back(self, name: str, to_model: bool) -> None:  # noqa: FBT001 - a slot
        self._begin(self.tr("Going back ..."))
        self._experts.roll_back(name, to_model=to_model)

    @Slot()
    def ask_export(self) -> None:
        """Ask where the expert is to be written as one file."""
        if self.result is None:
            return
        manifest = self.result.manifest
        start = Path.home() / f"{manifest.name}-{manifest.version}.zip"
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.tr("Export the expert"), str(start), self.tr("Expert (*.zip)")
        )
        if chosen:
            self._begin("")
            self._experts.export(self.folder, Path(chosen))

    def _begin(self, told: str) -> None:
        self.notice.show_words("")
        self.told.setText(told)

    @Slot(object)
    def _on_told(self, done: Done) -> None:
        self.told.setText(done_words(done))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the size; end what is being read."""
        self._settings.put(_GEOMETRY, self.saveGeometry())
        self._reading.close()
        super().closeEvent(event)


def _ask(question: PromoteQuestion | RollBackQuestion) -> None:
    question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    question.open()
