"""The settings of ``experts``."""

from __future__ import annotations

from dataclasses import dataclass

from lusviewer.training.config import RunSettings


@dataclass(frozen=True, slots=True)
class ExpertsSettings(RunSettings):
    """What the comparison of experts depends on.

    ``model`` is the bundle whose probabilities and embeddings they decide by.
    ``blues`` is the folder of COVID-BLUeS, "" looks beside that of POCUS; where it is
    not, its part is left out. ``cache`` keeps decoded clips and what the bundle says of
    them, ``results`` the figures. ``folds`` patients' folds are left out to test,
    ``inner`` to choose by.
    """

    model: str = "models/lus-lite"
    blues: str = ""
    cache: str = "runs/evaluation"
    results: str = "docs/results"
    version: str = "0.1.0"
    folds: int = 5
    inner: int = 4
