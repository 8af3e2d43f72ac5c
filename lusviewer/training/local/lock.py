"""One training at a time on a library: the second waits until the first is done.

The library may lie on a share: a process is known by its machine, its id, and when
it began. Whether one of another machine still runs cannot be told from here, so its
lock is never taken away, only named.
"""

from __future__ import annotations

import json
import os
import socket
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
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
    """The process that trains: its id and when it began, as ids are given again.

    ``host`` is the name of its machine; "" in a lock of an older lusviewer, which is
    taken for one of this machine, as it was then.
    """

    pid: int
    began: float
    host: str = ""

    @classmethod
    def own(cls) -> Holder:
        """Return this process."""
        return cls(os.getpid(), psutil.Process().create_time(), socket.gethostname())

    @property
    def here(self) -> bool:
        """Whether it is a process of this machine."""
        return self.host.casefold() in ("", socket.gethostname().casefold())

    def same_as(self, other: Holder) -> bool:
        """Whether both are one process of this machine."""
        began = abs(self.began - other.began) < _SAME
        return self.here and other.here and self.pid == other.pid and began

    def dead(self) -> bool:
        """Whether it is known to run no more; never of another machine's process."""
        return self.here and not self._runs()

    def __str__(self) -> str:
        """Return which process it is, in words."""
        words = f"process {self.pid}"
        if self.here:
            return words
        with suppress(ValueError, OverflowError, OSError):
            when = datetime.fromtimestamp(self.began, UTC)
            words = f"{words}, begun {when:%Y-%m-%d %H:%M} UTC"
        return f"{words}, on the machine {self.host}"

    def _runs(self) -> bool:
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

    The lock of a process that is no more is taken over, but not of one of another
    machine: who holds it is told, with what to do if that machine is off. Raises
    ``Cancelled``, and ``TrainingError`` where one was not to ``wait``, or the folder
    cannot be written.
    """
    path, rounds, named = folder / LOCK, 0, None
    while not _taken(path):
        holder = _holder(path)
        if _stale(path, holder):
            _drop(path, holder)
            continue
        if not wait:
            hint = "Wait for it, or leave --no-wait away."
            raise TrainingError(_told(folder, holder), hint=_hint(path, holder, hint))
        if holder is not None and not holder.here and holder != named:
            named, hint = holder, _hint(path, holder, "It is waited for.")
            yield {"event": "warning", "message": f"{_told(folder, holder)} {hint}"}
        if rounds % _TOLD_EVERY == 0:
            told = {"event": "progress", "done": 0, "total": 0, "what": WAITING}
            yield told | {"seconds_left": None}
        control.cancel.wait(_PAUSE)
        control.cancel.check()
        # Nothing was begun that could be kept.
        control.stop.check()
        rounds += 1
    return path


def at_work(folder: Path) -> bool:
    """Whether a training works on the library in ``folder``, as far as can be told."""
    path = folder / LOCK
    return path.exists() and not _stale(path, _holder(path))


@contextmanager
def held(lock: Path) -> Iterator[None]:
    """Keep a lock that is ours for a while, then give it back."""
    try:
        yield
    finally:
        holder = _holder(lock)
        if holder is not None and holder.same_as(Holder.own()):
            with suppress(OSError):
                lock.unlink()


def _told(folder: Path, holder: Holder | None) -> str:
    who = f" ({holder})" if holder else ""
    return f"Another training{who} works on {folder}."


def _hint(path: Path, holder: Holder | None, hint: str) -> str:
    if holder is None or holder.here:
        return hint
    off = f"If {holder.host} is known to be off, or trains no more, delete {path}."
    return f"{hint} {off}"


def _taken(path: Path) -> bool:
    own = Holder.own()
    try:
        with path.open("x", encoding="utf-8") as file:
            json.dump(asdict(own), file)
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
        host = str(said.get("host", ""))
        return Holder(int(said["pid"]), float(said["began"]), host)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _stale(path: Path, holder: Holder | None) -> bool:
    if holder is not None:
        return holder.dead()
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
