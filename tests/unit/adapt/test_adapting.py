"""The model adapted to a library: what is learned, judged, written, and stopped."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from lusviewer.analysis.whole import analyse_whole
from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.errors import LibraryError, TrainingError
from lusviewer.inference import open_bundle
from lusviewer.io import open_clip
from lusviewer.library import Answer, open_library
from lusviewer.training.adapt import command
from lusviewer.training.adapt.call import call_of
from lusviewer.training.adapt.run import Going, adapt, check_only
from lusviewer.training.adapt.study import read_study, wary
from lusviewer.training.adapt.study import told as told_of
from lusviewer.training.local.chosen import Only, read_only
from lusviewer.training.local.control import Control
from lusviewer.training.local.samples import NOT_CHOSEN
from tests.unit.adapt.conftest import PATIENTS, of_kind, run


@pytest.fixture
def temporal(settings, tmp_path):
    """A temporal head adapted without any stop."""
    return run(replace(settings, out=tmp_path / "whole")), tmp_path / "whole"


def graphs_of(folder):
    return [(folder / name).read_bytes() for name in ("frame.onnx", "temporal.onnx")]


def curve_of(folder):
    return json.loads((folder / "adaptation.json").read_text("utf-8"))["fractions"]


def settings_of(words):
    """Return what the command line makes of ``words``."""
    return command._settings(command._parser().parse_args(words))


def interrupted(settings, event, **going):
    """Cancel at the first ``event``, then return."""
    control = Control()
    events = adapt(settings, Going(control, **going))
    for told in events:
        if told["event"] == event:
            control.cancel.cancel()
            break
    with pytest.raises(Cancelled):
        list(events)


def test_the_temporal_head_becomes_a_bundle_that_opens_and_answers(
    temporal, bundle, study
):
    events, folder = temporal
    assert events[0]["event"] == "clips"
    assert events[-1]["event"] == "model"
    assert events[-1]["folder"] == str(folder)
    opened = open_bundle(folder, device="cpu")
    assert opened.manifest.name == "random-temporal"
    frame, head = graphs_of(folder)
    assert frame == (bundle / "frame.onnx").read_bytes()
    assert head != (bundle / "temporal.onnx").read_bytes()
    with open_library(study) as library:
        path = library.clips.get(1).path
    with open_clip(path) as clip:
        _, report = analyse_whole(clip, opened, (), CancelToken())
    assert report.model.sha256 == opened.identity.sha256
    card = (folder / "MODEL_CARD.md").read_text("utf-8")
    assert open_bundle(bundle, device="cpu").identity.sha256 in card
    assert "abstain" in card


def test_both_arms_are_judged_on_the_same_patients_who_taught_neither(temporal):
    events, _ = temporal
    (clips,), (found,) = of_kind(events, "clips"), of_kind(events, "fractions")
    asked = found["questions"]["b_lines"]
    assert asked["tested_patients"] == clips["parts"]["test"]["patients"]
    assert sum(asked["of_each_class"]) == clips["parts"]["test"]["clips"]
    arms = asked["arms"]
    assert [row["fraction"] for row in arms["base"]] == [0.1, 0.25, 0.5, 1.0]
    for before, after in zip(arms["base"], arms["adapted"], strict=True):
        assert before["patients"] == after["patients"]
        assert "auc_above_base" in after
    taught = (
        clips["parts"]["learn"]["patients"] + clips["parts"]["validation"]["patients"]
    )
    assert arms["base"][-1]["patients"] == taught
    assert found["verdict"].endswith(".")
    assert {"base", "adapted", "auc_above_base"} <= asked["own_answer"].keys()


@pytest.mark.parametrize(
    "changes",
    [
        {"what": "temporal", "steps": 6},
        {"what": "temporal", "steps": 4, "task": "severity", "cuts": (2.0,)},
        {"what": "block", "steps": 2, "checkpoint_every": 1},
        {"what": "pretrain", "steps": 2, "checkpoint_every": 1},
        {
            "what": "pretrain",
            "steps": 2,
            "checkpoint_every": 1,
            "method": "frame-order",
        },
    ],
    ids=["temporal", "severity", "block", "uscl", "frame-order"],
)
def test_a_run_that_was_stopped_ends_as_one_that_was_not(changes, settings, tmp_path):
    whole = replace(settings, out=tmp_path / "whole", **changes)
    stopped = replace(whole, out=tmp_path / "stopped")
    run(whole)
    interrupted(stopped, "checkpoint")
    assert not stopped.out.exists()
    run(stopped, resume=True)
    assert graphs_of(whole.out) == graphs_of(stopped.out)
    assert curve_of(whole.out) == curve_of(stopped.out)
    assert not list((settings.library / "adapting").iterdir())


def test_a_run_that_was_killed_goes_on_from_its_checkpoint(
    settings, study, bundle, tmp_path
):
    command = [sys.executable, "-m", "lusviewer", "train", "adapt"]
    command += ["--what", "temporal", "--task", "finding.b_lines", "--steps", "40"]
    command += ["--checkpoint-every", "10", "--library", str(study)]
    command += ["--model", str(bundle)]
    killed = [*command, "--out", str(tmp_path / "killed")]
    with subprocess.Popen(killed, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "checkpoint":
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "killed").exists()
    for extra in ([*killed, "--resume"], [*command, "--out", str(tmp_path / "whole")]):
        done = subprocess.run(extra, capture_output=True, text=True, check=True)
        assert json.loads(done.stdout.splitlines()[-1])["event"] == "model"
    assert graphs_of(tmp_path / "killed") == graphs_of(tmp_path / "whole")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"task": "severity", "cuts": (2.0,), "certainty": 1 / 3, "seed": 7},
        {"rater": "anna", "name": "-mine", "threads": 2, "cache_bytes": 3 * 2**30},
        {"only": Only(patients=("P00", "P01", "P02"), zones=("8:R1",))},
        {"only": Only(numbers=(range(1, 4), range(7, 8)))},
        {"what": "pretrain", "method": "frame-order", "task": None},
    ],
    ids=["plain", "cut", "rater", "patients", "numbers", "pretrain"],
)
def test_the_call_beside_a_checkpoint_asks_for_the_same(changes, settings, study):
    usual = {"look_every": 25, "patience": 6, "draws": 20}
    asked = replace(settings, **(usual | changes))
    with open_library(study) as library:
        known = read_study(library, replace(settings, only=Only()))
    words = call_of(asked, known)
    assert words[:2] == ("train", "adapt")
    again = settings_of([*words[2:], "--library", str(study)])
    assert again == asked


def test_clips_that_were_named_by_file_are_asked_for_by_number(settings, study):
    named = Only(names=tuple(f"{number}-0.avi" for number in range(PATIENTS)))
    settings = replace(settings, only=named)
    with open_library(study) as library:
        known = read_study(library, settings)
    words = call_of(settings, known)
    again = settings_of([*words[2:], "--library", str(study)])
    assert known.chosen is not None
    numbers = {number for run in again.only.numbers for number in run}
    assert numbers == known.chosen.clips
    with open_library(study) as library:
        same = read_study(library, again)
    assert same.labels_sha256 == known.labels_sha256


def test_a_run_goes_on_by_the_call_beside_its_checkpoint(own_study, settings, capsys):
    usual = {"look_every": 25, "patience": 6, "draws": 20}
    settings = replace(settings, library=own_study, steps=4, **usual)
    interrupted(settings, "checkpoint")
    (file,) = (own_study / "adapting").glob("*/run.json")
    told = json.loads(file.read_text())
    assert (told["title"], told["step"], told["total"]) == ("B-lines: temporal", 2, 4)
    words = [*told["arguments"][2:], "--library", str(own_study), "--resume"]
    assert command.main(words) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert of_kind(events, "model")[0]["folder"] == str(settings.out)
    assert [event["step"] for event in of_kind(events, "checkpoint")] == [4]
    assert not list((own_study / "adapting").iterdir())


def test_cancelling_leaves_a_checkpoint_but_no_bundle(settings):
    interrupted(settings, "checkpoint")
    assert not settings.out.exists()
    (kept,) = (settings.library / "adapting").iterdir()
    assert (kept / "state.npz").is_file()
    shutil.rmtree(kept)


def test_cancelling_leaves_nothing_where_that_was_asked_for(settings):
    interrupted(settings, "checkpoint", drop=True)
    assert not list((settings.library / "adapting").iterdir())


def test_cancelling_while_it_is_judged_leaves_no_bundle(settings):
    interrupted(settings, "fractions")
    assert not list(settings.out.parent.glob("*adapted*"))
    assert not list(settings.out.parent.glob(".*.part"))
    (model,) = of_kind(run(settings, resume=True), "model")
    assert model["folder"] == str(settings.out)


def test_stopping_before_anything_was_learned_is_cancelling(settings):
    control = Control()
    events = adapt(settings, Going(control))
    next(events)
    control.stop.cancel()
    with pytest.raises(Cancelled):
        list(events)
    assert not settings.out.exists()


def test_stopping_keeps_the_best_so_far(settings):
    control, events = Control(), []
    for event in adapt(replace(settings, steps=500), Going(control)):
        events.append(event)
        if event["event"] == "curve":
            control.stop.cancel()
    (kept,) = of_kind(events, "kept")
    assert kept["what"].startswith("stopped early")
    assert len(of_kind(events, "curve")) == 1
    training = json.loads((settings.out / "adaptation.json").read_text())["training"]
    assert training["steps"] == 2
    assert training["best_step"] == 2
    assert events[-1]["event"] == "model"


def test_it_ends_where_the_validation_patients_gain_nothing_any_more(settings):
    events = run(replace(settings, steps=400, look_every=1, patience=2))
    (kept,) = of_kind(events, "kept")
    assert "no gain" in kept["what"]
    training = json.loads((settings.out / "adaptation.json").read_text())["training"]
    values = [value for _, _, value in training["history"]]
    assert training["validation_best"] == min(values)
    assert training["steps"] == training["best_step"] + 2 < 400


def test_going_on_with_other_labels_is_refused(own_study, settings):
    settings = replace(settings, library=own_study)
    interrupted(settings, "checkpoint")
    with open_library(own_study) as library:
        library.labels.give(Answer(1, "finding.b_lines", "yes", "anna"))
    with pytest.raises(TrainingError, match="no checkpoint"):
        run(settings, resume=True)


def test_a_file_that_is_broken_is_passed_over_and_told(own_study, settings, tmp_path):
    with open_library(own_study) as library:
        clip = library.clips.get(3)
    broken = shutil.copyfile(clip.path, tmp_path / "kept.avi")
    cached = own_study / "cache"
    shutil.rmtree(cached, ignore_errors=True)
    try:
        clip.path.write_bytes(b"nothing")
        events = run(replace(settings, library=own_study))
    finally:
        shutil.copyfile(broken, clip.path)
    (warning,) = [
        event
        for event in of_kind(events, "warning")
        if event["message"].startswith("Passed over")
    ]
    assert clip.path.name in warning["message"]
    provenance = json.loads((settings.out / "adaptation.json").read_text())
    assert provenance["provenance"]["left_out"] == {"could not be read": 1}


def test_a_clip_that_is_gone_is_left_out_and_counted(own_study, settings):
    with open_library(own_study) as library:
        library.clips.get(5).path.rename(own_study / "elsewhere.avi")
        try:
            study = read_study(library, settings)
        finally:
            (own_study / "elsewhere.avi").rename(library.clips.get(5).path)
    assert study.left_out == {"the file is missing": 1}
    assert len(study.clips) == 12


def test_pretraining_never_sees_a_tested_patient(settings, study):
    with open_library(study) as library:
        asked = read_study(library, replace(settings, what="pretrain", task=None))
    names = np.array(asked.patients)
    parts = [set(names[asked.rows(p)]) for p in ("learn", "validation", "test")]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 10
    assert {question.name for question in asked.questions} == {
        "b_lines",
        "severity_2_or_more",
    }


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"task": "cheerfulness"}, LibraryError, "no task 'cheerfulness'"),
        ({"task": None}, TrainingError, "which is not said"),
        ({"task": "severity"}, TrainingError, "4 answers"),
        ({"task": "finding.effusion"}, TrainingError, "0 patients"),
        ({"steps": 0}, TrainingError, "at least one step"),
        ({"cache_bytes": 1000}, TrainingError, "GiB of cache"),
    ],
)
def test_what_cannot_be_adapted_is_refused_before_any_work(
    changes, error, words, settings
):
    with pytest.raises(error, match=words):
        run(replace(settings, **changes))
    assert not settings.out.exists()


def test_too_few_patients_are_refused_with_what_is_needed(settings, own_study):
    with open_library(own_study) as library:
        gone = [c for c in library.clips.all() if c.patient >= "P09"]
        library.labels.give(
            *(Answer(clip.id, "finding.b_lines", None, "anna") for clip in gone)
        )
    with pytest.raises(TrainingError, match=r"4 patients .* 5 are needed"):
        run(replace(settings, library=own_study))


def test_a_bundle_of_another_kind_is_refused(settings, tmp_path):
    from tests.bundles import make_bundle

    other = make_bundle(tmp_path / "tiny", experts=False)
    with pytest.raises(TrainingError, match="not a graph of this network"):
        run(replace(settings, bundle=other))


def test_checking_trains_nothing_and_says_how_long_it_takes(settings):
    before = sorted(settings.library.iterdir())
    events = list(check_only(settings, Going(Control())))
    assert {event["event"] for event in events} <= {"clips", "warning", "checked"}
    assert events[-1]["event"] == "checked"
    assert events[-1]["seconds"] > 0
    after = {path.name for path in settings.library.iterdir()}
    assert after - {path.name for path in before} <= {"cache"}


@pytest.mark.parametrize("what", ["temporal", "pretrain"])
def test_only_the_clips_chosen_take_part(settings, what):
    with open_library(settings.library) as library:
        every = read_study(library, replace(settings, what=what))
        some = replace(settings, what=what, only=read_only("1,3-13", None, None))
        study = read_study(library, some)
    assert every.chosen is None
    assert [clip.id for clip in study.clips] == [1, *range(3, 14)]
    assert study.left_out == {NOT_CHOSEN: 1}
    assert told_of(study)["chosen"]["clips"] == 12
    assert not [words for words in wary(study) if NOT_CHOSEN in words]
    assert study.labels_sha256 != every.labels_sha256
    assert "only" not in some.plain()


def test_card_and_figures_say_how_clips_were_chosen_but_name_none(settings):
    run(replace(settings, only=read_only("1,3-13", None, None)))
    told = json.loads((settings.out / "adaptation.json").read_text("utf-8"))
    chosen = told["provenance"]["chosen"]
    assert (chosen["clips"], chosen["of"]) == (12, 13)
    assert chosen["sha256"] in (settings.out / "MODEL_CARD.md").read_text("utf-8")
