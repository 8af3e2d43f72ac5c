"""Folders and DICOMDIR as exams: the clips in them, in their order."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lusviewer.errors import ClipError, EmptyFolderError, UnreadableFileError
from lusviewer.io.opening import is_clip, open_clip

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class ExamClip:
    """A clip of an exam: its file, what to call it, and what it belongs to."""

    path: Path
    label: str
    series: str = ""


@dataclass(frozen=True, slots=True)
class Exam:
    """Clips that belong together, and files that were refused, with the reason."""

    clips: tuple[ExamClip, ...]
    refused: tuple[tuple[Path, ClipError], ...] = ()


def list_exam(path: Path) -> Exam:
    """Return the clips of a folder, of a DICOMDIR, or one file as an exam of one.

    Files of another kind are passed over; nothing is decoded.
    """
    if path.is_dir():
        clips = tuple(_in_folder(path))
        if not clips:
            msg = f"The folder {path.name} holds no clip."
            raise EmptyFolderError(msg, hint="Choose the folder with the clips.")
        return Exam(clips)
    return Exam((ExamClip(path, path.name),))


def _in_folder(folder: Path) -> Iterator[ExamClip]:
    for base, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(base, name)
            if not name.startswith(".") and path.is_file() and is_clip(path):
                yield ExamClip(path, name, str(Path(base).relative_to(folder)))
