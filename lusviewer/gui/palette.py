"""The colours that mean something: one per finding, the same wherever it appears.

The hues are Okabe and Ito's, which people with any kind of colour vision can tell
apart. Saliency has a map of its own whose lightness rises evenly.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtGui import QColor

from lusviewer.findings import CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

CLASS_COLOURS: Final[Mapping[str, str]] = {
    "outside": "#000000",
    "chest_wall": "#999999",
    "rib_shadow": "#CC79A7",
    "pleura": "#F0E442",
    "a_line": "#56B4E9",
    "b_line": "#E69F00",
    "lung": "#009E73",
    "consolidation": "#D55E00",
    "effusion": "#0072B2",
}

_FAMILIES: Final = (
    ("a_line", "a_line"),
    ("b_line", "b_line"),
    ("pleura_with_b_lines", "b_line"),
    ("pleura", "pleura"),
    ("consolidation", "consolidation"),
    ("effusion", "effusion"),
    ("rib_shadow", "rib_shadow"),
    ("chest_wall", "chest_wall"),
    ("lung", "lung"),
)
_NEUTRAL: Final = "#999999"
_ABSENT: Final = (".none", ".not_applicable")
"""Labels that say a thing is not there must not shine in its colour."""

EDGE: Final = 16
"""Added to a class index where its patch has its edge (see ``colour_table``)."""


def colour_of(key: str) -> QColor:
    """Return the colour of a class, finding or biomarker key."""
    return QColor(_hex_of(key))


@lru_cache(maxsize=256)
def _hex_of(key: str) -> str:
    name = key
    for prefix in ("finding.", "measured."):
        name = name.removeprefix(prefix)
    if name.endswith(_ABSENT):
        return _NEUTRAL
    if name in CLASS_COLOURS:
        return CLASS_COLOURS[name]
    for prefix, family in sorted(_FAMILIES, key=lambda f: -len(f[0])):
        if name.startswith(prefix):
            return CLASS_COLOURS[family]
    return _NEUTRAL


def contrast(first: QColor, second: QColor) -> float:
    """Return the contrast ratio after WCAG, 1 to 21."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: QColor) -> float:
    srgb = np.array([colour.redF(), colour.greenF(), colour.blueF()])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def ink(colour: QColor, background: QColor, *, ratio: float = 3.0) -> QColor:
    """Return ``colour``, darker or lighter as far as it needs to stand out."""
    return QColor(_ink(colour.rgba(), background.rgba(), ratio))


@lru_cache(maxsize=512)
def _ink(colour_rgba: int, background_rgba: int, ratio: float) -> QColor:
    # Asked for with every repaint, and always of the same few colours.
    colour = QColor.fromRgba(colour_rgba)
    background = QColor.fromRgba(background_rgba)
    towards = 0.0 if _luminance(background) > 0.18 else 1.0
    inked = QColor(colour)
    for step in range(21):
        if contrast(inked, background) >= ratio:
            break
        inked = _mixed(colour, towards, step / 20)
    return inked


def _mixed(colour: QColor, towards: float, share: float) -> QColor:
    red, green, blue = (
        channel + (towards - channel) * share
        for channel in (colour.redF(), colour.greenF(), colour.blueF())
    )
    return QColor.fromRgbF(red, green, blue)


def colour_table(opacities: Mapping[str, float]) -> list[int]:
    """Return 256 ARGB entries for label maps; a class without opacity is clear.

    Entry ``i`` fills class ``i``; entry ``i + EDGE`` draws the edge of its patch,
    which is stronger, so that pale fills still have a shape.
    """
    table = [0] * 256
    for index, name in enumerate(CLASSES):
        opacity = 0.0 if name == "outside" else opacities.get(name, 0.0)
        table[index] = _argb(CLASS_COLOURS[name], opacity)
        table[index + EDGE] = _argb(CLASS_COLOURS[name], min(1.0, opacity * 2.2))
    return table


def _argb(name: str, opacity: float) -> int:
    colour = QColor(name)
    colour.setAlphaF(min(max(opacity, 0.0), 1.0))
    return colour.rgba()


@lru_cache(maxsize=1)
def saliency_table() -> list[int]:
    """Return 256 ARGB entries: violet to pale yellow, clear where saliency is low."""
    level = np.linspace(0.0, 1.0, 256)
    rgb = saliency_rgb(level)
    alpha = np.clip((level - 0.3) / 0.5, 0.0, 1.0) * 0.72
    return [
        QColor(int(r), int(g), int(b), int(a * 255)).rgba()
        for (r, g, b), a in zip(rgb, alpha, strict=True)
    ]


def saliency_rgb(level: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return the map's colours ``(n, 3)`` for levels 0 to 1.

    A path through CIELAB on which the lightness rises in equal steps.
    """
    lightness = 18.0 + 74.0 * level
    hue = np.radians(300.0 + 150.0 * level)
    chroma = 52.0 * np.sin(np.pi * (0.22 + 0.62 * level)) + 6.0
    lab = np.stack((lightness, chroma * np.cos(hue), chroma * np.sin(hue)), axis=-1)
    return _lab_to_srgb(lab)


def _lab_to_srgb(lab: NDArray[np.float64]) -> NDArray[np.uint8]:
    y = (lab[..., 0] + 16.0) / 116.0
    f = np.stack((y + lab[..., 1] / 500.0, y, y - lab[..., 2] / 200.0), axis=-1)
    xyz = np.where(f > 6 / 29, f**3, (f - 4 / 29) * 3 * (6 / 29) ** 2)
    xyz = xyz * (0.95047, 1.0, 1.08883)
    to_rgb = np.array(
        (
            (3.2406, -1.5372, -0.4986),
            (-0.9689, 1.8758, 0.0415),
            (0.0557, -0.2040, 1.0570),
        )
    )
    linear = np.clip(xyz @ to_rgb.T, 0.0, 1.0)
    srgb = np.where(
        linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055
    )
    table: NDArray[np.uint8] = np.rint(srgb * 255).astype(np.uint8)
    return table
