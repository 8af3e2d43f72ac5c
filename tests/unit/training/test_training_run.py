"""A training run is repeatable, and goes on where it was stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch

from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.errors import TrainingError
from lusviewer.training.config import TrainingConfig, read_settings, settings_from
from lusviewer.training.data.batches import Bag, BatchMaker
from lusviewer.training.data.pocus_labels import PocusClip
from lusviewer.training.data.real_clips import CachedClip
from lusviewer.training.data.shards import Shard
from lusviewer.training.lite.run_state import load_frame_network
from lusviewer.training.lite.trainer import (
    FRAME_STATE,
    SNAPSHOTS,
    start_run,
    train_frames,
)
from lusviewer.training.nets.checkpoint import load_mean
from lusviewer.training.nets.network import FrameNetwork
from lusviewer.training.nets.temporal import EmbeddedClip, train_temporal
from lusviewer.training.train import main

pytestmark = pytest.mark.timeout(120)


def _shard(n=6):
    rng = np.random.default_rng(0)
    return Shard(
        rng.integers(0, 255, (n, 224, 224), dtype=np.uint8),
        rng.integers(0, 9, (n, 224, 224), dtype=np.uint8),
        rng.integers(0, 2, (n, 43), dtype=np.uint8),
        np.arange(n, dtype=np.int32),
    )


def _known(positive):
    return PocusClip(
        "a.mp4",
        "a",
        0,
        0,
        np.full(5, positive, np.float32),
        np.ones(5, np.float32),
        "",
        "",
        "",
    )


@pytest.fixture
def config(tmp_path):
    return TrainingConfig(
        work=str(tmp_path),
        steps=3,
        phantom_frames=2,
        bags=1,
        bag_frames=2,
        checkpoint_every=1,
        report_every=1,
        imagenet=False,
    )


@pytest.fixture
def maker():
    frames = np.random.default_rng(1).integers(0, 255, (4, 224, 224), dtype=np.uint8)
    clip = CachedClip("a.mp4", frames)
    return BatchMaker([_shard()], [Bag(clip, _known(0)), Bag(clip, _known(1))], 0)


def _weights(config):
    network = FrameNetwork()
    load_mean([config.run_folder / FRAME_STATE], network)
    return network.state_dict()


def test_the_same_step_always_gives_the_same_batch(maker):
    first, again = maker.make(7, 2, 1, 2), maker.make(7, 2, 1, 2)
    assert torch.equal(first.frames, again.frames)
    assert torch.equal(first.values, again.values)
    assert not torch.equal(first.frames, maker.make(8, 2, 1, 2).frames)


def test_a_batch_holds_phantom_frames_and_bags(maker):
    batch = maker.make(0, 3, 2, 4)
    assert batch.frames.shape == (3 + 2 * 4, 1, 224, 224)
    assert batch.labels.shape == (3, 224, 224)
    assert batch.values.shape == batch.weights.shape == (2, 5)
    assert batch.frames.abs().max() <= 1


def test_a_stopped_run_ends_as_one_that_was_not(config, maker, tmp_path):
    whole = list(train_frames(config, start_run(config, maker), maker, CancelToken()))
    assert [event["step"] for event in whole] == [1, 2, 3]
    expected = _weights(config)

    other = config.with_values(work=str(tmp_path / "other"))
    cancel = CancelToken()
    stopped = train_frames(other, start_run(other, maker), maker, cancel)
    next(stopped)
    cancel.cancel()
    with pytest.raises(Cancelled):
        next(stopped)
    resumed = start_run(other, maker)
    assert resumed.step == 1
    list(train_frames(other, resumed, maker, CancelToken()))
    for name, value in _weights(other).items():
        assert torch.equal(value, expected[name]), name


def test_what_is_shipped_is_the_mean_of_the_snapshots(config, maker):
    often = config.with_values(snapshot_every=2)
    list(train_frames(often, start_run(often, maker), maker, CancelToken()))
    folder = config.run_folder / SNAPSHOTS
    assert sorted(p.name for p in folder.iterdir()) == ["000002.npz", "000003.npz"]
    parts = []
    for path in sorted(folder.iterdir()):
        network = FrameNetwork()
        load_mean([path], network)
        parts.append(network.state_dict())
    for name, value in load_frame_network(often).state_dict().items():
        torch.testing.assert_close(value, (parts[0][name] + parts[1][name]) / 2)


def test_training_makes_the_loss_smaller(config, maker):
    longer = config.with_values(steps=12, phantom_frames=4, bags=0, warm_up=1)
    run = start_run(longer, maker)
    losses = [e["loss"] for e in train_frames(longer, run, maker, CancelToken())]
    assert np.mean(losses[-3:]) < 0.97 * np.mean(losses[:3])


def test_the_temporal_head_learns_from_neighbours():
    """The truth of a frame is the sign that the frame before it shows."""
    rng = np.random.default_rng(0)
    clips = []
    for _ in range(30):
        signs = rng.integers(0, 2, 16)
        embeddings = rng.normal(0, 0.1, (16, 128)).astype(np.float32)
        embeddings[:, 0] += signs * 4 - 2
        truth = np.repeat(np.roll(signs, 1)[:, None], 43, 1).astype(np.uint8)
        clips.append(EmbeddedClip(embeddings, truth))
    config = TrainingConfig(work="", temporal_steps=200)
    *progress, network = train_temporal(config, FrameNetwork(), clips, CancelToken())
    last = progress[-1]
    assert isinstance(last, dict)
    assert last["loss"] < 0.35
    assert isinstance(network, torch.nn.Module)
    assert network(torch.zeros(1, 3, 128)).shape == (1, 3, 43)


def test_real_clips_of_any_length_train_the_temporal_head():
    rng = np.random.default_rng(0)
    clips = [
        EmbeddedClip(rng.normal(size=(n, 128)).astype(np.float32), known=_known(n > 5))
        for n in (1, 3, 50)
    ]
    config = TrainingConfig(work="", temporal_steps=2)
    network = list(train_temporal(config, FrameNetwork(), clips, CancelToken()))[-1]
    assert isinstance(network, torch.nn.Module)


def test_settings_are_read_from_toml_and_json(tmp_path):
    (tmp_path / "a.toml").write_text('work = "w"\nsteps = 5\nrate = 1\n')
    (tmp_path / "b.json").write_text('{"work": "w", "steps": 5, "rate": 1}')
    assert read_settings(TrainingConfig, tmp_path / "a.toml") == read_settings(
        TrainingConfig, tmp_path / "b.json"
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"work": "w", "stepz": 5}, "stepz"),
        ({"steps": 5}, "work"),
        ({"work": "w", "steps": "many"}, "steps"),
    ],
)
def test_wrong_settings_are_refused_by_name(values, words):
    with pytest.raises(TrainingError, match=words):
        settings_from(TrainingConfig, values, "settings")


def test_a_failed_recipe_says_why_as_json_and_in_words(tmp_path, capsys):
    settings = tmp_path / "settings.toml"
    settings.write_text(f'work = "{tmp_path}"\n')
    assert main(["lus-lite", str(settings), "--only", "frames"]) == 1
    output = capsys.readouterr()
    events = [json.loads(line) for line in output.out.splitlines()]
    assert events[-1]["event"] == "error"
    assert "phantom-frames" in output.err


def test_a_killed_recipe_goes_on_from_its_checkpoint(tmp_path):
    settings = tmp_path / "settings.toml"
    settings.write_text(
        f'work = "{tmp_path}"\nframe_shards = 0\nclip_shards = 0\nsteps = 400\n'
        "phantom_frames = 1\nbags = 0\ncheckpoint_every = 1\nreport_every = 1\n"
        "imagenet = false\n"
    )
    folder = tmp_path / "phantom-frames"
    folder.mkdir()
    shard = _shard(2)
    for name in ("frames", "labels", "truth", "scene"):
        np.save(folder / f"00000-{name}.npy", getattr(shard, name))

    def start():
        code = "import sys; from lusviewer.training.train import main; sys.exit("
        code += f"main(['lus-lite', {str(settings)!r}, '--only', 'frames']))"
        return subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )

    def steps(process, count):
        found = []
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "progress":
                found.append(event["step"])
            if len(found) == count:
                break
        return found

    with start() as process:
        done = steps(process, 2)
        process.send_signal(signal.SIGKILL)
    with start() as process:
        again = steps(process, 1)
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        process.wait(60)
    assert again[0] > done[0]
    assert json.loads(rest.splitlines()[-1])["event"] == "stopped"
    assert process.returncode == 130
