"""The settings of ``active``."""

from __future__ import annotations

from dataclasses import dataclass

from lusviewer.training.config import RunSettings


@dataclass(frozen=True, slots=True)
class ActiveSettings(RunSettings):
    """What the labelling experiment depends on.

    ``model`` is the bundle whose probabilities and embeddings the heads learn from.
    ``blues`` is the folder of COVID-BLUeS, "" looks beside that of POCUS; ``cache``
    keeps what the bundle says of the clips, ``results`` the figures and ``picture``
    the chart. ``seeds`` draw the folds and the first clips; ``folds`` of patients are
    left out to test.
    """

    model: str = "models/lus-lite"
    blues: str = ""
    cache: str = "runs/evaluation"
    results: str = "docs/results"
    picture: str = "docs/images/active.png"
    seeds: int = 5
    folds: int = 5
    resamples: int = 1000
