"""A report that says what a person changed before it was exported."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lusviewer.findings import BIOMARKERS, INDEX

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lusviewer.findings import ClipReport, Prediction


def reviewed(
    report: ClipReport,
    edits: Mapping[str, float],
    predictions: Iterable[tuple[Prediction, Prediction | None]],
) -> ClipReport:
    """Return ``report`` with the edits, and what the experts made of them, named.

    The model's own values stay what they are: nobody shall take a person's word for
    the model's, nor the model's for a person's.
    """
    if not edits:
        return report
    notes = [
        f"A person set {_words(key)} to {value:g}." for key, value in edits.items()
    ]
    notes += [
        f"With that, {after.expert} says {_verdict(after)} for {after.target}."
        for _, after in predictions
        if after is not None
    ]
    return replace(report, warnings=(*report.warnings, *notes))


def _words(key: str) -> str:
    label = BIOMARKERS[INDEX[key]].label if key in INDEX else key
    return f"'{label}' ({key})"


def _verdict(prediction: Prediction) -> str:
    if prediction.abstained:
        return "nothing"
    probability = max(prediction.probabilities)
    return f"'{prediction.best}' with probability {probability:.2f}"
