"""How simulated frames are varied before a network sees them: with what, how often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lusviewer.training.data.augment import (
    Look,
    apply_look,
    apply_to_labels,
    toned_like,
)
from lusviewer.training.data.beam_augment import BeamLook, beam_shape, seen_by
from lusviewer.training.data.sharpness import sharpened_like

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]
    RealFrame = Callable[[np.random.Generator], Frame] | None


@dataclass(frozen=True, slots=True)
class Variation:
    """What is done to simulated frames; each number is the share it is done to.

    ``looks`` are the plain augmentations, of all frames or none; ``toned`` frames
    take on the grey levels of a real one, ``sharpened`` ones its local frequencies;
    ``in_beam`` ones are seen by another probe.
    """

    looks: bool = True
    toned: float = 0.35
    sharpened: float = 0.0
    in_beam: float = 0.0


def varied(
    frame: Frame,
    labels: Frame,
    variation: Variation,
    real: RealFrame,
    rng: np.random.Generator,
) -> tuple[Frame, Frame]:
    """Return ``frame`` and ``labels`` varied alike; ``real`` draws real frames."""
    look = Look.draw(rng, frame.shape[0])
    if real and variation.toned and rng.random() < variation.toned:
        frame = toned_like(frame, real(rng), float(rng.uniform(0.3, 1)))
    if real and variation.sharpened and rng.random() < variation.sharpened:
        frame = sharpened_like(frame, real(rng), float(rng.uniform(0.3, 1)))
    if variation.in_beam and rng.random() < variation.in_beam:
        frame, labels = _by_another_probe(frame, labels, rng)
    if not variation.looks:
        return frame, labels
    return apply_look(look, frame, rng), apply_to_labels(look, labels)


def _by_another_probe(
    frame: Frame, labels: Frame, rng: np.random.Generator
) -> tuple[Frame, Frame]:
    shape = beam_shape(np.asarray(labels > 0))
    if shape is None:
        return frame, labels
    look = BeamLook.draw(rng, shape, frame.shape[0])
    return seen_by(look, shape, frame, labels, rng)
