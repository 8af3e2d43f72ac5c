"""Putting an expert in use from the window, going back, and handing it on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialogButtonBox, QFileDialog

from lusviewer import paths
from lusviewer.experts.manifest import read_expert_manifest
from lusviewer.experts.packing import pack_expert
from lusviewer.experts.store import ExpertStore
from lusviewer.gui.results.asking_first import PromoteQuestion, RollBackQuestion
from lusviewer.library import open_library
from tests.bundles import make_tree
from tests.gui.conftest import WAIT_MS
from tests.gui.hospital import answered
from tests.gui.results.conftest import shown

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from pytestqt.qtbot import QtBot

    from lusviewer.gui.main_window import MainWindow
    from lusviewer.gui.results.window import ResultWindow
    from lusviewer.gui.viewer_model import ViewerModel


def open_clip(qtbot: QtBot, viewer: ViewerModel, path: Path) -> None:
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.open_path(path)
    assert viewer.analysis.complete


def footers(main: MainWindow) -> list[str]:
    cards = main.findings_panel.cards
    return [card.footer.text() for card in cards if not card.isHidden()]


def promoted(
    qtbot: QtBot, main: MainWindow, folder: Path, place: int = 0
) -> ResultWindow:
    window = shown(qtbot, main, folder)
    window.promote.click()
    with qtbot.waitSignal(main.results.experts.changed, timeout=WAIT_MS):
        answered(window, PromoteQuestion, place)
    return window


def said_by(library: Path) -> dict[tuple[str, str], int]:
    with open_library(library) as opened:
        counts = opened.predictions.counts()
    return {(one.name, one.version): n for one, n in counts.items()}


def test_promoting_changes_card_and_library_without_analysing_again(
    qtbot: QtBot,
    main: MainWindow,
    viewer: ViewerModel,
    tree_expert: Path,
    clip_path: Path,
    tmp_path: Path,
) -> None:
    open_clip(qtbot, viewer, clip_path)
    begun: list[bool] = []
    viewer.analysis_started.connect(lambda: begun.append(True))
    changes: list[object] = []
    main.study.changed.connect(changes.append)
    found = viewer.findings
    window = promoted(qtbot, main, tree_expert)
    manifest, _ = read_expert_manifest(tree_expert)
    name = f"{manifest.name} {manifest.version}"
    qtbot.waitUntil(
        lambda: any(name in text for text in footers(main)), timeout=WAIT_MS
    )
    assert {one.expert for one, _ in viewer.predictions} == {
        "severity-tree",
        "diagnosis-logistic",
        "severity-tree-local",
    }
    assert begun == []
    assert viewer.findings is found
    key = (manifest.name, manifest.version)
    library = tmp_path / "library"
    qtbot.waitUntil(lambda: said_by(library).get(key) == 36, timeout=WAIT_MS)
    assert changes
    qtbot.waitUntil(
        lambda: window.state.text() == "in use as severity-tree-local",
        timeout=WAIT_MS,
    )
    assert not window.promote.isEnabled()


def test_taking_the_place_of_another_and_rolling_back_brings_that_one_back(
    qtbot: QtBot,
    main: MainWindow,
    viewer: ViewerModel,
    tree_expert: Path,
    bundle_folder: Path,
    clip_path: Path,
    tmp_path: Path,
) -> None:
    open_clip(qtbot, viewer, clip_path)
    window = promoted(qtbot, main, tree_expert, place=1)
    qtbot.waitUntil(
        lambda: (
            [one.manifest.name for one in viewer.experts]
            == ["diagnosis-logistic", "severity-tree-local"]
        ),
        timeout=WAIT_MS,
    )
    qtbot.waitUntil(window.roll_back.isVisible, timeout=WAIT_MS)
    window.roll_back.click()
    with qtbot.waitSignal(main.results.experts.changed, timeout=WAIT_MS):
        answered(window, RollBackQuestion)
    qtbot.waitUntil(
        lambda: (
            [one.manifest.name for one in viewer.experts]
            == ["diagnosis-logistic", "severity-tree"]
        ),
        timeout=WAIT_MS,
    )
    qtbot.waitUntil(
        lambda: any("severity-tree 1" in text for text in footers(main)),
        timeout=WAIT_MS,
    )
    library = tmp_path / "library"
    qtbot.waitUntil(
        lambda: said_by(library).get(("severity-tree", "1")) == 36, timeout=WAIT_MS
    )
    assert not ExpertStore(paths.user_experts(bundle_folder)).names()


def test_edits_are_judged_by_the_new_expert_too(
    qtbot: QtBot,
    main: MainWindow,
    viewer: ViewerModel,
    tree_expert: Path,
    clip_path: Path,
) -> None:
    open_clip(qtbot, viewer, clip_path)
    viewer.edit_biomarker("b_lines.many", 1.0)
    promoted(qtbot, main, tree_expert)
    qtbot.waitUntil(
        lambda: (
            [after.expert for _, after in viewer.predictions if after is not None]
            == ["diagnosis-logistic", "severity-tree", "severity-tree-local"]
        ),
        timeout=WAIT_MS,
    )


def test_a_clip_seen_before_is_judged_by_the_new_expert_when_one_comes_back(
    qtbot: QtBot,
    main: MainWindow,
    viewer: ViewerModel,
    tree_expert: Path,
    exam_folder: Path,
) -> None:
    open_clip(qtbot, viewer, exam_folder)
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.step_clip(1)
    promoted(qtbot, main, tree_expert)
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.step_clip(-1)
    qtbot.waitUntil(
        lambda: "severity-tree-local" in {one.expert for one, _ in viewer.predictions},
        timeout=WAIT_MS,
    )


def test_where_it_is_worse_the_question_warns_and_proposes_not_to(
    qtbot: QtBot, main: MainWindow, copied: Path
) -> None:
    file = copied / "validation.json"
    found = json.loads(file.read_text())
    for one in found["figures"]["side_by_side"]:
        one["auc"]["difference"] = {"value": -0.2, "interval": [-0.3, -0.1]}
    file.write_text(json.dumps(found))
    window = shown(qtbot, main, copied)
    assert "Worse by 0.20 (0.10 to 0.30)." in window.beside.text()
    window.promote.click()
    question = window.findChild(PromoteQuestion)
    assert question is not None
    assert "no better than chance" in question.warnings[0]
    assert "Worse than severity on these patients" in question.warnings[1]
    cancel = question.buttons.button(QDialogButtonBox.StandardButton.Cancel)
    assert cancel.isDefault()
    cancel.click()
    assert not main.results.experts.busy
    assert [one.manifest.name for one in main.findings_panel._viewer.experts] == [
        "diagnosis-logistic",
        "severity-tree",
    ]


def test_a_promotion_that_fails_says_why_and_changes_nothing(
    qtbot: QtBot,
    main: MainWindow,
    viewer: ViewerModel,
    copied: Path,
    bundle_folder: Path,
) -> None:
    window = shown(qtbot, main, copied)
    before = viewer.experts
    (copied / "head.onnx").write_bytes(b"not a graph")
    window.promote.click()
    answered(window, PromoteQuestion)
    qtbot.waitUntil(window.notice.isVisible, timeout=WAIT_MS)
    assert "head.onnx" in window.notice.text()
    assert viewer.experts is before
    assert not ExpertStore(paths.user_experts(bundle_folder)).names()


def test_the_list_tells_whose_experts_are_and_what_they_replaced(
    qtbot: QtBot, main: MainWindow, tree_expert: Path, bundle_folder: Path
) -> None:
    store = ExpertStore(paths.user_experts(bundle_folder))
    store.install(make_tree(tree_expert.parent / "first", version="first"), "severity")
    store.install(tree_expert, "severity")
    main.actions_by_name["experts_in_use"].trigger()
    dialog = main.results.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.table.rowCount() == 2, timeout=WAIT_MS)
    diagnosis, severity = (dialog.table.texts(row) for row in range(2))
    assert diagnosis[0] == "diagnosis"
    assert diagnosis[4:7] == ["came with the model", "answers", ""]
    assert severity[3:7] == ["decision tree", "your own", "answers", "first"]
    assert not dialog.roll_back.isEnabled()
    assert "Choose one expert" in dialog.roll_back.toolTip()
    dialog.table.selectRow(0)
    assert not dialog.roll_back.isEnabled()
    assert "came with the model" in dialog.roll_back.toolTip()
    dialog.table.selectRow(1)
    assert "Put in use again" in dialog.roll_back.toolTip()
    assert dialog.roll_back.isEnabled()
    assert dialog.show_result.isEnabled()
    dialog.show_result.click()
    qtbot.waitUntil(lambda: bool(main.results.windows), timeout=WAIT_MS)
    window = main.results.windows[-1]
    qtbot.waitUntil(lambda: window.result is not None, timeout=WAIT_MS)
    assert window.state.text() == "in use as severity"


def test_two_experts_are_compared_on_the_labelled_clips(
    qtbot: QtBot,
    main: MainWindow,
    tree_expert: Path,
    bundle_folder: Path,
) -> None:
    ExpertStore(paths.user_experts(bundle_folder)).install(tree_expert, "mine")
    main.results.show_experts()
    dialog = main.results.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.table.rowCount() == 3, timeout=WAIT_MS)
    dialog.table.selectAll()
    assert not dialog.compare.isEnabled()
    dialog.table.clearSelection()
    for row in (1, 2):
        for column in range(dialog.table.columnCount()):
            item = dialog.table.item(row, column)
            assert item is not None
            item.setSelected(True)
    dialog.compare.click()
    qtbot.waitUntil(lambda: "36 labelled clips" in dialog.told.text(), timeout=WAIT_MS)
    assert "mine" in dialog.told.text()


def test_an_expert_is_handed_on_as_one_file_and_taken_in_again(
    qtbot: QtBot,
    main: MainWindow,
    tree_expert: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "handed-on.zip"
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(file), ""))
    )
    window = shown(qtbot, main, tree_expert)
    with qtbot.waitSignal(main.results.experts.told, timeout=WAIT_MS):
        window.export.click()
    assert window.told.text() == "handed-on.zip was written."
    monkeypatch.setattr(
        QFileDialog, "getOpenFileName", staticmethod(lambda *_: (str(file), ""))
    )
    main.results.show_experts()
    assert main.results.dialog is not None
    with qtbot.waitSignal(main.results.experts.unpacked, timeout=WAIT_MS):
        main.results.dialog.take_in.click()
    qtbot.waitUntil(lambda: len(main.results.windows) == 2, timeout=WAIT_MS)
    taken = main.results.windows[-1]
    qtbot.waitUntil(lambda: taken.result is not None, timeout=WAIT_MS)
    assert taken.folder.parent == tmp_path / "library" / "experts"
    assert taken.figure.text() == window.figure.text()
    assert taken.state.text() == "not in use"
    assert f"{taken.folder.name} was imported." in main.results.dialog.told.text()


def test_a_damaged_file_is_refused_with_the_reason(
    qtbot: QtBot,
    main: MainWindow,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "damaged.zip"
    file.write_bytes(b"no zip")
    monkeypatch.setattr(
        QFileDialog, "getOpenFileName", staticmethod(lambda *_: (str(file), ""))
    )
    main.results.show_experts()
    dialog = main.results.dialog
    assert dialog is not None
    dialog.told.setText("x.zip was written.")
    dialog.take_in.click()
    qtbot.waitUntil(dialog.notice.isVisible, timeout=WAIT_MS)
    assert "damaged.zip is damaged, or no zip" in dialog.notice.text()
    assert dialog.told.text() == ""
    assert main.results.windows == []


def test_going_one_version_back_leaves_the_one_before_in_use(
    qtbot: QtBot,
    main: MainWindow,
    tree_expert: Path,
    bundle_folder: Path,
    tmp_path: Path,
) -> None:
    store = ExpertStore(paths.user_experts(bundle_folder))
    store.install(make_tree(tmp_path / "first", version="first"), "severity")
    store.install(tree_expert, "severity")
    main.results.show_experts()
    dialog = main.results.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.table.rowCount() == 2, timeout=WAIT_MS)
    dialog.table.selectRow(1)
    dialog.roll_back.click()
    question = dialog.findChild(RollBackQuestion)
    assert question is not None
    with qtbot.waitSignal(main.results.experts.changed, timeout=WAIT_MS):
        question.accept()
    assert dialog.told.text() == (
        "severity-tree first, in the place of severity, is in use again."
    )
    qtbot.waitUntil(lambda: dialog.table.texts(1)[1] == "first", timeout=WAIT_MS)
    assert dialog.table.texts(1)[6] == "that of the model"


def test_a_promotion_while_a_clip_is_analysed_waits_for_its_end(
    qtbot: QtBot,
    main: MainWindow,
    viewer: ViewerModel,
    tree_expert: Path,
    clip_path: Path,
) -> None:
    begun: list[bool] = []
    viewer.analysis_started.connect(lambda: begun.append(True))
    with qtbot.waitSignal(viewer.analysis_started, timeout=WAIT_MS):
        viewer.open_path(clip_path)
    main.results.experts.promote(tree_expert, "mine")
    qtbot.waitUntil(
        lambda: "severity-tree-local" in {one.expert for one, _ in viewer.predictions},
        timeout=WAIT_MS,
    )
    assert viewer.analysis.complete
    assert begun == [True]


def test_the_foot_of_the_window_says_how_far_the_library_is_judged_anew(
    qtbot: QtBot, main: MainWindow, tree_expert: Path
) -> None:
    strip, experts = main.results.strip, main.results.experts
    qtbot.waitUntil(lambda: not experts.refreshes, timeout=WAIT_MS)
    told: list[tuple[int, int, str]] = []
    experts.refreshing.connect(
        lambda done, total: told.append((done, total, strip.words.text()))
    )
    experts.promote(tree_expert, "mine")
    qtbot.waitUntil(lambda: bool(told) and told[-1][:2] == (0, 0), timeout=WAIT_MS)
    assert told[-2] == (36, 36, "Predictions: 36 of 36 clips")
    assert strip.isHidden()


def test_stopping_leaves_the_rest_for_another_time(
    qtbot: QtBot, main: MainWindow, tree_expert: Path, tmp_path: Path
) -> None:
    experts = main.results.experts
    qtbot.waitUntil(lambda: not experts.refreshes, timeout=WAIT_MS)
    main.study.changed.connect(experts.stop_refreshing)
    promoted(qtbot, main, tree_expert)
    qtbot.waitUntil(
        lambda: not experts.refreshes and main.results.strip.isHidden(),
        timeout=WAIT_MS,
    )
    main.study.changed.disconnect(experts.stop_refreshing)
    experts.refresh()
    manifest, _ = read_expert_manifest(tree_expert)
    key = (manifest.name, manifest.version)
    library = tmp_path / "library"
    qtbot.waitUntil(lambda: said_by(library).get(key) == 36, timeout=WAIT_MS)


def test_a_clip_of_the_library_that_is_analysed_keeps_who_said_what(
    qtbot: QtBot,
    main: MainWindow,
    viewer: ViewerModel,
    tmp_path: Path,
) -> None:
    library = tmp_path / "library"
    key = ("severity-tree", "1")
    qtbot.waitUntil(lambda: said_by(library).get(key) == 36, timeout=WAIT_MS)
    with open_library(library) as opened:
        clip = next(opened.clips.all())
    open_clip(qtbot, viewer, clip.path)
    qtbot.waitUntil(lambda: not main.study.writing, timeout=WAIT_MS)
    assert said_by(library)[key] == 36
    with open_library(library) as opened:
        said = opened.predictions.of_clip(clip.id)
    assert {one.expert.name: one.prediction.probabilities for one in said} == {
        one.expert: one.probabilities for one, _ in viewer.predictions
    }


def test_an_expert_for_another_model_is_not_taken_in(
    qtbot: QtBot,
    main: MainWindow,
    copied: Path,
    tmp_path: Path,
    bundle_folder: Path,
) -> None:
    manifest = json.loads((copied / "manifest.json").read_text())
    changed = manifest | {"model_sha256": "f" * 64}
    (copied / "manifest.json").write_text(json.dumps(changed))
    file = tmp_path / "foreign.zip"
    pack_expert(copied, file)
    main.results.show_experts()
    dialog = main.results.dialog
    assert dialog is not None
    main.results.experts.unpack(file)
    qtbot.waitUntil(dialog.notice.isVisible, timeout=WAIT_MS)
    assert "was fitted to the model ffffffffffff" in dialog.notice.text()
    assert not list((tmp_path / "library" / "experts").glob("*"))
    assert not ExpertStore(paths.user_experts(bundle_folder)).names()


def test_closing_the_window_finishes_a_promotion_that_was_confirmed(
    qtbot: QtBot, main: MainWindow, tree_expert: Path, bundle_folder: Path
) -> None:
    main.results.experts.promote(tree_expert, "mine")
    main.close()
    assert ExpertStore(paths.user_experts(bundle_folder)).names() == ("mine",)


def test_without_a_window_of_its_own_what_failed_is_told_above_the_clip(
    qtbot: QtBot, main: MainWindow, tmp_path: Path
) -> None:
    main.results.experts.promote(tmp_path / "nothing", "mine")
    qtbot.waitUntil(main.banner.isVisible, timeout=WAIT_MS)
    assert "nothing" in main.banner.message.text()
