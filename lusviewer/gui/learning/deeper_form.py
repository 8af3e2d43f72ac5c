"""The form of an adaptation: what of the model learns, from which labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from lusviewer.gui.learning.fields import Choice, Number, named
from lusviewer.gui.learning.form import SourceField
from lusviewer.gui.learning.question import QuestionField
from lusviewer.gui.learning.wishes import (
    BLOCK,
    METHODS,
    PRETRAIN,
    STEPS,
    TEMPORAL,
    DeepWish,
)
from lusviewer.gui.learning.words import tr
from lusviewer.gui.panel_parts import Section, words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.gui.learning.work import Offer

WHAT_WORDS: Final = {
    TEMPORAL: "The part that follows the frames",
    BLOCK: "The last block of the image network",
    PRETRAIN: "The image network, without labels",
}
_WHAT_TIPS: Final = {
    TEMPORAL: "The temporal head learns from your labels how a finding shows over the "
    "frames. Pictures are read as before. The quickest of the three.",
    BLOCK: "The last block of the encoder learns from your labels how pictures of your "
    "device look. Experts fitted to the old model abstain afterwards.",
    PRETRAIN: "The last block learns from pairs of your clips, labelled or not. "
    "Experts fitted to the old model abstain afterwards.",
}
_METHOD_WORDS: Final = {
    "uscl": "Pairs of frames of one clip (USCL)",
    "frame-order": "Clips of one patient, and the order of frames",
}


class DeeperForm(QWidget):
    """What of the model is to be adapted.

    Signals
    -------
    changed()
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.what = Choice(
            self.tr("What is adapted"), self.tr("Which part of the model learns")
        )
        self.what.fill([(tr(name), what, True) for what, name in WHAT_WORDS.items()])
        self.about = words("", "muted", wrap=True)
        self.method = Choice(
            self.tr("By what"), self.tr("What it is to find out without labels")
        )
        self.method.fill([(tr(_METHOD_WORDS[one]), one, True) for one in METHODS])
        self.question = QuestionField(two_only=True)
        self.source = SourceField()
        self.steps = Number(
            self.tr("Steps"),
            self.tr(
                "How many steps it learns at most. It ends by itself where the "
                "patients that judge show no gain any more."
            ),
            (1, 100_000),
        )
        self.seed = Number(
            self.tr("Seed"),
            self.tr("The same number gives the same result again."),
            (0, 999_999),
        )
        self._lay_out()
        self._on_what()
        self.what.currentIndexChanged.connect(self._on_what)
        self.method.currentIndexChanged.connect(self.changed)
        for source in (self.question, self.source):
            source.changed.connect(self.changed)
        for number in (self.steps, self.seed):
            number.valueChanged.connect(self.changed)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        self._method = named(self.tr("By what"), self.method)
        column.addWidget(named(self.tr("What is adapted"), self.what))
        for widget in (self.about, self._method, self.question, self.source):
            column.addWidget(widget)
        more = Section(self.tr("More"), opened=False)
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE)
        grid.addWidget(named(self.tr("Steps at most"), self.steps), 0, 0)
        grid.addWidget(named(self.tr("Seed"), self.seed), 0, 1)
        more.content.addLayout(grid)
        column.addWidget(more)

    def show_offer(self, offer: Offer) -> None:
        """Offer what the library has."""
        self.question.show_offer(offer)
        self.source.show_offer(offer)
        self.changed.emit()

    @Slot()
    def _on_what(self) -> None:
        what = str(self.what.currentData())
        self.about.setText(tr(_WHAT_TIPS[what]))
        for widget in (self.question, self.source):
            widget.setVisible(what != PRETRAIN)
        self._method.setVisible(what == PRETRAIN)
        self.steps.setValue(STEPS[what])
        self.changed.emit()

    @property
    def title(self) -> str:
        """What is wished for, as a heading."""
        what = str(self.what.currentData())
        name = tr(WHAT_WORDS[what])
        return name if what == PRETRAIN else f"{self.question.words}: {name.lower()}"

    def wish(self, library: Path, model: Path) -> DeepWish | None:
        """Return what is wished for; None where no question can be asked."""
        what = str(self.what.currentData())
        asked = None if what == PRETRAIN else self.question.asked
        if asked is None and what != PRETRAIN:
            return None
        return DeepWish(
            what,
            asked,
            self.source.source(library, model),
            str(self.method.currentData()),
            self.steps.value(),
            self.seed.value(),
        )
