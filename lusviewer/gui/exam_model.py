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
    failed(Exception)
        Nothing could be listed.
    """

    listed = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.clips: tuple[ExamClip, ...] = ()
        self.position = -1
        self._kept: OrderedDict[Path, Analysed] = OrderedDict()
        self._lane = Lane(self)
        self._lane.produced.connect(self._on_listed)
        self._lane.failed.connect(self.failed)

    def open(self, paths: Sequence[Path]) -> None:
        """List the clips under ``paths`` in the background."""
        self._lane.run(partial(background.list_clips, tuple(paths)))

    def close(self) -> None:
        """Stop listing and wait for it."""
        self._lane.close()

    def keep(self, path: Path, analysed: Analysed) -> None:
        """Remember what was found in a clip, forgetting the longest unseen ones."""
        self._kept[path] = analysed
        self._kept.move_to_end(path)
        frames = sum(len(kept.findings) for kept in self._kept.values())
        while frames > KEPT_FRAMES and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            frames -= len(dropped.findings)

    def kept(self, path: Path) -> Analysed | None:
        """Return what was found in a clip before, if it is still remembered."""
        return self._kept.get(path)

    def forget_results(self) -> None:
        """Drop what was found: another model answers now."""
        self._kept.clear()

    @Slot(object)
    def _on_listed(self, listings: tuple[Listing, ...]) -> None:
        self.clips = listings[-1].clips
        self.position = -1
        self.listed.emit(listings[-1])
