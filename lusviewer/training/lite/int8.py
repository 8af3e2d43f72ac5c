"""An INT8 copy of the frame graph, and whether it is good enough to ship.

Weights and activations in 8 bits, ranges from frames the network learned from. It is
shipped only where no figure is more than 0.01 worse; see ``docs/results/int8.json``.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.findings import CLASSES, FINDINGS
from lusviewer.inference.session import OnnxSession
from lusviewer.training.data.batches import normalised
from lusviewer.training.measure.metrics import dice_scores, roc_auc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lusviewer.training.data.shards import Shard

    Frames = NDArray[np.uint8]

ALLOWED: Final = 0.01
"""How much worse a figure may become."""

_RANGE_FRAMES: Final = 80
_TIMED: Final = 60


def quantise(graph: Path, out: Path, frames: Sequence[Frames]) -> None:
    """Write the graph at ``graph`` in 8 bits to ``out``; ``frames`` set the ranges."""
    from onnxruntime import quantization as q  # noqa: PLC0415 - slow, only here
    from onnxruntime.quantization.shape_inference import (  # noqa: PLC0415
        quant_pre_process,
    )

    class Reader(q.CalibrationDataReader):
        def __init__(self) -> None:
            self._left = iter(frames)

        def get_next(self) -> dict[str, Any] | None:
            frame = next(self._left, None)
            return None if frame is None else {"frame": normalised(frame[None]).numpy()}

    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(graph, prepared, skip_symbolic_shape=True)
        q.quantize_static(
            prepared,
            out,
            Reader(),
            quant_format=q.QuantFormat.QDQ,
            per_channel=True,
            activation_type=q.QuantType.QUInt8,
            weight_type=q.QuantType.QInt8,
        )


def ranges_from(shards: Sequence[Shard], bags: Sequence[Frames]) -> list[Frames]:
    """Return frames to take the ranges from: half simulated, half real."""
    half = _RANGE_FRAMES // 2
    sources: list[list[Frames]] = [[shard.frames for shard in shards], list(bags)]
    return [
        clips[i % len(clips)][i % len(clips[i % len(clips)])]
        for clips in sources
        if clips
        for i in range(half)
    ]


def compare(full: Path, small: Path, shards: Sequence[Shard]) -> dict[str, Any]:
    """Return Dice, findings' AUC and ms a frame of both graphs, and the verdict."""
    found = {
        name: _measured(OnnxSession(path, "cpu"), shards)
        for name, path in (("float32", full), ("int8", small))
    }
    lost = {
        key: round(value - found["int8"]["figures"][key], 4)
        for key, value in found["float32"]["figures"].items()
    }
    worst = max(lost, key=lambda key: lost[key])
    return {
        **found,
        "megabytes": {
            name: round(path.stat().st_size / 1e6, 2)
            for name, path in (("float32", full), ("int8", small))
        },
        "lost": lost,
        "worst": worst,
        "holds": lost[worst] <= ALLOWED,
    }


def _measured(session: OnnxSession, shards: Sequence[Shard]) -> dict[str, Any]:
    cancel, seconds = CancelToken(), []
    predicted, truth, logits, known = [], [], [], []
    for shard in shards:
        for frame, labels, wanted in zip(
            shard.frames, shard.labels, shard.truth, strict=True
        ):
            inputs = {"frame": normalised(frame[None]).numpy()}
            started = time.perf_counter()
            out = session.run(inputs, cancel)
            seconds.append(time.perf_counter() - started)
            predicted.append(out["labels"][0])
            truth.append(labels)
            logits.append(out["findings"][0])
            known.append(wanted[-len(FINDINGS) :])
    dice = dice_scores(np.stack(predicted), np.stack(truth), len(CLASSES))
    score, wanted = np.stack(logits).astype(np.float64), np.stack(known)
    figures = {f"dice {n}": float(d) for n, d in zip(CLASSES, dice, strict=True)}
    figures |= {
        f"auc {key}": roc_auc(wanted[:, i].astype(np.float64), score[:, i])
        for i, key in enumerate(FINDINGS)
    }
    return {
        "figures": {k: round(v, 4) for k, v in figures.items() if not np.isnan(v)},
        "ms_a_frame": round(1e3 * float(np.median(seconds[-_TIMED:])), 2),
    }
