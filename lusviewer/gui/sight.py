"""How a clip is looked at: frame, loop, speed, layers and what is selected."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lusviewer.gui.layers import Layers
from lusviewer.gui.viewer_signals import ViewerSignals

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

    from lusviewer.clip import Clip
    from lusviewer.geometry import FrameGeometry

SPEEDS: Final = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)
"""The playback speeds that ``,`` and ``.`` step through."""


class Sight(ViewerSignals):
    """What is shown of the open clip; each change checks itself, then is told."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.clip: Clip | None = None
        self.geometry: FrameGeometry | None = None
        self.frame_index = 0
        self.loop: tuple[int, int] | None = None
        self.layers = Layers.at_first()
        self.selection = ""
        self.playing = False
        self.speed = 1.0

    def select(self, key: str) -> None:
        """Select a biomarker or finding by its key; "" selects none."""
        if key != self.selection:
            self.selection = key
            self.selection_changed.emit(key)

    def set_loop(self, loop: tuple[int, int] | None) -> None:
        """Play only the frames first to last, both included; None plays all."""
        if loop is not None:
            ends = range(0 if self.clip is None else len(self.clip))
            held = sorted(min(max(i, 0), ends.stop - 1) for i in loop)
            loop = (held[0], held[1]) if ends else None
        if loop != self.loop:
            self.loop = loop
            self.loop_changed.emit(loop)

    def set_playing(self, playing: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Start or stop the cine."""
        playing = playing and self.clip is not None and len(self.clip) > 1
        if playing != self.playing:
            self.playing = playing
            self.playing_changed.emit(playing)

    def set_speed(self, speed: float) -> None:
        """Play at ``speed`` times the clip's own rate."""
        speed = min(max(speed, SPEEDS[0]), SPEEDS[-1])
        if speed != self.speed:
            self.speed = speed
            self.speed_changed.emit(speed)

    def set_layer(
        self, name: str, *, visible: bool | None = None, opacity: float | None = None
    ) -> None:
        """Show, hide or fade one class of the overlay."""
        self._set_layers(self.layers.with_layer(name, visible=visible, opacity=opacity))

    def set_overlays(self, shown: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Show or hide all overlays together."""
        self._set_layers(replace(self.layers, overlays=shown))

    def set_saliency(self, shown: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Show or hide where the model looked for the selected finding."""
        self._set_layers(replace(self.layers, saliency=shown))

    def _set_layers(self, layers: Layers) -> None:
        if layers != self.layers:
            self.layers = layers
            self.layers_changed.emit(layers)
