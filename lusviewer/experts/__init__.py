"""Experts: small heads that answer a clinical question from a clip's biomarkers.

The parts are imported when they are first asked for. Imported here, two threads that
each begin with another part would wait for each other.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lusviewer.experts.expert import Expert, load_experts, open_expert
    from lusviewer.experts.manifest import ExpertManifest

__all__ = ["Expert", "ExpertManifest", "load_experts", "open_expert"]

_PARTS = {
    "Expert": "expert",
    "ExpertManifest": "manifest",
    "load_experts": "expert",
    "open_expert": "expert",
}


def __getattr__(name: str) -> object:
    """Return a name of the package from the part that defines it."""
    if name not in _PARTS:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_PARTS[name]}"), name)
