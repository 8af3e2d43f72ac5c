"""What an end-to-end network costs on the same machine: the experts' other side."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.training.measure.end_to_end import OUTPUTS, EndToEnd
from lusviewer.training.measure.imagenet import FRAMES

if TYPE_CHECKING:
    from pathlib import Path

_TIMED: Final = 5
_FLOAT_BYTES: Final = 4


def network_cost(baselines: Path) -> dict[str, Any]:
    """Return bytes and milliseconds a clip, and seconds if ``baselines`` knows.

    The milliseconds are of processor time, on one thread.
    """
    import torch  # noqa: PLC0415 - only where the network runs
    from torch import nn  # noqa: PLC0415

    from lusviewer.training.nets.features import (  # noqa: PLC0415 - torch
        FEATURES,
        start_features,
    )

    torch.set_num_threads(1)
    head = nn.Linear(FEATURES, len(OUTPUTS))
    module = nn.Sequential(start_features("scratch", 0), head).eval()
    network = EndToEnd(module, 0.0)
    clip = np.full((FRAMES, 224, 224), 90, np.uint8)
    spent = []
    for _ in range(_TIMED):
        started = time.process_time()
        network.scores(clip)
        spent.append(time.process_time() - started)
    numbers = sum(p.numel() for p in module.parameters())
    return {
        "fit_seconds": _seconds(baselines),
        "milliseconds_a_clip": round(1000 * float(np.median(spent)), 1),
        "bytes": numbers * _FLOAT_BYTES,
    }


def _seconds(baselines: Path) -> float | None:
    if not baselines.is_file():
        return None
    stored = json.loads(baselines.read_text(encoding="utf-8"))
    return float(stored["seconds"]["end_to_end"])
