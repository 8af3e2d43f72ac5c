"""Augmented frames stay frames, and labels move with them."""

from __future__ import annotations

import numpy as np
import pytest

from lusviewer.training.data.augment import (
    Look,
    apply_look,
    apply_to_labels,
    toned_like,
)

_SIZE = 224


@pytest.fixture
def frame():
    frame = np.zeros((_SIZE, _SIZE), np.uint8)
    frame[60:160, 60:160] = 200
    return frame


def _plain(**values):
    from dataclasses import replace

    matrix = np.eye(2, 3)
    plain = Look(matrix, np.arange(256, dtype=np.uint8), None, 0, 0, 0, (), None)
    return replace(plain, **values)


def test_a_plain_look_changes_nothing(frame):
    seen = apply_look(_plain(), frame, np.random.default_rng(0))
    assert np.array_equal(seen, frame)


def test_labels_lie_where_the_picture_lies(frame):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        look = _plain(matrix=Look.draw(rng, _SIZE).matrix)
        seen = apply_look(look, frame, rng) > 100
        labels = apply_to_labels(look, (frame > 0).astype(np.uint8)) > 0
        both = np.logical_and(seen, labels).sum()
        assert 2 * both / (seen.sum() + labels.sum()) > 0.97


def test_the_same_seed_gives_the_same_look(frame):
    def seen(seed):
        rng = np.random.default_rng(seed)
        return apply_look(Look.draw(rng, _SIZE), frame, rng)

    assert np.array_equal(seen(5), seen(5))
    assert not np.array_equal(seen(5), seen(6))


@pytest.mark.parametrize("seed", range(12))
def test_what_is_black_outside_the_beam_stays_black(frame, seed):
    rng = np.random.default_rng(seed)
    look = Look.draw(rng, _SIZE)
    seen = apply_look(look, frame, rng)
    outside = apply_look(_plain(matrix=look.matrix), frame, rng) == 0
    assert not seen[outside].any()
    assert seen.dtype == np.uint8


def test_cut_out_boxes_are_black(frame):
    look = _plain(cutouts=((80, 80, 100, 100),))
    seen = apply_look(look, frame, np.random.default_rng(0))
    assert not seen[80:100, 80:100].any()
    assert seen[70, 70] == 200


def test_a_frame_takes_on_the_grey_levels_of_another():
    rng = np.random.default_rng(0)
    dark = rng.integers(1, 60, (_SIZE, _SIZE), dtype=np.uint8)
    bright = rng.integers(150, 250, (_SIZE, _SIZE), dtype=np.uint8)
    dark[:20] = bright[:20] = 0
    toned = toned_like(dark, bright, 1.0)
    wanted = np.percentile(bright[20:], [5, 50, 95])
    assert np.percentile(toned[20:], [5, 50, 95]) == pytest.approx(wanted, abs=4)
    assert not toned[:20].any()
    assert np.array_equal(toned_like(dark, bright, 0.0), dark)


def test_a_black_frame_lends_no_grey_levels(frame):
    assert np.array_equal(toned_like(frame, np.zeros_like(frame), 1.0), frame)
