"""Figures of class maps on drawn frames, with intervals over patients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lusviewer.findings import CLASSES
from lusviewer.training.lines.labels import UNKNOWN
from lusviewer.training.measure.figures import area_figure, figure
from lusviewer.training.measure.frame_lines import (
    OriginScore,
    PleuraScore,
    origin_score,
    overlaps,
    pleura_score,
    presence_scores,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lusviewer.training.measure.true_lines import TrueFrame

    Array = NDArray[np.float64]


def line_figures(
    truth: Sequence[TrueFrame],
    predicted: Sequence[NDArray[np.uint8]],
    presence: Sequence[tuple[float, float]] | None = None,
) -> dict[str, Any]:
    """Return the figures of class maps ``predicted`` ``(224, 224)``, a frame each.

    Dice by class, the pleura's distance in % of the beam's height, per-frame AUC of
    A-lines and B-lines, origins and counts of B-lines as the viewer measures them.
    ``presence`` are scores of A-lines and B-lines; without it areas are taken.
    """
    pairs = list(zip(predicted, truth, strict=True))
    patients = [true.patient for true in truth]
    if presence is None:
        presence = [
            presence_scores(said, true.geometry, known=true.labels != UNKNOWN)
            for said, true in pairs
        ]
    shows = np.array([true.shows for true in truth], np.float64)
    score = np.array(presence, np.float64)
    pleura = [pleura_score(said, true.labels, true.geometry) for said, true in pairs]
    origins = [origin_score(said, true) for said, true in pairs]
    return {
        "frames": len(truth),
        "clips": len({true.clip for true in truth}),
        "patients": len(set(patients)),
        "dice": _dice(pairs, patients),
        "pleura": _pleura(pleura, patients),
        "frame_auc": {
            name: area_figure(shows[:, column], score[:, column], patients)
            for column, name in enumerate(("a_line", "b_line"))
        },
        "b_lines": _b_lines(origins, truth, patients),
    }


def _dice(
    pairs: Sequence[tuple[NDArray[np.uint8], TrueFrame]], patients: Sequence[str]
) -> dict[str, Any]:
    both = [overlaps(said, true.labels) for said, true in pairs]
    shared = np.stack([one[0] for one in both])
    areas = np.stack([one[1] for one in both])
    return {
        name: ratio(shared[:, i], areas[:, i], patients)
        for i, name in enumerate(CLASSES)
    }


def _pleura(scores: Sequence[PleuraScore], patients: Sequence[str]) -> dict[str, Any]:
    distance = np.array([100 * one.distance for one in scores])
    shared, drawn, found, hits = np.array(
        [(one.shared, one.drawn, one.found, one.hits) for one in scores], np.float64
    ).T
    line = np.array([100 * one.line_distance for one in scores])
    line_shared = np.array([one.line_shared for one in scores], np.float64)
    return {
        "distance_percent": ratio(distance, shared, patients),
        "line_distance_percent": ratio(line, line_shared, patients),
        "columns_recall": ratio(hits, drawn, patients),
        "columns_precision": ratio(hits, found, patients),
    }


def _b_lines(
    scores: Sequence[OriginScore], truth: Sequence[TrueFrame], patients: Sequence[str]
) -> dict[str, Any]:
    drawn, found, matched, everywhere = np.array(
        [(one.drawn, one.found, one.matched, one.everywhere) for one in scores],
        np.float64,
    ).T
    clear = a_profile(truth)
    ones = np.ones(len(scores))
    return {
        "origin_precision": ratio(matched, found, patients),
        "origin_recall": ratio(matched, drawn, patients),
        "count_error": ratio(np.abs(found - drawn), ones, patients),
        "false_on_a_profile": {
            "frames": int(clear.sum()),
            **ratio(everywhere * clear, ones * clear, patients),
        },
    }


def a_profile(truth: Sequence[TrueFrame]) -> NDArray[np.bool_]:
    """Return which frames are of clips drawn with A-lines and without any B-line."""
    with_a = {true.clip for true in truth if true.shows[0]}
    with_b = {true.clip for true in truth if true.shows[1]}
    clear = with_a - with_b
    return np.array([true.clip in clear for true in truth], np.bool_)


def ratio(top: Array, bottom: Array, patients: Sequence[str]) -> dict[str, Any]:
    """Return the sum of ``top`` over that of ``bottom``, with its interval."""

    def value(rows: NDArray[np.intp]) -> float:
        total = float(bottom[rows].sum())
        return float(top[rows].sum()) / total if total else float("nan")

    return figure(value, patients)
