"""Writing files and folders whole or not at all."""

from __future__ import annotations

import csv
import io
import os
import shutil
import time
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, Final

from lusviewer.errors import ResultError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from lusviewer.errors import LusViewerError

PARTS: Final = ".*.part"
"""What is being written is called so, where it lies, until it is whole."""

ABANDONED_S: Final = 600.0
"""What nobody wrote to for so long, whoever began it will not finish."""


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write; it becomes ``path`` when the ``with`` block ends well.

    Until then, and when the block raises, what stood at ``path`` stays. A disk that
    is full, or a folder that may not be written to, is a ``ResultError``.
    """
    # Without the name itself, which may be as long as the system allows.
    part = path.parent / f".{uuid.uuid4().hex}.part"
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise _unwritten(path, error, ResultError) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def write_rows(rows: Iterable[Iterable[str]], path: Path) -> None:
    """Write a table as CSV."""
    with written(path) as file:
        # File names that are not valid UTF-8 keep their bytes.
        text = io.TextIOWrapper(file, "utf-8", errors="surrogateescape", newline="")
        csv.writer(text, lineterminator="\n").writerows(rows)
        text.flush()
        text.detach()


@contextmanager
def whole_folder(out: Path, refusal: type[LusViewerError]) -> Iterator[Path]:
    """Give a folder to fill; it becomes ``out`` when the ``with`` block ends well.

    Nothing of it stays when the block raises. Raises ``refusal`` where the disk does.
    """
    make_folder(out.parent)
    sweep(out.parent)
    part = out.with_name(f".{uuid.uuid4().hex}.part")
    try:
        part.mkdir()
        yield part
        part.rename(out)
    except OSError as error:
        raise _unwritten(out, error, refusal) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _unwritten(
    path: Path, error: OSError, refusal: type[LusViewerError]
) -> LusViewerError:
    msg = f"{path} could not be written: {error.strerror or error}."
    return refusal(msg, hint="Choose a folder with room that you may write to.")


def make_folder(folder: Path) -> None:
    """Make ``folder`` and those above it; say so where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"The folder {folder} could not be made: {error.strerror or error}."
        hint = "Choose a folder that you may write to."
        raise ResultError(msg, hint=hint) from error


def is_there(path: Path) -> bool:
    """Return whether ``path`` is a file that can be seen.

    Unlike ``Path.is_file`` this is false, not an error, for what the system refuses.
    """
    return os.path.isfile(path)  # noqa: PTH113


def free_folder(parent: Path, name: str) -> Path:
    """Return the first folder ``name-1``, ``name-2`` ... that is not in ``parent``."""
    number = 1
    while (out := parent / f"{name}-{number}").exists():
        number += 1
    return out


def sweep(folder: Path, pattern: str = PARTS) -> None:
    """Take away the folders that killed programs left half-written in ``folder``.

    Those somebody may still be writing to stay, and so does what cannot be removed.
    """
    for part in folder.glob(pattern):
        with suppress(OSError):
            if part.is_dir() and time.time() - _last_written(part) > ABANDONED_S:
                shutil.rmtree(part, ignore_errors=True)


def _last_written(folder: Path) -> float:
    """Return when something in ``folder`` was last written, seconds since the epoch."""
    return max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))
