"""The recipe biomarkers: weak labels of clips, with time and without.

The 38 labels and the findings learned from labels of whole clips (Gare et al. 2022,
arXiv 2206.08398) by temporal shift, by convolution over time, by no time at all; and
with the mean over the frames in place of the maximum.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lusviewer.findings import ModelIdentity
from lusviewer.training.biomarkers.clips import ClipMaker, real_clips, simulated_clips
from lusviewer.training.biomarkers.graph import write_graphs, write_papers
from lusviewer.training.biomarkers.measured import (
    POCUS_SUMS,
    SIMULATED_SUMS,
    Cases,
    areas,
    best_way,
    compare,
    counts,
    pocus_cases,
    said,
    simulated_cases,
)
from lusviewer.training.biomarkers.settings import WAYS, BiomarkerSettings
from lusviewer.training.biomarkers.trainer import FIRST, train_ways
from lusviewer.training.data.targets import KEYS
from lusviewer.training.lite.bundle_writer import sha256_of
from lusviewer.training.lite.recipe import CLIP_FRAMES
from lusviewer.training.lite.run_state import decode_files, known_clips, part_of
from lusviewer.training.measure.figures import plain
from lusviewer.training.measure.looks import record_look
from lusviewer.training.measure.results import seconds_spent, write_result
from lusviewer.training.recipe import Event, Recipe, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken

SPLIT: Final = (
    "Simulated clips: of the rendered shards the last two are tested, the one before "
    "them is for validation, the rest teach; each scene is a patient of its own. "
    "POCUS: the shipped split by patient; the training patients teach. The best way is "
    "named by the validation clips of both; nothing was chosen on the test clips."
)


def render(settings: BiomarkerSettings, cancel: CancelToken) -> Iterator[Event]:
    """Render the simulated clips that are not there yet."""
    from lusviewer.training.data.phantom_set import (  # noqa: PLC0415 - renderer: only here
        RenderPlan,
        render_shards,
    )

    plan = RenderPlan(settings.clip_seed, CLIP_FRAMES)
    indices = range(settings.clip_shards)
    for index in render_shards(Path(settings.clips), indices, plan, cancel):
        yield {"event": "progress", "step": index + 1, "steps": settings.clip_shards}


def decode(settings: BiomarkerSettings, cancel: CancelToken) -> Iterator[Event]:
    """Decode the real clips that are not in the folder yet."""
    files = [clip.file for clip in known_clips(settings)]
    yield from decode_files(settings, files, Path(settings.cache), cancel)


def train(settings: BiomarkerSettings, cancel: CancelToken) -> Iterator[Event]:
    """Train all ways from their last checkpoint to their last step."""
    clips = simulated_clips(settings, "train")
    bags = real_clips(settings, "train")
    yield from train_ways(settings, ClipMaker(clips, bags, settings.seed), cancel)


def export(settings: BiomarkerSettings, cancel: CancelToken) -> Iterator[Event]:
    """Write each way's graph and measure what a frame costs."""
    cancel.check()
    started = time.monotonic()
    found = write_graphs(settings)
    seconds = round(time.monotonic() - started, 1)
    yield {"event": "graphs", "stage": "export", "seconds": seconds, "ways": found}


def measure(settings: BiomarkerSettings, cancel: CancelToken) -> Iterator[Event]:
    """Measure each way on simulated clips and on POCUS; write result and cards."""
    started = time.monotonic()
    figures: dict[str, Any] = {way: {} for way in WAYS}
    differences: dict[str, Any] = {}
    known: dict[str, Any] = {}
    for kind, part, cases, sums in _cases(settings):
        cancel.check()
        if (kind, part) == ("pocus", "test"):
            _tell_look(settings)
        scores = {way: said(settings, way, cases) for way in WAYS}
        each, apart = compare(cases, scores, sums, settings.rounds)
        for way in WAYS:
            figures[way].setdefault(kind, {})[part] = each[way]
        differences.setdefault(kind, {})[part] = apart
        known.setdefault(kind, {})[part] = _described(cases, next(iter(sums.values())))
        if (kind, part) == ("simulated", "test"):
            for way in WAYS:
                figures[way]["label_auc"] = _by_label(cases, scores[way])
        yield {"event": "figures", "kind": kind, "part": part, "ways": each}
    taught = part_of(known_clips(settings), "train")
    for way in WAYS:
        write_papers(settings, way, figures[way], taught)
        cost = settings.folder(way) / "cost.json"
        figures[way]["cost"] = json.loads(cost.read_text(encoding="utf-8"))
    path = Path(settings.results) / "biomarkers.json"
    found = {
        "start_sha256": sha256_of(settings.run_folder / FIRST),
        "best_on_validation": best_way(figures),
        "ways": figures,
        "differences": differences,
        "clips": known,
    }
    spent = seconds_spent(settings.run_folder)
    seconds = round(time.monotonic() - started, 1)
    write_result(path, settings, SPLIT, found, spent | {"measure": seconds})
    yield {"event": "result", "file": str(path), "best": found["best_on_validation"]}


def _cases(
    settings: BiomarkerSettings,
) -> Iterator[tuple[str, str, Cases, Mapping[str, Sequence[int]]]]:
    """Yield what is measured on: its kind, part, clips, and what is averaged."""
    for part in ("validation", "test"):
        yield "simulated", part, simulated_cases(settings, part), SIMULATED_SUMS
        real = pocus_cases(settings, part)
        if real is not None:
            yield "pocus", part, real, POCUS_SUMS


def _tell_look(settings: BiomarkerSettings) -> None:
    """Record that the test patients' clips are looked at."""
    digest = sha256_of(settings.run_folder / FIRST)
    model = ModelIdentity("biomarkers", settings.version, digest, "cpu")
    what = "recipe biomarkers, all ways; the best was named by validation clips"
    record_look(Path(settings.results) / "looks.json", "pocus test", what, model)


def _described(cases: Cases, columns: Sequence[int]) -> dict[str, Any]:
    """Return how many clips and patients there are, and of each label how many."""
    return {
        "clips": len(cases.patients),
        "patients": len(set(cases.patients)),
        "positive_of_known": counts(cases, columns),
    }


def _by_label(cases: Cases, scores: NDArray[np.float64]) -> dict[str, float | None]:
    found = areas(cases.truth, scores)
    return {key: plain(float(v)) for key, v in zip(KEYS, found, strict=True)}


_STAGES: Final[dict[str, Stage]] = {
    "render": render,
    "decode": decode,
    "train": train,
    "export": export,
    "measure": measure,
}

RECIPE: Final = Recipe(
    "biomarkers",
    "The 38 labels from labels of whole clips, with time and without.",
    BiomarkerSettings,
    _STAGES,
)
