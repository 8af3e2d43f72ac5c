"""What happens to bugs: they are logged, told, and do not take the work along."""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
import traceback
from logging.handlers import RotatingFileHandler
from typing import IO, TYPE_CHECKING, Final

from PySide6.QtCore import (
    QMessageLogContext,
    QObject,
    Qt,
    QtMsgType,
    QUrl,
    Signal,
    Slot,
    qInstallMessageHandler,
)
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
)

from lusviewer import __version__

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

LOG_NAME: Final = "lusviewer.log"
_LOG_BYTES: Final = 2**20
_LOG_FILES: Final = 5
_log: Final = logging.getLogger("lusviewer")

_QT_LEVELS: Final = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class CrashReporter(QObject):
    """Catches what nobody caught, on any thread, and shows it on the window's.

    Where the window is not ``attended``, it is printed and ends the program: nobody
    would ever answer. ``status`` is the exit status then.

    Signals
    -------
    crashed(str)
        The traceback of a bug.
    """

    crashed = Signal(str)

    def __init__(
        self, folder: Path, parent: QObject | None = None, *, attended: bool = True
    ) -> None:
        super().__init__(parent)
        self.log_path = folder / LOG_NAME
        self.status = 0
        self._attended = attended
        self._folder = folder
        self._dialog: CrashDialog | None = None
        self._handler: logging.Handler | None = None
        self._faults: IO[str] | None = None
        self.crashed.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Write the log from now on and catch everything uncaught."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._handler = RotatingFileHandler(
            self.log_path, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8"
        )
        form = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"
        self._handler.setFormatter(logging.Formatter(form))
        root = logging.getLogger()
        root.addHandler(self._handler)
        _log.setLevel(logging.INFO)
        self._faults = (self._folder / "faults.log").open("a", encoding="utf-8")
        faulthandler.enable(self._faults)
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        qInstallMessageHandler(_log_qt)
        _log.info("lusviewer %s starts", __version__)

    def uninstall(self) -> None:
        """Give back the hooks and close the log."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__
        qInstallMessageHandler(None)
        if self._faults is not None:
            faulthandler.disable()
            self._faults.close()
        if self._handler is not None:
            logging.getLogger().removeHandler(self._handler)
            self._handler.close()

    def _on_exception(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            QApplication.quit()
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        _log.error("not caught:\n%s", text)
        if not self._attended:
            told = f"lusviewer: a bug, which is also in the log {self.log_path}\n"
            sys.stderr.write(told + text)
            self.status = 1
        self.crashed.emit(text)

    def _on_thread_exception(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._on_exception(args.exc_type, args.exc_value, args.exc_traceback)

    @Slot(str)
    def _show(self, text: str) -> None:
        if not self._attended:
            QApplication.exit(self.status)
            return
        if self._dialog is not None and self._dialog.isVisible():
            self._dialog.add(text)
            return
        self._dialog = CrashDialog(text, self.log_path, QApplication.activeWindow())
        self._dialog.open()


class CrashDialog(QDialog):
    """Tells of a bug, where the log is, and lets the person go on."""

    def __init__(self, text: str, log_path: Path, parent: QObject | None) -> None:
        super().__init__(parent)  # type: ignore[arg-type]
        self.setWindowTitle(self.tr("Something went wrong"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
        self._log_path = log_path
        told = QLabel(
            self.tr(
                "<b>lusviewer met an error it did not expect.</b><br>"
                "You can go on; what you were doing may have to be done again. "
                "The text below is kept in the log. It holds file names, "
                "so look through it before you send it to anybody."
            )
        )
        told.setWordWrap(True)
        where = QLabel(self.tr("Log: {path}").format(path=log_path))
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.details = QPlainTextEdit(text)
        self.details.setReadOnly(True)
        self.details.setAccessibleName(self.tr("Details of the error"))
        buttons = QDialogButtonBox()
        role = QDialogButtonBox.ButtonRole
        copy = buttons.addButton(self.tr("Copy"), role.ActionRole)
        folder = buttons.addButton(self.tr("Show the log"), role.ActionRole)
        leave = buttons.addButton(self.tr("Quit"), role.DestructiveRole)
        go_on = buttons.addButton(self.tr("Go on"), role.AcceptRole)
        go_on.setDefault(True)
        copy.clicked.connect(self._copy)
        folder.clicked.connect(self._show_log)
        leave.clicked.connect(QApplication.quit)
        buttons.accepted.connect(self.accept)
        column = QVBoxLayout(self)
        for widget in (told, self.details, where, buttons):
            column.addWidget(widget)
        self.resize(720, 420)

    def add(self, text: str) -> None:
        """Tell of one more error."""
        self.details.appendPlainText(text)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.details.toPlainText())

    @Slot()
    def _show_log(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._log_path.parent)))


def _log_qt(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    level = _QT_LEVELS.get(kind, logging.WARNING)
    logging.getLogger("qt").log(level, "%s: %s", context.category, message)
