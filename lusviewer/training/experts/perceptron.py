"""Small perceptrons fitted with torch: one hidden layer or two, stopped early."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.training.nets.softmax import softmax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Classes = NDArray[np.intp]

HIDDEN: Final[dict[int, tuple[int, ...]]] = {1: (16,), 2: (16, 8)}
"""Units of the hidden layers, by how many there are."""

_RATE: Final = 0.003
_DECAY: Final = 1.0
_EPOCHS: Final = 300
_PATIENCE: Final = 30
_LEFT_OUT: Final = 4
"""One patient of so many says when to stop."""

_WITHOUT: Final = 60
"""Epochs where there are too few patients to say when to stop."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Mean losses by epoch, of what teaches and of what says when to stop."""

    train: tuple[float, ...]
    validation: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Perceptron:
    """Layers as ``x @ weights + offsets``, ReLU between them, and how they came."""

    coefs_: tuple[Array, ...]
    intercepts_: tuple[Array, ...]
    curve: Curve

    def predict_proba(self, inputs: Array) -> Array:
        """Return probabilities ``(n, classes)`` of standardised ``inputs``."""
        value = inputs
        *hidden, last = zip(self.coefs_, self.intercepts_, strict=True)
        for weights, offsets in hidden:
            value = np.maximum(value @ weights + offsets, 0)
        logits = value @ last[0] + last[1]
        return softmax(logits)


def fit_perceptron(
    inputs: Array,
    classes: Classes,
    weights: Array,
    patients: Sequence[str] | None,
    layers: int,
) -> Perceptron:
    """Return a perceptron of ``layers`` hidden ones for ``classes`` 0 to k - 1.

    Some whole patients say after how many epochs to stop; then it is fitted to all for
    as many. AdamW (Loshchilov and Hutter 2019) on the cross-entropy, every class of
    like weight; what that adds to the rare ones is taken off the last offsets again
    (Menon et al. 2021, arXiv 2007.07314), so that probabilities keep their meaning.
    One thread and a fixed seed: the same clips give the same numbers.
    """
    import torch  # noqa: PLC0415 - slow to import

    torch.set_num_threads(1)
    counted = np.bincount(classes, weights, minlength=int(classes.max()) + 1)
    even = counted.sum() / (len(counted) * np.maximum(counted, 1e-9))
    table = torch.tensor(inputs, dtype=torch.float32)
    told = torch.tensor(classes, dtype=torch.int64)
    counts = torch.tensor(weights * even[classes], dtype=torch.float32)
    data, out = (table, told, counts), _left_out(classes, patients)
    if out is None:
        layers_, curve = _fitted(data, None, len(even), layers, _WITHOUT)
    else:
        kept, left = torch.tensor(~out), torch.tensor(out)
        teach = tuple(part[kept] for part in data)
        judge = tuple(part[left] for part in data)
        _, curve = _fitted(teach, judge, len(even), layers, _EPOCHS)
        epochs = int(np.argmin(curve.validation)) + 1
        layers_, _ = _fitted(data, None, len(even), layers, epochs)
    found = [part.detach().numpy().astype(np.float64) for part in layers_]
    found[-1] = found[-1] - np.log(even)
    return Perceptron(tuple(found[::2]), tuple(found[1::2]), curve)


def _left_out(classes: Classes, patients: Sequence[str] | None) -> Any:  # noqa: ANN401
    """Return which rows say when to stop; None where there are too few patients."""
    owners = np.arange(len(classes)) if patients is None else np.asarray(patients)
    names, owner = np.unique(owners, return_inverse=True)
    if len(names) < 2 * _LEFT_OUT:
        return None
    most = np.zeros(len(names))
    np.maximum.at(most, owner, classes)
    shuffled = np.random.default_rng(0).permutation(len(names))
    order = shuffled[np.argsort(most[shuffled], kind="stable")]
    chosen = np.zeros(len(names), np.bool_)
    chosen[order[_LEFT_OUT // 2 :: _LEFT_OUT]] = True
    return chosen[owner]


def _start(n_inputs: int, n_classes: int, layers: int) -> list[Any]:
    import torch  # noqa: PLC0415 - slow to import

    rng = np.random.default_rng(0)
    last = len(HIDDEN[layers])
    sizes = (n_inputs, *HIDDEN[layers], n_classes)
    parts: list[Any] = []
    for place, (before, after) in enumerate(pairwise(sizes)):
        # The last layer starts at nothing: at first every class is as likely.
        spread = 0.0 if place == last else np.sqrt(2 / before)
        weights = rng.normal(0, spread, (before, after))
        for values in (weights, np.zeros(after)):
            start = torch.tensor(values, dtype=torch.float32, requires_grad=True)
            parts.append(start)
    return parts


def _fitted(
    data: Any,  # noqa: ANN401 - torch carries no types here
    judge: Any,  # noqa: ANN401
    n_classes: int,
    layers: int,
    epochs: int,
) -> tuple[list[Any], Curve]:
    """Return the layers after ``epochs``, or once ``judge`` saw no gain for long."""
    import torch  # noqa: PLC0415 - slow to import

    parts = _start(data[0].shape[1], n_classes, layers)
    groups = [
        {"params": parts[::2], "weight_decay": _DECAY},
        {"params": parts[1::2], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=_RATE, foreach=False)
    train: list[float] = []
    validation: list[float] = []
    for _ in range(epochs):
        optimiser.zero_grad()
        loss = _loss(parts, data)
        loss.backward()
        optimiser.step()
        train.append(float(loss.detach()))
        if judge is not None:
            with torch.no_grad():
                validation.append(float(_loss(parts, judge)))
            if len(validation) - int(np.argmin(validation)) > _PATIENCE:
                break
    return parts, Curve(tuple(train), tuple(validation))


def _loss(parts: list[Any], data: Any) -> Any:  # noqa: ANN401
    from torch.nn.functional import cross_entropy  # noqa: PLC0415 - torch

    value, classes, counts = data
    for place in range(0, len(parts) - 2, 2):
        value = (value @ parts[place] + parts[place + 1]).relu()
    logits = value @ parts[-2] + parts[-1]
    losses = cross_entropy(logits, classes, reduction="none")
    return (losses * counts).sum() / counts.sum()
