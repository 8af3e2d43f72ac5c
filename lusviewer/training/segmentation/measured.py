"""Measuring segmentation graphs on simulated scenes and on drawn real frames."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.biomarkers import measure
from lusviewer.cancel import CancelToken
from lusviewer.findings import CLASSES
from lusviewer.geometry import GRID, GridMap
from lusviewer.inference.frames import crop_to_grid
from lusviewer.training.data.batches import normalised
from lusviewer.training.data.phantom_set import labels_to_grid
from lusviewer.training.lines.labels import LINES
from lusviewer.training.measure.figures import figure
from lusviewer.training.measure.frame_lines import overlaps, presence_scores
from lusviewer.training.measure.line_figures import line_figures
from lusviewer.training.measure.true_lines import TrueFrame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lusviewer.inference.session import OnnxSession
    from lusviewer.training.recipe import Event

    Array = NDArray[np.float64]

SCENES_SEED: Final = 990001
"""Of the simulated scenes that are measured; no recipe trains with it."""

_A_LINE, _B_LINE = (CLASSES.index(name) for name in ("a_line", "b_line"))
_TIMED: Final = 40


def simulated_frames(count: int) -> list[TrueFrame]:
    """Return ``count`` simulated frames with their truth, each a patient of its own.

    The true B-lines are those that the viewer would measure on the true labels.
    """
    from lusviewer.phantom import random_scene, render  # noqa: PLC0415 - the renderer

    found = []
    for index in range(count):
        clip = render(random_scene(np.random.default_rng([SCENES_SEED, index])), 1)
        labels = labels_to_grid(clip.labels[0], clip.geometry)
        lines, _ = measure(labels, GridMap.of(clip.geometry), clip.geometry)
        found.append(
            TrueFrame(
                clip=f"scene {index}",
                patient=f"scene {index}",
                index=0,
                image=crop_to_grid(clip.frames[0], clip.geometry),
                labels=labels,
                geometry=clip.geometry,
                origins=lines.b_lines[:, :2],
                shows=(
                    bool((labels == _A_LINE).any()),
                    bool((labels == _B_LINE).any()),
                ),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Said:
    """What a network says of frames: class maps, and scores of A-lines and B-lines."""

    labels: list[NDArray[np.uint8]]
    presence: list[tuple[float, float]]


def say(graph: OnnxSession, truth: Sequence[TrueFrame]) -> Said:
    """Return what ``graph`` says of frames; presence is by summed probabilities."""
    said = Said([], [])
    for true in truth:
        frame = normalised(true.image[None]).numpy()
        found = graph.run({"frame": frame}, CancelToken())
        labels = found["labels"][0]
        likely = found["probabilities"][0].repeat(2, axis=1).repeat(2, axis=2)
        said.labels.append(labels)
        said.presence.append(presence_scores(labels, true.geometry, likely))
    return said


def figures_of(said: Said, truth: Sequence[TrueFrame], *, dense: bool) -> Event:
    """Return the figures of what was ``said``.

    A network not taught ``dense`` labels has Dice scores of the lines alone.
    """
    figures = line_figures(truth, said.labels, said.presence)
    if not dense:
        figures["dice"] = {name: figures["dice"][name] for name in LINES}
    return figures


def differences(first: Said, second: Said, truth: Sequence[TrueFrame]) -> Event:
    """Return how much higher the lines' Dice scores of ``first`` are, paired.

    The intervals resample patients, the same for both.
    """
    patients = [true.patient for true in truth]
    tables = [
        [
            overlaps(labels, true.labels)
            for labels, true in zip(s.labels, truth, strict=True)
        ]
        for s in (first, second)
    ]
    found = {}
    for name in LINES:
        index = CLASSES.index(name)
        shared = np.array([[one[0][index] for one in t] for t in tables])
        areas = np.array([[one[1][index] for one in t] for t in tables])

        def apart(
            rows: NDArray[np.intp], shared: Array = shared, areas: Array = areas
        ) -> float:
            total = areas[:, rows].sum(1)
            if not total.all():
                return float("nan")
            dice = shared[:, rows].sum(1) / total
            return float(dice[0] - dice[1])

        found[name] = figure(apart, patients)
    return found


def milliseconds(graph: OnnxSession) -> float:
    """Return the median time of a frame on one thread of this machine."""
    frame = np.zeros((1, 1, GRID, GRID), np.float32)
    spent = []
    for _ in range(_TIMED):
        started = time.perf_counter()
        graph.run({"frame": frame}, CancelToken())
        spent.append(time.perf_counter() - started)
    return round(1000 * float(np.median(spent)), 2)
