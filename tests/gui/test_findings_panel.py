"""The findings in words, and what happens when a person disagrees."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from lusviewer.findings import FINDINGS, LABELS, Evidence, Quality
from lusviewer.gui import theme
from lusviewer.gui.findings_panel import FindingsPanel
from tests.gui.conftest import WAIT_MS

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(qtbot, viewer, study):
    made = FindingsPanel(viewer, study)
    qtbot.addWidget(made)
    made.resize(360, 900)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def shown(qtbot, panel, analysed):
    """A panel that shows the findings of the clip."""
    analysed()
    qtbot.waitUntil(
        lambda: panel.cards and all(c.headline.text() for c in panel.cards),
        timeout=WAIT_MS,
    )
    return panel


def report_with(viewer, **changes):
    viewer.analysis._report(replace(viewer.report, **changes))


def card_of(panel, target):
    return next(c for c in panel.cards if c.title.full_text.lower().startswith(target))


def line_of(panel, key):
    editor = panel.editor.groups[key.partition(".")[0]]
    editor.heading.setChecked(True)
    return editor.lines[key]


def test_without_a_clip_it_says_what_to_do(panel):
    assert panel.state.text() == "Open a clip to see what is found in it."
    assert not panel.findings_section.isVisible()


def test_each_finding_is_said_in_words_with_its_probability(shown, viewer):
    for key in FINDINGS:
        row, found = shown.rows[key], viewer.report.findings[key]
        assert row.number.text() == f"{found.probability:.2f}"
        assert row.meter.value == pytest.approx(found.probability)
        assert row.frame_button.text() == f"frame {found.frame + 1}"
    assert shown.rows["consolidation"].value.full_text == "none"
    assert shown.rows["b_lines"].title.text() == "B-lines"
    assert shown.rows["pleural_irregularity"].title.text() == "Pleura"


def test_the_words_follow_the_most_likely_label(shown, viewer):
    biomarkers = dict(viewer.report.biomarkers)
    for label in LABELS:
        if label.group == "b_lines":
            biomarkers[label.key] = Evidence(0.1, 0)
    findings = {**viewer.report.findings, "b_lines": Evidence(0.91, 7)}
    biomarkers["b_lines.some"] = Evidence(0.8, 7)
    report_with(viewer, biomarkers=biomarkers, findings=findings)
    assert shown.rows["b_lines"].value.full_text == "some (4-6)"
    biomarkers["b_lines.some"] = Evidence(0.3, 7)
    report_with(viewer, biomarkers=dict(biomarkers), findings=findings)
    assert shown.rows["b_lines"].value.full_text == "present"
    report_with(viewer, findings={**findings, "b_lines": Evidence(0.2, 7)})
    assert shown.rows["b_lines"].value.full_text == "none"
    report_with(viewer, findings={**findings, "b_lines": None})
    assert shown.rows["b_lines"].value.full_text == "not given by this model"
    assert shown.rows["b_lines"].number.text() == "-"
    assert not shown.rows["b_lines"].frame_button.isVisible()


def test_a_lines_are_all_that_they_are_at_once(shown, viewer):
    findings = {**viewer.report.findings, "a_lines": Evidence(0.9, 7)}
    biomarkers = dict(viewer.report.biomarkers)
    for key, probability in (("bold", 0.7), ("stacked", 0.8), ("weak", 0.2)):
        biomarkers[f"a_lines.{key}"] = Evidence(probability, 7)
    report_with(viewer, findings=findings, biomarkers=dict(biomarkers))
    assert shown.rows["a_lines"].value.full_text == "bold, also stacked"
    biomarkers["a_lines.bold"] = Evidence(0.1, 7)
    report_with(viewer, biomarkers=biomarkers)
    assert shown.rows["a_lines"].value.full_text == "stacked"


def test_a_size_that_the_model_guesses_does_not_read_as_measured(shown, viewer):
    findings = {**viewer.report.findings, "effusion": Evidence(0.9, 7)}
    biomarkers = dict(viewer.report.biomarkers)
    biomarkers["effusion.under_5mm"] = Evidence(0.1, 7)
    biomarkers["effusion.over_5mm"] = Evidence(0.8, 7)
    report_with(viewer, findings=findings, biomarkers=biomarkers)
    assert shown.rows["effusion"].value.full_text == "> 5 mm, estimated"


def test_the_limit_from_which_a_finding_is_called_present_is_marked(shown):
    assert all(row.meter.mark == pytest.approx(0.5) for row in shown.rows.values())


def test_what_was_checked_on_simulated_clips_only_says_so(shown):
    assert all(row.simulated.isVisible() for row in shown.rows.values())


def test_a_clip_that_cannot_be_assessed_says_why(shown, viewer):
    report_with(viewer, quality=Quality(assessable=False, reason="It is too dark."))
    assert shown.banner.isVisible()
    assert "Not assessable: It is too dark." in shown.banner.text()
    assert {row.value.full_text for row in shown.rows.values()} == {"not assessable"}


def test_a_frame_button_lands_on_the_frame_and_selects_the_finding(shown, viewer):
    viewer.set_frame(0)
    shown.rows["b_lines"].frame_button.click()
    assert viewer.frame_index == viewer.report.findings["b_lines"].frame
    assert viewer.selection == "finding.b_lines"


def test_a_finding_is_selected_by_mouse_and_by_key(qtbot, shown, viewer):
    row = shown.rows["effusion"]
    QTest.mouseClick(row, LEFT, pos=row.rect().center())
    assert viewer.selection == "finding.effusion"
    assert row.property("selected")
    viewer.set_frame(0)
    shown.rows["b_lines"].setFocus()
    qtbot.keyClick(shown.rows["b_lines"], Qt.Key.Key_Return)
    assert viewer.selection == "finding.b_lines"
    assert viewer.frame_index == viewer.report.findings["b_lines"].frame
    assert not row.property("selected")


def test_lengths_are_in_mm_only_where_calibrated(shown, viewer):
    assert shown.measured.texts()["Pleural thickness"].endswith(" mm")
    assert shown.measured.texts()["B-lines at most"] == "3"
    measured = dict(viewer.report.measured)
    measured["pleura_thickness_mm"] = None
    measured["pleura_thickness_px"] = 6.0
    report_with(viewer, measured=measured)
    assert shown.measured.texts()["Pleural thickness"] == "6 px, not calibrated"


def test_a_measured_value_leads_to_its_frame(shown, viewer):
    viewer.set_frame(0)
    shown.measured._values[0].click()
    assert viewer.frame_index % 4 == 3
    assert viewer.selection == "measured.b_line_count"


def test_experts_show_classes_probabilities_and_the_path_in_words(shown, viewer):
    before, _ = viewer.analysis.predictions[1]
    card = card_of(shown, before.target)
    assert card.headline.text().startswith(before.best)
    assert [b.label.text() for b in card.reason_buttons] == [
        r.words for r in before.reasons
    ]
    values = [meter.value for meter in card._meters]
    assert values == pytest.approx(list(before.probabilities))
    assert "simulated clips only" in card.footer.text()


def test_a_reason_selects_its_biomarker_and_shows_where_the_model_looked(
    qtbot, shown, viewer
):
    card = card_of(shown, "severity")
    button = card.reason_buttons[0]
    with qtbot.waitSignal(
        viewer.saliency_changed,
        timeout=WAIT_MS,
        check_params_cb=lambda heat, key: heat is not None and key == "b_lines.many",
    ):
        button.click()
    assert viewer.selection == "b_lines.many"
    assert viewer.layers.saliency
    assert button.isChecked()
    viewer.select("finding.effusion")
    assert not button.isChecked()


def test_an_edit_makes_the_experts_predict_again(qtbot, shown, viewer):
    card = card_of(shown, "severity")
    said = card.headline.text()
    numbers = [number.text() for number in card._numbers]
    line = line_of(shown, "b_lines.many")
    other = 0.0 if line.slider.probability > 0.41 else 1.0
    with qtbot.waitSignal(viewer.predictions_changed, timeout=WAIT_MS):
        line.slider.chosen.emit(other)
    assert viewer.edits == {"b_lines.many": other}
    assert card.edited.isVisible()
    assert card.headline.text() != said
    assert card.headline.text().startswith(said)
    assert "→" in card.headline.text()
    assert [number.text() for number in card._numbers] != numbers
    assert line.number.text() == f"{other:.2f}"
    assert line.reset.isVisible()
    with qtbot.waitSignal(viewer.predictions_changed, timeout=WAIT_MS):
        viewer.undo_stack.undo()
    assert card.headline.text() == said
    assert not card.edited.isVisible()
    assert not line.reset.isVisible()


def test_a_tick_says_that_a_label_is_there(qtbot, shown, viewer):
    line = line_of(shown, "effusion.over_5mm")
    assert not line.check.isChecked()
    QTest.mouseClick(line.check, LEFT, pos=QPoint(8, line.check.height() // 2))
    assert viewer.edits == {"effusion.over_5mm": 1.0}
    line.reset.click()
    assert viewer.edits == {}
    assert not line.check.isChecked()


def test_keys_move_a_slider_and_edit(qtbot, shown, viewer):
    line = line_of(shown, "effusion.over_5mm")
    before = line.slider.probability
    line.slider.setFocus()
    qtbot.keyClick(line.slider, Qt.Key.Key_Right)
    qtbot.keyClick(line.slider, Qt.Key.Key_Right)
    assert viewer.edits["effusion.over_5mm"] == pytest.approx(before + 0.1)


def test_a_slider_can_be_dragged(shown, viewer):
    line = line_of(shown, "effusion.over_5mm")
    y = line.slider.height() // 2
    QTest.mousePress(line.slider, LEFT, pos=QPoint(10, y))
    QTest.mouseMove(line.slider, QPoint(line.slider.width() - 6, y))
    assert viewer.edits == {}
    QTest.mouseRelease(line.slider, LEFT, pos=QPoint(line.slider.width() - 6, y))
    assert viewer.edits == {"effusion.over_5mm": 1.0}


def test_scrolling_over_a_slider_edits_nothing(shown, viewer):
    line = line_of(shown, "effusion.over_5mm")
    middle = QPointF(line.slider.rect().center())
    event = QWheelEvent(
        middle,
        line.slider.mapToGlobal(middle),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(line.slider, event)
    assert viewer.edits == {}
    assert not event.isAccepted()


def test_all_edits_are_taken_back_in_one_step(shown, viewer):
    assert not shown.reset_all.isVisible()
    for key in ("effusion.over_5mm", "b_lines.white"):
        viewer.edit_biomarker(key, 1.0)
    assert shown.reset_all.isVisible()
    assert shown.editor.groups["effusion"].summary.text() == "1 edited"
    shown.reset_all.click()
    assert viewer.edits == {}
    viewer.undo_stack.undo()
    assert len(viewer.edits) == 2


def test_an_expert_that_abstains_says_why_instead_of_a_class(qtbot, shown, viewer):
    first, *rest = viewer.report.predictions
    quiet = replace(first, abstained=True, why="Two classes are too close.")
    with qtbot.waitSignal(viewer.predictions_changed, timeout=WAIT_MS):
        report_with(viewer, predictions=(quiet, *rest))
    card = card_of(shown, first.target)
    assert card.headline.text() == "no call"
    assert card.why.text() == "Two classes are too close."
    assert card.why.isVisible()


def test_an_expert_that_was_not_asked_shows_no_bars(qtbot, shown, viewer):
    first, *rest = viewer.report.predictions
    even = (1 / len(first.classes),) * len(first.classes)
    quiet = replace(first, abstained=True, why="Not assessable.", probabilities=even)
    with qtbot.waitSignal(viewer.predictions_changed, timeout=WAIT_MS):
        report_with(viewer, predictions=(quiet, *rest))
    assert not card_of(shown, first.target).bars.isVisible()


def test_the_model_and_research_use_are_named(shown):
    assert shown.model.text() == "tiny 0.0.1 · CPUExecutionProvider"
    assert shown.model.toolTip().startswith("SHA-256 ")


def test_every_control_has_a_name_and_can_be_reached_by_key(shown):
    from PySide6.QtWidgets import QAbstractButton, QAbstractSlider

    for group in shown.editor.groups.values():
        group.heading.setChecked(True)
    inside = shown.widget()
    controls = inside.findChildren(QAbstractButton) + inside.findChildren(
        QAbstractSlider
    )
    assert len(controls) > 100
    for control in controls:
        if control.isVisibleTo(inside):
            assert control.accessibleName() or control.text()
            assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_nothing_is_cut_off_at_the_side(qtbot, shown, viewer, scale):
    shown.setFont(theme.font(shown.font(), scale=scale))
    for group in shown.editor.groups.values():
        group.heading.setChecked(True)
    viewer.edit_biomarker("b_lines.many", 1.0)
    shown.resize(10, 900)

    def fits():
        return shown.widget().minimumSizeHint().width() <= shown.viewport().width()

    qtbot.waitUntil(fits, timeout=WAIT_MS)


def test_a_closed_clip_takes_its_findings_along(shown, viewer):
    viewer.close_clip()
    assert not shown.findings_section.isVisible()
    assert shown.state.isVisible()
