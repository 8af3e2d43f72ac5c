"""What the actions of the menu 'study' do."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QDockWidget, QFileDialog, QMenu, QWidget

from lusviewer.gui.study.filling import work
from lusviewer.gui.study.filling.dialogs import WhoseDialog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lusviewer.cancel import CancelToken
    from lusviewer.gui.actions import Actions
    from lusviewer.gui.settings import Settings
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.study.panel import StudyPanel
    from lusviewer.gui.study.work import Shelf

    Paths = Callable[[list[Path]], None]
    WorkOnPath = Callable[[Path, str, Shelf, CancelToken], Iterable[work.Progressed]]

_IN_PANEL: Final = (
    "study_add_files",
    "study_add_folder",
    "study_collection",
    "study_import_labels",
    "",
    "study_export_labels",
    "study_analyse",
)
_Mode = QFileDialog.FileMode


class StudyCommands(QObject):
    """Choosing a library, filling it, having it analysed, taking labels along."""

    def __init__(
        self, study: StudyModel, settings: Settings, panel: StudyPanel, window: QWidget
    ) -> None:
        super().__init__(window)
        self._study, self._settings, self._window = study, settings, window
        self._panel, self.filling = panel, panel.filling
        self.asked: QFileDialog | WhoseDialog | None = None
        self._wanted: Path | None = None
        study.opened.connect(self._remember)

    def bind(self, actions: Actions) -> None:
        """Bind the actions of the menu, and offer some of them in the panel."""
        for name, slot in (
            ("study_find", self.find),
            ("study_add_files", self.ask_files),
            ("study_add_folder", self.ask_folder),
            ("study_collection", self.ask_collection),
            ("study_import_labels", self.ask_labels),
            ("study_import_lines", self.ask_lines),
            ("study_export_labels", self.ask_export),
            ("study_export_corrections", self.ask_export_corrections),
            ("study_export_slicer", partial(self.ask_export_lines, "slicer")),
            ("study_export_ohif", partial(self.ask_export_lines, "ohif")),
            ("study_analyse", self.analyse),
            ("study_relocate", self.ask_moved),
            ("study_verify", self.verify),
            ("study_choose", self.ask_library),
        ):
            actions[name].triggered.connect(partial(_called, slot))
        menu = QMenu(self._panel)
        for name in _IN_PANEL:
            if name:
                menu.addAction(actions[name])
            else:
                menu.addSeparator()
        self._panel.chooser.add.setMenu(menu)
        self._panel.wanted.connect(lambda name: actions[name].trigger())
        self._panel.dropped.connect(self.ask_whose)

    @Slot()
    def find(self) -> None:
        """Bring the library to the front, ready to be searched."""
        dock = self._panel.parentWidget()
        if isinstance(dock, QDockWidget):
            dock.show()
            dock.raise_()
        self._panel.chooser.search.setFocus()
        self._panel.chooser.search.selectAll()

    @Slot()
    def analyse(self) -> None:
        """Analyse what the model has not seen, and show how far it is."""
        self._study.analyse_all()
        self._panel.analysis.begin()

    # --- filling ---------------------------------------------------------------------

    def ask_files(self) -> None:
        """Ask which clips to add."""
        title = self.tr("Add clips to the library")
        self._ask(title, _Mode.ExistingFiles, self.ask_whose)

    def ask_folder(self) -> None:
        """Ask which folder of clips to add."""
        title = self.tr("Add a folder of clips to the library")
        self._ask(title, _Mode.Directory, self.ask_whose)

    @Slot(object)
    def ask_whose(self, paths: Sequence[Path]) -> None:
        """Ask whose clips these are, then add them."""
        dialog = WhoseDialog(paths, self._window)
        dialog.accepted.connect(lambda: self.add(dialog.adding))
        self._open(dialog)

    def add(self, what: work.Adding) -> None:
        """Add clips in the background."""
        self.filling.run(self.tr("Adding clips"), partial(work.add, what))

    def ask_collection(self) -> None:
        """Ask for the folder of a collection, and import it."""
        title = self.tr("Folder of POCUS (labels.csv) or COVID-BLUeS (severity.csv)")
        words = self.tr("Importing a collection")
        run = partial(self._run_on_first, words, work.import_collection)
        self._ask(title, _Mode.Directory, run)

    def ask_labels(self) -> None:
        """Ask for a table of labels, and import it."""
        words = self.tr("Importing labels")
        run = partial(self._run_on_first, words, work.import_labels)
        kinds = self.tr("Tables (*.csv);;All files (*)")
        self._ask(self.tr("Table of labels"), _Mode.ExistingFile, run, kinds)

    def ask_lines(self) -> None:
        """Ask for annotation files, and import their lines."""
        words = self.tr("Importing lines")
        kinds = self.tr("Annotations (*.json);;All files (*)")
        title = self.tr("Lines by SlicerUltrasound or OHIF, called like their clips")
        self._ask(
            title,
            _Mode.ExistingFiles,
            lambda paths: self.filling.run(words, partial(work.import_lines, paths)),
            kinds,
        )

    def ask_moved(self) -> None:
        """Ask where clips were moved to, and look for them there."""
        words = self.tr("Finding moved clips")
        run = partial(self._run_on_first, words, work.relocate)
        self._ask(self.tr("Folder the clips were moved to"), _Mode.Directory, run)

    @Slot()
    def verify(self) -> None:
        """Check the library's file, its log, and whether every clip is there."""
        self.filling.run(self.tr("Checking the library"), partial(work.verify, True))  # noqa: FBT003

    # --- taking along ----------------------------------------------------------------

    def ask_export(self) -> None:
        """Ask for the file of a table of labels, and write it."""
        words = self.tr("Exporting labels")
        run = partial(self._run_on_first, words, work.export_labels)
        kinds = self.tr("Tables (*.csv)")
        self._ask(self.tr("Export labels"), _Mode.AnyFile, run, kinds)

    def ask_export_corrections(self) -> None:
        """Ask for the file of a table of corrected biomarkers, and write it."""
        words = self.tr("Exporting corrected biomarkers")
        run = partial(self._run_on_first, words, work.export_corrections)
        kinds = self.tr("Tables (*.csv)")
        self._ask(self.tr("Export corrected biomarkers"), _Mode.AnyFile, run, kinds)
        if isinstance(self.asked, QFileDialog):
            self.asked.selectFile("corrections.csv")

    def ask_export_lines(self, kind: str) -> None:
        """Ask for a folder, and write the drawn lines into it."""
        words = self.tr("Exporting lines")

        def run(paths: list[Path]) -> None:
            self.filling.run(words, partial(work.export_lines, (paths[0], kind)))

        self._ask(self.tr("Folder for the files of lines"), _Mode.Directory, run)

    def ask_library(self) -> None:
        """Ask for the folder of another library, or of one to be."""
        title = self.tr("Choose the folder of a library, or an empty one")
        self._ask(title, _Mode.Directory, self.open_library)

    def open_library(self, paths: Sequence[Path]) -> None:
        """Open the library in a folder, and remember it once it is open."""
        self._wanted = paths[0]
        self._study.open(paths[0])

    @Slot(object)
    def _remember(self, shelf: Shelf) -> None:
        if shelf.folder == self._wanted:
            self._settings.put("library", str(shelf.folder))

    # --- asking ----------------------------------------------------------------------

    def _run_on_first(self, words: str, do: WorkOnPath, paths: Sequence[Path]) -> None:
        self.filling.run(words, partial(do, paths[0]))

    def _ask(self, title: str, mode: _Mode, then: Paths, kinds: str = "") -> None:
        """Ask for files or a folder, and go on with what was chosen."""
        last = self._settings.text("study_folder", str(Path.home()))
        dialog = QFileDialog(self._window, title, last, kinds)
        dialog.setFileMode(mode)
        if mode is _Mode.Directory:
            dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        if mode is _Mode.AnyFile:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setDefaultSuffix("csv")
            dialog.selectFile("labels.csv")
        dialog.filesSelected.connect(partial(self._on_paths, then))
        self._open(dialog)

    def _on_paths(self, then: Paths, files: list[str]) -> None:
        paths = [Path(file) for file in files]
        if paths:
            folder = paths[0] if paths[0].is_dir() else paths[0].parent
            self._settings.put("study_folder", str(folder))
            then(paths)

    def _open(self, dialog: QFileDialog | WhoseDialog) -> None:
        self.asked = dialog
        dialog.finished.connect(self._on_answered)
        dialog.open()

    @Slot()
    def _on_answered(self) -> None:
        dialog = self.sender()
        if isinstance(dialog, QObject):
            dialog.deleteLater()
        if dialog is self.asked:
            self.asked = None


def _called(slot: Callable[[], object], _checked: bool = False) -> None:  # noqa: FBT001, FBT002
    slot()
