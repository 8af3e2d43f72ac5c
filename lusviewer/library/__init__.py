"""The study library: a person's own clips, what was said of them, by whom and when.

One SQLite file in a folder of the user's choice. Patients are pseudonyms, labels are
superseded but never lost, and every change is in an audit log that only grows.
"""

from typing import TYPE_CHECKING

from lusviewer.parts import on_demand

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

if not TYPE_CHECKING:
    _opening = {"Library", "default_folder", "open_library"}
    __getattr__ = on_demand(__name__, library=_opening, values=set(__all__) - _opening)
