"""A hospital's first day with its own clips, step by step in the real window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QFileDialog

from lusviewer.gui.results.asking_first import PromoteQuestion, RollBackQuestion
from lusviewer.library import open_library

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.learning.trainings import Training
    from lusviewer.gui.main_window import MainWindow
    from lusviewer.gui.results.asking_first import Question
    from lusviewer.gui.results.window import ResultWindow

SHIFT = Qt.KeyboardModifier.ShiftModifier


def answered(window: ResultWindow, kind: type[Question], place: int = 0) -> None:
    """Choose what stands at ``place`` and confirm."""
    question = window.findChild(kind)
    assert question is not None
    question.findChildren(type(question.add_choice("", 99)))[place].setChecked(True)
    box = question.findChild(QDialogButtonBox)
    assert box is not None
    accept = QDialogButtonBox.ButtonRole.AcceptRole
    [button] = [one for one in box.buttons() if box.buttonRole(one) == accept]
    button.click()


@dataclass
class Hospital:
    """The window, and how long each step may take."""

    qtbot: QtBot
    window: MainWindow
    wait_ms: int

    def until(self, true: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(true, timeout=self.wait_ms)

    def import_folder(self, folder: Path) -> None:
        """Import a collection and its tables by the menu."""
        window = self.window
        window.actions_by_name["study_collection"].trigger()
        dialog = window.study_commands.asked
        assert isinstance(dialog, QFileDialog)
        dialog.filesSelected.emit([str(folder)])
        dialog.reject()
        self.until(lambda: not window.study_panel.filling.busy)
        result = window.study_panel.filling_card.result
        assert result is not None
        assert result.error is None

    def open_clip(self, clip_id: int, *, analysed: bool = True) -> None:
        """Open a clip of the library; wait until it is analysed."""
        viewer = self.window._viewer
        with open_library(self.window.study.shelf.folder) as library:
            path = library.clips.get(clip_id).path
        self.window.study.open_clip(clip_id)
        self.until(
            lambda: viewer.clip is not None and viewer.clip.identity.path == path
        )
        if analysed:
            self.until(lambda: viewer.analysis.complete and bool(viewer.predictions))
            self.until(lambda: self.window.study.current is not None)

    def analyse_all(self) -> None:
        """Have the whole library analysed by the menu."""
        self.window.actions_by_name["study_analyse"].trigger()

    def analysed(self) -> int:
        """Return how many clips have been looked at."""
        models = self.window._viewer.analysis.models
        assert models is not None
        with open_library(self.window.study.shelf.folder) as library:
            table = library.analyses.table(models.bundle.identity.sha256)
            return len(table.clip_ids)

    def correct(self, clip_id: int, severity: int) -> None:
        """Open a clip and say another severity by the keyboard."""
        self.open_clip(clip_id)
        key = Qt.Key(Qt.Key.Key_0.value + severity)
        self.window.activateWindow()
        self.until(self.window.isActiveWindow)
        self.qtbot.keyClick(self.window, key, SHIFT)
        self.until(lambda: self.severity_of(clip_id) == str(severity))

    def severity_of(self, clip_id: int) -> str | None:
        """Return what the rater said, once it is written."""
        if self.window.study.writing:
            return None
        with open_library(self.window.study.shelf.folder) as library:
            kept = library.labels.of_clip(clip_id)
        said = {
            (one.answer.task, one.answer.rater): one.answer.value
            for one in kept
            if one.answer.value is not None
        }
        return said.get(("severity", self.window.study.rater))

    def train(self, kind: str, folds: int, *, parting: str = "") -> Training:
        """Train an expert for severity in the panel and wait for it."""
        panel = self.window.learning.panel
        self.window.study_docks[2].raise_()
        form = panel.tabs.experts.form
        self.until(self._offered)
        form.question.task.choose("severity")
        if parting:
            form.question.parting.choose(parting)
        form.kind.choose(kind)
        form.folds.setValue(folds)
        box = panel.tabs.experts.box
        self.until(lambda: box.checker.check.done and "yes" not in self._classes())
        assert box.start.isEnabled(), box.checker.check
        box.start.click()
        training = panel.trainings.all[-1]
        self.until(lambda: training.state.over)
        return training

    def _offered(self) -> bool:
        """Return whether the panel knows that all clips are analysed."""
        offer = self.window.learning.panel.tabs.experts.offer
        return offer is not None and offer.analysed == offer.clips > 0

    def _classes(self) -> dict[str, int]:
        """Return the classes that were counted when the labels were looked at."""
        clips = self.window.learning.panel.tabs.experts.box.checker.check.clips
        return {} if clips is None else dict(clips.classes)

    def result(self, folder: Path) -> ResultWindow:
        """Open the result of a training and wait until it is shown."""
        self.window.results.show_result(folder)
        self.until(lambda: bool(self.window.results.windows))
        shown = self.window.results.windows[-1]
        self.until(lambda: shown.result is not None)
        return shown

    def promote(self, shown: ResultWindow, place: int = 0) -> None:
        """Put the expert in use and confirm."""
        shown.promote.click()
        self._answer(shown, PromoteQuestion, place)

    def roll_back(self, shown: ResultWindow) -> None:
        """Go back to what was in use before."""
        self.until(shown.roll_back.isVisible)
        shown.roll_back.click()
        self._answer(shown, RollBackQuestion, 0)

    def _answer(self, shown: ResultWindow, kind: type[Question], place: int) -> None:
        with self.qtbot.waitSignal(
            self.window.results.experts.changed, timeout=self.wait_ms
        ):
            answered(shown, kind, place)

    def experts(self) -> list[str]:
        """Return the experts that answer for the open clip."""
        return [one.expert for one, _ in self.window._viewer.predictions]

    def judged_by(self, name: str) -> int:
        """Return for how many clips an expert's word is kept as the present one."""
        with open_library(self.window.study.shelf.folder) as library:
            counts = library.predictions.counts()
        return sum(n for one, n in counts.items() if one.name == name)
