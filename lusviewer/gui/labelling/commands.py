"""What the actions of the menu 'label' do."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, Slot

from lusviewer.gui.jobs import Lane
from lusviewer.gui.labelling import work
from lusviewer.gui.labelling.going_on import GoingOn
from lusviewer.gui.labelling.task_dialog import TaskDialog
from lusviewer.gui.labelling_actions import SEVERITIES

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from lusviewer.gui.actions import Actions
    from lusviewer.gui.labelling.agreement_dialog import AgreementDialog
    from lusviewer.gui.labelling.model import Labelling
    from lusviewer.gui.settings import Settings

_AGREEMENT: Final = "lusviewer.gui.labelling.agreement_dialog"


class LabelCommands(QObject):
    """Answering by keys, wherever the focus is."""

    def __init__(
        self, labelling: Labelling, settings: Settings, window: QWidget
    ) -> None:
        super().__init__(window)
        self._labelling, self._settings, self._window = labelling, settings, window
        self._viewer = labelling.viewer
        self.agreement: AgreementDialog | None = None
        self._going_on = GoingOn(labelling)
        self._loading = Lane(self)
        self._loading.produced.connect(self._on_loaded)
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
            ("label_go_on", self._going_on.go),
        ):
            actions[name].triggered.connect(lambda _checked=False, act=act: act())
        for value in SEVERITIES:
            action = actions[f"severity_{value}"]
            action.triggered.connect(
                lambda _checked=False, value=value: labelling.set_severity(value)
            )
        self._others = actions["label_others"]
        self._collections = actions["label_collections"]
        seen = labelling.study.seen
        seen.show_collections(self._settings.flag("collections_shown", default=True))
        self._others.toggled.connect(seen.show_others)
        self._collections.toggled.connect(seen.show_collections)
        seen.changed.connect(self._show_seen)
        self._show_seen()
        actions["label_task"].triggered.connect(self.ask_task)
        actions["label_agreement"].triggered.connect(self.show_agreement)

    @Slot()
    def ask_task(self) -> None:
        """Ask for a question of one's own."""
        dialog = TaskDialog(self._labelling.study, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    @Slot()
    def show_agreement(self) -> None:
        """Show how far two raters agree, beside the window."""
        if self.agreement is None:
            self._loading.run(partial(work.load, _AGREEMENT))
        else:
            self.agreement.raise_()

    @Slot()
    def _on_loaded(self) -> None:
        if self.agreement is None:
            module = import_module(_AGREEMENT)
            make: type[AgreementDialog] = module.AgreementDialog
            self.agreement = make(self._viewer, self._labelling, self._window)
            self.agreement.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.agreement.destroyed.connect(self._forget_agreement)
            self.agreement.show()

    @Slot()
    def _forget_agreement(self) -> None:
        self.agreement = None

    def close(self) -> None:
        """Stop comparing raters, and close what shows it."""
        self._loading.close()
        self._going_on.close()
        if self.agreement is not None:
            self.agreement.close()

    @Slot()
    def _show_seen(self) -> None:
        seen = self._labelling.study.seen
        self._others.setChecked(seen.others)
        self._collections.setChecked(seen.collections)
        self._settings.put("collections_shown", seen.collections)

    @Slot(str)
    def _remember(self, rater: str) -> None:
        self._settings.put("rater", rater)
