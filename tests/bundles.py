"""Tiny real bundles and experts: ONNX graphs whose findings depend on the pixels.

A pixel's grey level chooses its class: a frame drawn by ``grey_of(labels)`` gives
those labels back. The embedding starts with the share of each class in the grid,
and every probability grows with the share of one class.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from lusviewer.findings import CLASSES, FINDINGS, LABELS
from lusviewer.geometry import GRID

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

GREY_STEP = 28
"""Class ``k`` is drawn in grey ``k * GREY_STEP``; 'outside' is black."""

EMBEDDING = 128
_OPSETS = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
_FINDING_CLASS = ("a_line", "b_line", "consolidation", "effusion", "pleura")
_GROUP_CLASS = {
    "a_lines": "a_line",
    "b_lines": "b_line",
    "b_line_origin": "b_line",
    "pleural_thickness": "pleura",
    "pleural_location": "chest_wall",
    "pleural_indent": "pleura",
    "pleural_break": "pleura",
    "consolidation": "consolidation",
    "effusion": "effusion",
}
_SLOPE, _OFFSET = 60.0, -3.0
"""A share of 5 % of the grid gives probability one half; none gives 5 %."""


def grey_of(labels: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Return the frame in which the tiny model finds ``labels``."""
    return (np.asarray(labels) * GREY_STEP).astype(np.uint8)


def probability_of(share: float) -> float:
    """Return what the tiny model says where a class fills ``share`` of the grid."""
    return float(1 / (1 + np.exp(-(_SLOPE * share + _OFFSET))))


def make_bundle(folder: Path, *, experts: bool = True, **changes: Any) -> Path:
    """Write a bundle with two experts to ``folder`` and return it.

    ``changes`` replace keys of its manifest, after the hashes were taken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    frame = write_graph(folder / "frame.onnx", frame_graph())
    temporal = write_graph(folder / "temporal.onnx", temporal_graph())
    manifest = manifest_of(frame, temporal) | changes
    write_manifest(folder, manifest)
    (folder / "MODEL_CARD.md").write_text("# tiny\n\nMade for tests.\n")
    if experts:
        make_tree(folder / "experts" / "severity")
        make_logistic(folder / "experts" / "diagnosis")
    return folder


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))


def write_graph(path: Path, graph: onnx.GraphProto) -> str:
    """Write ``graph`` and return the SHA-256 of the file."""
    model = helper.make_model(graph, opset_imports=_OPSETS, ir_version=9)
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def manifest_of(frame_sha256: str, temporal_sha256: str) -> dict[str, Any]:
    """Return the manifest of the tiny bundle."""
    n_labels, n_findings = len(LABELS), len(FINDINGS)
    return {
        "schema": 1,
        "name": "tiny",
        "version": "0.0.1",
        "graphs": {
            "frame": {
                "file": "frame.onnx",
                "sha256": frame_sha256,
                "input": {
                    "name": "frame",
                    "dtype": "float32",
                    "layout": "NCHW",
                    "shape": [1, 1, GRID, GRID],
                },
                "outputs": {
                    "labels": {"dtype": "uint8", "shape": [1, GRID, GRID]},
                    "biomarkers": {"dtype": "float32", "shape": [1, n_labels]},
                    "findings": {"dtype": "float32", "shape": [1, n_findings]},
                    "embedding": {"dtype": "float32", "shape": [1, EMBEDDING]},
                    "saliency": {
                        "dtype": "float32",
                        "shape": [1, n_labels + n_findings, 14, 14],
                    },
                },
            },
            "temporal": {
                "file": "temporal.onnx",
                "sha256": temporal_sha256,
                "input": {
                    "name": "embeddings",
                    "dtype": "float32",
                    "layout": "NTC",
                    "shape": [1, -1, EMBEDDING],
                },
                "outputs": {
                    "biomarkers": {"dtype": "float32", "shape": [1, -1, n_labels]},
                    "findings": {"dtype": "float32", "shape": [1, -1, n_findings]},
                },
            },
        },
        "preprocess": {
            "region_crop": True,
            "mean": 127.0,
            "std": 128.0,
            "spacing_mm": None,
        },
        "classes": list(CLASSES),
        "biomarkers": [label.key for label in LABELS],
        "findings": list(FINDINGS),
        "calibration": {},
        "thresholds": dict.fromkeys(FINDINGS, 0.5),
        "checked_on": dict.fromkeys(FINDINGS, "phantom"),
        "quality": {},
        "context_frames": 1,
        "trained_on": "nothing: drawn for tests",
        "licence": "Apache-2.0",
        "intended_use": "tests",
    }


def _weights() -> NDArray[np.float32]:
    """Return ``(9, 43)``: which class drives which biomarker and finding."""
    driven_by = [_GROUP_CLASS[label.group] for label in LABELS] + list(_FINDING_CLASS)
    weights = np.zeros((len(CLASSES), len(driven_by)), np.float32)
    for column, name in enumerate(driven_by):
        weights[CLASSES.index(name), column] = _SLOPE
    return weights


def _constant(name: str, value: Any, dtype: Any = np.float32) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(value, dtype), name)


def _float(name: str, shape: list[Any]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def frame_graph() -> onnx.GraphProto:
    n_classes, n_labels = len(CLASSES), len(LABELS)
    thresholds = (np.arange(1, n_classes) * GREY_STEP - GREY_STEP / 2 - 127) / 128
    weights = _weights()
    node = helper.make_node
    nodes = [
        node("Greater", ["frame", "thresholds"], ["above"]),
        node("Cast", ["above"], ["above_f"], to=TensorProto.FLOAT),
        node("ReduceSum", ["above_f", "axis_1"], ["class_1"], keepdims=1),
        node("Squeeze", ["class_1", "axis_1"], ["class_0"]),
        node("Cast", ["class_0"], ["labels"], to=TensorProto.UINT8),
        node("Equal", ["class_1", "indices"], ["is_class"]),
        node("Cast", ["is_class"], ["maps"], to=TensorProto.FLOAT),
        node("ReduceMean", ["maps"], ["shares"], axes=[2, 3], keepdims=0),
        node("MatMul", ["shares", "widen"], ["embedding"]),
        node("Gemm", ["shares", "w_labels", "b_labels"], ["biomarkers"]),
        node("Gemm", ["shares", "w_findings", "b_findings"], ["findings"]),
        node(
            "AveragePool", ["maps"], ["cells"], kernel_shape=[16, 16], strides=[16, 16]
        ),
        node("Conv", ["cells", "w_maps"], ["saliency"]),
    ]
    constants = [
        _constant("thresholds", thresholds.reshape(1, -1, 1, 1)),
        _constant("indices", np.arange(n_classes).reshape(1, -1, 1, 1)),
        _constant("axis_1", [1], np.int64),
        _constant("widen", np.eye(n_classes, EMBEDDING)),
        _constant("w_labels", weights[:, :n_labels]),
        _constant("b_labels", np.full(n_labels, _OFFSET)),
        _constant("w_findings", weights[:, n_labels:]),
        _constant("b_findings", np.full(len(FINDINGS), _OFFSET)),
        _constant("w_maps", weights.T[:, :, None, None]),
    ]
    outputs = [
        helper.make_tensor_value_info("labels", TensorProto.UINT8, [1, GRID, GRID]),
        _float("biomarkers", [1, n_labels]),
        _float("findings", [1, len(FINDINGS)]),
        _float("embedding", [1, EMBEDDING]),
        _float("saliency", [1, n_labels + len(FINDINGS), 14, 14]),
    ]
    entrance = [_float("frame", [1, 1, GRID, GRID])]
    return helper.make_graph(nodes, "frame", entrance, outputs, constants)


def temporal_graph() -> onnx.GraphProto:
    n_labels = len(LABELS)
    weights = np.zeros((EMBEDDING, n_labels + len(FINDINGS)), np.float32)
    weights[: len(CLASSES)] = _weights()
    nodes = [
        helper.make_node("MatMul", ["embeddings", "w_labels"], ["m_labels"]),
        helper.make_node("Add", ["m_labels", "offset"], ["biomarkers"]),
        helper.make_node("MatMul", ["embeddings", "w_findings"], ["m_findings"]),
        helper.make_node("Add", ["m_findings", "offset"], ["findings"]),
    ]
    constants = [
        _constant("w_labels", weights[:, :n_labels]),
        _constant("w_findings", weights[:, n_labels:]),
        _constant("offset", [_OFFSET]),
    ]
    outputs = [
        _float("biomarkers", [1, "T", n_labels]),
        _float("findings", [1, "T", len(FINDINGS)]),
    ]
    entrance = [_float("embeddings", [1, "T", EMBEDDING])]
    return helper.make_graph(nodes, "temporal", entrance, outputs, constants)


TREE: dict[str, Any] = {
    "feature": [0, 1, -1, -1, -1],
    "threshold": [0.41, 3.5, 0.0, 0.0, 0.0],
    "left": [1, 2, -1, -1, -1],
    "right": [4, 3, -1, -1, -1],
    "probabilities": [
        [0.5, 0.2, 0.2, 0.1],
        [0.6, 0.2, 0.1, 0.1],
        [0.9, 0.1, 0.0, 0.0],
        [0.25, 0.25, 0.25, 0.25],
        [0.0, 0.1, 0.2, 0.7],
    ],
}
"""Severity 0 to 3 from 'B-lines many', then from the highest count of B-lines."""


def make_tree(folder: Path, **changes: Any) -> Path:
    """Write a decision tree for severity to ``folder`` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    sha256 = write_graph(folder / "head.onnx", tree_graph(TREE, 2))
    manifest = _expert(
        sha256,
        name="severity-tree",
        target="severity",
        classes=["0", "1", "2", "3"],
        feature_names=["b_lines.many", "measured.b_line_count_max"],
        kind="tree",
        tree=TREE,
        feature_means=[0.2, 1.5],
    )
    write_manifest(folder, manifest | changes)
    return folder


def make_logistic(folder: Path, **changes: Any) -> Path:
    """Write a logistic head for the diagnosis to ``folder`` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    coefficients = [[-2.0, -1.0], [2.0, 0.5], [0.0, 0.5]]
    means, scales = [0.3, 0.4], [0.2, 0.25]
    graph = logistic_graph(coefficients, means, scales)
    manifest = _expert(
        write_graph(folder / "head.onnx", graph),
        name="diagnosis-logistic",
        target="diagnosis",
        classes=["normal", "covid", "other"],
        feature_names=["finding.b_lines", "finding.consolidation"],
        kind="logistic",
        coefficients=coefficients,
        feature_means=means,
        feature_scales=scales,
    )
    write_manifest(folder, manifest | changes)
    return folder


def _expert(sha256: str, **keys: Any) -> dict[str, Any]:
    return {
        "schema": 1,
        "version": "1",
        "file": "head.onnx",
        "sha256": sha256,
        "calibrated": True,
        "abstain_below": 0.4,
        "tree": None,
        "coefficients": None,
        "feature_means": None,
        "feature_scales": None,
        "trained_on": {"clips": 10, "patients": 5, "text": "drawn for tests"},
        "metrics": {"auc": 0.5},
        "checked_on": "phantom",
        "licence": "Apache-2.0",
        "intended_use": "tests",
    } | keys


def tree_graph(tree: dict[str, Any], n_features: int) -> onnx.GraphProto:
    """Return a decision tree as ONNX: features ``(1, n)`` to probabilities."""
    n_nodes, n_classes = len(tree["feature"]), len(tree["probabilities"][0])
    leaves = [i for i in range(n_nodes) if tree["left"][i] < 0]
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        ["probabilities"],
        domain="ai.onnx.ml",
        n_targets=n_classes,
        nodes_treeids=[0] * n_nodes,
        nodes_nodeids=list(range(n_nodes)),
        nodes_featureids=[max(f, 0) for f in tree["feature"]],
        nodes_modes=["LEAF" if i in leaves else "BRANCH_LEQ" for i in range(n_nodes)],
        nodes_values=[float(t) for t in tree["threshold"]],
        nodes_truenodeids=[max(i, 0) for i in tree["left"]],
        nodes_falsenodeids=[max(i, 0) for i in tree["right"]],
        target_treeids=[0] * (len(leaves) * n_classes),
        target_nodeids=[leaf for leaf in leaves for _ in range(n_classes)],
        target_ids=list(range(n_classes)) * len(leaves),
        target_weights=[p for leaf in leaves for p in tree["probabilities"][leaf]],
    )
    return helper.make_graph(
        [node],
        "tree",
        [_float("features", [1, n_features])],
        [_float("probabilities", [1, n_classes])],
    )


def logistic_graph(
    coefficients: list[list[float]], means: list[float], scales: list[float]
) -> onnx.GraphProto:
    """Return a softmax of standardised features as ONNX."""
    nodes = [
        helper.make_node("Sub", ["features", "means"], ["centred"]),
        helper.make_node("Div", ["centred", "scales"], ["standard"]),
        helper.make_node("MatMul", ["standard", "weights"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=-1),
    ]
    constants = [
        _constant("means", means),
        _constant("scales", scales),
        _constant("weights", np.asarray(coefficients).T),
    ]
    outputs = [_float("probabilities", [1, len(coefficients)])]
    entrance = [_float("features", [1, len(means)])]
    return helper.make_graph(nodes, "logistic", entrance, outputs, constants)
