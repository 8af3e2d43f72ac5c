"""The recipe transfer: whether a network that learned to segment classifies better.

Reverse transfer of Gare et al. 2022 (arXiv 2201.10166): pooled features of encoder and
decoder, then a linear head; pretrained on dense labels, on sparse ones, or not.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.files import written
from lusviewer.training.data.real_clips import is_cached
from lusviewer.training.lite.run_state import known_clips
from lusviewer.training.measure.figures import accuracy, figure
from lusviewer.training.measure.regression import patient_folds, regression
from lusviewer.training.measure.results import seconds_spent, write_result
from lusviewer.training.recipe import Event, Recipe, Stage
from lusviewer.training.transfer.classifier import ENCODER_FEATURES
from lusviewer.training.transfer.features import clip_features
from lusviewer.training.transfer.settings import (
    ASKED,
    FOLDS,
    STARTS,
    Clips,
    TransferSettings,
    asked_clips,
)
from lusviewer.training.transfer.ship import write_classifier
from lusviewer.training.transfer.tuned import tuned_fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken

    Floats = NDArray[np.float32]
    Classes = NDArray[np.intp]

SPLIT: Final = (
    f"{FOLDS} folds of whole patients over all POCUS clips of the three diagnoses; the "
    "regression's strength is chosen inside the learning patients. The segmenters saw "
    "simulated frames alone. Fine-tuning has fixed settings. Patients are resampled."
)
WAYS: Final = ("frozen", "encoder", "masked", "tuned")
"""All features; the encoder's alone; tissue above the pleura blackened; tuned."""


def features(settings: TransferSettings, cancel: CancelToken) -> Iterator[Event]:
    """Make the frozen features of each start, of whole and of masked frames."""
    clips = clips_of(settings)
    for masked in (False, True):
        for start in STARTS:
            cancel.check()
            began = time.monotonic()
            clip_features(settings, start, clips, masked=masked)
            yield _took(f"features {start}{' masked' * masked}", began)


def frozen(settings: TransferSettings, cancel: CancelToken) -> Iterator[Event]:
    """Fit the head on frozen features, by patient."""
    clips = clips_of(settings)
    for start in STARTS:
        whole = clip_features(settings, start, clips, masked=False)
        tables = {
            "frozen": whole,
            "encoder": whole[:, :ENCODER_FEATURES],
            "masked": clip_features(settings, start, clips, masked=True),
        }
        for way, table in tables.items():
            cancel.check()
            began = time.monotonic()
            _keep(settings, way, start, _said_by_folds(table, clips))
            yield _took(f"{way} {start}", began)


def tuned(settings: TransferSettings, cancel: CancelToken) -> Iterator[Event]:
    """Fine-tune a network for each start and fold."""
    clips = clips_of(settings)
    for start in STARTS:
        table = clip_features(settings, start, clips, masked=False)
        said = np.zeros((len(clips.files), len(ASKED)))
        for fold, parts in enumerate(_folds(clips)):
            began = time.monotonic()
            said[parts[1]] = tuned_fold(
                settings, (start, fold), clips, parts, table, cancel
            )
            yield _took(f"tuned {start}", began)
        _keep(settings, "tuned", start, said)


def export(settings: TransferSettings, cancel: CancelToken) -> Iterator[Event]:
    """Write the classifier on dense-pretrained features: graph, manifest and card."""
    cancel.check()
    clips = clips_of(settings)
    table = clip_features(settings, "dense", clips, masked=False)
    found = accuracy(clips.classes, _kept(settings, "frozen", "dense"), clips.patients)
    yield {"event": "graph", **write_classifier(settings, clips, table, found)}


def measure(settings: TransferSettings, cancel: CancelToken) -> Iterator[Event]:
    """Write the accuracies of each start and way, and how far the starts differ."""
    cancel.check()
    clips = clips_of(settings)
    said = {
        way: {start: _kept(settings, way, start) for start in STARTS} for way in WAYS
    }
    commonest = np.full(len(clips.classes), np.bincount(clips.classes).argmax())
    figures = {
        "classes": list(ASKED),
        "commonest_class": accuracy(clips.classes, commonest, clips.patients),
        "clip_level": {
            way: {
                start: accuracy(clips.classes, classes, clips.patients)
                for start, classes in by_start.items()
            }
            for way, by_start in said.items()
        },
        "differences": {way: differences(clips, said[way]) for way in WAYS},
        "masked_minus_frozen": {
            start: apart(clips, said["masked"][start], said["frozen"][start])
            for start in STARTS
        },
    }
    path = Path(settings.results) / "transfer.json"
    write_result(path, settings, SPLIT, figures, seconds_spent(settings.run_folder))
    yield {"event": "figures", **figures}


def differences(clips: Clips, said: Mapping[str, Classes]) -> Event:
    """Return the paired differences between the starts of one way."""
    pairs = (("dense", "sparse"), ("dense", "imagenet"), ("sparse", "imagenet"))
    return {f"{a} - {b}": apart(clips, said[a], said[b]) for a, b in pairs}


def apart(clips: Clips, first: Classes, second: Classes) -> Event:
    """Return how much more accurate ``first`` is, clip by clip the same patients."""
    true = clips.classes
    right = np.stack([first == true, second == true]).astype(np.float64)

    def plain(rows: Classes) -> float:
        share = right[:, rows].mean(1)
        return float(share[0] - share[1])

    def balanced(rows: Classes) -> float:
        shares = [
            right[:, rows][:, true[rows] == c].mean(1) for c in np.unique(true[rows])
        ]
        share = np.mean(shares, 0)
        return float(share[0] - share[1])

    return {
        "accuracy": figure(plain, clips.patients),
        "balanced_accuracy": figure(balanced, clips.patients),
    }


def clips_of(settings: TransferSettings) -> Clips:
    """Return the decoded clips that are asked about."""
    known = known_clips(settings)
    return asked_clips([c for c in known if is_cached(Path(settings.cache), c.file)])


def _folds(clips: Clips) -> list[tuple[Classes, Classes]]:
    return list(patient_folds(clips.patients, clips.classes, FOLDS))


def _said_by_folds(table: Floats, clips: Clips) -> NDArray[np.float64]:
    """Return probabilities ``(clips, 3)`` by heads fitted on other patients alone."""
    wide = table.astype(np.float64)
    said = np.zeros((len(table), len(ASKED)))
    for kept, left in _folds(clips):
        owners = [clips.patients[i] for i in kept]
        head = regression(wide[kept], clips.classes[kept], owners)
        said[left] = head.predict(wide[left])
    return said


def _keep(
    settings: TransferSettings, way: str, start: str, said: NDArray[np.float64]
) -> None:
    with written(settings.run_folder / f"said-{way}-{start}.npy") as file:
        np.save(file, said)


def _kept(settings: TransferSettings, way: str, start: str) -> Classes:
    said = np.load(settings.run_folder / f"said-{way}-{start}.npy")
    classes: Classes = said.argmax(1)
    return classes


def _took(stage: str, began: float) -> Event:
    seconds = round(time.monotonic() - began, 2)
    return {"event": "progress", "stage": stage, "seconds": seconds}


_STAGES: Final[dict[str, Stage]] = {
    "features": features,
    "frozen": frozen,
    "tuned": tuned,
    "export": export,
    "measure": measure,
}

RECIPE: Final = Recipe(
    "transfer",
    "A classifier on the segmenter: dense-pretrained, sparse-pretrained or neither.",
    TransferSettings,
    _STAGES,
)
