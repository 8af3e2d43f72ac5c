"""What a training found out is read back as it was told."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from lusviewer.errors import ManifestError
from lusviewer.experts.validation import read_validation
from lusviewer.training.local.control import Control
from lusviewer.training.local.run import train_local


@pytest.fixture
def copy(trained, tmp_path):
    """The folder of the expert, to be damaged."""
    return shutil.copytree(trained[1].out, tmp_path / "copy")


def damage(folder, change):
    path = folder / "validation.json"
    stored = json.loads(path.read_text())
    change(stored)
    path.write_text(json.dumps(stored))


def test_what_was_told_is_read_back(trained):
    events, settings = trained
    (told,) = [event for event in events if event["event"] == "figures"]
    read = read_validation(settings.out)
    assert read.question.task == "severity"
    assert read.scores.auc.value == told["auc"]["value"]
    assert read.scores.accuracy.lower == told["accuracy"]["interval"][0]
    assert tuple(read.kinds) == ("tree", "logistic", "best of all")
    assert [list(row) for row in read.confusion] == told["confusion"]
    assert sum(one.clips for one in read.calibration.bins) == 36
    assert [one.number for one in read.folds] == [1, 2, 3]
    assert [one.feature for one in read.importance] == list(told["importance"])
    assert len(read.answers) == read.provenance.clips == 36
    assert read.provenance.seed == settings.seed
    assert not read.provenance.stopped_early
    (beside,) = read.beside
    assert beside.expert == "severity"
    assert beside.auc.own.value == read.scores.auc.value


def test_roc_curves_rise_from_corner_to_corner(trained):
    read = read_validation(trained[1].out)
    assert [one.name for one in read.roc] == list(read.question.classes)
    shown = [one for one in read.roc if one.positives]
    assert len(shown) == 3
    for curve in shown:
        assert max(curve.points[0]) == 0
        assert min(curve.points[-1]) == 1
        assert list(curve.points) == sorted(curve.points)


def test_a_tree_can_be_followed_from_its_root(settings, model):
    tree_alone = replace(settings, kinds=("tree",))
    list(train_local(tree_alone, model, Control()))
    nodes = read_validation(settings.out).tree
    assert nodes is not None
    root = nodes[0]
    assert root.clips == 36
    assert root.words
    assert root.left is not None
    assert root.right is not None
    assert nodes[root.left].clips + nodes[root.right].clips == 36
    for node in nodes:
        assert sum(node.shares) == pytest.approx(1, abs=1e-3)


def test_clips_that_are_wrong_are_named_by_their_content(trained):
    read = read_validation(trained[1].out)
    said = {one.sha256: one for one in read.answers}
    for clip in read.wrong:
        assert clip.said != clip.label == said[clip.sha256].label
    path = trained[1].out / "validation.json"
    assert ".mp4" not in path.read_text()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.pop("schema"), "an older lusviewer"),
        (lambda s: s.update(schema=99), "'schema' should be 1"),
        (lambda s: s["figures"].pop("roc"), "'figures.roc' is missing"),
        (lambda s: s["figures"]["auc"].update(value="high"), "'figures.auc.value'"),
        (lambda s: s["figures"]["confusion"].pop(), "4 rows, one a class"),
        (lambda s: s["clips"][0].update(probabilities=[1.0]), "a list of 4 numbers"),
        (
            lambda s: s["figures"].update(
                tree=[
                    {
                        "feature": "b_lines.many",
                        "words": "many",
                        "threshold": 0.5,
                        "left": 0,
                        "right": 0,
                        "shares": [0, 0, 0, 1],
                        "clips": 3,
                    }
                ]
            ),
            "a node after 0",
        ),
    ],
)
def test_a_damaged_file_is_refused_by_the_key_that_is_wrong(copy, change, words):
    damage(copy, change)
    with pytest.raises(ManifestError, match=words):
        read_validation(copy)


def test_a_file_cut_short_is_refused(copy):
    path = copy / "validation.json"
    path.write_text(path.read_text()[:500])
    with pytest.raises(ManifestError, match="is not JSON"):
        read_validation(copy)


def test_an_expert_without_figures_is_told_as_such(tmp_path):
    with pytest.raises(ManifestError, match="came without its figures"):
        read_validation(tmp_path)


def test_keys_of_later_programs_are_passed_over(copy):
    damage(copy, lambda stored: stored["figures"].update(mood="good"))
    assert read_validation(copy).question.task == "severity"


def test_reading_needs_nothing_heavy(trained):
    code = (
        "import sys\n"
        "for name in ('torch', 'sklearn', 'onnx', 'PySide6', 'sqlalchemy'):\n"
        "    sys.modules[name] = None\n"
        "from pathlib import Path\n"
        "from lusviewer.experts.validation import read_validation\n"
        f"read_validation(Path({str(trained[1].out)!r}))\n"
        "assert 'onnxruntime' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
