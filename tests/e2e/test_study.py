"""A study from the first clip to an expert in use, by the installed command alone."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import pytest

from tests.bundles import make_bundle
from tests.small_clips import write_png

COMMAND = str(Path(sys.executable).parent / "lusviewer")
PATIENTS, CLIPS = 8, 2


def picture(path: Path, n_b_lines: int, mark: int) -> None:
    """Write a picture of its own: the same content twice would be one clip."""
    pixels = cv2.imread(str(write_png(path, n_b_lines)), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    pixels[-1, -1 - mark] = 90
    cv2.imwrite(str(path), pixels)


class Study:
    """Runs the command on one library, with a model and a store of its own."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.folder = place / "study"
        self.bundle = make_bundle(place / "tiny")
        self.store = place / "store"
        homes = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
        home = {name: str(place / "home") for name in homes}
        self.environment = os.environ | home | {"LOGNAME": "anna"}

    def call(self, *words: object) -> list[str]:
        return [COMMAND, *map(str, words), "--library", str(self.folder)]

    def __call__(self, *words: object, status: int = 0) -> str:
        """Run a call, check its status, and return what it printed."""
        done = subprocess.run(
            self.call(*words),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=self.environment,
        )
        assert done.returncode == status, (words, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done.stdout

    def started(self, *words: object) -> subprocess.Popen[str]:
        """Begin a call and return the process."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            self.call(*words),
            stdout=pipe,
            stderr=pipe,
            text=True,
            env=self.environment,
        )

    def lines(self, *words: object) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self(*words).splitlines()]

    @property
    def experts(self) -> tuple[object, ...]:
        return "--model", self.bundle, "--store", self.store


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A library of 16 bright or dark pictures of 8 patients, labelled and analysed."""
    place = tmp_path_factory.mktemp("study")
    study, table = Study(place), place / "labels.csv"
    rows = [["file", "patient", "rater", "severity", "b_lines", "mood"]]
    for patient in range(PATIENTS):
        ill = patient % 2
        for clip in range(CLIPS):
            name = f"{patient}-{clip}.png"
            picture(place / name, 3 * ill + clip, patient)
            said = ["no", "yes"][ill]
            rows.append([name, f"P{patient}", "anna", str(3 * ill), said, "good"])
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    study("library", "task", "mood", "--classes", "good,bad")
    assert "16 added, 48 new labels" in study("library", "import", table)
    study("library", "analyse", "--model", study.bundle, "--quiet")
    return study


def test_an_expert_is_trained_compared_put_in_use_and_taken_out(study: Study) -> None:
    pytest.importorskip("torch")
    question = ("train", "expert", "--task", "severity", "--cut", 2, "--kind", "tree")
    asked = (*question, "--folds", 3, "--name", "grades", *study.experts)
    checked = study.lines(*asked, "--check")
    assert checked[0]["classes"] == {"below 2": 8, "2 or more": 8}
    assert checked[-1] == {"event": "checked"}
    told = study.lines(*asked)
    assert told[-1]["event"] == "expert"
    folder = Path(told[-1]["folder"])
    assert folder == study.folder / "experts" / "grades-1"

    compared = study("experts", "compare", folder, "severity", "--json", *study.experts)
    assert json.loads(compared)["of_left_out_patients"][str(folder)] == 16
    assert "16 clips judged anew" in study("experts", "promote", folder, *study.experts)
    said = study.lines("library", "list", "--predictions", "--json")
    assert len(said) == 16
    assert {"grades"} <= {one["expert"] for one in said[0]["predictions"]}
    assert "none now" in study("experts", "rollback", "grades", *study.experts)
    said = study.lines("library", "list", "--predictions", "--json")
    assert "grades" not in {one["expert"] for one in said[0]["predictions"]}
    assert json.loads(study("library", "verify", "--files", "--json"))["holds"]


def test_what_is_asked_next_can_be_labelled_and_corrected(study: Study) -> None:
    asks = study.lines("queue", "--task", "effusion", "--count", 2, "--json")
    assert [one["kind"] for one in asks] == ["ask", "ask"]
    clip = asks[0]["id"]
    # Options stand wherever they come to mind.
    study("library", "label", clip, "--rater", "bert", "effusion=yes")
    study("library", "label", clip, "effusion=no", "--rater", "bert")
    found = study.lines("library", "list", "--labelled", "effusion", "--json")
    assert [one["labels"]["finding.effusion"] for one in found] == ["no"]
    study("library", "label", clip, "effusion=", "--rater", "bert")


def test_a_wrong_name_ends_with_one_and_makes_nothing(study: Study) -> None:
    study("library", "list", "--patient", "nobody", status=1)
    study("library", "label", 999, "severity=1", status=1)
    study("train", "expert", "--task", "nope", "--check", *study.experts, status=1)
    study("experts", "promote", study.place / "no", *study.experts, status=2)
    nowhere = Study.__new__(Study)
    nowhere.__dict__.update(study.__dict__, folder=study.place / "nowhere")
    nowhere("library", "list", status=1)
    nowhere("queue", status=1)
    assert not nowhere.folder.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_of_two_trainings_one_waits_and_interrupted_it_leaves_no_trace(
    study: Study,
) -> None:
    pytest.importorskip("torch")
    asked = ("train", "expert", "--task", "severity", "--cut", 2, *study.experts)
    before = {path.name for path in study.folder.iterdir()}
    with study.started(*asked, "--name", "first") as working:
        until(study.folder / "training.lock")
        # However slow the others start, it is at work still.
        working.send_signal(signal.SIGSTOP)
        study(*asked, "--no-wait", status=1)
        with study.started(*asked, "--name", "second") as waiting:
            assert waiting.stdout is not None
            while "waiting for another training" not in waiting.stdout.readline():
                assert waiting.poll() is None
            waiting.send_signal(signal.SIGINT)
            assert waiting.wait(20) == 130
        working.send_signal(signal.SIGCONT)
        working.send_signal(signal.SIGINT)
        assert working.wait(20) == 130
    assert {path.name for path in study.folder.iterdir()} <= before | {"experts"}
    assert not list(study.folder.glob("experts/first*"))


def until(path: Path) -> None:
    ends = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < ends
        time.sleep(0.05)
