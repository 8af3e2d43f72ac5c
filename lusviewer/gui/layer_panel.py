"""Which layers lie over the image, and how strongly."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QMenu,
    QSlider,
    QToolButton,
    QWidget,
    QWidgetAction,
)

from lusviewer.gui.layers import LAYER_NAMES
from lusviewer.gui.panel_parts import Swatch, words
from lusviewer.gui.theme import SPACE, set_icon

if TYPE_CHECKING:
    from lusviewer.gui.layers import Layers
    from lusviewer.gui.viewer_model import ViewerModel

_WORDS: Final = {
    "pleura": "Pleura",
    "a_line": "A-lines",
    "b_line": "B-lines",
    "consolidation": "Consolidation",
    "effusion": "Effusion",
    "rib_shadow": "Rib shadow",
    "lung": "Lung",
    "chest_wall": "Chest wall",
}


class LayerPanel(QWidget):
    """All overlays and saliency as switches, each layer with its opacity."""

    def __init__(self, viewer: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.setAccessibleName(self.tr("Layers"))
        self.overlays = self._switch(self.tr("All overlays"), "O")
        self.overlays.clicked.connect(viewer.set_overlays)
        self.saliency = self._switch(self.tr("Where the model looked"), "S")
        self.saliency.clicked.connect(viewer.set_saliency)
        self.checks: dict[str, QCheckBox] = {}
        self.sliders: dict[str, QSlider] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 10, 12, 10)
        grid.setHorizontalSpacing(SPACE)
        grid.setVerticalSpacing(SPACE // 2)
        grid.setColumnStretch(3, 1)
        grid.addWidget(self.overlays, 0, 0, 1, 4)
        for number, name in enumerate(LAYER_NAMES, start=1):
            self._add_layer(grid, number, name)
        grid.addWidget(self.saliency, len(LAYER_NAMES) + 1, 0, 1, 4)
        viewer.layers_changed.connect(self._show)
        self._show(viewer.layers)

    def _switch(self, text: str, key: str) -> QCheckBox:
        switch = QCheckBox(f"{text}  ({key})")
        switch.setAccessibleName(text)
        return switch

    def _add_layer(self, grid: QGridLayout, number: int, name: str) -> None:
        text = QCoreApplication.translate("layers", _WORDS[name])
        key = words(str(number), "muted")
        key.setToolTip(self.tr("Press {n} to show or hide").format(n=number))
        check = QCheckBox(text)
        check.setAccessibleName(text)
        check.toggled.connect(partial(self._set_visible, name))
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(5, 100)
        slider.setPageStep(20)
        slider.setMinimumWidth(90)
        slider.setAccessibleName(self.tr("{name}: opacity").format(name=text))
        slider.setToolTip(slider.accessibleName())
        slider.valueChanged.connect(partial(self._set_opacity, name))
        for column, part in enumerate((Swatch(name), key, check, slider)):
            grid.addWidget(part, number, column)
        self.checks[name] = check
        self.sliders[name] = slider

    def _set_visible(self, name: str, visible: bool) -> None:  # noqa: FBT001 - a slot
        self._viewer.set_layer(name, visible=visible)

    def _set_opacity(self, name: str, percent: int) -> None:
        self._viewer.set_layer(name, opacity=percent / 100)

    @Slot(object)
    def _show(self, layers: Layers) -> None:
        self.overlays.setChecked(layers.overlays)
        self.saliency.setChecked(layers.saliency)
        for name, check in self.checks.items():
            layer, slider = layers.classes[name], self.sliders[name]
            check.blockSignals(True)  # noqa: FBT003 - Qt's own signature
            check.setChecked(layer.visible)
            check.blockSignals(False)  # noqa: FBT003
            check.setEnabled(layers.overlays)
            slider.setEnabled(layer.visible and layers.overlays)
            slider.blockSignals(True)  # noqa: FBT003 - Qt's own signature
            slider.setValue(round(100 * layer.opacity))
            slider.blockSignals(False)  # noqa: FBT003


class LayerButton(QToolButton):
    """Opens the layers below it."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self.setText(self.tr("Layers"))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setAccessibleName(self.tr("Layers"))
        self.setToolTip(self.tr("Which layers are laid over the image (1 to 8)"))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        set_icon(self, "layers")
        menu = QMenu(self)
        layers = QWidgetAction(menu)
        layers.setDefaultWidget(LayerPanel(viewer))
        menu.addAction(layers)
        self.setMenu(menu)
