"""video-ssl: pairs of one patient, the 24 orders, and what is learned from both."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lusviewer.cancel import CancelToken
from lusviewer.training.nets.features import start_features
from lusviewer.training.pretrain.clips import Recording, simulated
from lusviewer.training.pretrain.loop import pretrain
from lusviewer.training.video_ssl.objective import VideoNetwork, VideoObjective
from lusviewer.training.video_ssl.pairs import (
    ORDERS,
    Patient,
    clip_batch,
    patients_of,
    shuffled,
    two_clips,
)
from lusviewer.training.video_ssl.settings import VideoSettings

pytestmark = pytest.mark.timeout(120)


def _clip(n, level=100):
    frames = np.random.default_rng(n).integers(0, 40, (n, 224, 224), dtype=np.uint8)
    return frames + np.uint8(level)


def test_single_pictures_and_short_clips_alone_are_no_pair():
    found = patients_of(
        [
            Recording("two", _clip(5)),
            Recording("two", _clip(9)),
            Recording("short", _clip(7)),
            Recording("long", _clip(8)),
            Recording("picture", _clip(1)),
        ]
    )
    assert [patient.name for patient in found] == ["long", "two"]


def test_a_pair_is_of_two_different_clips():
    patient = Patient("two", (_clip(4), _clip(5), _clip(6)))
    for seed in range(20):
        one, other = two_clips(patient, np.random.default_rng(seed))
        assert len(one) != len(other)


def test_of_a_single_clip_the_halves_are_a_pair_without_a_common_frame():
    clip = _clip(9)
    one, other = two_clips(Patient("one", (clip,)), np.random.default_rng(0))
    assert len(one) + len(other) == 9
    assert not any(np.array_equal(a, b) for a in one for b in other)


def test_the_order_says_how_the_frames_were_shuffled(monkeypatch):
    monkeypatch.setattr(
        "lusviewer.training.video_ssl.pairs.view", lambda frames, _size, _rng: frames
    )
    clip = np.arange(30, dtype=np.uint8)[:, None, None] * np.ones((1, 2, 2), np.uint8)
    seen, strides = set(), set()
    for seed in range(300):
        frames, order = shuffled(clip, 2, np.random.default_rng(seed))
        times = [int(frame[0, 0]) for frame in frames]
        rank = tuple(sorted(times).index(time) for time in times)
        assert rank == ORDERS[order]
        seen.add(order)
        strides.add(tuple(np.diff(sorted(times))))
    assert seen == set(range(24))
    assert strides == {(n, n, n) for n in range(1, 6)}


def test_the_shortest_clip_gives_its_four_frames():
    frames, _ = shuffled(_clip(4), 32, np.random.default_rng(0))
    assert len(frames) == 4


def test_a_batch_holds_two_clips_of_so_many_patients_of_each_group():
    real = [Patient(f"p{i}", (_clip(8),)) for i in range(3)]
    scenes = [Patient(f"s{i}", (_clip(8),)) for i in range(2)]
    batch = clip_batch([(real, 2), (scenes, 1)], 32, [0, 1])
    assert batch.frames.shape == (2 * 3 * 4, 1, 32, 32)
    assert batch.order.shape == (6,)
    again = clip_batch([(real, 2), (scenes, 1)], 32, [0, 1])
    assert torch.equal(batch.frames, again.frames)
    assert torch.equal(batch.order, again.order)


def test_both_clips_of_a_patient_stand_at_the_same_place_of_the_halves():
    patients = [
        Patient(str(level), (_clip(8, level), _clip(9, level)))
        for level in (10, 120, 210)
    ]
    for seed in range(5):
        batch = clip_batch([(patients, 3)], 32, [seed])
        level = batch.frames.unflatten(0, (2, 3, 4)).mean((2, 3, 4, 5))
        assert (level[0].argsort() == level[1].argsort()).all()


def test_a_projection_does_not_depend_on_the_order_but_the_order_head_does():
    torch.manual_seed(0)
    network = VideoNetwork(start_features("scratch", 0)).eval()
    frames = torch.randn(4, 1, 64, 64)
    with torch.no_grad():
        projected, logits = network(frames)
        other, moved = network(frames[[2, 0, 3, 1]])
    assert projected.shape == (1, 128)
    assert logits.shape == (1, 24)
    torch.testing.assert_close(projected, other, atol=1e-4, rtol=1e-3)
    assert not torch.allclose(logits, moved, atol=1e-4)


def test_training_makes_the_loss_smaller(tmp_path):
    """Each clip grows brighter, so that its order can be seen."""
    ramp = np.arange(16, dtype=np.uint8)[:, None, None] * np.uint8(8)
    clips = [_clip(16, level) + ramp for level in (5, 60)]
    patients = [Patient(str(i), (clip,)) for i, clip in enumerate(clips)]
    settings = VideoSettings(
        work=str(tmp_path),
        steps=24,
        size=32,
        rate=3e-3,
        warm_up=1,
        report_every=4,
        bfloat16=False,
        imagenet=False,
    )
    objective = VideoObjective(settings, start_features("scratch", 0), [(patients, 2)])
    events = list(pretrain(settings, objective, CancelToken()))
    assert events[-1]["loss"] < events[0]["loss"]
    assert events[0]["order"] == pytest.approx(np.log(24), rel=0.5)


def test_each_simulated_scene_is_a_patient(tmp_path):
    frames = np.zeros((6, 224, 224), np.uint8)
    frames[3:] = 9
    arrays: dict[str, np.ndarray] = {
        "frames": frames,
        "labels": frames,
        "truth": np.zeros((6, 43), np.uint8),
        "scene": np.array([4, 4, 4, 5, 5, 5], np.int32),
    }
    for name, array in arrays.items():
        np.save(tmp_path / f"00000-{name}.npy", array)
    found = simulated(tmp_path)
    assert [one.patient for one in found] == ["scene 4", "scene 5"]
    assert [int(one.frames.max()) for one in found] == [0, 9]
