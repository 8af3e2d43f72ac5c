"""The lock of a library on a share, which other machines train on, too."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from lusviewer.cancel import Cancelled
from lusviewer.errors import TrainingError
from lusviewer.training.local.control import Control
from lusviewer.training.local.lock import LOCK, WAITING, held, wait_for_turn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BEGUN = 1_790_000_000.0
"""21 September 2026, 14:13 UTC."""


def taken(folder: Path) -> Path:
    """Return the lock, which nobody holds that must be waited for."""
    events = wait_for_turn(folder, Control())
    with pytest.raises(StopIteration) as ended:
        next(events)
    assert isinstance(ended.value.value, type(folder))
    return ended.value.value


def write_lock(folder: Path, **said: object) -> Path:
    lock = folder / LOCK
    lock.write_text(json.dumps(said))
    return lock


@pytest.fixture
def ended_pid() -> int:
    """The number of a process that is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_a_lock_names_its_machine_its_process_and_when_that_began(
    tmp_path: Path,
) -> None:
    lock = taken(tmp_path)
    assert json.loads(lock.read_text()) == {
        "pid": os.getpid(),
        "began": psutil.Process().create_time(),
        "host": socket.gethostname(),
    }
    with held(lock):
        pass
    assert not lock.exists()


def test_a_process_of_another_machine_is_not_taken_for_a_dead_one_here(
    tmp_path: Path, ended_pid: int
) -> None:
    lock = write_lock(tmp_path, pid=ended_pid, began=BEGUN, host="radio-2")
    before = lock.read_bytes()
    with pytest.raises(TrainingError) as told:
        next(wait_for_turn(tmp_path, Control(), wait=False))
    assert told.value.message == (
        f"Another training (process {ended_pid}, begun 2026-09-21 14:13 UTC, on the "
        f"machine radio-2) works on {tmp_path}."
    )
    assert told.value.hint == (
        "Wait for it, or leave --no-wait away. If radio-2 is known to be off, or "
        f"trains no more, delete {lock}."
    )
    assert lock.read_bytes() == before


def test_a_process_of_another_machine_is_not_taken_for_this_one(tmp_path: Path) -> None:
    began = psutil.Process().create_time()
    lock = write_lock(tmp_path, pid=os.getpid(), began=began, host="radio-2")
    with held(lock):
        pass
    assert lock.is_file()


def events_of(folder: Path, control: Control) -> Iterator[dict[str, Any]]:
    yield from wait_for_turn(folder, control)


def test_who_waits_is_told_once_of_which_machine_and_goes_on_when_the_file_is_gone(
    tmp_path: Path,
) -> None:
    lock = write_lock(tmp_path, pid=4, began=BEGUN, host="radio-2")
    events = events_of(tmp_path, Control())
    warning = next(events)
    assert warning["event"] == "warning"
    assert "on the machine radio-2) works on" in warning["message"]
    assert f"delete {lock}" in warning["message"]
    assert [next(events)["what"] for _ in range(2)] == [WAITING, WAITING]
    lock.unlink()
    assert list(events) == []
    assert json.loads(lock.read_text())["pid"] == os.getpid()


def test_one_who_waits_for_another_machine_can_be_told_to_go(tmp_path: Path) -> None:
    lock = write_lock(tmp_path, pid=4, began=BEGUN, host="radio-2")
    control = Control()
    events = events_of(tmp_path, control)
    next(events)
    control.obey("cancel")
    with pytest.raises(Cancelled):
        list(events)
    assert lock.is_file()


def test_a_lock_of_this_machine_is_taken_over_once_its_process_is_no_more(
    tmp_path: Path, ended_pid: int
) -> None:
    host = socket.gethostname().upper()
    write_lock(tmp_path, pid=ended_pid, began=BEGUN, host=host)
    assert json.loads(taken(tmp_path).read_text())["pid"] == os.getpid()


def test_a_lock_of_an_older_version_names_no_machine_and_is_understood(
    tmp_path: Path, ended_pid: int
) -> None:
    lock = write_lock(tmp_path, pid=ended_pid, began=BEGUN)
    assert json.loads(taken(tmp_path).read_text())["pid"] == os.getpid()
    lock = write_lock(tmp_path, pid=os.getpid(), began=psutil.Process().create_time())
    with pytest.raises(TrainingError, match=rf"\(process {os.getpid()}\) works on"):
        next(wait_for_turn(tmp_path, Control(), wait=False))
    with held(lock):
        pass
    assert not lock.exists()


@pytest.mark.parametrize("content", ["[1]", '"x"', '{"pid": "x"}', "7"])
def test_a_lock_that_says_nothing_is_as_one_never_written_to_the_end(
    tmp_path: Path, content: str
) -> None:
    lock = tmp_path / LOCK
    lock.write_text(content)
    with pytest.raises(TrainingError, match="Another training works on"):
        next(wait_for_turn(tmp_path, Control(), wait=False))
    os.utime(lock, (1, 1))
    assert json.loads(taken(tmp_path).read_text())["pid"] == os.getpid()


def test_a_time_that_cannot_be_is_left_out(tmp_path: Path) -> None:
    write_lock(tmp_path, pid=4, began=1e300, host="radio-2")
    with pytest.raises(TrainingError, match=r"\(process 4, on the machine radio-2\)"):
        next(wait_for_turn(tmp_path, Control(), wait=False))
