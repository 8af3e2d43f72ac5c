"""Rendered frames on disk, and clips decoded onto the grid."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lusviewer.cancel import CancelToken
from lusviewer.errors import TrainingError
from lusviewer.findings import CLASSES
from lusviewer.training.data import phantom_set
from lusviewer.training.data.phantom_set import RenderPlan, render_scene, render_shard
from lusviewer.training.data.real_clips import cache_clips, is_cached, open_cached
from lusviewer.training.data.shards import open_shards, shard_indices


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(phantom_set, "SCENES_PER_SHARD", 2)
    return tmp_path / "shards"


def test_a_scene_gives_frames_labels_and_truth_on_the_grid():
    frames, labels, truth = render_scene(3, RenderPlan(0, 2))
    assert frames.shape == labels.shape == (2, 224, 224)
    assert truth.shape == (2, 43)
    assert labels.max() < len(CLASSES)
    inside = labels != CLASSES.index("outside")
    assert frames[inside].mean() > 5 * max(frames[~inside].mean(), 1e-3)


def test_the_same_plan_renders_the_same_frames():
    first, again = (render_scene(1, RenderPlan(5, 1)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    other = render_scene(1, RenderPlan(6, 1))
    assert not np.array_equal(first[0], other[0])


def test_a_rendered_shard_is_read_back(folder):
    render_shard(folder, 0, RenderPlan(0, 1))
    (shard,) = open_shards(folder, "train")
    assert np.array_equal(shard.frames[:1], render_scene(0, RenderPlan(0, 1))[0])
    assert shard.scene.tolist() == [0, 1]
    assert not list(folder.glob("*.part*"))


def test_a_shard_that_is_there_is_not_rendered_again(folder):
    render_shard(folder, 0, RenderPlan(0, 1))
    before = (folder / "00000-frames.npy").stat().st_mtime_ns
    render_shard(folder, 0, RenderPlan(0, 1))
    assert (folder / "00000-frames.npy").stat().st_mtime_ns == before


def test_no_shard_is_in_two_parts(tmp_path):
    for index in range(30):
        (tmp_path / f"{index:05d}-truth.npy").touch()
    parts = [shard_indices(tmp_path, p) for p in ("train", "validation", "test")]
    assert [len(part) for part in parts] == [24, 3, 3]
    assert sorted(i for part in parts for i in part) == list(range(30))


def test_a_folder_without_frames_is_refused_by_name(tmp_path):
    with pytest.raises(TrainingError, match="train"):
        open_shards(tmp_path, "train")


def test_clips_are_decoded_once_and_broken_ones_are_named(tmp_path):
    cache = tmp_path / "cache"
    rng = np.random.default_rng(0)
    cv2.imwrite(str(tmp_path / "a.png"), rng.integers(1, 255, (90, 120), np.uint8))
    (tmp_path / "b.png").write_text("not an image")
    files = ("a.png", "b.png")
    found = dict(cache_clips(tmp_path, files, cache, CancelToken()))
    assert found["a.png"] == ""
    assert "b.png" in found["b.png"]
    assert is_cached(cache, "a.png")
    assert not is_cached(cache, "b.png")
    assert open_cached(cache, "a.png").frames.shape == (1, 224, 224)
    with pytest.raises(TrainingError, match=r"b\.png"):
        open_cached(cache, "b.png")
