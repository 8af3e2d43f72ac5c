"""What a network says of real frames, and how much more of it is right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from lusviewer.findings import CLASSES, FINDINGS
from lusviewer.geometry import grid_mask
from lusviewer.inference.frames import OUTSIDE
from lusviewer.training.measure.figures import figure, plain
from lusviewer.training.measure.frame_lines import overlaps, presence_scores
from lusviewer.training.measure.metrics import roc_auc
from lusviewer.training.measure.pocus import SUPPORTED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lusviewer.training.data.pocus_labels import PocusClip
    from lusviewer.training.data.real_clips import CachedClip
    from lusviewer.training.domain_gap.at_test import Reader
    from lusviewer.training.measure.true_lines import TrueFrame

Array = NDArray[np.float64]
Rows = NDArray[np.intp]
Value = Callable[[Rows], float]

PLEURA: Final = CLASSES.index("pleura")
LINES: Final = ("a_line", "b_line")


@dataclass(frozen=True, slots=True)
class Truth:
    """Real frames and what is known of them: clips by finding, frames by lines."""

    clips: Sequence[tuple[CachedClip, PocusClip]]
    drawn: Mapping[str, Sequence[TrueFrame]]
    clip_frames: int = 12


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure as a function of the rows, of which each belongs to a patient."""

    value: Value
    patients: Sequence[str]


def measures(reader: Reader, truth: Truth) -> dict[str, Measure]:
    """Return the measures of what ``reader`` says of ``truth``.

    ``findings_auc`` is the mean AUC over the findings that supported labels define, a
    clip's score the highest of its frames'. Of each part with drawn lines: the
    pleura's Dice, the AUC of a frame's A-lines and B-lines by area of the class, and
    by the frame's finding.
    """
    found = _of_clips(reader, truth) if truth.clips else {}
    for part, frames in truth.drawn.items():
        for name, measure in _of_lines(reader, frames).items():
            found[f"{part}/{name}"] = measure
    return found


def _of_clips(reader: Reader, truth: Truth) -> dict[str, Measure]:
    scores = np.stack(
        [_clip_score(reader, clip, truth.clip_frames) for clip, _ in truth.clips]
    )
    values = np.stack([known.values for _, known in truth.clips]).astype(np.float64)
    sure = np.stack([known.weights for _, known in truth.clips]) > SUPPORTED

    def area(index: int, rows: Rows) -> float:
        kept = rows[sure[rows, index]]
        return roc_auc(values[kept, index], scores[kept, index])

    def mean(rows: Rows) -> float:
        areas = np.array([area(index, rows) for index in range(len(FINDINGS))])
        known = areas[np.isfinite(areas)]
        return float(known.mean()) if len(known) else float("nan")

    patients = [known.patient for _, known in truth.clips]
    one_by_one = {
        f"findings_auc/{name}": Measure(_bound(area, index), patients)
        for index, name in enumerate(FINDINGS)
    }
    return {"findings_auc": Measure(mean, patients)} | one_by_one


def _bound(area: Callable[[int, Rows], float], index: int) -> Value:
    return lambda rows: area(index, rows)


def _clip_score(reader: Reader, clip: CachedClip, count: int) -> Array:
    chosen = np.linspace(0, len(clip.frames) - 1, min(count, len(clip.frames)))
    frames = [np.array(clip.frames[i]) for i in chosen.round().astype(int)]
    found: Array = np.stack([reader.read(frame)[1] for frame in frames])
    return np.asarray(found.max(axis=0))


def _of_lines(reader: Reader, frames: Sequence[TrueFrame]) -> dict[str, Measure]:
    maps, findings = [], []
    for true in frames:
        labels, said = reader.read(true.image)
        inside = grid_mask(true.geometry)
        maps.append(np.where(inside, labels, OUTSIDE).astype(np.uint8))
        findings.append(said)
    patients = [true.patient for true in frames]
    shows = np.array([true.shows for true in frames], np.float64)
    areas = np.array(
        [presence_scores(m, t.geometry) for m, t in zip(maps, frames, strict=True)]
    )
    heads = np.stack(findings)[:, [FINDINGS.index(f"{name}s") for name in LINES]]
    found = {"pleura_dice": Measure(_dice(maps, frames), patients)}
    for i, name in enumerate(LINES):
        found[f"{name}_auc"] = Measure(_area(shows[:, i], areas[:, i]), patients)
        by_finding = _area(shows[:, i], heads[:, i])
        found[f"{name}_auc_by_finding"] = Measure(by_finding, patients)
    return found


def _area(shown: Array, score: Array) -> Value:
    return lambda rows: roc_auc(shown[rows], score[rows])


def _dice(maps: Sequence[NDArray[np.uint8]], frames: Sequence[TrueFrame]) -> Value:
    both = [overlaps(m, true.labels) for m, true in zip(maps, frames, strict=True)]
    shared = np.array([one[0][PLEURA] for one in both])
    areas = np.array([one[1][PLEURA] for one in both])

    def dice(rows: Rows) -> float:
        total = float(areas[rows].sum())
        return float(shared[rows].sum()) / total if total else float("nan")

    return dice


def figures(
    runs: Sequence[Mapping[str, Measure]],
    base: Sequence[Mapping[str, Measure]] | None = None,
) -> dict[str, Any]:
    """Return each measure's mean over ``runs`` of other seeds, with its interval.

    ``by_seed`` shows how far chance alone moves it. With the runs of a ``base`` of the
    same seeds also ``gain``, how much higher the mean is, patients resampled alike.
    """
    found = {}
    for name, first in runs[0].items():
        every = np.arange(len(first.patients))
        own = [run[name].value for run in runs]
        one = figure(_mean(own), first.patients)
        one["by_seed"] = [plain(value(every)) for value in own]
        if base is not None:
            others = [run[name].value for run in base]
            one["gain"] = figure(_difference(own, others), first.patients)
            one["gain"]["by_seed"] = [
                plain(value(every) - other(every))
                for value, other in zip(own, others, strict=True)
            ]
        found[name] = one
    return found


def _mean(values: Sequence[Value]) -> Value:
    return lambda rows: float(np.mean([value(rows) for value in values]))


def _difference(values: Sequence[Value], others: Sequence[Value]) -> Value:
    one, other = _mean(values), _mean(others)
    return lambda rows: one(rows) - other(rows)
