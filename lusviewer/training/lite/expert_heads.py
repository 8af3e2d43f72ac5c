"""Small experts on the biomarkers: fitted with scikit-learn, shipped as ONNX."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from lusviewer.training.nets.softmax import softmax

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

Array = NDArray[np.float64]

_OPSETS: Final = (("", 17), ("ai.onnx.ml", 3))
_IR_VERSION: Final = 8
_DEPTHS: Final = (2, 3, 4)
_LEAVES: Final = (3, 5, 8)
_STRENGTHS: Final = (0.01, 0.03, 0.1, 0.3, 1.0)
_SMOOTHING: Final = (0.5, 1.0, 2.0, 4.0)
_TEMPERATURES: Final = (0.7, 1.0, 1.4, 2.0)
_FOLDS: Final = 5
_LEAST_SCALE: Final = 0.05
_NEVER_SEEN: Final = -10.0
"""The intercept of a class without samples, so that it stays improbable."""

_KEPT_SHARE: Final = 0.6
"""An expert abstains on no more than the rest of the validation clips."""


@dataclass(frozen=True, slots=True)
class Samples:
    """What an expert learns from or is judged on: a row a clip.

    ``features`` ``(n, f)``, ``classes`` ``(n,)`` class indices, ``patients`` ``(n,)``,
    ``unseen`` ``(n,)``: real clips that the network did not learn from; ``trust``
    ``(n,)``: how much a clip counts.
    """

    features: Array
    classes: NDArray[np.intp]
    patients: tuple[str, ...]
    unseen: NDArray[np.bool_]
    trust: Array

    def where(self, chosen: NDArray[np.bool_]) -> Samples:
        """Return the ``chosen`` rows."""
        patients = tuple(np.asarray(self.patients)[chosen])
        return Samples(
            self.features[chosen],
            self.classes[chosen],
            patients,
            self.unseen[chosen],
            self.trust[chosen],
        )


@dataclass(frozen=True, slots=True)
class TreeHead:
    """A decision tree: node ``i`` asks ``x[feature[i]] <= threshold[i]``.

    Yes goes to ``left[i]``, no to ``right[i]``; a leaf has -1 there and
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

    def fields(self) -> dict[str, Any]:
        """Return the tree as an expert's manifest keeps it."""
        return {
            "feature": list(self.feature),
            "threshold": list(self.threshold),
            "left": list(self.left),
            "right": list(self.right),
            "probabilities": [list(row) for row in self.probabilities],
        }

    def _leaf(self, row: Array) -> int:
        node = 0
        while self.left[node] >= 0:
            below = np.float32(row[self.feature[node]]) <= self.threshold[node]
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
        return softmax(logits)


Head = TypeVar("Head", TreeHead, LogisticHead)


def fit_tree(pool: Samples, n_classes: int) -> tuple[TreeHead, Array]:
    """Return the tree whose settings do best out of fold, and what it says there."""
    choices = [
        (depth, leaf, smoothing)
        for depth in _DEPTHS
        for leaf in _LEAVES
        for smoothing in _SMOOTHING
    ]
    return _fit_best(_grow, choices, pool, n_classes)


def _grow(part: Samples, n_classes: int, choice: tuple[int, int, float]) -> TreeHead:
    from sklearn.tree import DecisionTreeClassifier  # noqa: PLC0415 - slow to import

    depth, leaf, smoothing = choice
    model = DecisionTreeClassifier(
        max_depth=depth, min_samples_leaf=leaf, criterion="entropy", random_state=0
    )
    features = part.features.astype(np.float32)
    model.fit(features, part.classes, sample_weight=patient_weights(part))
    return _tree_head(model, part, n_classes, smoothing)


def _tree_head(
    model: Any,  # noqa: ANN401 - scikit-learn carries no types
    part: Samples,
    n_classes: int,
    smoothing: float,
) -> TreeHead:
    """Return the tree, its leaves' shares pulled towards those of all samples."""
    tree = model.tree_
    prior = np.bincount(part.classes, minlength=n_classes) / len(part.classes)
    reached = model.apply(part.features.astype(np.float32))
    probabilities = []
    for node in range(tree.node_count):
        inside = part.classes[reached == node]
        counts = np.bincount(inside, minlength=n_classes) + smoothing * prior
        probabilities.append(tuple(float(p) for p in counts / counts.sum()))
    leaf = tree.feature < 0
    return TreeHead(
        tuple(int(f) for f in np.where(leaf, 0, tree.feature)),
        tuple(float(np.float32(t)) for t in np.where(leaf, 0.0, tree.threshold)),
        tuple(int(i) for i in tree.children_left),
        tuple(int(i) for i in tree.children_right),
        tuple(probabilities),
    )


def fit_logistic(pool: Samples, n_classes: int) -> tuple[LogisticHead, Array]:
    """Return the regression whose settings do best out of fold, and what it says."""
    choices = [(c, t) for c in _STRENGTHS for t in _TEMPERATURES]
    return _fit_best(_regress, choices, pool, n_classes)


def _regress(
    part: Samples, n_classes: int, choice: tuple[float, float]
) -> LogisticHead:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    strength, temperature = choice
    means, scales = part.features.mean(0), part.features.std(0) + _LEAST_SCALE
    model = LogisticRegression(C=strength, max_iter=2000)
    model.fit(
        (part.features - means) / scales,
        part.classes,
        sample_weight=patient_weights(part),
    )
    fitted = np.column_stack([model.coef_, model.intercept_])
    if len(model.classes_) == 2:
        fitted = np.concatenate([-fitted / 2, fitted / 2])
    rows = np.zeros((n_classes, part.features.shape[1] + 1))
    rows[:, -1] = _NEVER_SEEN
    rows[model.classes_] = fitted
    return LogisticHead(means, scales, rows / temperature)


def _fit_best(
    fit: Callable[[Samples, int, Any], Head],
    choices: Sequence[Any],
    pool: Samples,
    n_classes: int,
) -> tuple[Head, Array]:
    """Return the head of the best choice, and its out-of-fold probabilities.

    Choices are judged on samples the network did not learn from, left out by patient.
    """
    parts = folds(pool.patients)
    judged = pool.unseen

    def left_out(choice: Any) -> Array:  # noqa: ANN401 - a kind of head's settings
        said = np.zeros((len(pool.classes), n_classes))
        for out in parts:
            head = fit(pool.where(~out), n_classes, choice)
            said[out] = head.predict(pool.features[out])
        return said

    said = [left_out(choice) for choice in choices]
    losses = [log_loss(s[judged], pool.where(judged)) for s in said]
    best = int(np.argmin(losses))
    return fit(pool, n_classes, choices[best]), said[best]


def folds(patients: Sequence[str]) -> list[NDArray[np.bool_]]:
    """Return which samples are left out in each fold: whole patients, at random."""
    names, owner = np.unique(np.asarray(patients), return_inverse=True)
    fold = np.random.default_rng(0).permutation(len(names)) % min(_FOLDS, len(names))
    return [fold[owner] == i for i in range(int(fold.max()) + 1)]


def patient_weights(samples: Samples) -> Array:
    """Return a weight a clip: many clips of one patient count little more than one."""
    names, owner, count = np.unique(
        np.asarray(samples.patients), return_inverse=True, return_counts=True
    )
    weights = samples.trust / np.sqrt(count[owner])
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
    leaves = [i for i in range(n) if head.left[i] < 0]
    n_classes = len(head.probabilities[0])
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        ["probabilities"],
        domain="ai.onnx.ml",
        n_targets=n_classes,
        nodes_treeids=[0] * n,
        nodes_nodeids=list(range(n)),
        nodes_featureids=list(head.feature),
        nodes_modes=["LEAF" if i < 0 else "BRANCH_LEQ" for i in head.left],
        nodes_values=list(head.threshold),
        nodes_truenodeids=[max(i, 0) for i in head.left],
        nodes_falsenodeids=[max(i, 0) for i in head.right],
        target_treeids=[0] * (len(leaves) * n_classes),
        target_nodeids=[i for i in leaves for _ in range(n_classes)],
        target_ids=[c for _ in leaves for c in range(n_classes)],
        target_weights=[p for i in leaves for p in head.probabilities[i]],
    )
    save_graph([node], [], (n_features, n_classes), path)


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
    save_graph(nodes, tensors, (len(head.means), len(head.coefficients)), path)


def save_graph(
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
