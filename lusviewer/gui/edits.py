"""A person's overruling of biomarkers, step by step undoable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from lusviewer.findings import INDEX
from lusviewer.gui.history import History, PassingCommand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lusviewer.findings import ClipReport


def model_values(report: ClipReport | None) -> dict[str, float]:
    """Return the models' clip-level probability of everything that can be edited."""
    if report is None:
        return {}
    values = {key: found.probability for key, found in report.biomarkers.items()}
    return values | {
        f"finding.{key}": found.probability
        for key, found in report.findings.items()
        if found is not None
    }


class Edits(QObject):
    """The biomarkers a person set for this clip: key to value.

    Signals
    -------
    changed()
        ``values`` is another mapping now.
    said()
        A person set or took away a value, or undid that; comes after ``changed``.
    """

    changed = Signal()
    said = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.values: Mapping[str, float] = {}
        self.undo_stack = History(self)

    def edit(self, key: str, value: float | None) -> None:
        """Set ``key``, or with None take the model's value again; can be undone."""
        if self.values.get(key) != value:
            self.undo_stack.push(_EditBiomarker(self, key, value))

    def reset(self, values: Mapping[str, float]) -> None:
        """Start over with ``values``; what was edited before is not undone any more."""
        self.undo_stack.forget_passing()
        self.take(values)

    def take(self, values: Mapping[str, float]) -> None:
        """Show ``values``, which were set before; the steps to be undone stay."""
        if dict(values) != dict(self.values):
            self.values = dict(values)
            self.changed.emit()

    def put(self, key: str, value: float | None) -> None:
        """Set or take away one value, without a step to undo."""
        if key not in INDEX and key.partition(".")[0] != "measured":
            msg = f"{key} is no biomarker"
            raise KeyError(msg)
        values = {k: v for k, v in self.values.items() if k != key}
        if value is not None:
            values[key] = value
        self.values = values
        self.changed.emit()
        self.said.emit()


class _EditBiomarker(PassingCommand):
    def __init__(self, edits: Edits, key: str, value: float | None) -> None:
        super().__init__(edits.tr("Edit {key}").format(key=key))
        self._edits = edits
        self._key = key
        self._new = value
        self._old = edits.values.get(key)

    def redo(self) -> None:
        self._edits.put(self._key, self._new)

    def undo(self) -> None:
        self._edits.put(self._key, self._old)
