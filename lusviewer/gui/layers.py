"""Which overlay layers are shown, and how strongly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from lusviewer.findings import CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping

LAYER_NAMES: Final = (
    "pleura",
    "a_line",
    "b_line",
    "consolidation",
    "effusion",
    "rib_shadow",
    "lung",
    "chest_wall",
)
"""The classes that can be laid over the image, in the order of the keys 1 to 8."""

_HIDDEN_AT_FIRST: Final = frozenset({"rib_shadow", "lung", "chest_wall"})


@dataclass(frozen=True, slots=True)
class Layer:
    """One class laid over the image; ``opacity`` 0 to 1."""

    visible: bool
    opacity: float


@dataclass(frozen=True, slots=True)
class Layers:
    """All layers by class name; ``overlays`` switches them on and off together."""

    classes: Mapping[str, Layer]
    overlays: bool = True
    saliency: bool = False

    @classmethod
    def at_first(cls) -> Layers:
        """Return what is shown before anybody changed it."""
        return cls(
            MappingProxyType(
                {
                    name: Layer(name not in _HIDDEN_AT_FIRST, 0.55)
                    for name in CLASSES[1:]
                }
            )
        )

    def shows(self, name: str) -> bool:
        """Return whether the class ``name`` is to be painted."""
        return self.overlays and self.classes[name].visible

    def with_layer(
        self, name: str, *, visible: bool | None, opacity: float | None
    ) -> Layers:
        """Return the layers with one of them changed; None keeps what it was."""
        old = self.classes[name]
        new = Layer(
            old.visible if visible is None else visible,
            old.opacity if opacity is None else min(max(opacity, 0.0), 1.0),
        )
        return replace(self, classes=MappingProxyType({**self.classes, name: new}))
