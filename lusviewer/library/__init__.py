"""The study library: a person's own clips, what was said of them, by whom and when.

One SQLite file in a folder of the user's choice. Patients are pseudonyms, labels are
superseded but never lost, and every change is in an audit log that only grows.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lusviewer.library.library import Library, default_folder, open_library
    from lusviewer.library.values import (
        NOT_ASSESSABLE,
        Answer,
        ClipEntry,
        ClipFilter,
        ClipOrder,
        ClipPrediction,
        Drawing,
        KeptLabel,
        Line,
        OrderBy,
    )

__all__ = [
    "NOT_ASSESSABLE",
    "Answer",
    "ClipEntry",
    "ClipFilter",
    "ClipOrder",
    "ClipPrediction",
    "Drawing",
    "KeptLabel",
    "Library",
    "Line",
    "OrderBy",
    "default_folder",
    "open_library",
]

_OPENING = ("Library", "default_folder", "open_library")


def __getattr__(name: str) -> object:
    """Return a part of the package, imported when it is first asked for.

    Imported above, two threads that each begin with another part of the package would
    wait for each other, and Python would then show one of them half a module.
    """
    if name not in __all__:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    part = "library" if name in _OPENING else "values"
    return getattr(import_module(f"{__name__}.{part}"), name)
