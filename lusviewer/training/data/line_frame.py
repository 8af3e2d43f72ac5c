"""A real frame whose every pixel somebody has said something about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LineFrame:
    """A real frame and its dense labels, both ``(224, 224)``; 255 is not known.

    ``values`` and ``weights`` ``(5,)`` follow ``FINDINGS``: what is drawn is there,
    what is not is absent; the pleura's regularity is not known.
    """

    clip: str
    index: int
    frame: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    values: NDArray[np.float32]
    weights: NDArray[np.float32]
