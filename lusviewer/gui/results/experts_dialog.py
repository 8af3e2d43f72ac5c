"""The experts in use: whose they are, what they replaced, and what can be done."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from lusviewer.errors import LusViewerError
from lusviewer.gui.clinical_words import kind_words
from lusviewer.gui.jobs import Lane
from lusviewer.gui.panel_parts import words
from lusviewer.gui.results import work
from lusviewer.gui.results.asking_first import RollBackQuestion
from lusviewer.gui.results.done_words import done_words
from lusviewer.gui.results.notice import Notice
from lusviewer.gui.results.result_words import (
    match_words,
    state_words,
    task_words,
    whose_words,
)
from lusviewer.gui.results.tables import Table
from lusviewer.gui.theme import SPACE, set_icon

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent

    from lusviewer.experts.listing import Listed
    from lusviewer.gui.results.model import ExpertsModel
    from lusviewer.gui.results.work import Done, Match
    from lusviewer.gui.study.model import StudyModel

SIZE: Final = QSize(1000, 460)


class ExpertsDialog(QDialog):
    """Every expert that answers for the model; not modal.

    Signals
    -------
    result_wanted(Path)
        The result of the expert in this folder is to be shown.
    """

    result_wanted = Signal(object)

    def __init__(
        self, study: StudyModel, experts: ExpertsModel, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._study, self._experts = study, experts
        self._listed: tuple[Listed, ...] = ()
        self.setWindowTitle(self.tr("Experts in use"))
        self._lane = Lane(self)
        self._lane.produced.connect(self._on_listed)
        self._comparing = Lane(self)
        self._comparing.produced.connect(self._on_compared)
        self.notice = Notice()
        for lane in (self._lane, self._comparing):
            lane.failed.connect(self._on_failed)
        self.told = words("", "muted", wrap=True)
        self._make_table()
        self._lay_out()
        experts.changed.connect(self.read)
        experts.told.connect(self._on_told)
        experts.failed.connect(self._on_failed)
        experts.unpacked.connect(self._on_unpacked)
        self.resize(SIZE)
        self._show_possible()
        self.read()

    def _make_table(self) -> None:
        headings = [
            self.tr("Expert"),
            self.tr("Version"),
            self.tr("Judges"),
            self.tr("Kind"),
            self.tr("Whose"),
            self.tr("State"),
            self.tr("Versions before"),
            self.tr("Trained on"),
        ]
        self.table = Table(self.tr("Experts in use"), headings)
        self.table.setSelectionMode(Table.SelectionMode.ExtendedSelection)
        self.table.itemSelectionChanged.connect(self._show_possible)
        self.table.itemActivated.connect(self._show_result)
        self.table.setWordWrap(False)

    def _lay_out(self) -> None:
        self.show_result = QPushButton(self.tr("Show its result"))
        self.roll_back = QPushButton(self.tr("Roll back ..."))
        self.export = QPushButton(self.tr("Export ..."))
        self.take_in = QPushButton(self.tr("Import ..."))
        self.compare = QPushButton(self.tr("Compare two"))
        self.compare.setToolTip(
            self.tr("Two experts on the labelled clips of the library; choose both")
        )
        close = QPushButton(self.tr("Close"))
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        for button, act, icon in (
            (self.show_result, self._show_result, "report"),
            (self.roll_back, self._ask_roll_back, "undo"),
            (self.compare, self._compare, ""),
            (self.export, self._ask_export, "export"),
            (self.take_in, self.ask_import, "open"),
            (close, self.close, ""),
        ):
            if button in (self.export, close):
                row.addStretch(1)
            button.clicked.connect(act)
            button.setAutoDefault(False)
            button.setAccessibleName(button.text().removesuffix(" ..."))
            if icon:
                set_icon(button, icon)
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(SPACE * 2,) * 4)
        layout.setSpacing(SPACE + SPACE // 2)
        for part in (self.notice, self.table, self.told):
            layout.addWidget(part, 1 if part is self.table else 0)
        layout.addLayout(row)

    # --- what is shown ----------------------------------------------------------------

    @Slot()
    def read(self) -> None:
        """List the experts, again if something may be different now."""
        self._lane.run(partial(work.list_in_use, self._experts.bundle))

    @Slot(object)
    def _on_listed(self, found: tuple[tuple[Listed, ...], ...]) -> None:
        kept = {one.name for one in self._chosen()}
        self._listed = found[-1]
        self.table.setRowCount(0)
        for one in self._listed:
            self.table.add(self._cells(one))
        self.table.clearSelection()
        for row, one in enumerate(self._listed):
            if one.name in kept:
                self.table.selectRow(row)
        self._show_possible()

    def _cells(self, one: Listed) -> list[str]:
        manifest = one.manifest
        state, earlier = state_words(one), ""
        if one.earlier:
            earlier = ", ".join(old.version for old in one.earlier)
        elif one.own and one.shipped:
            earlier = self.tr("that of the model")
        if manifest is None:
            return [one.name, "", "", "", whose_words(one), state, earlier, ""]
        return [
            one.name,
            manifest.version,
            task_words(manifest.target),
            kind_words(manifest.kind),
            whose_words(one),
            state,
            earlier,
            manifest.trained_on.text,
        ]

    def _chosen(self) -> list[Listed]:
        rows = sorted({index.row() for index in self.table.selectedIndexes()})
        return [self._listed[row] for row in rows if row < len(self._listed)]

    @Slot()
    def _show_possible(self) -> None:
        chosen = self._chosen()
        one = chosen[0] if len(chosen) == 1 else None
        whole = one is not None and one.manifest is not None
        self.show_result.setEnabled(one is not None and one.own and whole)
        self.roll_back.setEnabled(one is not None and one.own)
        self.export.setEnabled(whole)
        self.compare.setEnabled(len(chosen) == 2 and self._study.shelf.made)
        self._show_why(one)

    def _show_why(self, one: Listed | None) -> None:
        """Say beside each button what it does, or why it cannot be pressed."""
        first = self.tr("Choose one expert in the list first.")
        own = self.tr("Only for experts of your own: this one came with the model.")
        for button, does, owned in (
            (self.show_result, self.tr("What came of its training"), True),
            (self.roll_back, self.tr("Put in use again what it replaced"), True),
            (self.export, self.tr("Write it to one file, to hand it on"), False),
        ):
            lacks = own if owned and one is not None and not one.own else ""
            button.setToolTip(first if one is None else lacks or does)

    @Slot(object)
    def _on_unpacked(self, folder: Path) -> None:
        told = self.tr("{name} was imported. It is not in use before you say so.")
        self.told.setText(told.format(name=folder.name))

    @Slot(object)
    def _on_told(self, done: Done) -> None:
        self.told.setText(done_words(done))

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LusViewerError):
            raise error
        self.told.setText("")
        self.notice.show_error(error)

    # --- doing ----------------------------------------------------------------------

    @Slot()
    def _show_result(self) -> None:
        for one in self._chosen()[:1]:
            if one.own:
                self.result_wanted.emit(one.folder)

    @Slot()
    def _ask_roll_back(self) -> None:
        for one in self._chosen()[:1]:
            question = RollBackQuestion(one, self)
            question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            question.confirmed.connect(partial(self._roll_back, one.name))
            question.open()

    def _roll_back(self, name: str, to_model: bool) -> None:  # noqa: FBT001 - a slot
        self.notice.show_words("")
        self._experts.roll_back(name, to_model=to_model)

    @Slot()
    def _ask_export(self) -> None:
        for one in self._chosen()[:1]:
            version = "" if one.manifest is None else f"-{one.manifest.version}"
            start = str(Path.home() / f"{one.name}{version}.zip")
            title, kinds = self.tr("Export the expert"), self.tr("Expert (*.zip)")
            chosen, _ = QFileDialog.getSaveFileName(self, title, start, kinds)
            if chosen:
                self.notice.show_words("")
                self._experts.export(one.folder, Path(chosen))

    @Slot()
    def ask_import(self) -> None:
        """Ask for the file of an expert that was handed on."""
        title, kinds = self.tr("Import an expert"), self.tr("Expert (*.zip)")
        chosen, _ = QFileDialog.getOpenFileName(self, title, str(Path.home()), kinds)
        if chosen:
            self.notice.show_words("")
            self._experts.unpack(Path(chosen))

    @Slot()
    def _compare(self) -> None:
        chosen = self._chosen()
        if len(chosen) == 2:
            self.notice.show_words("")
            self.told.setText(self.tr("Comparing on the labelled clips ..."))
            folders = {one.name: one.folder for one in chosen}
            shelf, bundle = self._study.shelf, self._experts.bundle
            self._comparing.run(partial(work.compare, shelf, folders, bundle))

    @Slot(object)
    def _on_compared(self, found: tuple[Match, ...]) -> None:
        self.told.setText(match_words(found[-1]))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Wait for what is being read."""
        self._lane.close()
        self._comparing.close()
        super().closeEvent(event)
