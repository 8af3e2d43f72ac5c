"""The two themes: readable, complete, and with icons that follow."""

from __future__ import annotations

from dataclasses import fields

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QColor, QFont
from PySide6.QtWidgets import QToolButton, QWidget

from lusviewer.gui import theme
from lusviewer.gui.palette import contrast
from lusviewer.gui.theme import DARK, LIGHT, apply_theme, icon, icon_path, set_icon
from lusviewer.paths import resources


@pytest.fixture
def app(qapp):
    yield qapp
    qapp.setStyleSheet("")
    qapp.setPalette(qapp.style().standardPalette())
    qapp.styleHints().setColorScheme(Qt.ColorScheme.Unknown)


@pytest.mark.parametrize("colours", [DARK, LIGHT])
@pytest.mark.parametrize("ground", ["window", "panel", "raised"])
def test_text_can_be_read_on_every_surface(colours, ground):
    for role, least in (("text", 7.0), ("muted", 4.5), ("accent", 3.0)):
        assert contrast(colours.colour(role), colours.colour(ground)) >= least
    assert contrast(colours.colour("on_accent"), colours.colour("accent")) >= 4.5
    assert contrast(colours.colour("text"), colours.colour("accent_soft")) >= 7.0
    assert contrast(colours.colour("text"), colours.colour("warning_soft")) >= 7.0


def test_every_token_is_a_colour():
    for colours in (DARK, LIGHT):
        for field in fields(colours):
            if field.name != "name":
                assert QColor(getattr(colours, field.name)).isValid(), field.name


def test_a_choice_dresses_the_window_and_its_icons_follow(qtbot, app):
    window = QWidget()
    qtbot.addWidget(window)
    button = QToolButton(window)
    set_icon(button, "play")
    action = QAction("x", window)
    set_icon(action, "pause")
    apply_theme(app, "dark")
    window.show()
    assert theme.theme_of(window) is DARK
    dark = (
        button.icon().pixmap(20, 20).toImage(),
        action.icon().pixmap(20, 20).toImage(),
    )
    apply_theme(app, "light")
    assert theme.theme_of(window) is LIGHT
    light = (
        button.icon().pixmap(20, 20).toImage(),
        action.icon().pixmap(20, 20).toImage(),
    )
    assert dark[0] != light[0]
    assert dark[1] != light[1]


def test_without_a_choice_of_the_desktop_the_room_is_dark(app):
    assert apply_theme(app, "system") is DARK
    assert apply_theme(app, "light") is LIGHT


@pytest.mark.parametrize(
    "name", sorted(file.stem for file in (resources() / "icons").glob("*.svg"))
)
def test_every_icon_draws_something(qapp, name):
    image = icon(name, LIGHT).pixmap(40, 40).toImage()
    alphas = {image.pixelColor(x, y).alpha() for x in range(40) for y in range(40)}
    assert max(alphas) > 200
    assert "currentColor" in icon_path(name).read_text() or "_" in name or "lus" in name


def test_a_font_is_scaled_and_keeps_figures_of_one_width(qapp):
    base = QFont(qapp.font())
    made = theme.font(base, scale=1.5, bold=True)
    assert made.pointSizeF() == pytest.approx(1.5 * base.pointSizeF())
    assert made.weight() == QFont.Weight.DemiBold
    base.setPixelSize(20)
    assert theme.font(base, scale=0.5).pixelSize() == 10
