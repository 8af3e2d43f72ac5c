"""The rounds of labelling: what is asked, what is done, what it brought."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from lusviewer.errors import LusViewerError
from lusviewer.gui.asking import work
from lusviewer.gui.asking.work import Looked, Wish
from lusviewer.gui.jobs import Lane
from lusviewer.gui.study.work import Said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel
    from lusviewer.library.labels_spent import Spent
    from lusviewer.library.queue import Ask, Proposal

_CALM_MS: Final = 400
"""How long labels are waited for before the queue is made anew."""

COUNT: Final = 10


class QueueModel(QObject):
    """What to label next; a round ends when all its clips are labelled.

    Signals
    -------
    changed()
        The round, the proposals or the message are different now.
    curve_changed()
        The curve has another point, or is of another task.
    """

    changed = Signal()
    curve_changed = Signal()

    def __init__(self, viewer: ViewerModel, study: StudyModel, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer, self._study = viewer, study
        self.task, self.count = "", COUNT
        self.looked: Looked | None = None
        self.round: tuple[Ask, ...] = ()
        self.number = 0
        self.confirmed: frozenset[tuple[int, str]] = frozenset()
        self.message = ""
        self.curve: tuple[Spent, ...] = ()
        self.curve_task = ""
        self.curve_message = ""
        self._awake = False
        self._calm = QTimer(self, singleShot=True, interval=_CALM_MS)
        self._calm.timeout.connect(self.look)
        self._looking, self._spending = Lane(self), Lane(self)
        self._looking.produced.connect(self._on_looked)
        self._looking.failed.connect(self._on_failed)
        self._looking.ended.connect(self.changed)
        self._spending.produced.connect(self._on_spent)
        self._spending.failed.connect(self._on_no_curve)
        self._spending.ended.connect(self.curve_changed)
        study.closing.connect(self.shutdown)
        study.opened.connect(self._begin_anew)
        study.changed.connect(self._on_study)

    # --- asking --------------------------------------------------------------------

    def wake(self, *, awake: bool) -> None:
        """Look only while somebody watches; at once when that begins."""
        self._awake = awake
        if awake:
            self._calm.start()

    def choose(self, task: str, count: int) -> None:
        """Ask about another task ("" for all with labels), or about more clips."""
        if (task, count) != (self.task, self.count):
            self.task, self.count = task, count
            self._begin_anew()

    @property
    def busy(self) -> bool:
        """Whether the queue is being made."""
        return self._looking.busy

    @Slot()
    def look(self) -> None:
        """Make the queue with the labels there are now."""
        asked = tuple(ask.clip.id for ask in self.round)
        wish = Wish(self.task, self.count, asked)
        self._looking.run(partial(work.look, self._study.shelf, wish))

    @Slot()
    def next_round(self) -> None:
        """Leave what is not labelled of this round and ask anew."""
        self.round = ()
        self.look()

    @property
    def done(self) -> frozenset[int]:
        """The clips of the round that are labelled."""
        return frozenset() if self.looked is None else self.looked.done

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        """The answers that are sure enough, but for those confirmed just now."""
        if self.looked is None:
            return ()
        return tuple(
            one
            for one in self.looked.queue.proposals
            if (one.clip.id, one.task) not in self.confirmed
        )

    def confirm(self, proposals: Sequence[Proposal]) -> None:
        """Keep proposals as the rater's own labels: one step to undo."""
        stack = self._viewer.undo_stack
        words = self.tr("Confirm {n} proposals").format(n=len(proposals))
        if len(proposals) == 1:
            words = self.tr("Confirm a proposal")
        stack.beginMacro(words)
        for one in proposals:
            said = Said(one.task, one.value, note=one.note)
            self._study.label([said], words, [one.clip.id])
        stack.endMacro()
        new = {(one.clip.id, one.task) for one in proposals}
        self.confirmed = self.confirmed | new
        self.changed.emit()

    # --- the curve --------------------------------------------------------------------

    @property
    def drawing(self) -> bool:
        """Whether the curve is being worked out."""
        return self._spending.busy

    def draw_curve(self, task: str) -> None:
        """Work out what the labels of ``task`` brought."""
        self.curve, self.curve_task, self.curve_message = (), task, ""
        if task:
            self._spending.run(partial(work.spent, self._study.shelf, task))
        self.curve_changed.emit()

    @Slot(object)
    def _on_spent(self, points: tuple[Spent, ...]) -> None:
        self.curve = (*self.curve, *points)
        self.curve_changed.emit()

    @Slot(object)
    def _on_no_curve(self, error: Exception) -> None:
        self.curve_message = _told(error)
        self.curve_changed.emit()

    # --- following --------------------------------------------------------------------

    @Slot()
    def _begin_anew(self) -> None:
        self._looking.cancel()  # It may still look at another library.
        self.round, self.number, self.looked = (), 0, None
        self.confirmed = frozenset()
        self.message = ""
        self.draw_curve("")
        self.changed.emit()
        self._on_study()

    @Slot()
    def _on_study(self) -> None:
        if self._awake:
            self._calm.start()

    @Slot(object)
    def _on_looked(self, looked: tuple[Looked, ...]) -> None:
        self.looked, self.message = looked[-1], ""
        self.confirmed = frozenset()
        asked = {ask.clip.id for ask in self.round}
        if asked <= self.looked.done:
            self.round = self.looked.queue.asks
            self.number += 1
            labelled = self.looked.queue.tasks
            self.draw_curve(self.curve_task or next(iter(labelled), ""))
        self.changed.emit()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self.looked, self.round = None, ()
        self.message = _told(error)
        self.changed.emit()

    def shutdown(self) -> None:
        """Stop and wait for every thread."""
        self._looking.close()
        self._spending.close()


def _told(error: Exception) -> str:
    """Return what a person can be told; everything else is a bug and goes on."""
    if not isinstance(error, LusViewerError):
        raise error
    return f"{error.message} {error.hint}".strip()
