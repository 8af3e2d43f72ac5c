from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest

from lusviewer.cancel import CancelToken
from lusviewer.experts.expert import open_expert
from lusviewer.training.experts import local, oxygen, pocus_experts
from lusviewer.training.experts.heads import Choice
from lusviewer.training.experts.recipe import RECIPE
from lusviewer.training.experts.settings import ExpertsSettings
from lusviewer.training.measure import metrics
from tests.bundles import make_bundle
from tests.unit.training.small_collections import write_blues, write_pocus

if TYPE_CHECKING:
    from pathlib import Path

CHOICES = (Choice("tree", 1), Choice("logistic", 0.1))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch):
    for module in (local, oxygen, pocus_experts):
        monkeypatch.setattr(module, "CHOICES", CHOICES)
    for module in (local, pocus_experts):
        monkeypatch.setattr(module, "KINDS", ("tree", "logistic"))
    few = partial(metrics.resampled_rows, rounds=20)
    monkeypatch.setattr(metrics, "resampled_rows", lambda who, seed, _: few(who, seed))
    write_pocus(tmp_path / "pocus")
    write_blues(tmp_path / "covid-blues", 8)
    made = ExpertsSettings(
        work=str(tmp_path / "work"),
        real=str(tmp_path / "pocus"),
        model=str(make_bundle(tmp_path / "bundle")),
        cache=str(tmp_path / "cache"),
        results=str(tmp_path / "results"),
        folds=2,
        inner=2,
    )
    made.run_folder.mkdir(parents=True)
    return made


def test_the_recipe_ends_in_a_result_and_experts_that_open(settings, tmp_path: Path):
    for stage in RECIPE.stages.values():
        assert list(stage(settings, CancelToken()))

    result = json.loads((tmp_path / "results" / "experts.json").read_text())
    figures = result["figures"]
    assert set(figures["pocus"]) == {"diagnosis", "severity"}
    assert "cost" in figures["pocus"]["severity"]["tree on embedding"]
    assert set(figures["local"]) == {"b_lines", "a_lines", "severe"}
    assert figures["local"]["b_lines"]["auc"]["n"] == 16
    assert figures["oxygen"]["patients"] == {
        ">430": 4,
        "275-430": 4,
        "180-275": 0,
        "<180": 0,
    }
    looks = json.loads((tmp_path / "results" / "looks.json").read_text())["looks"]
    assert [(look["collection"], look["what"]) for look in looks] == [
        ("pocus test", "kinds of experts, nested"),
        ("covid-blues", "local experts, nested"),
    ]
    expert = open_expert(settings.run_folder / "severity-regression")
    assert expert.manifest.classes == ("0", "1", "2", "3")


def test_without_the_outside_hospital_its_part_is_left_out(settings, tmp_path: Path):
    elsewhere = settings.with_values(blues=str(tmp_path / "nowhere"))
    assert list(RECIPE.stages["local"](elsewhere, CancelToken())) == []
    assert not (tmp_path / "results" / "looks.json").exists()
