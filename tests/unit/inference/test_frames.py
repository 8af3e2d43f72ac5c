from __future__ import annotations

import numpy as np
import pytest

from lusviewer.cancel import CancelToken
from lusviewer.findings import CLASSES, FINDINGS, LABELS
from lusviewer.geometry import GRID, FrameGeometry, GridMap, grid_mask
from lusviewer.inference import open_bundle
from lusviewer.inference.bundle import PROBABILITY_KEYS
from lusviewer.inference.frames import (
    crop_to_grid,
    labels_to_clip,
    run_frame,
    run_temporal,
    to_grid,
)
from lusviewer.inference.saliency import saliency
from tests.bundles import grey_of, make_bundle, probability_of
from tests.drawing import INDEX, chest, fan, fan_chest, linear


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "tiny"
    calibration = {"effusion.over_5mm": [2.0, 1.0], "a_lines": [1.0, 1.0]}
    make_bundle(folder, experts=False, calibration=calibration)
    return open_bundle(folder, device="cpu")


def test_a_frame_of_the_grids_size_is_taken_as_it_is():
    frame = np.random.default_rng(0).integers(0, 256, (GRID, GRID), dtype=np.uint8)

    np.testing.assert_array_equal(crop_to_grid(frame, linear()), frame)


def test_the_model_sees_grey_levels_around_zero():
    frame = np.full((GRID, GRID), 255, np.uint8)
    frame[0] = 0

    batch = to_grid(frame, linear())

    assert batch.shape == (1, 1, GRID, GRID)
    assert batch.dtype == np.float32
    assert batch[0, 0, 1, 0] == pytest.approx(1.0)
    assert batch[0, 0, 0, 0] == pytest.approx(-127 / 128)


def test_what_is_outside_the_beam_never_reaches_the_model():
    geometry = fan()
    noisy = np.random.default_rng(0).integers(0, 256, (300, 400), dtype=np.uint8)
    clean = noisy * geometry.beam_mask()

    grid = crop_to_grid(noisy, geometry)

    assert not grid[~grid_mask(geometry)].any()
    inner = grid_mask(geometry)
    inner = inner & np.roll(inner, 2, 0) & np.roll(inner, -2, 0)
    inner = inner & np.roll(inner, 2, 1) & np.roll(inner, -2, 1)
    np.testing.assert_array_equal(grid[inner], crop_to_grid(clean, geometry)[inner])


def test_the_proportions_of_the_image_are_kept():
    geometry = FrameGeometry(100, 448, (0, 0, 100, 448))
    frame = np.full((100, 448), 200, np.uint8)

    grid = crop_to_grid(frame, geometry)

    assert (grid[:50] == 200).all()
    assert (grid[50:] == 0).all()


def test_a_small_frame_is_enlarged():
    geometry = FrameGeometry(56, 56, (0, 0, 56, 56))
    frame = np.repeat(np.arange(56, dtype=np.uint8)[None] * 4, 56, axis=0)

    grid = crop_to_grid(frame, geometry)

    assert (np.diff(grid.astype(int), axis=1) >= 0).all()
    assert grid[0, -1] == 220


def test_a_frame_gives_the_labels_drawn_in_it(bundle):
    labels = chest()
    labels[64:200, 100:110] = INDEX["b_line"]

    raw = run_frame(bundle, grey_of(labels), linear(), CancelToken())

    np.testing.assert_array_equal(raw.labels, labels)
    np.testing.assert_array_equal(raw.image, grey_of(labels))
    assert raw.grid == GridMap(1.0, 0.0, 0.0)
    assert raw.embedding.shape == (128,)
    assert raw.saliency.shape == (43, 14, 14)


def test_the_probabilities_are_those_of_the_logits(bundle):
    labels = chest()
    labels[64:200, 100:110] = INDEX["b_line"]
    share = float((labels == INDEX["b_line"]).mean())

    raw = run_frame(bundle, grey_of(labels), linear(), CancelToken())

    many = [label.key for label in LABELS].index("b_lines.many")
    assert raw.biomarkers[many] == pytest.approx(probability_of(share), abs=1e-6)
    b_lines = raw.findings[FINDINGS.index("b_lines")]
    assert b_lines == pytest.approx(probability_of(share), abs=1e-6)


def test_calibration_scales_and_shifts_the_logits(bundle):
    raw = run_frame(bundle, grey_of(chest()), linear(), CancelToken())

    over = [label.key for label in LABELS].index("effusion.over_5mm")
    assert raw.biomarkers[over] == pytest.approx(1 / (1 + np.exp(5)), rel=1e-4)
    a_lines = raw.findings[FINDINGS.index("a_lines")]
    assert a_lines == pytest.approx(1 / (1 + np.exp(2)), rel=1e-4)


def test_nothing_is_found_outside_the_beam(bundle):
    geometry = fan()
    frame = np.full((300, 400), 150, np.uint8)

    raw = run_frame(bundle, frame, geometry, CancelToken())

    assert not raw.labels[~grid_mask(geometry)].any()
    assert raw.labels[grid_mask(geometry)].all()


def test_the_temporal_head_takes_any_number_of_frames(bundle):
    raw = run_frame(bundle, grey_of(chest()), linear(), CancelToken())

    for n_frames in (1, 5):
        embeddings = np.repeat(raw.embedding[None], n_frames, axis=0)
        biomarkers, findings = run_temporal(bundle, embeddings, CancelToken())
        assert biomarkers.shape == (n_frames, 38)
        np.testing.assert_allclose(biomarkers[-1], raw.biomarkers, atol=1e-6)
        np.testing.assert_allclose(findings[-1], raw.findings, atol=1e-6)


def test_labels_of_a_frame_of_the_grids_size_come_back_unchanged():
    labels = chest()

    back = labels_to_clip(labels, GridMap.of(linear()), linear())

    np.testing.assert_array_equal(back, labels)


def test_labels_fall_where_the_frame_shows_them(bundle):
    geometry = fan()
    labels = fan_chest(geometry)
    frame = grey_of(labels_to_clip(labels, GridMap.of(geometry), geometry))

    raw = run_frame(bundle, frame, geometry, CancelToken())

    inside = grid_mask(geometry)
    assert (raw.labels == labels)[inside].mean() > 0.95


def test_around_the_beam_there_is_only_outside():
    geometry = fan()
    labels = np.full((GRID, GRID), INDEX["lung"], np.uint8)

    full = labels_to_clip(labels, GridMap.of(geometry), geometry)

    assert full.shape == (300, 400)
    assert full.dtype == np.uint8
    expected = np.where(geometry.beam_mask(), INDEX["lung"], 0)
    np.testing.assert_array_equal(full, expected)


def test_each_clip_pixel_takes_the_nearest_label():
    geometry = FrameGeometry(448, 448, (0, 0, 448, 448))
    labels = np.arange(GRID * GRID).reshape(GRID, GRID).astype(np.uint8) % len(CLASSES)

    full = labels_to_clip(labels, GridMap.of(geometry), geometry)

    np.testing.assert_array_equal(full, labels.repeat(2, 0).repeat(2, 1))


def test_saliency_is_highest_where_the_finding_is(bundle):
    geometry = fan()
    labels = fan_chest(geometry)
    labels[120:180, 60:80] = INDEX["effusion"]
    frame = grey_of(labels_to_clip(labels, GridMap.of(geometry), geometry))

    shown = saliency(bundle, frame, geometry, "finding.effusion", CancelToken())

    assert shown.shape == (300, 400)
    assert shown.dtype == np.float32
    assert shown.max() == 1.0
    assert shown.min() == 0.0
    row, column = np.unravel_index(shown.argmax(), shown.shape)
    there = GridMap.of(geometry).to_grid(np.array([[row, column]], np.float32))[0]
    assert 120 <= there[0] <= 180
    assert 60 <= there[1] <= 80
    assert not shown[~geometry.beam_mask()].any()


def test_saliency_is_smooth(bundle):
    labels = chest()
    labels[64:200, 100:110] = INDEX["b_line"]
    frame = grey_of(labels).repeat(3, 0).repeat(3, 1)
    geometry = FrameGeometry(672, 672, (0, 0, 672, 672))

    shown = saliency(bundle, frame, geometry, "b_lines.many", CancelToken())

    assert np.abs(np.diff(shown, axis=1)).max() < 0.05


def test_saliency_is_zero_where_nothing_speaks_for_the_key(bundle):
    frame = grey_of(chest())

    shown = saliency(bundle, frame, linear(), "finding.effusion", CancelToken())

    assert not shown.any()


def test_saliency_of_an_unknown_key_is_refused(bundle):
    with pytest.raises(ValueError, match="not in tuple"):
        saliency(bundle, grey_of(chest()), linear(), "z_lines", CancelToken())


def test_every_key_has_its_own_saliency(bundle):
    raw = run_frame(bundle, grey_of(chest()), linear(), CancelToken())

    assert len(raw.saliency) == len(PROBABILITY_KEYS) == 43
