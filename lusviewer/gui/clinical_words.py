"""What was found, in a clinician's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QCoreApplication

from lusviewer.findings import BIOMARKERS, FINDINGS, INDEX, LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lusviewer.findings import ClipReport, Prediction

SURE: Final = 0.5
"""A label is named where its own probability reaches this."""

LIKELY_MASS: Final = 0.8
"""The probability that the range of a graded prediction holds."""


def tr(text: str) -> str:
    """Return ``text`` in the language of the window."""
    return QCoreApplication.translate("findings", text)


@dataclass(frozen=True, slots=True)
class FindingWords:
    """One finding of a clip as it is read out: "B-lines: some (4-6)"."""

    key: str
    title: str
    value: str
    probability: float | None
    threshold: float
    frame: int | None
    present: bool
    simulated_only: bool


_TITLES: Final = {
    "a_lines": "A-lines",
    "b_lines": "B-lines",
    "consolidation": "Consolidation",
    "effusion": "Effusion",
    "pleural_irregularity": "Pleura",
}


def finding_title(finding: str) -> str:
    """Return one of the five findings as a heading."""
    return tr(_TITLES[finding])


_PRESENT: Final = {"pleural_irregularity": "irregular"}
_ABSENT: Final = {"pleural_irregularity": "regular"}


def findings_in_words(
    report: ClipReport,
    thresholds: Mapping[str, float],
    checked_on: Mapping[str, str],
) -> tuple[FindingWords, ...]:
    """Return the five findings of ``report`` in order.

    ``thresholds`` and ``checked_on`` go by biomarker key, as in the manifest.
    """
    return tuple(
        _in_words(report, finding, thresholds, checked_on) for finding in FINDINGS
    )


def findings_unseen() -> tuple[FindingWords, ...]:
    """Return the five findings of a clip that no model has looked at."""
    return tuple(
        FindingWords(
            key=f"finding.{finding}",
            title=tr(_TITLES[finding]),
            value="",
            probability=None,
            threshold=SURE,
            frame=None,
            present=False,
            simulated_only=False,
        )
        for finding in FINDINGS
    )


def _in_words(
    report: ClipReport,
    finding: str,
    thresholds: Mapping[str, float],
    checked_on: Mapping[str, str],
) -> FindingWords:
    key = f"finding.{finding}"
    evidence = report.findings.get(finding)
    limit = thresholds.get(key, SURE)
    present = evidence is not None and evidence.probability >= limit
    if not report.quality.assessable:
        value = tr("not assessable")
    elif evidence is None:
        value = tr("not given by this model")
    elif present:
        value = _kind_of(report, finding) or tr(_PRESENT.get(finding, "present"))
    else:
        value = tr(_ABSENT.get(finding, "none"))
    return FindingWords(
        key=key,
        title=tr(_TITLES[finding]),
        value=value,
        probability=None if evidence is None else evidence.probability,
        threshold=limit,
        frame=None if evidence is None else evidence.frame,
        present=present and report.quality.assessable,
        simulated_only=checked_on.get(key) == "phantom",
    )


def _kind_of(report: ClipReport, group: str) -> str:
    """Return the label of a group that is most likely there, "" if none is sure.

    A-lines may be several things at once: all that are sure are named.
    """
    sure = [
        (report.biomarkers[label.key].probability, label_words(label.key))
        for label in LABELS
        if label.group == group
        and not label.key.endswith(".none")
        and label.key in report.biomarkers
        and report.biomarkers[label.key].probability >= SURE
    ]
    if group == "a_lines":
        return ", ".join(words for _, words in sure).removeprefix("also ")
    words = max(sure, default=(0.0, ""))[1]
    # The model sees no scale: its sizes are guesses, and must not read as measured.
    return tr("{size}, estimated").format(size=words) if " mm" in words else words


def label_words(key: str) -> str:
    """Return a label without its group: "some (4-6)"."""
    return BIOMARKERS[INDEX[key]].label.partition(": ")[2]


def timeline_key(feature: str) -> str:
    """Return the timeline that shows an expert's feature, "" where none does."""
    for key in (feature, feature.rpartition("_")[0]):
        if key in INDEX:
            return key
    return ""


def measured_words(report: ClipReport) -> tuple[tuple[str, str, str], ...]:
    """Return what was measured: name, value in words, and the timeline's key."""
    values = report.measured
    lines = (
        (tr("B-lines at most"), _number(values, "b_line_count_max"), "b_line_count"),
        (tr("B-lines, median"), _number(values, "b_line_count_median"), "b_line_count"),
        (
            tr("Pleura with B-lines"),
            _percent(values, "pleura_with_b_lines_fraction"),
            "pleura_with_b_lines_fraction",
        ),
        (tr("A-lines, median"), _number(values, "a_line_count_median"), "a_line_count"),
        (tr("Pleural thickness"), *_length(values, "pleura_thickness")),
        (tr("Pleural depth"), *_length(values, "pleura_depth")),
    )
    return tuple(
        (name, words, f"measured.{key}") for name, words, key in lines if words
    )


def _number(values: Mapping[str, float | int | None], key: str) -> str:
    value = values.get(key)
    return "" if value is None else f"{value:g}"


def _percent(values: Mapping[str, float | int | None], key: str) -> str:
    value = values.get(key)
    return "" if value is None else f"{100 * value:.0f} %"


def _length(values: Mapping[str, float | int | None], key: str) -> tuple[str, str]:
    """Return a length in mm where calibrated, else in px saying so; and its key."""
    millimetres, pixels = values.get(f"{key}_mm"), values.get(f"{key}_px")
    if millimetres is not None:
        return f"{millimetres:.1f} mm", f"{key}_mm"
    if pixels is not None:
        return tr("{n:.0f} px, not calibrated").format(n=pixels), f"{key}_px"
    return "", f"{key}_px"


_SPELT: Final = {"s_f": "S/F ratio"}


def target_words(target: str) -> str:
    """Return what an expert judges, as a heading."""
    words = _SPELT.get(target) or target.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


_KINDS: Final = {
    "tree": "decision tree",
    "logistic": "logistic regression",
    "mlp": "neural network",
    "forest": "random forest",
    "svm": "support vector machine",
}


def kind_words(kind: str) -> str:
    """Return how an expert decides, in words."""
    return tr(_KINDS.get(kind, kind))


def headline(prediction: Prediction) -> str:
    """Return what an expert says in a few words: "2 (1-2)"."""
    if prediction.abstained:
        return tr("no call")
    best = prediction.best
    if all(name.isdigit() for name in prediction.classes):
        first, last = likely_range(prediction.probabilities)
        if first != last:
            names = prediction.classes
            return f"{best} ({names[first]}-{names[last]})"
    return best


def likely_range(probabilities: Sequence[float]) -> tuple[int, int]:
    """Return the first and last grade of the shortest run that holds most of it.

    It grows from the most probable grade to its more probable neighbour until it
    holds ``LIKELY_MASS``.
    """
    first = last = int(np.argmax(probabilities))
    while sum(probabilities[first : last + 1]) < LIKELY_MASS:
        below = probabilities[first - 1] if first > 0 else -1.0
        above = probabilities[last + 1] if last + 1 < len(probabilities) else -1.0
        if below < 0 and above < 0:
            break
        first, last = (first - 1, last) if below > above else (first, last + 1)
    return first, last
