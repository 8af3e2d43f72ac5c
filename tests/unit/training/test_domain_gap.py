"""The tools against the domain gap do what they say, and the recipe runs through."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.errors import TrainingError
from lusviewer.findings import CLASSES
from lusviewer.inference.session import OnnxSession
from lusviewer.training.data.batches import BatchMaker
from lusviewer.training.data.beam_augment import BeamLook, beam_shape, seen_by
from lusviewer.training.data.line_frame import LineFrame
from lusviewer.training.data.phantom_set import RenderPlan, render_scene
from lusviewer.training.data.real_clips import CachedClip
from lusviewer.training.data.shards import open_shards
from lusviewer.training.data.sharpness import band_strengths, sharpened_like
from lusviewer.training.data.vary import Variation, varied
from lusviewer.training.domain_gap.appearance import (
    compared,
    statistics,
    told_apart,
)
from lusviewer.training.domain_gap.at_test import (
    ABOVE,
    Reader,
    Tones,
    below_pleura,
    even_toned,
)
from lusviewer.training.domain_gap.judge import Measure, figures
from lusviewer.training.domain_gap.measured import HEADLINES, chosen
from lusviewer.training.domain_gap.recipe import RECIPE
from lusviewer.training.domain_gap.runs import (
    ended,
    uses_real_frames,
    write_card,
    write_graph,
)
from lusviewer.training.domain_gap.teach import (
    agreeing,
    load_taught,
    save_taught,
    taught_frames,
)
from lusviewer.training.domain_gap.tools import BASE, TOOLS, GapSettings
from lusviewer.training.lines.labels import UNKNOWN
from lusviewer.training.lite.bundle_writer import sha256_of
from lusviewer.training.lite.trainer import start_run, train_frames
from lusviewer.training.nets.export_onnx import export_frame
from lusviewer.training.nets.network import FrameNetwork

PLEURA = CLASSES.index("pleura")
LUNG = CLASSES.index("lung")
SIZE = 224


@pytest.fixture(scope="module")
def scenes():
    """A few simulated frames with their labels, fans and straight beams."""
    plan = RenderPlan(5, 1)
    pairs = [render_scene(scene, plan)[:2] for scene in range(8)]
    return [(frames[0], labels[0]) for frames, labels in pairs]


def _fan(apex=(-60.0, 111.5), near=70.0, far=270.0, half=0.45):
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    down, aside = rows - apex[0], columns - apex[1]
    radius, angle = np.hypot(down, aside), np.arctan2(aside, down)
    return (radius >= near) & (radius <= far) & (np.abs(angle) <= half), radius


# --- the beam's own geometry ------------------------------------------------


def test_the_apex_and_reach_of_a_fan_are_found_in_its_mask():
    mask, _ = _fan()
    shape = beam_shape(mask)
    assert shape is not None
    assert shape.apex is not None
    assert shape.apex == pytest.approx((-60, 111.5), abs=4)
    assert shape.reach == pytest.approx((70, 270), abs=4)
    assert shape.sides == pytest.approx((-0.45, 0.45), abs=0.02)


def test_an_upright_beam_has_no_apex():
    mask = np.zeros((SIZE, SIZE), bool)
    mask[:, 40:180] = True
    shape = beam_shape(mask)
    assert shape is not None
    assert shape.apex is None
    assert shape.sides == (40, 179)


def test_places_in_a_beam_come_back_to_their_pixels():
    shape = beam_shape(_fan()[0])
    assert shape is not None
    rows = np.array([[30.0, 90.0, 150.0]], np.float32)
    columns = np.array([[100.0, 70.0, 130.0]], np.float32)
    again = shape.pixels_of(*shape.beam_of(rows, columns))
    assert np.allclose(again[0], rows, atol=0.01)
    assert np.allclose(again[1], columns, atol=0.01)


def test_an_arc_of_one_depth_becomes_a_level_line_on_a_linear_probe():
    mask, radius = _fan()
    labels = np.where(mask, LUNG, 0).astype(np.uint8)
    labels[mask & (np.abs(radius - 150) < 3)] = PLEURA
    shape = beam_shape(mask)
    straight = beam_shape(np.ones((SIZE, SIZE), bool))
    assert shape is not None
    assert straight is not None
    look = BeamLook(straight, 1.0, 0.8, np.ones(6, np.float32), 0, 0, (1, 1))
    _, moved = seen_by(look, shape, labels, labels, np.random.default_rng(0))
    rows = np.where(moved == PLEURA, np.arange(SIZE)[:, None], 0).sum(0)
    middle = rows / np.maximum((moved == PLEURA).sum(0), 1)
    assert middle.std() < 1.5
    assert middle.mean() == pytest.approx((150 - 70) / 200 * 223, abs=4)


def test_a_frame_and_its_labels_move_alike_to_another_probe(scenes):
    for seed, (_, labels) in enumerate(scenes):
        rng = np.random.default_rng(seed)
        shape = beam_shape(labels > 0)
        assert shape is not None
        drawn = BeamLook.draw(rng, shape, SIZE)
        plain = BeamLook(
            drawn.shape, drawn.depth, drawn.across, np.ones(6, np.float32), 0, 0, (1, 1)
        )
        picture = np.where(labels > 0, 200, 0).astype(np.uint8)
        seen, moved = seen_by(plain, shape, picture, labels, rng)
        both = ((seen > 100) & (moved > 0)).sum()
        assert 2 * both / ((seen > 100).sum() + (moved > 0).sum()) > 0.98


def test_gain_in_the_beam_follows_depth_and_not_rows():
    mask, radius = _fan()
    frame = np.where(mask, 100, 0).astype(np.uint8)
    shape = beam_shape(mask)
    assert shape is not None
    gains = np.linspace(0.5, 1.5, 6).astype(np.float32)
    look = BeamLook(shape, 1.0, 1.0, gains, 0, 0, (1, 1))
    seen, _ = seen_by(look, shape, frame, frame, np.random.default_rng(0))
    ring = mask & (np.abs(radius - 170) < 2) & (seen > 0)
    assert seen[ring].std() < 3
    assert seen[ring].mean() == pytest.approx(100, abs=3)


# --- sharpness and variation ------------------------------------------------


def test_a_soft_frame_takes_on_the_sharpness_of_a_sharp_one(scenes):
    sharp = scenes[0][0]
    soft = cv2.GaussianBlur(sharp, (0, 0), 0.7)
    three = (soft, sharpened_like(soft, sharp, 1.0), sharp)
    found = [one for frame in three if (one := band_strengths(frame)) is not None]
    before, after, wanted = (strengths[0] for strengths in found)
    assert before < 0.8 * wanted
    assert abs(after - wanted) < 0.5 * abs(before - wanted)
    assert np.array_equal(sharpened_like(soft, sharp, 0.0) > 0, soft > 0)


def test_without_any_tool_a_frame_stays_as_it_was(scenes):
    frame, labels = scenes[0]
    nothing = Variation(looks=False, toned=0)
    seen = varied(frame, labels, nothing, None, np.random.default_rng(0))
    assert np.array_equal(seen[0], frame)
    assert np.array_equal(seen[1], labels)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_the_same_seed_varies_a_frame_the_same_way(tool, scenes):
    frame, labels = scenes[1]

    def seen(seed):
        rng = np.random.default_rng(seed)
        return varied(frame, labels, tool.variation, lambda _: scenes[2][0], rng)

    assert np.array_equal(seen(1)[0], seen(1)[0])
    assert tool.name == "none" or not np.array_equal(seen(1)[0], seen(2)[0])


# --- the look of frames in numbers ------------------------------------------


def test_statistics_tell_a_bright_coarse_frame_from_a_dark_fine_one():
    rng = np.random.default_rng(0)
    mask = _fan()[0]
    fine = rng.normal(40, 10, (SIZE, SIZE)).astype(np.float32)
    coarse = 2.5 * cv2.GaussianBlur(fine, (0, 0), 2)
    dark, bright = (
        statistics(np.where(mask, np.clip(values, 1, 255), 0).astype(np.uint8))
        for values in (fine, coarse)
    )
    assert dark is not None
    assert bright is not None
    assert bright["mean"] > 2 * dark["mean"]
    assert bright["fine"] < 0.5 * dark["fine"]
    assert bright["axial"] > 2 * dark["axial"]


def test_a_statistic_that_differs_is_called_off_and_others_are_not():
    rng = np.random.default_rng(0)
    one = [{"mean": v, "fine": rng.normal()} for v in rng.normal(0, 1, 80)]
    other = [{"mean": v, "fine": rng.normal()} for v in rng.normal(3, 1, 60)]
    table = compared(one, other)
    assert table["mean"]["off"]
    assert table["mean"]["real_is_more"] > 0.95
    assert not table["fine"]["off"]
    assert told_apart(one, other) > 0.95


def test_frames_of_one_kind_are_not_told_apart():
    rng = np.random.default_rng(1)
    rows = [{"mean": a, "fine": b} for a, b in rng.normal(0, 1, (160, 2))]
    assert 0.3 < told_apart(rows[:80], rows[80:]) < 0.7


# --- at test time -----------------------------------------------------------


def test_a_dimmed_frame_gets_its_usual_tones_back(scenes):
    frame = scenes[0][0]
    usual = Tones.of(frame)
    assert usual is not None
    dim = np.where(frame > 0, np.maximum(frame * 0.5, 1), 0).astype(np.uint8)
    found = Tones.of(even_toned(dim, usual))
    assert found is not None
    assert found.mean == pytest.approx(usual.mean, rel=0.05)
    assert found.deviation == pytest.approx(usual.deviation, rel=0.08)
    assert np.array_equal(even_toned(dim, usual) > 0, frame > 0)


def test_masking_takes_away_what_lies_above_the_pleura_alone():
    frame = np.full((SIZE, SIZE), 90, np.uint8)
    labels = np.full((SIZE, SIZE), LUNG, np.uint8)
    labels[60:64, 20:180] = PLEURA
    seen = below_pleura(frame, labels)
    top = int(np.ceil(61.5 - ABOVE))
    assert not seen[:top].any()
    assert (seen[top:] == 90).all()
    assert np.array_equal(below_pleura(frame, np.full_like(labels, LUNG)), frame)


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    """An untrained network, as its graph."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("graph") / "frame.onnx"
    export_frame(FrameNetwork(), path)
    return OnnxSession(path, "cpu")


def test_a_reader_asks_for_findings_without_the_tissue_above_the_pleura(graph, scenes):
    frame = scenes[0][0]
    labels, findings = Reader(graph).read(frame)
    masked = Reader(graph, masked=True).read(frame)
    assert np.array_equal(masked[0], labels)
    alone = Reader(graph).read(below_pleura(frame, labels))
    assert np.array_equal(masked[1], alone[1])
    evened = Reader(graph, tones=Tones(90, 40)).read(frame)
    assert not np.array_equal(evened[1], findings)


# --- a teacher's labels -----------------------------------------------------


def test_where_neighbours_in_time_disagree_nothing_is_known():
    before, now, after = (np.full((4, 4), LUNG, np.uint8) for _ in range(3))
    now[0] = PLEURA
    after[1, :2] = PLEURA
    now[3] = before[3] = after[3] = 0
    labels, share = agreeing(before, now, after)
    assert (labels[0] == UNKNOWN).all()
    assert (labels[1, :2] == UNKNOWN).all()
    assert (labels[2] == LUNG).all()
    assert (labels[3] == 0).all()
    assert share == pytest.approx(6 / 12)


def test_a_teacher_agrees_with_itself_on_a_still_clip(graph, scenes, tmp_path):
    still = CachedClip("a.mp4", np.stack([scenes[0][0]] * 5))
    found = taught_frames(graph, still, 2, 0.99)
    assert [one.index for one in found] == [1, 3]
    assert all((one.labels != UNKNOWN).all() for one in found)
    assert all(not one.weights.any() for one in found)
    moving = CachedClip("b.mp4", np.stack([frame for frame, _ in scenes[:5]]))
    assert not taught_frames(graph, moving, 2, 0.99)
    save_taught(tmp_path / "taught.npz", found)
    again = load_taught(tmp_path / "taught.npz")
    assert np.array_equal(again[1].labels, found[1].labels)
    assert (again[1].clip, again[1].index) == ("a.mp4", 3)


# --- figures ----------------------------------------------------------------


def _measure(rows):
    values = np.array(rows, np.float64)
    patients = [str(i) for i in range(len(values))]
    return {"x": Measure(lambda kept: float(values[kept].mean()), patients)}


def test_a_gain_is_paired_by_patient_and_seed():
    rng = np.random.default_rng(0)
    base = rng.normal(0, 5, 30)
    found = figures(
        [_measure(base + 1), _measure(base + 2)], [_measure(base), _measure(base)]
    )["x"]
    assert found["gain"]["value"] == pytest.approx(1.5)
    assert found["gain"]["interval"] == pytest.approx([1.5, 1.5])
    assert found["gain"]["by_seed"] == [1.0, 2.0]
    low, high = found["interval"]
    assert high - low > 1


def test_the_tool_with_the_highest_mean_gain_is_chosen():
    def said(gain):
        return {name: {"value": 0.5, "gain": {"value": gain}} for name in HEADLINES}

    base = {name: {"value": 0.9} for name in HEADLINES}
    found = chosen({BASE: base, "grey": said(0.2), "beam": said(-0.1)})
    assert found["tool"] == "grey"
    assert found["mean_gains"] == {BASE: 0.0, "grey": 0.2, "beam": -0.1}
    assert chosen({BASE: base, "beam": said(-0.1)})["tool"] == BASE


# --- the recipe -------------------------------------------------------------


@pytest.fixture
def settings(tmp_path, scenes, graph):
    """Settings of a tiny run: a shard, twenty pictures of twenty patients."""
    frames = tmp_path / "frames"
    frames.mkdir()
    rng = np.random.default_rng(0)
    arrays = {
        "frames": np.stack([frame for frame, _ in scenes]),
        "labels": np.stack([labels for _, labels in scenes]),
        "scene": np.arange(len(scenes), dtype=np.int32),
        "truth": rng.integers(0, 2, (len(scenes), 43), dtype=np.uint8),
    }
    for name, array in arrays.items():
        np.save(frames / f"00000-{name}.npy", array)
    return GapSettings(
        work=str(tmp_path),
        frames=str(frames),
        seeds=1,
        steps=2,
        batch=3,
        taught=1,
        checkpoint_every=1,
        report_every=1,
        imagenet=False,
        bfloat16=False,
    )


def _trained(settings, tool, scenes, stop_after=None):
    config = tool.config(settings, 0)
    frame, labels = scenes[0]
    nothing = np.zeros(5, np.float32)
    taught = [LineFrame("a.mp4", 1, frame, labels, nothing, nothing)]
    maker = BatchMaker(
        open_shards(Path(settings.frames), "train"),
        [],
        0,
        taught if tool.taught else [],
        tool.variation,
    )
    run = start_run(config, maker)
    cancel = CancelToken()
    with suppress(Cancelled):
        for event in train_frames(config, run, maker, cancel):
            if event["step"] == stop_after:
                cancel.cancel()
    return run


def test_a_run_stopped_halfway_ends_as_one_that_was_not(settings, scenes):
    tool = next(tool for tool in TOOLS if tool.taught)
    whole = _trained(settings.with_values(work=settings.work + "/a"), tool, scenes)
    broken = settings.with_values(work=settings.work + "/b")
    assert _trained(broken, tool, scenes, stop_after=1).step == 1
    assert not ended(broken, tool)
    again = _trained(broken, tool, scenes)
    assert whole.step == again.step == 2
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, again.network.state_dict()[name]), name


def test_a_run_ends_in_a_graph_a_manifest_and_a_card(settings, scenes):
    tool = TOOLS[1]
    _trained(settings, tool, scenes)
    assert ended(settings.with_values(seeds=2), tool) == [0]
    assert write_graph(settings, tool, 0) < 1e-4
    write_card(settings, tool, {"findings_auc": {"value": 0.5}})
    folder = tool.folder(settings, 0)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["licence"] == "Apache-2.0"
    assert manifest["graph"]["sha256"] == sha256_of(folder / "frame.onnx")
    assert "not for reading clips" in (folder / "MODEL_CARD.md").read_text()


def test_grey_levels_of_real_frames_carry_their_licence():
    licences = {tool.name: uses_real_frames(tool) for tool in TOOLS}
    assert licences == {
        "none": False, "looks": False, "grey": True, "beam": False, "sharp": True,
        "taught": True, "together": True,
    }  # fmt: skip


def test_without_decoded_clips_the_recipe_says_what_to_run(settings, tmp_path):
    settings = settings.with_values(cache=str(tmp_path / "none"))
    with pytest.raises(TrainingError, match="no decoded real clips"):
        list(RECIPE.stages["train"](settings, CancelToken()))
