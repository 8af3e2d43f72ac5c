"""What a library of one's own may have wrong: said, passed over, or no matter."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from lusviewer.cancel import CancelToken
from lusviewer.errors import ManifestError
from lusviewer.experts import open_expert
from lusviewer.experts.in_use import experts_in_use
from lusviewer.experts.store import ExpertStore
from lusviewer.library import open_library
from lusviewer.library.adding import check_files
from lusviewer.library.database import APPLICATION_ID, FILE
from lusviewer.library.migrations import STEPS
from lusviewer.library.predicting import refresh_predictions
from lusviewer.training.local import command
from lusviewer.training.local.control import Control
from lusviewer.training.local.run import train_local
from tests.bundles import make_tree
from tests.unit.local.conftest import CLIPS, PATIENTS, relabel, report_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Told = tuple[int, dict[str, Any], str]

ALL = PATIENTS * CLIPS


@pytest.fixture
def train(own_study, bundle, tmp_path, capsys) -> Callable[..., Told]:
    """Call the command; return its status, the last event and standard error."""

    def call(*words: str) -> Told:
        places = ["--library", str(own_study), "--model", str(bundle)]
        places += ["--store", str(tmp_path / "store")]
        quick = ["--kind", "tree", "--folds", "3"]
        status = command.main(["--task", "severity", *quick, *places, *words])
        said = capsys.readouterr()
        return status, json.loads(said.out.splitlines()[-1]), said.err

    return call


def spoil(own_study: Path, model, clips: range) -> None:
    """Let the model know nothing of clips that it yet took for assessable."""
    report = report_of(model, 1, np.random.default_rng(0))
    empty = replace(report, biomarkers={}, measured={})
    empty = replace(empty, findings=dict.fromkeys(report.findings))
    with open_library(own_study) as library:
        for clip in clips:
            library.analyses.keep(clip, empty, {})


def test_clips_of_which_nothing_is_known_do_not_stop_a_training(
    train, own_study, model, bundle, tmp_path
):
    spoil(own_study, model, range(1, 7))
    status, last, err = train()
    assert status == 0, err
    store = ExpertStore(tmp_path / "store")
    store.install(tmp_path / last["folder"])
    experts = experts_in_use(bundle, store.folder)
    with open_library(own_study) as library:
        list(
            refresh_predictions(
                library, model.sha256, experts, CancelToken(), who="anna"
            )
        )
        for clip in range(1, 7):
            for one in library.predictions.of_clip(clip):
                assert one.prediction.abstained
                assert "No value for" in one.prediction.why
        known = {one.expert.name: one for one in library.predictions.of_clip(7)}
        assert not known["severity-local"].prediction.abstained


def test_a_library_of_which_nothing_is_known_at_all_is_told(train, own_study, model):
    spoil(own_study, model, range(1, ALL + 1))
    status, last, _ = train()
    assert status == 1
    assert "None of the inputs is known of these clips" in last["message"]
    assert "Choose other inputs" in last["hint"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (dict.fromkeys(range(1, ALL + 1), "1"), "All clips are '1'"),
        (dict.fromkeys(range(4, ALL + 1)), "3 clips have a label"),
        (dict.fromkeys(range(1, ALL + 1)), "0 clips have a label"),
    ],
)
def test_labels_that_teach_nothing_are_told(train, own_study, values, words):
    with open_library(own_study) as library:
        relabel(library, "severity", values)
    status, last, _ = train()
    assert status == 1
    assert words in last["message"]
    assert last["hint"]
    assert not list((own_study / "experts").glob("*"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--task", "mood"), "no task 'mood'"),
        (("--rater", "nobody"), "is by 'nobody'"),
        (("--cut", "nan"), "parted at nan"),
        (("--cut", "1,inf"), "parted at inf"),
        (("--certainty", "7"), "certainty of 7"),
        (("--seed", "-1"), "-1 is no seed"),
        (("--patients", ""), "--patients names none"),
        (("--zones", ","), "--zones names none"),
        (("--clips", " "), "--clips names none"),
        (("--clips", "1-3"), "3 clips have a label"),
    ],
)
def test_a_call_that_cannot_be_is_told_to_programs_and_people(train, words, told):
    for check in ((), ("--check",)):
        status, last, err = train(*words, *check)
        assert status == 1
        assert last["event"] == "error"
        assert told in last["message"]
        assert last["hint"]
        assert last["message"] in err


def test_a_folder_without_a_library_is_not_made_one(train, tmp_path):
    status, last, _ = train("--library", str(tmp_path), "--check")
    assert status == 1
    assert "There is no library in" in last["message"]
    assert not (tmp_path / FILE).exists()


def test_a_place_that_cannot_be_written_to_is_told_before_the_work(train, tmp_path):
    (tmp_path / "file").write_text("no folder")
    status, last, _ = train("--out", str(tmp_path / "file" / "new"))
    assert status == 1
    assert "could not be written" in last["message"]
    status, _, err = train("--out", str(tmp_path / "not" / "yet" / "there"), "--check")
    assert status == 0, err


def test_a_finding_may_go_without_its_first_word(train, own_study):
    with open_library(own_study) as library:
        relabel(library, "finding.b_lines", dict.fromkeys(range(1, ALL + 1), "yes"))
    _, last, _ = train("--task", "b_lines", "--check")
    assert "All clips are 'yes'" in last["message"]


def test_clips_that_were_deleted_still_teach_and_are_judged(
    train, own_study, model, bundle, tmp_path
):
    with open_library(own_study) as library:
        for clip in library.clips.all():
            # Those of the library that is shared stay where they are.
            gone = (str(tmp_path / "gone" / clip.name), clip.id)
            with library.database.writing("test") as change:
                moved = "UPDATE clips SET path = ? WHERE id = ?"
                change.connection.exec_driver_sql(moved, gone)
        assert len(list(check_files(library, CancelToken(), who="anna"))) == ALL
    status, _, err = train()
    assert status == 0, err
    experts = experts_in_use(bundle, tmp_path / "store")
    with open_library(own_study) as library:
        steps = refresh_predictions(
            library, model.sha256, experts, CancelToken(), who="anna"
        )
        assert sum(len(step.clip_ids) for step in steps) == ALL
        assert all(clip.missing for clip in library.clips.all())


def newer(file: Path) -> None:
    """Make a library one of a later program, as that would."""
    with closing(sqlite3.connect(file)) as changed:
        changed.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
        assert changed.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)


def damaged(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:9000])


def foreign(file: Path) -> None:
    file.write_bytes(b"Dear diary, " * 100)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (newer, "was made by a newer lusviewer"),
        (damaged, "is damaged"),
        (foreign, "is no library"),
    ],
)
def test_a_library_that_cannot_be_opened_is_told_and_left_alone(
    train, own_study, change, words
):
    change(own_study / FILE)
    before = (own_study / FILE).read_bytes()
    status, last, err = train()
    assert status == 1
    assert last["event"] == "error"
    assert words in last["message"]
    assert last["hint"]
    assert words in err
    assert (own_study / FILE).read_bytes() == before


def test_an_expert_that_asks_for_what_was_not_kept_is_told(own_study, model, tmp_path):
    names = ["b_lines.many", "embedding.mean.900"]
    wide = open_expert(make_tree(tmp_path / "wide", feature_names=names))
    with (
        open_library(own_study) as library,
        pytest.raises(ManifestError, match=r"no value for embedding.mean.900") as told,
    ):
        list(
            refresh_predictions(
                library, model.sha256, [wide], CancelToken(), who="anna"
            )
        )
    assert told.value.hint


def test_a_library_whose_labels_are_gone_while_it_learns_is_no_harm(
    settings, model, own_study
):
    chosen = replace(settings, library=own_study, kinds=("tree",))
    events = train_local(chosen, model, Control())
    next(events)
    with open_library(own_study) as library:
        relabel(library, "severity", dict.fromkeys(range(1, ALL + 1)))
    assert [event["event"] for event in events][-1] == "expert"
