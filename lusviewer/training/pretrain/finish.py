"""The last stages of a pretraining: the graph with its manifest, and its worth."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lusviewer.geometry import GRID
from lusviewer.inference.frames import MEAN, STD
from lusviewer.training.data.collection import read_pocus
from lusviewer.training.data.real_clips import cache_clips, is_cached
from lusviewer.training.label_fraction.collections import pocus_library
from lusviewer.training.label_fraction.judge import LOOKS, described, judged, tell_look
from lusviewer.training.label_fraction.starts import GRAPH, Start, clip_vectors
from lusviewer.training.lite.bundle_writer import (
    INTENDED_USE,
    sha256_of,
    write_json,
)
from lusviewer.training.lite.card import attributions
from lusviewer.training.lite.finish import REAL_LICENCE
from lusviewer.training.lite.run_state import known_clips, real_folder
from lusviewer.training.measure.results import logged, seconds_spent, write_result
from lusviewer.training.nets.export_onnx import export_features
from lusviewer.training.nets.features import FEATURES, load_features
from lusviewer.training.pretrain.clips import training_files
from lusviewer.training.pretrain.loop import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lusviewer.cancel import CancelToken
    from lusviewer.training.pretrain.settings import PretrainSettings
    from lusviewer.training.recipe import Event

FRACTIONS: Final = (0.1, 1.0)
DRAWS: Final = 20
SPLIT: Final = (
    "POCUS, shipped split by patient: pretrained on the training patients' clips "
    "without labels, heads fitted on the training patients, tested on the validation "
    "and test patients; nothing was chosen on those"
)


def export(
    settings: PretrainSettings, name: str, about: str, taught: str
) -> Iterator[Event]:
    """Write graph, manifest and card to ``encoder`` in the run's folder.

    ``taught`` says in words what else than the clips taught it.
    """
    folder = settings.run_folder / "encoder"
    folder.mkdir(parents=True, exist_ok=True)
    features = load_features(settings.run_folder / WEIGHTS)
    difference = export_features(features, folder / GRAPH)
    manifest = _manifest(settings, name, folder / GRAPH, taught)
    write_json(folder / "manifest.json", manifest)
    card = _card(settings, manifest, about)
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    yield {"event": "encoder", "folder": str(folder), "difference": difference}


def _manifest(
    settings: PretrainSettings, name: str, graph: Path, taught: str
) -> dict[str, Any]:
    clips = training_files(settings)
    patients = len({clip.patient for clip in clips})
    return {
        "schema": 1,
        "kind": "encoder",
        "name": name,
        "version": settings.version,
        "graph": {
            "file": graph.name,
            "sha256": sha256_of(graph),
            "input": {
                "name": "frame",
                "layout": "NCHW",
                "dtype": "float32",
                "shape": [1, 1, GRID, GRID],
            },
            "outputs": {"embedding": {"dtype": "float32", "shape": [1, FEATURES]}},
        },
        "preprocess": {"region_crop": True, "mean": MEAN, "std": STD},
        "trained_on": f"{len(clips)} POCUS files of {patients} patients, {taught}",
        "licence": REAL_LICENCE,
        "intended_use": INTENDED_USE,
    }


def _card(settings: PretrainSettings, manifest: Mapping[str, Any], about: str) -> str:
    name = manifest["name"]
    return (
        f"# {name} {manifest['version']}\n\n{about}\n\n"
        "An encoder: it gives a feature vector of a frame and says nothing of a "
        f"patient by itself.\n\n{manifest['intended_use']}\n\n"
        f"Trained on {manifest['trained_on']}. {manifest['licence']}\n\n"
        f"What it is worth, with intervals: `docs/results/{name}.json` and "
        "`docs/results/label-fraction.json`.\n\n## Attributions\n\n"
        f"{attributions(training_files(settings))}"
    )


def measure(
    settings: PretrainSettings, name: str, cancel: CancelToken
) -> Iterator[Event]:
    """Judge the features on POCUS beside ImageNet's; write the result."""
    started = time.monotonic()
    found = {"pretraining": _last(settings), "pocus": _judged(settings, name, cancel)}
    seconds = round(time.monotonic() - started, 1)
    spent = seconds_spent(settings.run_folder) | {"measure": seconds}
    path = Path(settings.results) / f"{name}.json"
    write_result(path, settings, SPLIT, found, spent)
    yield {"event": "result", "file": str(path), "took": seconds}


def _last(settings: PretrainSettings) -> dict[str, Any]:
    """Return what was logged of the first and of the last steps."""
    steps = [e for e in logged(settings.run_folder) if e.get("stage") == "train"]
    steps = [e for e in steps if "loss" in e]
    left_out = ("event", "stage", "steps", "seconds")
    return {
        when: {k: v for k, v in event.items() if k not in left_out}
        for when, event in zip(
            ("first", "last"), (steps[:1] + steps[-1:]), strict=False
        )
    }


def _judged(
    settings: PretrainSettings, name: str, cancel: CancelToken
) -> dict[str, Any]:
    cache, run = Path(settings.clips), settings.run_folder
    folder = real_folder(settings)
    assert folder is not None, "the stage 'decode' has refused that"
    files = [clip.file for clip in known_clips(settings)]
    for _ in cache_clips(folder, files, cache, cancel):
        cancel.check()
    records = [r for r in read_pocus(folder) if is_cached(cache, r.name)]
    library = pocus_library(records)
    names = [record.name for record in records]
    starts = (Start("imagenet", run), Start(name, run))
    graphs = {one.name: one.graph(run / "starts", settings.seed) for one in starts}
    vectors = {
        start: clip_vectors(graph, cache, names, run / "vectors", cancel)
        for start, graph in graphs.items()
    }
    seen = {start: graph.path for start, graph in graphs.items()}
    tell_look(Path(settings.results) / LOOKS, library.name, seen)
    return {
        question.name: described(library, question)
        | {"starts": judged(library, question, vectors, FRACTIONS, DRAWS)}
        for question in library.questions
    }
