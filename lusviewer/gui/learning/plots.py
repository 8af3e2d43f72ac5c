"""Live plots for cards, made once what draws them was imported beside the window."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Slot

from lusviewer.gui.jobs import Lane
from lusviewer.gui.learning import work

if TYPE_CHECKING:
    from collections.abc import Callable

    from lusviewer.gui.learning.curve_plot import CurvePlot

_MODULE: Final = "lusviewer.gui.learning.curve_plot"


class Plots(QObject):
    """Makes plots, once what draws them was imported on another thread."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._ready = False
        self._loading = Lane(self)
        self._loading.produced.connect(self._on_loaded)

    def load(self) -> None:
        """Import what draws plots, unless that was done."""
        if not self._ready and not self._loading.busy:
            self._loading.run(partial(work.load, (_MODULE,)))

    @Slot()
    def _on_loaded(self) -> None:
        self._ready = True

    def curves(self) -> CurvePlot | None:
        """Return a new plot of losses, None before what draws it is loaded."""
        if not self._ready:
            return None
        make: Callable[[], CurvePlot]
        make = import_module(_MODULE).CurvePlot
        return make()

    def close_work(self) -> None:
        """Wait until nothing is loaded any more."""
        self._loading.close()
