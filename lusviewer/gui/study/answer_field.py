"""A field for the answer to any task: one class, several, or a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, Qt, Signal, Slot
from PySide6.QtGui import QAction, QDoubleValidator
from PySide6.QtWidgets import QLineEdit, QMenu, QStackedWidget, QToolButton

from lusviewer.gui.study.chooser import narrow_combo
from lusviewer.gui.task_words import value_words

if TYPE_CHECKING:
    from lusviewer.library.tasks import Task


class AnswerField(QStackedWidget):
    """Takes what the task takes; ``value`` is "" while nothing is chosen.

    Signals
    -------
    changed()
        Another answer is given, or none.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        name = self.tr("Answer")
        self._kind = "class"
        self.classes = narrow_combo(name)
        self.classes.setPlaceholderText(self.tr("Answer"))
        self.several = QToolButton()
        self.several.setAccessibleName(name)
        self.several.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.several.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.several.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.number = QLineEdit()
        self.number.setAccessibleName(name)
        for page in (self.classes, self.several, self.number):
            self.addWidget(page)
        self.classes.currentIndexChanged.connect(self.changed)
        self.number.textChanged.connect(self.changed)

    def set_task(self, task: Task) -> None:
        """Ask for an answer to ``task``."""
        self._kind = task.kind.value
        if self._kind == "number":
            self._offer_number(task)
        elif self._kind == "set":
            self._offer_several(task)
        else:
            self._offer_classes(task)
        self.changed.emit()

    def _offer_classes(self, task: Task) -> None:
        self.classes.blockSignals(True)  # noqa: FBT003 - Qt's own signature
        self.classes.clear()
        for name in task.classes:
            self.classes.addItem(value_words(task.key, name), name)
        self.classes.setCurrentIndex(-1)
        self.classes.blockSignals(False)  # noqa: FBT003
        self.setCurrentWidget(self.classes)

    def _offer_several(self, task: Task) -> None:
        menu = QMenu(self.several)
        for name in task.classes:
            action = menu.addAction(value_words(task.key, name))
            action.setCheckable(True)
            action.setData(name)
            action.toggled.connect(self._on_several)
        before = self.several.menu()
        self.several.setMenu(menu)
        if before is not None:
            before.deleteLater()
        self.setCurrentWidget(self.several)
        self._on_several()

    def _offer_number(self, task: Task) -> None:
        self.number.clear()
        limits = QDoubleValidator(task.lower, task.upper, 6, self.number)
        limits.setLocale(QLocale.c())
        self.number.setValidator(limits)
        told = self.tr("{lower:g} to {upper:g}")
        self.number.setPlaceholderText(told.format(lower=task.lower, upper=task.upper))
        self.setCurrentWidget(self.number)

    @Slot()
    def _on_several(self) -> None:
        chosen = [action.text() for action in self._checked()]
        self.several.setText(", ".join(chosen) or self.tr("Choose ..."))
        self.several.setToolTip(self.several.text())
        self.changed.emit()

    def _checked(self) -> list[QAction]:
        menu = self.several.menu()
        return [action for action in menu.actions() if action.isChecked()]

    @property
    def value(self) -> str:
        """The answer as the library takes it."""
        if self._kind == "number":
            return self.number.text() if self.number.hasAcceptableInput() else ""
        if self._kind == "set":
            return "+".join(str(action.data()) for action in self._checked())
        return str(self.classes.currentData() or "")
