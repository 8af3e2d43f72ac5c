"""The networks keep their promises, and survive the way to ONNX."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
import torch

from lusviewer.cancel import CancelToken
from lusviewer.errors import TrainingError
from lusviewer.inference.bundle import open_bundle
from lusviewer.training.data.targets import KEYS
from lusviewer.training.lite.bundle_writer import BundleWords, write_bundle
from lusviewer.training.lite.calibrate import Calibration
from lusviewer.training.nets import export_onnx
from lusviewer.training.nets.from_onnx import network_from
from lusviewer.training.nets.network import FrameNetwork, TemporalNetwork


@pytest.fixture(scope="module")
def networks():
    torch.manual_seed(0)
    frame, temporal = FrameNetwork().eval(), TemporalNetwork().eval()
    temporal.start_from(frame)
    return frame, temporal


@pytest.fixture(scope="module")
def bundle(networks, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "tiny"
    calibration = Calibration(
        dict.fromkeys(KEYS, (1.0, 0.0)),
        {"b_lines": 0.4},
        dict.fromkeys(KEYS, "phantom"),
    )
    words = BundleWords("tiny", "0.0.1", "nothing", "none")
    return folder, write_bundle(folder, networks, calibration, words)


def test_the_maps_explain_the_logits_exactly(networks):
    frames = torch.rand(2, 1, 224, 224) * 2 - 1
    with torch.no_grad():
        out = networks[0](frames)
    expected = out.saliency.mean((2, 3)) + networks[0].head.bias
    torch.testing.assert_close(out.head, expected, atol=1e-4, rtol=1e-4)


def test_the_temporal_head_starts_as_the_frames_own(networks):
    embeddings = torch.randn(1, 9, 128)
    with torch.no_grad():
        refined = networks[1](embeddings)
        head = networks[0].head
        own = embeddings @ head.weight[:, :, 0, 0].T + head.bias
    torch.testing.assert_close(refined, own, atol=1e-4, rtol=1e-4)


def test_the_exported_graphs_agree_with_torch(bundle):
    assert max(bundle[1]) < export_onnx.TOLERANCE


def test_the_written_bundle_opens_and_runs(bundle):
    opened = open_bundle(bundle[0], device="cpu")
    assert opened.identity.version == "0.0.1"
    frame = np.zeros((1, 1, 224, 224), np.float32)
    outputs = opened.frame.run({"frame": frame}, CancelToken())
    assert outputs["labels"].shape == (1, 224, 224)
    assert outputs["labels"].dtype == np.uint8


def test_any_number_of_frames_passes_the_temporal_graph(bundle):
    opened = open_bundle(bundle[0], device="cpu")
    for count in (1, 5, 200):
        embeddings = np.zeros((1, count, 128), np.float32)
        outputs = opened.temporal.run({"embeddings": embeddings}, CancelToken())
        assert outputs["biomarkers"].shape == (1, count, 38)


def test_the_manifest_says_what_each_key_rests_on(bundle):
    manifest = json.loads((bundle[0] / "manifest.json").read_text())
    assert manifest["checked_on"]["finding.b_lines"] == "phantom"
    assert manifest["thresholds"] == {"b_lines": 0.4}


def test_a_graph_that_differs_from_torch_is_refused(networks, tmp_path, monkeypatch):
    monkeypatch.setattr(export_onnx, "TOLERANCE", 0.0)
    with pytest.raises(TrainingError, match="differs from torch"):
        export_onnx.export_temporal(networks[1], tmp_path / "t.onnx")


def test_exporting_warns_of_nothing(networks, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        export_onnx.export_temporal(networks[1], tmp_path / "t.onnx")


def test_an_exported_graph_becomes_a_network_that_gives_the_same(networks, bundle):
    again = network_from(bundle[0] / "frame.onnx").eval()
    frame = torch.rand(1, 1, 224, 224) - 0.5
    with torch.no_grad():
        first, second = networks[0](frame), again(frame)
    for one, other in zip(first, second, strict=True):
        assert torch.allclose(one, other, atol=1e-4)
    assert all(parameter.requires_grad for parameter in again.parameters())


def test_another_graph_is_not_taken_for_a_network(bundle):
    with pytest.raises(TrainingError, match=r"temporal\.onnx is not a graph of this"):
        network_from(bundle[0] / "temporal.onnx")
