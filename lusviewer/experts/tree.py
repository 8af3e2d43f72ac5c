"""A decision tree as its manifest states it: the path a clip takes can be followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lusviewer.errors import ManifestError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.inference.fields import Fields

_HINT = "Correct the manifest, or ask who made it for another copy."


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes in order, the root first; a leaf has -1 for both of its children.

    A value up to its node's ``threshold`` goes ``left``, a higher one ``right``.
    """

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    probabilities: tuple[tuple[float, ...], ...]

    @classmethod
    def read(cls, fields: Fields, n_features: int, n_classes: int) -> Tree:
        """Return the tree in a manifest; raise ``ManifestError`` if it is not one."""
        feature = fields.integers("feature")
        tree = cls(
            feature,
            fields.numbers("threshold", len(feature)),
            fields.integers("left"),
            fields.integers("right"),
            fields.table("probabilities", n_classes),
        )
        fields.close()
        if wrong := tree.problem(n_features):
            msg = f"{fields.file}: 'tree' is no decision tree: {wrong}."
            raise ManifestError(msg, hint=_HINT)
        return tree

    def problem(self, n_features: int) -> str:
        """Say what keeps the nodes from being a tree; empty where nothing does."""
        sizes = {len(self.left), len(self.right), len(self.probabilities)}
        if sizes != {len(self.feature)} or not self.feature:
            return "its lists differ in length, or are empty"
        for node in range(len(self.feature)):
            if self.left[node] == self.right[node] == -1:
                continue
            children = (self.left[node], self.right[node])
            if not all(node < child < len(self.feature) for child in children):
                return f"a child of node {node} is not a later node"
            if not 0 <= self.feature[node] < n_features:
                return f"node {node} asks for feature {self.feature[node]}"
        return ""

    def is_leaf(self, node: int) -> bool:
        """Whether ``node`` has no children."""
        return self.left[node] < 0

    def path(self, row: NDArray[np.float32]) -> list[int]:
        """Return the nodes that ``row`` of features passes, from the root to a leaf."""
        nodes = [0]
        while not self.is_leaf(node := nodes[-1]):
            # Heads compare in float32: a threshold of 0.41 is 0.4099999964 there.
            low = row[self.feature[node]] <= np.float32(self.threshold[node])
            nodes.append(self.left[node] if low else self.right[node])
        return nodes

    def witnesses(self, n_features: int) -> NDArray[np.float32]:
        """Return rows of features, one for each leaf that can be reached."""
        rows: dict[int, NDArray[np.float32]] = {}
        waiting = [(0, np.zeros(n_features, np.float32))]
        while waiting:
            node, row = waiting.pop()
            rows.setdefault(self.path(row)[-1], row)
            if self.is_leaf(node):
                continue
            threshold = self.threshold[node]
            above = row.copy()
            above[self.feature[node]] = threshold + max(abs(threshold), 1.0) * 1e-3
            below = row.copy()
            below[self.feature[node]] = threshold
            waiting += [(self.left[node], below), (self.right[node], above)]
        return np.stack(list(rows.values()))
