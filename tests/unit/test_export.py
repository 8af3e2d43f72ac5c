"""Results as files: exact numbers, whole files, the clip's own grid."""

from __future__ import annotations

import csv
import json
import math
import zipfile
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.clip import Clip, ClipDetails, ClipIdentity
from lusviewer.errors import CorruptFrameError, ResultError
from lusviewer.export.movie import OVERLAYS, write_movie
from lusviewer.export.tabular import (
    plain,
    report_dict,
    write_labels_npz,
    write_report,
    write_timelines,
)
from lusviewer.files import make_folder, write_rows, written
from lusviewer.findings import (
    BIOMARKERS,
    CLASSES,
    FINDINGS,
    LABELS,
    ClipReport,
    Evidence,
    FrameFindings,
    Lines,
    ModelIdentity,
    PackedMasks,
    Prediction,
    Quality,
    Reason,
    Timelines,
)
from lusviewer.geometry import GRID, FrameGeometry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

N_FRAMES, ROWS, COLUMNS = 5, 121, 161
TIMES_S = np.array([0.0, 0.04, 0.12, 0.13, 0.5])
PLEURA = CLASSES.index("pleura")


class Stripes:
    """Frames with a bright stripe that moves down, frame 3 broken."""

    def luminance(self, index: int) -> NDArray[np.uint8]:
        if index == 3:
            msg = "frame 4 is broken."
            raise CorruptFrameError(msg)
        frame = np.full((ROWS, COLUMNS), 40, np.uint8)
        frame[index * 20 : index * 20 + 10] = 200
        return frame

    def colour(self, index: int) -> NDArray[np.uint8]:
        return np.repeat(self.luminance(index)[..., None], 3, axis=2)

    def close(self) -> None:
        pass


@pytest.fixture
def clip(tmp_path: Path) -> Iterator[Clip]:
    path = tmp_path / "stripes.avi"
    path.write_bytes(b"content")
    clip = Clip(
        ClipIdentity(path, "video"),
        Stripes(),
        FrameGeometry(ROWS, COLUMNS, (0, 0, ROWS, COLUMNS), (0.1, 0.2)),
        TIMES_S.copy(),
        ClipDetails("AVI"),
    )
    yield clip
    clip.close()


def findings_at(index: int) -> FrameFindings:
    labels = np.zeros((GRID, GRID), np.uint8)
    labels[40:44] = PLEURA
    values = np.full(len(BIOMARKERS), np.nan, np.float32)
    values[: len(LABELS)] = np.float32(0.1) + index
    nothing = np.zeros((0, 2), np.float32)
    lines = Lines(nothing, nothing[:, 0], None, np.zeros((0, 6), np.float32))
    times = float(TIMES_S[index])
    embedding = np.zeros(4, np.float32)
    return FrameFindings(
        index, times, PackedMasks.pack(labels), lines, values, embedding
    )


@pytest.fixture
def findings() -> dict[int, FrameFindings]:
    return {index: findings_at(index) for index in (0, 1, 2, 4)}


@pytest.fixture
def report(clip: Clip, findings: dict[int, FrameFindings]) -> ClipReport:
    timelines = Timelines(clip.frame_times_s)
    for one in findings.values():
        timelines.add(one)
    third = float(np.float32(1 / 3))
    tree = Prediction(
        "severity-tree",
        "severity",
        ("0", "1"),
        (0.25, 0.75),
        reasons=(Reason("measured.b_line_count_max", math.nan, "B-lines unknown"),),
    )
    return ClipReport(
        clip=clip.identity,
        geometry=clip.geometry,
        frame_times_s=clip.frame_times_s,
        model=ModelIdentity("lus-tiny", "1.0", "ab" * 32, "CPUExecutionProvider"),
        software="lusviewer 0.1.0",
        created_utc="2026-01-01T00:00:00Z",
        timelines=timelines,
        findings=dict.fromkeys(FINDINGS) | {"b_lines": Evidence(third, 2)},
        biomarkers={label.key: Evidence(0.5, 1) for label in LABELS},
        measured={"b_line_count_max": 3, "pleura_depth_mm": None, "x": math.nan},
        predictions=(tree,),
        quality=Quality(assessable=False, reason="too dark"),
        warnings=("Frame 4 does not decode: it is broken.",),
    )


def test_a_report_has_the_keys_the_documentation_names(
    report: ClipReport, tmp_path: Path
) -> None:
    path = write_report(report, tmp_path, "stripes.avi")
    assert path.name == "stripes.avi.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content == report_dict(report)
    assert {
        "schema",
        "software",
        "created_utc",
        "clip",
        "model",
        "findings",
        "biomarkers",
        "measured",
        "predictions",
        "quality",
        "warnings",
    } <= content.keys()
    assert {
        "path",
        "sha256",
        "source",
        "n_frames",
        "rows",
        "columns",
        "duration_s",
        "frame_rate_hz",
        "pixel_spacing_mm",
        "region",
        "probe",
    } <= content["clip"].keys()
    assert content["findings"].keys() == set(FINDINGS)
    assert list(content["biomarkers"]) == [label.key for label in LABELS]
    assert content["model"]["provider"] == "CPUExecutionProvider"
    assert content["quality"] == {"assessable": False, "reason": "too dark"}
    assert "Research use only" in content["disclaimer"]


def test_numbers_survive_to_the_last_digit_and_nan_becomes_null(
    report: ClipReport, tmp_path: Path
) -> None:
    text = write_report(report, tmp_path, "x").read_text(encoding="utf-8")
    content = json.loads(text)
    assert content["findings"]["b_lines"]["probability"] == float(np.float32(1 / 3))
    assert content["findings"]["effusion"] is None
    assert content["measured"] == {
        "b_line_count_max": 3,
        "pleura_depth_mm": None,
        "x": None,
    }
    assert content["predictions"][0]["reasons"][0]["value"] is None
    assert "NaN" not in text


def test_times_in_the_report_are_those_of_the_clip(
    report: ClipReport, clip: Clip
) -> None:
    described = report_dict(report)["clip"]
    assert described["duration_s"] == clip.duration_s
    assert described["frame_rate_hz"] == clip.frame_rate_hz
    assert described["sha256"] == clip.identity.sha256()


def test_timelines_are_a_row_a_frame_and_empty_where_not_analysed(
    report: ClipReport, tmp_path: Path
) -> None:
    path = write_timelines(report, tmp_path, "stripes.avi")
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    assert header == ["frame", "time_s", *(b.key for b in BIOMARKERS)]
    assert [row[0] for row in rows] == ["0", "1", "2", "3", "4"]
    assert [float(row[1]) for row in rows] == TIMES_S.tolist()
    assert set(rows[3][2:]) == {""}
    assert float(rows[1][2]) == float(np.float32(0.1) + 1)
    assert rows[1][-1] == ""


def test_labels_are_in_the_clips_own_grid(
    report: ClipReport, findings: dict[int, FrameFindings], tmp_path: Path
) -> None:
    path = write_labels_npz(report, findings, tmp_path, "stripes.avi")
    with np.load(path, allow_pickle=False) as content:
        labels, classes = content["labels"], content["classes"].tolist()
        analysed = content["analysed"].tolist()
    assert labels.shape == (N_FRAMES, ROWS, COLUMNS)
    assert labels.dtype == np.uint8
    assert classes == list(CLASSES)
    assert analysed == [True, True, True, False, True]
    assert not labels[3].any()
    # Rows 40 to 43 of 224 cover 161 px: the pleura is 2.9 px thick from row 28.75.
    rows = np.flatnonzero((labels[0] == PLEURA).any(axis=1))
    assert 28 <= rows.min() <= 30
    assert 2 <= len(rows) <= 4


def test_a_name_as_long_as_the_system_allows_is_written(tmp_path: Path) -> None:
    path = tmp_path / f"{'n' * 245}.json"
    with written(path) as file:
        file.write(b"{}")
    assert path.read_bytes() == b"{}"


def test_writing_labels_can_be_cancelled_and_leaves_nothing(
    report: ClipReport, findings: dict[int, FrameFindings], tmp_path: Path
) -> None:
    cancel = CancelToken()
    cancel.cancel()
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(Cancelled):
        write_labels_npz(report, findings, folder, "s", cancel)
    assert list(folder.iterdir()) == []


def test_labels_of_a_long_clip_are_never_all_in_memory(
    report: ClipReport, findings: dict[int, FrameFindings], tmp_path: Path
) -> None:
    import dataclasses
    import tracemalloc

    n_frames = 2000
    times = np.arange(n_frames) / 25
    long = dataclasses.replace(
        report, frame_times_s=times, timelines=Timelines(times[:1])
    )
    tracemalloc.start()
    path = write_labels_npz(long, findings, tmp_path, "long")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 2**20 < n_frames * ROWS * COLUMNS
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo("labels.npy").file_size > n_frames * ROWS * COLUMNS


def test_a_film_has_every_frame_at_its_own_time(
    clip: Clip, report: ClipReport, findings: dict[int, FrameFindings], tmp_path: Path
) -> None:
    done = list(write_movie(clip, report, findings, tmp_path, "s", CancelToken()))
    assert done == list(range(N_FRAMES))
    with av.open(str(tmp_path / "s.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert "Research use only" in container.metadata["title"]
        assert report.model.sha256 in container.metadata["comment"]
        frames = list(container.decode(stream))
    assert [frame.time for frame in frames] == pytest.approx(TIMES_S, abs=1e-4)
    assert (frames[0].height, frames[0].width) == (ROWS + 1, COLUMNS + 1)
    picture = frames[0].to_ndarray(format="rgb24")
    assert abs(int(picture[5, 80, 0]) - 200) < 12
    # The pleura is yellow over grey: red well above blue.
    assert int(picture[29, 80, 0]) - int(picture[29, 80, 2]) > 40
    assert frames[3].to_ndarray(format="rgb24")[:100].mean() < 8


def test_a_cancelled_film_leaves_no_file(
    clip: Clip, report: ClipReport, findings: dict[int, FrameFindings], tmp_path: Path
) -> None:
    cancel = CancelToken()
    out = tmp_path / "out"
    make_folder(out)
    frames = write_movie(clip, report, findings, out, "s", cancel)
    next(frames)
    cancel.cancel()
    with pytest.raises(Cancelled):
        next(frames)
    assert list(out.iterdir()) == []


def test_the_films_colours_are_the_windows() -> None:
    from lusviewer.gui.palette import CLASS_COLOURS

    for name, (red, green, blue, _) in OVERLAYS.items():
        assert f"#{red:02X}{green:02X}{blue:02X}" == CLASS_COLOURS[name]


def test_a_file_that_fails_half_way_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old", encoding="utf-8")

    def write_half() -> None:
        with written(path) as file:
            file.write(b"ne")
            msg = "no"
            raise ValueError(msg)

    with pytest.raises(ValueError, match="no"):
        write_half()
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_a_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    with pytest.raises(ResultError, match="could not be made") as caught:
        make_folder(file / "below")
    assert "Choose a folder" in caught.value.hint
    with pytest.raises(ResultError, match="could not be written"):
        write_rows([["a"]], file / "table.csv")


def test_names_that_are_not_utf8_keep_their_bytes(tmp_path: Path) -> None:
    path = tmp_path / "index.csv"
    write_rows([["clip\udcff.avi"]], path)
    assert path.read_bytes() == b"clip\xff.avi\n"


def test_json_holds_numpys_numbers_as_plain_ones() -> None:
    assert plain({"a": np.float32(0.5), "b": (np.int64(3), np.inf)}) == {
        "a": 0.5,
        "b": [3, None],
    }
