"""The gate that tells lung from anything else: fitted, shipped and measured."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from lusviewer.inference.bundle import open_bundle
from lusviewer.inference.frames import crop_to_grid
from lusviewer.phantom import random_scene, render
from lusviewer.training.data.not_lung import OTHER_KINDS, misplaced, not_lung_clip
from lusviewer.training.evaluate import main
from lusviewer.training.lite.domain import Examples, best_view, fit
from lusviewer.training.measure.clip_store import ClipStore, Source, read_frames
from lusviewer.training.measure.domain import SHOWN, measure_dicom, turned_away
from lusviewer.training.nets.temporal import embed
from tests.bundles import make_bundle

NO_BODY = OTHER_KINDS.index("noise"), OTHER_KINDS.index("no contact")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("models") / "tiny", experts=False)


def lung(seed, index):
    clip = render(random_scene(np.random.default_rng([seed, index])), 1)
    return clip.frames[0], clip.geometry


def nothing(seed, index):
    """A frame of noise or of no contact."""
    return not_lung_clip(seed, len(OTHER_KINDS) * index + NO_BODY[index % 2])


@pytest.fixture(scope="module")
def examples(folder):
    """Embeddings by the tiny bundle, which sees how bright how much of a frame is."""
    graph = open_bundle(folder, device="cpu").frame

    def embedded(make, seed, count):
        frames = [crop_to_grid(*make(seed, index)) for index in range(count)]
        return embed(graph, np.stack(frames))

    return [
        Examples((), {"simulated": embedded(lung, 1, 24)}, {"none": found})
        for found in (embedded(nothing, 1, 24), embedded(nothing, 2, 16))
    ]


def test_a_fitted_gate_in_a_bundle_turns_away_what_is_not_lung(
    folder, examples, tmp_path
):
    fitted = best_view(*examples)
    gated = make_bundle(
        tmp_path / "gated", experts=False, quality={"lung_view": fitted.as_numbers()}
    )
    bundle = open_bundle(gated, device="cpu")

    def away(make):
        made = [make(3, index) for index in range(12)]
        clips = [
            read_frames(
                bundle, Source(str(i), str(i), tmp_path), crop_to_grid(*one)[None],
                one[1],
            )
            for i, one in enumerate(made)
        ]  # fmt: skip
        return turned_away(bundle, clips)

    of_nothing, of_lung = away(nothing), away(lung)
    assert of_nothing["clips"] == of_lung["clips"] == 12
    seen = of_lung["reasons"].get("This does not look like lung", 0)
    assert seen <= 4
    assert of_nothing["turned_away"] >= 9
    assert sum(of_nothing["reasons"].values()) == of_nothing["turned_away"]


def clouds(seed, at, count):
    return np.random.default_rng(seed).normal(at, 1, (count, 6)).astype(np.float32)


def known(seed, clip_at):
    return Examples(
        tuple(clouds([seed, i], at, 5) for i, at in enumerate(clip_at)),
        {"simulated": clouds([seed, 90], 1, 100), "real": clouds([seed, 91], 1, 50)},
        {"belly": clouds([seed, 92], -1, 100)},
    )


def test_the_threshold_lets_all_but_three_of_a_hundred_validation_clips_pass():
    train = known(0, [1.0] * 10)
    clips = [1.0] * 97 + [-3.0] * 3
    kept, one_less = known(1, clips), known(1, clips[1:])

    found, stricter = fit(train, kept, 0.1), fit(train, one_less, 0.1)

    assert found.figures["validation_clips_passed"] == 97
    assert found.figures["turned_away"]["belly"] > 0.9
    # Of 99 clips only two may be turned away: the threshold falls to the third.
    assert stricter.figures["validation_clips_passed"] == 97
    assert stricter.view.threshold < found.view.threshold


def test_the_numbers_of_a_gate_are_its_scores():
    fitted = best_view(known(0, [1.0] * 4), known(1, [1.0] * 4))
    numbers = json.loads(json.dumps(fitted.as_numbers()))

    rows = clouds(5, 0, 7)

    expected = rows @ np.array(numbers["weights"]) + numbers["bias"]
    np.testing.assert_allclose(fitted.view.scores(rows), expected, atol=1e-4)
    assert numbers["threshold"] == pytest.approx(fitted.view.threshold, abs=1e-4)


def test_a_misplaced_frame_has_the_same_pixels_elsewhere():
    rng = np.random.default_rng(0)
    frame = np.arange(36, dtype=np.uint8).reshape(6, 6)

    for _ in range(20):
        moved = misplaced(rng, frame)
        assert moved.shape == frame.shape
        assert not np.array_equal(moved, frame)
        assert sorted(moved.ravel()) == sorted(frame.ravel())


def test_of_files_with_one_picture_each_counts_once(folder, tmp_path):
    dicom = tmp_path / "dicom"
    dicom.mkdir()
    drawn, _ = lung(1, 0)
    dark = np.zeros((160, 200), np.uint8)
    for name, picture in (
        ("US1_J2KI.dcm", dark),
        ("US1_UNCI.dcm", dark),
        ("YBR_422.dcm", dark),
        ("color-pl.dcm", drawn),
    ):
        # Files are read by what they hold, not by how they are called.
        (dicom / name).write_bytes(cv2.imencode(".png", picture)[1].tobytes())

    bundle = open_bundle(folder, device="cpu")
    found = measure_dicom(bundle, dicom, ClipStore(tmp_path / "work"))

    assert found["clips"] == 4
    assert found["patients"] == 3
    assert found["files"]["YBR_422.dcm"]["shows"] == SHOWN["YBR_422.dcm"]
    assert "too dark" in found["files"]["US1_UNCI.dcm"]["reason"]
    lit = found["files"]["color-pl.dcm"]["turned_away"]
    assert found["turned_away"] == 3 + lit
    assert found["pictures_turned_away"] == 2 + lit


def test_a_folder_without_the_known_files_is_refused(folder, tmp_path, capsys):
    empty = tmp_path / "empty"
    empty.mkdir()
    for name in ("dicom", "pocus", "covid-blues"):
        (tmp_path / name).mkdir()
    given = [f"--{name}={empty}" for name in ("dicom", "pocus", "covid-blues")]
    places = [f"--model={folder}", f"--work={tmp_path}", f"--docs={tmp_path}"]

    assert main(["domain", *given, *places]) == 1
    assert str(empty) in capsys.readouterr().err
