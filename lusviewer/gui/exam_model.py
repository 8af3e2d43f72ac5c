"""The exam: its clips in order, the one that is open, and what was found in each."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal, Slot

from lusviewer.gui import background
from lusviewer.gui.jobs import Lane

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lusviewer.findings import ClipReport, FrameFindings, Timelines
    from lusviewer.gui.background import Listing
    from lusviewer.io.folder import ExamClip

KEPT_FRAMES: Final = 20_000
"""The frames whose findings are kept of clips seen before: about 160 MiB."""


@dataclass(frozen=True, slots=True)
class Analysed:
    """What is kept of a clip seen before, so that coming back costs nothing."""

    findings: dict[int, FrameFindings]
    timelines: Timelines
    report: ClipReport
    edits: Mapping[str, float] = field(default_factory=dict)


class ExamModel(QObject):
    """The clips of what was opened.

    Signals
    -------
    listed(Listing)
        The clips are known; ``position`` is -1 until one is opened.
    thumbnailed(tuple)
        ``Thumbnail`` of some more clips.
    results_changed(Path)
        What is known of a clip changed.
    failed(Exception)
        Nothing could be listed.
    """

    listed = Signal(object)
    thumbnailed = Signal(object)
    results_changed = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.clips: tuple[ExamClip, ...] = ()
        self.position = -1
        self._kept: OrderedDict[Path, Analysed] = OrderedDict()
        self._lane = Lane(self)
        self._lane.produced.connect(self._on_listed)
        self._lane.failed.connect(self.failed)
        self._picturing = Lane(self)
        self._picturing.produced.connect(self.thumbnailed)
        self._picturing.failed.connect(self.failed)
        self._pictured = False

    def open(self, paths: Sequence[Path]) -> None:
        """List the clips under ``paths`` in the background."""
        self._picturing.cancel()
        self._lane.run(partial(background.list_clips, tuple(paths)))

    def close(self) -> None:
        """Stop listing and wait for it."""
        self._lane.close()
        self._picturing.close()

    def picture(self) -> None:
        """Make the thumbnails, once; asked for when the first clip is shown."""
        if not self._pictured and self.clips:
            self._pictured = True
            paths = tuple(clip.path for clip in self.clips)
            self._picturing.run(partial(background.thumbnails, paths))

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

    def forget_results(self) -> None:
        """Drop what was found: another model answers now."""
        paths = list(self._kept)
        self._kept.clear()
        for path in paths:
            self.results_changed.emit(path)

    @Slot(object)
    def _on_listed(self, listings: tuple[Listing, ...]) -> None:
        self.clips = listings[-1].clips
        self.position = -1
        self._pictured = False
        self.listed.emit(listings[-1])
