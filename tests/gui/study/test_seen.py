"""Whose answers a rater sees, in the list and beside the clip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lusviewer.gui.study.listing.clip_list_view import ClipListView
from lusviewer.gui.study.listing.work import Show
from lusviewer.gui.study.model import StudyModel
from lusviewer.gui.study.seen import COLLECTIONS
from lusviewer.library import Answer, open_library
from lusviewer.training.data.library_records import collection_records
from tests.gui.conftest import WAIT_MS
from tests.gui.study.conftest import ALL, wait_for
from tests.unit.training.small_collections import write_blues, write_pocus

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.main_window import MainWindow
    from lusviewer.gui.study.panel import StudyPanel
    from lusviewer.gui.viewer_model import ViewerModel


def severities(panel: StudyPanel) -> list[str | None]:
    rows = [panel.view.clips.row(place) for place in range(len(ALL))]
    return [None if row is None else row.severity for row in rows]


def show(panel: StudyPanel, what: Show) -> None:
    box = panel.chooser.show_box
    box.setCurrentIndex(box.findData(what))


def test_neither_list_nor_findings_show_others_until_asked(
    qtbot: QtBot, folder: Path, viewer: ViewerModel, window: MainWindow
) -> None:
    with open_library(folder) as library:
        library.labels.give(
            Answer(3, "severity", "3", rater="ben"),
            Answer(4, "severity", "1", rater="anna"),
        )
    panel, study, actions = window.study_panel, window.study, window.actions_by_name
    study.open()
    wait_for(qtbot, panel, ALL)
    collections = ["2", "0", "", "1"]

    def listed(wanted: list[str]) -> None:
        qtbot.waitUntil(lambda: severities(panel) == wanted, timeout=WAIT_MS)

    listed(collections)
    show(panel, Show.UNLABELLED)
    wait_for(qtbot, panel, ["c.avi"])
    study.open_clip(3)
    qtbot.waitUntil(
        lambda: study.current is not None and bool(study.current.labels),
        timeout=WAIT_MS,
    )
    findings = window.findings_panel.labelling
    assert findings.others("severity") == ()
    actions["label_others"].trigger()
    assert [one.rater for one in findings.others("severity")] == ["ben"]
    wait_for(qtbot, panel, [])
    show(panel, Show.ALL)
    listed(["2", "0", "3", "1"])
    study.set_rater("carl")
    assert findings.others("severity") == ()
    assert not actions["label_others"].isChecked()
    listed(["2", "0", "", ""])
    assert actions["label_collections"].isChecked()
    actions["label_collections"].trigger()
    assert window._settings.flag("collections_shown", default=True) is False
    listed(["", "", "", ""])


def test_nothing_of_others_is_shown_from_the_first_look_on(
    qtbot: QtBot, viewer: ViewerModel, folder: Path
) -> None:
    with open_library(folder) as library:
        library.labels.give(Answer(3, "severity", "3", rater="ben"))
    study = StudyModel(viewer, folder, "anna")
    view = ClipListView(study)
    qtbot.addWidget(view)
    clips = view.clips
    with qtbot.waitSignal(clips.listed, timeout=WAIT_MS):
        study.open()
    first = [clips.row(place) for place in range(len(ALL))]
    assert [row.severity for row in first if row] == ["2", "0", "", ""]
    study.shutdown()


def test_what_others_said_is_out_of_sight_before_it_is_read_anew(
    qtbot: QtBot, panel: StudyPanel
) -> None:
    wait_for(qtbot, panel, ALL)
    qtbot.waitUntil(lambda: severities(panel)[0] == "2", timeout=WAIT_MS)
    panel._study.seen.show_collections(False)
    assert severities(panel)[0] is None


def test_the_collections_are_known_by_the_names_they_are_imported_under(
    tmp_path: Path,
) -> None:
    for name, write in (("pocus", write_pocus), ("blues", write_blues)):
        write(tmp_path / name)
        raters = {one.rater for one in collection_records(tmp_path / name)}
        assert raters
        assert raters <= set(COLLECTIONS)
