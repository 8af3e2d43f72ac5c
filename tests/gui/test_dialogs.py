"""The small windows: keys, licences, preferences, export, crash."""

from __future__ import annotations

import logging
import re
import sys
import threading
from importlib import metadata
from pathlib import Path

import pytest
from PySide6.QtCore import qWarning
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QLabel, QTableWidget, QWidget

from lusviewer.gui.actions import ACTIONS, Actions
from lusviewer.gui.crash import CrashDialog, CrashReporter
from lusviewer.gui.dialogs import (
    AboutDialog,
    FirstStartDialog,
    KeyboardDialog,
    licences,
)
from lusviewer.gui.export_dialog import ExportDialog
from lusviewer.gui.preferences import PreferencesDialog, devices_in_words
from lusviewer.gui.settings import RECENT_LIMIT
from lusviewer.inference.session import Device, Provider
from tests.gui.conftest import WAIT_MS


@pytest.fixture
def parent(qtbot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def texts(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def test_the_keyboard_map_shows_every_key(parent, settings):
    shown = texts(KeyboardDialog(Actions(parent, settings), parent))
    for spec in ACTIONS:
        for key in spec.keys:
            assert key in shown, spec.name


def test_the_keyboard_map_shows_a_persons_own_keys(parent, settings):
    settings.put("keys/fit", "Ctrl+9")
    assert "Ctrl+9" in texts(KeyboardDialog(Actions(parent, settings), parent))


def test_the_about_box_says_what_it_is_and_names_the_licences(parent):
    dialog = AboutDialog("Model: tiny", parent)
    shown = texts(dialog)
    assert "not a medical device" in shown
    assert "Apache-2.0" in shown
    assert "Model: tiny" in shown
    table = dialog.findChildren(QTableWidget)[0]
    cells = [table.item(row, 0) for row in range(table.rowCount())]
    names = {cell.text() for cell in cells if cell is not None}
    assert {"numpy", "pydicom", "onnxruntime"} <= names


def test_no_part_is_under_the_gpl_alone_and_each_states_a_licence():
    for name, version, licence in licences():
        assert version
        assert licence, name
        if "GPL" in licence:
            assert name == "PySide6_Essentials" or "LGPL" in licence, (name, licence)


def test_every_part_that_is_installed_with_the_program_is_named():
    normal = re.compile(r"[-_.]+")
    wanted = {
        normal.sub("-", re.split(r"[^\w.-]", line)[0]).lower()
        for line in metadata.requires("lusviewer") or []
        if "extra" not in line or "training" in line.partition(";")[2]
    }
    assert {"numpy", "sqlalchemy", "torch"} <= wanted
    named = {normal.sub("-", name).lower() for name, _, _ in licences()}
    assert wanted <= named


def test_the_first_start_says_that_it_is_no_medical_device(parent):
    assert "not a medical device" in texts(FirstStartDialog(parent))


def test_preferences_are_kept_only_when_saved(qtbot, viewer, settings, parent):
    dialog = PreferencesDialog(settings, viewer, parent)
    dialog.theme.setCurrentIndex(dialog.theme.findData("light"))
    dialog.threads.setValue(3)
    dialog.automatic.setChecked(False)
    dialog.reject()
    assert settings.text("theme", "system") == "system"
    dialog.save()
    assert settings.text("theme") == "light"
    assert settings.number("threads", 1) == 3
    assert settings.flag("auto_analyse", default=True) is False


def test_keys_can_be_chosen_but_none_twice(qtbot, window, viewer, settings):
    dialog = PreferencesDialog(settings, viewer, window)
    edits = dialog.keys.edits
    edits["play"].setKeySequence(QKeySequence("F"))
    assert "F" in dialog.keys.note.text()
    assert not dialog.agree.isEnabled()
    edits["fit"].setKeySequence(QKeySequence("Ctrl+9"))
    assert dialog.agree.isEnabled()
    dialog.save()
    window.commands.follow_settings()
    assert window.actions_by_name["play"].shortcut().toString() == "F"
    assert "Ctrl+9" in window.actions_by_name["fit"].toolTip()
    assert settings.text("keys/quit", "as at first") == "as at first"
    dialog.keys._reset()
    dialog.save()
    window.commands.follow_settings()
    assert window.actions_by_name["play"].shortcut().toString() == "Space"
    dialog.close()


def test_preferences_tell_why_a_device_is_not_used(qtbot, viewer, settings, parent):
    dialog = PreferencesDialog(settings, viewer, parent)
    qtbot.waitUntil(lambda: "CUDA" in dialog.why.text(), timeout=WAIT_MS)
    assert dialog.device.findData("cpu") >= 0
    dialog.close()


def test_the_words_on_devices_name_what_is_used_and_why():
    providers = (
        Provider("cpu", "CPUExecutionProvider", available=True),
        Provider("cuda", "CUDAExecutionProvider", available=False, why="No driver."),
    )
    used = Device("cuda", "CPUExecutionProvider", "CUDA did not start.")
    told = devices_in_words(providers, used)
    assert "In use: CPU." in told
    assert "CUDA did not start." in told
    assert "CUDA: No driver." in told


def test_a_changed_theme_and_cache_come_true_at_once(qtbot, window, viewer, settings):
    settings.put("theme", "light")
    settings.put("cache_mib", 100)
    settings.put("auto_analyse", value=False)
    window.commands.follow_settings()
    assert viewer.cache_bytes == 100 * 2**20
    assert not viewer.auto_analyse
    background = window.palette().color(window.backgroundRole())
    assert background.lightness() > 128
    settings.put("theme", "dark")
    window.commands.follow_settings()
    assert window.palette().color(window.backgroundRole()).lightness() < 128


def test_an_export_needs_a_kind_and_a_folder(qtbot, parent, tmp_path):
    dialog = ExportDialog("cine.dcm", tmp_path, parent)
    assert dialog.formats == ("json", "csv", "png")
    assert dialog.chosen_folder == tmp_path
    for box in dialog._boxes.values():
        box.setChecked(False)
    assert not dialog._write.isEnabled()
    dialog._boxes["npz"].setChecked(True)
    assert dialog._write.isEnabled()
    dialog.folder.setText(" ")
    assert not dialog._write.isEnabled()


def test_recent_paths_are_the_newest_few_without_doubles(settings):
    for number in range(RECENT_LIMIT + 5):
        settings.add_recent(Path(f"/exam/{number}"))
    settings.add_recent(Path("/exam/12"))
    recent = settings.recent()
    assert len(recent) == RECENT_LIMIT
    assert recent[0].endswith("12")
    assert len(set(recent)) == RECENT_LIMIT
    settings.clear_recent()
    assert settings.recent() == []


def test_settings_that_make_no_sense_fall_back(settings):
    settings.put("threads", "many")
    assert settings.number("threads", 2) == 2
    assert settings.flag("told", default=False) is False


@pytest.fixture
def reporter(qtbot, tmp_path):
    made = CrashReporter(tmp_path)
    made.install()
    yield made
    made.uninstall()


@pytest.mark.logs_warnings
def test_a_bug_is_logged_and_told_in_a_window_that_lets_one_go_on(qtbot, reporter):
    sys.excepthook(*_raised("a bug in a slot"))
    qtbot.waitUntil(lambda: bool(_crash_dialogs()), timeout=WAIT_MS)
    dialog = _crash_dialogs()[0]
    assert "a bug in a slot" in dialog.details.toPlainText()
    assert "a bug in a slot" in reporter.log_path.read_text()
    sys.excepthook(*_raised("another"))
    qtbot.waitUntil(lambda: "another" in dialog.details.toPlainText(), timeout=WAIT_MS)
    dialog.accept()


@pytest.mark.logs_warnings
def test_a_bug_on_another_thread_is_told_on_the_windows(qtbot, reporter):
    error = _raised("a bug on a thread")[1]

    def work() -> None:
        args = (type(error), error, error.__traceback__, threading.current_thread())
        threading.excepthook(threading.ExceptHookArgs(args))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: bool(_crash_dialogs()), timeout=WAIT_MS)
    dialog = _crash_dialogs()[0]
    assert "a bug on a thread" in dialog.details.toPlainText()
    dialog.accept()


@pytest.mark.logs_warnings
@pytest.mark.qt_no_exception_capture
def test_what_qt_says_goes_into_the_log(qtbot, reporter):
    qWarning("said by Qt")
    for handler in logging.getLogger().handlers:
        handler.flush()
    assert "said by Qt" in reporter.log_path.read_text()


def _raised(text: str):
    error = ZeroDivisionError(text)
    return type(error), error, None


def _crash_dialogs() -> list[CrashDialog]:
    return [
        widget
        for widget in QApplication.topLevelWidgets()
        if isinstance(widget, CrashDialog) and widget.isVisible()
    ]
