"""Whether an expert's graph says what the head that was fitted says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.errors import TrainingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.experts.expert import Expert

    Array = NDArray[np.float64]


def check_faithful(
    expert: Expert, features: Array, wanted: Array, name: str, limit: float
) -> float:
    """Return the largest difference of the graph from ``wanted`` ``(n, classes)``.

    ``features`` ``(n, f)`` are given row by row. Raises ``TrainingError`` where a
    probability differs by ``limit`` or more.
    """
    cancel = CancelToken()
    got = [
        expert.head.run({"features": row[None]}, cancel)["probabilities"][0]
        for row in features.astype(np.float32)
    ]
    worst = float(np.abs(np.stack(got) - wanted).max())
    if worst >= limit:
        msg = f"{name}: onnxruntime differs from the fitted head by {worst:.2g}."
        raise TrainingError(msg, hint="The head was not exported faithfully.")
    return worst
