"""What a person names: a library, a task, a rater or a patient, found or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lusviewer.errors import LibraryError
from lusviewer.files import is_there
from lusviewer.library.database import FILE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lusviewer.library.library import Library
    from lusviewer.library.tasks import Task


def require_library(folder: Path) -> None:
    """Raise ``LibraryError`` where ``folder`` holds no library; none is made."""
    if not is_there(folder / FILE):
        msg = f"There is no library in {folder}."
        hint = f"Make one: lusviewer library add PATH --library {folder}"
        raise LibraryError(msg, hint=hint)


def task_key(known: Mapping[str, Task], name: str) -> str:
    """Return the key of the task called ``name``; findings may go without 'finding.'.

    Raises ``LibraryError`` where there is none.
    """
    for key in (name, f"finding.{name}"):
        if key in known:
            return key
    msg = f"The library has no task {name!r}."
    raise LibraryError(msg, hint="'lusviewer library list --tasks' shows them.")


def require_rater(library: Library, rater: str | None) -> None:
    """Raise ``LibraryError`` for one who did nothing in it; None is anybody."""
    if rater is None or rater in (known := library.labels.raters()):
        return
    if rater in (corrected := library.corrections.raters()):
        return
    drawn = (library.drawings.of_clip(clip) for clip in library.drawings.clips())
    drew = {drawing.rater for drawings in drawn for drawing in drawings}
    if rater not in drew:
        msg = f"Nothing in the library is by {rater!r}."
        names = ", ".join(sorted(drew.union(known, corrected))) or "nobody yet"
        raise LibraryError(
            msg, hint=f"These have labelled, drawn or corrected: {names}."
        )


def require_patient(library: Library, patient: str | None) -> None:
    """Raise ``LibraryError`` for a patient the library does not have."""
    known = {one.pseudonym for one in library.patients.all()}
    if patient is not None and patient not in known:
        msg = f"The library has no patient {patient!r}."
        raise LibraryError(msg, hint="'lusviewer library list' shows whom it has.")
