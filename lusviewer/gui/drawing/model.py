"""The lines of one's own on the frames of the open clip, kept in the study library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from lusviewer.gui.drawing import work
from lusviewer.gui.drawing.strokes import Stroke
from lusviewer.gui.drawing.work import Sheet, Spot, Wish
from lusviewer.gui.jobs import Latest
from lusviewer.gui.study.work import Redrawing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.study.work import Current
    from lusviewer.gui.viewer_model import ViewerModel
    from lusviewer.library import Drawing, Line

    Lines = tuple[Line, ...]


class DrawingModel(QObject):
    """What a person drew: shown at once, snapped and written in the background.

    Signals
    -------
    changed()
        The lines of the frame that is shown are others now.
    frames_changed(tuple[int, ...])
        The frames of the open clip that one's own drawings exist for.
    """

    changed = Signal()
    frames_changed = Signal(object)

    def __init__(self, viewer: ViewerModel, study: StudyModel) -> None:
        super().__init__(viewer)
        self._viewer, self._study = viewer, study
        self._said: dict[Spot, Lines | None] = {}
        self._writing: dict[Spot, Redrawing] = {}
        self._waiting: list[Wish] = []
        self._pushing = False
        self._finishing: Latest[tuple[Wish, ...], tuple[Lines, ...]]
        self._finishing = Latest(work.finished, self)
        self._finishing.ready.connect(self._on_finished)
        self._finishing.failed.connect(self._on_failed)
        study.current_changed.connect(self._on_current)
        study.rater_changed.connect(self._tell)
        study.failed.connect(self._on_not_kept)
        viewer.frame_changed.connect(self._on_frame)

    # --- what is there -----------------------------------------------------------

    def spot(self, frame: int | None = None) -> Spot | None:
        """Return a frame of the open clip, or the one shown, as its rater's."""
        clip = self._viewer.clip
        if clip is None:
            return None
        index = self._viewer.frame_index if frame is None else frame
        return Spot(clip.identity.path, index, self._study.rater)

    def lines(self, frame: int | None = None) -> Lines | None:
        """Return one's own lines of a frame; None where nothing is said of it."""
        spot = self.spot(frame)
        return None if spot is None else self._lines_at(spot)

    @property
    def waiting(self) -> tuple[Stroke, ...]:
        """The strokes of the shown frame that are not finished yet."""
        here = self.spot()
        return tuple(
            stroke
            for wish in self._waiting
            for stroke in wish.strokes
            if wish.sheet.spot == here
        )

    @property
    def others(self) -> tuple[Drawing, ...]:
        """What others drew on the shown frame."""
        here = self.spot()
        return tuple(
            one
            for one in self._drawings()
            if here and one.frame == here.frame and one.rater != here.rater
        )

    @property
    def frames(self) -> tuple[int, ...]:
        """The frames of the open clip that one's own drawings exist for, in order."""
        here = self.spot()
        if here is None:
            return ()
        kept = {one.frame for one in self._drawings() if one.rater == here.rater}
        for spot, lines in self._said.items():
            if (spot.path, spot.rater) == (here.path, here.rater):
                kept.discard(spot.frame)
                kept |= set() if lines is None else {spot.frame}
        return tuple(sorted(kept))

    @property
    def ready(self) -> bool:
        """Whether it is known what was drawn on the open clip, so that one can add."""
        spot = self.spot()
        return spot is not None and self._read(spot.path)

    def _read(self, path: Path) -> bool:
        clip, current = self._viewer.clip, self._study.current
        is_open = clip is not None and clip.identity.path == path
        return is_open and current is not None and current.path == path

    def _drawings(self) -> Sequence[Drawing]:
        current = self._study.current
        return current.drawings if current is not None and self.ready else ()

    def _lines_at(self, spot: Spot) -> Lines | None:
        if spot in self._said:
            return self._said[spot]
        drawings = self._drawings() if self._read(spot.path) else ()
        for one in drawings:
            if (one.frame, one.rater) == (spot.frame, spot.rater):
                return one.lines
        return None

    # --- changing it ---------------------------------------------------------------

    def sheet(self) -> Sheet | None:
        """Return the shown frame to draw on, None while it cannot be drawn on."""
        clip, place, spot = self._viewer.clip, self._study.place(), self.spot()
        if clip is None or place is None or spot is None or not self.ready:
            return None
        return Sheet(clip, place, spot, self._lines_at(spot))

    def finish(self, wish: Wish) -> None:
        """Have strokes become lines in the background, and then kept."""
        self._waiting.append(wish)
        # All that wait are asked for together: none is lost to a newer one.
        self._finishing.request(tuple(self._waiting))
        self._tell()

    def keep(self, lines: Lines | None, words: str) -> None:
        """Have ``lines`` be all of the shown frame, or with None say nothing of it."""
        sheet = self.sheet()
        if sheet is not None:
            self._keep(sheet, lines, words)

    def copy_from_before(self) -> int | None:
        """Take the lines of the nearest frame before that has any, on the echo here.

        Returns that frame, None where there is none.
        """
        sheet = self.sheet()
        earlier = [one for one in self.frames if sheet and one < sheet.spot.frame]
        for frame in reversed(earlier):
            lines = self.lines(frame)
            if lines and sheet is not None:
                strokes = [Stroke(one.kind, one.points, one.width_px) for one in lines]
                words = self.tr("Copy lines from frame {n}").format(n=frame + 1)
                self.finish(Wish(sheet, tuple(strokes), words, replacing=True))
                return frame
        return None

    def _keep(self, sheet: Sheet, lines: Lines | None, words: str) -> None:
        spot, before = sheet.spot, self._lines_at(sheet.spot)
        what = Redrawing(sheet.place, spot.frame, lines, spot.rater)

        def show(done: bool) -> None:  # noqa: FBT001 - what the step calls
            self._said[spot], self._writing[spot] = (lines if done else before), what
            if not self._pushing:
                self._go_to(spot)
            self._tell()

        self._pushing = True
        self._study.redraw(what, words, show)
        self._pushing = False

    def _go_to(self, spot: Spot) -> None:
        """Show the frame of which something is undone or redone, in the open clip."""
        clip = self._viewer.clip
        if clip is not None and clip.identity.path == spot.path:
            self._viewer.set_playing(False)
            self._viewer.set_frame(spot.frame)

    # --- what comes back ---------------------------------------------------------

    @Slot(object, object)
    def _on_finished(self, wishes: tuple[Wish, ...], made: tuple[Lines, ...]) -> None:
        for wish, lines in zip(wishes, made, strict=True):
            if any(wish is one for one in self._waiting):
                self._waiting = [one for one in self._waiting if one is not wish]
                self._land(wish, lines)
        self._tell()

    def _land(self, wish: Wish, lines: Lines) -> None:
        spot = wish.sheet.spot
        if spot not in self._said and not self._read(spot.path):
            # Its clip was closed meanwhile: go by what was there when it was drawn.
            self._said[spot] = wish.sheet.base
        before = () if wish.replacing else self._lines_at(spot) or ()
        self._keep(wish.sheet, (*before, *lines), wish.words)

    @Slot(object, object)
    def _on_failed(self, wishes: tuple[Wish, ...], error: Exception) -> None:
        self._waiting = [
            one for one in self._waiting if all(one is not wish for wish in wishes)
        ]
        self._tell()
        self._viewer.report_failure(error)

    @Slot(object)
    def _on_current(self, current: Current | None) -> None:
        """Believe the library again, once all that was said is written."""
        if current is not None and not self._study.writing:
            for spot in [one for one in self._said if one.path == current.path]:
                del self._said[spot]
                self._writing.pop(spot, None)
        self._tell()

    @Slot()
    def _on_not_kept(self) -> None:
        """Show what could not be written no more; all else stays in sight."""
        for spot in [spot for spot, what in self._writing.items() if what.failed]:
            del self._writing[spot]
            self._said.pop(spot, None)
        self._tell()

    @Slot(int)
    def _on_frame(self, _index: int) -> None:
        self.changed.emit()

    @Slot()
    def _tell(self) -> None:
        self.changed.emit()
        self.frames_changed.emit(self.frames)

    def close(self) -> None:
        """Keep what still waits, as it was drawn; nothing is heard after."""
        self._finishing.close()
        for wish in self._waiting:
            drawn = [work.line_of(one, None, snaps=False) for one in wish.strokes]
            self._land(wish, tuple(drawn))
        self._waiting.clear()
