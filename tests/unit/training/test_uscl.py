"""USCL: sample pairs, the contrast, and a run that ends in an encoder."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.errors import TrainingError
from lusviewer.inference.session import OnnxSession
from lusviewer.training.config import settings_from
from lusviewer.training.nets.features import FEATURES, start_features
from lusviewer.training.pretrain.clips import Recording, recordings
from lusviewer.training.pretrain.contrast import found_partners, nt_xent
from lusviewer.training.pretrain.finish import export
from lusviewer.training.pretrain.loop import STATE, WEIGHTS, pretrain
from lusviewer.training.pretrain.views import view
from lusviewer.training.train import open_recipe
from lusviewer.training.uscl.objective import LABEL_WEIGHT, UsclObjective, label_loss
from lusviewer.training.uscl.pairs import pair_batch, sample_pair
from lusviewer.training.uscl.settings import UsclSettings

pytestmark = pytest.mark.timeout(120)


def _videos(count, diagnosis=-1):
    rng = np.random.default_rng(0)
    return [
        Recording(
            f"p{i}", rng.integers(1, 255, (3, 224, 224), dtype=np.uint8), diagnosis
        )
        for i in range(count)
    ]


@pytest.fixture
def settings(tmp_path):
    return UsclSettings(
        work=str(tmp_path / "work"),
        steps=3,
        size=32,
        videos=2,
        checkpoint_every=100,
        report_every=1,
        imagenet=False,
        bfloat16=False,
    )


def _objective(settings, videos):
    return UsclObjective(settings, start_features("scratch", settings.seed), videos)


def test_both_samples_share_one_frame_in_the_same_part():
    """Frames of grey levels 0, 100 and 200: the two mixes tell the share alike."""
    frames = np.stack([np.full((8, 8), v, np.uint8) for v in (0, 100, 200)])
    shares = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        one, other = (int(m[0, 0]) for m in sample_pair(frames, rng))
        again = np.random.default_rng(seed)
        first, shared, third = again.choice(3, 3, replace=False) * 100
        share = float(again.beta(0.5, 0.5))
        assert one == pytest.approx(share * first + (1 - share) * shared, abs=0.51)
        assert other == pytest.approx(share * third + (1 - share) * shared, abs=0.51)
        shares.append(share)
    # Beta(0.5, 0.5) is at the ends more often than in the middle.
    ends = np.mean([not 0.25 < share < 0.75 for share in shares])
    assert ends > 0.55


def test_two_frames_are_not_mixed_and_one_is_both_samples():
    frames = np.stack([np.full((4, 4), v, np.uint8) for v in (10, 90)])
    rng = np.random.default_rng(0)
    assert {int(m[0, 0]) for m in sample_pair(frames, rng)} == {10, 90}
    one, other = sample_pair(frames[:1], rng)
    assert (one == other).all()


def test_a_batch_is_made_of_different_videos_and_of_its_seed_alone():
    videos = _videos(4)
    first, again = (pair_batch(videos, 32, 4, [0, 2, 5]) for _ in range(2))
    assert torch.equal(first.left, again.left)
    assert torch.equal(first.right, again.right)
    assert first.left.shape == (4, 1, 32, 32)
    assert not torch.equal(first.left, first.right)
    assert not torch.equal(first.left, pair_batch(videos, 32, 4, [0, 2, 6]).left)
    assert len(pair_batch(videos, 32, 9, [0]).left) == 4


def test_frames_of_one_clip_share_a_view():
    """Two equal frames stay nearly equal: only the speckle may differ."""
    frame = np.random.default_rng(0).integers(1, 255, (224, 224), dtype=np.uint8)
    for seed in range(5):
        one, other = view([frame, frame], 64, np.random.default_rng(seed))
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.8
    one, other = (view([frame], 64, np.random.default_rng(s))[0] for s in (0, 1))
    assert not np.array_equal(one, other)


def test_the_contrast_is_that_of_its_definition():
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(2, 4, 6))
    both = np.concatenate([left, right])
    both /= np.linalg.norm(both, axis=1, keepdims=True)
    likeness = np.exp(both @ both.T / 0.5)
    np.fill_diagonal(likeness, 0)
    partner = np.roll(np.arange(8), 4)
    expected = -np.log(likeness[np.arange(8), partner] / likeness.sum(1)).mean()
    found = nt_xent(torch.from_numpy(left), torch.from_numpy(right), 0.5)
    assert found.item() == pytest.approx(expected)


def test_the_contrast_is_small_where_partners_agree():
    one = torch.eye(6)
    assert nt_xent(one, one, 0.05) < 0.01
    assert nt_xent(one, one.roll(1, 0), 0.05) > 5
    assert found_partners(one, one) == 1
    assert found_partners(one, one.roll(1, 0)) == 0


def test_unlabelled_samples_leave_the_cross_entropy_out():
    logits = torch.tensor([[2.0, 0, 0, 0], [0, 0, 0, 5.0]], requires_grad=True)
    unlabelled = label_loss(logits, torch.tensor([-1, -1]))
    assert unlabelled.item() == 0
    one = label_loss(logits, torch.tensor([0, -1]))
    expected = torch.nn.functional.cross_entropy(logits[:1], torch.tensor([0]))
    assert one.item() == pytest.approx(expected.item())
    one.backward()
    assert logits.grad is not None
    assert logits.grad[1].abs().sum() == 0


def test_labels_weigh_a_fifth(settings):
    loss, figures = _objective(settings, _videos(2, diagnosis=2)).loss(0)
    assert figures["labels"] > 0
    whole = figures["contrast"] + LABEL_WEIGHT * figures["labels"]
    assert loss.item() == pytest.approx(whole, rel=1e-5)
    loss, figures = _objective(settings, _videos(2)).loss(0)
    assert figures["labels"] == 0
    assert loss.item() == pytest.approx(figures["contrast"], rel=1e-5)


def _run(settings, cancel=None):
    objective = _objective(settings, _videos(2))
    return pretrain(settings, objective, cancel or CancelToken())


def _weights(settings):
    with np.load(settings.run_folder / WEIGHTS) as stored:
        return {name: stored[name] for name in stored.files}


def test_a_stopped_run_ends_as_one_that_was_not(settings, tmp_path):
    assert [event["step"] for event in _run(settings)] == [1, 2, 3]
    other = settings.with_values(work=str(tmp_path / "other"))
    cancel = CancelToken()
    stopped = _run(other, cancel)
    next(stopped)
    cancel.cancel()
    with pytest.raises(Cancelled):
        next(stopped)
    assert (other.run_folder / STATE).is_file()
    assert [event["step"] for event in _run(other)] == [2, 3]
    expected = _weights(settings)
    for name, value in _weights(other).items():
        assert np.array_equal(value, expected[name]), name


def test_training_finds_the_partners(settings):
    """Three videos of plainly different brightness and grain."""
    rng = np.random.default_rng(0)
    videos = [
        Recording(name, (base + rng.integers(0, 20, (3, 224, 224))).astype(np.uint8))
        for name, base in (("dark", 5), ("grey", 110), ("bright", 230))
    ]
    longer = settings.with_values(
        videos=3, steps=25, rate=3e-3, warm_up=1, report_every=5
    )
    objective = _objective(longer, videos)
    losses = [e["loss"] for e in pretrain(longer, objective, CancelToken())]
    assert losses[-1] < losses[0] - 0.1


def test_the_run_ends_in_a_graph_with_manifest_and_card(settings, monkeypatch):
    monkeypatch.delenv("LUSVIEWER_REAL_DATA", raising=False)
    list(_run(settings))
    (event,) = export(settings, "uscl", "About it.", "unlabelled")
    folder = settings.run_folder / "encoder"
    assert event["difference"] < 1e-4
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["kind"] == "encoder"
    assert manifest["graph"]["outputs"]["embedding"]["shape"] == [1, FEATURES]
    assert "unlabelled" in manifest["trained_on"]
    card = (folder / "MODEL_CARD.md").read_text()
    assert card.startswith("# uscl")
    assert manifest["licence"] in card
    graph = OnnxSession(folder / manifest["graph"]["file"], "cpu")
    frame = np.zeros((1, 1, 224, 224), np.float32)
    found = graph.run({"frame": frame}, CancelToken())["embedding"]
    assert found.shape == (1, FEATURES)


def test_without_decoded_clips_it_says_what_to_do(settings, monkeypatch):
    monkeypatch.delenv("LUSVIEWER_REAL_DATA", raising=False)
    with pytest.raises(TrainingError, match="no decoded clip") as caught:
        recordings(settings.with_values(clips="nowhere"))
    assert "decode" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["uscl", "video-ssl", "label-fraction"])
def test_recipes_open_by_name_and_refuse_unknown_settings(name):
    recipe = open_recipe(name)
    assert recipe.name == name
    assert recipe.stages
    with pytest.raises(TrainingError, match="stepz"):
        settings_from(recipe.settings, {"work": "w", "stepz": 1}, "settings")
