"""Choosing what of the results is written, and where."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QCoreApplication, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from lusviewer.gui.theme import SPACE
from lusviewer.gui.translation import QT_TRANSLATE_NOOP

FORMATS: Final = (
    ("json", QT_TRANSLATE_NOOP("Export", "Report (JSON)"), True),
    ("csv", QT_TRANSLATE_NOOP("Export", "Timelines, a row a frame (CSV)"), True),
    ("npz", QT_TRANSLATE_NOOP("Export", "Labels of every pixel (NPZ)"), False),
    ("mp4", QT_TRANSLATE_NOOP("Export", "Cine with the overlays (MP4)"), False),
    ("png", QT_TRANSLATE_NOOP("Export", "Picture of the clip view (PNG)"), True),
)


class ExportDialog(QDialog):
    """Asks for the kinds of file and the folder."""

    def __init__(self, name: str, folder: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export results"))
        self._boxes: dict[str, QCheckBox] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        column.setSpacing(SPACE)
        told = QLabel(self.tr("Write of {name}:").format(name=name))
        column.addWidget(told)
        for key, words, wanted in FORMATS:
            box = QCheckBox(QCoreApplication.translate("Export", words))
            box.setChecked(wanted)
            box.toggled.connect(self._check)
            self._boxes[key] = box
            column.addWidget(box)
        self.folder = QLineEdit(str(folder))
        self.folder.setAccessibleName(self.tr("Folder"))
        self.folder.textChanged.connect(self._check)
        choose = QPushButton(self.tr("Choose ..."))
        choose.setAutoDefault(False)
        choose.clicked.connect(self._choose)
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(choose)
        column.addSpacing(SPACE)
        column.addWidget(QLabel(self.tr("Into the folder:")))
        column.addLayout(row)
        note = QLabel(self.tr("For research use only, not a medical device."))
        note.setProperty("role", "muted")
        column.addWidget(note)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._write = self.buttons.addButton(
            self.tr("Export"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self._write.setDefault(True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        self.setMinimumWidth(440)

    @property
    def formats(self) -> tuple[str, ...]:
        """The kinds of file chosen."""
        return tuple(key for key, box in self._boxes.items() if box.isChecked())

    @property
    def chosen_folder(self) -> Path:
        """Where the files go."""
        return Path(self.folder.text()).expanduser()

    @Slot()
    def _check(self) -> None:
        ready = bool(self.formats) and bool(self.folder.text().strip())
        self._write.setEnabled(ready)

    @Slot()
    def _choose(self) -> None:
        folder = QFileDialog.getExistingDirectory(
            self, self.tr("Folder for the results"), self.folder.text()
        )
        if folder:
            self.folder.setText(folder)
