"""The recipe ``experts``: small experts on what a bundle says, tested by patient."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lusviewer.experts.expert import load_experts
from lusviewer.inference.bundle import open_bundle
from lusviewer.training.experts.export import write_regression
from lusviewer.training.experts.local import local_figures, local_questions
from lusviewer.training.experts.network_cost import network_cost
from lusviewer.training.experts.oxygen import counts, oxygen_figures, oxygen_question
from lusviewer.training.experts.pocus_experts import (
    ASKED_DIAGNOSES,
    compared,
    questions,
)
from lusviewer.training.experts.settings import ExpertsSettings
from lusviewer.training.lite.run_state import needed_real_folder
from lusviewer.training.measure.blues import blues_sources, read_rows
from lusviewer.training.measure.clip_store import ClipStore
from lusviewer.training.measure.looks import record_look
from lusviewer.training.measure.pocus import pocus_sources
from lusviewer.training.measure.results import seconds_spent, write_result
from lusviewer.training.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lusviewer.cancel import CancelToken
    from lusviewer.inference.bundle import ModelBundle
    from lusviewer.training.measure.blues import BluesLabels
    from lusviewer.training.measure.clip_store import ReadClip
    from lusviewer.training.recipe import Event

SPLIT: Final = (
    "Nested and by patient: five folds of patients are left out to test, four inner "
    "ones choose. POCUS: all patients, and those apart that the bundle's weights never "
    "saw. COVID-BLUeS: experts fitted and tested inside that hospital"
)
_CLASSES: Final = {"diagnosis": ASKED_DIAGNOSES, "severity": ("0", "1", "2", "3")}


def pocus(settings: ExpertsSettings, cancel: CancelToken) -> Iterator[Event]:
    """Compare kinds of experts for diagnosis and severity on POCUS; export two."""
    bundle, folder = _bundle(settings), needed_real_folder(settings)
    sources, known = pocus_sources(folder)
    # All patients take part, so those kept for testing are looked at as well.
    _look(settings, "pocus test", "kinds of experts, nested", bundle)
    clips = ClipStore(Path(settings.cache)).read_all(bundle, sources, cancel)
    found: dict[str, Event] = {}
    for question, (asked, names) in questions(clips, known).items():
        found[question] = {}
        began = time.monotonic()
        for name, figures in compared(asked, names, _folds(settings), cancel):
            found[question][name] = figures
            yield _told("pocus", f"{question}, {name}", began)
            began = time.monotonic()
        target = settings.run_folder / f"{question}-regression"
        figures = found[question]["logistic on 38 probabilities"]
        words = f"{bundle.identity.name} {bundle.identity.version}"
        difference = write_regression(target, asked, _CLASSES[question], figures, words)
        yield {"event": "graph", "folder": str(target), "difference": difference}
    _keep(settings, "pocus", found)


def network(settings: ExpertsSettings, cancel: CancelToken) -> Iterator[Event]:
    """Measure what an end-to-end network costs, to stand beside the experts."""
    cancel.check()
    began = time.monotonic()
    found = network_cost(Path(settings.results) / "baselines.json")
    _keep(settings, "network", found)
    yield _told("network", "cost", began)


def local(settings: ExpertsSettings, cancel: CancelToken) -> Iterator[Event]:
    """Fit a hospital's own experts on COVID-BLUeS, and those for S/F bins."""
    folder = _blues_folder(settings)
    if not folder.is_dir():
        return
    bundle = _bundle(settings)
    _look(settings, "covid-blues", "local experts, nested", bundle)
    clips, labels = _blues(settings, folder, bundle, cancel)
    found: Event = {}
    experts = [
        expert
        for expert in load_experts(bundle.folder / "experts")
        if expert.manifest.target == "severity"
    ]
    for question, asked in local_questions(clips, labels, experts).items():
        kinds: Event = {}
        began = time.monotonic()
        for kind, figures in local_figures(asked, _folds(settings), cancel):
            kinds[kind] = figures
            yield _told("local", f"{question}, {kind}", began)
            began = time.monotonic()
        found[question] = kinds.pop("blend") | {"others": kinds}
    _keep(settings, "local", found)
    rows = read_rows(folder, "clinical_variables.csv")
    asked = oxygen_question(clips, rows)
    bins: Event = {"patients": counts(asked)}
    began = time.monotonic()
    for name, figures in oxygen_figures(asked, _folds(settings), cancel):
        bins[name] = figures
        yield _told("local", f"S/F, {name}", began)
        began = time.monotonic()
    _keep(settings, "oxygen", bins)


def finish(settings: ExpertsSettings, cancel: CancelToken) -> Iterator[Event]:
    """Write what was measured as ``experts.json``."""
    cancel.check()
    bundle = _bundle(settings).identity
    figures: Event = {"bundle": f"{bundle.name} {bundle.version}"}
    for name in ("local", "oxygen", "pocus", "network"):
        path = settings.run_folder / f"{name}.json"
        if path.is_file():
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored["sha256"] == bundle.sha256:
                figures[name] = stored["found"]
    path = Path(settings.results) / "experts.json"
    write_result(path, settings, SPLIT, figures, seconds_spent(settings.run_folder))
    yield {"event": "result", "file": str(path), "parts": sorted(figures)}


def _blues(
    settings: ExpertsSettings, folder: Path, bundle: ModelBundle, cancel: CancelToken
) -> tuple[list[ReadClip], dict[str, BluesLabels]]:
    sources, labels = blues_sources(folder)
    clips = ClipStore(Path(settings.cache)).read_all(bundle, sources, cancel)
    return clips, labels


def _look(
    settings: ExpertsSettings, collection: str, what: str, bundle: ModelBundle
) -> None:
    record = Path(settings.results) / "looks.json"
    record_look(record, collection, what, bundle.identity)


def _blues_folder(settings: ExpertsSettings) -> Path:
    """Return the folder of COVID-BLUeS: as set, else beside that of POCUS."""
    named = settings.blues
    return Path(named) if named else needed_real_folder(settings).parent / "covid-blues"


def _bundle(settings: ExpertsSettings) -> ModelBundle:
    return open_bundle(Path(settings.model), device="cpu")


def _folds(settings: ExpertsSettings) -> tuple[int, int]:
    return settings.folds, settings.inner


def _keep(settings: ExpertsSettings, name: str, found: Event) -> None:
    """Keep a part's figures with the bundle they are of."""
    sha256 = _bundle(settings).identity.sha256
    text = json.dumps({"sha256": sha256, "found": found}, allow_nan=False)
    (settings.run_folder / f"{name}.json").write_text(text, encoding="utf-8")


def _told(stage: str, what: str, began: float) -> Event:
    seconds = round(time.monotonic() - began, 2)
    return {"event": "progress", "stage": stage, "what": what, "seconds": seconds}


RECIPE: Final = Recipe(
    "experts",
    "Trees, forests, SVMs, perceptrons and regressions on what a bundle says.",
    ExpertsSettings,
    {"pocus": pocus, "network": network, "local": local, "finish": finish},
)
