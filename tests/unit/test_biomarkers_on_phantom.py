"""Measures against the simulator's truth, on its own exact label maps."""

from __future__ import annotations

import numpy as np
import pytest

from lusviewer.biomarkers import measure
from lusviewer.findings import LABELS
from lusviewer.geometry import GridMap
from lusviewer.phantom import random_scene, render

NONE, FEW = (
    [label.key for label in LABELS].index(key)
    for key in ("b_lines.none", "b_lines.few")
)


@pytest.fixture(scope="module")
def pairs():
    rng = np.random.default_rng(11)
    clips = [render(random_scene(rng), 1) for _ in range(40)]
    maps = [(clip, GridMap.of(clip.geometry)) for clip in clips]
    return [(c, *measure(c.labels[0], grid, c.geometry)) for c, grid in maps]


def test_the_pleura_lies_where_it_is(pairs):
    off = []
    for clip, lines, _ in pairs:
        truth = clip.pleura_px[0]
        if len(truth) and len(lines.pleura_px):
            apart = np.linalg.norm(lines.pleura_px[:, None] - truth[None], axis=2)
            off.append(float(np.median(apart.min(axis=1))))

    assert len(off) > 30
    assert np.median(off) < 1
    assert np.percentile(off, 90) < 2


def test_no_b_line_is_counted_where_there_is_none(pairs):
    counts = [v["b_line_count"] for c, _, v in pairs if c.biomarkers[0][NONE]]

    assert len(counts) > 10
    assert np.mean(np.nan_to_num(counts) == 0) >= 0.9


def test_few_b_lines_are_counted_to_one_or_better(pairs):
    errors = [
        abs(values["b_line_count"] - len(clip.b_lines[0]))
        for clip, _, values in pairs
        if clip.biomarkers[0][FEW]
    ]

    assert len(errors) >= 4
    assert np.mean(np.array(errors) <= 1) >= 0.75


def test_a_lines_are_counted(pairs):
    errors = [
        abs(values["a_line_count"] - len(clip.a_line_depths[0]))
        for clip, _, values in pairs
        if np.isfinite(values["a_line_count"])
    ]

    assert np.mean(np.array(errors) == 0) >= 0.85
