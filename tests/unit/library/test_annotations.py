"""Lines drawn on frames, and the files of SlicerUltrasound and OHIF."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest

from lusviewer.cancel import CancelToken
from lusviewer.errors import LibraryError
from lusviewer.geometry import FrameGeometry, Probe, Sector
from lusviewer.library import Line, open_library
from lusviewer.library.adding import Whose, add_paths
from lusviewer.library.annotation_files import export_lines, import_lines
from lusviewer.library.annotations import read_annotations, slicer_document
from lusviewer.library.values import Drawing
from tests.small_clips import write_dicom

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.library import Library

PLEURA = Line("pleura", ((40.0, 52.0), (110.0, 53.0), (180.0, 52.5)))
A_LINE = Line("a_line", ((60.0, 104.0), (150.0, 104.0)))
B_LINE = Line("b_line", ((90.0, 53.0), (90.0, 220.0)), 8.0)


@pytest.fixture(scope="module")
def cine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DICOM cine of six frames, 0.2 mm a px."""
    return write_dicom(tmp_path_factory.mktemp("cine") / "cine.dcm")


@pytest.fixture
def study(library: Library, cine: Path) -> Library:
    list(add_paths(library, [cine], CancelToken(), who="anna", whose=Whose("A")))
    return library


def geometry(**changes: Any) -> FrameGeometry:
    given: dict[str, Any] = {"rows": 649, "columns": 850, "region": (0, 0, 649, 850)}
    return FrameGeometry(**(given | changes))


def slicer_file(path: Path, lines: dict[str, Any], **changes: Any) -> Path:
    """Write what SlicerUltrasound writes, by its schema and its own test files."""
    frame = {
        "frame_number": 0,
        "coordinate_space": "LPS",
        "pleura_lines": [],
        "b_lines": [],
    }
    document = {"SOPInstanceUID": "", "frame_annotations": [frame | lines]}
    path.write_text(json.dumps(document | changes))
    return path


def rated(*points: tuple[float, float], rater: str = "tom") -> dict[str, Any]:
    return {"rater": rater, "line": {"points": [[x, y, 0.0] for x, y in points]}}


def test_what_is_drawn_supersedes_and_stays(study: Library) -> None:
    study.drawings.draw(1, 3, [PLEURA], rater="anna")
    second = study.drawings.draw(1, 3, [PLEURA, B_LINE], rater="anna")
    study.drawings.draw(1, 3, [], rater="ben")
    assert study.drawings.of_clip(1, "anna") == (second,)
    assert second.lines == (PLEURA, B_LINE)
    assert [one.lines for one in study.drawings.of_clip(1, "ben")] == [()]
    assert len(study.drawings.history(1, 3)) == 3
    assert study.drawings.draw(1, 3, [PLEURA, B_LINE], rater="anna") == second
    assert study.verify().holds


def test_what_is_withdrawn_says_nothing_not_even_that_there_are_no_lines(
    study: Library,
) -> None:
    drawn = study.drawings.draw(1, 3, [PLEURA], rater="anna")
    study.drawings.draw(1, 3, [], rater="ben")
    gone = study.drawings.withdraw(1, 3, rater="anna")
    assert gone is not None
    assert (gone.supersedes, gone.lines, gone.withdrawn) == (drawn.id, (), True)
    assert [one.rater for one in study.drawings.of_clip(1)] == ["ben"]
    assert study.drawings.clips() == (1,)
    assert study.log()[-1].action == "lines withdrawn"
    assert study.drawings.withdraw(1, 3, rater="anna") is None
    study.drawings.withdraw(1, 3, rater="ben")
    assert study.drawings.clips() == ()
    again = study.drawings.draw(1, 3, [], rater="anna")
    assert study.drawings.of_clip(1) == (again,)
    assert len(study.drawings.history(1, 3)) == 5
    assert study.verify().holds


@pytest.mark.parametrize(
    ("frame", "line"),
    [
        (-1, PLEURA),
        (0, Line("rib", ((0.0, 0.0), (1.0, 1.0)))),
        (0, Line("pleura", ((0.0, 0.0),))),
        (0, Line("pleura", ((0.0, math.nan), (1.0, 1.0)))),
        (0, Line("b_line", ((0.0, 0.0), (1.0, 1.0)), math.inf)),
    ],
)
def test_what_is_no_line_is_refused(study: Library, frame: int, line: Line) -> None:
    with pytest.raises(LibraryError):
        study.drawings.draw(1, frame, [line], rater="anna")
    assert study.drawings.of_clip(1) == ()


@pytest.mark.parametrize("kind", ["slicer", "ohif"])
def test_what_is_exported_is_read_back(
    study: Library, tmp_path: Path, kind: str
) -> None:
    study.drawings.draw(1, 0, [PLEURA, A_LINE, B_LINE], rater="anna")
    study.drawings.draw(1, 4, [], rater="anna")
    (exported,) = export_lines(study, tmp_path / "out", kind, "anna")
    (file,) = exported.files
    assert file.name == "cine.anna.json"
    with open_library(tmp_path / "other") as other:
        list(add_paths(other, [study.clips.get(1).path], CancelToken(), who="ben"))
        clip, found = import_lines(other, file, "anna")
        assert (clip.name, found.rejected) == ("cine.dcm", 0)
        first, last = other.drawings.of_clip(1)
        assert (first.rater, first.frame, last.frame) == ("anna", 0, 4)
        by_kind = {line.kind: line for line in first.lines}
        for line in (PLEURA, A_LINE):
            flat = [n for point in by_kind[line.kind].points for n in point]
            assert flat == pytest.approx([n for p in line.points for n in p])
        b_line = by_kind["b_line"]
        assert b_line.points[0] == pytest.approx((90.0, 52.714), abs=0.01)
        assert b_line.points[1][0] == pytest.approx(90.0)
        assert b_line.width_px == pytest.approx(8.0)
        assert last.lines == ()


def test_slicers_millimetres_become_px_and_ras_is_turned_round(
    tmp_path: Path,
) -> None:
    calibrated = geometry(pixel_spacing_mm=(0.25, 0.5))
    lps = {"pleura_lines": [rated((85.0, 41.5), (97.5, 43.0))]}
    ras = {
        "coordinate_space": "RAS",
        "pleura_lines": [rated((-85.0, -41.5), (-97.5, -43.0))],
    }
    for lines in (lps, ras):
        file = slicer_file(tmp_path / "x.json", lines)
        found = read_annotations(file, calibrated, "anna").lines
        expected = Line("pleura", ((170.0, 166.0), (195.0, 172.0)))
        assert found == {(0, "tom"): (expected,)}


def test_a_mark_across_a_b_line_becomes_the_line_from_the_pleura_down_the_beam(
    tmp_path: Path,
) -> None:
    apex, radius = (424.0, -128.0), 693.0
    # A mark 20 px wide straight below the apex, and a pleura above it.
    lines = {
        "pleura_lines": [rated((350.0, 150.0), (500.0, 150.0))],
        "b_lines": [rated((414.0, 300.0), (434.0, 300.0))],
    }
    fan = {"center_cols_px": 424, "center_rows_px": -128, "radius2": 693}
    file = slicer_file(tmp_path / "x.json", lines, mask_type="fan", **fan)
    found = read_annotations(file, geometry(), "anna").lines[0, "tom"]
    (b_line,) = (line for line in found if line.kind == "b_line")
    assert b_line.points[0] == pytest.approx((424.0, 150.0))
    assert b_line.points[1] == pytest.approx((424.0, apex[1] + radius))
    # The sector of 20 px at 428 px from the apex, half-way down: 357.5 + 128.
    assert b_line.width_px == pytest.approx(20.0 * (357.5 + 128.0) / 428.0)


def test_a_slanted_mark_follows_its_own_beam(tmp_path: Path) -> None:
    fan = {"center_cols_px": 0, "center_rows_px": 0, "radius2": 400}
    lines = {
        "pleura_lines": [rated((0.0, 100.0), (300.0, 100.0))],
        "b_lines": [rated((145.0, 155.0), (155.0, 145.0))],
    }
    file = slicer_file(tmp_path / "x.json", lines, **fan)
    found = read_annotations(file, geometry(), "anna").lines[0, "tom"]
    (b_line,) = (line for line in found if line.kind == "b_line")
    assert b_line.points[0] == pytest.approx((100.0, 100.0))
    assert b_line.points[1] == pytest.approx((400 / math.sqrt(2),) * 2)


def test_raters_are_kept_apart_and_rejected_lines_left_out(tmp_path: Path) -> None:
    rejected = rated((0.0, 1.0), (2.0, 3.0)) | {"validation": {"status": "invalidated"}}
    lines = {
        "pleura_lines": [
            rated((0.0, 1.0), (2.0, 1.0)),
            rated((5.0, 1.0), (9.0, 1.0), rater="sandra"),
            rejected,
        ]
    }
    found = read_annotations(slicer_file(tmp_path / "x.json", lines), geometry(), "a")
    assert {rater for _, rater in found.lines} == {"tom", "sandra"}
    assert found.rejected == 1


def test_ohif_keeps_px_by_frame(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    document = {
        "SOPInstanceUID": "1.2",
        "rater": "jo",
        "frame_annotations": {
            "7": {"pleura_lines": [[[10, 20, 0], [30, 21, 0]]], "b_lines": []}
        },
    }
    file.write_text(json.dumps(document))
    found = read_annotations(file, geometry(pixel_spacing_mm=(0.2, 0.2)), "a")
    line = Line("pleura", ((10.0, 20.0), (30.0, 21.0)))
    assert found.lines == {(7, "jo"): (line,)}


def test_what_is_written_for_slicer_has_all_that_its_schema_asks_for() -> None:
    sector = Sector((-128.0, 424.0), (227.0, 693.0), (-0.56, 0.56))
    fan = geometry(sector=sector, probe=Probe.CURVILINEAR, pixel_spacing_mm=(0.25, 0.5))
    drawing = Drawing(
        1, 1, 2, "tom", (PLEURA, B_LINE), "", "", supersedes=None, current=True
    )
    document = slicer_document([drawing], fan, "1.2.3")
    assert {"SOPInstanceUID", "frame_annotations"} <= set(document)
    (frame,) = document["frame_annotations"]
    assert {"frame_number", "pleura_lines", "b_lines"} <= set(frame)
    assert frame["coordinate_space"] in {"LPS", "RAS"}
    assert len(frame["pleura_lines"]) == 2  # segments of two points
    for line in (*frame["pleura_lines"], *frame["b_lines"]):
        assert set(line) == {"rater", "line"}
        assert [len(point) for point in line["line"]["points"]] == [3, 3]
    assert frame["pleura_lines"][0]["line"]["points"][0] == [20.0, 13.0, 0.0]
    # The angles lie as in SlicerUltrasound's own files: 90 is straight down.
    assert document["angle1"] == pytest.approx(90 + math.degrees(0.56))
    assert document["angle2"] == pytest.approx(90 - math.degrees(0.56))
    assert (document["center_rows_px"], document["center_cols_px"]) == (-128, 424)


def test_lines_outside_of_the_picture_are_of_another_clip(
    study: Library, tmp_path: Path
) -> None:
    file = tmp_path / "cine.json"
    lines = {"pleura_lines": [[[9000, 20, 0], [9500, 21, 0]]], "b_lines": []}
    file.write_text(json.dumps({"frame_annotations": {"1": lines}}))
    with pytest.raises(LibraryError, match=r"cine.json does not belong .* outside of"):
        import_lines(study, file, "anna")
    lines["pleura_lines"] = [[[10, 20, 0]]]
    file.write_text(json.dumps({"frame_annotations": {"1": lines}}))
    with pytest.raises(LibraryError, match=r"cine.json: A pleura .* is no line"):
        import_lines(study, file, "anna")
    assert not study.drawings.clips()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"SOPInstanceUID": "1.2.3"}, "SOPInstanceUIDs differ"),
        ({"image_size_rows": 99, "image_size_cols": 98}, "98 x 99 px"),
    ],
)
def test_annotations_of_another_clip_are_refused(
    study: Library, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    file = slicer_file(tmp_path / "cine.tom.json", {}, **changes)
    with pytest.raises(LibraryError, match=words):
        import_lines(study, file, "anna")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "cannot be read as JSON"),
        ("[]", "holds no 'frame_annotations'"),
        ('{"frame_annotations": [{"pleura_lines": []}]}', "no annotation file"),
        ('{"frame_annotations": [{"frame_number": 99}]}', "beyond the clip's 6"),
    ],
)
def test_a_file_that_is_none_is_refused(
    study: Library, tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "cine.json"
    file.write_text(text)
    with pytest.raises(LibraryError, match=words):
        import_lines(study, file, "anna")
    assert study.drawings.of_clip(1) == ()


def test_annotations_without_their_clip_ask_for_it(
    study: Library, tmp_path: Path
) -> None:
    file = slicer_file(tmp_path / "other.json", {})
    with pytest.raises(LibraryError, match="No clip of the library is called other"):
        import_lines(study, file, "anna")
    clip, _ = import_lines(study, file, "anna", study.clips.get(1))
    assert clip.id == 1
