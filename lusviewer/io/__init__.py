"""Reading clips: DICOM, video, images, folders and DICOMDIR.

The parts are imported when they are first asked for. Imported here, two threads that
each begin with another part would wait for each other.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lusviewer.io.folder import Exam, ExamClip, list_exam
    from lusviewer.io.opening import open_clip

__all__ = ["Exam", "ExamClip", "list_exam", "open_clip"]

_PARTS = {
    "Exam": "folder",
    "ExamClip": "folder",
    "list_exam": "folder",
    "open_clip": "opening",
}


def __getattr__(name: str) -> object:
    """Return a name of the package from the part that defines it."""
    if name not in _PARTS:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_PARTS[name]}"), name)
