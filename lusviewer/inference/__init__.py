"""Running model bundles: opening them, frames through them, where they looked.

The parts are imported when they are first asked for. Imported here, two threads that
each begin with another part would wait for each other.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lusviewer.inference.bundle import ModelBundle, ModelManifest, open_bundle

__all__ = ["ModelBundle", "ModelManifest", "open_bundle"]

_PARTS = {
    "ModelBundle": "bundle",
    "ModelManifest": "bundle",
    "open_bundle": "bundle",
}


def __getattr__(name: str) -> object:
    """Return a name of the package from the part that defines it."""
    if name not in _PARTS:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_PARTS[name]}"), name)
