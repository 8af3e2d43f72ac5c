"""From a frame's index to its picture, without ever decoding on the window's thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal, Slot

from lusviewer.clip import FrameCache
from lusviewer.gui.jobs import Latest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.clip import Clip

COLOUR_BYTES: Final = 256 * 2**20
"""The frames of a coloured clip kept for display, beside the gray ones analysed."""


@dataclass(frozen=True, slots=True)
class _Wish:
    clip: Clip
    index: int
    number: int
    coloured: bool


def _decode(wish: _Wish, _cancel: CancelToken) -> NDArray[np.uint8]:
    if wish.coloured:
        return wish.clip.colour(wish.index)
    return wish.clip.frame(wish.index)


class FrameDisplay(QObject):
    """Gives the picture of the frame last asked for, at once where it is decoded.

    Signals
    -------
    shown(ndarray, int)
        The picture and its index. While frames are asked for faster than they
        decode, some in between are shown, never an older one after a newer.
    failed(Exception)
        The frame asked for does not decode.
    """

    shown = Signal(object, int)
    failed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._clip: Clip | None = None
        self._coloured = False
        self._colours = FrameCache(COLOUR_BYTES)
        self._number = 0
        self._shown_number = 0
        self._latest = Latest(_decode, self)
        self._latest.ready.connect(self._on_ready)
        self._latest.failed.connect(self._on_failed)

    def open(self, clip: Clip | None, *, coloured: bool = False) -> None:
        """Show frames of ``clip`` from now on, in colour if it has any."""
        self._clip = clip
        self._coloured = coloured
        self._colours.clear()
        self._latest.forget()

    def ask(self, index: int) -> None:
        """Show frame ``index``, now or as soon as it is decoded."""
        if self._clip is None:
            return
        self._number += 1
        kept = self._colours.get if self._coloured else self._clip.cached
        frame = kept(index)
        if frame is None:
            wish = _Wish(self._clip, index, self._number, self._coloured)
            self._latest.request(wish)
        else:
            self._latest.forget()
            self._show(frame, index, self._number)

    def close(self) -> None:
        """Stop the decoding thread and wait for it."""
        self._latest.close()

    def _show(self, frame: NDArray[np.uint8], index: int, number: int) -> None:
        self._shown_number = number
        self.shown.emit(frame, index)

    @Slot(object, object)
    def _on_ready(self, wish: _Wish, frame: NDArray[np.uint8]) -> None:
        if wish.clip is not self._clip:
            return
        if wish.coloured:
            self._colours.put(wish.index, frame)
        if wish.number > self._shown_number:
            self._show(frame, wish.index, wish.number)

    @Slot(object, object)
    def _on_failed(self, wish: _Wish, error: Exception) -> None:
        if wish.clip is self._clip and wish.number == self._number:
            self.failed.emit(error)
