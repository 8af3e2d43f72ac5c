"""What an expert says of a clip, why, and what it would say after the edits."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from lusviewer.gui import theme
from lusviewer.gui.clinical_words import (
    headline,
    kind_words,
    target_words,
    timeline_key,
)
from lusviewer.gui.panel_parts import (
    ElidedLabel,
    Meter,
    WrappedButton,
    link,
    words,
)
from lusviewer.gui.theme import SPACE
from lusviewer.paths import user_data

if TYPE_CHECKING:
    from lusviewer.experts.manifest import ExpertManifest
    from lusviewer.findings import Prediction, Reason
    from lusviewer.gui.viewer_model import ViewerModel

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_USUAL_REASONS = 4


class ExpertCard(QFrame):
    """One expert's prediction: classes, reasons step by step, before and after."""

    def __init__(self, viewer: ViewerModel, classes: tuple[str, ...]) -> None:
        super().__init__()
        self._viewer = viewer
        self.classes = classes
        self.setProperty("role", "card")
        self.title = ElidedLabel("", "muted")
        self.headline = words("", wrap=True)
        self.headline.setFont(theme.font(self.font(), scale=1.25, bold=True))
        self.edited = words(self.tr("edited"), "edited")
        self.why = words("", "warning", wrap=True)
        self.frame_button = link("", "", self._go)
        self.footer = words("", "muted", wrap=True)
        self.bars = QWidget()
        self._meters: list[Meter] = []
        self._numbers = [words("") for _ in classes]
        self._names = [ElidedLabel(name) for name in classes]
        self._reasons = QVBoxLayout()
        self._shown_reasons: tuple[Reason, ...] = ()
        self._buttons: list[WrappedButton] = []
        self._because = words(self.tr("Because, step by step"), "muted")
        self._frame: int | None = None
        self._lay_out()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.title, 1)
        top.addWidget(self.edited)
        top.addWidget(self.frame_button)
        bars = QGridLayout(self.bars)
        bars.setContentsMargins(0, 0, 0, 0)
        bars.setHorizontalSpacing(SPACE)
        bars.setVerticalSpacing(3)
        bars.setColumnStretch(1, 1)
        for row, name in enumerate(self._names):
            meter = Meter()
            self._meters.append(meter)
            number = self._numbers[row]
            number.setAlignment(_RIGHT)
            number.setFont(theme.font(self.font()))
            bars.addWidget(name, row, 0)
            bars.addWidget(meter, row, 1)
            bars.addWidget(number, row, 2)
        self._reasons.setSpacing(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(6)
        layout.addLayout(top)
        for part in (self.headline, self.why):
            layout.addWidget(part)
        layout.addWidget(self.bars)
        layout.addWidget(self._because)
        layout.addLayout(self._reasons)
        layout.addWidget(self.footer)
        # Made now: when the first prediction comes the cine may be playing.
        self._have_buttons(_USUAL_REASONS)

    def show_prediction(
        self,
        before: Prediction,
        after: Prediction | None,
        manifest: ExpertManifest | None,
    ) -> None:
        """Show what was said, and what is said ``after`` the edits if there are any."""
        now = after or before
        title = target_words(now.target)
        if manifest is not None:
            title = f"{title} · {kind_words(manifest.kind)}"
        self.title.set_full_text(title)
        steps = manifest is not None and manifest.kind == "tree"
        self._because.setText(
            self.tr("Because, step by step") if steps else self.tr("Because")
        )
        said, said_before = headline(now), headline(before)
        changed = after is not None and said != said_before
        self.headline.setText(f"{said_before}  →  {said}" if changed else said)
        self.edited.setVisible(after is not None)
        self.why.setVisible(now.abstained and bool(now.why))
        self.why.setText(now.why)
        self._show_bars(before, after)
        self._show_reasons(now.reasons)
        self._show_frame(now)
        self.footer.setText(self._footer(now, manifest))
        self.setAccessibleName(f"{self.title.full_text}: {self.headline.text()}")

    def _show_bars(self, before: Prediction, after: Prediction | None) -> None:
        now = after or before
        # An expert that was not asked holds all classes equally likely.
        self.bars.setVisible(len(set(now.probabilities)) > 1)
        for index, name in enumerate(now.classes):
            value, old = now.probabilities[index], before.probabilities[index]
            best = name == now.best and not now.abstained
            mark = None if after is None else old
            self._meters[index].set_value(value, mark=mark, strong=best)
            moved = after is not None and round(old, 2) != round(value, 2)
            text = f"{old:.2f} → {value:.2f}" if moved else f"{value:.2f}"
            self._numbers[index].setText(text)
            self._names[index].setFont(theme.font(self.font(), bold=best))

    def _show_reasons(self, reasons: tuple[Reason, ...]) -> None:
        self._because.setVisible(bool(reasons))
        if reasons == self._shown_reasons:
            return
        self._shown_reasons = reasons
        self._have_buttons(len(reasons))
        for button in self._buttons[len(reasons) :]:
            button.hide()
        for button, reason in zip(self.reason_buttons, reasons, strict=True):
            button.set_words(reason.words)
            button.show()
        self.show_selection(self._viewer.selection)

    def _have_buttons(self, number: int) -> None:
        while len(self._buttons) < number:
            self._add_button(len(self._buttons))

    def _add_button(self, index: int) -> None:
        button = WrappedButton(f"{index + 1}.")
        button.hide()
        button.setCheckable(True)
        button.setToolTip(self.tr("Show where the model looked for this"))
        button.clicked.connect(partial(self._look, index))
        self._reasons.addWidget(button)
        self._buttons.append(button)

    @property
    def reason_buttons(self) -> list[WrappedButton]:
        """The buttons of the reasons that are shown, in their order."""
        return self._buttons[: len(self._shown_reasons)]

    def show_selection(self, key: str) -> None:
        """Mark the reason whose biomarker is selected."""
        for button, reason in zip(
            self.reason_buttons, self._shown_reasons, strict=True
        ):
            button.setChecked(bool(key) and timeline_key(reason.feature) == key)

    def _look(self, index: int, _checked: bool = False) -> None:  # noqa: FBT001, FBT002
        """Select a reason's biomarker and show where the model looked for it."""
        key = timeline_key(self._shown_reasons[index].feature)
        if key:
            self._viewer.select(key)
        if not key.startswith("measured."):
            self._viewer.set_saliency(True)
        self.show_selection(self._viewer.selection)

    def _show_frame(self, now: Prediction) -> None:
        self._frame = now.frame
        self.frame_button.setVisible(now.frame is not None)
        if now.frame is not None:
            self.frame_button.setText(self.tr("frame {n}").format(n=now.frame + 1))
            name = self.tr("Go to the frame behind: {target}")
            self.frame_button.setAccessibleName(name.format(target=now.target))

    def _go(self) -> None:
        if self._frame is not None:
            self._viewer.set_playing(False)
            self._viewer.set_frame(self._frame)

    def _footer(self, now: Prediction, manifest: ExpertManifest | None) -> str:
        if manifest is None:
            return now.expert
        parts = [f"{manifest.name} {manifest.version}"]
        if user_data() in manifest.file.parents:
            seen = manifest.trained_on
            words = self.tr("your own expert, checked on {n} clips of {m} patients")
            parts.append(words.format(n=seen.clips, m=seen.patients))
        if manifest.checked_on == "phantom":
            parts.append(self.tr("checked on simulated clips only"))
        if not manifest.calibrated:
            parts.append(self.tr("not calibrated"))
        return " · ".join(parts)
