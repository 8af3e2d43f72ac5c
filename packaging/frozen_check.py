"""What only the frozen program can tell: are all of its modules and panels inside?

``lusviewer --check-package LIBRARY`` imports every module, then makes every panel of
the window and has the panel Learn look at the labels of LIBRARY by its own process.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

import lusviewer
from lusviewer.gui.main_window import MainWindow
from lusviewer.gui.settings import Settings
from lusviewer.gui.viewer_model import ViewerModel

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT_MS = 120_000


def main(library: str) -> int:
    """Return 0 where everything is there; raise or return 1 where not."""
    found = walk_packages(lusviewer.__path__, "lusviewer.")
    modules = [each.name for each in found if each.name != "lusviewer.__main__"]
    for name in modules:
        import_module(name)
    print(f"ok   {len(modules)} modules can be imported")
    app = QApplication(sys.argv[:1])
    with TemporaryDirectory() as folder:
        file = str(Path(folder) / "settings.ini")
        settings = Settings(QSettings(file, QSettings.Format.IniFormat))
        settings.put("library", str(Path(library).absolute()))
        viewer = ViewerModel()
        window = MainWindow(viewer, settings)
        try:
            return panels(app, viewer, window)
        finally:
            window.close()


def panels(app: QApplication, viewer: ViewerModel, window: MainWindow) -> int:
    """Make every panel, and wait until Learn has looked at the labels."""
    window.show()
    window.study.open()
    viewer.analysis.load(viewer.analysis.bundle_path, viewer.analysis.asked_device)
    for dock in window.study_docks:
        dock.raise_()
        dock.widget().show()
    window.queue.panel.show()
    window.results.show_experts()
    window.labelling.show_agreement()
    learning = window.learning.panel
    learning.show()
    experts = learning.tabs.experts
    if not wait(app, lambda: experts.offer is not None and viewer.bundle is not None):
        return 1
    print("ok   every panel is made")
    if experts.offer is not None and experts.offer.lacking:
        print(f"ok   Learn says: {experts.empty.text()}")
        return 0
    experts.form.question.task.choose("severity")
    if not wait(app, lambda: experts.box.checker.check.done):
        return 1
    check = experts.box.checker.check
    print(f"ok   Learn looked at the labels: {check.clips}")
    for problem in check.problems:
        print(f"     {problem.message}")
    return 0 if check.clips is not None else 1


def wait(app: QApplication, reached: Callable[[], bool]) -> bool:
    """Let the window work until it is ``reached``; say so where it never is."""
    looking = QTimer(interval=20)
    looking.timeout.connect(lambda: app.exit(0) if reached() else None)
    looking.start()
    QTimer.singleShot(WAIT_MS, lambda: app.exit(1))
    if app.exec() == 0:
        return True
    print("FAIL the window did not get there in time")
    return False
