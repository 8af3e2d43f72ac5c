"""A model looks at the clips of a library, and collections come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lusviewer.cancel import CancelToken
from lusviewer.cli import main
from lusviewer.errors import LibraryError
from lusviewer.export.tabular import report_dict
from lusviewer.inference import open_bundle
from lusviewer.library import ClipFilter, Library, open_library
from lusviewer.library.analysing import Analysed, analyse_clips
from tests.bundles import make_bundle
from tests.small_clips import write_video

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.inference.bundle import ModelBundle


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelBundle:
    return open_bundle(make_bundle(tmp_path_factory.mktemp("models") / "tiny"))


def analyse(library: Library, tiny: ModelBundle) -> list[Analysed]:
    return list(analyse_clips(library, (tiny, ()), report_dict, CancelToken()))


def test_what_was_analysed_is_not_analysed_again(
    filled: Library, tiny: ModelBundle
) -> None:
    steps = analyse_clips(filled, (tiny, ()), report_dict, CancelToken())
    assert next(steps).error is None
    steps.close()
    rest = analyse(filled, tiny)
    assert [(one.done, one.total) for one in rest] == [(1, 2), (2, 2)]
    assert analyse(filled, tiny) == []
    analysed = ClipFilter(analysed_by=tiny.identity.sha256)
    assert filled.clips.count(analysed) == 3


def test_clips_are_added_and_analysed_at_once(
    tmp_path: Path, tiny: ModelBundle, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, place = write_video(tmp_path / "a.avi"), str(tmp_path / "library")
    add = ["library", "add", str(clip), "--model", str(tiny.folder), "--library", place]
    assert main(add) == 0
    assert capsys.readouterr().out == "1 added\n"
    assert main([*add, "--analyse"]) == 0
    told = capsys.readouterr().out
    assert told == "1 known\n1 analysed, 0 not, 0 were before\n"
    with open_library(tmp_path / "library") as library:
        (entry,) = library.clips.all()
        experts = {(one.expert, one.target) for one in entry.predictions}
        assert experts == {
            ("severity-tree", "severity"),
            ("diagnosis-logistic", "diagnosis"),
        }
        assert entry.analysed_by == (tiny.identity.sha256,)


def test_a_file_that_became_another_is_told_and_the_rest_goes_on(
    filled: Library, tiny: ModelBundle, tmp_path: Path
) -> None:
    other = write_video(tmp_path / "a.avi")
    assert main(["library", "add", str(other), "--library", str(filled.folder)]) == 0
    write_video(other, n_frames=8)
    found = analyse(filled, tiny)
    wrong = [one for one in found if one.error is not None]
    assert [one.clip.path for one in wrong] == [other]
    assert isinstance(wrong[0].error, LibraryError)
    assert "another file" in str(wrong[0].error)
    assert len(found) == 4


def test_a_folder_of_covid_blues_is_imported_and_analysed(
    tmp_path: Path, tiny: ModelBundle, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, place = tmp_path / "blues", str(tmp_path / "library")
    (folder / "videos").mkdir(parents=True)
    clip = write_video(tmp_path / "a.avi")
    clip.rename(folder / "videos" / "patient_7_L1.mp4")
    (folder / "severity.csv").write_text(
        "video_file,Severity Score,A-lines,B-lines,comments\npatient_7_L1,2.0,,yes,\n"
    )
    (folder / "clinical_variables.csv").write_text(
        "patient_id,oxygen_saturation_without_ox,oxygen_liter,pat_age\n7,94.5,-99,61\n"
    )
    assert main(["library", "import", str(folder), "--library", place]) == 0
    model = ["--model", str(tiny.folder), "--library", place]
    assert main(["library", "analyse", *model]) == 0
    assert "1 analysed, 0 not, 0 were before" in capsys.readouterr().out
    with open_library(tmp_path / "library") as library:
        (entry,) = library.clips.all()
        assert (entry.patient, str(entry.zone)) == ("patient_7", "BLUE:L1")
        assert entry.labels == {
            "severity": "2",
            "finding.b_lines": "yes",
            "s_f": "450",
        }
        assert library.labels.raters() == ("COVID-BLUeS",)
        assert library.patients.exams()[0].facts["pat_age"] == 61.0


def test_a_folder_that_is_no_collection_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(tmp_path / "library")
    assert main(["library", "import", str(tmp_path), "--library", place]) == 1
    assert "is no collection" in capsys.readouterr().err
