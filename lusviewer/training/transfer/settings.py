"""The settings of ``transfer`` and the clips it asks about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.errors import TrainingError
from lusviewer.training.config import Paced, RunSettings
from lusviewer.training.data.pocus_labels import DIAGNOSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lusviewer.training.data.pocus_labels import PocusClip

    Classes = NDArray[np.intp]

ASKED: Final = DIAGNOSES[:3]
"""What is told apart: regular, bacterial pneumonia, COVID-19."""

STARTS: Final = ("dense", "sparse", "imagenet")
"""Pretrained on dense labels, on sparse labels, or on ImageNet alone."""

FOLDS: Final = 5


@dataclass(frozen=True, slots=True)
class TransferSettings(RunSettings, Paced):
    """The settings of ``transfer``.

    ``segmentation`` is the work folder of that recipe's run, ``frames`` that of
    simulated frames, ``cache`` where decoded clips are kept, ``results`` where the
    figures are written. ``clip_frames`` frames of a clip make its features; fine-tuning
    takes ``steps`` steps of ``batch`` frames a fold and is tested on ``tested_frames``
    frames of a clip.
    """

    segmentation: str = "runs/segmentation"
    frames: str = "runs/lite/phantom-frames"
    cache: str = "runs/lite/real"
    results: str = "docs/results"
    clip_frames: int = 12
    tested_frames: int = 6
    steps: int = 80
    batch: int = 12
    rate: float = 2e-3
    encoder_rate: float = 3e-4
    weight_decay: float = 0.05
    warm_up: int = 10


@dataclass(frozen=True, slots=True)
class Clips:
    """The clips that are asked about: file names, class and patient of each."""

    files: tuple[str, ...]
    classes: Classes
    patients: tuple[str, ...]


def asked_clips(known: Sequence[PocusClip]) -> Clips:
    """Return the clips of ``known`` with one of the diagnoses ``ASKED``."""
    chosen = [clip for clip in known if clip.diagnosis < len(ASKED)]
    if not chosen:
        msg = "No decoded clip has one of the diagnoses asked for."
        raise TrainingError(msg, hint="Decode them: train lus-lite --only decode.")
    return Clips(
        tuple(clip.file for clip in chosen),
        np.array([clip.diagnosis for clip in chosen], np.intp),
        tuple(clip.patient for clip in chosen),
    )
