"""What a person is asked before other experts are put in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from lusviewer.gui import theme
from lusviewer.gui.panel_parts import words
from lusviewer.gui.results.result_words import tr, warnings_of, whose_words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from lusviewer.experts.listing import Listed
    from lusviewer.gui.results.work import Result

_LETTERS = 72


class Question(QDialog):
    """A title, choices that exclude each other, and a button that says what is done."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(_LETTERS * self.fontMetrics().averageCharWidth())
        self._choices = QButtonGroup(self)
        self.body = QVBoxLayout()
        self.body.setSpacing(SPACE)
        heading = words(title, wrap=True)
        heading.setFont(theme.font(heading.font(), scale=1.2, bold=True))
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.rejected.connect(self.reject)
        self.buttons.accepted.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE * 3, SPACE * 3, SPACE * 3, SPACE * 2)
        layout.setSpacing(SPACE * 2)
        layout.addWidget(heading)
        layout.addLayout(self.body)
        layout.addWidget(self.buttons)

    def showEvent(self, event: QShowEvent) -> None:
        """Be large enough for every line: what is warned of must not be cut."""
        layout = self.layout()
        if layout is not None:
            width = max(layout.minimumSize().width(), self.minimumWidth())
            self.setMinimumSize(width, layout.totalHeightForWidth(width))
            self.resize(self.minimumSize())
        super().showEvent(event)

    def add_choice(self, text: str, place: int) -> QRadioButton:
        """Add one of the choices; the first is chosen."""
        choice = QRadioButton(text)
        choice.setChecked(not self._choices.buttons())
        self._choices.addButton(choice, place)
        self.body.addWidget(choice)
        return choice

    def add_note(self, text: str, role: str = "muted") -> None:
        """Add a sentence below what is there."""
        self.body.addWidget(words(text, role, wrap=True))

    def add_button(self, text: str) -> QPushButton:
        """Add the button that does it."""
        accept = QDialogButtonBox.ButtonRole.AcceptRole
        return self.buttons.addButton(text, accept)

    @property
    def chosen(self) -> int:
        """The place of the choice that is made."""
        return self._choices.checkedId()


class PromoteQuestion(Question):
    """Asks whose place the new expert takes, and warns where it is worse.

    Signals
    -------
    confirmed(str)
        It is to be put in use under this name.
    """

    confirmed = Signal(str)

    def __init__(self, result: Result, parent: QWidget) -> None:
        name = result.manifest.name
        super().__init__(tr("Put {name} in use?").format(name=name), parent)
        self.warnings = warnings_of(result.validation)
        if self.warnings:
            self.add_note("\n".join(self.warnings), "banner")
        self._names = [name]
        here = next((one for one in result.experts if one.name == name), None)
        self.add_choice(_as_itself(name, here), 0)
        for one in result.rivals:
            if one.name != name:
                text = tr("In place of {name}, which {whose}").format(
                    name=_versioned(one), whose=_whose(one)
                )
                self.add_choice(text, len(self._names))
                self._names.append(one.name)
        self.add_note(
            tr(
                "Whatever it replaces is kept: 'Roll back' brings it back. All clips "
                "of the library are judged anew in the background; nothing is analysed "
                "again and no label changes."
            )
        )
        text = tr("Put in use all the same") if self.warnings else tr("Put in use")
        self.add_button(text)
        cancel = self.buttons.button(QDialogButtonBox.StandardButton.Cancel)
        if self.warnings:
            cancel.setDefault(True)
            cancel.setFocus()
        self.accepted.connect(self._confirm)

    @Slot()
    def _confirm(self) -> None:
        self.confirmed.emit(self._names[self.chosen])


class RollBackQuestion(Question):
    """Asks how far to go back with an expert of one's own.

    Signals
    -------
    confirmed(bool)
        True to go back to the one of the model, or to none; False for one version.
    """

    confirmed = Signal(bool)

    def __init__(self, expert: Listed, parent: QWidget) -> None:
        title = tr("Roll {name} back?").format(name=_versioned(expert))
        super().__init__(title, parent)
        self._ways: list[bool] = []
        if expert.earlier:
            before = expert.earlier[0].version
            text = tr("One version back, to {version}").format(version=before)
            self._add_way(text, to_model=False)
        text = (
            tr("Back to the one that came with the model")
            if expert.shipped
            else tr("Take it out of use: none of that name came with the model")
        )
        self._add_way(text, to_model=True)
        self.add_note(
            tr(
                "What you go back from is no longer kept among the versions in use. "
                "Its result stays in the library where it was trained; if it came from "
                "elsewhere, export it first."
            )
        )
        self.add_button(tr("Roll back"))
        self.accepted.connect(self._confirm)

    def _add_way(self, text: str, *, to_model: bool) -> None:
        self.add_choice(text, len(self._ways))
        self._ways.append(to_model)

    @Slot()
    def _confirm(self) -> None:
        self.confirmed.emit(self._ways[self.chosen])


def _as_itself(name: str, here: Listed | None) -> str:
    if here is None:
        return tr("As {name}, beside those in use").format(name=name)
    return tr("In place of {name}, which {whose}").format(
        name=_versioned(here), whose=_whose(here)
    )


def _whose(one: Listed) -> str:
    return tr("is your own") if one.own else whose_words(one)


def _versioned(one: Listed) -> str:
    return one.name if one.manifest is None else f"{one.name} {one.manifest.version}"
