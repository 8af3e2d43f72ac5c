"""Going on to the next clip of the library that a rater has not answered for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from lusviewer.errors import LusViewerError
from lusviewer.gui.jobs import Lane
from lusviewer.gui.labelling import work

if TYPE_CHECKING:
    from lusviewer.gui.labelling.model import Labelling
    from lusviewer.gui.study.work import Current


class GoingOn(QObject):
    """Opens clip after clip for the question that is asked."""

    def __init__(self, labelling: Labelling) -> None:
        super().__init__(labelling)
        self._labelling = labelling
        self._awaited: tuple[int, str] | None = None
        labelling.study.current_changed.connect(self._on_current)
        self._lane = Lane(self)
        self._lane.produced.connect(self._on_ahead)
        self._lane.failed.connect(self._on_failed)

    @Slot()
    def go(self) -> None:
        """Open the next clip without one's answer; without a question, ask one."""
        labelling, study = self._labelling, self._labelling.study
        if labelling.selected not in labelling.questions:
            labelling.step(1)
        if labelling.selected not in labelling.questions:
            self._tell(self.tr("Open a clip first, and choose a question"))
            return
        entry = None if study.current is None else study.current.entry
        here = None if entry is None else entry.id
        wish = work.AheadWish(labelling.selected, study.rater, here)
        self._lane.run(partial(work.next_unanswered, study.shelf, wish))

    @Slot(object)
    def _on_ahead(self, found: tuple[work.Ahead, ...]) -> None:
        ahead = found[-1]
        question = self._labelling.questions.get(ahead.wish.task)
        if question is None:
            return
        if ahead.clip is None:
            text = self.tr("{question}: you have answered for every other clip")
            self._tell(text.format(question=question.title))
            return
        text = self.tr("{question}: {n} clips without your answer")
        if ahead.left == 1:
            text = self.tr("{question}: the last clip without your answer")
        text = text.format(question=question.title, n=ahead.left)
        self._awaited = ahead.clip, text
        self._labelling.study.open_clip(ahead.clip)

    @Slot(object)
    def _on_current(self, current: Current | None) -> None:
        """Tell how many are left once the clip is there: opening it clears the line."""
        if current is None or current.entry is None or self._awaited is None:
            return
        clip, text = self._awaited
        if current.entry.id == clip:
            self._awaited = None
            self._tell(text)

    def _tell(self, text: str) -> None:
        self._labelling.viewer.status_changed.emit(text)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LusViewerError):
            raise error
        self._labelling.study.failed.emit(error)

    def close(self) -> None:
        """Open no more."""
        self._lane.close()
