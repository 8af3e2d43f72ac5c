"""The result of a training as it is shown: figures, tree, wrong clips, provenance."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QRadioButton, QTextBrowser

from lusviewer.experts.validation import Node, read_validation
from lusviewer.gui.results.asking_first import Question
from lusviewer.gui.results.charts import CalibrationChart, DifferenceChart, RocChart
from lusviewer.gui.results.pages import TreePage
from lusviewer.gui.results.tables import (
    ConfusionTable,
    FoldsTable,
    KindsTable,
)
from lusviewer.gui.results.tree_view import TreeView
from lusviewer.gui.results.wrong_table import WrongTable
from lusviewer.gui.theme import DARK, LIGHT, apply_theme
from lusviewer.library import open_library
from tests.gui.conftest import WAIT_MS
from tests.gui.results.conftest import page, shown

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QApplication, QWidget
    from pytestqt.qtbot import QtBot

    from lusviewer.gui.main_window import MainWindow
    from lusviewer.gui.viewer_model import ViewerModel


def said(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def test_on_top_stand_the_figure_the_one_in_use_and_that_patients_are_few(
    qtbot: QtBot, main: MainWindow, tree_expert: Path
) -> None:
    window = shown(qtbot, main, tree_expert)
    auc = read_validation(tree_expert).scores.auc
    assert window.figure.text().startswith("On 12 patients it has not seen: AUC ")
    assert f"{auc.value:.2f} ({auc.lower:.2f} to {auc.upper:.2f})" in (
        window.figure.text()
    )
    assert "The expert in use, severity: " in window.beside.text()
    assert "not of other hospitals" in window.caution.text()
    assert "12 patients are few" in window.caution.text()
    assert window.state.text() == "not in use"


def test_a_result_shown_again_is_the_one_that_lies_there_now(
    qtbot: QtBot, main: MainWindow, copied: Path, logistic_expert: Path
) -> None:
    """Names are given again: a deleted result's figures must not stand for new ones."""
    window = shown(qtbot, main, copied)
    before = window.title.full_text
    shutil.rmtree(copied)
    shutil.copytree(logistic_expert, copied)
    main.results.show_result(copied)
    qtbot.waitUntil(lambda: window.title.full_text != before, timeout=WAIT_MS)
    assert main.results.windows == [window]
    assert window.result is not None
    assert window.result.manifest.kind == "logistic"


def test_each_expert_in_use_stands_beside_it_with_interval_and_figures(
    qtbot: QtBot, main: MainWindow, tree_expert: Path
) -> None:
    window = shown(qtbot, main, tree_expert)
    beside = read_validation(tree_expert).beside
    charts = window.findChildren(DifferenceChart)
    assert len(charts) == 2
    for one in beside:
        assert one.expert in charts[0].accessibleDescription()
        assert f"{one.auc.difference.value:+.2f}".lstrip("+-") in said(window.tabs)
    assert [name for _, name in charts[0].up.ticks or ()] == [
        one.expert for one in reversed(beside)
    ]


def test_every_class_has_a_curve_with_an_interval_and_the_confusion_adds_up(
    qtbot: QtBot, main: MainWindow, tree_expert: Path
) -> None:
    window = shown(qtbot, main, tree_expert)
    page(qtbot, window, "How good it is")
    curves = window.findChildren(RocChart)
    assert len(curves) == 3
    assert window.result is not None
    assert set(window.result.bands) == {"0", "1", "2"}
    assert "No clip has the label 3" in said(window.tabs)
    assert window.findChildren(CalibrationChart)
    [confusion] = window.findChildren(ConfusionTable)
    rows = [confusion.texts(row) for row in range(confusion.rowCount())]
    counts = [[int(cell.split("\n")[0]) for cell in row[1:-1]] for row in rows]
    assert sum(map(sum, counts)) == 36
    assert [row[-1] for row in rows] == ["12", "12", "12", "0"]


def test_kinds_and_parts_are_listed(
    qtbot: QtBot, main: MainWindow, tree_expert: Path
) -> None:
    window = shown(qtbot, main, tree_expert)
    page(qtbot, window, "Kinds and parts")
    [kinds], [folds] = (window.findChildren(one) for one in (KindsTable, FoldsTable))
    assert kinds.texts(0)[0] == "decision tree"
    assert folds.rowCount() == 3
    assert sum(int(folds.texts(row)[1]) for row in range(3)) == 12


def test_the_tree_is_drawn_and_can_be_gone_through_in_words(
    qtbot: QtBot, main: MainWindow, tree_expert: Path
) -> None:
    window = shown(qtbot, main, tree_expert)
    page(qtbot, window, "The tree")
    [tree] = window.findChildren(TreePage)
    qtbot.waitUntil(lambda: len(tree.drawn.scene().items()) > 5, timeout=WAIT_MS)
    before = tree.drawn.zoom
    qtbot.keyClick(tree.drawn, Qt.Key.Key_Plus)
    assert tree.drawn.zoom > before
    qtbot.mouseClick(tree.button(1), Qt.MouseButton.LeftButton)
    assert tree.stack.currentWidget() is tree.in_words
    nodes = read_validation(tree_expert).tree
    assert nodes is not None
    root = tree.in_words.topLevelItem(0)
    assert root is not None
    words = nodes[0].words or ""
    assert root.text(0) == f"{words[:1].upper()}{words[1:]}?"
    assert root.text(1) == "36"
    assert root.childCount() == 2
    assert root.child(0).text(0).startswith("up to ")


def test_an_expert_that_is_no_tree_has_no_page_for_one(
    qtbot: QtBot, main: MainWindow, logistic_expert: Path
) -> None:
    window = shown(qtbot, main, logistic_expert)
    titles = [window.tabs.tabText(place) for place in range(window.tabs.count())]
    assert "The tree" not in titles
    assert "What matters" in titles


def test_a_click_on_a_wrong_clip_opens_it(
    qtbot: QtBot, main: MainWindow, viewer: ViewerModel, tree_expert: Path
) -> None:
    window = shown(qtbot, main, tree_expert)
    page(qtbot, window, "Clips it gets wrong")
    [table] = window.findChildren(WrongTable)
    wrong = read_validation(tree_expert).wrong
    assert table.clips.rowCount() == len(wrong) > 0
    cells = table.clips.texts(0)
    assert cells[2:4] == [wrong[0].label, wrong[0].said]
    assert cells[4] == f"{wrong[0].probability:.2f}"
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        middle = table.visualRect(table.clips.index(0, 0)).center()
        qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert viewer.clip is not None
    assert viewer.clip.identity.sha256() == wrong[0].sha256
    table.setCurrentIndex(table.clips.index(1, 0))
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        qtbot.keyClick(table, Qt.Key.Key_Return)
    assert viewer.clip.identity.sha256() == wrong[1].sha256


def test_clips_the_library_does_not_know_are_named_so_and_open_nothing(
    qtbot: QtBot, main: MainWindow, tree_expert: Path, tmp_path: Path
) -> None:
    with qtbot.waitSignal(main.study.opened, timeout=WAIT_MS):
        main.study.open(tmp_path / "another")
    window = shown(qtbot, main, tree_expert)
    page(qtbot, window, "Clips it gets wrong")
    [table] = window.findChildren(WrongTable)
    index = table.clips.index(0, 0)
    assert index.data() == "not in this library"
    assert not index.flags() & Qt.ItemFlag.ItemIsEnabled
    assert window.result is not None
    assert window.result.bands == {}


def test_where_it_comes_from_stands_there_with_the_model_card(
    qtbot: QtBot, main: MainWindow, tree_expert: Path
) -> None:
    window = shown(qtbot, main, tree_expert)
    page(qtbot, window, "Where it is from")
    made = read_validation(tree_expert).provenance
    text = said(window.tabs)
    for word in (made.labels_sha256, "36 of 12 patients", "anna", made.software):
        assert word in text
    [card] = window.findChildren(QTextBrowser)
    assert "severity-tree-local" in card.toPlainText()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda file: file.write_text("{"), "validation.json"),
        (lambda file: file.unlink(), "came without its figures"),
        (
            lambda file: file.write_text(
                json.dumps(json.loads(file.read_text()) | {"figures": {}})
            ),
            "figures",
        ),
    ],
)
def test_damaged_figures_are_told_and_nothing_can_be_promoted(
    harm, words, qtbot: QtBot, main: MainWindow, copied: Path
) -> None:
    harm(copied / "validation.json")
    main.results.show_result(copied)
    qtbot.waitUntil(lambda: bool(main.results.windows), timeout=WAIT_MS)
    window = main.results.windows[-1]
    qtbot.waitUntil(window.notice.isVisible, timeout=WAIT_MS)
    assert words in window.notice.text()
    assert not window.promote.isEnabled()
    assert window.tabs.count() == 0


def test_an_expert_for_another_model_is_shown_but_cannot_be_promoted(
    qtbot: QtBot, main: MainWindow, copied: Path
) -> None:
    file = copied / "manifest.json"
    manifest = json.loads(file.read_text()) | {"model_sha256": "f" * 64}
    file.write_text(json.dumps(manifest))
    window = shown(qtbot, main, copied)
    assert "was fitted to the model ffffffffffff" in window.notice.text()
    assert not window.promote.isEnabled()
    assert window.figure.text()


def test_opening_a_result_twice_shows_one_window(
    qtbot: QtBot, main: MainWindow, tree_expert: Path
) -> None:
    first = shown(qtbot, main, tree_expert)
    assert shown(qtbot, main, tree_expert) is first
    assert len(main.results.windows) == 1


def test_the_size_is_remembered_and_a_closed_window_forgotten(
    qtbot: QtBot, main: MainWindow, tree_expert: Path, filled: Path
) -> None:
    window = shown(qtbot, main, tree_expert)
    window.resize(700, 600)
    window.close()
    qtbot.waitUntil(lambda: main.results.windows == [], timeout=WAIT_MS)
    again = shown(qtbot, main, tree_expert)
    assert (again.width(), again.height()) == (700, 600)
    with open_library(filled) as library:
        assert library.clips.count() == 36


def test_a_training_that_was_stopped_early_says_what_was_left_out(
    qtbot: QtBot, main: MainWindow, copied: Path
) -> None:
    file = copied / "validation.json"
    found = json.loads(file.read_text())
    found["figures"]["stopped_early"] = {
        "kinds": ["tree"],
        "kinds_left_out": ["svm", "mlp"],
        "folds_untried": 2,
        "settings_untried": 0,
    }
    found["provenance"]["stopped_early"] = True
    file.write_text(json.dumps(found))
    window = shown(qtbot, main, copied)
    page(qtbot, window, "Kinds and parts")
    told = said(window.tabs)
    assert "Kinds not tried: support vector machine, neural network." in told
    assert "Parts in which not all settings were tried: 2." in told
    page(qtbot, window, "Where it is from")
    assert "yes: what was finished by then is shown" in said(window.tabs)


def test_charts_and_tree_follow_the_theme(
    qtbot: QtBot, main: MainWindow, tree_expert: Path, qapp: QApplication
) -> None:
    apply_theme(qapp, "dark")
    window = shown(qtbot, main, tree_expert)
    page(qtbot, window, "The tree")
    [tree] = window.findChildren(TreePage)
    qtbot.waitUntil(tree.drawn.isVisible, timeout=WAIT_MS)
    page(qtbot, window, "Is it better?")
    chart = window.findChildren(DifferenceChart)[0]
    corner = chart.mapTo(window, QPoint(2, 2))

    def grounds() -> set[str]:
        return {
            window.grab().toImage().pixelColor(corner).name(),
            tree.drawn.backgroundBrush().color().name(),
        }

    try:
        qtbot.waitUntil(lambda: grounds() == {DARK.panel}, timeout=WAIT_MS)
        apply_theme(qapp, "light")
        qtbot.waitUntil(lambda: grounds() == {LIGHT.panel}, timeout=WAIT_MS)
    finally:
        apply_theme(qapp, "dark")


def test_a_question_is_as_large_as_its_words_and_cuts_none(
    qtbot: QtBot, main: MainWindow
) -> None:
    question = Question("Put it in use?", main)
    question.add_note("It may be no better than chance. " * 12, "banner")
    question.add_choice("In place of another, which came with the model " * 3, 0)
    qtbot.addWidget(question)
    question.show()
    for label in question.findChildren(QLabel):
        assert label.height() >= label.heightForWidth(label.width())
    for choice in question.findChildren(QRadioButton):
        assert choice.width() >= choice.sizeHint().width()


def test_a_large_tree_begins_legibly_and_0_shows_all_of_it(qtbot: QtBot) -> None:
    shares = (0.5, 0.5)
    leaves = [Node(None, None, None, None, None, shares, 4) for _ in range(16)]
    asks = [
        Node(
            "b_lines.many",
            "pleural indent < 5 mm, multiple",
            0.5,
            2 * n + 1,
            2 * n + 2,
            shares,
            8,
        )
        for n in range(15)
    ]
    tree = TreeView([*asks, *leaves], ("Severity 0", "Severity 1"))
    qtbot.addWidget(tree)
    tree.resize(700, 400)
    tree.show()
    assert tree.zoom > 0.7
    top = tree.mapToScene(tree.viewport().rect()).boundingRect().top()
    assert -100 < top < 0
    qtbot.keyClick(tree, Qt.Key.Key_0)
    assert tree.zoom < 0.7
