"""The findings and the measured values of a clip, as rows of the panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from lusviewer.gui import theme
from lusviewer.gui.labelling.row import LabelledRow
from lusviewer.gui.panel_parts import ElidedLabel, Meter, Swatch, link, words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from lusviewer.gui.clinical_words import FindingWords
    from lusviewer.gui.labelling.model import Labelling
    from lusviewer.gui.viewer_model import ViewerModel

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class FindingRow(LabelledRow):
    """One finding: words, probability, the frame that drove it, one's own answer."""

    def __init__(self, viewer: ViewerModel, labelling: Labelling, key: str) -> None:
        super().__init__(labelling, key)
        self._viewer = viewer
        self.title = words("")
        self.title.setFont(theme.font(self.font(), bold=True))
        self.title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.value = ElidedLabel()
        self.value.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.meter = Meter(key)
        self.number = words("")
        self.number.setAlignment(_RIGHT)
        self.number.setFont(theme.font(self.font()))
        self.simulated = words(self.tr("simulated"), "chip")
        self.simulated.setToolTip(self.tr("Checked on simulated clips only"))
        self.frame_button = link("", "", self._go)
        self._lay_out()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACE)
        top.addWidget(Swatch(self.key))
        top.addWidget(self.title)
        top.addWidget(self.value, 1)
        top.addWidget(self.simulated)
        bottom = QHBoxLayout()
        bottom.setSpacing(SPACE)
        bottom.setContentsMargins(18, 0, 0, 0)
        bottom.addWidget(self.meter, 1)
        bottom.addWidget(self.number)
        bottom.addWidget(self.frame_button)
        self.number.setMinimumWidth(self.fontMetrics().horizontalAdvance("0.00") + 4)
        room = self.fontMetrics().horizontalAdvance(self.tr("frame 0000")) + 12
        self.frame_button.setMinimumWidth(room)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE, 6, SPACE // 2, 4)
        layout.setSpacing(2)
        layout.addLayout(top)
        layout.addLayout(bottom)
        layout.addWidget(self.strip)
        self.set_selected(False)

    def show_words(self, finding: FindingWords) -> None:
        """Show what was found."""
        self.title.setText(finding.title)
        self.value.set_full_text(finding.value)
        self.simulated.setVisible(finding.simulated_only)
        known = finding.probability is not None
        mark = finding.threshold if known else None
        self.meter.set_value(finding.probability, mark=mark, strong=finding.present)
        limit = self.tr("Called present from {p:.2f} on")
        self.meter.setToolTip(limit.format(p=finding.threshold))
        self.number.setText(f"{finding.probability:.2f}" if known else "-")
        self.frame_button.setVisible(finding.frame is not None)
        if finding.frame is not None:
            self.frame_button.setText(self.tr("frame {n}").format(n=finding.frame + 1))
            name = self.tr("Go to the frame with the most: {title}")
            self.frame_button.setAccessibleName(name.format(title=finding.title))
            self.frame_button.setToolTip(name.format(title=finding.title))
        self._refresh()

    def described(self) -> str:
        """Return the finding, its words and its probability."""
        return f"{self.title.text()}: {self.value.full_text}, {self.number.text()}"

    def _go(self) -> None:
        self._viewer.go_to_best_frame(self.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to the finding's frame, or to the row above or below."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._go()
        else:
            super().keyPressEvent(event)


class MeasuredTable(QWidget):
    """What was measured on the segmentation, name and value."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = viewer
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(SPACE, 0, SPACE // 2, 0)
        self._grid.setHorizontalSpacing(SPACE)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        self._shown: tuple[tuple[str, str, str], ...] = ()
        self._names: list[ElidedLabel] = []
        self._values: list[QPushButton] = []

    def show_lines(self, lines: tuple[tuple[str, str, str], ...]) -> None:
        """Show ``(name, value, key)`` lines; a value leads to its frame."""
        if lines == self._shown:
            return
        self._shown = lines
        while len(self._names) < len(lines):
            self._add_line()
        for number, (name, value) in enumerate(
            zip(self._names, self._values, strict=True)
        ):
            there = number < len(lines)
            name.setVisible(there)
            value.setVisible(there)
            if there:
                title, shown, _ = lines[number]
                name.set_full_text(title)
                value.setText(shown)
                value.setAccessibleName(f"{title}: {shown}")
                value.setToolTip(self.tr("Go to the frame with the most"))

    def texts(self) -> dict[str, str]:
        """Return what is shown, value by name."""
        return {name: value for name, value, _ in self._shown}

    def _add_line(self) -> None:
        number = len(self._names)
        name = ElidedLabel("", "muted")
        name.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        value = link("", "", lambda: self._viewer.go_to_best_frame(self._key(number)))
        self._grid.addWidget(name, number, 0)
        self._grid.addWidget(value, number, 1, _RIGHT)
        self._names.append(name)
        self._values.append(value)

    def _key(self, number: int) -> str:
        return self._shown[number][2]
