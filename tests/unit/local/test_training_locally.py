"""An expert fitted on a library, from its labels to its use."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from lusviewer.cancel import Cancelled
from lusviewer.errors import LibraryError, ModelError, TrainingError
from lusviewer.experts import open_expert
from lusviewer.library import open_library
from lusviewer.training.local.control import Control
from lusviewer.training.local.run import train_local
from lusviewer.training.local.samples import INPUTS
from tests.unit.local.conftest import relabel


def run(settings, model):
    return list(train_local(settings, model, Control()))


def of_kind(events, kind):
    return [event for event in events if event["event"] == kind]


def test_separable_labels_give_an_expert_that_can_be_opened(trained, model):
    events, settings = trained
    (figures,) = of_kind(events, "figures")
    assert figures["auc"]["value"] > 0.95
    assert figures["auc"]["interval"][0] <= figures["auc"]["value"]
    assert np.sum(figures["confusion"]) == 36
    assert sum(fold["clips"] for fold in figures["folds"]) == 36
    assert next(iter(figures["importance"])) in {
        "b_lines.many",
        "measured.b_line_count_max",
    }
    assert events[-1]["event"] == "expert"
    expert = open_expert(settings.out)
    assert expert.manifest.model_sha256 == model.sha256
    assert expert.manifest.target == "severity"
    stored = json.loads((settings.out / "validation.json").read_text())
    assert len(stored["clips"]) == 36
    assert stored["provenance"]["raters"] == ["anna"]
    assert model.sha256 in (settings.out / "MODEL_CARD.md").read_text()


def test_labels_without_meaning_give_chance_on_left_out_patients(
    own_study, settings, model
):
    rng = np.random.default_rng(5)
    with open_library(own_study) as library:
        grades = [str(rng.integers(2)) for _ in range(36)]
        relabel(library, "severity", dict(enumerate(grades, 1)))
    changed = replace(settings, library=own_study, kinds=("logistic",))
    (figures,) = of_kind(run(changed, model), "figures")
    low, high = figures["auc"]["interval"]
    assert low < 0.6
    assert figures["auc"]["value"] < 0.8
    assert len(figures["wrong"]) > 5
    assert high > low


def test_the_same_seed_gives_the_same_expert(trained, settings, model):
    run(settings, model)
    both = (trained[1], settings)
    heads = [(one.out / "head.onnx").read_bytes() for one in both]
    assert heads[0] == heads[1]


def test_the_expert_stands_beside_the_one_in_use(trained):
    (figures,) = of_kind(trained[0], "figures")
    (beside,) = figures["side_by_side"]
    assert beside["expert"] == "severity"
    difference = beside["auc"]["difference"]
    own, rival = beside["auc"]["own"], beside["auc"]["rival"]
    assert difference["value"] == pytest.approx(own["value"] - rival["value"], abs=2e-3)
    assert difference["interval"][0] <= difference["value"] <= difference["interval"][1]


def test_a_finding_is_compared_with_the_model_itself(settings, model):
    asked = replace(settings, task="finding.b_lines", kinds=("tree",))
    (figures,) = of_kind(run(asked, model), "figures")
    assert [one["expert"] for one in figures["side_by_side"]] == ["the model itself"]


def test_all_inputs_together_make_an_expert(settings, model):
    inputs = ("biomarkers", "measured", "embedding", "clinical")
    run(replace(settings, inputs=inputs, kinds=("tree",)), model)
    names = open_expert(settings.out).manifest.feature_names
    assert {"clinical.age", "embedding.mean.000", "b_lines.many"} <= set(names)


@pytest.mark.parametrize("name", INPUTS)
def test_each_kind_of_input_alone_makes_an_expert(name, settings, model):
    run(replace(settings, inputs=(name,), kinds=("logistic", "mlp")), model)
    names = open_expert(settings.out).manifest.feature_names
    starts = {
        "measured": "measured.",
        "embedding": "embedding.",
        "clinical": "clinical.",
    }
    assert names
    for other, start in starts.items():
        assert any(n.startswith(start) for n in names) == (other == name)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"task": "cheerfulness"}, LibraryError, "no task 'cheerfulness'"),
        ({"kinds": ("oracle",)}, TrainingError, "no kind of expert oracle"),
        ({"folds": 1}, TrainingError, "no patient to test on"),
        ({"name": "../mine"}, ModelError, "'../mine' cannot name an expert"),
        ({"task": "diagnosis"}, TrainingError, "0 clips have a label"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_any_work(
    changes, error, words, settings, model
):
    with pytest.raises(error, match=words):
        run(replace(settings, **changes), model)
    assert not settings.out.exists()


def test_a_folder_that_is_there_is_never_overwritten(settings, model):
    settings.out.mkdir()
    with pytest.raises(TrainingError, match="is there already"):
        run(settings, model)


def test_cancelling_leaves_no_trace(settings, model):
    control = Control()
    before = sorted(settings.out.parent.iterdir())
    events = train_local(replace(settings, kinds=("tree",)), model, control)
    for event in events:
        if event["event"] == "figures":
            control.cancel.cancel()
            break
    with pytest.raises(Cancelled):
        next(events)
    assert sorted(settings.out.parent.iterdir()) == before


def test_a_polite_kill_leaves_no_trace(study, bundle, tmp_path):
    command = [sys.executable, "-m", "lusviewer", "train", "expert"]
    command += ["--task", "severity", "--library", str(study), "--model", str(bundle)]
    command += ["--out", str(tmp_path / "expert"), "--store", str(tmp_path / "store")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "progress":
                process.send_signal(signal.SIGTERM)
                break
        rest = process.stdout.read()
    assert process.returncode == 130
    assert json.loads(rest.splitlines()[-1]) == {"event": "stopped"}
    assert not list(tmp_path.iterdir())
