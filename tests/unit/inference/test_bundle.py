from __future__ import annotations

import copy
import hashlib
import subprocess
import sys
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.errors import ManifestError
from lusviewer.findings import CLASSES, LABELS
from lusviewer.inference import open_bundle
from lusviewer.inference.bundle import QualityLimits, read_model_manifest
from lusviewer.inference.session import CPU
from tests.bundles import (
    frame_graph,
    make_bundle,
    manifest_of,
    temporal_graph,
    write_graph,
    write_manifest,
)


@pytest.fixture
def folder(tmp_path):
    return make_bundle(tmp_path / "tiny", experts=False)


@pytest.fixture
def manifest(folder) -> dict[str, Any]:
    """The manifest, to be changed and written again."""
    return manifest_of(
        *(
            hashlib.sha256((folder / name).read_bytes()).hexdigest()
            for name in ("frame.onnx", "temporal.onnx")
        )
    )


def refused(folder, manifest) -> ManifestError:
    write_manifest(folder, manifest)
    with pytest.raises(ManifestError) as caught:
        open_bundle(folder)
    assert str(folder) in caught.value.message
    assert caught.value.hint
    return caught.value


def test_a_bundle_opens_with_its_identity(folder):
    bundle = open_bundle(folder)

    assert bundle.identity.name == "tiny"
    assert bundle.identity.version == "0.0.1"
    assert bundle.identity.provider == CPU
    content = (folder / "manifest.json").read_bytes()
    assert bundle.identity.sha256 == hashlib.sha256(content).hexdigest()
    assert bundle.folder == folder
    assert not bundle.device.fell_back


def test_the_manifest_alone_tells_what_the_bundle_is(folder):
    manifest, _ = read_model_manifest(folder)

    assert manifest.licence == "Apache-2.0"
    assert manifest.thresholds["finding.b_lines"] == 0.5
    assert manifest.checked_on["finding.b_lines"] == "phantom"
    assert manifest.quality == QualityLimits()
    assert manifest.frame.output("embedding").shape == (1, 128)


def test_reading_a_manifest_imports_no_runtime():
    opened = "import sys, lusviewer.inference.bundle"
    checked = "assert 'onnxruntime' not in sys.modules"

    subprocess.run([sys.executable, "-c", f"{opened}; {checked}"], check=True)


@pytest.mark.parametrize("key", ["schema", "graphs", "classes", "licence", "quality"])
def test_a_missing_key_is_named(folder, manifest, key):
    del manifest[key]
    if key == "quality":
        write_manifest(folder, manifest)
        assert open_bundle(folder).manifest.quality == QualityLimits()
    else:
        assert f"'{key}' is missing" in refused(folder, manifest).message


def test_an_unknown_key_is_named(folder, manifest):
    error = refused(folder, manifest | {"augmentation": "none"})

    assert "unknown key 'augmentation'" in error.message


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("schema",), 2, "'schema' should be 1, found 2"),
        (("name",), 7, "'name' should be a text"),
        (("context_frames",), 5, "'context_frames' should be 1, found 5"),
        (("preprocess", "std"), 0, "'preprocess.std' should be a number above 0"),
        (("preprocess", "spacing_mm"), 0.3, "'preprocess.spacing_mm' should be null"),
        (("preprocess", "region_crop"), False, "'preprocess.region_crop' should be tr"),
        (("calibration",), {"b_lines.many": [0, 1]}, "a scale above 0"),
        (("calibration",), {"b_lines.lots": [1, 0]}, "'b_lines.lots' is neither"),
        (("calibration",), {"b_lines.many": [1]}, "a list of 2 numbers"),
        (("thresholds",), {"b_lines": 2}, "a number from 0 to 1"),
        (("thresholds",), {"z_lines": 0.5}, "'z_lines' is neither"),
        (("checked_on",), {"b_lines": "paper"}, "one of real, phantom"),
        (("quality",), {"sharpness": 1}, "unknown key 'quality.sharpness'"),
        (("graphs", "frame", "file"), "../frame.onnx", "a file beside the manifest"),
        (("graphs", "frame", "input", "shape"), [1, 3, 224, 224], "at place 2"),
        (("graphs", "frame", "input", "name"), "image", "should be frame, found"),
        (("graphs", "frame", "input", "layout"), "NHWC", "should be NCHW, found"),
        (
            ("graphs", "frame", "outputs", "labels", "dtype"),
            "int64",
            "'graphs.frame.outputs.labels.dtype' should be uint8, found int64",
        ),
        (
            ("graphs", "frame", "outputs", "biomarkers", "shape"),
            [1, 37],
            "should be [1, 38], found [1, 37]",
        ),
        (("graphs", "frame", "outputs", "embedding", "shape"), [1, 0], "should be"),
        (("graphs", "frame", "outputs", "saliency", "shape"), [1, 43], "should be"),
        (("graphs", "temporal", "input", "shape"), [1, -1, 64], "at place 3"),
        (("graphs", "third"), {}, "unknown key 'graphs.third'"),
        (("graphs", "frame", "outputs", "more"), {}, "unknown key"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(
    folder, manifest, path, value, expected
):
    changed = copy.deepcopy(manifest)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value

    assert expected in refused(folder, changed).message


def test_other_classes_are_refused_at_the_first_that_differs(folder, manifest):
    classes = [*CLASSES[:3], "fascia", *CLASSES[4:]]

    error = refused(folder, manifest | {"classes": classes})

    assert "'classes' should be 9 values with 'pleura' at place 4" in error.message


def test_other_biomarkers_are_refused(folder, manifest):
    keys = [label.key for label in LABELS][:-1]

    error = refused(folder, manifest | {"biomarkers": keys})

    assert "'biomarkers' should be 38 values, not 37" in error.message


def test_limits_of_quality_are_read_one_by_one(folder, manifest):
    write_manifest(folder, manifest | {"quality": {"brightness_min": 20}})

    limits = open_bundle(folder).manifest.quality

    assert limits == QualityLimits(brightness_min=20.0)


def gate(**changes) -> dict[str, Any]:
    numbers = {"weights": [0.5] * 128, "bias": -1.0, "threshold": 0.25}
    return {"lung_view": numbers | changes}


def test_what_tells_lung_from_other_views_is_read(folder, manifest):
    write_manifest(folder, manifest | {"quality": gate()})

    view = open_bundle(folder).manifest.quality.lung_view

    assert view is not None
    assert view.threshold == 0.25
    rows = np.stack([np.zeros(128, np.float32), np.ones(128, np.float32)])
    np.testing.assert_allclose(view.scores(rows), [-1.0, 63.0])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"weights": [0.5] * 127}, "'quality.lung_view.weights' should be a list of"),
        ({"weights": ["a"] * 128}, "should be a list of 128 numbers"),
        ({"bias": None}, "'quality.lung_view.bias' should be a number"),
        ({"threshold": "low"}, "'quality.lung_view.threshold' should be a number"),
        ({"kind": "linear"}, "unknown key 'quality.lung_view.kind'"),
    ],
)
def test_a_gate_that_does_not_fit_is_refused(folder, manifest, changes, expected):
    error = refused(folder, manifest | {"quality": gate(**changes)})

    assert expected in error.message


def test_a_changed_graph_is_refused(folder, manifest):
    with (folder / "frame.onnx").open("ab") as file:
        file.write(b"\0")

    error = refused(folder, manifest)

    assert "frame.onnx: 'sha256' should be" in error.message
    assert "copy the folder again" in error.hint


def test_a_missing_graph_is_refused(folder, manifest):
    (folder / "temporal.onnx").unlink()

    assert "temporal.onnx cannot be read" in refused(folder, manifest).message


def test_a_file_that_is_no_graph_is_refused(folder, manifest):
    (folder / "frame.onnx").write_bytes(b"no graph")
    sha256 = hashlib.sha256(b"no graph").hexdigest()
    manifest["graphs"]["frame"]["sha256"] = sha256

    assert "is not an ONNX graph" in refused(folder, manifest).message


def with_frame_graph(folder, manifest, graph):
    manifest["graphs"]["frame"]["sha256"] = write_graph(folder / "frame.onnx", graph)
    return manifest


def test_a_graph_without_one_of_its_outputs_is_refused(folder, manifest):
    graph = frame_graph()
    del graph.output[3]

    error = refused(folder, with_frame_graph(folder, manifest, graph))

    assert "the outputs should be labels, biomarkers, findings, emb" in error.message


def test_a_graph_with_an_output_of_another_shape_is_refused(folder, manifest):
    manifest["graphs"]["frame"]["outputs"]["saliency"]["shape"] = [1, 43, 7, 7]

    error = refused(folder, manifest)

    assert "'saliency' should be float32 1 x 43 x 7 x 7" in error.message
    assert "found float32 1 x 43 x 14 x 14" in error.message


def open_ended(graph: onnx.GraphProto, index: int) -> onnx.GraphProto:
    """Leave the sizes of an output open, as some exporters do."""
    output = graph.output[index]
    rank = len(output.type.tensor_type.shape.dim)
    sizes = [f"d{i}" for i in range(rank)]
    kind = output.type.tensor_type.elem_type
    output.CopyFrom(helper.make_tensor_value_info(output.name, kind, sizes))
    return graph


def test_a_graph_may_leave_its_output_sizes_open(folder, manifest):
    graph = open_ended(frame_graph(), 4)
    write_manifest(folder, with_frame_graph(folder, manifest, graph))

    assert open_bundle(folder).frame.outputs[4].name == "saliency"


def test_what_the_graph_really_gives_must_fit_as_well(folder, manifest):
    graph = open_ended(frame_graph(), 4)
    manifest["graphs"]["frame"]["outputs"]["saliency"]["shape"] = [1, 43, 7, 7]

    error = refused(folder, with_frame_graph(folder, manifest, graph))

    assert "found float32 1 x 43 x 14 x 14" in error.message


def test_a_graph_that_gives_no_numbers_is_refused(folder, manifest):
    graph = frame_graph()
    constant = next(c for c in graph.initializer if c.name == "b_findings")
    values = np.full(5, np.nan, np.float32)
    constant.CopyFrom(onnx.numpy_helper.from_array(values, "b_findings"))

    error = refused(folder, with_frame_graph(folder, manifest, graph))

    assert "values that are no numbers" in error.message


def test_a_temporal_head_of_fixed_length_is_refused(folder, manifest):
    graph = temporal_graph()
    shape = [1, 16, 128]
    graph.input[0].CopyFrom(
        helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, shape)
    )
    sha256 = write_graph(folder / "temporal.onnx", graph)
    manifest["graphs"]["temporal"]["sha256"] = sha256

    error = refused(folder, manifest)

    assert "'embeddings' should be float32 1 x any x 128" in error.message
    assert "found float32 1 x 16 x 128" in error.message


def test_opening_can_be_cancelled(folder):
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(Cancelled):
        open_bundle(folder, cancel=cancel)
