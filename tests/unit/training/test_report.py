from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from lusviewer.errors import TrainingError
from lusviewer.findings import CLASSES, FINDINGS, ModelIdentity
from lusviewer.training.evaluate import main
from lusviewer.training.measure.looks import read_looks, record_look
from lusviewer.training.measure.questions import Answers, question_figures
from lusviewer.training.measure.recipe_tables import figure_tables, recipes_section
from lusviewer.training.measure.sections import others
from lusviewer.training.measure.session import as_text
from lusviewer.training.measure.targets import TARGETS, summary, target_table
from lusviewer.training.measure.words import area, value
from lusviewer.training.measure.worst import (
    Case,
    contact_sheet,
    groups,
    worst_cases,
)

if TYPE_CHECKING:
    from pathlib import Path

MODEL = ModelIdentity("lus", "9.9.9", "ab" * 32, "cpu")


def figure(number: float) -> dict[str, Any]:
    return {"value": number, "interval": [number - 0.05, number + 0.05]}


def case(clip: str, truth: bool, said: float, question: str = "b_lines") -> Case:
    return Case(clip, "p", question, truth=truth, said=said, threshold=0.4)


def question() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    truth = np.arange(40) % 2
    score = np.clip(0.3 * truth + rng.uniform(0, 0.7, 40), 0, 1)
    names = tuple(str(i // 2) for i in range(40))
    return question_figures(Answers(truth.astype(float), score, names), 0.5)


def test_a_right_answer_is_never_among_the_worst():
    cases = [case("a", True, 0.9), case("b", False, 0.1), case("c", True, 0.1)]
    assert [one["clip"] for one in worst_cases(cases)] == ["c"]


def test_a_clip_stands_once_by_its_most_wrong_answer():
    cases = [
        case("a", True, 0.35),
        case("a", False, 0.95, "effusion"),
        case("b", True, 0.01),
    ]
    worst = worst_cases(cases)
    assert [(one["clip"], one["question"]) for one in worst] == [
        ("b", "b_lines"),
        ("a", "effusion"),
    ]
    assert worst_cases(cases, 1) == worst[:1]
    assert groups(worst) == {"b_lines missed": 1, "effusion called where absent": 1}


def test_the_contact_sheet_shows_three_frames_of_each_clip():
    worst = worst_cases([case(name, True, 0.1) for name in "abc"])
    stack = np.full((5, 224, 224), 120, np.uint8)
    sheet = contact_sheet(worst, [stack] * 3)
    assert sheet.shape == (2 * 258, 2 * 3 * 224)
    assert (sheet == 120).sum() >= 9 * 224 * 224


def test_each_look_is_kept(tmp_path: Path):
    path = tmp_path / "results" / "looks.json"
    record_look(path, "covid-blues", "figures", MODEL)
    record_look(path, "covid-blues", "figures", MODEL)
    looks = read_looks(path)
    assert len(looks) == 2
    assert looks[0]["sha256"] == MODEL.sha256


def test_a_spoilt_record_is_not_written_over(tmp_path: Path):
    path = tmp_path / "looks.json"
    path.write_text("{")
    with pytest.raises(TrainingError, match="record of looks"):
        record_look(path, "covid-blues", "figures", MODEL)
    assert path.read_text() == "{"


def test_a_target_is_reached_missed_or_not_measured():
    dice = {"pleura": figure(0.7), "rib_shadow": figure(0.5)}
    text = target_table({"lines": {"dice": dice}})
    rows = {line.split(" | ")[0].strip("| "): line for line in text.splitlines()}
    assert rows["Drawn lines: pleura, Dice"].endswith("| reached |")
    assert rows["Drawn lines: rib shadow, Dice"].endswith("| **not reached** |")
    assert text.count("not measured") == len(TARGETS) - 2
    assert summary({"lines": {"dice": dice}}).startswith("1 of the 2 targets")


def test_a_distance_must_stay_under_its_target():
    target = next(one for one in TARGETS if one.goal == 1.5)
    assert target.met(1.2)
    assert not target.met(1.6)


def test_figures_stand_with_their_intervals():
    assert value(figure(0.8)) == "0.80 (0.75-0.85)"
    assert value({"value": None, "interval": [None, None]}) == "-"
    counted = {**figure(0.8), "positives": 3, "n": 9}
    assert area(counted) == "0.80 (0.75-0.85; 3 of 9)"


def test_figures_that_share_a_path_stand_in_one_row():
    runs = {"a": {"auc": figure(0.6), "dice": figure(0.5)}, "b": {"auc": figure(0.7)}}
    first, second = figure_tables({"runs": runs})
    assert "| runs / a | 0.60 (0.55-0.65) | 0.50 (0.45-0.55) |" in first
    assert "| runs / b | 0.70 (0.65-0.75) |" in second


def test_what_a_recipe_wrote_of_its_result_goes_before_a_table_of_all(tmp_path):
    texts = tmp_path / "recipes"
    texts.mkdir()
    (texts / "transfer.md").write_text(
        "## transfer\n\nHow.\n\n"
        "**Result**: dense first, see [it](../results/a.json).\n\n"
        "Beside [another](uscl.md).\n**What it does not show**: much.\n"
    )
    found = {"figures": {"a": {"auc": figure(0.5)}}}
    text = recipes_section({"transfer": found, "domain-gap": found}, texts)
    assert "**Result**: dense first, see [it](results/a.json).\n" in text
    assert "Beside [another](recipes/uscl.md).\n\nAll figures" in text
    assert "What it does not show" not in text
    assert text.count("| a | 0.50 (0.45-0.55) |") == 1


def test_results_of_a_library_are_told_on_their_own_page_and_unknown_ones_here(
    tmp_path: Path,
):
    found = {"figures": {"a": {"auc": figure(0.5)}}}
    text = recipes_section({"adapt-masks": found, "something": found}, tmp_path)
    assert "### something\n" in text
    assert "adapt-masks" not in text


def test_long_tables_are_cut_and_say_so():
    (text,) = figure_tables({str(i): {"auc": figure(0.5)} for i in range(50)})
    assert text.endswith("34 more rows are in the file.")


def test_lists_in_results_stay_on_one_line():
    text = as_text({"a": [1, 2], "b": {"c": {"d": [3]}}})
    assert '"a": [ 1, 2 ]' in text
    assert json.loads(text) == {"a": [1, 2], "b": {"c": {"d": [3]}}}


def test_the_report_holds_what_was_measured_and_says_what_was_not(
    tmp_path: Path, capsys
):
    results = tmp_path / "results"
    results.mkdir()
    identity = {"model": "lus", "version": "9.9.9", "sha256": "ab" * 32}
    asked = question()
    pocus = {
        **identity,
        "clips": 40,
        "patients": 20,
        "not_assessable": 1,
        "findings": {key: {"all": asked, "supported": asked} for key in FINDINGS},
        "experts": {},
        "severity": {},
        "worst": worst_cases([case("folder/x.mp4", True, 0.1)]),
        "worst_groups": {"b_lines missed": 1},
    }
    (results / "pocus.json").write_text(json.dumps(pocus))
    (results / "transfer.json").write_text(
        json.dumps({"split": "by patient", "figures": {"dense": figure(0.9)}})
    )
    (results / "failures.md").write_text("The pleura lies too deep there.\n")

    assert main(["report", "--docs", str(tmp_path)]) == 0

    text = (tmp_path / "evaluation.md").read_text()
    assert "`models/lus` 9.9.9" in text
    assert "40 clips of 20 patients; 1 would be called not assessable" in text
    assert f"| B-lines | {area(asked['auc'])}" in text
    assert "| `x.mp4` | B-lines | yes | 0.10 | 0.40 |" in text
    assert "0.90 (0.85-0.95)" in text
    assert "The pleura lies too deep there." in text
    assert "## COVID-BLUeS, zero-shot" in text
    assert "Not measured yet." in text
    picture = cv2.imread(str(tmp_path / "images" / "evaluation" / "pocus.png"))
    assert picture is not None
    assert picture.shape == (420, 1120, 3)


def test_results_of_another_bundle_are_named():
    results: dict[str, Any] = {
        "pocus": {"model": "lus", "version": "2"},
        "lines": {"model": "lus", "version": "2"},
        "experts": {"figures": {"bundle": "lus 1"}},
    }
    assert "experts (lus 1)" in others(results)
    results["experts"]["figures"]["bundle"] = "lus 2"
    assert others(results) == ""


def test_a_report_without_results_says_what_to_do(tmp_path: Path, capsys):
    assert main(["report", "--docs", str(tmp_path)]) == 1
    assert "lusviewer evaluate all" in capsys.readouterr().err


def test_every_class_has_a_place_in_the_table_of_lines(tmp_path: Path):
    results = tmp_path / "results"
    results.mkdir()
    lines = {
        "model": "lus",
        "version": "9.9.9",
        "sha256": "ab" * 32,
        "frames": 3,
        "clips": 2,
        "patients": 1,
        "dice": {name: figure(0.5) for name in CLASSES},
        "pleura": dict.fromkeys(
            (
                "distance_percent",
                "line_distance_percent",
                "columns_recall",
                "columns_precision",
            ),
            figure(1),
        ),
        "frame_auc": {"a_line": figure(0.9), "b_line": figure(0.9)},
        "frame_auc_of_findings": {"a_line": figure(0.8), "b_line": figure(0.8)},
        "b_lines": {
            **dict.fromkeys(
                ("origin_precision", "origin_recall", "count_error"), figure(1)
            ),
            "false_on_a_profile": {"frames": 2, **figure(0.1)},
        },
    }
    (results / "lines.json").write_text(json.dumps(lines))
    assert main(["report", "--docs", str(tmp_path)]) == 0
    text = (tmp_path / "evaluation.md").read_text()
    assert "3 frames of 2 clips of 1 patients" in text
    assert "false B-lines a frame on 2 A-profile frames" in text
