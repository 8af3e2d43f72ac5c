"""The exam: its clips in order, the one that is open, and what was found in each."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal, Slot

from lusviewer.gui import background
from lusviewer.gui.jobs import Lane

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lusviewer.gui.background import Analysed, Listing, Models
    from lusviewer.io.folder import ExamClip

KEPT_FRAMES: Final = 20_000
"""The frames whose findings are kept of clips seen before: about 160 MiB."""


class ExamModel(QObject):
    """The clips of what was opened.

    Signals
    -------
    listed(Listing)
        The clips are known; ``position`` is -1 until one is opened.
    thumbnailed(tuple)
        ``Thumbnail`` of some more clips.
    progressed(int, int)
        So many of so many clips are analysed; none are being when both are 0.
    results_changed(Path)
        What is known of a clip changed.
    failed(Exception)
        Nothing could be listed.
    """

    listed = Signal(object)
    thumbnailed = Signal(object)
    progressed = Signal(int, int)
    results_changed = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.clips: tuple[ExamClip, ...] = ()
        self.position = -1
        self._first: Path | None = None
        self._kept: OrderedDict[Path, Analysed] = OrderedDict()
        self.editor = ""
        self._edits: dict[tuple[str, Path], Mapping[str, float]] = {}
        self._lane = Lane(self)
        self._lane.produced.connect(self._on_listed)
        self._lane.failed.connect(self.failed)
        self._picturing = Lane(self)
        self._picturing.produced.connect(self.thumbnailed)
        self._picturing.failed.connect(self.failed)
        self._pictured = False
        self._wanted = False
        self._hopeless: set[Path] = set()
        self._analysing = Lane(self)
        self._analysing.produced.connect(self._on_analysed)
        self._analysing.ended.connect(self._on_ended)
        self._analysing.failed.connect(self.failed)

    def open(self, paths: Sequence[Path], first: Path | None = None) -> None:
        """List the clips under ``paths`` in the background; until then all stays.

        ``first`` is the clip to begin with, if it is among them.
        """
        self._first = first
        self._lane.run(partial(background.list_clips, tuple(paths)))

    @property
    def start(self) -> int:
        """Where to begin among the clips that were listed."""
        paths = self._paths()
        return paths.index(self._first) if self._first in paths else 0

    def close(self) -> None:
        """Stop listing and wait for it."""
        self._lane.close()
        self._picturing.close()
        self._analysing.close()

    def picture(self) -> None:
        """Make the thumbnails, once; asked for when the first clip is shown."""
        if not self._pictured and self.clips:
            self._pictured = True
            paths = tuple(clip.path for clip in self.clips)
            self._picturing.run(partial(background.thumbnails, paths))

    @property
    def busy(self) -> bool:
        """Whether clips that are not open are being analysed."""
        return self._analysing.busy

    def analyse_all(self) -> None:
        """Want every clip analysed; ``go_on`` begins whenever there is time for it."""
        self._wanted = True

    def go_on(self, models: Models | None) -> None:
        """Analyse the clips nothing is known of, one after the other, if wanted."""
        left = [path for path in self._paths() if not self._known(path)]
        if self._wanted and models is not None and left and not self.busy:
            self._analysing.run(partial(background.analyse_clips, left, models))
            self._tell_progress()

    def pause(self) -> None:
        """Leave the machine to the clip that is being opened."""
        self._analysing.cancel()

    def stop_analysing(self) -> None:
        """Want no more than the open clip."""
        self._wanted = False
        self._analysing.cancel()

    def _paths(self) -> list[Path]:
        return [clip.path for clip in self.clips]

    def _known(self, path: Path) -> bool:
        return path in self._kept or path in self._hopeless

    def _tell_progress(self) -> None:
        paths = self._paths()
        self.progressed.emit(sum(map(self._known, paths)), len(paths))

    @Slot(object)
    def _on_analysed(self, done: tuple[tuple[Path, Analysed | None], ...]) -> None:
        for path, analysed in done:
            if analysed is None:
                self._hopeless.add(path)
            else:
                self.keep(path, analysed)
        self._tell_progress()

    @Slot()
    def _on_ended(self) -> None:
        self.progressed.emit(0, 0)

    def keep(self, path: Path, analysed: Analysed) -> None:
        """Remember what was found in a clip, forgetting the longest unseen ones."""
        self._kept[path] = analysed
        self._kept.move_to_end(path)
        self.results_changed.emit(path)
        frames = sum(len(kept.findings) for kept in self._kept.values())
        while frames > KEPT_FRAMES and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            frames -= len(dropped.findings)

    def kept(self, path: Path) -> Analysed | None:
        """Return what was found in a clip before, if it is still remembered."""
        return self._kept.get(path)

    def keep_edits(self, path: Path, edits: Mapping[str, float]) -> None:
        """Remember what the editor overruled in a clip, whichever model answers."""
        self._edits[self.editor, path] = edits

    def edits_of(self, path: Path) -> Mapping[str, float]:
        """Return what the editor overruled in a clip."""
        return self._edits.get((self.editor, path), {})

    def forget_results(self) -> None:
        """Drop what was found: another model answers now."""
        paths = list(self._kept)
        self._kept.clear()
        for path in paths:
            self.results_changed.emit(path)

    @Slot(object)
    def _on_listed(self, listings: tuple[Listing, ...]) -> None:
        self._picturing.cancel()
        self.stop_analysing()
        self.clips = listings[-1].clips
        self.position = -1
        self._pictured = False
        self._hopeless.clear()
        self.listed.emit(listings[-1])
