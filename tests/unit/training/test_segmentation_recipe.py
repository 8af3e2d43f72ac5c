"""The segmentation recipe: what each run is taught, resuming, graphs, figures."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.errors import TrainingError
from lusviewer.findings import CLASSES
from lusviewer.inference.session import OnnxSession
from lusviewer.training.config import settings_from
from lusviewer.training.data.batches import BatchMaker
from lusviewer.training.data.line_frame import LineFrame
from lusviewer.training.data.shards import Shard
from lusviewer.training.lines.labels import LINES, UNKNOWN, sparse
from lusviewer.training.nets.losses import CLASS_WEIGHTS, segmentation_loss
from lusviewer.training.segmentation.graph import (
    GRAPH,
    count_parameters,
    load_trained,
    write_card,
    write_graph,
)
from lusviewer.training.segmentation.measured import (
    Said,
    differences,
    figures_of,
    say,
    simulated_frames,
)
from lusviewer.training.segmentation.recipe import RECIPE
from lusviewer.training.segmentation.trainer import STATE, start, train, train_step
from lusviewer.training.segmentation.variants import (
    BACKGROUND_WEIGHT,
    COMPARED,
    VARIANTS,
    SegmentationSettings,
    Variant,
    sparse_labels,
)
from lusviewer.training.train import open_recipe

pytestmark = pytest.mark.timeout(120)

_TINY = Variant("unet", dense=True, real=True)
_INDEX = {name: index for index, name in enumerate(CLASSES)}


@pytest.fixture
def settings(tmp_path):
    return SegmentationSettings(
        work=str(tmp_path),
        steps=3,
        batch=2,
        line_frames=1,
        warm_up=1,
        unet_channels=2,
        checkpoint_every=1,
        report_every=1,
        imagenet=False,
        bfloat16=False,
    )


@pytest.fixture(scope="module")
def shard():
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 255, (4, 224, 224), dtype=np.uint8)
    labels = rng.integers(0, 9, (4, 224, 224), dtype=np.uint8)
    truth = np.zeros((4, 43), np.uint8)
    return Shard(frames, labels, truth, np.arange(4, dtype=np.int32))


@pytest.fixture(scope="module")
def maker(shard):
    five = np.zeros(5, np.float32)
    labels = shard.labels[0]
    unsure = np.where(labels > 4, UNKNOWN, labels).astype(np.uint8)
    line = LineFrame("a.mp4", 0, shard.frames[0], unsure, five, five)
    return BatchMaker([shard], [], 0, [line])


@pytest.fixture(scope="module")
def scenes():
    return simulated_frames(4)


def _said(truth, change=None):
    labels = [true.labels.copy() for true in truth]
    for one in labels if change else ():
        one[one == _INDEX[change]] = _INDEX["lung"]
    shown = [(float(true.shows[0]), float(true.shows[1])) for true in truth]
    return Said(labels, shown)


def test_the_recipe_is_found_by_its_name():
    assert open_recipe("segmentation") is RECIPE
    assert list(RECIPE.stages) == ["phantom", "lines", "export", "measure"]


def test_what_is_compared_was_run():
    names = [variant.name for variant in VARIANTS]
    assert len(set(names)) == len(names)
    assert {name for pair in COMPARED for name in pair} <= set(names)


def test_a_misspelt_setting_is_refused_by_name():
    with pytest.raises(TrainingError, match="stepz"):
        settings_from(SegmentationSettings, {"work": "w", "stepz": 1}, "settings")


def test_sparse_labels_of_a_batch_are_those_of_the_drawn_labels():
    labels = np.array([*range(len(CLASSES)), UNKNOWN], np.uint8).reshape(1, 2, 5)
    expected = torch.from_numpy(sparse(labels)).long()
    found = sparse_labels(torch.from_numpy(labels).long())
    assert torch.equal(found, expected)
    assert set(found.unique().tolist()) == {0, *(_INDEX[k] for k in LINES), UNKNOWN}


def test_the_lines_weigh_as_much_with_sparse_labels_as_with_dense_ones():
    sparse_run = Variant("product", dense=False, real=False)
    changed = {k for k, v in sparse_run.weights.items() if v != CLASS_WEIGHTS[k]}
    assert changed == {"outside"}
    assert sparse_run.weights["outside"] == BACKGROUND_WEIGHT


def test_the_weights_of_classes_reach_the_loss():
    logits = torch.zeros(1, len(CLASSES), 4, 4)
    logits[:, _INDEX["pleura"]] = 3
    labels = torch.zeros(1, 4, 4).long()
    labels[0, 0] = _INDEX["pleura"]
    heavy = segmentation_loss(logits, labels, CLASS_WEIGHTS | {"outside": 3.0})
    assert heavy > segmentation_loss(logits, labels) + 0.1


def test_only_the_runs_with_lines_see_drawn_frames(settings, maker, shard):
    """A maker without drawn frames gives a run on the phantom the same losses."""
    losses = {}
    for real in (False, True):
        variant = Variant("unet", dense=True, real=real)
        for has_lines, own in ((True, maker), (False, BatchMaker([shard], [], 0))):
            run = start(settings, variant, own)
            losses[real, has_lines] = train_step(settings, variant, run, own)
    assert losses[False, True] == losses[False, False]
    assert losses[True, True] != losses[True, False]


@pytest.mark.parametrize("network", ["unet", "product"])
def test_a_stopped_run_ends_as_one_that_was_not(network, settings, maker, tmp_path):
    variant = Variant(network, dense=True, real=True)
    events = list(train(settings, variant, maker, CancelToken()))
    assert [event["step"] for event in events] == [1, 2, 3]
    expected = load_trained(settings, variant).state_dict()

    other = settings.with_values(work=str(tmp_path / "other"))
    cancel = CancelToken()
    stopped = train(other, variant, maker, cancel)
    next(stopped)
    cancel.cancel()
    with pytest.raises(Cancelled):
        next(stopped)
    assert [e["step"] for e in train(other, variant, maker, CancelToken())] == [2, 3]
    for name, value in load_trained(other, variant).state_dict().items():
        assert torch.equal(value, expected[name]), name


def test_a_run_that_was_not_trained_is_named(settings):
    with pytest.raises(TrainingError, match="unet/dense/phantom\\+real was not"):
        load_trained(settings, _TINY)


def test_the_graph_its_manifest_and_card_are_written(settings, maker, scenes):
    list(train(settings.with_values(steps=1), _TINY, maker, CancelToken()))
    assert write_graph(settings, _TINY)["difference"] < 1e-4
    folder = _TINY.folder(settings)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["licence"].startswith("Research use")
    assert manifest["classes"] == list(CLASSES)
    said = say(OnnxSession(folder / GRAPH, "cpu"), scenes)
    assert [labels.shape for labels in said.labels] == [(224, 224)] * len(scenes)
    write_card(folder, {"real": figures_of(said, scenes, dense=True)})
    assert "4 drawn frames" in (folder / "MODEL_CARD.md").read_text("utf-8")


def test_weights_that_the_classes_do_not_use_are_not_counted(settings, maker):
    product = Variant("product", dense=True, real=True)
    run = start(settings, product, maker)
    train_step(settings, product, run, maker)
    list(train(settings.with_values(steps=1), product, maker, CancelToken()))
    head = sum(p.numel() for n, p in run.network.named_parameters() if "head" in n)
    position = run.network.position.numel()
    total = sum(p.numel() for p in run.network.parameters())
    assert count_parameters(settings, product) == total - head - position
    assert (product.folder(settings) / STATE).is_file()


def test_right_labels_have_perfect_figures_of_simulated_scenes(scenes):
    figures = figures_of(_said(scenes), scenes, dense=True)
    found = [dice["value"] for dice in figures["dice"].values()]
    assert {value for value in found if value is not None} == {1.0}
    assert figures["b_lines"]["count_error"]["value"] == 0


def test_sparse_runs_are_measured_on_the_lines_alone(scenes):
    assert list(figures_of(_said(scenes), scenes, dense=False)["dice"]) == list(LINES)


def test_a_lost_pleura_shows_as_a_difference(scenes):
    found = differences(_said(scenes), _said(scenes, "pleura"), scenes)
    assert found["pleura"]["value"] == 1.0
    assert found["a_line"]["value"] in (0.0, None)
    low, high = found["pleura"]["interval"]
    assert low == high == 1.0
