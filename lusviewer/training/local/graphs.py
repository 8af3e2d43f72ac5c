"""Fitted experts as ONNX graphs: features in, calibrated probabilities out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.training.lite.expert_heads import TreeHead, save_graph, write_tree
from lusviewer.training.local.calibrate import LEAST, MOST

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.training.experts.heads import Head
    from lusviewer.training.local.folds import Fitted

    Array = NDArray[np.float64]


class _Graph:
    """Nodes and constants put together one after the other."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.tensors: list[Any] = []

    def constant(self, value: Any) -> str:  # noqa: ANN401 - numbers of any shape
        """Add a constant and return its name."""
        from onnx import numpy_helper  # noqa: PLC0415 - only where written

        name = f"constant{len(self.tensors)}"
        array = np.asarray(value, np.float32)
        self.tensors.append(numpy_helper.from_array(array, name))
        return name

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401
        """Add a node and return the name of what it gives."""
        from onnx import helper  # noqa: PLC0415 - only where written

        name = attributes.pop("output", f"value{len(self.nodes)}")
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return str(name)

    def linear(self, value: str, weights: Array, offsets: Array) -> str:
        """Add ``value @ weights + offsets``."""
        product = self.add("MatMul", value, self.constant(weights))
        return self.add("Add", product, self.constant(offsets))


def write_expert(fitted: Fitted, n_classes: int, path: Path) -> TreeHead | None:
    """Write an expert to ``path``; return its tree on plain features, if it is one."""
    if fitted.choice.kind == "tree":
        tree = plain_tree(fitted, n_classes)
        write_tree(tree, len(fitted.head.middle), path)
        return tree
    graph, head = _Graph(), fitted.head
    centred = graph.add("Sub", "features", graph.constant(head.middle))
    standard = graph.add("Div", centred, graph.constant(head.spread))
    scores = _SCORES[fitted.choice.kind](graph, standard, head.model)
    if len(head.classes) < n_classes:
        scores = graph.add(
            "MatMul", scores, graph.constant(np.eye(n_classes)[head.classes])
        )
    least, most = graph.constant(LEAST), graph.constant(MOST)
    logs = graph.add("Log", graph.add("Clip", scores, least, most))
    scaled = graph.add("Mul", logs, graph.constant(fitted.calibration.scale))
    offsets = graph.constant(fitted.calibration.offsets)
    moved = graph.add("Add", scaled, offsets)
    graph.add("Softmax", moved, axis=1, output="probabilities")
    save_graph(graph.nodes, graph.tensors, (len(head.middle), n_classes), path)
    return None


def plain_tree(fitted: Fitted, n_classes: int) -> TreeHead:
    """Return the tree on features as they are, its leaves calibrated."""
    tree, head = fitted.head.model.tree_, fitted.head
    leaf = tree.feature < 0
    feature = np.where(leaf, 0, tree.feature)
    threshold = tree.threshold * head.spread[feature] + head.middle[feature]
    shares = np.zeros((tree.node_count, n_classes))
    shares[:, head.classes] = _shares(tree)
    probabilities = fitted.calibration.apply(shares)
    return TreeHead(
        tuple(int(f) for f in feature),
        tuple(float(np.float32(t)) for t in np.where(leaf, 0.0, threshold)),
        tuple(int(i) for i in tree.children_left),
        tuple(int(i) for i in tree.children_right),
        tuple(tuple(float(p) for p in row) for row in probabilities),
    )


def linear_rows(head: Head, n_classes: int) -> Array:
    """Return a regression's coefficients ``(n_classes, f)``; 0 of classes not seen."""
    seen = np.asarray(head.model.coef_, np.float64)
    if len(seen) == 1:
        seen = np.concatenate([-seen / 2, seen / 2])
    rows = np.zeros((n_classes, seen.shape[1]))
    rows[head.classes] = seen
    return rows


def _shares(tree: Any) -> Array:  # noqa: ANN401 - scikit-learn carries no types
    value = np.asarray(tree.value[:, 0, :], np.float64)
    return np.asarray(value / value.sum(axis=1, keepdims=True))


def _logistic(graph: _Graph, standard: str, model: Any) -> str:  # noqa: ANN401
    weights, offsets = np.asarray(model.coef_), np.asarray(model.intercept_)
    return _softmax(graph, graph.linear(standard, *_two_sided(weights.T, offsets)))


def _mlp(graph: _Graph, standard: str, model: Any) -> str:  # noqa: ANN401
    *hidden, last = zip(model.coefs_, model.intercepts_, strict=True)
    value = standard
    for weights, offsets in hidden:
        value = graph.add("Relu", graph.linear(value, weights, offsets))
    return _softmax(graph, graph.linear(value, *_two_sided(*last)))


def _two_sided(weights: Array, offsets: Array) -> tuple[Array, Array]:
    """Return weights ``(f, 2)`` for the softmax in place of one column's sigmoid."""
    if weights.shape[1] > 1:
        return weights, offsets
    return (
        np.concatenate([-weights / 2, weights / 2], axis=1),
        np.concatenate([-offsets / 2, offsets / 2]),
    )


def _softmax(graph: _Graph, logits: str) -> str:
    return graph.add("Softmax", logits, axis=1)


def _forest(graph: _Graph, standard: str, model: Any) -> str:  # noqa: ANN401
    nodes: dict[str, list[Any]] = {key: [] for key in _NODE_KEYS}
    targets: dict[str, list[Any]] = {key: [] for key in _TARGET_KEYS}
    count = len(model.estimators_)
    for number, estimator in enumerate(model.estimators_):
        tree = estimator.tree_
        ids = range(tree.node_count)
        nodes["nodes_treeids"] += [number] * tree.node_count
        nodes["nodes_nodeids"] += ids
        nodes["nodes_featureids"] += np.maximum(tree.feature, 0).tolist()
        leaf = tree.children_left < 0
        nodes["nodes_modes"] += ["LEAF" if one else "BRANCH_LEQ" for one in leaf]
        nodes["nodes_values"] += _not_above(tree.threshold).tolist()
        nodes["nodes_truenodeids"] += np.maximum(tree.children_left, 0).tolist()
        nodes["nodes_falsenodeids"] += np.maximum(tree.children_right, 0).tolist()
        shares = _shares(tree) / count
        for node in np.flatnonzero(leaf).tolist():
            n = shares.shape[1]
            targets["target_treeids"] += [number] * n
            targets["target_nodeids"] += [node] * n
            targets["target_ids"] += range(n)
            targets["target_weights"] += shares[node].tolist()
    n_targets = len(model.classes_)
    attributes = {**nodes, **targets, "n_targets": n_targets, "domain": "ai.onnx.ml"}
    return graph.add("TreeEnsembleRegressor", standard, **attributes)


def _not_above(thresholds: Array) -> Array:
    """Return the float32 next below each: what is compared with them is float32."""
    near = thresholds.astype(np.float32)
    below = np.nextafter(near, np.float32(-np.inf))
    return np.asarray(np.where(near > thresholds, below, near), np.float64)


def _svm(graph: _Graph, standard: str, model: Any) -> str:  # noqa: ANN401
    vectors = np.asarray(model.support_vectors_)
    # |x - v|^2 over all features and vectors, as |x|^2 - 2 x v + |v|^2.
    squares = graph.add("Mul", standard, standard)
    own = graph.linear(squares, np.ones((vectors.shape[1], 1)), np.zeros(1))
    both = graph.linear(standard, -2 * vectors.T, (vectors**2).sum(axis=1))
    apart = graph.add("Add", both, own)
    gamma = graph.constant(-model._gamma)  # noqa: SLF001 - scikit-learn names it nowhere else
    kernel = graph.add("Exp", graph.add("Mul", apart, gamma))
    weights, offsets = _pair_weights(model), np.asarray(model.intercept_)
    decision = graph.linear(kernel, weights, offsets)
    if len(model.classes_) == 2:
        sides = graph.constant([[-0.5, 0.5]])
        return _softmax(graph, graph.add("MatMul", decision, sides))
    return _softmax(graph, _voted(graph, decision, len(model.classes_)))


def _pair_weights(model: Any) -> Array:  # noqa: ANN401
    """Return what each support vector says of each pair of classes ``(v, pairs)``."""
    dual, counts = np.asarray(model.dual_coef_), np.asarray(model.n_support_)
    if len(counts) == 2:
        return np.asarray(dual.T)
    starts = np.concatenate([[0], np.cumsum(counts)])
    pairs = [(i, j) for i in range(len(counts)) for j in range(i + 1, len(counts))]
    weights = np.zeros((dual.shape[1], len(pairs)))
    for column, (i, j) in enumerate(pairs):
        first = slice(starts[i], starts[i + 1])
        second = slice(starts[j], starts[j + 1])
        weights[first, column] = dual[j - 1, first]
        weights[second, column] = dual[i, second]
    return weights


def _voted(graph: _Graph, decision: str, n: int) -> str:
    """Add scikit-learn's one-against-rest scores: votes, ties broken by the margins."""
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    for_first, for_second = np.zeros((len(pairs), n)), np.zeros((len(pairs), n))
    for row, (i, j) in enumerate(pairs):
        for_first[row, i] = for_second[row, j] = 1
    nothing = graph.constant(0.0)
    second = graph.add("Cast", graph.add("Less", decision, nothing), to=1)
    votes = graph.linear(second, for_second - for_first, for_first.sum(axis=0))
    margins = graph.linear(decision, for_first - for_second, np.zeros(n))
    size = graph.add("Add", graph.add("Abs", margins), graph.constant(1.0))
    small = graph.add("Div", margins, graph.add("Mul", size, graph.constant(3.0)))
    return graph.add("Add", votes, small)


_NODE_KEYS: Final = (
    "nodes_treeids",
    "nodes_nodeids",
    "nodes_featureids",
    "nodes_modes",
    "nodes_values",
    "nodes_truenodeids",
    "nodes_falsenodeids",
)
_TARGET_KEYS: Final = (
    "target_treeids",
    "target_nodeids",
    "target_ids",
    "target_weights",
)
_SCORES: Final[dict[str, Callable[[_Graph, str, Any], str]]] = {
    "logistic": _logistic,
    "mlp": _mlp,
    "forest": _forest,
    "svm": _svm,
}
