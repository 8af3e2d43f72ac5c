"""Words and shapes of a result, apart from any window."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtGui import QFont, QFontMetricsF

from lusviewer.experts.listing import list_experts
from lusviewer.experts.store import ExpertStore
from lusviewer.experts.validation import (
    Asked,
    Beside,
    Compared,
    Estimate,
    Node,
    read_validation,
)
from lusviewer.gui.results.result_words import (
    Verdict,
    best_rival,
    class_words,
    difference_words,
    figure_words,
    headline,
    input_words,
    question_words,
    verdict,
    warnings_before,
    warnings_of,
)
from lusviewer.gui.results.roc_bands import roc_band
from lusviewer.gui.results.tree_view import (
    asked_words,
    branch_words,
    in_two_lines,
    leaf_words,
    places,
)
from tests.bundles import make_tree

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot


def leaf(*shares: float, clips: int = 4) -> Node:
    return Node(None, None, None, None, None, shares, clips)


def compared(rival: float, difference: Estimate) -> Compared:
    return Compared(Estimate(0.7, 0.6, 0.8), Estimate(rival, 0.6, 0.9), difference)


def beside(name: str, rival: float, difference: Estimate) -> Beside:
    same = compared(rival, Estimate(0.0, -0.1, 0.1))
    return Beside(name, 30, 10, 0, 0, compared(rival, difference), same)


@pytest.mark.parametrize(
    ("difference", "found", "words"),
    [
        (Estimate(-0.08, -0.12, -0.04), Verdict.WORSE, "Worse by 0.08 (0.04 to 0.12)."),
        (Estimate(0.08, 0.04, 0.12), Verdict.BETTER, "Better by 0.08 (0.04 to 0.12)."),
        (
            Estimate(-0.04, -0.09, 0.01),
            Verdict.UNDECIDED,
            "No clear difference: -0.04 (-0.09 to +0.01).",
        ),
        (Estimate(0.0, 0.0, 0.0), Verdict.UNDECIDED, "No clear difference: +0.00"),
        (Estimate(None, None, None), Verdict.UNDECIDED, "cannot be told"),
    ],
)
def test_better_and_worse_are_said_only_where_the_interval_leaves_out_nothing(
    difference: Estimate, found: Verdict, words: str
) -> None:
    assert verdict(difference) is found
    assert words in difference_words(difference)


def test_a_figure_that_is_not_defined_is_said_so() -> None:
    assert figure_words(Estimate(None, None, None)) == "not known"
    assert figure_words(Estimate(0.5, None, None)) == "0.50"


def test_the_best_of_those_in_use_is_the_one_to_beat() -> None:
    small = Estimate(0.0, -0.1, 0.1)
    rivals = [beside("a", 0.7, small), beside("b", 0.9, small)]
    best = best_rival(rivals)
    assert best is not None
    assert best.expert == "b"
    assert best_rival([]) is None


def test_only_what_is_not_better_is_warned_of() -> None:
    worse = beside("a", 0.9, Estimate(-0.2, -0.3, -0.1))
    unsure = beside("b", 0.7, Estimate(-0.02, -0.1, 0.1))
    better = beside("c", 0.6, Estimate(0.1, 0.05, 0.2))
    first, second = warnings_before([worse, unsure, better])
    assert first.startswith("Worse than a on these patients, by more than chance.")
    assert second.startswith("Not shown to be better than b.")


def test_what_may_be_chance_is_called_so(tree_expert: Path) -> None:
    known = read_validation(tree_expert)
    scores = replace(known.scores, auc=Estimate(0.6, 0.42, 0.9))
    vague = replace(known, scores=scores, beside=())
    assert "It may be no better than chance." in headline(vague).figure
    assert warnings_of(vague) == [
        "It may be no better than chance: AUC 0.60 (0.42 to 0.90)."
    ]
    sure = replace(vague, scores=replace(scores, auc=Estimate(0.8, 0.6, 0.9)))
    assert "chance" not in headline(sure).figure
    assert warnings_of(sure) == []


def test_a_question_is_parted_so_that_its_longer_line_is_shortest(
    qtbot: QtBot,
) -> None:
    metrics = QFontMetricsF(QFont())
    whole = "Pleural indent < 5 mm, multiple?"
    lines = in_two_lines(whole, metrics)
    assert len(lines) == 2
    assert " ".join(lines) == whole
    longer = max(map(metrics.horizontalAdvance, lines))
    assert longer < 0.7 * metrics.horizontalAdvance(whole)
    assert in_two_lines("Effusion?", metrics) == ["Effusion?"]


def test_thresholds_of_probabilities_are_percent_and_of_measurements_are_not() -> None:
    shares = (0.5, 0.5)
    asks = Node("b_lines.many", "B-lines many", 0.249, 1, 2, shares, 8)
    counts = Node("measured.b_line_count_max", "highest count", 3.5, 1, 2, shares, 8)
    assert branch_words(asks) == ("up to 25 %", "above 25 %")
    assert branch_words(counts) == ("up to 3.5", "above 3.5")
    assert leaf_words(leaf(0.2, 0.8), ("no", "yes")) == "yes: 80 %"


def test_clinical_inputs_are_words_with_units_and_ones_own_columns_as_written() -> None:
    shares = (0.5, 0.5)
    known = Node("clinical.pat_bmi", "pat bmi", 30.5, 1, 2, shares, 8)
    own = Node("clinical.my_score", "my score", 3.0, 1, 2, shares, 8)
    assert asked_words(known) == "BMI in kg/m²?"
    assert asked_words(own) == "my_score?"
    assert input_words("clinical.pulse", "pulse per minute") == "Pulse per minute"
    assert input_words("clinical.my_score", "my_score") == "my_score"


def test_leaves_stand_side_by_side_and_each_question_above_its_own() -> None:
    shares = (0.5, 0.5)
    nodes = (
        Node("b_lines.many", "many", 0.5, 1, 2, shares, 12),
        leaf(1.0, 0.0),
        Node("b_lines.few", "few", 0.5, 3, 4, shares, 8),
        leaf(0.0, 1.0),
        leaf(0.5, 0.5),
    )
    spots = places(nodes, 100.0)
    xs = [spots[number].x for number in (1, 3, 4)]
    assert min(b - a for a, b in itertools.pairwise(xs)) > 100.0
    assert spots[2].x == (spots[3].x + spots[4].x) / 2
    assert spots[0].y < spots[1].y == spots[2].y < spots[3].y == spots[4].y


def test_the_shade_of_a_curve_holds_the_curve_and_is_nil_where_all_is_clear() -> None:
    rng = np.random.default_rng(0)
    patients = [f"P{i // 3}" for i in range(90)]
    truth = np.repeat(rng.random(30) < 0.5, 3)
    clear = roc_band(truth, truth.astype(np.float64), patients)
    assert clear is not None
    assert (clear[1:, 1] == 1.0).all()
    score = truth + rng.normal(0.0, 1.0, 90)
    band = roc_band(truth, score, patients)
    assert band is not None
    middle = band[25]
    rate = (score[truth] > np.quantile(score[~truth], 0.5)).mean()
    assert middle[1] < rate < middle[2]
    assert middle[2] - middle[1] > 0.05
    assert roc_band(np.ones(90, np.bool_), score, patients) is None


def test_the_list_has_own_experts_first_and_broken_ones_with_the_reason(
    bundle_folder: Path, tmp_path: Path
) -> None:
    store = ExpertStore(tmp_path / "store")
    store.install(make_tree(tmp_path / "one", version="one"), "severity")
    store.install(make_tree(tmp_path / "two", version="two"), "severity")
    other = make_tree(tmp_path / "store" / "foreign")
    manifest = json.loads((other / "manifest.json").read_text())
    changed = manifest | {"model_sha256": "f" * 64}
    (other / "manifest.json").write_text(json.dumps(changed))
    broken = make_tree(tmp_path / "store" / "broken")
    (broken / "head.onnx").write_bytes(b"")
    found = {one.name: one for one in list_experts(bundle_folder, store.folder)}
    assert list(found) == ["broken", "diagnosis", "foreign", "severity"]
    severity = found["severity"]
    assert severity.own
    assert severity.shipped
    assert severity.manifest is not None
    assert severity.manifest.version == "two"
    assert [one.version for one in severity.earlier] == ["one"]
    assert not found["diagnosis"].own
    assert not found["foreign"].fits
    assert "head.onnx" in found["broken"].problem


def test_a_finding_is_called_by_its_usual_name_and_a_bare_grade_by_what_it_grades() -> (
    None
):
    lines = Asked("finding.b_lines", ("no", "yes"), (), None)
    assert question_words(lines) == "B-lines: no / yes"
    grades = Asked("severity", ("0", "1 or more"), (1.0,), None)
    assert class_words(grades) == ("Severity 0", "1 or more")
