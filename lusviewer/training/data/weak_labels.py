"""What a real clip's labels say of the 43 values that a clip gets: weak labels.

A finding that is absent denies all of its grades; of one that is present, the doctor's
comment may name the grade ('few B-lines', 'white lung').
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.findings import FINDINGS, LABELS
from lusviewer.training.data.pocus_labels import PocusClip, mentions_few_b_lines
from lusviewer.training.data.targets import KEYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

DENIALS: Final = tuple(
    i
    for i, label in enumerate(LABELS)
    if label.key.endswith((".none", ".not_applicable"))
)
"""The labels that say that something is absent: they hold where no frame has it."""

_GROUPS: Final = {
    "a_lines": ("a_lines",),
    "b_lines": ("b_lines", "b_line_origin"),
    "consolidation": ("consolidation",),
    "effusion": ("effusion",),
}
"""The groups of labels that grade a finding."""

_B_LINES: Final = r"b[- ]?lines?"
_GRADES: Final = (
    (
        re.compile(rf"\b(?:lots of|many|numerous|confluent|coalescent)\s+{_B_LINES}"),
        {"b_lines.many": 1.0, "b_lines.few": 0.0},
    ),
    (re.compile(rf"\bmultiple\s+{_B_LINES}"), {"b_lines.few": 0.0}),
    (re.compile(r"\bwhite lung\b"), {"b_lines.white": 1.0}),
    (
        re.compile(r"\b(?:moderate|large|massive)\s+(?:pleural\s+)?effusion"),
        {"effusion.over_5mm": 1.0},
    ),
    (re.compile(r"\bhepati[sz]ation"), {"consolidation.over_10mm": 1.0}),
)
_FEW: Final = {
    "b_lines.few": 1.0,
    "b_lines.some": 0.0,
    "b_lines.many": 0.0,
    "b_lines.white": 0.0,
}


def weak_labels(clip: PocusClip) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return values and weights ``(43,)`` in the order of ``KEYS``; weight 0: unknown.

    The comment's grades count only where their finding is present.
    """
    values = np.zeros(len(KEYS), np.float32)
    weights = np.zeros(len(KEYS), np.float32)
    values[len(LABELS) :], weights[len(LABELS) :] = clip.values, clip.weights
    for i, label in enumerate(LABELS):
        for finding, groups in _GROUPS.items():
            if label.group in groups:
                known = FINDINGS.index(finding)
                present, weight = float(clip.values[known]), clip.weights[known]
                if i in DENIALS:
                    values[i], weights[i] = 1 - present, weight
                elif not present:
                    weights[i] = weight
    for key, value in _grades(clip).items():
        index = KEYS.index(key)
        values[index], weights[index] = value, 1.0
    return values, weights


def _grades(clip: PocusClip) -> dict[str, float]:
    """Return the labels whose grade the comment names."""
    text = " ".join(clip.comment.lower().split())
    found: dict[str, float] = {}
    for words, grades in _GRADES:
        if words.search(text):
            found |= grades
    if mentions_few_b_lines(text):
        found |= _FEW
    shown = {k for k, v in zip(FINDINGS, clip.values, strict=True) if v}
    return {k: v for k, v in found.items() if k.partition(".")[0] in shown}
