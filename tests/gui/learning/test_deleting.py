"""Deleting what was trained before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPushButton

from lusviewer.cancel import CancelToken
from lusviewer.gui.learning import work
from lusviewer.gui.learning.deeper_list import DeeperList
from lusviewer.gui.learning.deeper_work import Deeper, Interrupted

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot


def test_a_result_is_deleted_though_the_last_of_its_name_was_only_half(
    tmp_path: Path,
) -> None:
    """Windows keeps files that are open, and names are given again."""
    left, folder = tmp_path / ".severity-local-1.deleted", tmp_path / "severity-local-1"
    for one in (left, folder):
        one.mkdir()
        (one / "head.onnx").write_bytes(b"graph")
    assert list(work.delete(folder, CancelToken())) == [folder]
    assert list(tmp_path.iterdir()) == [left]


def test_a_checkpoint_is_deleted_only_once_a_person_said_so_twice(
    qtbot: QtBot, tmp_path: Path
) -> None:
    dropped: list[Path] = []
    shown = DeeperList()
    qtbot.addWidget(shown)
    shown.drop_wanted.connect(dropped.append)
    run = Interrupted(tmp_path, ("adapt",), "A-lines: the last block", 25, 40)
    shown.show_deeper(Deeper((), (run,)), tmp_path)
    for answer, expected in (("Keep it", []), ("Delete", [tmp_path])):
        _pressed(shown, "Delete ...")
        box = shown.asking
        assert box is not None
        assert "step 25 of 40" in box.informativeText()
        _pressed(box, answer)
        assert dropped == expected


def _pressed(inside: QWidget, text: str) -> None:
    [button] = [one for one in inside.findChildren(QPushButton) if one.text() == text]
    button.click()
