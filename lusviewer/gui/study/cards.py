"""Small cards below the list: what goes on in the background, and what came of it."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
)

from lusviewer.gui.panel_parts import ElidedLabel, link, set_role, words
from lusviewer.gui.study.filling.dialogs import ResultsDialog
from lusviewer.gui.study.filling.model import Result
from lusviewer.gui.study.filling.words import how_far, summary, tr, wrong_words
from lusviewer.gui.study.filling.work import Told
from lusviewer.gui.theme import SPACE, icon, set_icon

if TYPE_CHECKING:
    from lusviewer.cancel import CancelToken
    from lusviewer.gui.study.filling.model import Filling
    from lusviewer.gui.study.filling.work import Progressed
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.study.work import Changed
    from lusviewer.gui.viewer_model import ViewerModel
    from lusviewer.library.analysing import Analysed

_MINUTE_S: Final = 60.0
_HOUR_S: Final = 3600.0
_SIGN_PX: Final = 16


class Card(QFrame):
    """A title, how far it is, a bar, and a button that stops or closes.

    Where something went wrong it has a sign, a colour and says so above the rest.

    Signals
    -------
    stopped()
        A person wants it to stop.
    """

    stopped = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setAccessibleName(name)
        self.title = ElidedLabel(name)
        self.sign = QLabel()
        self.wrong = words("", "warning", wrap=True)
        self.told = words("", "muted", wrap=True)
        self.bar = QProgressBar()
        self.bar.setAccessibleName(name)
        self.bar.setTextVisible(False)
        self.stop = QPushButton(self.tr("Stop"))
        self.stop.setProperty("role", "link")
        self.stop.setAccessibleName(self.tr("Stop: {name}").format(name=name))
        self.stop.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.stop.clicked.connect(self.stopped)
        self.close_button = QToolButton()
        self.close_button.setAccessibleName(self.tr("Close this message"))
        self.close_button.setToolTip(self.close_button.accessibleName())
        self.close_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_icon(self.close_button, "close")
        self.close_button.clicked.connect(self.hide)
        name = self.tr("Show what became of each file, and why")
        self.details = link("", name, self._list)
        self.result: Result | None = None
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACE // 2)
        top.addWidget(self.sign)
        top.addWidget(self.title, 1)
        top.addWidget(self.stop)
        top.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE // 2, SPACE // 2, SPACE // 2)
        column.setSpacing(2)
        column.addLayout(top)
        column.addWidget(self.bar)
        column.addWidget(self.wrong)
        column.addWidget(self.told)
        column.addWidget(self.details)

    def show_progress(self, title: str, told: str, done: int, total: int) -> None:
        """Show how far it is; the bar only moves where ``total`` is known."""
        self.title.set_full_text(title)
        self.told.setText(told)
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self._show_parts(running=True)

    def show_result(self, result: Result) -> None:
        """Show what came of it, with a list of all files a click away."""
        self.result = result
        self.title.set_full_text(result.title)
        hint = "" if result.error is None else f"\n{result.error.hint}"
        self.told.setText(f"{summary(result)}.{hint}".replace("..", "."))
        self._show_parts(running=False, wrong=wrong_words(result))

    def _show_parts(self, *, running: bool, wrong: str = "") -> None:
        told = () if self.result is None else self.result.told
        self.details.setText(self._details_words(len(told)))
        self._mark(wrong)
        self.bar.setVisible(running)
        self.stop.setVisible(running)
        self.close_button.setVisible(not running)
        self.details.setVisible(bool(told))
        self.show()

    def _mark(self, wrong: str) -> None:
        """Say what went wrong; "" where nothing did."""
        self.wrong.setText(wrong)
        self.setAccessibleDescription(wrong)
        for part in (self.sign, self.wrong):
            part.setVisible(bool(wrong))
        set_role(self, "card_trouble" if wrong else "card")
        if wrong:
            self._draw_sign()

    def _draw_sign(self) -> None:
        self.sign.setPixmap(icon("warning").pixmap(_SIGN_PX, _SIGN_PX))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._draw_sign()

    def _details_words(self, n: int) -> str:
        return (
            self.tr("Show 1 file")
            if n == 1
            else self.tr("Show all {n} files").format(n=n)
        )

    def _list(self) -> None:
        if self.result is not None:
            dialog = ResultsDialog(self.result, self.window())
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.show()


class FillingCard(Card):
    """Shows imports, exports and checks."""

    def __init__(self, filling: Filling) -> None:
        super().__init__(tr("Import and export"))
        self._title = ""
        filling.began.connect(self._on_began)
        filling.progressed.connect(self._on_progress)
        filling.ended.connect(self.show_result)
        self.stopped.connect(filling.stop)

    @Slot(str)
    def _on_began(self, title: str) -> None:
        self._title, self.result = title, None
        self.show_progress(title, self.tr("Looking for clips ..."), 0, 0)

    @Slot(object)
    def _on_progress(self, step: Progressed) -> None:
        share = (step.done_bytes, step.total_bytes)
        if not step.total_bytes:
            share = (step.done, step.total)
        # The bar takes 32 bits, and libraries are larger than that.
        thousandths = round(1000 * share[0] / share[1]) if share[1] else 0
        total = 1000 if share[1] else 0
        self.show_progress(self._title, how_far(step), thousandths, total)


class WritingCard(Card):
    """Shows how far a change to many clips is; stopped, what was done stays done."""

    def __init__(self, viewer: ViewerModel, study: StudyModel) -> None:
        super().__init__(tr("Changing the selected clips"))
        self._token: CancelToken | None = None
        study.changed.connect(self._on_changed)
        study.failed.connect(self.hide)
        # Another step stands before it then: what is told of undoing is not true.
        viewer.undo_stack.indexChanged.connect(self.hide)
        self.stopped.connect(self._on_stop)

    @Slot()
    def _on_stop(self) -> None:
        if self._token is not None:
            self._token.cancel()
            self.stop.setEnabled(False)
            self.told.setText(self.tr("Stopping ..."))

    @Slot(object)
    def _on_changed(self, changed: Changed) -> None:
        if not changed.total:
            return
        self._token = changed.stop
        wished = changed.stop is not None and changed.stop.cancelled
        if changed.stopped or (wished and changed.done == changed.total):
            self._show_end(changed)
            return
        told = self.tr("{done} of {total} clips")
        told = told.format(done=changed.done, total=changed.total)
        told = self.tr("Stopping ...") if wished else told
        self.show_progress(changed.words, told, changed.done, changed.total)
        self.stop.setVisible(changed.stop is not None)
        self.stop.setEnabled(not wished)
        self.setVisible(changed.done < changed.total)

    def _show_end(self, changed: Changed) -> None:
        told = self.tr(
            "Stopped after {done} of {total} clips. These are changed, the others are "
            "as they were. Undo takes it back."
        )
        if changed.done == changed.total:
            told = self.tr("All {total} clips were changed before it could stop.")
        self.title.set_full_text(changed.words)
        self.told.setText(told.format(done=changed.done, total=changed.total))
        self._show_parts(running=False)


class Pace:
    """How long the clips take that are analysed one after the other."""

    def __init__(self) -> None:
        self._took_s: deque[float] = deque(maxlen=20)
        self._last: float | None = None

    def tick(self) -> None:
        """Note that a clip is done."""
        now = time.monotonic()
        if self._last is not None:
            self._took_s.append(now - self._last)
        self._last = now

    def pause(self) -> None:
        """Do not count the time until the next clip."""
        self._last = None

    def left_s(self, clips: int) -> float | None:
        """Return how long so many more will take, None where that is not known."""
        if not self._took_s:
            return None
        return clips * sum(self._took_s) / len(self._took_s)


class AnalysisCard(Card):
    """Shows how far the analysis of the whole library is, and which clips failed."""

    def __init__(self, viewer: ViewerModel, study: StudyModel) -> None:
        super().__init__(tr("Analysing the library"))
        self._viewer, self._study = viewer, study
        self._pace = Pace()
        self._failed: list[Told] = []
        self._before = self._done = self._total = 0
        self._over = self._stopped = False
        self._why: Exception | None = None
        study.analysing.connect(self._on_analysing)
        study.analysis_failed.connect(self._on_analysis_failed)
        study.analysis_stopped.connect(self._on_analysis_stopped)
        viewer.analysis_started.connect(self._on_paused)
        self.stopped.connect(self._on_stop)

    def begin(self) -> None:
        """Show that the analysis was asked for."""
        if not self._study.busy:
            return
        self._reset()
        told = self.tr("Waiting for the model ...")
        if self._viewer.bundle is not None:
            told = self.tr("Looking for clips ...")
        self.show_progress(self.title.full_text, told, 0, 0)

    def _reset(self) -> None:
        self._failed, self.result = [], None
        self._before = self._done = self._total = 0
        self._over = self._stopped = False
        self._why = None
        self._pace.pause()

    @Slot()
    def _on_stop(self) -> None:
        self._stopped = True
        self._study.stop_analysing()

    @Slot(int, int)
    def _on_analysing(self, done: int, total: int) -> None:
        if not total:
            self._end()
            return
        if self._over:
            self._reset()
        if total != self._total:
            # After a pause only those left are counted.
            self._before, self._total = self._before + self._done, total
        self._done = done
        self._pace.tick()
        told = self.tr("{done} of {total} clips").format(
            done=self._before + done, total=self._before + total
        )
        left_s = self._pace.left_s(total - done)
        if left_s is not None:
            told = f"{told}, {self._left_words(left_s)}"
        self._show(told)

    def _show(self, told: str) -> None:
        if self._failed:
            failed = self.tr("{n} could not be analysed").format(n=len(self._failed))
            told = f"{told}. {failed}"
            self.result = Result(self.title.full_text, tuple(self._failed))
        done, total = self._before + self._done, self._before + self._total
        self.show_progress(self.title.full_text, told, done, total)

    @Slot()
    def _on_paused(self) -> None:
        self._pace.pause()
        if self._study.busy and self.isVisible():
            self._show(self.tr("Waits for the clip that is open"))

    @Slot(object)
    def _on_analysis_failed(self, one: Analysed) -> None:
        if self._over:
            self._reset()
        if one.error is not None:
            error = one.error
            told = Told(one.clip.path, "refused", error.message, error.hint)
            self._failed.append(told)

    @Slot(object)
    def _on_analysis_stopped(self, error: Exception) -> None:
        if self._over:
            self._reset()
        self._why = error

    def _end(self) -> None:
        if self._over or (self.isHidden() and self._why is None):
            return
        self._over = True
        done = self._before + self._done - len(self._failed)
        told = self.tr("1 clip analysed.")
        if done != 1:
            told = self.tr("{n} clips analysed.").format(n=done)
        if not done and not self._failed and self._why is None:
            told = self.tr("All clips were analysed before.")
        if self._failed:
            failed = self.tr("{n} could not be analysed.").format(n=len(self._failed))
            told = f"{told} {failed}"
            self.result = Result(self.title.full_text, tuple(self._failed))
        if self._why is not None:
            told = f"{told} {self._why}"
        self.told.setText(told)
        self._show_parts(running=False, wrong=self._wrong_words(done))
        self.setVisible(bool(self._failed) or not self._stopped)

    def _wrong_words(self, done: int) -> str:
        if self._why is not None:
            return self.tr("It could not go on")
        if not self._failed:
            return ""
        n, every = len(self._failed), done + len(self._failed)
        text = self.tr("A problem with {n} of {all} clips")
        return text.format(n=n, all=every)

    def _details_words(self, n: int) -> str:
        one, more = self.tr("Show 1 failed clip"), self.tr("Show {n} failed clips")
        return one if n == 1 else more.format(n=n)

    def _left_words(self, seconds: float) -> str:
        if seconds < _MINUTE_S:
            return self.tr("less than a minute left")
        if seconds < _HOUR_S:
            return self.tr("{n:.0f} min left").format(n=seconds / _MINUTE_S)
        return self.tr("{n:.1f} h left").format(n=seconds / _HOUR_S)
