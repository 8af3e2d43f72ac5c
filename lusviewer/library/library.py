"""The library itself: a folder, opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from lusviewer import paths
from lusviewer.library import audit
from lusviewer.library.analyses import Analyses
from lusviewer.library.clips import Clips
from lusviewer.library.corrections import Corrections
from lusviewer.library.database import WAIT_S, Database
from lusviewer.library.drawings import Drawings
from lusviewer.library.labels import Labels
from lusviewer.library.patients import Patients
from lusviewer.library.predictions import Predictions

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.library.audit import Entry, Verdict


class Library:
    """An open library: patients, clips, what people and models said of them, the log.

    Safe between threads and processes. Every method that changes something takes
    who does it, keeps the change whole or not at all, and logs it.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.patients = Patients(database)
        self.clips = Clips(database)
        self.labels = Labels(database)
        self.drawings = Drawings(database)
        self.corrections = Corrections(database)
        self.analyses = Analyses(database)
        self.predictions = Predictions(database)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @property
    def folder(self) -> Path:
        """The folder the library lies in."""
        return self.database.folder

    def log(self, subject: str | None = None) -> tuple[Entry, ...]:
        """Return the audit log, or what it says of one subject, as ``clip:12``."""
        with self.database.reading() as connection:
            return tuple(audit.entries(connection, subject))

    def verify(self) -> Verdict:
        """Return whether the file is sound, the log unbroken and labels as logged."""
        problems = self.database.problems()
        with self.database.reading() as connection:
            verdict = audit.verify(connection)
        if problems and verdict.holds:
            why = f"the file is damaged: {problems[0]}"
            return audit.Verdict(verdict.entries, verdict.head, None, why)
        return verdict

    def close(self) -> None:
        """Let go of the file."""
        self.database.close()


def default_folder() -> Path:
    """Return the folder of the library used where none is chosen."""
    return paths.user_data() / "library"


def open_library(folder: Path | None = None, *, wait_s: float = WAIT_S) -> Library:
    """Open the library in ``folder``; an empty or new folder becomes one.

    A writer waits ``wait_s`` for another one. Raises ``LibraryError`` for a file that
    is damaged, of another program, or made by a newer lusviewer.
    """
    return Library(Database((folder or default_folder()).absolute(), wait_s=wait_s))
