"""Small experts on the biomarkers: fitted with scikit-learn, shipped as ONNX."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Array = NDArray[np.float64]

_OPSETS: Final = (("", 17), ("ai.onnx.ml", 3))
_IR_VERSION: Final = 8
_DEPTHS: Final = (2, 3, 4)
_LEAVES: Final = (3, 5, 8)
_STRENGTHS: Final = (0.01, 0.03, 0.1, 0.3, 1.0)
_SMOOTHING: Final = (0.5, 1.0, 2.0, 4.0)
_KEPT_SHARE: Final = 0.6
"""An expert abstains on no more than the rest of the validation clips."""


@dataclass(frozen=True, slots=True)
class Samples:
    """What an expert learns from or is judged on: a row a clip.

    ``features`` ``(n, f)``, ``classes`` ``(n,)`` class indices, ``patients`` ``(n,)``.
    """

    features: Array
    classes: NDArray[np.intp]
    patients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TreeHead:
    """A decision tree: node ``i`` asks ``x[feature[i]] <= threshold[i]``.

    Yes goes to ``left[i]``, no to ``right[i]``; a leaf has feature -1 and
    ``probabilities[i]``.
    """

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    probabilities: tuple[tuple[float, ...], ...]

    def predict(self, features: Array) -> Array:
        """Return class probabilities ``(n, classes)``."""
        return np.array([self.probabilities[self._leaf(row)] for row in features])

    def _leaf(self, row: Array) -> int:
        node = 0
        while self.feature[node] >= 0:
            below = row[self.feature[node]] <= self.threshold[node]
            node = self.left[node] if below else self.right[node]
        return node


@dataclass(frozen=True, slots=True)
class LogisticHead:
    """A multinomial logistic regression on standardised features.

    ``coefficients`` ``(classes, f + 1)``: the last column is the intercept.
    """

    means: Array
    scales: Array
    coefficients: Array

    def predict(self, features: Array) -> Array:
        """Return class probabilities ``(n, classes)``."""
        x = (features - self.means) / self.scales
        logits = x @ self.coefficients[:, :-1].T + self.coefficients[:, -1]
        powers = np.exp(logits - logits.max(1, keepdims=True))
        return np.asarray(powers / powers.sum(1, keepdims=True))


def fit_tree(train: Samples, validation: Samples, n_classes: int) -> TreeHead:
    """Return the tree whose depth and smoothing do best on ``validation``."""
    from sklearn.tree import DecisionTreeClassifier  # noqa: PLC0415 - slow to import

    best: tuple[float, TreeHead] | None = None
    for depth in _DEPTHS:
        for leaf in _LEAVES:
            model = DecisionTreeClassifier(
                max_depth=depth,
                min_samples_leaf=leaf,
                criterion="entropy",
                random_state=0,
            )
            model.fit(
                train.features.astype(np.float32),
                train.classes,
                sample_weight=patient_weights(train),
            )
            for smoothing in _SMOOTHING:
                head = _tree_head(model, train, n_classes, smoothing)
                loss = log_loss(head.predict(validation.features), validation)
                if best is None or loss < best[0]:
                    best = loss, head
    assert best is not None
    return best[1]


def _tree_head(
    model: Any,  # noqa: ANN401 - scikit-learn carries no types
    train: Samples,
    n_classes: int,
    smoothing: float,
) -> TreeHead:
    tree = model.tree_
    prior = np.bincount(train.classes, minlength=n_classes) / len(train.classes)
    reached = model.apply(train.features.astype(np.float32))
    probabilities = []
    for node in range(tree.node_count):
        inside = train.classes[reached == node]
        counts = (
            np.bincount(inside, minlength=n_classes) + smoothing * n_classes * prior
        )
        share = counts / counts.sum() if counts.sum() else prior
        probabilities.append(tuple(float(p) for p in share))
    leaf = tree.feature < 0
    return TreeHead(
        tuple(int(f) for f in np.where(leaf, -1, tree.feature)),
        tuple(float(np.float32(t)) for t in np.where(leaf, 0.0, tree.threshold)),
        tuple(int(i) for i in tree.children_left),
        tuple(int(i) for i in tree.children_right),
        tuple(probabilities),
    )


def fit_logistic(train: Samples, validation: Samples, n_classes: int) -> LogisticHead:
    """Return the regression whose strength and temperature do best on validation."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    means, scales = train.features.mean(0), train.features.std(0) + 0.05
    x = (train.features - means) / scales
    best: tuple[float, LogisticHead] | None = None
    for strength in _STRENGTHS:
        model = LogisticRegression(C=strength, max_iter=2000)
        model.fit(x, train.classes, sample_weight=patient_weights(train))
        rows = np.full((n_classes, x.shape[1] + 1), 0.0)
        rows[:, -1] = -10.0  # a class never seen in training stays improbable
        fitted = np.column_stack([model.coef_, model.intercept_])
        if len(model.classes_) == 2:
            fitted = np.concatenate([-fitted / 2, fitted / 2])
        rows[model.classes_] = fitted
        for temperature in (0.5, 0.7, 1.0, 1.4, 2.0, 3.0):
            head = LogisticHead(means, scales, rows / temperature)
            loss = log_loss(head.predict(validation.features), validation)
            if best is None or loss < best[0]:
                best = loss, head
    assert best is not None
    return best[1]


def patient_weights(samples: Samples) -> Array:
    """Return a weight a clip: many clips of one patient count little more than one."""
    names, owner, count = np.unique(
        np.asarray(samples.patients), return_inverse=True, return_counts=True
    )
    weights = 1 / np.sqrt(count[owner])
    return np.asarray(weights * len(names) / weights.sum())


def log_loss(probabilities: Array, samples: Samples) -> float:
    """Return the mean negative log-likelihood, clips weighed by patient."""
    chosen = probabilities[np.arange(len(samples.classes)), samples.classes]
    weights = patient_weights(samples)
    losses = -np.log(np.clip(chosen, 1e-4, 1))
    return float((weights * losses).sum() / weights.sum())


def abstain_below(probabilities: Array, samples: Samples) -> float:
    """Return the probability under which to abstain, chosen on these samples.

    It is the one that makes the kept answers right most often while at least 60 % of
    the clips are kept; 0 where abstaining does not help.
    """
    top = probabilities.max(1)
    right = probabilities.argmax(1) == samples.classes
    best, threshold = right.mean(), 0.0
    for candidate in np.unique(top):
        kept = top >= candidate
        if kept.mean() >= _KEPT_SHARE and right[kept].mean() > best + 1e-9:
            best, threshold = right[kept].mean(), float(candidate)
    return round(threshold - 5e-5, 4) if threshold else 0.0


def write_tree(head: TreeHead, n_features: int, path: Path) -> None:
    """Write ``head`` as an ONNX tree: ``features`` in, ``probabilities`` out."""
    from onnx import helper  # noqa: PLC0415 - only where written

    n = len(head.feature)
    leaves = [i for i in range(n) if head.feature[i] < 0]
    n_classes = len(head.probabilities[0])
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        ["probabilities"],
        domain="ai.onnx.ml",
        n_targets=n_classes,
        nodes_treeids=[0] * n,
        nodes_nodeids=list(range(n)),
        nodes_featureids=[max(f, 0) for f in head.feature],
        nodes_modes=["LEAF" if f < 0 else "BRANCH_LEQ" for f in head.feature],
        nodes_values=list(head.threshold),
        nodes_truenodeids=[max(i, 0) for i in head.left],
        nodes_falsenodeids=[max(i, 0) for i in head.right],
        target_treeids=[0] * (len(leaves) * n_classes),
        target_nodeids=[i for i in leaves for _ in range(n_classes)],
        target_ids=[c for _ in leaves for c in range(n_classes)],
        target_weights=[p for i in leaves for p in head.probabilities[i]],
    )
    _save([node], [], (n_features, n_classes), path)


def write_logistic(head: LogisticHead, path: Path) -> None:
    """Write ``head`` as ONNX: standardise, multiply, softmax."""
    from onnx import helper, numpy_helper  # noqa: PLC0415 - only where written

    constants = {
        "means": head.means,
        "scales": head.scales,
        "weights": head.coefficients[:, :-1].T,
        "intercepts": head.coefficients[:, -1],
    }
    nodes = [
        helper.make_node("Sub", ["features", "means"], ["centred"]),
        helper.make_node("Div", ["centred", "scales"], ["standard"]),
        helper.make_node("MatMul", ["standard", "weights"], ["weighted"]),
        helper.make_node("Add", ["weighted", "intercepts"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    tensors = [
        numpy_helper.from_array(value.astype(np.float32), name)
        for name, value in constants.items()
    ]
    _save(nodes, tensors, (len(head.means), len(head.coefficients)), path)


def _save(
    nodes: Sequence[Any], tensors: Sequence[Any], sizes: tuple[int, int], path: Path
) -> None:
    """Write a graph of ``nodes`` from ``sizes[0]`` features to ``sizes[1]`` classes."""
    import onnx  # noqa: PLC0415 - only where written
    from onnx import TensorProto, helper  # noqa: PLC0415

    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size])
        for name, size in zip(("features", "probabilities"), sizes, strict=True)
    ]
    graph = helper.make_graph(list(nodes), "expert", ends[:1], ends[1:], list(tensors))
    opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS]
    model = helper.make_model(graph, opset_imports=opsets)
    model.ir_version = _IR_VERSION
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
