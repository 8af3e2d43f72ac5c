"""Which clips a person should look at next, and which answers are sure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLayout,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from lusviewer.gui.asking.ask_card import AskCard
from lusviewer.gui.asking.curve_view import CurveView
from lusviewer.gui.asking.model import COUNT, QueueModel
from lusviewer.gui.asking.proposals import ProposalList
from lusviewer.gui.narrow import NarrowCombo, Pair, narrow_tabs
from lusviewer.gui.panel_parts import clear, link, words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QShowEvent

    from lusviewer.gui.settings import Settings
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel
    from lusviewer.library import ClipEntry
    from lusviewer.library.queue import Proposal

_MOST: Final = 50
_LEAST_WIDTH: Final = 290
_TOP: Final = Qt.AlignmentFlag.AlignTop


class QueuePanel(QWidget):
    """The round, the proposals, and the curve of what labels brought.

    Signals
    -------
    library_wanted()
        A person wants to see the library, to fill it.
    """

    library_wanted = Signal()

    def __init__(
        self,
        viewer: ViewerModel,
        study: StudyModel,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._study, self._settings = viewer, study, settings
        self.model = QueueModel(viewer, study, self)
        self.setAccessibleName(self.tr("Label next"))
        self.setMinimumWidth(_LEAST_WIDTH)
        self.task = NarrowCombo()
        self.count = QSpinBox()
        self.state = words("", "muted", wrap=True)
        self.again = link(
            self.tr("ask anew"),
            self.tr("Leave what is not labelled and ask anew"),
            self.model.next_round,
        )
        self.to_library = link(
            self.tr("Show the library"),
            self.tr("Show the panel Library, where clips are added"),
            self.library_wanted.emit,
        )
        self.cards: list[AskCard] = []
        self.proposals = ProposalList()
        self.confirm = QPushButton(self.tr("Confirm"))
        self.curve = CurveView()
        self.curve_words = words("", "muted", wrap=True)
        self._lay_out()
        self._connect()
        self._show()

    # --- building --------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.task.setAccessibleName(self.tr("What to ask about"))
        self.task.addItem(self.tr("All labelled questions"), "")
        self.count.setAccessibleName(self.tr("Clips in a round"))
        self.count.setToolTip(self.tr("How many clips are asked about in a round"))
        self.count.setRange(1, _MOST)
        self.count.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.count.setSuffix(self.tr(" clips"))
        self.count.setValue(COUNT)
        self.top = Pair(self.task, self.count, shares=(1, 0))
        state = QHBoxLayout()
        state.addWidget(self.state, 1)
        state.addWidget(self.again, 0, Qt.AlignmentFlag.AlignTop)
        self.pages = QTabWidget()
        self.pages.setDocumentMode(True)
        narrow_tabs(self.pages)
        self.pages.addTab(self._round_page(), self.tr("To label"))
        self.pages.addTab(self._proposal_page(), self.tr("To confirm"))
        self.pages.addTab(self._curve_page(), self.tr("Curve"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, SPACE, 12, 12)
        layout.setSpacing(SPACE)
        layout.addWidget(self.top)
        layout.addLayout(state)
        layout.addWidget(self.to_library)
        layout.addWidget(self.pages, 1)
        self.room = QWidget()
        layout.addWidget(self.room, 1)

    def _round_page(self) -> QWidget:
        inside = QWidget()
        self._cards = QVBoxLayout()
        self._cards.setSpacing(SPACE // 2)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, SPACE // 2, SPACE // 2, 0)
        column.addLayout(self._cards)
        column.addStretch(1)
        page = QScrollArea()
        page.setFrameShape(QFrame.Shape.NoFrame)
        page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page.setWidgetResizable(True)
        page.setWidget(inside)
        return page

    def _proposal_page(self) -> QWidget:
        self.advice = words("", "muted", wrap=True)
        self.advice.setAlignment(_TOP)
        below = QHBoxLayout()
        below.addStretch(1)
        below.addWidget(self.confirm)
        return _page(self.advice, self.proposals, below)

    def _curve_page(self) -> QWidget:
        page = QScrollArea()
        page.setFrameShape(QFrame.Shape.NoFrame)
        page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page.setWidgetResizable(True)
        page.setWidget(_page(self.curve, self.curve_words, None))
        return page

    def _connect(self) -> None:
        self.model.changed.connect(self._show)
        self.model.curve_changed.connect(self._show_curve)
        self.task.activated.connect(self._choose)
        self.count.valueChanged.connect(self._choose)
        self.proposals.wanted.connect(self._open_proposal)
        self.proposals.confirmed.connect(self.model.confirm)
        self.confirm.clicked.connect(self.proposals.confirm)
        self.proposals.itemSelectionChanged.connect(self._show_chosen)
        self._viewer.clip_opened.connect(self._mark_cards)
        self._viewer.clip_closed.connect(self._mark_cards)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to look."""
        super().showEvent(event)
        self.model.wake(awake=True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Spare the machine what nobody sees."""
        super().hideEvent(event)
        self.model.wake(awake=False)

    # --- asking --------------------------------------------------------------------

    @Slot()
    def _choose(self) -> None:
        self.model.choose(str(self.task.currentData()), self.count.value())

    @Slot(object)
    def _open_proposal(self, proposal: Proposal) -> None:
        self._open(proposal.clip)

    def _open(self, entry: ClipEntry) -> None:
        self._study.open_clip(entry.id)

    # --- showing --------------------------------------------------------------------

    @Slot()
    def _show(self) -> None:
        model, looked = self.model, self.model.looked
        self._show_tasks()
        self.state.setText(self._state())
        asks = [ask.clip.id for ask in model.round]
        if asks != [card.ask.clip.id for card in self.cards]:
            self._make_cards()
        self._mark_cards()
        self.proposals.show_proposals(model.proposals, self._words)
        self._show_chosen()
        self.advice.setText(self._advice())
        titles = (
            (self.tr("To label"), len(model.round) - len(model.done & set(asks))),
            (self.tr("To confirm"), len(model.proposals)),
        )
        for page, (title, count) in enumerate(titles):
            whole = f"{title} ({count})" if count else title
            self.pages.setTabText(page, whole)
            self.pages.setTabToolTip(page, whole)
        self.pages.setVisible(looked is not None)
        self.room.setVisible(looked is None)
        self.again.setVisible(bool(model.round))
        self.to_library.setVisible(not self._study.shelf.made)

    @Slot()
    def _show_chosen(self) -> None:
        """Say how many would be confirmed, or why none can be."""
        chosen = len(self.proposals.selectedItems())
        text = self.tr("Confirm {n}").format(n=chosen) if chosen else ""
        self.confirm.setText(text or self.tr("Confirm"))
        self.confirm.setEnabled(chosen > 0)
        tip = self.tr("Keep what is selected as your labels (Enter)")
        if not chosen:
            tip = self.tr("Select answers in the list first.")
        self.confirm.setToolTip(tip)
        for part in (self.proposals, self.confirm):
            part.setVisible(bool(self.model.proposals))

    def _advice(self) -> str:
        looked = self.model.looked
        if looked is not None and not looked.queue.waiting:
            return self.tr("Nothing is left to confirm: see above.")
        if self.model.proposals:
            return self.tr(
                "Up and Down show the clip, Enter confirms. "
                "Nothing is a label until you confirm it."
            )
        return self.tr(
            "No answer is sure enough yet. Answers are proposed once a question has "
            "five clips with yes and five with no."
        )

    def _state(self) -> str:
        model, looked = self.model, self.model.looked
        if model.message:
            return model.message
        if looked is None and self._study.shelf.made:
            return self.tr("Looking which clips to label next ...")
        if looked is None:
            return self.tr(
                "There is no library yet. Label a clip, or add clips to the library: "
                "then this says which to look at next."
            )
        waiting = self.tr("{n} clips wait for a label.").format(n=looked.queue.waiting)
        if looked.queue.waiting == 1:
            waiting = self.tr("1 clip waits for a label.")
        if not looked.queue.waiting:
            waiting = self.tr(
                "Every analysed clip has its labels. Choose another question above, or "
                "analyse more clips (menu Study)."
            )
        if not model.round:
            return waiting
        return self.tr("Round {number}: {done} of {n} labelled. {waiting}").format(
            number=model.number,
            done=len(model.done & {ask.clip.id for ask in model.round}),
            n=len(model.round),
            waiting=waiting,
        )

    def _show_tasks(self) -> None:
        looked = self.model.looked
        known = {} if looked is None else dict(looked.tasks)
        shown = {
            str(self.task.itemData(row)): row for row in range(1, self.task.count())
        }
        for key, text in known.items():
            if key not in shown:
                self.task.addItem(text[:1].upper() + text[1:], key)

    def _words(self, task: str) -> str:
        looked = self.model.looked
        text = task if looked is None else looked.tasks.get(task, task)
        return text[:1].upper() + text[1:]

    def _make_cards(self) -> None:
        clear(self._cards)
        self.cards = [AskCard(ask) for ask in self.model.round]
        for card in self.cards:
            card.wanted.connect(partial(self._open, card.ask.clip))
            self._cards.addWidget(card)

    @Slot()
    def _mark_cards(self) -> None:
        clip = self._viewer.clip
        path = None if clip is None else clip.identity.path
        for card in self.cards:
            done = card.ask.clip.id in self.model.done
            card.show_state(done=done, opened=card.ask.clip.path == path)

    @Slot()
    def _show_curve(self) -> None:
        model = self.model
        self.curve.show_points(model.curve)
        self.curve.setVisible(bool(model.curve) and not model.curve_message)
        self.curve_words.setText(self._curve_words())

    def _curve_words(self) -> str:
        model = self.model
        if model.curve_message:
            return model.curve_message
        if not model.curve and model.drawing:
            return self.tr("Working out what the labels brought ...")
        if not model.curve:
            return self.tr(
                "Once a question has labels, this shows what they brought: how well "
                "it is answered on patients left out, by how many labels were given."
            )
        early = next(
            (p for p in model.curve if p.labels >= model.curve[-1].labels / 2),
            model.curve[-1],
        )
        told = self.tr(
            "{task}: AUC on patients left out (1 is perfect, 0.5 is chance), by how "
            "many labels were learned from. Line: in the order they were given. Dashes "
            "and band: the same labels in {orders} random orders, mean and range. "
            "After {n} labels: {own:.2f}, in random order {chance:.2f} ({low:.2f} to "
            "{high:.2f})."
        ).format(
            task=self._words(model.curve_task),
            orders=len(early.by_chance),
            n=early.labels,
            own=early.in_order,
            chance=float(np.mean(early.by_chance)),
            low=min(early.by_chance),
            high=max(early.by_chance),
        )
        if model.task:
            return told
        return told + " " + self.tr("Choose a question above to see its own curve.")


def _page(first: QWidget, second: QWidget, below: QLayout | None) -> QWidget:
    """Return a page with two parts, one above the other."""
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, SPACE, 0, 0)
    column.addWidget(first)
    column.addWidget(second, 1, Qt.AlignmentFlag(0) if below else _TOP)
    if below is not None:
        column.addLayout(below)
    return page
