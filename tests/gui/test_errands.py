from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject

from lusviewer.errors import LibraryError
from lusviewer.gui.errands import Errands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from lusviewer.cancel import CancelToken


@pytest.mark.logs_warnings
def test_closing_does_all_that_waits_though_one_of_it_fails(
    qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    parent, go, done = QObject(), threading.Event(), list[str]()
    errands = Errands(parent)

    def running(_cancel: CancelToken) -> Iterator[None]:
        go.wait()
        done.append("first")
        yield

    def failing(_cancel: CancelToken) -> Iterator[None]:
        msg = "The library is being changed by another window."
        raise LibraryError(msg)

    def last(_cancel: CancelToken) -> Iterator[None]:
        done.append("last")
        yield

    for work in (running, failing, last):
        errands.run(work)
    go.set()
    with caplog.at_level(logging.ERROR):
        errands.close()
    assert done == ["first", "last"]
    assert "being changed by another window" in caplog.text
