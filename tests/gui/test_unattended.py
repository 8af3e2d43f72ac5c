"""A bug in a window that nobody watches: told in the terminal, and the end of it."""

from __future__ import annotations

import pytest

from tests.gui.test_app import run
from tests.small_clips import write_dicom

_BUG = """
import sys, threading
from PySide6.QtCore import QTimer
from lusviewer.gui import app
from lusviewer.gui.main_window import MainWindow

def bug(*_):
    raise ZeroDivisionError("a bug nobody caught")

def on_a_thread(self):
    threading.Thread(target=bug).start()

def in_a_slot(self):
    QTimer.singleShot(0, bug)

def while_closing(self):
    MainWindow.closeEvent = bug
    QTimer.singleShot(0, app.QApplication.quit)

app._Starter.begin = locals()[sys.argv[1]]
sys.exit(app.main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    ("place", "wish"),
    [
        ("bug", "--quit-when-analysed"),
        ("in_a_slot", "--screenshot=window.png"),
        ("on_a_thread", "--screenshot=window.png"),
        ("while_closing", "--screenshot=window.png"),
    ],
)
def test_a_bug_ends_it_with_the_traceback_and_the_place_of_the_log(
    tmp_path, place, wish
):
    done = run(tmp_path, "-c", _BUG, place, wish, str(tmp_path / "cine.dcm"))
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert done.stderr.count("a bug nobody caught") == 1
    (log,) = tmp_path.rglob("lusviewer.log")
    assert f"which is also in the log {log}\n" in done.stderr
    assert "a bug nobody caught" in log.read_text()


def test_a_bug_does_not_pass_for_a_picture_well_taken(tmp_path):
    clip = write_dicom(tmp_path / "cine.dcm", n_frames=4)
    broken = _BUG.replace("app._Starter.begin =", "app._Starter._on_analysed =")
    picture = tmp_path / "window.png"
    done = run(tmp_path, "-c", broken, "bug", f"--screenshot={picture}", str(clip))
    assert done.returncode == 1
    assert "a bug nobody caught" in done.stderr
    assert not picture.exists()
