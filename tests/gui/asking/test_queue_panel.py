from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from lusviewer.gui.asking.ask_card import AskCard
from lusviewer.gui.asking.panel import QueuePanel
from lusviewer.gui.study.model import StudyModel
from lusviewer.gui.study.work import Said
from lusviewer.library import Answer, open_library
from tests.analysed_library import N, fill
from tests.gui.conftest import WAIT_MS
from tests.small_clips import write_dicom

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.settings import Settings
    from lusviewer.gui.viewer_model import ViewerModel

B = "finding.b_lines"


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("queue")
    return [write_dicom(folder / f"{number}.dcm", n_frames=2) for number in range(N)]


@pytest.fixture
def study(
    viewer: ViewerModel, settings: Settings, files: list[Path]
) -> Iterator[StudyModel]:
    from pathlib import Path

    folder = Path(settings.text("library"))
    open_library(folder).close()
    fill(folder, files)
    viewer.auto_analyse = False
    made = StudyModel(viewer, folder, "anna")
    yield made
    made.shutdown()


@pytest.fixture
def panel(
    qtbot: QtBot, viewer: ViewerModel, study: StudyModel, settings: Settings
) -> QueuePanel:
    made = QueuePanel(viewer, study, settings)
    qtbot.addWidget(made)
    made.resize(320, 700)
    return made


def shown(qtbot: QtBot, panel: QueuePanel) -> None:
    panel.show()
    qtbot.waitUntil(lambda: panel.model.looked is not None, timeout=WAIT_MS)


def label(study: StudyModel, rows: range) -> None:
    with open_library(study.shelf.folder) as library:
        for row in rows:
            value = "yes" if row % 2 else "no"
            library.labels.give(Answer(row + 1, B, value, "anna"))


def test_without_a_library_it_says_how_to_begin(
    qtbot: QtBot, viewer: ViewerModel, settings: Settings, tmp_path: Path
) -> None:
    study = StudyModel(viewer, tmp_path / "none", "anna")
    panel = QueuePanel(viewer, study, settings)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitUntil(lambda: not panel.model.busy, timeout=WAIT_MS)
    assert "no library yet" in panel.state.text()
    assert not panel.pages.isVisible()
    study.shutdown()


def test_each_clip_asked_about_says_why_and_opens_when_pressed(
    qtbot: QtBot, panel: QueuePanel, viewer: ViewerModel
) -> None:
    shown(qtbot, panel)
    assert len(panel.cards) == 10
    assert (
        panel.state.text()
        == f"Round 1: 0 of 10 labelled. {N - 1} clips wait for a label."
    )
    card = panel.cards[0]
    assert "hard to tell" in card.why.text()
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
    assert viewer.clip is not None
    assert viewer.clip.identity.path == card.ask.clip.path
    assert card.state.text() == "open"


def test_another_library_is_never_asked_about_the_clips_of_the_one_before(
    qtbot: QtBot, panel: QueuePanel, study: StudyModel, tmp_path: Path
) -> None:
    shown(qtbot, panel)
    panel.model.next_round()
    seen: list[bool] = []
    study.opened.connect(lambda _shelf: seen.append(panel.model.busy))
    with qtbot.waitSignal(study.opened, timeout=WAIT_MS):
        study.open(tmp_path / "another")
    assert seen == [False]
    qtbot.waitUntil(lambda: not panel.model.busy, timeout=WAIT_MS)
    assert not panel.model.round
    assert not panel.model.message


def test_a_round_counts_what_is_labelled_and_the_next_one_follows(
    qtbot: QtBot, panel: QueuePanel, study: StudyModel
) -> None:
    panel.count.setValue(2)
    panel.model.choose(B, 2)
    shown(qtbot, panel)
    first = [card.ask.clip.id for card in panel.cards]
    study.label([Said(B, "yes")], "B-lines", first[:1])
    qtbot.waitUntil(lambda: "1 of 2" in panel.state.text(), timeout=WAIT_MS)
    assert [card.state.text() for card in panel.cards] == ["labelled", ""]
    study.label([Said(B, "no")], "B-lines", first[1:])
    qtbot.waitUntil(lambda: "Round 2" in panel.state.text(), timeout=WAIT_MS)
    assert not {card.ask.clip.id for card in panel.cards} & set(first)


def test_enter_makes_a_proposal_the_raters_own_label_and_undo_takes_it_back(
    qtbot: QtBot, panel: QueuePanel, study: StudyModel, viewer: ViewerModel
) -> None:
    label(study, range(1, 21))
    shown(qtbot, panel)
    qtbot.waitUntil(lambda: bool(panel.proposals.proposals), timeout=WAIT_MS)
    panel.pages.setCurrentIndex(1)
    first = panel.proposals.proposals[0]
    with open_library(study.shelf.folder) as library:
        assert not library.labels.of_clip(first.clip.id)
    item = panel.proposals.topLevelItem(0)
    assert item is not None
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        panel.proposals.setCurrentItem(item)
    assert viewer.clip is not None
    assert viewer.clip.identity.path == first.clip.path
    qtbot.keyClick(panel.proposals, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not study.writing, timeout=WAIT_MS)
    assert first not in panel.proposals.proposals
    with open_library(study.shelf.folder) as library:
        [kept] = library.labels.of_clip(first.clip.id)
        assert (kept.answer.value, kept.answer.rater) == (first.value, "anna")
        assert "confirmed a proposal" in kept.answer.note
        viewer.undo_stack.back()
        qtbot.waitUntil(lambda: not study.writing, timeout=WAIT_MS)
        [taken] = library.labels.of_clip(first.clip.id)
        assert taken.answer.value is None


def test_the_curve_shows_what_the_labels_brought_beside_a_random_order(
    qtbot: QtBot, panel: QueuePanel, study: StudyModel
) -> None:
    label(study, range(1, N - 1))
    shown(qtbot, panel)
    qtbot.waitUntil(lambda: len(panel.curve.points) == 8, timeout=WAIT_MS)
    assert panel.curve.points[-1].labels == N - 2
    assert "B-lines: AUC on patients left out" in panel.curve_words.text()
    assert "at random" in panel.curve.accessibleDescription()


def test_too_few_labels_for_a_curve_are_told(
    qtbot: QtBot, panel: QueuePanel, study: StudyModel
) -> None:
    label(study, range(1, 7))
    shown(qtbot, panel)
    qtbot.waitUntil(lambda: "6 labels of" in panel.curve_words.text(), timeout=WAIT_MS)
    assert panel.curve.isHidden()


def test_another_question_is_looked_for_and_not_called_without_a_library(
    qtbot: QtBot, panel: QueuePanel
) -> None:
    shown(qtbot, panel)
    panel.task.setCurrentIndex(panel.task.count() - 1)
    panel.task.activated.emit(panel.task.currentIndex())
    assert panel.model.looked is None
    assert panel.state.text() == "Looking which clips to label next ..."


def test_confirming_is_offered_for_what_is_selected_alone(
    qtbot: QtBot, panel: QueuePanel, study: StudyModel
) -> None:
    label(study, range(12))
    panel.resize(320, 700)
    shown(qtbot, panel)
    assert panel.model.proposals
    assert not panel.confirm.isEnabled()
    assert "Select answers" in panel.confirm.toolTip()
    first = panel.proposals.topLevelItem(0)
    assert first is not None
    assert first.text(0) == panel.model.proposals[0].clip.path.stem
    panel.proposals.selectAll()
    chosen = len(panel.proposals.selectedItems())
    assert panel.confirm.isEnabled()
    assert panel.confirm.text() == f"Confirm {chosen}"


def test_in_a_narrow_dock_no_title_of_a_page_is_out_of_reach(
    qtbot: QtBot, panel: QueuePanel
) -> None:
    shown(qtbot, panel)
    font = panel.font()
    font.setPointSizeF(1.5 * font.pointSizeF())
    panel.setFont(font)
    panel.resize(panel.minimumWidth(), 600)
    bar = panel.pages.tabBar()
    for page in range(bar.count()):
        assert bar.rect().contains(bar.tabRect(page))


def test_in_a_narrow_card_the_name_is_shortened_and_never_cut(
    qtbot: QtBot, panel: QueuePanel
) -> None:
    shown(qtbot, panel)
    asked = panel.cards[0].ask
    path = asked.clip.path.with_name("a clip whose name is longer than most.dcm")
    card = AskCard(replace(asked, clip=replace(asked.clip, path=path)))
    qtbot.addWidget(card)
    card.resize(900, 200)
    card.show()
    qtbot.waitExposed(card)
    assert card.name.text() == path.name
    assert card.whose.isVisible()
    card.resize(160, 400)
    assert "\u2026" in card.name.text()
    assert card.name.fontMetrics().horizontalAdvance(card.name.text()) <= 160
    assert not card.whose.isVisible()
    assert card.name.height() >= card.name.sizeHint().height()
