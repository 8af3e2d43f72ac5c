"""A training in the window that waits for one of another machine."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

from lusviewer.cancel import CancelToken
from lusviewer.gui.learning.work import drop_lock
from lusviewer.training.local.lock import LOCK
from tests.gui.learning.conftest import press, words_in
from tests.gui.learning.test_learning_panel import LONG_MS, started

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.learning.panel import LearningPanel


def write_lock(library: Path, **said: object) -> Path:
    lock = library / LOCK
    lock.write_text(json.dumps(said))
    return lock


def test_its_card_names_the_machine_and_the_file_to_delete_if_that_is_off(
    qtbot: QtBot, library: Path, shown: Callable[[], LearningPanel]
) -> None:
    lock = write_lock(library, pid=4, began=1_790_000_000.0, host="radio-2")
    panel = shown()
    training = started(qtbot, panel, "tree")
    card = panel.tabs.experts.runs.cards[training]
    words = "Waiting for a training started elsewhere"
    qtbot.waitUntil(lambda: words in words_in(card), timeout=LONG_MS)
    told = words_in(card)
    assert "process 4, begun 2026-09-21 14:13 UTC, on the machine radio-2" in told
    assert f"delete {lock}" in told
    press(qtbot, card, "Cancel")
    qtbot.waitUntil(lambda: training not in panel.trainings.all, timeout=LONG_MS)
    assert lock.is_file()


def test_the_lock_of_a_killed_process_is_deleted_but_not_one_of_another_machine(
    tmp_path: Path,
) -> None:
    lock = write_lock(tmp_path, pid=4, began=1.0, host="radio-2")
    assert list(drop_lock(tmp_path, 4, CancelToken())) == []
    assert lock.is_file()
    for said in ({"host": socket.gethostname()}, {}):
        write_lock(tmp_path, pid=4, began=1.0, **said)
        assert list(drop_lock(tmp_path, 4, CancelToken())) == [lock]
        assert not lock.exists()
