"""The biomarkers by group, each of which a person may overrule."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lusviewer.findings import FINDING_BIOMARKERS, LABELS
from lusviewer.gui import theme
from lusviewer.gui.clinical_words import SURE, label_words, tr
from lusviewer.gui.edits import model_values
from lusviewer.gui.panel_parts import ProbabilitySlider, Section, set_role, words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def groups() -> dict[str, tuple[str, tuple[tuple[str, str], ...]]]:
    """Return title and ``(key, words)`` of each group, the findings first."""
    found: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
        "finding": ("", tuple((b.key, b.label) for b in FINDING_BIOMARKERS))
    }
    for label in LABELS:
        title = label.label.partition(": ")[0]
        members = found.get(label.group, (title, ()))[1]
        found[label.group] = (title, (*members, (label.key, label_words(label.key))))
    return found


class BiomarkerEditor(QWidget):
    """All groups, each closed until somebody opens it, and how long edits last."""

    def __init__(self, viewer: ViewerModel, study: StudyModel) -> None:
        super().__init__()
        self._study = study
        self.advice = words("", "muted", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.advice)
        self.groups: dict[str, GroupEditor] = {}
        for group, (title, members) in groups().items():
            editor = GroupEditor(viewer, title or self.tr("Findings"), members)
            self.groups[group] = editor
            layout.addWidget(editor)
        viewer.report_changed.connect(self._show)
        viewer.edits_changed.connect(self._show)
        viewer.selection_changed.connect(self._show)
        study.current_changed.connect(self._advise)
        study.rater_changed.connect(self._advise)
        self._viewer = viewer
        self._advise()
        self._show()

    @Slot()
    def _advise(self) -> None:
        """Say whether what is corrected is kept, and as whose."""
        current, rater = self._study.current, self._study.rater
        told = self.tr("Correct what is wrong: the experts then predict again.")
        if current is None or current.entry is None:
            kept = self.tr(
                "What you set lasts until the window is closed: the library does not "
                "know this clip. Label it, or add it to the library, and it is kept."
            )
            self.advice.setText(f"{told} {kept}")
            return
        kept = self.tr("What you set is kept in the library as {rater}'s correction.")
        last = [one.corrected_utc for one in current.corrected if one.rater == rater]
        if last:
            when = last[0][:16].replace("T", " ")
            kept += " " + self.tr("The last one is of {when} UTC.").format(when=when)
        self.advice.setText(f"{told} {kept.format(rater=rater)}")

    @Slot()
    def _show(self) -> None:
        values = model_values(self._viewer.report)
        for editor in self.groups.values():
            editor.show_values(values, self._viewer.edits, self._viewer.selection)


class GroupEditor(Section):
    """The labels of one group, made when it is first opened."""

    def __init__(
        self, viewer: ViewerModel, title: str, members: tuple[tuple[str, str], ...]
    ) -> None:
        super().__init__(title, opened=False)
        self._viewer = viewer
        self._members = members
        self.lines: dict[str, EditorLine] = {}
        self._values: Mapping[str, float] = {}
        self._edits: Mapping[str, float] = {}
        self._selection = ""
        self.summary = words("", "muted")
        self.beside.addWidget(self.summary)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(SPACE, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACE // 2)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)
        self.content.addLayout(self._grid)
        self.toggled.connect(self._on_opened)

    def show_values(
        self, values: Mapping[str, float], edits: Mapping[str, float], selection: str
    ) -> None:
        """Show the models' values and, where there are any, a person's."""
        self._values, self._edits, self._selection = values, edits, selection
        edited = sum(key in edits for key, _ in self._members)
        # The role first: a label measures itself when it gets its words.
        set_role(self.summary, "edited" if edited else "muted")
        if edited:
            self.summary.setText(self.tr("{n} edited").format(n=edited))
        else:
            self.summary.setText(self._best())
        for key, line in self.lines.items():
            line.show_value(values.get(key), edits.get(key), chosen=key == selection)

    def _best(self) -> str:
        sure = [
            (self._values[key], name)
            for key, name in self._members
            if self._values.get(key, 0.0) >= SURE
        ]
        return max(sure)[1] if sure else ""

    @Slot(bool)
    def _on_opened(self, opened: bool) -> None:  # noqa: FBT001 - a slot
        if opened and not self.lines:
            for row, (key, name) in enumerate(self._members):
                self.lines[key] = EditorLine(self._viewer, key, name, self._grid, row)
            self.show_values(self._values, self._edits, self._selection)


class EditorLine:
    """One label: there or not, how likely, and back to the model's value."""

    def __init__(
        self, viewer: ViewerModel, key: str, name: str, grid: QGridLayout, row: int
    ) -> None:
        self._viewer = viewer
        self.key = key
        self._shown: tuple[float | None, float | None, bool] | None = None
        self.check = QCheckBox(name)
        self.check.setAccessibleName(name)
        self.check.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.check.setToolTip(tr("Tick to say that it is there"))
        self.slider = ProbabilitySlider(key)
        self.slider.setAccessibleName(name)
        self.number = words("")
        self.number.setFont(theme.font(self.number.font()))
        self.number.setAlignment(_RIGHT)
        metrics = self.number.fontMetrics()
        self.number.setMinimumWidth(metrics.horizontalAdvance("0.00") + 4)
        self.reset = QToolButton()
        self.reset.setIconSize(QSize(14, 14))
        theme.set_icon(self.reset, "reset")
        back = tr("Take the model's value again")
        self.reset.setToolTip(back)
        self.reset.setAccessibleName(f"{name}: {back}")
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)
        parts = (self.check, self.slider, self.number, self.reset)
        for column, part in enumerate(parts):
            grid.addWidget(part, row, column)
        self.check.clicked.connect(self._on_checked)
        self.slider.chosen.connect(self._edit)
        self.reset.clicked.connect(partial(viewer.edit_biomarker, key, None))

    def show_value(
        self, model: float | None, edited: float | None, *, chosen: bool
    ) -> None:
        """Show the model's value, or a person's with a mark at the model's."""
        if self._shown == (model, edited, chosen):
            return
        self._shown = (model, edited, chosen)
        value = edited if edited is not None else model
        known = value is not None
        self.check.setEnabled(known)
        self.slider.setEnabled(known)
        self.reset.setVisible(edited is not None)
        self.check.setChecked(value is not None and value >= SURE)
        if self.check.font().bold() != chosen:
            self.check.setFont(theme.font(self.number.font(), bold=chosen))
        self.number.setText("-" if value is None else f"{value:.2f}")
        set_role(self.number, "warning" if edited is not None else "")
        self.slider.set_shown(value or 0.0, model if edited is not None else None)

    def _on_checked(self, checked: bool = False) -> None:  # noqa: FBT001, FBT002
        self._edit(1.0 if checked else 0.0)

    def _edit(self, value: float) -> None:
        self._viewer.select(self.key)
        self._viewer.edit_biomarker(self.key, value)
