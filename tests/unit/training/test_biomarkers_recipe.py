"""The recipe biomarkers: weak labels, temporal shift, and a run that goes on."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.errors import TrainingError
from lusviewer.findings import FINDINGS, LABELS
from lusviewer.training.biomarkers import recipe
from lusviewer.training.biomarkers.clips import (
    ClipMaker,
    SimulatedClip,
    clip_truth,
    clip_view,
    simulated_clips,
)
from lusviewer.training.biomarkers.graph import frames_ahead
from lusviewer.training.biomarkers.measured import Cases, best_way, compare
from lusviewer.training.biomarkers.network import Networks, first_frame_network, shifted
from lusviewer.training.biomarkers.pooling import clip_logits, clip_loss, clip_scores
from lusviewer.training.biomarkers.settings import (
    CONVOLUTION,
    FRAMES,
    MAX,
    MEAN,
    SHIFT,
    WAYS,
    BiomarkerSettings,
)
from lusviewer.training.biomarkers.trainer import FIRST, STATE, start_run, train_ways
from lusviewer.training.data.batches import Bag
from lusviewer.training.data.pocus_labels import PocusClip
from lusviewer.training.data.real_clips import CachedClip
from lusviewer.training.data.targets import KEYS
from lusviewer.training.data.weak_labels import DENIALS, weak_labels
from lusviewer.training.nets.checkpoint import Average, save_snapshot
from lusviewer.training.nets.network import FrameNetwork


def _known(values, comment="", weights=(1, 1, 1, 1, 1)):
    rows = np.array(values, np.float32), np.array(weights, np.float32)
    return PocusClip("a.mp4", "a", 0, 0, *rows, "", "", "", comment)


def _said(clip):
    """Return what is known of a clip as key -> value."""
    values, weights = weak_labels(clip)
    return {k: v for k, v, w in zip(KEYS, values, weights, strict=True) if w == 1}


def _simulated(count, frames=16):
    rng = np.random.default_rng(0)
    return [
        SimulatedClip(
            rng.integers(1, 255, (frames, 224, 224), dtype=np.uint8),
            rng.integers(0, 2, (frames, 43), dtype=np.uint8),
            f"scene {i}",
        )
        for i in range(count)
    ]


def _bags():
    frames = np.random.default_rng(1).integers(1, 255, (12, 224, 224), dtype=np.uint8)
    return [
        Bag(CachedClip("a.mp4", frames), _known([value] * 5)) for value in (0.0, 1.0)
    ]


@pytest.fixture
def settings(tmp_path):
    made = BiomarkerSettings(
        work=str(tmp_path / "work"),
        clips=str(tmp_path / "clips"),
        results=str(tmp_path / "results"),
        start="nowhere",
        steps=2,
        simulated=1,
        bags=1,
        checkpoint_every=1,
        report_every=1,
        rounds=10,
        bfloat16=False,
    )
    _begin(made)
    return made


def _begin(settings):
    """Give a run the network that all its ways start from."""
    torch.manual_seed(0)
    save_snapshot(settings.run_folder / FIRST, Average(FrameNetwork(), 0.0))


def test_an_absent_finding_denies_all_its_grades():
    known = _said(_known([0, 0, 0, 0, 0]))
    assert known["b_lines.none"] == known["b_line_origin.not_applicable"] == 1
    assert known["b_lines.white"] == known["b_line_origin.pleura"] == 0
    assert known["effusion.over_5mm"] == known["consolidation.under_5mm_few"] == 0
    assert not any(key.startswith("pleural_break") for key in known)


@pytest.mark.parametrize(
    ("comment", "grades"),
    [
        ("Normal lung, single B line", {"few": 1, "some": 0, "many": 0, "white": 0}),
        ("pleura irregular, lots of B-lines", {"many": 1, "few": 0}),
        ("Multiple b lines", {"few": 0}),
        ("some B-lines, diffuse white lung", {"white": 1}),
        ("B-lines", {}),
    ],
)
def test_the_comment_grades_b_lines_that_are_present(comment, grades):
    known = _said(_known([0, 1, 0, 0, 0], comment))
    graded = {k.partition(".")[2]: v for k, v in known.items() if k[:8] == "b_lines."}
    assert graded == {"none": 0, **grades}


def test_a_grade_of_a_finding_that_is_absent_is_not_taken():
    known = _said(_known([0, 0, 0, 0, 0], "white lung excluded, moderate effusion"))
    assert known["b_lines.white"] == known["effusion.over_5mm"] == 0
    assert _said(_known([0, 0, 0, 1, 0], "moderate effusion"))["effusion.over_5mm"] == 1


def test_weak_negatives_stay_weak_on_the_labels_they_deny():
    _, weights = weak_labels(_known([0] * 5, weights=[0.1, 0.3, 0, 1, 1]))
    by_key = dict(zip(KEYS, weights.tolist(), strict=True))
    assert by_key["b_lines.none"] == pytest.approx(0.3)
    assert by_key["a_lines.bold"] == pytest.approx(0.1)
    assert by_key["consolidation.none"] == 0


def test_a_denial_holds_for_a_clip_only_where_it_holds_for_each_frame():
    names = [label.key for label in LABELS]
    assert {names[i] for i in DENIALS} >= {"a_lines.none", "effusion.none"}
    truth = np.zeros((3, 43), np.uint8)
    truth[:2, names.index("b_lines.none")] = 1
    truth[2, names.index("b_lines.few")] = 1
    whole = clip_truth(truth)
    assert whole[names.index("b_lines.none")] == 0
    assert whole[names.index("b_lines.few")] == 1


def test_a_clips_value_is_its_highest_frames_but_of_a_denial_the_lowest():
    logits = np.zeros((4, 43), np.float32)
    logits[2] = 5
    logits[1] = -3
    scores = clip_scores(logits, SHIFT)
    others = [i for i in range(43) if i not in DENIALS]
    assert (scores[others] == 5).all()
    assert (scores[list(DENIALS)] == -3).all()
    assert clip_scores(logits, MEAN) == pytest.approx(np.full(43, 0.5))


def test_one_frame_of_eight_teaches_the_maximum_more_than_the_mean():
    logits = torch.full((1, FRAMES, 43), -4.0)
    logits[0, 3] = 4.0
    index = KEYS.index("finding.b_lines")
    assert clip_logits(logits, MAX)[0, index] > 3
    assert clip_logits(logits, MEAN)[0, index] == pytest.approx(-3)


def test_unknown_labels_teach_nothing():
    maker = ClipMaker(_simulated(1), _bags(), 0)
    batch = maker.make(0, 1, 1)
    batch.weights[1] = 0
    batch.weights[1, 40] = 1
    logits = torch.zeros(2, 43, requires_grad=True)
    clip_loss(logits, batch, 1, 0.5).backward()
    assert logits.grad is not None
    assert logits.grad[1].nonzero().tolist() == [[40]]


def test_shift_brings_an_eighth_from_before_and_an_eighth_from_after():
    clips = torch.arange(2 * FRAMES).float()[:, None, None, None] + 1
    moved = shifted(clips.expand(-1, 16, 1, 1)).unflatten(0, (2, FRAMES))[..., 0, 0]
    own = clips.reshape(2, FRAMES)
    assert torch.equal(moved[:, 1:, 0], own[:, :-1])
    assert torch.equal(moved[:, 0, :2], torch.zeros(2, 2))
    assert torch.equal(moved[:, :-1, 3], own[:, 1:])
    assert torch.equal(moved[:, -1, 2:4], torch.zeros(2, 2))
    assert torch.equal(moved[:, :, 4], own)


def test_only_shift_and_convolution_see_other_frames():
    torch.manual_seed(0)
    networks = Networks(FrameNetwork()).eval()
    torch.nn.init.normal_(networks.convolution.out.weight)
    frames = torch.rand(FRAMES, 1, 64, 64)
    # The learned position is of the full grid: here a smaller one is enough.
    for trunk in networks.trunks.values():
        trunk.frame.position = torch.nn.Parameter(torch.zeros(1, 128, 4, 4))
    other = frames.clone()
    other[4] = torch.rand(1, 64, 64)
    with torch.no_grad():
        before, after = networks(frames), networks(other)
    changed = {
        way: (before[way] - after[way]).abs().amax((0, 2)).gt(1e-6) for way in before
    }
    assert changed[MAX].nonzero().flatten().tolist() == [4]
    assert changed[MEAN].nonzero().flatten().tolist() == [4]
    assert changed[SHIFT].sum() > 1
    assert changed[CONVOLUTION].sum() > 1


def test_frames_alone_can_be_streamed_and_the_others_wait():
    networks = Networks(FrameNetwork())
    ahead = {w: frames_ahead(networks.graph(w)) for w in (MAX, SHIFT, CONVOLUTION)}
    assert ahead == {MAX: 0, SHIFT: 7, CONVOLUTION: 11}


def test_a_step_teaches_each_way_by_its_own_loss_alone(settings):
    """The sum's gradients: what the convolution learns leaves the frames alone."""
    maker = ClipMaker(_simulated(1), [], 0)
    run = start_run(settings, maker)
    logits = run.networks(maker.make(0, 1, 0).frames)
    logits[CONVOLUTION].sum().backward()
    touched = {
        name.split(".")[0]
        for name, value in run.networks.named_parameters()
        if value.grad is not None
    }
    assert touched == {"convolution"}


def test_the_same_step_always_gives_the_same_clips():
    maker = ClipMaker(_simulated(3), _bags(), 0)
    first, again = maker.make(5, 2, 1), maker.make(5, 2, 1)
    assert torch.equal(first.frames, again.frames)
    assert first.frames.shape == (3 * FRAMES, 1, 224, 224)
    assert first.values.shape == first.weights.shape == (3, 43)
    assert not torch.equal(first.frames, maker.make(6, 2, 1).frames)


def test_a_sample_of_a_clip_goes_over_all_of_it():
    frames = np.broadcast_to(np.arange(40, dtype=np.uint8)[:, None, None], (40, 2, 2))
    first, second = (clip_view(frames, i, 2)[:, 0, 0] for i in range(2))
    assert first.tolist() == [1, 6, 11, 16, 21, 26, 31, 36]
    assert set(first).isdisjoint(second)
    assert len(clip_view(frames[:1], 1, 2)) == FRAMES


def test_a_stopped_run_ends_as_one_that_was_not(settings, tmp_path):
    settings = settings.with_values(bags=0)
    maker = ClipMaker(_simulated(2), [], 0)
    events = list(train_ways(settings, maker, CancelToken()))
    assert [event["step"] for event in events] == [1, 2]
    assert set(events[0]["losses"]) == {MAX, MEAN, SHIFT, CONVOLUTION}

    other = settings.with_values(work=str(tmp_path / "other"))
    _begin(other)
    cancel = CancelToken()
    stopped = train_ways(other, maker, cancel)
    next(stopped)
    cancel.cancel()
    with pytest.raises(Cancelled):
        next(stopped)
    list(train_ways(other, maker, CancelToken()))
    with (
        np.load(settings.run_folder / STATE) as whole,
        np.load(other.run_folder / STATE) as resumed,
    ):
        assert int(resumed["step"]) == 2
        for name in whole.files:
            assert np.array_equal(whole[name], resumed[name]), name


def test_a_start_that_is_not_there_is_named(settings):
    with pytest.raises(TrainingError, match="nowhere"):
        first_frame_network(settings, torch.zeros(1, 1, 224, 224))


def test_graphs_are_not_made_of_a_run_that_has_not_ended(settings):
    with pytest.raises(TrainingError, match="2 steps"):
        list(recipe.export(settings, CancelToken()))


def _write_shards(folder, count, scenes=1):
    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(count):
        arrays: dict[str, np.ndarray] = {
            "frames": rng.integers(1, 255, (16 * scenes, 224, 224), dtype=np.uint8),
            "labels": np.zeros((16 * scenes, 1, 1), np.uint8),
            "scene": np.repeat(scenes * index + np.arange(scenes, dtype=np.int32), 16),
            "truth": rng.integers(0, 2, (16 * scenes, 43), dtype=np.uint8),
        }
        for name, array in arrays.items():
            np.save(folder / f"{index:05d}-{name}.npy", array)


def test_scenes_that_are_measured_never_teach(settings, tmp_path):
    _write_shards(tmp_path / "clips", 4, scenes=2)
    parts = {
        part: {clip.scene for clip in simulated_clips(settings, part)}
        for part in ("train", "validation", "test")
    }
    assert [len(parts[part]) for part in parts] == [2, 2, 4]
    assert len(set.union(*parts.values())) == 8


def test_too_few_rendered_clips_are_refused(settings, tmp_path):
    _write_shards(tmp_path / "clips", 2)
    with pytest.raises(TrainingError, match="2 shards"):
        simulated_clips(settings, "train")


def test_differences_are_paired_and_the_better_way_wins():
    rng = np.random.default_rng(0)
    truth = np.full((60, 43), np.nan)
    truth[:, 0] = np.arange(60) % 2
    noise = rng.normal(size=(60, 43))
    scores = {way: noise.copy() for way in (MAX, MEAN, SHIFT)}
    scores[SHIFT][:, 0] += 3 * truth[:, 0]
    cases = Cases("x", [], truth, [f"p{i // 2}" for i in range(60)])
    figures, apart = compare(cases, scores, {"labels": list(range(38))}, 50)
    assert figures[SHIFT]["labels"]["value"] > 0.95
    assert apart["mean - max"]["labels"] == {"value": 0.0, "interval": [0.0, 0.0]}
    assert apart["shift - max"]["labels"]["interval"][0] > 0.2


def test_the_best_way_is_named_by_the_validation_clips():
    def figures(validation, test):
        return {
            "simulated": {
                "validation": {"labels": {"value": validation}},
                "test": {"labels": {"value": test}},
            }
        }

    found = {way: figures(0.5, 0.9) for way in WAYS} | {MEAN: figures(0.6, 0.1)}
    assert best_way(found) == MEAN


def test_a_run_on_the_phantom_alone_ends_in_graphs_cards_and_a_result(
    settings, tmp_path, monkeypatch
):
    monkeypatch.delenv("LUSVIEWER_REAL_DATA", raising=False)
    _write_shards(tmp_path / "clips", 4)
    short = settings.with_values(steps=1, bags=0)
    for stage in ("train", "export", "measure"):
        list(recipe.RECIPE.stages[stage](short, CancelToken()))
    result = json.loads((tmp_path / "results" / "biomarkers.json").read_text("utf-8"))
    assert result["figures"]["best_on_validation"] in WAYS
    assert set(result["figures"]["ways"]) == set(WAYS)
    for way in WAYS:
        manifest = json.loads((short.folder(way) / "manifest.json").read_text("utf-8"))
        outputs = manifest["graph"]["outputs"]
        assert outputs["findings"] == [1, FRAMES, len(FINDINGS)]
        assert manifest["name"] == f"biomarkers-{way}"
        assert (short.folder(way) / "MODEL_CARD.md").is_file()
        assert result["figures"]["ways"][way]["cost"]["milliseconds_a_frame"] > 0
