"""The study library as the window knows it: which is open, who speaks, what changed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from lusviewer.errors import LusViewerError
from lusviewer.gui.errands import Errands
from lusviewer.gui.jobs import Lane
from lusviewer.gui.study import work
from lusviewer.gui.study.chosen import ChosenClips
from lusviewer.gui.study.opening import Opener
from lusviewer.gui.study.seen import Seen
from lusviewer.gui.study.steps import Step
from lusviewer.gui.study.work import Changed, Current, Place, Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from lusviewer.cancel import CancelToken
    from lusviewer.gui.study.work import Redrawing, Said
    from lusviewer.gui.viewer_model import ViewerModel
    from lusviewer.library import Library, Line
    from lusviewer.library.analysing import Analysed

    Write = Callable[[Shelf, CancelToken], Iterator[Changed]]
    Show = Callable[[bool], None]


class StudyModel(QObject):
    """The library, the rater, and what is known of the clip that is open.

    Panels read through jobs of their own on ``shelf``; whatever is written goes
    through ``label``, ``draw`` and ``change``: in order, to its end, off this thread.

    Signals
    -------
    opened(Shelf)
        Another library is open, or the one that was is made now.
    changed(Changed)
        Something is different now of these clips; of any where none is named.
    current_changed(Current | None)
        What is known of the open clip is different now; None where none is open.
    rater_changed(str)
    analysing(int, int)
        So many of so many clips have been looked at; 0, 0 where none are being.
    analysis_failed(Analysed)
        A clip that could not be analysed; the others go on.
    analysis_stopped(LusViewerError)
        Why no more clips can be analysed for now; comes before ``analysing(0, 0)``.
    failed(Exception)
    closing()
        Whoever reads the library stops now: it is being closed.
    """

    opened = Signal(object)
    changed = Signal(object)
    current_changed = Signal(object)
    rater_changed = Signal(str)
    analysing = Signal(int, int)
    analysis_failed = Signal(object)
    analysis_stopped = Signal(object)
    failed = Signal(object)
    closing = Signal()

    def __init__(self, viewer: ViewerModel, folder: Path, rater: str) -> None:
        super().__init__(viewer)
        self._viewer = viewer
        self.shelf = Shelf(folder)
        self.rater = rater
        self.current: Current | None = None
        self.seen = Seen(rater, self)
        self.rater_changed.connect(self.seen.set_rater)
        self.chosen = ChosenClips(self)
        self._wanted = False
        self._paused = False
        self._opening = Lane(self)
        self._reading = Lane(self)
        self._analysis = Lane(self)
        self._errands = Errands(self)
        self._opener = Opener(viewer, self)
        self._connect()

    def _connect(self) -> None:
        viewer = self._viewer
        viewer.clip_opened.connect(self._read_current)
        viewer.clip_closed.connect(self._read_current)
        viewer.analysis_ended.connect(self._keep_report)
        viewer.models_changed.connect(self._go_on)
        viewer.analysis.experts_changed.connect(self._start_anew)
        viewer.analysis_started.connect(self._pause)
        viewer.analysis_ended.connect(self._go_on)
        viewer.clip_opened.connect(self._go_on)
        self._opening.produced.connect(self._on_opened)
        self._reading.produced.connect(self._on_current)
        self._errands.produced.connect(self._on_changed)
        self._analysis.produced.connect(self._on_analysed)
        self._analysis.failed.connect(self.analysis_stopped)
        self._analysis.ended.connect(self._on_analysis_ended)
        self._errands.failed.connect(self._read_current)
        for source in (self._opening, self._reading, self._errands, self._analysis):
            source.failed.connect(self._on_failed)
        self._opener.failed.connect(self._on_failed)
        self.failed.connect(viewer.report_failure)

    # --- which library, and who --------------------------------------------------

    def open(self, folder: Path | None = None) -> None:
        """Open the library in ``folder``, or the one chosen before, if it is made.

        The one before stays until then, and where the other one cannot be opened.
        """
        shelf = self.shelf
        if folder is not None and folder != shelf.folder:
            shelf = Shelf(folder)
        self._opening.run(partial(work.open_shelf, shelf))

    def open_clip(self, clip: int | Path) -> None:
        """Show a clip, by number or file, among the others of its exam."""
        self._opener.open(self.shelf, clip)

    def set_rater(self, name: str) -> None:
        """Speak in another person's name from now on."""
        name = name.strip()
        if name and name != self.rater:
            self.rater = name
            self.rater_changed.emit(name)

    # --- writing -------------------------------------------------------------------

    def place(self) -> Place | None:
        """Return the open clip, with those it was opened together with."""
        clip = self._viewer.clip
        if clip is None:
            return None
        path = clip.identity.path
        near = [one.path for one in self._viewer.exam.clips if one.path != path]
        near = [one for one in near if one.parent == path.parent]
        return Place(path, tuple(near))

    def label(
        self, said: Sequence[Said], words: str, clips: Sequence[int] | None = None
    ) -> None:
        """Give answers to ``clips``, or to the one that is open; can be undone."""
        target = self.place() if clips is None else tuple(clips)
        if target and said:
            what = work.Labelling(target, tuple(said), self.rater)
            self.push(words, partial(work.give, what), partial(work.take_back, what))

    def draw(self, frame: int, lines: Sequence[Line], words: str) -> None:
        """Keep all lines of a frame of the open clip; can be undone."""
        place = self.place()
        if place is not None:
            what = work.Redrawing(place, frame, tuple(lines), self.rater)
            self.redraw(what, words)

    def redraw(
        self, what: Redrawing, words: str, show: Show = lambda _done: None
    ) -> None:
        """Keep all lines of a frame of any clip; can be undone.

        ``show`` is told at once whether it is done (True) or taken back, before either
        is written.
        """
        self.push(words, partial(work.draw, what), partial(work.draw_back, what), show)

    def push(
        self, words: str, do: Write, take_back: Write, show: Show = lambda _done: None
    ) -> None:
        """Do ``do`` as a step that can be undone, in the library that is open now.

        Where it takes long it may be stopped; taking back goes to its end.
        """
        shelf = self.shelf

        def say(what: Write, *, done: bool) -> None:
            show(done)
            text = words if done else self.tr("Taking back: {0}").format(words)
            steps = partial(work.followed, what, shelf, text, stoppable=done)
            self.errand(lambda _closing: steps())

        forth, back = partial(say, do, done=True), partial(say, take_back, done=False)
        self._viewer.undo_stack.push(Step(words, forth, back))

    def change(self, how: Callable[[Library, CancelToken], Changed]) -> None:
        """Change the library as ``how`` does, off this thread, after what waits."""
        self.errand(partial(work.change, self.shelf, how))

    def errand(self, do: Callable[[CancelToken], Iterable[Changed]]) -> None:
        """Have something written that yields what it changed."""
        self._errands.run(do)

    @property
    def writing(self) -> bool:
        """Whether something that was said is still to be kept."""
        return self._errands.busy

    # --- analysing all clips ---------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether clips of the library are being analysed, or wait to be."""
        return self._wanted

    def analyse_all(self) -> None:
        """Analyse every clip the model has not seen, behind the one being watched."""
        self._wanted = True
        self._go_on()

    def stop_analysing(self) -> None:
        """Want no more clips analysed."""
        self._wanted = False
        self._analysis.cancel()
        self.analysing.emit(0, 0)

    @Slot()
    def _go_on(self) -> None:
        viewer, models = self._viewer, self._viewer.analysis.models
        if models is None:
            self._pause()
        waits = viewer.analysis.busy or self._analysis.busy
        if self._wanted and models is not None and not waits:
            self._paused = False
            self._analysis.run(partial(work.analyse_all, self.shelf, models))

    @Slot()
    def _start_anew(self) -> None:
        """Let the clips that are still to come be judged by the experts in use now."""
        if self._analysis.busy:
            self._pause()

    @Slot()
    def _pause(self) -> None:
        """Leave the machine to the clip that is being watched."""
        self._paused = True
        self._analysis.cancel()

    @Slot(object)
    def _on_analysed(self, done: tuple[Analysed, ...]) -> None:
        for one in done:
            if one.error is not None:
                self.analysis_failed.emit(one)
        self.analysing.emit(done[-1].done, done[-1].total)
        self.changed.emit(Changed(frozenset(one.clip.id for one in done)))

    @Slot()
    def _on_analysis_ended(self) -> None:
        # Nobody was told of a clip that was kept as the analysis was stopped.
        self.changed.emit(Changed())
        if self._paused:
            self._go_on()
        else:
            self._wanted = False
            self.analysing.emit(0, 0)

    # --- following -------------------------------------------------------------------

    @Slot()
    def _read_current(self) -> None:
        clip = self._viewer.clip
        if clip is None:
            self._reading.cancel()
            self._show_current(None)
        else:
            path = clip.identity.path
            self._reading.run(partial(work.read_current, self.shelf, path))

    @Slot(object)
    def _on_current(self, found: tuple[Current, ...]) -> None:
        clip = self._viewer.clip
        if clip is not None and clip.identity.path == found[-1].path:
            self._show_current(found[-1])

    def _show_current(self, current: Current | None) -> None:
        if current != self.current:
            self.current = current
            self.current_changed.emit(current)

    @Slot(object)
    def _on_changed(self, changes: tuple[Changed, ...]) -> None:
        for one in changes:
            self.changed.emit(one)
        self._read_current()

    def tell(self, changed: Changed) -> None:
        """Say that something is different that was not changed through this model."""
        self._on_changed((changed,))

    @Slot(object)
    def _on_opened(self, shelves: tuple[Shelf, ...]) -> None:
        shelf, before = shelves[-1], self.shelf
        if shelf is not before:
            self.stop_analysing()
            self._errands.run(partial(_close, before))
            self.shelf = shelf
        self.opened.emit(shelf)
        self._read_current()

    @Slot()
    def _keep_report(self) -> None:
        clip, report = self._viewer.clip, self._viewer.report
        if clip is not None and report is not None and self._viewer.analysis.complete:
            path = clip.identity.path
            kept = work.Judgement(report, self._viewer.analysis.judges)
            self.errand(partial(work.keep_report, self.shelf, path, kept))

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LusViewerError):
            raise error
        self.failed.emit(error)

    def shutdown(self) -> None:
        """Stop reading and analysing; keep all that was said; let go of the file."""
        self.closing.emit()
        for lane in (self._opening, self._reading, self._analysis, self._opener):
            lane.close()
        self._errands.close()
        self.shelf.close()


def _close(shelf: Shelf, _cancel: CancelToken) -> Iterable[Changed]:
    shelf.close()
    return ()
