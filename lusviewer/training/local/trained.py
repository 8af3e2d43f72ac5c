"""All that came of a training, before it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lusviewer.training.local.folds import Fitted, Validated
    from lusviewer.training.local.samples import Samples


@dataclass(frozen=True, slots=True)
class Trained:
    """An expert, its validation and its figures."""

    name: str
    samples: Samples
    fitted: Fitted
    validated: Validated
    abstain_below: float
    figures: Mapping[str, Any]
    settings: Mapping[str, Any]
    model: str
