"""The kinds of experts compared: each fits classes on features, with few settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.training.experts.perceptron import HIDDEN, Perceptron, fit_perceptron
from lusviewer.training.nets.softmax import softmax

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Classes = NDArray[np.intp]

FLOAT_BYTES: Final = 4
_LEAST_SPREAD: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Choice:
    """A kind of expert and the one setting that is chosen for it."""

    kind: str
    setting: float


CHOICES: Final = (
    *(Choice("tree", depth) for depth in (1, 2, 3, 4)),
    *(Choice("forest", leaf) for leaf in (2, 6)),
    *(Choice("svm", strength) for strength in (0.1, 1.0, 10.0)),
    *(Choice("mlp", layers) for layers in HIDDEN),
    *(Choice("logistic", strength) for strength in (0.001, 0.003, 0.01, 0.03, 0.1)),
)
"""A tree's depth, the clips in a forest's leaf, an SVM's and a regression's strength,
a perceptron's hidden layers."""

KINDS: Final = tuple(dict.fromkeys(choice.kind for choice in CHOICES))


@dataclass(frozen=True, slots=True)
class Head:
    """A fitted expert on standardised features; ``classes`` are those it has seen."""

    choice: Choice
    middle: Array
    spread: Array
    model: Any
    classes: Classes

    def scores(self, features: Array, n_classes: int) -> Array:
        """Return a score ``(n, n_classes)`` a class: the higher the likelier.

        Probabilities, except those of an SVM, which are shares of its votes. A class
        never seen has 0.
        """
        standard = standardised(features, self.middle, self.spread)
        if self.choice.kind == "svm":
            said = _votes(np.asarray(self.model.decision_function(standard)))
        else:
            said = np.asarray(self.model.predict_proba(standard), np.float64)
        table = np.zeros((len(features), n_classes))
        table[:, self.classes] = said
        return table

    def size_bytes(self) -> int:
        """Return what its numbers take in float32."""
        return _COUNTS[self.choice.kind](self.model) * FLOAT_BYTES


def standardised(features: Array, middle: Array, spread: Array) -> Array:
    """Return features in units of their spread; what is missing is usual."""
    return np.asarray(np.nan_to_num((features - middle) / spread, nan=0.0))


def fit_head(
    features: Array,
    classes: Classes,
    weights: Array,
    choice: Choice,
    patients: Sequence[str] | None = None,
) -> Head:
    """Return an expert fitted to ``classes`` ``(n,)``; a clip counts by its weight.

    What is missing is taken for the mean of these clips. A perceptron stops by whole
    ``patients``; where they are not known, every clip is one.
    """
    known = np.isfinite(features).any(axis=0)
    middle, spread = np.zeros(features.shape[1]), np.ones(features.shape[1])
    middle[known] = np.nanmean(features[:, known], axis=0)
    spread[known] = np.maximum(np.nanstd(features[:, known], axis=0), _LEAST_SPREAD)
    inputs = standardised(features, middle, spread)
    seen, places = np.unique(classes, return_inverse=True)
    model: Any
    if choice.kind == "mlp":
        layers = int(choice.setting)
        model = fit_perceptron(inputs, places, weights, patients, layers)
    else:
        model = _FITS[choice.kind](inputs, classes, weights, choice.setting)
    return Head(choice, middle, spread, model, seen)


def _votes(decision: Array) -> Array:
    """Return an SVM's decisions as shares, over classes."""
    if decision.ndim == 1:
        decision = np.stack([-decision, decision], axis=1) / 2
    return softmax(decision)


def _tree(inputs: Array, classes: Classes, weights: Array, depth: float) -> Any:  # noqa: ANN401
    from sklearn.tree import DecisionTreeClassifier  # noqa: PLC0415 - slow to import

    least = max(3, len(classes) // 25)
    model = DecisionTreeClassifier(
        max_depth=int(depth),
        min_samples_leaf=least,
        criterion="entropy",
        random_state=0,
    )
    return model.fit(inputs, classes, sample_weight=weights)


def _forest(inputs: Array, classes: Classes, weights: Array, leaf: float) -> Any:  # noqa: ANN401
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415 - slow

    model = RandomForestClassifier(100, min_samples_leaf=int(leaf), random_state=0)
    return model.fit(inputs, classes, sample_weight=weights)


def _svm(inputs: Array, classes: Classes, weights: Array, strength: float) -> Any:  # noqa: ANN401
    from sklearn.svm import SVC  # noqa: PLC0415 - slow to import

    model = SVC(C=strength, gamma="scale", decision_function_shape="ovr")
    return model.fit(inputs, classes, sample_weight=weights)


def _logistic(inputs: Array, classes: Classes, weights: Array, strength: float) -> Any:  # noqa: ANN401
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow

    model = LogisticRegression(C=strength, max_iter=2000)
    return model.fit(inputs, classes, sample_weight=weights)


def _tree_numbers(model: Any) -> int:  # noqa: ANN401 - scikit-learn carries no types
    tree = model.tree_
    return int(tree.node_count * 4 + tree.value.size)


def _perceptron_numbers(model: Perceptron) -> int:
    return sum(part.size for part in (*model.coefs_, *model.intercepts_))


_FITS: Final[dict[str, Callable[[Array, Classes, Array, float], Any]]] = {
    "tree": _tree,
    "forest": _forest,
    "svm": _svm,
    "logistic": _logistic,
}
_COUNTS: Final[dict[str, Callable[[Any], int]]] = {
    "tree": _tree_numbers,
    "forest": lambda m: sum(_tree_numbers(one) for one in m.estimators_),
    "svm": lambda m: int(m.support_vectors_.size + m.dual_coef_.size),
    "mlp": _perceptron_numbers,
    "logistic": lambda m: int(m.coef_.size + m.intercept_.size),
}
