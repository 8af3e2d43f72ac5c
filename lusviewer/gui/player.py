"""Playing a clip by the clock: the frame due now is shown, late ones are dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Slot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.clip import Clip
    from lusviewer.gui.viewer_model import ViewerModel

_LEAST_WAIT_MS: Final = 4


class Playback:
    """The order of the frames of one round, and when each is due.

    ``order`` is int ``(n,)``; ``ends_s`` float64 ``(n,)``, when each frame is over.
    """

    def __init__(
        self, frame_times_s: NDArray[np.float64], first: int, last: int, *, sweep: bool
    ) -> None:
        forth = np.arange(first, last + 1)
        back = np.arange(last - 1, first, -1) if sweep else forth[:0]
        self.order = np.concatenate((forth, back))
        lasts = np.diff(frame_times_s)
        # numpy's median would import its masked arrays first: 25 ms, here and now.
        typical = float(np.sort(lasts)[len(lasts) // 2]) if len(lasts) else 1.0
        durations = np.append(lasts, typical)
        self.ends_s = np.cumsum(durations[self.order])

    def at(self, elapsed_s: float) -> tuple[int, float]:
        """Return the place due after ``elapsed_s`` and the seconds it still has."""
        rest = elapsed_s % self.ends_s[-1]
        place = int(np.searchsorted(self.ends_s, rest, side="right"))
        place = min(place, len(self.order) - 1)
        return place, float(self.ends_s[place] - rest)

    def frame(self, place: int) -> int:
        """Return the frame shown at ``place`` of the round."""
        return int(self.order[place % len(self.order)])

    def place_of(self, frame: int) -> int:
        """Return where in the round ``frame`` comes first; 0 outside of the range."""
        places = np.flatnonzero(self.order == frame)
        return int(places[0]) if len(places) else 0

    def start_of(self, place: int) -> float:
        """Return when ``place`` begins, in seconds of the round."""
        return float(self.ends_s[place - 1]) if place > 0 else 0.0


class Player(QObject):
    """Moves the viewer's frame while it is playing.

    With ``every_frame`` none is dropped: the next comes when the one before was
    shown, however long that took.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__(viewer)
        self.every_frame = False
        self.sweep: bool | None = None
        self._viewer = viewer
        self._playback: Playback | None = None
        self._clock = QElapsedTimer()
        self._place = 0
        self._offset_s = 0.0
        self._moving = False
        self._pictured = -1
        self._timer = QTimer(self, singleShot=True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        viewer.playing_changed.connect(self._on_playing)
        viewer.clip_opened.connect(self._on_clip)
        viewer.loop_changed.connect(self._plan)
        viewer.speed_changed.connect(self._anchor)
        viewer.frame_changed.connect(self._on_frame)
        viewer.image_changed.connect(self._on_image)

    def set_every_frame(self, every: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Drop no frame, even if the clip then plays too slowly."""
        self.every_frame = every
        self._anchor()

    def set_sweep(self, sweep: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Play forth and back instead of from the start again."""
        self.sweep = sweep
        self._plan()

    @property
    def sweeping(self) -> bool:
        """Whether it plays forth and back: a person's choice, else the file's."""
        if self.sweep is not None:
            return self.sweep
        clip = self._viewer.clip
        return clip is not None and clip.details.playback == "sweep"

    @Slot()
    def _on_clip(self) -> None:
        """Play each clip as its file says, until a person chooses."""
        self.sweep = None
        self._plan()

    @Slot()
    def _plan(self) -> None:
        clip = self._viewer.clip
        self._playback = None if clip is None else self._playback_of(clip)
        self._place = 0
        self._anchor()

    def _playback_of(self, clip: Clip) -> Playback:
        first, last = self._viewer.loop or clip.details.trim or (0, len(clip) - 1)
        return Playback(clip.frame_times_s, first, last, sweep=self.sweeping)

    @Slot()
    def _anchor(self) -> None:
        """Let the frame that is shown begin now."""
        if self._playback is None or not self._viewer.playing:
            return
        shown = self._viewer.frame_index
        if self._playback.frame(self._place) != shown:
            self._place = self._playback.place_of(shown)
        self._offset_s = self._playback.start_of(self._place)
        self._clock.restart()
        self._timer.start(0)

    @Slot(bool)
    def _on_playing(self, playing: bool) -> None:  # noqa: FBT001 - a Qt slot
        if playing:
            self._anchor()
        else:
            self._timer.stop()

    @Slot(int)
    def _on_frame(self, _index: int) -> None:
        if not self._moving:
            self._anchor()

    @Slot(object, int)
    def _on_image(self, _frame: object, index: int) -> None:
        self._pictured = index

    @Slot()
    def _tick(self) -> None:
        if self._playback is None or not self._viewer.playing:
            return
        speed = self._viewer.speed
        elapsed_s = self._offset_s + self._clock.nsecsElapsed() * 1e-9 * speed
        due, left_s = self._playback.at(elapsed_s)
        self._place = self._next_place(self._playback, due)
        self._moving = True
        self._viewer.set_frame(self._playback.frame(self._place))
        self._moving = False
        self._timer.start(max(_LEAST_WAIT_MS, round(left_s * 1000 / speed)))

    def _next_place(self, playback: Playback, due: int) -> int:
        """Return where to go: what is due, or one step when none may be dropped."""
        if not self.every_frame or due == self._place:
            return due
        if not self._is_shown():
            return self._place
        return (self._place + 1) % len(playback.order)

    def _is_shown(self) -> bool:
        """Return whether the frame was painted; a broken one never will be."""
        viewer = self._viewer
        broken = viewer.clip is not None and viewer.frame_index in viewer.clip.broken
        return broken or self._pictured == viewer.frame_index
