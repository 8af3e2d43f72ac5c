"""Labelling in rounds, played through; the curve and the share that is enough."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from lusviewer.cancel import CancelToken
from lusviewer.errors import TrainingError
from lusviewer.library.heads import scaled
from lusviewer.training.active.figures import (
    areas,
    enough,
    proposal_figures,
    resampled,
)
from lusviewer.training.active.recipe import RECIPE
from lusviewer.training.active.rounds import (
    SHARES,
    STRATEGIES,
    Pool,
    folds,
    played,
    proposal_counts,
)
from lusviewer.training.active.settings import ActiveSettings
from lusviewer.training.measure.metrics import roc_auc
from tests.bundles import make_bundle
from tests.unit.training.small_collections import write_blues

if TYPE_CHECKING:
    from pathlib import Path

N = 60


def small_pool() -> Pool:
    """Return clips of 15 patients whose answers mostly show in their inputs."""
    draw = np.random.default_rng(0)
    hidden = draw.normal(size=(N, 2))
    truth = (hidden > 0).astype(np.float64)
    inputs = scaled([hidden + 0.1 * draw.normal(size=(N, 2))])
    return Pool(inputs, truth, np.full((N, 2), np.nan), np.arange(N) // 4)


def test_folds_are_of_whole_patients_and_leave_nobody_out() -> None:
    patients = small_pool().patients
    parts = folds(patients, 5, 3)
    assert sorted(np.concatenate(parts)) == list(range(N))
    people = [set(patients[part]) for part in parts]
    assert sum(len(one) for one in people) == len(set().union(*people)) == 15
    assert not np.array_equal(parts[0], folds(patients, 5, 4)[0])


@pytest.mark.parametrize("way", STRATEGIES)
def test_labels_grow_to_all_and_never_reach_the_tested(way: str) -> None:
    pool = small_pool()
    test = folds(pool.patients, 5, 0)[0]
    before = np.zeros(N, np.bool_)
    for one in played(pool, test, STRATEGIES[way], [0, 0]):
        now = one.asked.settled[:, 0]
        assert not now[test].any()
        assert now.sum() == round(one.share * (N - len(test)))
        assert (now >= before).all()
        assert np.isnan(one.asked.answers[~now]).all()
        before = now
    right = (one.scores > 0.5) == (pool.truth[test] > 0.5)
    assert right.mean() > 0.8


def test_every_way_starts_and_ends_alike() -> None:
    pool = small_pool()
    test = folds(pool.patients, 5, 0)[0]
    runs = [list(played(pool, test, way, [1, 0])) for way in STRATEGIES.values()]
    for run in runs[1:]:
        np.testing.assert_array_equal(run[0].scores, runs[0][0].scores)
        np.testing.assert_allclose(run[-1].scores, runs[0][-1].scores, atol=1e-6)


def test_proposals_are_counted_among_what_is_open() -> None:
    pool = small_pool()
    test = folds(pool.patients, 5, 0)[0]
    for one in played(pool, test, STRATEGIES["queue"], [0, 0]):
        counts = proposal_counts(one.asked, pool.truth)
        waiting, proposed, right = counts.swapaxes(0, 1)
        assert (right <= proposed).all()
        assert (proposed <= waiting).all()
        assert (counts[1] <= counts[0]).all()
        assert not counts[:, :, test].any()
        assert waiting.sum() == 4 * (~one.asked.settled[:, 0]).sum() - 4 * len(test)


def test_areas_are_the_mean_auc_of_the_seeds() -> None:
    draw = np.random.default_rng(1)
    truth = (draw.random(30) < 0.4).astype(np.float64)
    scores = draw.normal(size=(3, 30)).round(1)
    weights = resampled(np.arange(30) // 3, 5)
    found = areas(truth, scores, weights)
    for weight, area in zip(weights, found, strict=True):
        expected = np.mean([roc_auc(truth, one, weight) for one in scores])
        assert area == pytest.approx(expected)
    assert weights[1:].sum(axis=1).tolist() == [30] * 5
    assert np.isnan(areas(np.ones(30), scores, weights)).all()


def test_enough_is_from_where_the_curve_stays_up() -> None:
    shares = np.array([0.1, 0.5, 1.0])
    curves = np.array([[0.9, 0.8, 0.6, 0.89], [0.9, 0.9, 0.7, 0.7], [0.9] * 4])
    assert enough(curves, shares).tolist() == [0.1, 0.5, 1.0, 1.0]


def test_coverage_and_accuracy_of_proposals() -> None:
    counts = np.array([[[4, 4], [2, 2], [2, 1]], [[4, 4], [0, 0], [0, 0]]])
    told = proposal_figures(counts, resampled(np.arange(2), 20))
    assert told["confident"]["coverage"]["value"] == 0.5
    assert told["confident"]["accuracy"]["value"] == 0.75
    assert told["and_not_contradicted"] is None


def test_the_recipe_ends_in_figures_and_a_picture(tmp_path: Path) -> None:
    write_blues(tmp_path / "covid-blues", 8)
    settings = ActiveSettings(
        work=str(tmp_path / "work"),
        blues=str(tmp_path / "covid-blues"),
        model=str(make_bundle(tmp_path / "bundle")),
        cache=str(tmp_path / "cache"),
        results=str(tmp_path / "results"),
        picture=str(tmp_path / "active.png"),
        seeds=1,
        folds=2,
        resamples=20,
    )
    settings.run_folder.mkdir(parents=True)
    (event, *_) = RECIPE.stages["play"](settings, CancelToken())
    assert event["way"] == "queue"
    assert not list(RECIPE.stages["play"](settings, CancelToken()))
    list(RECIPE.stages["finish"](settings, CancelToken()))
    result = json.loads((tmp_path / "results" / "active.json").read_text())
    figures = result["figures"]
    assert (figures["clips"], figures["patients"]) == (16, 8)
    assert list(figures["severe"]["queue"]["auc"]) == [f"{s:g}" for s in SHARES]
    pairs = figures["go_together"]
    assert pairs["b_lines, severe"]["clips_with_both"] == 8
    assert pairs["b_lines, severe"]["correlation"] > 0.5
    assert pairs["a_lines, b_lines"]["clips_with_both"] == 0
    assert cv2.imread(str(tmp_path / "active.png")) is not None
    looks = json.loads((tmp_path / "results" / "looks.json").read_text())["looks"]
    assert len(looks) == 1


def test_without_the_collection_it_says_what_to_give(tmp_path: Path) -> None:
    model = str(make_bundle(tmp_path / "bundle"))
    settings = ActiveSettings(work=str(tmp_path), model=model, results=str(tmp_path))
    with pytest.raises(TrainingError, match="COVID-BLUeS is not there"):
        list(RECIPE.stages["play"](settings, CancelToken()))
    assert not (tmp_path / "looks.json").exists()
