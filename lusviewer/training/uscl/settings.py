"""The settings of ``uscl``."""

from __future__ import annotations

from dataclasses import dataclass

from lusviewer.training.pretrain.settings import PretrainSettings


@dataclass(frozen=True, slots=True)
class UsclSettings(PretrainSettings):
    """The settings of ``uscl``.

    ``videos`` are seen a step, two samples of each. The diagnosis is learned from a
    share ``labelled`` of the training patients; with 0 from none.
    """

    videos: int = 32
    labelled: float = 0.0
