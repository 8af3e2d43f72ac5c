"""The form: what to learn, from which clips, from what of them, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QVBoxLayout, QWidget

from lusviewer.gui.learning.clips_field import ClipsField
from lusviewer.gui.learning.fields import Choice, Number, named
from lusviewer.gui.learning.question import QuestionField
from lusviewer.gui.learning.wishes import (
    CERTAINTY,
    FOLDS,
    INPUTS,
    KINDS,
    USUAL_INPUTS,
    Source,
    Wish,
)
from lusviewer.gui.learning.words import (
    INPUT_TIPS,
    INPUT_WORDS,
    KIND_TIPS,
    KIND_WORDS,
    clips_words,
    counted,
    tr,
)
from lusviewer.gui.narrow import Pair
from lusviewer.gui.panel_parts import Section, words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.gui.learning.work import InputOffer, Offer

_ALL: Final = "all"


class SourceField(QWidget):
    """Whose labels count, and how certain they must be.

    Signals
    -------
    changed()
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rater = Choice(
            self.tr("Whose labels"),
            self.tr(
                "Everyone's, where the newest answer of several counts, or one "
                "person's only."
            ),
        )
        self.certainty = Choice(
            self.tr("How certain"),
            self.tr(
                "Who labels a clip says how certain that is. Labels less certain than "
                "this are left out."
            ),
        )
        self.certainty.fill(
            [
                (self.tr("Any certainty"), 0.0, True),
                (self.tr("50 % or more"), 0.5, True),
                (self.tr("75 % or more"), 0.75, True),
                (self.tr("Certain only"), 1.0, True),
            ]
        )
        self.certainty.choose(CERTAINTY)
        whose = named(self.tr("Whose labels"), self.rater)
        sure = named(self.tr("How certain"), self.certainty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(Pair(whose, sure))
        for choice in (self.rater, self.certainty):
            choice.currentIndexChanged.connect(self.changed)

    def show_offer(self, offer: Offer) -> None:
        """Offer the people who label."""
        everyone = (self.tr("Everyone"), _ALL, True)
        self.rater.fill(
            [everyone, *((name, f"by {name}", True) for name in offer.raters)]
        )

    def source(self, library: Path, model: Path) -> Source:
        """Return what is chosen."""
        by = str(self.rater.currentData() or _ALL)
        rater = None if by == _ALL else by.removeprefix("by ")
        return Source(library, model, rater, float(self.certainty.currentData()))


class Form(QWidget):
    """What an expert is to learn.

    Signals
    -------
    changed()
        Something else is wished for.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.question = QuestionField()
        self.clips = ClipsField()
        self.source = SourceField()
        self.inputs = {name: self._input(name) for name in INPUTS}
        self._lacking: set[str] = set()
        self._told = {name: words("", "muted", wrap=True) for name in INPUTS}
        self.kind = Choice(
            self.tr("Kind of expert"),
            self.tr(
                "How it decides. 'Try all' compares every kind on patients left out "
                "and keeps the best."
            ),
        )
        self._fill_kinds()
        self.folds = Number(
            self.tr("Parts"),
            self.tr(
                "The patients are dealt into so many parts. Each part is left out once "
                "and the expert tested on it. 5 are usual; more take longer."
            ),
            (2, 20),
        )
        self.folds.setValue(FOLDS)
        self.seed = Number(
            self.tr("Seed"),
            self.tr(
                "A number that fixes how the patients are dealt. The same number gives "
                "the same result again."
            ),
            (0, 999_999),
        )
        self._lay_out()
        self._connect()

    def _input(self, name: str) -> QCheckBox:
        box = QCheckBox(tr(INPUT_WORDS[name]))
        box.setToolTip(tr(INPUT_TIPS[name]))
        box.setChecked(name in USUAL_INPUTS)
        return box

    def _fill_kinds(self) -> None:
        best = (self.tr("Try all, keep the best"), _ALL, True)
        self.kind.fill([best, *((tr(KIND_WORDS[one]), one, True) for one in KINDS)])
        for place, one in enumerate(KINDS, 1):
            role = Qt.ItemDataRole.ToolTipRole
            self.kind.setItemData(place, tr(KIND_TIPS[one]) + ".", role)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(self.question)
        column.addWidget(named(self.tr("Clips"), self.clips))
        column.addWidget(self.source)
        column.addWidget(self._inputs())
        column.addWidget(named(self.tr("Kind of expert"), self.kind))
        more = Section(self.tr("More"), opened=False)
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE)
        grid.addWidget(named(self.tr("Parts left out in turn"), self.folds), 0, 0)
        grid.addWidget(named(self.tr("Seed"), self.seed), 0, 1)
        more.content.addLayout(grid)
        column.addWidget(more)
        self.more = more

    def _inputs(self) -> QWidget:
        all_of_them = QWidget()
        column = QVBoxLayout(all_of_them)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addWidget(words(self.tr("What it may decide by"), "muted"))
        widest = max(box.sizeHint().width() for box in self.inputs.values())
        pairs = []
        for name, box in self.inputs.items():
            # The numbers stand in one column; where that is too narrow, below.
            box.setMinimumWidth(widest)
            pairs.append(Pair(box, self._told[name], shares=(0, 1)))
            column.addWidget(pairs[-1])
        Pair.join(pairs)
        return all_of_them

    def _connect(self) -> None:
        for source in (self.question, self.source):
            source.changed.connect(self.changed)
        for box in self.inputs.values():
            box.toggled.connect(self.changed)
        for choice in (self.clips, self.kind):
            choice.currentIndexChanged.connect(self.changed)
        for number in (self.folds, self.seed):
            number.valueChanged.connect(self.changed)

    def show_offer(self, offer: Offer) -> None:
        """Offer what the library has."""
        self.question.show_offer(offer)
        self.source.show_offer(offer)
        for name, label in self._told.items():
            known = offer.inputs.get(name)
            label.setText("" if known is None else self._numbers(known))
            empty = known is not None and known.numbers == 0
            self._allow(name, there=not empty)
        self.changed.emit()

    def _allow(self, name: str, *, there: bool) -> None:
        """Leave out an input the library lacks; take it again once it is there."""
        box = self.inputs[name]
        if box.isEnabled() and not there and box.isChecked():
            self._lacking.add(name)
        box.setEnabled(there)
        box.setChecked(there and (box.isChecked() or name in self._lacking))
        if there:
            self._lacking.discard(name)

    def _numbers(self, known: InputOffer) -> str:
        if known.numbers == 0:
            return self.tr("none in this library")
        many = counted(known.numbers, self.tr("1 value"), self.tr("{n} values"))
        if not known.missing:
            return many
        missing = self.tr("{many}, some missing in {clips}")
        return missing.format(many=many, clips=clips_words(known.missing))

    def wish(self, library: Path, model: Path) -> Wish | None:
        """Return what is wished for; None where nothing can be asked."""
        asked = self.question.asked
        if asked is None:
            return None
        chosen = str(self.kind.currentData())
        return Wish(
            asked,
            self.source.source(library, model),
            tuple(name for name, box in self.inputs.items() if box.isChecked()),
            KINDS if chosen == _ALL else (chosen,),
            self.folds.value(),
            self.seed.value(),
            self.clips.clips,
        )
