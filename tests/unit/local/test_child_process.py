"""``lusviewer train expert`` as another program starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager

import pytest

from lusviewer.library import open_library
from lusviewer.training.local.control import Control
from lusviewer.training.local.lock import LOCK, WAITING, held, wait_for_turn
from tests.bundles import make_bundle
from tests.unit.local.conftest import relabel

EXPERT = [sys.executable, "-m", "lusviewer", "train", "expert"]


@pytest.fixture
def command(own_study, bundle, tmp_path):
    places = {"--library": own_study, "--model": bundle}
    places |= {"--out": tmp_path / "expert", "--store": tmp_path / "store"}
    named = [str(part) for pair in places.items() for part in pair]
    return [*EXPERT, "--task", "severity", *named, "--folds", "3"]


def said(command):
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def started(command):
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        yield process


def lines(process):
    for line in process.stdout:
        yield json.loads(line)


def tell(process, word):
    process.stdin.write(f"{word}\n")
    process.stdin.flush()


def kinds(events):
    return [event["event"] for event in events]


def test_a_check_fits_nothing_and_loads_nothing_that_fits(command, tmp_path):
    code = (
        "import sys\n"
        "from lusviewer.training.local.command import main\n"
        f"status = main({[*command[5:], '--check']!r})\n"
        "heavy = {'torch', 'sklearn', 'onnx', 'scipy', 'onnxruntime'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "sys.exit(status)\n"
    )
    status, events = said([sys.executable, "-c", code])
    assert status == 0
    assert kinds(events)[0] == "clips"
    assert kinds(events)[-1] == "checked"
    assert set(kinds(events)) <= {"clips", "warning", "checked"}
    assert not (tmp_path / "expert").exists()


def test_a_check_tells_every_problem_by_itself(command, own_study):
    with open_library(own_study) as library:
        relabel(library, "severity", {1: "3"})
        values = dict.fromkeys(range(2, 37), "1") | {2: "0"}
        relabel(library, "severity", values)
    status, events = said([*command, "--check"])
    assert status == 1
    wrong = [event for event in events if event["event"] == "error"]
    assert ["'0'" in one["message"] for one in wrong] == [True, False]
    assert "'3'" in wrong[1]["message"]
    assert all(one["hint"] for one in wrong)
    assert "checked" not in kinds(events)


def test_a_number_without_cuts_is_told_with_cuts_that_would_do(command):
    asked = ["s_f" if part == "severity" else part for part in command]
    status, events = said([*asked, "--check"])
    assert status == 1
    (wrong,) = events
    assert "is a number" in wrong["message"]
    assert wrong["cuts"] == [275.0]
    assert "--cut 275" in wrong["hint"]
    status, events = said([*asked, "--check", "--cut", "275"])
    assert (status, kinds(events)[-1]) == (0, "checked")


def test_a_library_that_was_never_analysed_is_told_what_to_do(command, tmp_path):
    other = make_bundle(tmp_path / "other", version="9.9.9")
    status, events = said([*command, "--check", "--model", str(other)])
    assert status == 1
    (wrong,) = events
    assert "None of the 36 labelled clips" in wrong["message"]
    assert "9.9.9" in wrong["message"]
    assert "Analyse the library" in wrong["hint"]


def test_what_is_not_installed_is_told_after_the_labels(command):
    code = (
        "import sys\n"
        "sys.modules['torch'] = None\n"
        "from lusviewer import cli\n"
        "sys.exit(cli.main(['train', 'expert', *sys.argv[1:]]))\n"
    )
    status, events = said([sys.executable, "-c", code, *command[5:], "--check"])
    assert status == 1
    assert kinds(events)[0] == "clips"
    assert "needs torch" in events[-1]["message"]
    assert "lusviewer[training]" in events[-1]["hint"]
    status, events = said([sys.executable, "-c", code, *command[5:]])
    assert (status, kinds(events)) == (1, ["error"])


def test_a_viewer_without_training_says_so_to_who_started_it(command):
    code = (
        "import sys\n"
        "sys.modules['torch'] = sys.modules['lusviewer.training.train'] = None\n"
        "from lusviewer import cli\n"
        "sys.exit(cli.main(['train', 'expert', *sys.argv[1:]]))\n"
    )
    status, events = said([sys.executable, "-c", code, *command[5:]])
    assert (status, kinds(events)) == (1, ["error"])
    assert "pip install" in events[0]["hint"]


def test_stop_on_standard_input_keeps_what_is_done(command, tmp_path):
    order = [*command, "--control", "--kind", "tree,forest,mlp"]
    events = []
    with started(order) as process:
        for event in lines(process):
            events.append(event)
            if event["event"] == "kind" and event["kind"] == "tree":
                tell(process, "stop")
    assert process.returncode == 0
    assert kinds(events)[-3:] == ["kept", "figures", "expert"]
    assert events[-2]["kind"] == "tree"
    assert (tmp_path / "expert" / "validation.json").is_file()


def test_cancel_on_standard_input_leaves_no_trace(command, own_study, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    with started([*command, "--control"]) as process:
        last = {}
        for event in lines(process):
            if event["event"] == "progress" and event["total"]:
                tell(process, "cancel")
            last = event
    assert process.returncode == 130
    assert last == {"event": "stopped"}
    files = {path for path in tmp_path.rglob("*") if "library.db" not in path.name}
    assert files <= set(before)


def test_the_second_training_waits_for_the_first(command, own_study):
    lock = next(_waited(own_study))
    with started([*command, "--kind", "tree"]) as process:
        events = lines(process)
        with held(lock):
            first = next(events)
            assert (first["event"], first["what"]) == ("progress", WAITING)
        assert kinds(list(events))[-1] == "expert"
    assert process.returncode == 0
    assert not (own_study / LOCK).exists()


def _waited(folder):
    """Yield the lock that was waited for."""
    yield (yield from wait_for_turn(folder, Control()))


def test_scripts_need_not_wait(command, own_study):
    with held(next(_waited(own_study))):
        status, events = said([*command, "--no-wait"])
    assert status == 1
    assert f"process {os.getpid()}" in events[-1]["message"]


def test_one_that_waits_can_be_told_to_go(command, own_study):
    with held(next(_waited(own_study))):
        with started([*command, "--control"]) as process:
            events = lines(process)
            assert next(events)["what"] == WAITING
            tell(process, "stop")
            assert kinds(list(events))[-1] == "stopped"
        assert (own_study / LOCK).is_file()
    assert process.returncode == 130


def test_the_lock_of_a_process_that_is_no_more_is_taken_over(own_study):
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    stale = {"pid": process.pid, "began": 1.0}
    (own_study / LOCK).write_text(json.dumps(stale))
    lock = next(_waited(own_study))
    assert json.loads(lock.read_text())["pid"] == os.getpid()
    with held(lock):
        pass
    assert not list(own_study.glob("*lock*"))


def test_an_id_given_again_to_another_process_is_no_holder(own_study):
    stale = {"pid": os.getpid(), "began": 1.0}
    (own_study / LOCK).write_text(json.dumps(stale))
    lock = next(_waited(own_study))
    assert json.loads(lock.read_text())["began"] > 1.0
    lock.unlink()


def test_a_lock_that_was_never_written_to_the_end_is_taken_over(own_study):
    path = own_study / LOCK
    path.write_text("")
    os.utime(path, (1, 1))
    lock = next(_waited(own_study))
    assert json.loads(lock.read_text())["pid"] == os.getpid()
    lock.unlink()
