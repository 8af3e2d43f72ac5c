"""Where the model looked, for one finding in one frame, made when asked for."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal, Slot

from lusviewer.findings import FINDING_BIOMARKERS, LABELS
from lusviewer.gui import background
from lusviewer.gui.jobs import Latest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lusviewer.gui.background import SaliencyWish

KEPT_MAPS: Final = 32

SALIENT_KEYS: Final = frozenset(b.key for b in LABELS + FINDING_BIOMARKERS)
"""What the model can show where it looked for; nothing measured is among it."""


class SaliencyDisplay(QObject):
    """Gives the saliency map last asked for.

    Signals
    -------
    shown(ndarray | None, str)
        float32 ``(rows, columns)`` 0 to 1 in the clip's own grid, and whose it is;
        None where there is none to show.
    failed(Exception)
    """

    shown = Signal(object, str)
    failed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._wish: SaliencyWish | None = None
        self._kept: OrderedDict[tuple[int, str], NDArray[np.float32]] = OrderedDict()
        self._latest = Latest(background.saliency_map, self)
        self._latest.ready.connect(self._on_ready)
        self._latest.failed.connect(self._on_failed)

    def ask(self, wish: SaliencyWish | None, key: str) -> None:
        """Show the map of ``wish``, now or when it is made; None shows none."""
        had, self._wish = self._wish, wish
        self._latest.forget()
        if not _of_one_clip(had, wish):
            self._kept.clear()
        if wish is None:
            if had is not None:
                self.shown.emit(None, key)
        elif (wish.index, wish.key) in self._kept:
            self.shown.emit(self._kept[wish.index, wish.key], key)
        else:
            self._latest.request(wish)

    def close(self) -> None:
        """Stop the thread and wait for it."""
        self._latest.close()

    @Slot(object, object)
    def _on_ready(self, wish: SaliencyWish, heat: NDArray[np.float32]) -> None:
        asked = self._wish
        if asked is None or not _of_one_clip(asked, wish) or wish.key != asked.key:
            return
        self._kept[wish.index, wish.key] = heat
        while len(self._kept) > KEPT_MAPS:
            self._kept.popitem(last=False)
        self.shown.emit(heat, wish.key)

    @Slot(object, object)
    def _on_failed(self, wish: SaliencyWish, error: Exception) -> None:
        if wish is self._wish:
            self.shown.emit(None, wish.key)
            self.failed.emit(error)


def _of_one_clip(first: SaliencyWish | None, second: SaliencyWish | None) -> bool:
    if first is None or second is None:
        return False
    return first.clip is second.clip and first.bundle is second.bundle
