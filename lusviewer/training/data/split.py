"""Splitting patients into those to learn from, to choose on and to be tested on."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.findings import FINDINGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lusviewer.training.data.pocus_labels import PocusClip

PARTS: Final = ("train", "validation", "test")
_SHARES: Final = (0.6, 0.2, 0.2)

COPIES: Final = frozenset(
    {
        "images/convex/Pneu_northumbria_0409_set4_img2.jpg",
        "videos/convex/Pneu_northumbria_1009_vid1.avi",
    }
)
"""Files of the table that show the same recording as a file of another part.

The first is also ``set6_img6``, the second ``Pneu_Avi_Video_002`` in another crop.
"""

Split = dict[str, tuple[str, ...]]
"""The files of each part, by the names of the collection's table."""


def split_patients(clips: Sequence[PocusClip], seed: int) -> Split:
    """Return a split by patient, 60/20/20 of each diagnosis and finding as near as can.

    The patients with the rarest and most clips are placed first, each in the part
    that lacks most of what the patient's clips show.
    """
    by_patient: dict[str, list[PocusClip]] = defaultdict(list)
    for clip in clips:
        by_patient[clip.patient].append(clip)
    shown = {name: _weights(by_patient[name]) for name in by_patient}
    counts: dict[str, float] = defaultdict(float)
    for weights in shown.values():
        for tag, n in weights.items():
            counts[tag] += n
    lacking = {
        part: {tag: share * n for tag, n in counts.items()}
        for part, share in zip(PARTS, _SHARES, strict=True)
    }
    patients = sorted(by_patient)
    np.random.default_rng(seed).shuffle(patients)
    patients.sort(key=lambda name: -sum(n / counts[t] for t, n in shown[name].items()))
    files: dict[str, list[str]] = {part: [] for part in PARTS}
    for name in patients:
        part = _neediest(shown[name], lacking, counts)
        files[part].extend(clip.file for clip in by_patient[name])
        for tag, n in shown[name].items():
            lacking[part][tag] -= n
    return {part: tuple(sorted(names)) for part, names in files.items()}


def _tags(clip: PocusClip) -> list[str]:
    shown = [
        key
        for key, value, weight in zip(FINDINGS, clip.values, clip.weights, strict=True)
        if value * weight > 0
    ]
    severity = [] if clip.severity is None else [f"severity {clip.severity}"]
    return ["any", f"diagnosis {clip.diagnosis}", *severity, *shown]


def _weights(clips: Sequence[PocusClip]) -> dict[str, float]:
    """Return what a patient's clips show; many clips count less than many patients."""
    shown = Counter(tag for clip in clips for tag in _tags(clip))
    return {tag: float(np.sqrt(n)) for tag, n in shown.items()}


def _neediest(
    tags: Mapping[str, float],
    lacking: Mapping[str, Mapping[str, float]],
    counts: Mapping[str, float],
) -> str:
    """Return the part that lacks most of ``tags``, by its own size and their rarity."""
    shares = dict(zip(PARTS, _SHARES, strict=True))
    return max(
        PARTS,
        key=lambda part: sum(
            n * lacking[part][tag] / (shares[part] * counts[tag])
            for tag, n in tags.items()
        ),
    )


def save_split(split: Split, path: Path) -> None:
    """Write ``split`` as JSON: file names only."""
    text = json.dumps({part: list(split[part]) for part in PARTS}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def shipped_split() -> Split:
    """Return the split of the shipped bundle; copies of other files are left out."""
    file = resources.files("lusviewer.training.data") / "pocus_split.json"
    parts = json.loads(file.read_text(encoding="utf-8"))
    return {
        part: tuple(file for file in parts[part] if file not in COPIES)
        for part in PARTS
    }
