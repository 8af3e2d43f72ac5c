"""The layers: switched and faded from the panel, and following the viewer."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from lusviewer.gui.layer_panel import LayerPanel
from lusviewer.gui.layers import LAYER_NAMES


@pytest.fixture
def panel(qtbot, viewer):
    made = LayerPanel(viewer)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_every_layer_has_a_switch_and_an_opacity(panel, viewer):
    assert list(panel.checks) == list(panel.sliders) == list(LAYER_NAMES)
    for name in LAYER_NAMES:
        assert panel.checks[name].isChecked() == viewer.layers.classes[name].visible


def test_a_switch_shows_and_hides_its_layer(panel, viewer):
    panel.checks["lung"].click()
    assert viewer.layers.shows("lung")
    panel.checks["lung"].click()
    assert not viewer.layers.shows("lung")


def test_a_slider_fades_its_layer_and_no_other(panel, viewer):
    panel.sliders["pleura"].setValue(20)
    assert viewer.layers.classes["pleura"].opacity == pytest.approx(0.2)
    assert viewer.layers.classes["b_line"].opacity == pytest.approx(0.55)


def test_all_overlays_and_saliency_have_a_switch(panel, viewer):
    panel.overlays.click()
    assert not viewer.layers.overlays
    assert not panel.checks["pleura"].isEnabled()
    panel.saliency.click()
    assert viewer.layers.saliency


def test_it_follows_what_the_keys_change(panel, viewer):
    viewer.set_layer("pleura", visible=False, opacity=0.3)
    assert not panel.checks["pleura"].isChecked()
    assert panel.sliders["pleura"].value() == 30
    viewer.set_overlays(False)
    assert not panel.overlays.isChecked()


def test_it_works_by_key_alone(qtbot, panel, viewer):
    panel.checks["effusion"].setFocus()
    qtbot.keyClick(panel.checks["effusion"], Qt.Key.Key_Space)
    assert not viewer.layers.classes["effusion"].visible
