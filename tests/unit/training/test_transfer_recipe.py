"""The transfer recipe: pooled features, masking, folds by patient, fine-tuning."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from lusviewer.cancel import CancelToken
from lusviewer.errors import TrainingError
from lusviewer.findings import CLASSES
from lusviewer.inference.session import OnnxSession
from lusviewer.training.data import real_clips
from lusviewer.training.data.batches import normalised
from lusviewer.training.data.pocus_labels import PocusClip
from lusviewer.training.nets.checkpoint import Average, save_snapshot
from lusviewer.training.nets.network import FrameNetwork
from lusviewer.training.segmentation.trainer import STATE
from lusviewer.training.segmentation.variants import SegmentationSettings, Variant
from lusviewer.training.train import open_recipe
from lusviewer.training.transfer import recipe
from lusviewer.training.transfer.classifier import (
    ENCODER_FEATURES,
    Classifier,
    Pooled,
    started,
)
from lusviewer.training.transfer.features import clip_features, without_chest_wall
from lusviewer.training.transfer.settings import (
    ASKED,
    Clips,
    TransferSettings,
    asked_clips,
)
from lusviewer.training.transfer.ship import write_classifier
from lusviewer.training.transfer.tuned import Lessons, tuned_fold

pytestmark = pytest.mark.timeout(120)

_PLEURA, _LUNG = CLASSES.index("pleura"), CLASSES.index("lung")
_N = 6


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """Six clips of two frames, a class for two patients each, and two segmenters."""
    work = tmp_path_factory.mktemp("transfer")
    settings = TransferSettings(
        work=str(work / "transfer"),
        segmentation=str(work / "segmentation"),
        cache=str(work / "cache"),
        clip_frames=2,
        tested_frames=1,
        steps=1,
        batch=2,
        bfloat16=False,
    )
    settings.run_folder.mkdir(parents=True)
    (work / "cache").mkdir()
    rng = np.random.default_rng(0)
    for i in range(_N):
        name = real_clips._key(f"{i}.mp4")
        frames = rng.integers(1, 60 + 60 * (i % 3), (2, 224, 224), dtype=np.uint8)
        np.save(work / "cache" / f"{name}.npy", frames)
    other = SegmentationSettings(settings.segmentation)
    for dense in (True, False):
        torch.manual_seed(dense)
        path = Variant("product", dense=dense, real=False).folder(other) / STATE
        save_snapshot(path, Average(FrameNetwork(), 0.9))
    return settings


@pytest.fixture(scope="module")
def clips():
    files = tuple(f"{i}.mp4" for i in range(_N))
    classes = np.arange(_N, dtype=np.intp) % 3
    return Clips(files, classes, tuple(f"p{i}" for i in range(_N)))


@pytest.fixture(scope="module")
def features(settings, clips):
    return clip_features(settings, "dense", clips, masked=False)


def _known(file, diagnosis):
    five = np.zeros(5, np.float32)
    return PocusClip(file, file, diagnosis, None, five, five, "", "", "")


def _labels(row):
    labels = np.full((224, 224), _LUNG, np.uint8)
    labels[row : row + 3, 60:160] = _PLEURA
    return labels


def test_the_recipe_is_found_by_its_name():
    assert open_recipe("transfer") is recipe.RECIPE


def test_viral_pneumonia_is_not_asked_about():
    found = asked_clips([_known(f"{d}.mp4", d) for d in (0, 1, 2, 3)])
    assert found.files == ("0.mp4", "1.mp4", "2.mp4")
    assert found.classes.tolist() == [0, 1, 2]


def test_no_decoded_clip_is_an_error_with_a_hint():
    with pytest.raises(TrainingError) as caught:
        asked_clips([])
    assert "decode" in caught.value.hint


def test_the_features_are_the_means_of_every_level_the_encoder_first():
    torch.manual_seed(0)
    network = FrameNetwork().eval()
    frames = torch.rand(1, 1, 224, 224)
    with torch.no_grad():
        features, logits = Pooled(network)(frames)
        out = network(frames)
        taps = network.encoder(frames)
    torch.testing.assert_close(logits, out.segmentation)
    expected = torch.cat([tap.mean((2, 3)) for tap in taps], 1)
    torch.testing.assert_close(features[:, :ENCODER_FEATURES], expected)
    assert features.shape[1] == ENCODER_FEATURES + 128 + 64 + 48 + 32


def test_the_starts_differ(settings):
    weights = [
        started(settings, start).network.classes.weight for start in ("dense", "sparse")
    ]
    assert not torch.equal(*weights)


def test_a_start_that_was_not_trained_is_named(settings, tmp_path):
    elsewhere = settings.with_values(segmentation=str(tmp_path))
    with pytest.raises(TrainingError, match="product/dense/phantom was not trained"):
        started(elsewhere, "dense")


def test_above_the_pleura_all_is_black_and_below_it_nothing_changes():
    frame = np.full((224, 224), 90, np.uint8)
    masked = without_chest_wall(frame, _labels(row=80))
    assert not masked[:70].any()
    assert (masked[80:] == 90).all()


def test_a_frame_that_hardly_shows_a_pleura_stays_as_it_is():
    frame, labels = np.full((224, 224), 90, np.uint8), _labels(row=80)
    labels[:, 70:] = _LUNG
    assert (without_chest_wall(frame, labels) == frame).all()


def test_features_are_made_once_and_are_the_mean_over_frames(settings, clips, features):
    again = clip_features(settings, "dense", clips, masked=False)
    assert np.array_equal(features, again)
    frames = real_clips.open_cached(
        settings.run_folder.parent.parent / "cache", "3.mp4"
    )
    with torch.no_grad():
        expected, _ = started(settings, "dense")(normalised(frames.frames))
    np.testing.assert_allclose(features[3], expected.mean(0), rtol=1e-3, atol=1e-4)


def test_a_classifier_knows_nothing_before_it_learns(settings):
    n = ENCODER_FEATURES + 272
    pooled = started(settings, "dense")
    network = Classifier(pooled, torch.zeros(n), torch.ones(n))
    with torch.no_grad():
        (logits,) = network(torch.rand(2, 1, 224, 224))
    assert torch.equal(logits, torch.zeros(2, len(ASKED)))


def test_lessons_show_each_class_as_often_whatever_its_clips():
    files = tuple(str(i) for i in range(22))
    classes = np.array([0] * 20 + [1, 2], np.intp)
    clips = Clips(files, classes, files)
    frames = [np.full((1, 224, 224), 80, np.uint8)] * 22
    lessons = Lessons(clips, np.arange(22), frames, seed=0)
    _, drawn = lessons.batch(0, 90)
    assert np.bincount(drawn.numpy(), minlength=3).min() > 15
    assert torch.equal(drawn, lessons.batch(0, 90)[1])


def test_lessons_leave_tested_patients_alone():
    clips = Clips(("a", "b", "c", "d"), np.array([0, 1, 2, 0], np.intp), tuple("abcd"))
    grey = (50, 50, 50, 250)
    frames = [np.full((1, 224, 224), value, np.uint8) for value in grey]
    lessons = Lessons(clips, np.array([0, 1, 2]), frames, seed=0)
    seen = {row for rows in lessons._rows for patient in rows for row in patient}
    assert seen == {0, 1, 2}


def test_a_tuned_fold_is_kept_and_not_trained_again(settings, clips, features):
    parts = np.array([0, 1, 2]), np.array([3, 4])
    job, cancel = ("dense", 0), CancelToken()
    said = tuned_fold(settings, job, clips, parts, features, cancel)
    assert said.shape == (2, len(ASKED))
    np.testing.assert_allclose(said.sum(1), 1, rtol=1e-5)
    cancel.cancel()  # training would stop at once
    again = tuned_fold(settings, job, clips, parts, features, cancel)
    assert np.array_equal(said, again)


def test_heads_are_fitted_on_other_patients_alone():
    """Each patient's clips share a mark that names the class: it must not help."""
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(30), 2)
    classes = rng.permutation(np.repeat(np.arange(3), 10))[people].astype(np.intp)
    table = np.zeros((60, 30), np.float32)
    table[np.arange(60), people] = 1
    clips = Clips(("",) * 60, classes, tuple(f"p{i}" for i in people))
    said = recipe._said_by_folds(table, clips)
    assert (said.argmax(1) == classes).mean() < 0.6


def test_a_feature_that_tells_the_class_is_learned():
    rng = np.random.default_rng(0)
    classes = np.arange(45, dtype=np.intp) % 3
    table = rng.normal(0, 0.3, (45, 5)).astype(np.float32)
    table[np.arange(45), classes] += 2
    clips = Clips(("",) * 45, classes, tuple(f"p{i}" for i in range(45)))
    assert (recipe._said_by_folds(table, clips).argmax(1) == classes).mean() > 0.9


def test_the_difference_of_two_starts_is_paired():
    classes = np.array([0, 0, 1, 2] * 5, np.intp)
    clips = Clips(("",) * 20, classes, tuple(f"p{i}" for i in range(20)))
    wrong = np.where(classes == 2, 0, classes)
    found = recipe.apart(clips, classes, wrong)
    assert found["accuracy"]["value"] == 0.25
    assert found["balanced_accuracy"]["value"] == 0.333
    assert found["balanced_accuracy"]["interval"] == [0.333, 0.333]
    same = recipe.apart(clips, wrong, wrong)["accuracy"]
    assert same["interval"] == [0.0, 0.0]


def test_the_classifier_is_written_with_its_manifest_and_card(
    settings, clips, features
):
    figures = {k: {"value": 0.5} for k in ("accuracy", "balanced_accuracy")}
    write_classifier(settings, clips, features, figures)
    manifest = json.loads((settings.run_folder / "manifest.json").read_text("utf-8"))
    assert manifest["classes"] == list(ASKED)
    graph = OnnxSession(settings.run_folder / "classifier.onnx", "cpu")
    frame = np.zeros((1, 1, 224, 224), np.float32)
    found = graph.run({"frame": frame}, CancelToken())["diagnosis"]
    assert found.shape == (1, len(ASKED))
    assert "6 POCUS clips of 6 patients" in (
        settings.run_folder / "MODEL_CARD.md"
    ).read_text("utf-8")
