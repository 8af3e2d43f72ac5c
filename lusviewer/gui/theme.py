"""How the window looks: a dark reading room, a light desk, and one spacing scale."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from string import Template
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import (
    QAction,
    QColor,
    QFont,
    QIcon,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from lusviewer.paths import resources

if TYPE_CHECKING:
    from pathlib import Path

SPACE: Final = 8
"""The unit of distance, in logical px: gaps are a half, one, one and a half, two."""

_ICON_PROPERTY: Final = "lusviewer_icon"
_ICON_SIZES: Final = (20, 40)


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of the surfaces; what means something is in ``palette``."""

    name: str
    window: str
    panel: str
    raised: str
    hover: str
    line: str
    text: str
    muted: str
    accent: str
    accent_soft: str
    on_accent: str
    warning: str
    warning_soft: str
    stage: str = "#050607"

    @property
    def dark(self) -> bool:
        """Whether text is light on dark."""
        return self.name == "dark"

    def colour(self, role: str) -> QColor:
        """Return the colour of a surface or text by its field name."""
        return QColor(getattr(self, role))


DARK: Final = Theme(
    name="dark",
    window="#121518",
    panel="#191d21",
    raised="#22272d",
    hover="#2c333a",
    line="#323a42",
    text="#e4e8eb",
    muted="#9ba6b0",
    accent="#5aa9e6",
    accent_soft="#1f3a52",
    on_accent="#0a1117",
    warning="#e6b450",
    warning_soft="#3a3018",
)

LIGHT: Final = Theme(
    name="light",
    window="#eef1f4",
    panel="#ffffff",
    raised="#f3f5f7",
    hover="#e4e9ee",
    line="#cfd6dd",
    text="#1a2026",
    muted="#56626d",
    accent="#0b62ad",
    accent_soft="#d6e7f6",
    on_accent="#ffffff",
    warning="#8a5a00",
    warning_soft="#fdf0d2",
)


def theme_of(widget: QWidget) -> Theme:
    """Return the theme ``widget`` is drawn in."""
    window = widget.palette().color(QPalette.ColorRole.Window)
    return DARK if window.lightness() < 128 else LIGHT


def apply_theme(app: QApplication, choice: str = "system") -> Theme:
    """Dress the application; ``choice`` is "system", "dark" or "light".

    With "system" the desktop's choice is followed, also when it changes later;
    where the desktop has none, the reading room is dark.
    """
    hints = app.styleHints()
    if app.property("lusviewer_theme") is None:
        hints.colorSchemeChanged.connect(lambda _: _dress(app))
    app.setProperty("lusviewer_theme", choice)
    schemes = {"dark": Qt.ColorScheme.Dark, "light": Qt.ColorScheme.Light}
    hints.setColorScheme(schemes.get(choice, Qt.ColorScheme.Unknown))
    return _dress(app)


def _dress(app: QApplication) -> Theme:
    theme = _wanted(app)
    app.setStyle("Fusion")
    app.setPalette(_qt_palette(theme))
    app.setStyleSheet(style_sheet(theme))
    for window in app.topLevelWidgets():
        _refresh_icons(window, theme)
    return theme


def _wanted(app: QApplication) -> Theme:
    choice = app.property("lusviewer_theme")
    if choice in ("dark", "light"):
        return DARK if choice == "dark" else LIGHT
    light = app.styleHints().colorScheme() is Qt.ColorScheme.Light
    return LIGHT if light else DARK


def style_sheet(theme: Theme) -> str:
    """Return the style sheet in the colours of ``theme``."""
    folder = resources()
    text = (folder / "style" / "lusviewer.qss").read_text(encoding="utf-8")
    tokens = asdict(theme) | {"icons": (folder / "icons").as_posix()}
    return Template(text).substitute(tokens)


def _qt_palette(theme: Theme) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    colours = {
        role.Window: "window",
        role.WindowText: "text",
        role.Base: "panel",
        role.AlternateBase: "raised",
        role.Text: "text",
        role.Button: "raised",
        role.ButtonText: "text",
        role.ToolTipBase: "raised",
        role.ToolTipText: "text",
        role.PlaceholderText: "muted",
        role.Highlight: "accent",
        role.HighlightedText: "on_accent",
        role.Link: "accent",
        role.Light: "hover",
        role.Midlight: "raised",
        role.Mid: "line",
        role.Dark: "line",
        role.Shadow: "window",
        role.BrightText: "text",
        role.Accent: "accent",
    }
    for colour_role, name in colours.items():
        palette.setColor(colour_role, theme.colour(name))
    for colour_role in (role.Text, role.WindowText, role.ButtonText):
        faded = theme.colour("muted")
        faded.setAlpha(130)
        palette.setColor(QPalette.ColorGroup.Disabled, colour_role, faded)
    return palette


def font(base: QFont, *, scale: float = 1.0, bold: bool = False) -> QFont:
    """Return ``base`` resized, with figures of one width: numbers stand still."""
    made = QFont(base)
    if base.pointSizeF() > 0:
        made.setPointSizeF(base.pointSizeF() * scale)
    else:
        made.setPixelSize(max(1, round(base.pixelSize() * scale)))
    if bold:
        made.setWeight(QFont.Weight.DemiBold)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def icon_path(name: str) -> Path:
    """Return the file of an icon."""
    return resources() / "icons" / f"{name}.svg"


def icon(name: str, theme: Theme | None = None) -> QIcon:
    """Return the icon ``name`` in the colours of ``theme`` or the present one."""
    if theme is None:
        app = QApplication.instance()
        theme = _wanted(app) if isinstance(app, QApplication) else DARK
    return _made(name, theme)


@lru_cache(maxsize=256)
def _made(name: str, theme: Theme) -> QIcon:
    made = QIcon()
    svg = icon_path(name).read_text(encoding="utf-8")
    on, off = QIcon.State.On, QIcon.State.Off
    mode = QIcon.Mode
    shown = (
        (theme.text, ((mode.Normal, off),)),
        (theme.accent, ((mode.Normal, on), (mode.Active, on))),
        (_faded(theme), ((mode.Disabled, off), (mode.Disabled, on))),
    )
    for colour, places in shown:
        coloured = svg.replace("currentColor", colour)
        renderer = QSvgRenderer(QByteArray(coloured.encode()))
        for size in _ICON_SIZES:
            pixmap = _drawn(renderer, size)
            for place in places:
                made.addPixmap(pixmap, *place)
    return made


def _faded(theme: Theme) -> str:
    return "#545d66" if theme.dark else "#aab3bc"


def _drawn(renderer: QSvgRenderer, size: int) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap


def set_icon(target: QAction | QAbstractButton, name: str) -> None:
    """Give ``target`` the icon ``name``, redrawn whenever the theme changes."""
    target.setProperty(_ICON_PROPERTY, name)
    target.setIcon(icon(name))


def _refresh_icons(window: QWidget, theme: Theme) -> None:
    targets: list[QAction | QAbstractButton] = [
        *window.findChildren(QAction),
        *window.findChildren(QAbstractButton),
    ]
    for target in targets:
        name = target.property(_ICON_PROPERTY)
        if name:
            target.setIcon(icon(name, theme))
