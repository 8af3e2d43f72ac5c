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
from lusviewer.training.measure.frame_lines import (
    origin_score,
    overlaps,
    presence_scores,
)
from lusviewer.training.measure.line_figures import a_profile, line_figures
from lusviewer.training.measure.true_lines import TrueFrame

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from lusviewer.inference.session import OnnxSession
    from lusviewer.training.recipe import Event

    Array = NDArray[np.float64]

SCENES_SEED: Final = 990001
"""Of the simulated scenes that are measured; no recipe trains with it."""

_A_LINE, _B_LINE = (CLASSES.index(name) for name in ("a_line", "b_line"))
_TIMED: Final = 150


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
    """Return how much higher the figures of ``first`` are, paired.

    Dice scores of the lines, and false B-lines a frame on clips with A-lines and
    without B-lines. The intervals resample patients, the same for both.
    """
    patients = [true.patient for true in truth]
    both = [
        [overlaps(labels, true.labels) for labels, true in zip(one, truth, strict=True)]
        for one in (first.labels, second.labels)
    ]
    shared = np.array([[frame[0] for frame in one] for one in both])
    areas = np.array([[frame[1] for frame in one] for one in both])
    found = {}
    for name in LINES:
        at = CLASSES.index(name)
        found[name] = _apart(shared[..., at], areas[..., at], patients)
    clear = np.broadcast_to(a_profile(truth), shared.shape[:2]).astype(np.float64)
    false = [
        [origin_score(*pair).everywhere for pair in zip(one, truth, strict=True)]
        for one in (first.labels, second.labels)
    ]
    found["false_on_a_profile"] = _apart(clear * np.array(false), clear, patients)
    return found


def _apart(top: Array, bottom: Array, patients: Sequence[str]) -> Event:
    """Return the difference of the two rows' ratios of sums, with its interval."""

    def value(rows: NDArray[np.intp]) -> float:
        total = bottom[:, rows].sum(1)
        if not total.all():
            return float("nan")
        first, second = top[:, rows].sum(1) / total
        return float(first - second)

    return figure(value, patients)


def milliseconds(graphs: Mapping[str, OnnxSession]) -> dict[str, float]:
    """Return the shortest time of a frame of each graph, on one thread of this machine.

    The graphs take turns, so that whatever else runs on it slows all of them alike.
    """
    frame = np.zeros((1, 1, GRID, GRID), np.float32)
    spent = dict.fromkeys(graphs, float("inf"))
    for _ in range(_TIMED):
        for name, graph in graphs.items():
            started = time.perf_counter()
            graph.run({"frame": frame}, CancelToken())
            spent[name] = min(spent[name], time.perf_counter() - started)
    return {name: round(1000 * value, 2) for name, value in spent.items()}
