"""How well each way tells the labels of clips it never saw, and by how much more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.files import written
from lusviewer.findings import FINDINGS, LABELS
from lusviewer.geometry import GRID
from lusviewer.inference.session import OnnxSession
from lusviewer.training.biomarkers.clips import (
    clip_truth,
    clip_view,
    real_clips,
    simulated_clips,
)
from lusviewer.training.biomarkers.graph import GRAPH
from lusviewer.training.biomarkers.pooling import clip_scores
from lusviewer.training.biomarkers.settings import FRAMES, MAX, WAYS
from lusviewer.training.data.batches import normalised, spread
from lusviewer.training.data.targets import KEYS
from lusviewer.training.lite.bundle_writer import sha256_of
from lusviewer.training.measure.figures import drawn_figure
from lusviewer.training.measure.metrics import resampled_rows, roc_auc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from lusviewer.training.biomarkers.settings import BiomarkerSettings

    Array = NDArray[np.float64]

SUPPORTED: Final = 0.99
"""The least weight of a label that comment, diagnosis or a tick supports."""

_N_LABELS: Final = len(LABELS)

SIMULATED_SUMS: Final[dict[str, list[int]]] = {
    "labels": list(range(_N_LABELS)),
    **{
        group: [i for i, label in enumerate(LABELS) if label.group == group]
        for group in dict.fromkeys(label.group for label in LABELS)
    },
}
"""What is averaged on simulated clips: all 38 labels, and those of each group."""

POCUS_SUMS: Final[dict[str, list[int]]] = {
    "mean": list(range(_N_LABELS, len(KEYS))),
    **{key: [_N_LABELS + i] for i, key in enumerate(FINDINGS)},
}
"""What is averaged on real clips: the findings, and each of them."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Clips to be measured on: samples of each, what is known, whose they are.

    ``views`` has for each clip uint8 ``(FRAMES, 224, 224)`` arrays; ``truth`` is
    ``(clips, 43)``, NaN where not known for sure.
    """

    name: str
    views: list[list[NDArray[np.uint8]]]
    truth: Array
    patients: list[str]


def simulated_cases(settings: BiomarkerSettings, part: str) -> Cases:
    """Return the rendered clips of ``part``, each a patient, every second frame."""
    clips = simulated_clips(settings, part)
    truth = [clip_truth(c.truth[spread(len(c.truth), FRAMES, 0.5)]) for c in clips]
    return Cases(
        f"simulated-{part}",
        [[clip_view(clip.frames, 0, 1)] for clip in clips],
        np.stack(truth).astype(np.float64),
        [clip.scene for clip in clips],
    )


def pocus_cases(settings: BiomarkerSettings, part: str) -> Cases | None:
    """Return the POCUS clips of ``part``: findings alone; None where there are none."""
    bags = real_clips(settings, part)
    if not bags:
        return None
    truth = np.full((len(bags), len(KEYS)), np.nan)
    for row, bag in zip(truth, bags, strict=True):
        sure = bag.known.weights >= SUPPORTED
        row[_N_LABELS:] = np.where(sure, bag.known.values, np.nan)
    n = settings.views
    return Cases(
        f"pocus-{part}-{n}",
        [[clip_view(b.clip.frames, i, n) for i in range(n)] for b in bags],
        truth,
        [bag.known.patient for bag in bags],
    )


def said(settings: BiomarkerSettings, way: str, cases: Cases) -> Array:
    """Return ``(clips, 43)``: what the graph of ``way`` says, the mean of its samples.

    It is kept beside the graph, and taken from there when asked again.
    """
    folder = settings.folder(way)
    path = folder / f"{cases.name}-{sha256_of(folder / GRAPH)[:16]}.npy"
    if not path.is_file():
        graph = OnnxSession(folder / GRAPH, "cpu")
        rows = [
            np.mean([_view_scores(graph, way, view) for view in views], 0)
            for views in cases.views
        ]
        with written(path) as file:
            np.save(file, np.stack(rows).astype(np.float64))
    stored: Array = np.load(path)
    return stored


def _view_scores(
    graph: OnnxSession, way: str, view: NDArray[np.uint8]
) -> NDArray[np.float32]:
    frames = normalised(view).numpy().reshape(1, FRAMES, 1, GRID, GRID)
    out = graph.run({"frames": frames}, CancelToken())
    return clip_scores(
        np.concatenate([out["biomarkers"][0], out["findings"][0]], 1), way
    )


def areas(truth: Array, scores: Array) -> Array:
    """Return the AUC ``(43,)`` of each column; NaN where one class is absent."""
    found = np.full(truth.shape[1], np.nan)
    for i in range(truth.shape[1]):
        known = ~np.isnan(truth[:, i])
        if known.any():
            found[i] = roc_auc(truth[known, i], scores[known, i])
    return found


def compare(
    cases: Cases,
    scores: Mapping[str, Array],
    sums: Mapping[str, Sequence[int]],
    rounds: int = 1000,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the mean AUCs ``sums`` of each way, and how they differ from way ``max``.

    Intervals resample patients, the same for all ways.
    """
    whole = _means(cases, scores, sums, np.arange(len(cases.patients)))
    drawn = np.stack(
        [
            _means(cases, scores, sums, rows)
            for rows in resampled_rows(cases.patients, rounds=rounds)
        ]
    )
    ways = list(scores)
    reference = ways.index(MAX)
    apart, drawn_apart = (
        table - table[..., [reference], :] for table in (whole, drawn)
    )
    figures = {
        way: {
            name: drawn_figure(whole[w, i], drawn[:, w, i])
            for i, name in enumerate(sums)
        }
        for w, way in enumerate(ways)
    }
    differences = {
        f"{way} - {MAX}": {
            name: drawn_figure(apart[w, i], drawn_apart[:, w, i])
            for i, name in enumerate(sums)
        }
        for w, way in enumerate(ways)
        if way != MAX
    }
    return figures, differences


def _means(
    cases: Cases,
    scores: Mapping[str, Array],
    sums: Mapping[str, Sequence[int]],
    rows: NDArray[np.intp],
) -> Array:
    """Return ``(ways, sums)``: means over those columns that are defined."""
    truth = cases.truth[rows]
    tables = [areas(truth, score[rows]) for score in scores.values()]
    return np.array(
        [[_mean(table[list(columns)]) for columns in sums.values()] for table in tables]
    )


def _mean(values: Array) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else float("nan")


def counts(cases: Cases, columns: Sequence[int]) -> dict[str, list[int]]:
    """Return by key how many clips have it, and of how many it is known."""
    return {
        KEYS[i]: [int(np.nansum(column)), int((~np.isnan(column)).sum())]
        for i in columns
        for column in (cases.truth[:, i],)
    }


def best_way(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the way with the highest mean of the validation clips' two means."""

    def worth(way: str) -> float:
        found = [figures[way]["simulated"]["validation"]["labels"]["value"]]
        if "pocus" in figures[way]:
            found.append(figures[way]["pocus"]["validation"]["mean"]["value"])
        defined = [value for value in found if value is not None]
        return sum(defined) / max(1, len(defined))

    return max(WAYS, key=worth)
