"""The installed command, run as a person runs it."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.bundles import make_bundle
from tests.small_clips import write_dicom, write_png, write_video

COMMAND = Path(sys.executable).parent / "lusviewer"
_BLAS = "OPENBLAS_NUM_THREADS"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("models") / "tiny")


def run(*arguments: object, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(COMMAND), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
    )


def test_a_folder_with_good_and_bad_files_is_analysed_as_far_as_it_goes(
    bundle: Path, tmp_path: Path
) -> None:
    exam, out = tmp_path / "exam", tmp_path / "out"
    (exam / "nested").mkdir(parents=True)
    write_dicom(exam / "cine.dcm")
    write_video(exam / "nested" / "cine.avi")
    write_png(exam / "still.png")
    (exam / "cut.dcm").write_bytes((exam / "cine.dcm").read_bytes()[:5000])
    (exam / "notes.txt").write_text("no clip\n", encoding="utf-8")

    ended = run("analyse", exam, "--out", out, "--model", bundle)
    assert ended.returncode == 1, ended.stderr
    assert "cut.dcm" in ended.stderr
    assert "Traceback" not in ended.stderr
    with (out / "index.csv").open(encoding="utf-8", newline="") as file:
        rows = {Path(row["path"]).name: row for row in csv.DictReader(file)}
    good = {"cine.dcm", "cine.avi", "still.png"}
    assert {name for name, row in rows.items() if row["status"] == "ok"} == good
    assert rows["cut.dcm"]["error"]
    for name in good:
        report = json.loads((out / f"{name}.json").read_text(encoding="utf-8"))
        assert report["clip"]["path"].endswith(name)
        assert report["model"]["provider"] == "CPUExecutionProvider"
        assert (out / f"{name}.csv").is_file()


def test_two_runs_give_the_same_numbers(bundle: Path, tmp_path: Path) -> None:
    clip = write_video(tmp_path / "cine.avi", n_frames=40)
    reports = []
    for n in "12":
        out = tmp_path / n
        assert run("analyse", clip, "--out", out, "--model", bundle).returncode == 0
        report = json.loads((out / "cine.avi.json").read_text(encoding="utf-8"))
        del report["created_utc"]
        reports.append((report, (out / "cine.avi.csv").read_bytes()))
    assert reports[0] == reports[1]


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_interrupting_keeps_what_is_done_and_leaves_nothing_half_written(
    bundle: Path, tmp_path: Path
) -> None:
    exam, out = tmp_path / "exam", tmp_path / "out"
    exam.mkdir()
    first = write_dicom(exam / "00.dcm", n_frames=30)
    for n in range(1, 60):
        shutil.copy(first, exam / f"{n:02}.dcm")
    running = subprocess.Popen(
        [
            COMMAND,
            "analyse",
            exam,
            "--formats=json,mp4",
            "--out",
            out,
            "--model",
            bundle,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert running.stdout is not None
    assert "30 frames" in running.stdout.readline()
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Interrupted." in said
    assert "Traceback" not in said
    with (out / "index.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    done = [row for row in rows if row["status"] == "ok"]
    assert 1 <= len(done) < 60
    assert all((out / row["report"]).is_file() for row in done)
    assert [p.name for p in out.iterdir() if p.name.endswith(".part")] == []


@pytest.mark.slow
def test_the_models_that_ship_give_the_numbers_stored_for_them() -> None:
    ended = run("--selftest", timeout_s=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_help_is_there_for_every_command() -> None:
    for words in ([], ["analyse"], ["info"], ["models"], ["doctor"]):
        ended = run(*words, "--help")
        assert ended.returncode == 0
        assert "usage: lusviewer" in ended.stdout


def test_the_program_can_be_started_as_a_module() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "lusviewer", "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ended.stdout.startswith("lusviewer ")


_THREADS = """
import json, sys
from lusviewer.__main__ import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
import numpy
from threadpoolctl import threadpool_info
print(json.dumps([one["num_threads"] for one in threadpool_info()]))
"""


@pytest.mark.skipif(sys.platform == "darwin", reason="numpy's products are Apple's")
@pytest.mark.parametrize(("chosen", "threads"), [({}, 1), ({_BLAS: "2"}, 2)])
def test_commands_multiply_in_one_thread_where_nobody_chose_more(
    chosen: dict[str, str], threads: int
) -> None:
    if threads > (os.cpu_count() or 1):
        pytest.skip("one processor")
    environment = {key: of for key, of in os.environ.items() if key != _BLAS}
    done = subprocess.run(
        [sys.executable, "-c", _THREADS, "queue", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=environment | chosen,
    )
    assert set(json.loads(done.stdout.splitlines()[-1])) == {threads}


def test_the_window_takes_its_own_picture(tmp_path: Path) -> None:
    clip = write_dicom(tmp_path / "cine.dcm")
    picture = tmp_path / "window.png"
    ended = run("--screenshot", picture, "--size", "1280x800", clip, timeout_s=120)
    assert ended.returncode == 0, ended.stderr
    pixels = cv2.imread(str(picture))
    assert pixels is not None
    assert pixels.shape == (800, 1280, 3)
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 200
