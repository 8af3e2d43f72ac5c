"""The recipe domain-gap: what helps networks of simulated frames to read real ones.

Each tool is trained in short runs of the product's network on simulated frames, from
one base, and measured on real frames; two more need no training.
"""

from __future__ import annotations

from typing import Final

from lusviewer.training.domain_gap.measured import appearance, measure, measure_chosen
from lusviewer.training.domain_gap.runs import export, teach, train
from lusviewer.training.domain_gap.tools import GapSettings
from lusviewer.training.recipe import Recipe, Stage

_STAGES: Final[dict[str, Stage]] = {
    "appearance": appearance,
    "teach": teach,
    "train": train,
    "export": export,
    "measure": measure,
    "test": measure_chosen,
}

RECIPE: Final = Recipe(
    "domain-gap",
    "Tools against the gap between simulated and real frames, each measured.",
    GapSettings,
    _STAGES,
)
