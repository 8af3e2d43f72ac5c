"""The command line, called in this process."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from lusviewer import analysis, cli, paths
from lusviewer.cli import analyse as analyse_module
from lusviewer.cli import training
from lusviewer.cli.arguments import COMMANDS
from tests.bundles import make_bundle
from tests.small_clips import write_dicom, write_png, write_video


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def exam(tmp_path: Path) -> Path:
    folder = tmp_path / "exam"
    (folder / "left").mkdir(parents=True)
    write_dicom(folder / "cine.dcm")
    write_video(folder / "cine.avi")
    write_png(folder / "left" / "cine.png")
    return folder


def index_of(out: Path) -> list[dict[str, str]]:
    with (out / "index.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def analyse(*arguments: object) -> int:
    return cli.main(["analyse", *map(str, arguments)])


def test_a_folder_is_analysed_and_each_result_is_listed(
    exam: Path, bundle: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    status = analyse(
        exam, "--out", out, "--model", bundle, "--formats", "json,csv,npz,mp4"
    )
    assert status == 0
    rows = index_of(out)
    assert {row["status"] for row in rows} == {"ok"}
    assert {row["report"] for row in rows} == {
        "cine.dcm.json",
        "cine.avi.json",
        "cine.png.json",
    }
    assert {row["frames"] for row in rows} == {"6", "1"}
    written = {path.name for path in out.iterdir()}
    kinds = ("json", "csv", "npz", "mp4")
    names = ("cine.dcm", "cine.avi", "cine.png")
    assert written == {f"{n}.{k}" for n in names for k in kinds} | {"index.csv"}
    report = json.loads((out / "cine.dcm.json").read_text(encoding="utf-8"))
    assert report["model"]["name"] == "tiny"
    assert report["measured"]["b_line_count_max"] == 3
    assert report["clip"]["pixel_spacing_mm"] == [0.2, 0.2]


def test_a_bad_file_is_named_and_the_rest_goes_on(
    exam: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = exam / "broken.avi"
    bad.write_bytes((exam / "cine.avi").read_bytes()[:200])
    out = tmp_path / "out"
    assert analyse(exam, "--out", out, "--model", bundle) == 1
    by_name = {Path(row["path"]).name: row for row in index_of(out)}
    assert by_name["broken.avi"]["status"] == "failed"
    assert by_name["broken.avi"]["error"]
    assert by_name["broken.avi"]["report"] == ""
    assert by_name["cine.dcm"]["status"] == "ok"
    assert "broken.avi" in capsys.readouterr().err


def test_clips_may_be_named_before_and_behind_the_options(
    exam: Path, bundle: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    options = ["--out", out, "--model", bundle]
    assert analyse(exam / "cine.dcm", *options, exam / "left" / "cine.png") == 0
    assert len(index_of(out)) == 2


def test_files_that_share_a_name_do_not_overwrite_each_other(
    bundle: Path, tmp_path: Path
) -> None:
    inputs = []
    for side, n_b_lines in (("left", 0), ("right", 3), ("back", 1)):
        (tmp_path / side).mkdir()
        inputs.append(write_png(tmp_path / side / "Index", n_b_lines=n_b_lines))
    out = tmp_path / "out"
    assert analyse(*inputs, "--out", out, "--model", bundle, "--quiet") == 0
    # 'Index.csv' would be the list itself on a disk that ignores case.
    reports = [row["report"] for row in index_of(out)]
    assert reports == ["Index-2.json", "Index-3.json", "Index-4.json"]
    assert (out / "Index-2.csv").is_file()


def test_results_inside_an_analysed_folder_are_no_clips(
    exam: Path, bundle: Path
) -> None:
    out = exam / "results"
    options = ("--out", out, "--model", bundle, "--formats", "mp4", "--quiet")
    assert analyse(exam, *options) == 0
    assert analyse(exam, *options) == 0
    assert len(index_of(out)) == 3


def test_results_may_lie_beside_the_clips_or_above_them(
    exam: Path, bundle: Path
) -> None:
    original = (exam / "cine.avi").read_bytes()
    (exam / "cine.mp4").write_bytes(original)
    write_png(exam / "cine")
    options = ("--model", bundle, "--formats", "json,mp4", "--quiet")
    for _ in range(2):
        assert analyse(exam, "--out", exam, *options) == 0
        names = sorted(Path(row["path"]).name for row in index_of(exam))
        assert names == ["cine", "cine.avi", "cine.dcm", "cine.mp4", "cine.png"]
    assert (exam / "cine-2.mp4").is_file()
    assert (exam / "cine.mp4").read_bytes() == original
    assert analyse(exam / "left", "--out", exam, *options) == 0
    assert len(index_of(exam)) == 1


def test_a_folder_that_cannot_be_written_to_is_told_before_the_work(
    exam: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    (out / "index.csv").mkdir(parents=True)
    assert analyse(exam, "--out", out, "--model", bundle) == 1
    assert [path.name for path in out.iterdir()] == ["index.csv"]
    assert "could not be written" in capsys.readouterr().err


def test_a_bug_met_in_one_clip_does_not_cost_the_others(
    exam: Path,
    bundle: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def summarise(clip: Any, *rest: Any) -> Any:
        if clip.identity.path.suffix == ".avi":
            msg = "out of thin air"
            raise ValueError(msg)
        return analysis.summarise(clip, *rest)

    monkeypatch.setattr(analyse_module, "summarise", summarise)
    out = tmp_path / "out"
    assert analyse(exam, "--out", out, "--model", bundle) == 1
    by_name = {Path(row["path"]).name: row for row in index_of(out)}
    assert by_name["cine.avi"]["status"] == "failed"
    assert "ValueError: out of thin air" in by_name["cine.avi"]["error"]
    assert by_name["cine.dcm"]["status"] == by_name["cine.png"]["status"] == "ok"
    assert "Traceback" in capsys.readouterr().err


def test_names_that_the_terminal_cannot_show_are_printed_somehow(
    exam: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = Path(os.fsdecode(os.fsencode(exam) + b"/caf\xe9.png"))
    try:
        write_png(exam / "x.png").rename(odd)
    except OSError:
        pytest.skip("this system has no such names")
    said = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(said, "utf-8"))
    out = tmp_path / "out"
    assert analyse(odd, "--out", out, "--model", bundle) == 0
    sys.stdout.flush()
    assert b"caf\\udce9.png" in said.getvalue()


def test_the_same_file_given_twice_is_analysed_once(
    exam: Path, bundle: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    clip = exam / "cine.dcm"
    assert analyse(clip, clip, exam, "--out", out, "--model", bundle, "--quiet") == 0
    assert len(index_of(out)) == 3


def test_nothing_to_analyse_is_a_failure(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, empty = tmp_path / "out", tmp_path / "empty"
    empty.mkdir()
    gone = tmp_path / "gone.dcm"
    assert analyse(empty, gone, "--out", out, "--model", bundle) == 1
    assert [row["status"] for row in index_of(out)] == ["failed", "failed"]
    assert "gone.dcm" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ["--model", "nowhere"],
        ["--device", "abacus"],
    ],
)
def test_a_model_or_device_that_is_not_there_is_a_wrong_call(
    options: list[str],
    exam: Path,
    bundle: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    defaults = [] if "--model" in options else ["--model", bundle]
    assert analyse(exam, "--out", tmp_path / "out", *defaults, *options) == 2
    said = capsys.readouterr().err
    assert options[1] in said


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "no command"),
        (["analyse", "x.dcm"], "--out"),
        (["analyse", "x.dcm", "--out", "o", "--formats", "json,doc"], "no format doc"),
        (["analyse", "x.dcm", "--out", "o", "--formats", ","], "at least one"),
        (["analyse", "x.dcm", "--out", "o", "--threads", "0"], "whole number"),
        (["paint"], "paint"),
    ],
)
def test_a_wrong_call_ends_with_2_and_says_why(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(argv)
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


def test_info_tells_a_person_what_a_file_is(
    exam: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["info", str(exam / "cine.dcm")]) == 0
    said = capsys.readouterr().out
    assert "6 of 224 x 224 px" in said
    assert "0.24 s at 25.00 frames/s, even" in said
    assert "0.2 x 0.2 mm/px" in said


def test_info_tells_a_program_the_same(
    exam: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["info", "--json", str(exam)]) == 0
    lines = capsys.readouterr().out.splitlines()
    by_name = {Path(d["path"]).name: d for d in map(json.loads, lines)}
    cine = by_name["cine.dcm"]
    assert cine["n_frames"] == len(cine["frame_times"]) == 6
    assert cine["transfer_syntax"]
    assert cine["photometric"] == "MONOCHROME2"
    assert cine["regions"][0]["bounds"] == [0, 0, 224, 224]
    assert by_name["cine.png"]["source"] == "image"
    wanted = {"kind", "transfer_syntax", "photometric", "regions", "warnings"}
    assert all(wanted <= described.keys() for described in by_name.values())


def test_info_of_a_file_that_is_not_there_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["info", str(tmp_path / "gone.dcm")]) == 1
    assert "gone.dcm" in capsys.readouterr().err


@pytest.fixture
def shipped(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program whose only model is the tiny bundle."""
    root = tmp_path / "program"
    shutil.copytree(bundle, root / "models" / "lus-lite")
    (root / "resources" / "samples").mkdir(parents=True)
    write_dicom(root / "resources" / "samples" / "simulated-b-lines.dcm")
    monkeypatch.setattr(sys, "_MEIPASS", str(root), raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return root


def test_models_says_what_there_is_and_whether_it_is_whole(
    shipped: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["models", "--json"]) == 0
    (bundle,) = json.loads(capsys.readouterr().out)
    assert (bundle["name"], bundle["matches"]) == ("tiny", True)
    assert {e["target"] for e in bundle["experts"]} == {"severity", "diagnosis"}
    assert cli.main(["models"]) == 0
    assert "trained on 10 clips of 5 patients" in capsys.readouterr().out


def test_models_names_a_file_that_was_changed(
    shipped: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = shipped / "models" / "lus-lite" / "frame.onnx"
    graph.write_bytes(graph.read_bytes() + b"\0")
    assert cli.main(["models"]) == 1
    assert "frame.onnx: 'sha256' should be" in capsys.readouterr().out


def checks(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    content = json.loads(capsys.readouterr().out)
    return {check["name"]: check for check in content["checks"]}


def test_the_doctor_finds_nothing_wrong_where_all_is_well(
    shipped: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["doctor", "--json"]) == 0
    found = checks(capsys)
    assert all(check["works"] for check in found.values())
    assert "runs on" in found["model"]["found"]
    assert found["device cpu"]["found"] == "available"
    assert cli.main(["doctor"]) == 0
    assert "ok   model: tiny" in capsys.readouterr().out


def test_the_doctor_fails_where_the_app_would_not_work(
    shipped: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(paths.default_bundle())
    shutil.rmtree(paths.resources() / "samples")
    assert cli.main(["doctor", "--json"]) == 1
    found = checks(capsys)
    assert not found["model"]["works"]
    assert "manifest.json" in found["model"]["found"]
    assert not found["sample"]["works"]


def test_the_selftest_compares_with_what_is_stored(
    shipped: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from lusviewer.cli.selftest import numbers

    assert cli.main(["--selftest"]) == 1
    assert "selftest.json" in capsys.readouterr().err

    identity, values = numbers(paths.default_bundle())
    stored = paths.resources() / "samples" / "selftest.json"
    stored.write_text(json.dumps({identity: values}), encoding="utf-8")
    assert cli.main(["--selftest"]) == 0

    values["b_lines"] -= 0.1
    stored.write_text(json.dumps({identity: values}), encoding="utf-8")
    assert cli.main(["--selftest"]) == 1
    assert "b_lines" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_training_without_torch_says_what_to_install(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(training, "find_spec", lambda _name: None)
    assert cli.main([command, "--whatever", "recipe"]) == 1
    assert "pip install 'lusviewer[training]'" in capsys.readouterr().err


def test_every_command_is_known_to_the_door() -> None:
    named = {"analyse", "info", "library", "queue", "models", "doctor"}
    named |= {"evaluate", "train", "experts"}
    assert named == COMMANDS
