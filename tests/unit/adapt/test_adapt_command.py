"""``lusviewer train adapt`` as a child process: what it says, obeys and returns."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

COMMAND = (sys.executable, "-m", "lusviewer", "train", "adapt")


@pytest.fixture
def call(study, bundle):
    """What every call here has in common."""
    asked = ["--what", "temporal", "--task", "finding.b_lines"]
    return [*COMMAND, *asked, "--library", str(study), "--model", str(bundle)]


def test_a_line_on_its_input_stops_it_and_keeps_the_best(call, tmp_path):
    out = tmp_path / "adapted"
    command = [*call, "--out", str(out), "--steps", "5000", "--control"]
    events = []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        for line in process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == "curve" and not process.stdin.closed:
                process.stdin.write("stop\n")
                process.stdin.close()
    assert process.returncode == 0
    names = [event["event"] for event in events]
    assert names[0] == "clips"
    assert names.index("kept") < names.index("fractions") < names.index("model")
    assert names[-1] == "model"
    assert (out / "manifest.json").is_file()


def test_what_cannot_be_is_told_as_an_event_and_by_the_status(call, tmp_path):
    command = [*call, "--out", str(tmp_path), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["event"] == "error"
    assert "is there already" in told["message"]
    assert told["hint"]


def test_a_wrong_call_is_refused_with_its_own_status(call):
    command = [*call, "--what", "magic"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert not done.stdout


def refused(call, *words):
    done = subprocess.run([*call, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["message"] in done.stderr
    return told["message"]


def test_what_the_library_does_not_have_is_refused_by_name(call, study, tmp_path):
    assert "no task 'mood'" in refused(call, "--task", "mood", "--check")
    assert "'nobody'" in refused(call, "--rater", "nobody", "--check")
    assert "no patient nobody" in refused(call, "--patients", "nobody", "--check")
    assert "no clip 9999" in refused(call, "--clips", "9999", "--check")
    assert "parted at nan" in refused(call, "--cut", "nan", "--check")
    assert "0 threads do no work" in refused(call, "--threads", "0", "--check")
    assert "-1 is no seed" in refused(call, "--seed", "-1", "--check")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert "no library in" in refused(call, "--library", str(elsewhere), "--check")
    assert not list(elsewhere.iterdir())
