"""Packages whose parts are imported when they are first asked for.

Imported with the package, two threads that each begin with another part of it would
wait for each other, and Python would then show one of them half a module.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


def on_demand(package: str, **parts: Collection[str]) -> Callable[[str], object]:
    """Return the ``__getattr__`` of ``package``, whose ``parts`` define these names."""
    places = {name: f"{package}.{part}" for part in parts for name in parts[part]}

    def get(name: str) -> object:
        if name not in places:
            msg = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(msg)
        return getattr(import_module(places[name]), name)

    return get
