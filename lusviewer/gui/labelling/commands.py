"""What the actions of the menu 'label' do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from lusviewer.gui.labelling_actions import SEVERITIES

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from lusviewer.gui.actions import Actions
    from lusviewer.gui.labelling.model import Labelling
    from lusviewer.gui.settings import Settings


class LabellingCommands(QObject):
    """Answering by keys, wherever the focus is."""

    def __init__(
        self, labelling: Labelling, settings: Settings, window: QWidget
    ) -> None:
        super().__init__(window)
        self._labelling, self._settings, self._window = labelling, settings, window
        labelling.study.rater_changed.connect(self._remember)

    def bind(self, actions: Actions) -> None:
        """Bind the actions of the menu."""
        labelling = self._labelling
        for name, act in (
            ("label_agree", labelling.agree),
            ("label_change", labelling.change),
            ("label_unsure", labelling.unsure),
            ("label_not_assessable", labelling.not_assessable),
            ("label_take_back", labelling.take_back),
            ("label_next", partial(labelling.step, 1)),
            ("label_previous", partial(labelling.step, -1)),
        ):
            actions[name].triggered.connect(lambda _checked=False, act=act: act())
        for value in SEVERITIES:
            action = actions[f"severity_{value}"]
            action.triggered.connect(
                lambda _checked=False, value=value: labelling.set_severity(value)
            )
        self._others = actions["label_others"]
        self._others.toggled.connect(labelling.show_others)
        labelling.answers_changed.connect(self._show_others)

    @Slot()
    def _show_others(self) -> None:
        self._others.setChecked(self._labelling.others_shown)

    @Slot(str)
    def _remember(self, rater: str) -> None:
        self._settings.put("rater", rater)
