"""``lusviewer library``, called in this process."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from lusviewer import cli, paths
from lusviewer.library import Line, default_folder, open_library
from tests.bundles import make_bundle
from tests.small_clips import write_dicom

if TYPE_CHECKING:
    from pathlib import Path


class Shell:
    """Runs actions on one library and keeps what they said."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, action: str, *arguments: object) -> int:
        words = [str(word) for word in arguments]
        status = cli.main(["library", action, *words, "--library", str(self.folder)])
        self.out, self.err = self._capsys.readouterr()
        return status


@pytest.fixture
def shell(
    filled_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """A shell on a library of three clips of patient A."""
    shutil.copytree(filled_folder, tmp_path / "study")
    return Shell(tmp_path / "study", capsys)


def test_add_says_what_became_of_each_file(
    shell: Shell, exam: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.dcm").write_text("no clip")
    file = write_dicom(tmp_path / "cine.dcm", n_frames=2)
    assert shell("add", file, tmp_path / "bad.dcm", exam, "--patient", "B") == 1
    assert shell.out.strip() == "1 added, 3 known, 1 refused"
    assert "bad.dcm" in shell.err
    assert shell("list", "--patient", "B", "--json") == 0
    (clip,) = (json.loads(line) for line in shell.out.splitlines())
    assert (clip["path"], clip["patient"]) == (str(file), "B")
    assert shell("add", exam, "--quiet") == 0
    assert shell.out == ""


def test_label_list_and_verify(shell: Shell) -> None:
    said = ("b_lines=yes", "severity=2", "--spo2", 94, "--fio2", 0.4)
    assert shell("label", "clip1.png", *said, "--zone", "8:L2", "--rater", "anna") == 0
    assert shell("label", 1, "--not-assessable", "b_lines", "--rater", "ben") == 0
    assert shell("list", "--unlabelled", "severity", "--json") == 0
    left = [json.loads(line)["id"] for line in shell.out.splitlines()]
    assert left == [1, 3]
    assert shell("list", "--zone", "8:L2") == 0
    assert "finding.b_lines=yes s_f=235 severity=2" in shell.out
    assert "1 of 1 clips, 1 patient" in shell.out
    assert shell("verify", "--json") == 0
    verdict = json.loads(shell.out)
    assert verdict["holds"]
    with open_library(shell.folder) as library:
        assert verdict["head"] == library.log()[-1].hash
        raters = {label.answer.rater for label in library.labels.current()}
        assert raters == {"anna", "ben"}
    assert shell("label", 2, "severity=", "--rater", "anna") == 0
    assert "severity" not in shell.out


def test_options_may_stand_between_a_clip_and_what_is_said_of_it(shell: Shell) -> None:
    folder = str(shell.folder)
    call = ["library", "label", "clip1.png", "--library", folder, "severity=2"]
    assert cli.main([*call, "--rater", "anna", "b_lines=yes"]) == 0
    with open_library(shell.folder) as library:
        said = library.clips.find("clip1.png").labels
    assert said == {"finding.b_lines": "yes", "severity": "2"}


def test_a_task_of_ones_own_goes_out_and_in_again(
    shell: Shell, exam: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shell("task", "dyspnoea", "--classes", "none, mild, severe") == 0
    assert shell("list", "--tasks") == 0
    assert "none, mild, severe" in shell.out
    assert shell("label", 1, "dyspnoea=mild") == 0
    assert shell("export", tmp_path / "out.csv") == 0
    assert "1 rows" in shell.out
    other = Shell(tmp_path / "other", capsys)
    assert other("import", tmp_path / "out.csv") == 1
    assert "no task: dyspnoea" in other.err
    assert "lusviewer library task dyspnoea" in other.err
    assert other("task", "dyspnoea", "--classes", "none,mild,severe") == 0
    assert other("import", tmp_path / "out.csv") == 0
    assert other("list", "--labelled", "dyspnoea") == 0
    assert "dyspnoea=mild" in other.out


def test_an_import_says_how_many_labels_are_new(shell: Shell, tmp_path: Path) -> None:
    assert shell("label", 1, "severity=1", "b_lines=no", "--rater", "anna") == 0
    table = tmp_path / "out.csv"
    assert shell("export", table, "--rater", "anna") == 0
    assert shell("import", table) == 0
    assert shell.out.strip() == "1 known"
    assert shell("label", 1, "severity=2", "--rater", "anna") == 0
    assert shell("import", table) == 0
    assert shell.out.strip() == "1 known, 1 new label"


def test_lines_go_out_and_in_again(shell: Shell, tmp_path: Path) -> None:
    line = Line("pleura", ((10.0, 20.0), (30.0, 21.0)))
    with open_library(shell.folder) as library:
        library.drawings.draw(1, 0, [line], rater="anna")
    for kind in ("slicer", "ohif"):
        out = tmp_path / kind
        assert shell("export", out, "--lines", kind) == 0
        (file,) = out.glob("clip0.*")
        assert shell("import", file, "--clip", 2, "--rater", "anna") == 0
        assert "clip1.png: lines of 1 frames" in shell.out
        with open_library(shell.folder) as library:
            assert library.drawings.of_clip(2, "anna")[0].lines == (line,)


def test_corrected_biomarkers_go_out_by_rater(shell: Shell, tmp_path: Path) -> None:
    with open_library(shell.folder) as library:
        library.corrections.correct(1, {"b_lines.many": 1.0}, rater="ben")
        library.corrections.correct(2, {"b_lines.many": 0.0}, rater="carl")
    table = tmp_path / "out.csv"
    assert shell("export", "--corrections", table) == 0
    assert shell.out.strip() == f"2 rows in {table}"
    assert shell("export", "--corrections", table, "--rater", "ben") == 0
    assert shell.out.strip() == f"1 rows in {table}"
    assert ",A,ben,b_lines.many,1," in table.read_text()
    assert shell("export", "--corrections", table, "--rater", "nobody") == 1
    assert "labelled, drawn or corrected: ben, carl" in shell.err


def test_a_mistyped_folder_is_refused_and_no_library_is_made_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(tmp_path / "stduy", capsys)
    for call in (("list",), ("verify",), ("label", 1, "severity=1"), ("predict",)):
        assert shell(*map(str, call)) == 1
        assert "There is no library in" in shell.err
    assert cli.main(["queue", "--library", str(shell.folder)]) == 1
    assert "There is no library in" in capsys.readouterr().err
    assert not shell.folder.exists()


def test_a_program_is_told_of_all_clips_and_of_tasks(shell: Shell, exam: Path) -> None:
    assert shell("list", "--limit", 2) == 0
    assert "2 of 3 clips" in shell.out
    assert shell("list", "--json") == 0
    assert len(shell.out.splitlines()) == 3
    assert shell("list", "--tasks", "--json") == 0
    tasks = {one["task"]: one for one in map(json.loads, shell.out.splitlines())}
    assert tasks["severity"]["classes"] == ["0", "1", "2", "3"]
    assert (tasks["s_f"]["lowest"], tasks["s_f"]["highest"]) == (10, 500)


def test_lines_of_other_clips_go_out_though_one_is_gone(
    shell: Shell, tmp_path: Path
) -> None:
    own = write_dicom(tmp_path / "own.dcm", n_frames=2)
    assert shell("add", own, "--patient", "B") == 0
    line = Line("pleura", ((10.0, 20.0), (30.0, 21.0)))
    with open_library(shell.folder) as library:
        library.drawings.draw(4, 0, [line], rater="anna")
        library.drawings.draw(1, 0, [line], rater="anna")
    own.unlink()
    assert shell("export", tmp_path / "lines", "--lines", "slicer") == 1
    assert "own.dcm does not exist" in shell.err
    assert [file.name for file in (tmp_path / "lines").iterdir()] == ["clip0.json"]


def test_clips_are_listed_by_exam_rater_and_what_became_of_their_files(
    shell: Shell, exam: Path, tmp_path: Path
) -> None:
    def listed(*words: object) -> list[int]:
        assert shell("list", "--json", *words) == 0
        return sorted(json.loads(line)["id"] for line in shell.out.splitlines())

    assert shell("label", 1, "severity=1", "--rater", "anna") == 0
    assert shell("label", 2, "severity=1", "--rater", "ben") == 0
    assert listed("--labelled", "severity") == [1, 2]
    assert listed("--labelled", "severity", "--rater", "ben") == [2]
    assert listed("--unlabelled", "severity", "--rater", "ben") == [1, 3]
    for clip, rater in ((1, "anna"), (2, "ben")):
        assert shell("label", clip, "severity=", "--rater", rater) == 0
    assert listed("--unanalysed") == [1, 2, 3]
    assert shell("analyse", "--model", make_bundle(tmp_path / "tiny")) == 0
    assert listed("--unanalysed") == []
    with open_library(shell.folder) as library:
        said = library.predictions.of_clip(1)
    best = {one.prediction.target: one.prediction.best for one in said}["diagnosis"]
    other = "covid" if best != "covid" else "normal"
    assert shell("task", "diagnosis", "--classes", "normal,covid,other") == 0
    assert shell("label", 1, f"diagnosis={best}") == 0
    assert listed("--differing") == []
    assert shell("label", 1, f"diagnosis={other}") == 0
    assert listed("--differing") == [1]
    own = write_dicom(tmp_path / "own.dcm", n_frames=2)
    assert shell("add", own, "--patient", "B", "--exam", "May") == 0
    assert listed("--exam", "May") == [4]
    assert listed("--missing") == []
    own.unlink()
    assert shell("verify", "--files") == 1
    assert "library relocate" in shell.err
    assert listed("--missing") == [4]


def test_a_value_is_looked_for_as_it_is_kept(shell: Shell) -> None:
    assert shell("task", "rate", "--number", 0, 60) == 0
    assert shell("label", 2, "rate=22", "--spo2", 95, "--oxygen", 1) == 0
    assert "s_f=380" in shell.out
    assert shell("label", 3, "--spo2", 95, "--oxygen", 2) == 0
    assert "s_f=327.59" in shell.out
    for value in ("22", "22.0"):
        assert shell("list", "--labelled", "rate", "--value", value, "--json") == 0
        assert json.loads(shell.out)["id"] == 2


def test_thresholds_of_a_model_that_did_not_look_are_refused(
    shell: Shell, tmp_path: Path
) -> None:
    looked, other = make_bundle(tmp_path / "tiny"), make_bundle(tmp_path / "other")
    manifest = json.loads((other / "manifest.json").read_text())
    (other / "manifest.json").write_text(json.dumps(manifest | {"version": "9.9"}))
    assert shell("analyse", "--model", looked) == 0
    for clip in (1, 2):
        assert shell("label", clip, "a_lines=yes", "--rater", "anna") == 0
    compared = ("agreement", "--raters", "anna,model", "--model")
    assert shell(*compared, looked) == 0
    assert shell(*compared, other) == 1
    assert "9.9" in shell.err
    assert "did not look last" in shell.err
    assert shell(*compared, tmp_path / "nowhere") == 2
    assert "nowhere" in shell.err


def test_moved_files_are_told_of_and_found_again(
    shell: Shell, exam: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    shutil.copytree(exam, own)
    (own / "clip0.png").write_bytes((own / "clip0.png").read_bytes() + b"other")
    assert shell("add", own / "clip0.png") == 0
    (own / "clip0.png").rename(own / "moved.png")
    assert shell("verify", "--files") == 1
    assert "clip0.png is not there" in shell.err
    assert shell("relocate", own) == 0
    assert shell.out.strip() == "1 found again"
    assert shell("verify", "--files") == 0
    assert shell("relocate", own) == 0
    assert shell.out.strip() == "nothing to do"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (("label", "nowhere.mp4", "severity=1"), "no clip 'nowhere.mp4'"),
        (("label", 1, "severity=9"), "'9' is no value of severity"),
        (("label", 1, "mood=good"), "no task 'mood'"),
        (("label", 1, "severity"), "says nothing"),
        (("label", 1), "Nothing is said"),
        (("label", 1, "severity=1", "--zone", "8:R9"), "no zone 'R9'"),
        (("label", 1, "--spo2", 140), "cannot be"),
        (("label", 1, "severity=1", "severity=2"), "Two things are said of severity"),
        (("label", 1, "b_lines=no", "--not-assessable", "b_lines"), "Two things"),
        (("label", 1, "s_f=300", "--spo2", 95), "Two things are said of s_f"),
        (("label", 1, "--oxygen", 2), "say nothing alone"),
        (("label", 1, "--spo2", 95, "--oxygen", 2, "--fio2", 0.4), "two answers"),
        (("list", "--patient", "nobody"), "no patient 'nobody'"),
        (("list", "--value", 2), "does not say of which task"),
        (("list", "--labelled", "severity", "--value", 9), "'9' is no value"),
        (("export", "out.csv", "--rater", "nobody"), "is by 'nobody'"),
        (("export", "."), ". could not be written"),
        (("task", "severity", "--classes", "a,b"), "severity is built in"),
        (("relocate", "nowhere"), "is no folder"),
    ],
)
def test_what_cannot_be_is_said_with_what_to_do(
    shell: Shell, call: tuple[object, ...], words: str
) -> None:
    assert shell(str(call[0]), *call[1:]) == 1
    first, *hint = shell.err.splitlines()
    assert words in first
    assert hint
    assert shell("list", "--labelled", "severity") == 0
    assert shell.out.startswith("0 of 0")


def test_a_wrong_call_is_one(shell: Shell) -> None:
    for call in (("frobnicate",), ("task", "x"), ("add",)):
        with pytest.raises(SystemExit) as ended:
            shell(*call)
        assert ended.value.code == 2


def test_the_library_lies_with_the_users_own_things_where_none_is_chosen(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(paths, "user_data", lambda: tmp_path / "data")
    assert cli.main(["library", "list"]) == 0
    assert capsys.readouterr().out == "0 of 0 clips, 0 patients\n"
    assert default_folder() == tmp_path / "data" / "library"
    assert (tmp_path / "data" / "library" / "library.db").is_file()
