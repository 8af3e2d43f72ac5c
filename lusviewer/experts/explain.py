"""Why an expert says what it says, in a clinician's words."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.experts.features import feature_words
from lusviewer.findings import Reason

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.experts.manifest import ExpertManifest
    from lusviewer.experts.tree import Tree

CONTRIBUTIONS: Final = 4
"""As many of a logistic head's contributions are told."""

_NOTHING: Final = 1e-5
_DIGITS_MAX: Final = 9


def explain(
    manifest: ExpertManifest, row: NDArray[np.float32], best: int
) -> tuple[Reason, ...]:
    """Return the steps that led from the features in ``row`` to class ``best``.

    A tree's path in its order; of a logistic head the largest contributions; none
    of a network, which has no such steps.
    """
    if manifest.tree is not None:
        return _path(manifest.tree, manifest.feature_names, row)
    if manifest.coefficients is not None:
        return _contributions(manifest, row, best)
    return ()


def words_apart(one: float, other: float) -> tuple[str, str]:
    """Return two numbers with as many digits, two or more, as tell them apart."""
    for digits in range(2, _DIGITS_MAX):
        words = f"{one:.{digits}f}", f"{other:.{digits}f}"
        if words[0] != words[1]:
            return words
    return f"{one:.9g}", f"{other:.9g}"


def _path(
    tree: Tree, names: tuple[str, ...], row: NDArray[np.float32]
) -> tuple[Reason, ...]:
    reasons = []
    nodes = tree.path(row)
    for node, following in pairwise(nodes):
        name, value = names[tree.feature[node]], float(row[tree.feature[node]])
        threshold = float(np.float32(tree.threshold[node]))
        side, found, limit = "not above", f"{value:.2f}", f"{threshold:.2f}"
        if following == tree.right[node]:
            side, (found, limit) = "above", words_apart(value, threshold)
        words = f"{feature_words(name)}: {found}, {side} {limit}"
        reasons.append(Reason(name, value, words))
    return tuple(reasons)


def _contributions(
    manifest: ExpertManifest, row: NDArray[np.float32], best: int
) -> tuple[Reason, ...]:
    """Return what moved the chosen class most against the mean of the others."""
    weights = np.array(manifest.coefficients, np.float64)
    means = np.zeros(len(row)) if manifest.means is None else np.array(manifest.means)
    standard = (row - means) / np.array(manifest.scales)
    parts = (weights[best] - np.delete(weights, best, axis=0).mean(axis=0)) * standard
    order = np.argsort(-np.abs(parts), kind="stable")[:CONTRIBUTIONS]
    return tuple(
        _contribution(manifest, int(i), float(row[i]), float(parts[i]), best)
        for i in order
        if abs(parts[i]) > _NOTHING
    )


def _contribution(
    manifest: ExpertManifest, index: int, value: float, part: float, best: int
) -> Reason:
    name, side = manifest.feature_names[index], "for" if part > 0 else "against"
    words = f"{feature_words(name)}: {value:.2f} speaks {side} {manifest.classes[best]}"
    return Reason(name, value, words)
