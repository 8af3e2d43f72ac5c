from __future__ import annotations

import numpy as np
import pytest

from lusviewer.geometry import GRID
from lusviewer.training.measure.line_clips import clip_rows, main
from tests.drawing import INDEX, chest
from tests.unit.training.true_frames import drawn


def test_the_clip_whose_pleura_is_furthest_off_comes_first_with_its_share():
    truth = [drawn("near"), drawn("far"), drawn("far")]
    said = [chest(61, 4), chest(61, 4), chest(62, 4)]

    far, near = clip_rows(truth, said)

    assert (far["clip"], far["frames"]) == ("far", 2)
    assert far["share_percent"] == pytest.approx(75, abs=0.1)
    assert far["distance_percent"] == pytest.approx(100 * 1.5 / GRID, abs=0.01)
    assert near["share_percent"] == pytest.approx(25, abs=0.1)


def test_b_lines_are_counted_clip_by_clip():
    truth = [drawn("a", b_lines=(60, 150)), drawn("b")]
    one_of_two = drawn("a", b_lines=(60,)).labels
    stray = drawn("b", b_lines=(100,)).labels

    rows = {row["clip"]: row for row in clip_rows(truth, [one_of_two, stray])}

    counts = [rows["a"][key] for key in ("drawn", "found", "matched")]
    assert counts == [2, 1, 1]
    assert [rows["b"][key] for key in ("drawn", "found", "matched")] == [0, 1, 0]
    assert rows["b"]["areas"][0] > 1


def test_a_clip_without_a_pleura_has_no_distance():
    nothing = np.full((GRID, GRID), INDEX["lung"], np.uint8)

    (row,) = clip_rows([drawn("a")], [nothing])

    assert row["distance_percent"] is None
    assert row["share_percent"] == 0


def test_a_folder_that_is_no_collection_is_refused_with_its_name(tmp_path, capsys):
    work = str(tmp_path / "work")

    assert main([str(tmp_path / "none"), "--work", work]) == 1
    assert "none" in capsys.readouterr().err
