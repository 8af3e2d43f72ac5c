"""Starting: which way in, how soon the window stands, and pictures without a screen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lusviewer.__main__ import is_command
from lusviewer.gui.app import parse
from lusviewer.paths import default_bundle
from tests.small_clips import write_dicom

PAINTED = 2.1
"""Processor time from the start to the painted window, of the plain program's below."""

_PLAIN = """
import dataclasses, importlib, time
import numpy
from PySide6 import QtCore, QtGui, QtSvg, QtWidgets

for name in (
    "asyncio", "concurrent.futures.process", "decimal", "difflib", "doctest",
    "ftplib", "http.server", "imaplib", "mailbox", "multiprocessing.managers",
    "optparse", "pdb", "pydoc", "sqlite3", "tarfile", "unittest.mock",
    "urllib.request", "wsgiref.simple_server", "xml.dom.minidom",
    "xml.sax.saxutils", "xmlrpc.client", "zoneinfo",
):
    importlib.import_module(name)
for number in range(80):
    fields = [f"field_{place}" for place in range(5)]
    dataclasses.make_dataclass(f"Row{number}", fields, frozen=True, slots=True)
application = QtWidgets.QApplication([])
window = QtWidgets.QMainWindow()
page = QtWidgets.QWidget()
grid = QtWidgets.QGridLayout(page)
for number in range(300):
    grid.addWidget(QtWidgets.QLabel(f"Label {number}"), number // 12, number % 12)
window.setCentralWidget(page)
window.show()
window.grab()
print(time.process_time())
"""
"""A window with words in it, of a program with as many modules and classes as ours."""

_MEASURE = """
import json, sys, time
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from lusviewer.gui import app
from lusviewer.gui.settings import Settings

def painted(self):
    heavy = ("torch", "sklearn", "scipy", "onnx", "onnxruntime", "av", "pydicom")
    loaded = [name for name in heavy if name in sys.modules]
    print(json.dumps({"cpu_s": time.process_time(), "loaded": loaded}))
    QApplication.quit()

app._Starter.begin = painted
settings = Settings(QSettings(sys.argv[1], QSettings.Format.IniFormat))
app.run(QApplication([]), settings, app.Wish())
"""


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    home = {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "QT_QPA_PLATFORM": "offscreen",
        # Compiled once, as where the program was started before.
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(tmp_path / "compiled"),
    }
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **home},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ([], False),
        (["clip.dcm"], False),
        (["folder", "analyse"], False),
        (["--screenshot", "x.png", "clip.dcm"], False),
        (["analyse", "clip.dcm", "--out", "x"], True),
        (["info", "clip.dcm"], True),
        (["models"], True),
        (["doctor"], True),
        (["evaluate"], True),
        (["train", "recipe"], True),
        (["--version"], True),
        (["--help"], True),
        (["--selftest"], True),
    ],
)
def test_the_first_word_says_whether_it_is_a_command(words, command):
    assert is_command(words) is command


def test_paths_and_a_screenshot_can_be_asked_for():
    wish = parse(["a.dcm", "folder", "--screenshot", "shot.png", "--size", "1280x720"])
    assert wish.paths == (Path("a.dcm"), Path("folder"))
    assert wish.screenshot == Path("shot.png")
    assert wish.size == (1280, 720)
    assert not wish.attended


def test_the_window_is_painted_soon_and_without_the_heavy_libraries(tmp_path):
    best = plain = 10.0
    for _ in range(4):
        plain = min(plain, float(run(tmp_path, "-c", _PLAIN).stdout))
        done = run(tmp_path, "-c", _MEASURE, str(tmp_path / "settings.ini"))
        assert done.returncode == 0, done.stderr
        measured = json.loads(done.stdout.splitlines()[-1])
        assert measured["loaded"] == []
        best = min(best, measured["cpu_s"])
    assert best < PAINTED * plain


def test_a_picture_of_a_file_that_does_not_open_is_an_error_by_name(tmp_path):
    bad = tmp_path / "bad.dcm"
    bad.write_text("no clip")
    picture = tmp_path / "window.png"
    done = run(tmp_path, "-m", "lusviewer", "--screenshot", str(picture), str(bad))
    assert done.returncode == 1
    assert "bad.dcm" in done.stderr
    assert not picture.exists()


@pytest.mark.slow
def test_a_picture_is_taken_once_the_clip_is_analysed(tmp_path):
    if not (default_bundle() / "manifest.json").is_file():
        pytest.skip("the shipped model is not there")
    clip = write_dicom(tmp_path / "cine.dcm", n_frames=6)
    picture = tmp_path / "out" / "window.png"
    done = run(tmp_path, "-m", "lusviewer", "--screenshot", str(picture), str(clip))
    assert done.returncode == 0, done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "Traceback" not in done.stderr
