"""Starting the window: paint it first, load everything heavy after."""

from __future__ import annotations

import signal
import sys
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QSettings, QTimer, Slot
from PySide6.QtWidgets import QApplication

from lusviewer import __version__
from lusviewer.gui.ahead import read_ahead
from lusviewer.gui.crash import CrashReporter
from lusviewer.gui.dialogs import FirstStartDialog
from lusviewer.gui.garbage import Collector
from lusviewer.gui.main_window import MainWindow
from lusviewer.gui.settings import Settings
from lusviewer.gui.theme import apply_theme, icon
from lusviewer.gui.translation import install_translation
from lusviewer.gui.viewer_model import ViewerModel
from lusviewer.paths import user_logs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lusviewer.errors import LusViewerError

SCREENSHOT_LIMIT_MS: Final = 600_000
"""How long a picture of the window is waited for, at most."""

SWITCH_S: Final = 0.001
"""For how long one thread may keep Python to itself while others wait."""

_SETTLE_MS: Final = 600
"""What the panels get to paint the last results before the picture is taken."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the window is started for."""

    paths: tuple[Path, ...] = ()
    screenshot: Path | None = None
    quit_when_analysed: bool = False
    size: tuple[int, int] | None = None

    @property
    def attended(self) -> bool:
        """Whether a person sits in front of it."""
        return self.screenshot is None and not self.quit_when_analysed


def main(argv: Sequence[str]) -> int:
    """Open the window; return the exit status once it is closed."""
    wish = parse(argv)
    # The window gets its turn sooner while the analysis computes in Python.
    sys.setswitchinterval(SWITCH_S)
    read_ahead()
    app = QApplication([sys.argv[0]])
    app.setApplicationName("lusviewer")
    app.setOrganizationName("lusviewer")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("lusviewer")
    reporter = CrashReporter(user_logs(), attended=wish.attended)
    reporter.install()
    try:
        if wish.attended:
            return run(app, Settings(QSettings()), wish)
        with TemporaryDirectory() as folder:
            # Nobody's preferences or library are read where nobody watches.
            settings = Settings(_store_in(Path(folder)))
            settings.put("library", str(Path(folder) / "library"))
            return run(app, settings, wish) or reporter.status
    finally:
        reporter.uninstall()


def _store_in(folder: Path) -> QSettings:
    return QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)


def parse(argv: Sequence[str]) -> Wish:
    """Return what is wished for on the command line."""
    parser = ArgumentParser(prog="lusviewer")
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH")
    parser.add_argument("--screenshot", type=Path, metavar="FILE")
    parser.add_argument("--quit-when-analysed", action="store_true")
    parser.add_argument("--size", metavar="WIDTHxHEIGHT", type=_size)
    parsed = parser.parse_args(list(argv))
    return Wish(
        tuple(parsed.paths), parsed.screenshot, parsed.quit_when_analysed, parsed.size
    )


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def run(app: QApplication, settings: Settings, wish: Wish) -> int:
    """Show the window until it is closed."""
    install_translation(app, settings.text("language"))
    apply_theme(app, settings.text("theme", "system"))
    app.setWindowIcon(icon("lusviewer"))
    viewer = ViewerModel()
    window = MainWindow(viewer, settings)
    if wish.attended:
        window.restore()
    if wish.size is not None:
        window.resize(*wish.size)
    starter = _Starter(viewer, window, settings, wish)
    window.show()
    interrupts = _listen_to_interrupts(app)
    status = app.exec()
    interrupts.stop()
    window.close()
    return starter.status or status


def _listen_to_interrupts(app: QApplication) -> QTimer:
    """Let Ctrl+C in the terminal close the window: Python must run for that."""
    signal.signal(signal.SIGINT, lambda *_: app.quit())
    timer = QTimer(app, interval=300)
    timer.timeout.connect(lambda: None)
    timer.start()
    return timer


class _Starter(QObject):
    """Begins the work once the window stands; ends it where nobody watches."""

    def __init__(
        self, viewer: ViewerModel, window: MainWindow, settings: Settings, wish: Wish
    ) -> None:
        super().__init__(window)
        self.status = 0
        self._viewer = viewer
        self._window = window
        self._settings = settings
        self._wish = wish
        self._begun = False
        self._models_asked = False
        self._collector = Collector(self._is_idle, self)
        window.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Begin as soon as the window was painted for the first time."""
        if event.type() == QEvent.Type.Paint and not self._begun:
            self._begun = True
            self._window.removeEventFilter(self)
            QTimer.singleShot(0, self.begin)
        return False

    @Slot()
    def begin(self) -> None:
        """Open what was asked for and load the models."""
        self._collector.start()
        self._window.commands.follow_settings()
        self._window.study.open()
        if not self._wish.attended:
            self._viewer.failed.connect(self._give_up)
            self._viewer.analysis_ended.connect(self._on_analysed)
            QTimer.singleShot(SCREENSHOT_LIMIT_MS, self._on_late)
        if self._wish.paths:
            # Python serves one thread at a time: the first frame before the models.
            self._viewer.image_changed.connect(self._load_models)
            self._viewer.failed.connect(self._load_models)
            self._window.commands.open(list(self._wish.paths))
        else:
            self._load_models()
        if self._wish.attended and not self._settings.flag("told", default=False):
            self._tell()

    @Slot()
    def _load_models(self) -> None:
        analysis = self._viewer.analysis
        if not self._models_asked and analysis.models is None and not analysis.loading:
            analysis.load(analysis.bundle_path, analysis.asked_device)
        self._models_asked = True

    def _is_idle(self) -> bool:
        return not (self._viewer.playing or self._viewer.analysis.busy)

    def _tell(self) -> None:
        notice = FirstStartDialog(self._window)
        notice.accepted.connect(lambda: self._settings.put("told", value=True))
        notice.open()

    @Slot()
    def _on_analysed(self) -> None:
        if self._viewer.analysis.complete:
            self._show_most_certain()
            QTimer.singleShot(_SETTLE_MS, self._finish)

    def _show_most_certain(self) -> None:
        report = self._viewer.report
        found = [] if report is None else report.findings.values()
        known = [evidence for evidence in found if evidence is not None]
        if known:
            self._viewer.set_frame(max(known, key=lambda e: e.probability).frame)

    @Slot()
    def _finish(self) -> None:
        picture = self._wish.screenshot
        if picture is not None:
            picture.parent.mkdir(parents=True, exist_ok=True)
            if not self._window.grab().save(str(picture)):
                self._end(f"{picture} could not be written.")
                return
        QApplication.quit()

    @Slot(object)
    def _give_up(self, error: LusViewerError) -> None:
        self._end(str(error))

    @Slot()
    def _on_late(self) -> None:
        self._end("The analysis did not end in time.")

    def _end(self, text: str) -> None:
        sys.stderr.write(f"lusviewer: {text}\n")
        self.status = 1
        QApplication.quit()
