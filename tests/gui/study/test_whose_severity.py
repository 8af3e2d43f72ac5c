"""The list says whose severity it shows where experts answer in different classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from sqlalchemy import insert

from lusviewer.gui.study.listing.row_delegate import shown_name
from lusviewer.library import open_library
from lusviewer.library.tables import EXPERTS, PREDICTIONS
from tests.gui.study.conftest import ALL, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.study.panel import StudyPanel

UTC = "2026-01-01T00:00:00.000+00:00"
GRADES = ("graded", '["0", "1", "2", "3"]', ("severity", "2", 0.5))
PARTED = ("parted", '["below 2", "2 or more"]', ("severity", "2 or more", 0.9))
RATIO = ("oxygen", '["below 275", "275 or more"]', ("s_f", "below 275", 0.7))
SAID = {1: (GRADES, PARTED), 2: (PARTED,), 3: (RATIO,)}


def judged(clip: int, number: int, said: tuple[str, float]) -> dict[str, object]:
    best, probability = said
    return {
        "clip_id": clip,
        "model_sha256": "a" * 64,
        "expert_id": number,
        "best": best,
        "probability": probability,
        "probabilities": "[0.1, 0.9]",
        "abstained": False,
        "why": "",
        "frame": None,
        "reasons": "[]",
        "analysed_utc": UTC,
        "made_utc": UTC,
        "superseded_utc": None,
    }


@pytest.fixture
def folder(folder: Path) -> Path:
    """The library, whose first clip two experts judge, and two others one each."""
    every = (GRADES, PARTED, RATIO)
    with (
        open_library(folder) as library,
        library.database.writing("test") as change,
    ):
        for number, (name, classes, (target, *_)) in enumerate(every, 1):
            expert = {
                "id": number,
                "name": name,
                "version": "1",
                "sha256": str(number) * 64,
                "target": target,
                "classes": classes,
            }
            change.connection.execute(insert(EXPERTS), [expert])
        for clip, experts in SAID.items():
            for one in experts:
                said = judged(clip, every.index(one) + 1, one[2][1:])
                change.connection.execute(insert(PREDICTIONS), [said])
    return folder


def told(panel: StudyPanel, place: int) -> list[str]:
    text = panel.view.clips.index(place).data(Qt.ItemDataRole.AccessibleTextRole)
    return [line for line in str(text).splitlines() if "predicted by" in line]


def test_an_answer_in_grades_goes_before_a_surer_one_in_two_classes(
    qtbot: QtBot, panel: StudyPanel
) -> None:
    wait_for(qtbot, panel, ALL)
    row = panel.view.clips.row(0)
    assert row is not None
    assert (row.predicted, row.predicted_by) == ("2", "")
    assert told(panel, 0) == [
        "Severity, predicted by graded: 2 (50 %)",
        "Severity (below 2 / 2 or more), predicted by parted: 2 or more (90 %)",
    ]


def test_an_answer_in_two_classes_is_shown_with_whose_it_is(
    qtbot: QtBot, panel: StudyPanel
) -> None:
    wait_for(qtbot, panel, ALL)
    row = panel.view.clips.row(1)
    assert row is not None
    assert (row.predicted, row.predicted_by) == ("2 or more", "parted")
    assert told(panel, 1) == [
        "Severity (below 2 / 2 or more), predicted by parted: 2 or more (90 %)",
    ]


def test_a_name_is_shortened_to_half_and_then_left_out(panel: StudyPanel) -> None:
    metrics, name = panel.fontMetrics(), "severity-parted"
    whole = metrics.horizontalAdvance(name)
    assert shown_name(name, whole, metrics) == name
    short = shown_name(name, 3 * whole // 4, metrics)
    assert short[0] + short[-1] == "sd"
    assert "…" in short
    assert shown_name(name, whole // 3, metrics) == ""


def test_parts_of_a_number_are_told_as_they_are_called(
    qtbot: QtBot, panel: StudyPanel
) -> None:
    wait_for(qtbot, panel, ALL)
    assert told(panel, 2) == [
        "S/F ratio (below 275 / 275 or more), predicted by oxygen: below 275 (70 %)"
    ]
