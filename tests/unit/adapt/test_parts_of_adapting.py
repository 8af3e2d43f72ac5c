"""The parts of an adaptation: cache, split, networks cut in two, the verdict."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
import torch

from lusviewer.cancel import CancelToken
from lusviewer.errors import LibraryError, TrainingError
from lusviewer.inference import open_bundle
from lusviewer.library import open_library
from lusviewer.training.adapt.bundle import calibrated
from lusviewer.training.adapt.cache import (
    EMBEDDED,
    MOST,
    RUN,
    RUNS,
    SEEN,
    Cache,
    chosen_frames,
    embeddings_by,
    frames_of,
    make_room,
)
from lusviewer.training.adapt.fractions import judge
from lusviewer.training.adapt.lessons import Task, through_runs
from lusviewer.training.adapt.networks import (
    LAST,
    LATE,
    LatePart,
    activations,
    packed,
    temporal_from,
    unpacked,
)
from lusviewer.training.adapt.split import dealt, holds
from lusviewer.training.label_fraction.library import Question
from lusviewer.training.nets.from_onnx import network_from
from lusviewer.training.nets.network import TemporalNetwork


@pytest.fixture
def clips(study):
    with open_library(study) as library:
        return list(library.clips.page(limit=3))


def test_embeddings_are_those_of_the_shipped_frame_graph(clips, bundle, tmp_path):
    opened = open_bundle(bundle, device="cpu")
    sha256 = opened.manifest.frame.sha256
    cache = Cache(tmp_path, EMBEDDED, embeddings_by(opened), sha256)
    assert list(cache.fill(clips, CancelToken()))
    frames = frames_of(SEEN)(clips[0], CancelToken())
    network = network_from(bundle / "frame.onnx")
    with torch.no_grad():
        values = (torch.from_numpy(frames).float()[:, None] - 127) / 128
        expected = network(values).embedding.numpy()
    np.testing.assert_allclose(cache.load(clips[0]), expected, atol=1e-3)
    assert sha256[:16] in cache.file(clips[0]).parent.name
    assert not list(cache.fill(clips, CancelToken()))


def test_another_file_under_the_same_name_is_not_taken(clips, tmp_path):
    path = tmp_path / clips[0].path.name
    path.write_bytes(clips[1].path.read_bytes())
    moved = replace(clips[0], path=path)
    with pytest.raises(LibraryError, match="another file"):
        Cache(tmp_path, SEEN, frames_of(SEEN)).make(moved, CancelToken())


def test_a_full_cache_loses_the_oldest_of_other_runs_first(clips, tmp_path):
    cache = Cache(tmp_path, SEEN, frames_of(SEEN))
    list(cache.fill(clips, CancelToken()))
    for age, clip in enumerate(clips):
        os.utime(cache.file(clip), ns=(age, age))
    needed = MOST[SEEN] * 224 * 224 + 4096
    sizes = [cache.file(clip).stat().st_size for clip in clips]
    make_room([cache], clips[2:], needed + sizes[1])
    assert [cache.file(clip).is_file() for clip in clips] == [False, True, True]


@pytest.mark.parametrize("kind", [EMBEDDED, SEEN, RUNS])
def test_long_clips_keep_a_bounded_number_of_frames(kind):
    assert chosen_frames(5, kind).tolist() == [0, 1, 2, 3, 4]
    chosen = chosen_frames(5000, kind)
    assert len(chosen) == MOST[kind]
    assert (np.diff(chosen) > 0).all()
    steps = np.diff(chosen)
    if kind == EMBEDDED:
        assert (steps == 1).all()
    if kind == RUNS:
        assert (steps == 1).sum() == MOST[RUNS] - MOST[RUNS] // RUN


@pytest.mark.parametrize("first", [LAST, LATE])
def test_a_network_cut_in_two_gives_what_it_gave(bundle, first):
    network = network_from(bundle / "frame.onnx").eval()
    frames = torch.rand(2, 1, 224, 224) * 2 - 1
    with torch.no_grad():
        whole = network(frames)
        late = LatePart(network, first)
        level = late.late(*late.early(frames))
    torch.testing.assert_close(level.embedding, whole.embedding)
    torch.testing.assert_close(level.logits, whole.head)


def test_only_the_late_part_learns_and_the_decoder_stays(bundle):
    late = LatePart(network_from(bundle / "frame.onnx"), LAST)
    learning = {n for n, p in late.named_parameters() if p.requires_grad}
    assert {name.split(".")[1] for name in learning} == {
        "encoder",
        "head_filter",
        "head_mix",
        "head",
    }
    stages = {n.split(".")[3] for n in learning if n.split(".")[1] == "encoder"}
    assert stages == {str(LAST)}


def test_cached_activations_come_back_nearly_as_they_were(bundle):
    late = LatePart(network_from(bundle / "frame.onnx"), LAST)
    frames = np.random.default_rng(0).integers(0, 255, (3, 224, 224), dtype=np.uint8)
    rows = activations(late, frames)
    assert rows.dtype == np.float16
    fine, deep = unpacked(rows)
    np.testing.assert_array_equal(packed(fine, deep), rows)
    with torch.no_grad():
        values = (torch.from_numpy(frames).float()[:, None] - 127) / 128
        expected = late.network(values).embedding
        got = late.late(fine, deep).embedding
    torch.testing.assert_close(got, expected, atol=0.02, rtol=0.02)


def test_a_temporal_graph_is_read_back_as_it_was(bundle):
    network = temporal_from(bundle / "temporal.onnx")
    opened = open_bundle(bundle, device="cpu")
    embeddings = np.random.default_rng(0).normal(size=(1, 9, 128)).astype(np.float32)
    given = opened.temporal.run({"embeddings": embeddings}, CancelToken())
    with torch.no_grad():
        got = network(torch.from_numpy(embeddings)).numpy()
    np.testing.assert_allclose(got[:, :, :38], given["biomarkers"], atol=1e-4)
    np.testing.assert_allclose(got[:, :, 38:], given["findings"], atol=1e-4)


def test_no_run_of_frames_sees_another():
    torch.manual_seed(0)
    network = TemporalNetwork()
    torch.nn.init.normal_(network.out.weight)
    embedding = torch.randn(MOST[RUNS], 128)
    other = embedding.clone()
    other[RUN] += 1
    with torch.no_grad():
        moved = through_runs(network, embedding) != through_runs(network, other)
    frames = moved[0].any(1).nonzero().flatten().tolist()
    assert frames
    assert set(frames) <= set(range(RUN, 2 * RUN))


def test_what_was_not_asked_for_is_held_and_what_was_is_not():
    task = Task(1, 0)
    before, logits = torch.zeros(1, 4, 43), torch.zeros(1, 4, 43)
    logits[..., 39] = 5  # the finding B-lines
    assert float(task.kept(logits, before)) == 0
    logits[..., 40] = 5
    assert float(task.kept(logits, before)) > 0


def test_whole_patients_are_parted_and_every_part_shows_both_answers():
    patients = [f"p{i // 2:02d}" for i in range(60)]
    truth = np.array([int(int(name[1:]) % 5 == 0) for name in patients], np.intp)
    parts = dealt(patients, [Question("asked", truth)], 3)
    everyone = [parts.learn, parts.validation, parts.test]
    assert sum(map(len, everyone)) == len(frozenset.union(*everyone)) == 30
    assert len(parts.test) == 9
    for part in ("learn", "validation", "test"):
        assert set(truth[parts.rows(patients, part)]) == {0, 1}
    assert parts == dealt(patients, [Question("asked", truth)], 3)
    assert parts != dealt(patients, [Question("asked", truth)], 4)


def test_a_part_that_loses_an_answer_to_files_that_do_not_open_is_noticed():
    patients = [f"p{i // 2:02d}" for i in range(60)]
    truth = np.array([int(int(name[1:]) % 3 == 0) for name in patients], np.intp)
    parts = dealt(patients, [Question("asked", truth)], 0)
    choosing = parts.rows(patients, "validation")
    kept = np.setdiff1d(np.arange(60), choosing[truth[choosing] == 1])
    left = [patients[i] for i in kept]
    assert holds(parts, patients, [Question("asked", truth)])
    assert not holds(parts, left, [Question("asked", truth[kept])])


def test_an_answer_that_cannot_be_in_every_part_is_refused():
    patients = [f"p{i:02d}" for i in range(20)]
    truth = np.array([int(i < 3) for i in range(20)], np.intp)
    with pytest.raises(TrainingError, match="asked"):
        dealt(patients, [Question("asked", truth)], 0)


def _found(low, high):
    gain = {"value": (low + high) / 2, "interval": [low, high]}
    return {"arms": {"adapted": [{"auc_above_base": gain}]}}


@pytest.mark.parametrize(
    ("intervals", "paid", "words"),
    [
        ([(0.01, 0.1)], True, "It paid"),
        ([(-0.1, -0.01)], False, "It did not pay"),
        ([(-0.1, 0.1)], None, "No difference"),
        ([(0.01, 0.1), (-0.1, -0.01)], False, "It did not pay"),
        ([(0.01, 0.1), (-0.1, 0.1)], True, "It paid"),
    ],
)
def test_it_paid_only_where_the_interval_says_so(intervals, paid, words):
    found = {str(i): _found(*pair) for i, pair in enumerate(intervals)}
    told, verdict = judge(found)
    assert told is paid
    assert verdict.startswith(words)


def test_the_adapted_finding_is_calibrated_on_patients_that_choose():
    rng = np.random.default_rng(0)
    truth = np.arange(60) % 2
    logits = (4 * truth + rng.normal(0, 1, 60) - 7).astype(np.float32)
    found = calibrated(truth.astype(np.intp), logits)
    assert found is not None
    (scale, offset), threshold = found
    said = 1 / (1 + np.exp(-(scale * logits + offset)))
    assert ((said > threshold) == truth).mean() > 0.9
    assert calibrated(truth.astype(np.intp), -logits) is None
    assert calibrated(truth[:3].astype(np.intp), logits[:3]) is None
