"""From a frame's index to its picture, without ever decoding on the window's thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from lusviewer.gui.jobs import Latest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.clip import Clip


@dataclass(frozen=True, slots=True)
class _Wish:
    clip: Clip
    index: int
    number: int


def _decode(wish: _Wish, _cancel: CancelToken) -> NDArray[np.uint8]:
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
        self._number = 0
        self._shown_number = 0
        self._latest = Latest(_decode, self)
        self._latest.ready.connect(self._on_ready)
        self._latest.failed.connect(self._on_failed)

    def open(self, clip: Clip | None) -> None:
        """Show frames of ``clip`` from now on."""
        self._clip = clip
        self._latest.forget()

    def ask(self, index: int) -> None:
        """Show frame ``index``, now or as soon as it is decoded."""
        if self._clip is None:
            return
        self._number += 1
        frame = self._clip.cached(index)
        if frame is None:
            self._latest.request(_Wish(self._clip, index, self._number))
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
        if wish.clip is self._clip and wish.number > self._shown_number:
            self._show(frame, wish.index, wish.number)

    @Slot(object, object)
    def _on_failed(self, wish: _Wish, error: Exception) -> None:
        if wish.clip is self._clip and wish.number == self._number:
            self.failed.emit(error)
