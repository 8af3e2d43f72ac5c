"""One training at a time on a library: the second waits until the first is done."""

from __future__ import annotations

import json
import os
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import psutil

from lusviewer.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from lusviewer.training.local.control import Control

LOCK: Final = "training.lock"
WAITING: Final = "waiting for another training"
_PAUSE: Final = 0.25
_TOLD_EVERY: Final = 20
_WRITTEN_WITHIN: Final = 10.0
"""Seconds after which a lock that names no process is one that nobody finished."""

_SAME: Final = 5.0
"""Seconds that a process's beginning may seem to move when the clock is set."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that trains: its id and when it began, as ids are given again."""

    pid: int
    began: float

    @classmethod
    def own(cls) -> Holder:
        """Return this process."""
        return cls(os.getpid(), psutil.Process().create_time())

    def alive(self) -> bool:
        """Whether that process still runs."""
        try:
            began = psutil.Process(self.pid).create_time()
        except psutil.AccessDenied:
            return True
        except psutil.Error:
            return False
        return abs(began - self.began) < _SAME


def wait_for_turn(
    folder: Path, control: Control, *, wait: bool = True
) -> Generator[dict[str, Any], None, Path]:
    """Return the lock of the library in ``folder`` once it is ours; yield while not.

    The lock of a process that is no more is taken over. Raises ``Cancelled``, and
    ``TrainingError`` where one was not to ``wait``, or the folder cannot be written.
    """
    path, rounds = folder / LOCK, 0
    while not _taken(path):
        holder = _holder(path)
        if _stale(path, holder):
            _drop(path, holder)
            continue
        if not wait:
            who = f" (process {holder.pid})" if holder else ""
            msg = f"Another training{who} works on {folder}."
            raise TrainingError(msg, hint="Wait for it, or leave --no-wait away.")
        if rounds % _TOLD_EVERY == 0:
            told = {"event": "progress", "done": 0, "total": 0, "what": WAITING}
            yield told | {"seconds_left": None}
        control.cancel.wait(_PAUSE)
        control.cancel.check()
        # Nothing was begun that could be kept.
        control.stop.check()
        rounds += 1
    return path


@contextmanager
def held(lock: Path) -> Iterator[None]:
    """Keep a lock that is ours for a while, then give it back."""
    try:
        yield
    finally:
        holder = _holder(lock)
        if holder is not None and holder.pid == os.getpid():
            with suppress(OSError):
                lock.unlink()


def _taken(path: Path) -> bool:
    own = Holder.own()
    try:
        with path.open("x", encoding="utf-8") as file:
            json.dump({"pid": own.pid, "began": own.began}, file)
    except FileExistsError:
        return False
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror or error}."
        hint = "Training needs a library that you may write to."
        raise TrainingError(msg, hint=hint) from error
    return True


def _holder(path: Path) -> Holder | None:
    """Return who holds a lock; None where it is gone, or not written to the end."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Holder(int(said["pid"]), float(said["began"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _stale(path: Path, holder: Holder | None) -> bool:
    if holder is not None:
        return not holder.alive()
    with suppress(OSError):
        return time.time() - path.stat().st_mtime > _WRITTEN_WITHIN
    return False


def _drop(path: Path, holder: Holder | None) -> None:
    """Take a dead lock away; one that another training took meanwhile is put back."""
    aside = path.with_name(f".{uuid.uuid4().hex}.lock")
    with suppress(OSError):
        path.rename(aside)
        if _holder(aside) == holder:
            aside.unlink()
        elif not path.exists():
            aside.rename(path)
