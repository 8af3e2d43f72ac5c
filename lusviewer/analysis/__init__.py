"""From a clip to its findings and its report.

The parts are imported when they are first asked for. Imported here, two threads that
each begin with another part would wait for each other.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lusviewer.analysis.stream import analyse, analyse_frame
    from lusviewer.analysis.summary import summarise
    from lusviewer.analysis.whole import analyse_whole

__all__ = ["analyse", "analyse_frame", "analyse_whole", "summarise"]

_PARTS = {
    "analyse": "stream",
    "analyse_frame": "stream",
    "analyse_whole": "whole",
    "summarise": "summary",
}


def __getattr__(name: str) -> object:
    """Return a name of the package from the part that defines it."""
    if name not in _PARTS:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_PARTS[name]}"), name)
