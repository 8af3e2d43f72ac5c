from __future__ import annotations

import numpy as np
import pytest

from lusviewer.geometry import GRID, grid_mask
from lusviewer.training.measure.line_changes import changes, main
from lusviewer.training.measure.true_lines import TrueFrame
from tests.drawing import INDEX, chest, fan
from tests.unit.training.true_frames import drawn


def test_a_b_line_lost_by_one_of_two_patients_halves_recall_and_says_by_how_much():
    truth = [drawn("p", "p", (100,)), drawn("q", "q", (100,))]
    right = [true.labels for true in truth]
    lost = [truth[0].labels, drawn("q", "q").labels]

    figures = changes(truth, right, lost)["figures"]

    recall = figures["b_line_origin_recall"]
    assert recall["before"]["value"] == 1
    assert recall["after"]["value"] == 0.5
    assert recall["difference"] == {"value": -0.5, "interval": [-1.0, 0.0]}
    assert figures["dice_b_line"]["after"]["value"] == pytest.approx(2 / 3, abs=0.001)
    assert figures["dice_pleura"]["difference"]["value"] == 0


def test_maps_that_stay_as_they_were_differ_by_nothing_whoever_is_drawn():
    truth = [drawn("p", "p", (100,)), drawn("q", "q")]
    said = [drawn("p", "p", (60,)).labels, drawn("q", "q", (150,)).labels]

    found = changes(truth, said, said)

    assert found["pixels_of_the_same_class_in_the_beam"] == 1
    for one in found["figures"].values():
        if one["difference"]["value"] is not None:
            assert one["difference"] == {"value": 0, "interval": [0, 0]}


def test_pixels_that_changed_are_counted_in_the_beam_alone():
    place = fan()
    image = np.zeros((GRID, GRID), np.uint8)
    none = np.zeros((0, 2), np.float32)
    true = TrueFrame("c", "p", 0, image, chest(60, 4), place, none, (False, False))
    after = true.labels.copy()
    after[120:] = INDEX["b_line"]

    found = changes([true], [true.labels], [after])

    beam = grid_mask(place)
    assert 0 < beam[120:].mean() < 1
    kept = 1 - beam[120:].sum() / beam.sum()
    same = found["pixels_of_the_same_class_in_the_beam"]
    assert same == pytest.approx(kept, abs=1e-4)


def test_a_folder_without_a_model_is_refused_with_its_name(tmp_path, capsys):
    file = tmp_path / "figures.json"

    gone = [str(tmp_path), str(tmp_path / "gone"), "--json", str(file)]
    assert main(gone) == 1
    assert "gone" in capsys.readouterr().err
    assert not file.exists()
