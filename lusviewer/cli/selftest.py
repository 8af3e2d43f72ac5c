"""``lusviewer --selftest``: the models that ship, against stored numbers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from lusviewer import paths
from lusviewer.analysis import analyse_whole
from lusviewer.cancel import CancelToken
from lusviewer.errors import ResultError
from lusviewer.experts import load_experts
from lusviewer.inference import open_bundle
from lusviewer.io import open_clip

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

SAMPLE: Final = "simulated-b-lines.dcm"
STORED: Final = "selftest.json"
TOLERANCE: Final = 0.02
"""Other processors and devices round otherwise, by far less than this."""


def run(_arguments: argparse.Namespace) -> int:
    """Compare each bundle that ships; 0 where all agree, 1 where one does not."""
    stored = _stored()
    bundles = sorted(f.parent for f in paths.shipped_models().glob("*/manifest.json"))
    if not bundles:
        print(f"FAIL there is no model bundle in {paths.shipped_models()}")
        return 1
    agree = [_agrees(folder, stored) for folder in bundles]
    return 0 if all(agree) else 1


def _stored() -> dict[str, dict[str, float]]:
    file = paths.resources() / "samples" / STORED
    try:
        content: dict[str, dict[str, float]] = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{file} cannot be read: {error}."
        raise ResultError(msg, hint="Install lusviewer again.") from error
    return content


def _agrees(folder: Path, stored: dict[str, dict[str, float]]) -> bool:
    identity, found = numbers(folder)
    expected = stored.get(identity)
    if expected is None:
        print(f"FAIL {folder.name}: no numbers are stored for {identity[:12]}")
        return False
    apart = {
        key: (found.get(key), value)
        for key, value in expected.items()
        if key not in found or abs(found[key] - value) > TOLERANCE
    }
    for key, (here, there) in apart.items():
        print(f"FAIL {folder.name}: {key} is {here}, stored {there}")
    if not apart:
        print(f"ok   {folder.name}: {len(expected)} numbers within {TOLERANCE}")
    return not apart


def numbers(folder: Path) -> tuple[str, dict[str, float]]:
    """Return a bundle's SHA-256 and the probabilities it gives for the sample."""
    cancel = CancelToken()
    bundle = open_bundle(folder)
    experts = load_experts(folder / "experts")
    clip = open_clip(paths.resources() / "samples" / SAMPLE)
    try:
        _, report = analyse_whole(clip, bundle, experts, cancel)
    finally:
        clip.close()
    evidence = {**report.findings, **report.biomarkers}
    values = {key: e.probability for key, e in evidence.items() if e is not None}
    for prediction in report.predictions:
        for name, p in zip(prediction.classes, prediction.probabilities, strict=True):
            values[f"{prediction.expert}.{name}"] = p
    return report.model.sha256, values
