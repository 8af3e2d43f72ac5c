"""COVID-19, bacterial pneumonia or regular on POCUS: by patient, and by frame.

A split by frame shows the same clip in learning and testing. It is measured only to
say how much kinder it is; published figures often rest on splits of that kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.errors import ClipError
from lusviewer.training.data.pocus_labels import DIAGNOSES
from lusviewer.training.data.split import shipped_split
from lusviewer.training.measure.figures import accuracy
from lusviewer.training.measure.imagenet import FRAMES, ImageNetFeatures, spread
from lusviewer.training.measure.pocus import pocus_sources
from lusviewer.training.measure.regression import fit, patient_folds, regression

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.inference.bundle import ModelBundle
    from lusviewer.training.measure.clip_store import ClipStore, Source

    Array = NDArray[np.float64]
    Classes = NDArray[np.intp]

ASKED: Final = ("regular", "bacterial pneumonia", "COVID-19")
FOLDS: Final = 5
_FRAME_STRENGTH: Final = 0.01
"""Of the regression on single frames: fixed, as a choice inside would leak as well."""


@dataclass(frozen=True, slots=True)
class Clips:
    """Clips with their frames' features ``(n, f)`` and a class each."""

    frames: tuple[Array, ...]
    classes: Classes
    patients: tuple[str, ...]
    names: tuple[str, ...]

    def means(self) -> Array:
        """Return the mean features ``(clips, f)``."""
        return np.stack([frames.mean(axis=0) for frames in self.frames])


def measure_diagnosis(
    bundle: ModelBundle, folder: Path, store: ClipStore, work: Path
) -> dict[str, Any]:
    """Return accuracies of diagnosis by features and by the kind of split."""
    imagenet = ImageNetFeatures(work, store)

    def embedded(source: Source) -> NDArray[np.float32]:
        said = store.read(bundle, source, CancelToken()).embeddings
        return said[spread(len(said))]

    return {
        "collection": "diagnosis",
        "classes": list(ASKED),
        "folds": FOLDS,
        "frames_a_clip": FRAMES,
        "features": {
            "imagenet": _both(read_clips(folder, imagenet.of), ()),
            "lus-lite": _both(read_clips(folder, embedded), _taught()),
        },
    }


def _taught() -> tuple[str, ...]:
    """Return the clips that the bundle's weights learned from."""
    return shipped_split()["train"]


def read_clips(
    folder: Path, features: Callable[[Source], NDArray[np.float32]]
) -> Clips:
    """Return the clips with one of the diagnoses asked for, those that decode."""
    sources, known = pocus_sources(folder)
    rows = []
    for source in sources:
        diagnosis = DIAGNOSES[known[source.name].diagnosis]
        if diagnosis not in ASKED:
            continue
        try:
            found = features(source).astype(np.float64)
        except ClipError:
            continue
        rows.append((found, ASKED.index(diagnosis), source.patient, source.name))
    frames, classes, patients, names = zip(*rows, strict=True)
    return Clips(frames, np.array(classes, np.intp), patients, names)


def _both(clips: Clips, taught: Sequence[str]) -> dict[str, Any]:
    said = by_patient(clips)
    found = {
        "by_patient": accuracy(clips.classes, said, clips.patients),
        "by_frame_leaky": by_frame(clips),
    }
    if taught:
        unseen = np.array([name not in set(taught) for name in clips.names], np.bool_)
        owners = tuple(np.array(clips.patients)[unseen].tolist())
        kept = accuracy(clips.classes[unseen], said[unseen], owners)
        found["by_patient_unseen_by_the_network"] = kept
    return found


def by_patient(clips: Clips) -> Classes:
    """Return each clip's class as said by a fit on other patients alone."""
    means, said = clips.means(), np.zeros(len(clips.classes), np.intp)
    for kept, left in patient_folds(clips.patients, clips.classes, FOLDS):
        owners = [clips.patients[i] for i in kept]
        head = regression(means[kept], clips.classes[kept], owners)
        said[left] = head.predict(means[left]).argmax(axis=1)
    return said


def by_frame(clips: Clips) -> dict[str, Any]:
    """Return accuracy over single frames, split at random: frames of a clip leak."""
    frames = np.concatenate(clips.frames)
    owner = np.repeat(np.arange(len(clips.frames)), [len(f) for f in clips.frames])
    classes = clips.classes[owner]
    fold = np.random.default_rng(0).permutation(len(frames)) % FOLDS
    said = np.zeros(len(frames), np.intp)
    for index in range(FOLDS):
        kept, left = fold != index, fold == index
        ones = np.ones(int(kept.sum()))
        head = fit(frames[kept], classes[kept], ones, _FRAME_STRENGTH)
        said[left] = head.predict(frames[left]).argmax(axis=1)
    return accuracy(classes, said, [clips.patients[i] for i in owner])
