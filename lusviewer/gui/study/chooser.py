"""Which clips of the library are listed, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lusviewer.gui.narrow import NarrowCombo, Pair
from lusviewer.gui.study.listing.work import SEVERITY, Choice, Order, Show
from lusviewer.gui.task_words import title_of
from lusviewer.gui.theme import SPACE, set_icon
from lusviewer.gui.translation import QT_TRANSLATE_NOOP

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from PySide6.QtWidgets import QComboBox

    from lusviewer.library.tasks import Task

_TYPING_MS: Final = 150
_SHOWN: Final = (
    (Show.ALL, QT_TRANSLATE_NOOP("Chooser", "All clips")),
    (Show.UNLABELLED, QT_TRANSLATE_NOOP("Chooser", "Not labelled")),
    (Show.LABELLED, QT_TRANSLATE_NOOP("Chooser", "Labelled")),
    (Show.DIFFERING, QT_TRANSLATE_NOOP("Chooser", "Predicted otherwise")),
    (Show.UNANALYSED, QT_TRANSLATE_NOOP("Chooser", "Not analysed")),
    (Show.MISSING, QT_TRANSLATE_NOOP("Chooser", "File missing")),
)
_ORDERS: Final = (
    (Order.PATIENT, QT_TRANSLATE_NOOP("Chooser", "By patient")),
    (Order.NEWEST, QT_TRANSLATE_NOOP("Chooser", "Newest first")),
    (Order.FILE, QT_TRANSLATE_NOOP("Chooser", "By folder and file")),
    (Order.LABEL, QT_TRANSLATE_NOOP("Chooser", "Severity as labelled")),
    (Order.SEVERE, QT_TRANSLATE_NOOP("Chooser", "Severity as predicted")),
    (Order.UNSURE, QT_TRANSLATE_NOOP("Chooser", "Least sure first")),
)
_NOTHING: Final = {
    Show.UNLABELLED: QT_TRANSLATE_NOOP("Chooser", "Every clip has this label."),
    Show.LABELLED: QT_TRANSLATE_NOOP("Chooser", "No clip has this label yet."),
    Show.DIFFERING: QT_TRANSLATE_NOOP(
        "Chooser", "Nowhere do a label and a prediction differ."
    ),
    Show.UNANALYSED: QT_TRANSLATE_NOOP("Chooser", "Every clip has been analysed."),
    Show.MISSING: QT_TRANSLATE_NOOP("Chooser", "Every file is where it was."),
}
_ASKS_TASK: Final = frozenset({Show.UNLABELLED, Show.LABELLED})


class Chooser(QWidget):
    """A search field, what to show, of which task, and the order.

    Signals
    -------
    changed()
        Something else is to be listed; ``choice`` says what.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search file or patient"))
        self.search.setAccessibleName(self.tr("Search file or patient"))
        self.search.setClearButtonEnabled(True)
        self.add = QToolButton()
        self.add.setAccessibleName(self.tr("Add to the library, or take along"))
        self.add.setToolTip(self.add.accessibleName())
        self.add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.add.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.add.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        set_icon(self.add, "add")
        self.show_box = narrow_combo(self.tr("Which clips are listed"))
        self.order_box = narrow_combo(self.tr("Order of the clips"))
        self.task_box = narrow_combo(self.tr("Labelled for which question"))
        for show, words in _SHOWN:
            told = QCoreApplication.translate("Chooser", words)
            self.show_box.addItem(told, show)
        for order, words in _ORDERS:
            told = QCoreApplication.translate("Chooser", words)
            self.order_box.addItem(told, order)
        self.task_box.hide()
        self._typing = QTimer(self, interval=_TYPING_MS, singleShot=True)
        self._typing.timeout.connect(self.changed)
        self.search.textChanged.connect(lambda _text: self._typing.start())
        self.search.returnPressed.connect(self._at_once)
        for box in (self.show_box, self.order_box, self.task_box):
            box.currentIndexChanged.connect(self._on_chosen)
        self._lay_out()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACE // 2)
        top.addWidget(self.search, 1)
        top.addWidget(self.add)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE, SPACE, 0)
        column.setSpacing(SPACE // 2)
        column.addLayout(top)
        self.boxes = Pair(self.show_box, self.order_box, SPACE // 2)
        column.addWidget(self.boxes)
        column.addWidget(self.task_box)

    def choice(self, model_sha256: str) -> Choice:
        """Return what is to be listed; analysed by the model that is named."""
        return Choice(
            self.search.text().strip(),
            self.show_box.currentData(),
            self.task_box.currentData() or SEVERITY,
            self.order_box.currentData(),
            model_sha256,
        )

    def set_tasks(self, tasks: Mapping[str, Task]) -> None:
        """Offer these tasks; the one that was chosen stays."""
        fill_tasks(self.task_box, tasks)

    def reset(self) -> None:
        """List all clips."""
        self.search.clear()
        self.show_box.setCurrentIndex(0)
        self._at_once()

    @Slot()
    def _at_once(self) -> None:
        self._typing.stop()
        self.changed.emit()

    @Slot()
    def _on_chosen(self) -> None:
        self.task_box.setVisible(self.show_box.currentData() in _ASKS_TASK)
        self.boxes.arrange()
        self._at_once()


def nothing_words(choice: Choice) -> str:
    """Return why nothing is listed."""
    told = _NOTHING.get(choice.show, QT_TRANSLATE_NOOP("Chooser", "There is no clip."))
    if choice.text:
        told = QT_TRANSLATE_NOOP("Chooser", "None of these has that in its name.")
    return QCoreApplication.translate("Chooser", told)


def narrow_combo(name: str) -> NarrowCombo:
    """Return a box to choose from that may be narrower than its words."""
    box = NarrowCombo(letters=5)
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return box


def fill_tasks(box: QComboBox, tasks: Mapping[str, Task]) -> None:
    """Offer ``tasks`` in ``box``, if they are others than before; keep the chosen."""
    keys = list(_in_order(tasks))
    if keys == [box.itemData(number) for number in range(box.count())]:
        return
    before = box.currentData() or SEVERITY
    box.blockSignals(True)  # noqa: FBT003 - Qt's own signature
    box.clear()
    for key in keys:
        box.addItem(title_of(key, tasks), key)
    box.setCurrentIndex(max(0, box.findData(before)))
    box.blockSignals(False)  # noqa: FBT003
    box.currentIndexChanged.emit(box.currentIndex())


def _in_order(tasks: Mapping[str, Task]) -> Iterable[str]:
    """Return the keys: findings, severity and others, then the nine groups."""
    groups = [key for key in tasks if key.startswith("group.")]
    return [*(key for key in tasks if key not in groups), *groups]
