"""Lines drawn on real frames: their files and the class maps made of them."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from lusviewer.cancel import CancelToken
from lusviewer.errors import TrainingError
from lusviewer.findings import CLASSES, FINDINGS
from lusviewer.geometry import FrameGeometry
from lusviewer.training.data.split import COPIES, shipped_split
from lusviewer.training.lines.frames import what_it_shows
from lusviewer.training.lines.labels import (
    LABELLER,
    UNKNOWN,
    as_json,
    dense,
    read_folder,
    read_labels,
    sparse,
)
from lusviewer.training.lines.split import line_split
from lusviewer.training.lines.tool import main

ROWS, COLUMNS = 100, 120
SHIPPED = Path(__file__).parents[3] / "resources" / "line-labels"
FRAME = {
    "frame": 3,
    "certainty": "sure",
    "pleura": [{"points": [[10, 30], [90, 30]], "width": 4}],
    "a_line": [{"points": [[15, 60], [50, 60]], "width": 3}],
    "b_line": [{"points": [[70, 30], [72, 99]], "width": 8}],
    "rib_shadow": [[[92, 20], [110, 20], [115, 99], [92, 99]]],
    "unsure": [[[10, 85], [40, 85], [40, 99], [10, 99]]],
}


@pytest.fixture
def write(tmp_path):
    def _write(*frames):
        value = {"schema": 1, "clip": "a.mp4", "labeller": LABELLER}
        path = tmp_path / "a.json"
        path.write_text(json.dumps(value | {"frames": frames}))
        return path

    return _write


def _dense(path):
    (frame,) = read_labels(path).frames
    geometry = FrameGeometry(ROWS, COLUMNS, (0, 0, ROWS, COLUMNS))
    return dense(frame, geometry)


def _name(labels, row, column):
    value = labels[row, column]
    return "unknown" if value == UNKNOWN else CLASSES[value]


def test_every_pixel_gets_the_class_of_what_is_drawn_there(write):
    labels = _dense(write(FRAME))
    assert _name(labels, 30, 30) == "pleura"
    assert _name(labels, 10, 30) == "chest_wall"
    assert _name(labels, 45, 30) == "lung"
    assert _name(labels, 60, 30) == "a_line"
    assert _name(labels, 60, 71) == "b_line"
    assert _name(labels, 60, 100) == "rib_shadow"


def test_a_line_measured_too_wide_is_drawn_as_thick_as_lines_are(write):
    wide = FRAME | {"pleura": [{"points": [[10, 30], [90, 30]], "width": 20}]}
    column = _dense(write(wide))[:, 40]
    assert 2 <= (column == CLASSES.index("pleura")).sum() <= 4


def test_nothing_is_said_of_unsure_parts_and_columns_without_a_pleura(write):
    labels = _dense(write(FRAME))
    assert _name(labels, 95, 20) == "unknown"
    assert _name(labels, 50, 3) == "unknown"


def test_sparse_labels_keep_the_three_lines_and_one_background(write):
    labels = sparse(_dense(write(FRAME)))
    kept = {CLASSES[v] for v in np.unique(labels) if v != UNKNOWN}
    assert kept == {"outside", "pleura", "a_line", "b_line"}
    assert _name(labels, 95, 20) == "unknown"


def test_a_file_written_again_says_the_same(write, tmp_path):
    labels = read_labels(write(FRAME))
    again = tmp_path / "b.json"
    again.write_text(as_json(labels))
    assert as_json(read_labels(again)) == as_json(labels)
    assert json.loads(again.read_text())["labeller"] == LABELLER


def test_what_is_not_drawn_is_absent_and_counts_less_beside_unsure_parts(write):
    (frame,) = read_labels(write(FRAME)).frames
    values, weights = what_it_shows(frame)
    known = dict(zip(FINDINGS, zip(values, weights, strict=True), strict=True))
    assert known["a_lines"] == (1, 1)
    assert known["consolidation"] == (0, 0.5)
    assert known["pleural_irregularity"][1] == 0


@pytest.mark.parametrize(
    ("frame", "named"),
    [
        ({"frame": 1, "certainty": "certain"}, "certainty"),
        ({"frame": 1, "certainty": "sure", "plaura": []}, "plaura"),
        ({"frame": 1, "certainty": "sure", "effusion": [[[1, 2]]]}, "effusion"),
        ({"frame": 1, "certainty": "sure", "pleura": [[1, 2]]}, "pleura"),
        ({"certainty": "sure"}, "frame"),
    ],
)
def test_a_file_that_says_something_unknown_is_refused_by_name(write, frame, named):
    path = write(frame)
    with pytest.raises(TrainingError, match="is not a file of drawn labels") as raised:
        read_labels(path)
    assert named in str(raised.value)
    assert path.name in str(raised.value)


def test_an_empty_folder_of_labels_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="holds no drawn labels"):
        read_folder(tmp_path)


def _video(path):
    """Write a clip whose bright line lies at row 40, then at row 44."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "gray"
        for row in (40, 40, 44, 44):
            picture = np.full((120, 160), 30, np.uint8)
            picture[row - 2 : row + 3] = 220
            frame = av.VideoFrame.from_ndarray(picture, format="gray")
            out.mux(stream.encode(frame))
        out.mux(stream.encode())


def test_the_tool_snaps_a_draft_follows_it_and_draws_it(tmp_path):
    _video(tmp_path / "a.mkv")
    draft = tmp_path / "draft.json"
    pleura = {"frame": 0, "certainty": "sure", "pleura": [[[20, 38], [140, 42]]]}
    draft.write_text(json.dumps({"clip": "a.mkv", "frames": [pleura]}))
    folder, out = str(tmp_path), tmp_path / "a.json"
    assert main(["snap", folder, str(draft), str(out)]) == 0
    assert main(["follow", folder, str(out), "0", "3"]) == 0
    first, later = read_labels(out).frames
    assert np.median(first.drawn[0].points[:, 1]) == pytest.approx(40, abs=1)
    assert np.median(later.drawn[0].points[:, 1]) == pytest.approx(44, abs=1)
    assert main(["check", folder, str(out), str(tmp_path / "check.png")]) == 0
    assert main(["show", f"{folder}/a.mkv", "0", str(tmp_path / "show.png")]) == 0
    assert main(["overview", f"{folder}/a.mkv", str(tmp_path / "all.png")]) == 0
    assert (tmp_path / "all.png").stat().st_size > 0


def test_the_tool_says_what_is_wrong_with_a_file(tmp_path, capsys):
    path = tmp_path / "none.json"
    assert main(["check", str(tmp_path), str(path), str(tmp_path / "o.png")]) == 1
    assert "none.json" in capsys.readouterr().err


def test_every_shipped_file_of_drawn_lines_is_in_one_part_of_the_split():
    parts = line_split()
    assert len(set().union(*parts.values())) == sum(map(len, parts.values()))
    for labelled in read_folder(SHIPPED):
        assert sum(labelled.clip in files for files in parts.values()) == 1


def test_no_clip_drawn_for_testing_taught_the_network():
    learned = frozenset(shipped_split()["train"])
    assert not learned & {*line_split()["test"], *line_split()["validation"]}
    assert learned | COPIES >= set(line_split()["train"])


def test_drawn_frames_are_decoded_once_and_lie_on_the_grid(real_data, tmp_path):
    from lusviewer.training.lines.frames import line_frames

    found = line_frames(
        SHIPPED, real_data / "pocus", "validation", tmp_path, CancelToken()
    )
    assert all(one.frame.shape == one.labels.shape == (224, 224) for one in found)
    assert any((one.labels == CLASSES.index("pleura")).any() for one in found)
