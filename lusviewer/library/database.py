"""The library's one file: opening it, reading it, and changing it whole or not at all.

Readers never wait. A writer waits a few seconds for another one, in this process or
any other, and then says so.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from sqlalchemy import URL, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool

from lusviewer.errors import LibraryError, LibraryFileError
from lusviewer.files import is_there, make_folder
from lusviewer.library.audit import append
from lusviewer.library.migrations import STEPS, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Engine

FILE: Final = "library.db"
BACKUPS: Final = "backups"
APPLICATION_ID: Final = 0x4C555356
"""What tells our files from other SQLite files: LUSV."""

WAIT_S: Final = 5.0
"""So long a writer waits for another one."""

_BUSY, _LOCKED, _READ_ONLY, _IO, _CORRUPT, _FULL, _CANNOT_OPEN, _FOREIGN = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOTADB,
)
_WORDS: Final = {
    _BUSY: (
        "is being changed by another window or command",
        "Nothing of this change was kept: try again when the other is done.",
    ),
    _READ_ONLY: ("may not be written to", "Change its rights, or use another folder."),
    _IO: (
        "could not be read or written",
        "Nothing of this change was kept. The disk may be full or was taken away.",
    ),
    _CORRUPT: ("is damaged", "Go back to a copy from the folder 'backups'."),
    _FULL: (
        "could not grow: the disk is full",
        "Nothing of this change was kept. Make room and try again.",
    ),
    _CANNOT_OPEN: ("cannot be opened", "See that its folder is there and has room."),
    _FOREIGN: ("is no library", "Choose the folder of a library, or an empty one."),
}
_WORDS[_LOCKED] = _WORDS[_BUSY]

_ROOM: Final = 64 * 1024
"""A disk with fewer bytes is full, though SQLite may only say that writing failed."""


def now_utc() -> str:
    """Return the time as it is kept, in UTC with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Change:
    """A change under way: a connection to write by, and the log it must stand in."""

    def __init__(self, connection: Connection, who: str) -> None:
        self.connection = connection
        self.who = who

    def note(self, action: str, subject: str, detail: Mapping[str, object]) -> None:
        """Log what is changed; it is kept together with the change, or not at all."""
        append(self.connection, now_utc(), self.who, action, subject, detail)


class Watch:
    """Tells whether a library's file was changed, but not by the one that watches it.

    SQLite tells a connection of the changes by all others. All that a ``Database``
    writes goes by one connection: asked there, no change by itself counts, and none
    by others is missed, however they meet.
    """

    def __init__(self, writers: Engine) -> None:
        self._writers = writers
        self._seen = self._version()

    def changed(self) -> bool:
        """Return whether it was changed since this was last asked; costs little.

        A file that cannot be read just now was not: whoever reads it next says so.
        """
        before = self._seen
        with suppress(sqlite3.Error, SQLAlchemyError):
            self._seen = self._version()
        return before != self._seen

    def _version(self) -> tuple[int, int]:
        """Return the connection's number of the file, and which connection it is."""
        with self._writers.connect() as connection:
            version = connection.exec_driver_sql("PRAGMA data_version").scalar_one()
            return int(version), id(connection.connection.dbapi_connection)


class Database:
    """A library's file, opened, checked and brought to this program's version.

    Raises ``LibraryError`` for a file that is damaged, of another program, or made
    by a newer lusviewer. An older one is copied to ``backups`` before it is changed.
    """

    def __init__(
        self, folder: Path, *, steps: Sequence[Step] = STEPS, wait_s: float = WAIT_S
    ) -> None:
        self.folder = folder
        self.file = folder / FILE
        self._steps = steps
        self._wait_s = wait_s
        if not is_there(self.file):
            make_folder(folder)
        self._engine = _engine(self.file, wait_s)
        self._writers = _engine(self.file, wait_s, pool_size=1, max_overflow=0)
        try:
            with self._worded():
                self._check()
                self._migrate()
        except OSError as error:
            self.close()
            msg = f"{folder} cannot be used: {error.strerror or error}."
            hint = "Choose a folder with room that you may write to."
            raise LibraryError(msg, hint=hint) from error
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees the library as it is now, whoever writes."""
        with self._worded(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, who: str) -> Iterator[Change]:
        """Give a change by ``who``: kept when the ``with`` block ends well, or not."""
        with self._worded(), self._writers.connect() as connection:
            writer = connection.execution_options(begin="BEGIN IMMEDIATE")
            with writer.begin():
                yield Change(writer, who)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()
        self._writers.dispose()

    def watch(self) -> Watch:
        """Return what tells when others change the file, while this one is open."""
        with self._worded():
            return Watch(self._writers)

    def problems(self) -> list[str]:
        """Return what SQLite finds wrong with the whole file; nothing where sound."""
        with self.reading() as connection:
            found = [
                str(row[0]) for row in connection.exec_driver_sql(_INTEGRITY).all()
            ]
            strays = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        return [text for text in found if text != "ok"] + [
            f"a row of {row[0]} points nowhere" for row in strays
        ]

    def _check(self) -> None:
        """Refuse a file that is not ours, newer than we are, or damaged."""
        with self._engine.connect() as connection:
            version, ours = _version(connection)
            if not ours:
                msg = f"{self.file} is a database of another program."
                raise LibraryError(msg, hint="Choose another folder for the library.")
            if version > len(self._steps):
                msg = (
                    f"{self.file} was made by a newer lusviewer: it has version "
                    f"{version}, and this one knows {len(self._steps)}."
                )
                raise LibraryError(msg, hint="Install the newer lusviewer again.")
            found = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
        if found != "ok":
            msg = f"{self.file} is damaged: {found}."
            raise LibraryError(msg, hint="Go back to a copy from the folder 'backups'.")

    def _migrate(self) -> None:
        """Take the steps that are missing, all or none, a copy put by before."""
        with self._engine.connect() as connection:
            version, _ = _version(connection)
        if version == len(self._steps):
            return
        if version:
            self._back_up(version)
        self._go_wal()
        with self.writing("lusviewer") as change:
            # Another process may have been quicker.
            version, _ = _version(change.connection)
            for step in self._steps[version:]:
                for statement in step:
                    change.connection.exec_driver_sql(statement)
            if version < len(self._steps):
                for pragma in (
                    f"PRAGMA application_id = {APPLICATION_ID}",
                    f"PRAGMA user_version = {len(self._steps)}",
                ):
                    change.connection.exec_driver_sql(pragma)
                facts = {"from": version, "to": len(self._steps)}
                change.note("library migrated", "library", facts)

    def _go_wal(self) -> None:
        """Let readers and a writer work at once, as far as the file system can."""
        with suppress(sqlite3.OperationalError), closing(self._bare()) as bare:
            bare.execute("PRAGMA journal_mode = WAL").close()

    def _back_up(self, version: int) -> None:
        """Put a copy of the file by, whole or not at all."""
        folder = self.folder / BACKUPS
        make_folder(folder)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        target = folder / f"library-version-{version}-{stamp}.db"
        part = target.with_suffix(".part")
        part.unlink(missing_ok=True)
        with closing(self._bare()) as bare:
            bare.execute("VACUUM INTO ?", (str(part),)).close()
        with part.open("rb+") as copied:
            os.fsync(copied.fileno())
        part.replace(target)

    def _bare(self) -> sqlite3.Connection:
        """Return a connection of its own, for what no transaction may hold."""
        return sqlite3.connect(
            self.file,
            timeout=self._wait_s,
            isolation_level=None,
            check_same_thread=False,
        )

    @contextmanager
    def _worded(self) -> Iterator[None]:
        """Turn what SQLite says into words for a person; bugs stay bugs."""
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            told = self._in_words(error)
            if told is None:
                raise
            raise told from error

    def _in_words(self, error: Exception) -> LibraryFileError | None:
        cause = error.orig if isinstance(error, DBAPIError) else error
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        if isinstance(error, PoolTimeoutError):
            code = _BUSY
        if code not in _WORDS:
            return None
        if code in (_IO, _CANNOT_OPEN) and not self._has_room():
            code = _FULL
        words, hint = _WORDS[code]
        msg = f"The library {self.file} {words}."
        busy = code in (_BUSY, _LOCKED)
        return LibraryFileError(msg, hint=hint, full=code == _FULL, busy=busy)

    def _has_room(self) -> bool:
        """Return whether the disk has room, as far as the system tells."""
        try:
            return shutil.disk_usage(self.folder).free >= _ROOM
        except OSError:
            return True


_INTEGRITY: Final = "PRAGMA integrity_check(20)"


def _version(connection: Connection) -> tuple[int, bool]:
    """Return the version of the file, and whether it is ours; 0 where it is empty."""
    application = int(connection.exec_driver_sql("PRAGMA application_id").scalar_one())
    version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if application == APPLICATION_ID:
        return version, True
    tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
    return 0, application == 0 and version == 0 and tables.scalar_one() == 0


def _engine(
    file: Path, wait_s: float, *, pool_size: int = 5, max_overflow: int = 10
) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(file)),
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=wait_s,
        connect_args={"timeout": wait_s, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    """Have a new connection keep what is said to be kept, and check every link."""
    # Without this the driver itself would decide when a transaction begins.
    connection.isolation_level = None
    for pragma in ("foreign_keys = ON", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}").close()
    connection.create_function("natural_key", 1, natural_key, deterministic=True)


@lru_cache(maxsize=10_000)
def natural_key(name: str) -> str:
    """Return what sorts names as people count: patient_2 before patient_11."""
    return re.sub(r"0*([0-9]+)", _counted, name.casefold())


def _counted(number: re.Match[str]) -> str:
    digits = number[1]
    return f"{len(digits):04}{digits}"


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    connection.exec_driver_sql(str(options.get("begin", "BEGIN")))
