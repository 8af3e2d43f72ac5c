"""Start the window as a person does, and say when it stood and showed a frame.

``start.py BEGUN [PATH]``: seconds are counted from BEGUN, taken before the process
was started.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

BEGUN_S = float(sys.argv[1])
NOT_WANTED = ("torch", "onnxruntime", "sklearn", "scipy")

from PySide6.QtCore import QTimer  # noqa: E402 - the clock runs since before
from PySide6.QtWidgets import QApplication  # noqa: E402

from lusviewer.gui import app  # noqa: E402
from lusviewer.gui.main_window import MainWindow  # noqa: E402

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

told: dict[str, float] = {}


class TimedWindow(MainWindow):
    """The window, which notes when it was painted first."""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        super().paintEvent(event)
        if "window_s" not in told:
            told["window_s"] = float("nan")
            QTimer.singleShot(0, self._note_window)

    def _note_window(self) -> None:
        told["window_s"] = time.time() - BEGUN_S
        heavy = [name for name in NOT_WANTED if name in sys.modules]
        assert not heavy, f"imported before the window stood: {heavy}"
        if len(sys.argv) < 3:
            QApplication.quit()
        else:
            self._viewer.image_changed.connect(self._note_image)

    def _note_image(self) -> None:
        QTimer.singleShot(0, self._note_frame)

    def _note_frame(self) -> None:
        told.setdefault("frame_s", time.time() - BEGUN_S)
        QApplication.quit()


vars(app)["MainWindow"] = TimedWindow
picture = [] if len(sys.argv) < 3 else sys.argv[2:]
app.main([*picture, "--quit-when-analysed"])
sys.stdout.write(json.dumps(told) + "\n")
