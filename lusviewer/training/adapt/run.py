"""An adaptation from the library to the new bundle, told event by event."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.cancel import Cancelled
from lusviewer.errors import TrainingError
from lusviewer.files import free_folder, sweep, whole_folder
from lusviewer.findings import FINDINGS, LABELS
from lusviewer.inference.bundle import open_bundle
from lusviewer.library import open_library
from lusviewer.training.adapt.bundle import (
    EXPERTS_ABSTAIN,
    Adapted,
    calibrated,
    copy_unchanged,
    finish,
    unchanged,
)
from lusviewer.training.adapt.cache import check_room, make_room
from lusviewer.training.adapt.call import call_of
from lusviewer.training.adapt.fractions import ADAPTED, BASE, Answers, fractions
from lusviewer.training.adapt.loop import Loop
from lusviewer.training.adapt.settings import PRETRAIN, check_settings
from lusviewer.training.adapt.study import read_study, told, wary
from lusviewer.training.adapt.ways import FRAME, Graphs, Source, way_of
from lusviewer.training.local.lock import held, wait_for_turn

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.inference.bundle import ModelBundle
    from lusviewer.training.adapt.settings import AdaptSettings
    from lusviewer.training.adapt.study import Study
    from lusviewer.training.adapt.ways import Way
    from lusviewer.training.local.control import Control

    Event = dict[str, Any]
    Vectors = dict[str, NDArray[np.float32]]

CHECKPOINTS: Final = "adapting"
"""The folder of the library that checkpoints lie in, one folder a run."""

MODELS: Final = "models"
_VIEWED: Final = 24


@dataclass(frozen=True, slots=True)
class Going:
    """How a run goes: ``resume`` from its checkpoint, ``drop`` it when cancelled.

    ``wait`` for another training on the library to end, rather than to be refused.
    """

    control: Control
    resume: bool = False
    drop: bool = False
    wait: bool = True


def adapt(settings: AdaptSettings, going: Going) -> Iterator[Event]:
    """Adapt, judge and write; yield how it goes as plain values.

    Nothing but cache and checkpoint is written before all is done. Raises
    ``TrainingError``, ``LibraryError`` and ``ManifestError`` for what is wrong with
    settings, labels or model, ``Cancelled`` where it was stopped.
    """
    check_settings(settings)
    lock = yield from wait_for_turn(settings.library, going.control, wait=going.wait)
    with held(lock):
        yield from _adapt(settings, going)


def check_only(settings: AdaptSettings, going: Going) -> Iterator[Event]:
    """Say what is wrong with the labels and how long it will take; train nothing.

    The first clips are looked at for that, and kept in the cache.
    """
    check_settings(settings)
    cancel = going.control.cancel
    bundle, study, way = yield from _begin(settings, going)
    seconds = 0.0
    for cache in way.caches:
        spent, problems = cache.seconds(study.clips, cancel)
        seconds += spent
        for message in problems:
            yield {"event": "warning", "message": message}
    last = way.caches[-1]
    made = [clip for clip in study.clips if last.file(clip).is_file()][:3]
    if not made:
        msg = "None of the first clips can be read."
        raise TrainingError(msg, hint="Look where the files lie: library relocate.")
    lesson = way.lesson(study, Source(last, study.clips, made))
    loop = Loop(settings, lesson, settings.library / CHECKPOINTS / "none")
    seconds += loop.seconds()
    cancel.check()
    started = time.monotonic()
    way.vector(Graphs.of_bundle(bundle), made[0])
    seconds += 2 * len(study.clips) * (time.monotonic() - started)
    yield {"event": "checked", "seconds": max(1, round(seconds))}


def _begin(
    settings: AdaptSettings, going: Going
) -> Generator[Event, None, tuple[ModelBundle, Study, Way]]:
    """Tell what there is to learn from; return it, the model and what it learns."""
    cancel = going.control.cancel
    bundle = open_bundle(settings.bundle, device="cpu", cancel=cancel)
    with open_library(settings.library) as library:
        study = read_study(library, settings)
    way = way_of(settings, bundle)
    check_room(way.caches, study.clips, settings.cache_bytes)
    yield told(study)
    for message in wary(study):
        yield {"event": "warning", "message": message}
    return bundle, study, way


def _adapt(settings: AdaptSettings, going: Going) -> Iterator[Event]:
    started, control = time.monotonic(), going.control
    bundle, study, way = yield from _begin(settings, going)
    make_room(way.caches, study.clips, settings.cache_bytes)
    print_of_run = settings.fingerprint(study.labels_sha256, bundle.identity.sha256)
    with control.stop.on_cancel(control.cancel.cancel):
        # Nothing was begun that could be kept: until then to stop is to cancel.
        study = yield from _looked(study, way, going)
    lesson = way.lesson(study, Source(way.caches[-1], study.clips))
    place = settings.library / CHECKPOINTS / print_of_run
    loop = Loop(settings, lesson, place, call_of(settings, study))
    if going.resume:
        loop.resume()
    try:
        yield from loop.run(control)
        if loop.course.ended:
            kept = f"{loop.course.ended}: step {loop.course.best_step} was the best"
            yield {"event": "kept", "what": kept}
        yield from _no_better(loop)
        models = settings.library / MODELS
        sweep(models)
        name = settings.name or f"{bundle.manifest.name}-{settings.way}"
        out = settings.out or free_folder(models, name)
        name = yield from _written(settings, going, (bundle, study, way, loop), out)
    except Cancelled:
        if going.drop:
            loop.drop()
        raise
    loop.drop()
    yield {
        "event": "model",
        "folder": str(out),
        "name": name,
        "seconds": round(time.monotonic() - started, 1),
        "note": EXPERTS_ABSTAIN,
    }


def _looked(study: Study, way: Way, going: Going) -> Generator[Event, None, Study]:
    """Return the study without the clips that could not be looked at."""
    bad: set[int] = set()
    for cache in way.caches:
        clips = [clip for clip in study.clips if clip.id not in bad]
        bad |= set((yield from cache.fill(clips, going.control.cancel)))
    if not bad:
        return study
    study = study.without(sorted(bad))
    study.check()
    return study


def _no_better(loop: Loop) -> Iterator[Event]:
    if not loop.course.best < loop.course.before:
        message = (
            "On the patients that choose, no step was better than the model before: "
            "the least bad is kept."
        )
        yield {"event": "warning", "message": message}


def _written(
    settings: AdaptSettings,
    going: Going,
    made: tuple[ModelBundle, Study, Way, Loop],
    out: Path,
) -> Generator[Event, None, str]:
    """Judge the adapted model and write it to ``out``; return its name."""
    bundle, study, way, loop = made
    with whole_folder(out, TrainingError) as part:
        differences = way.export(part)
        copy_unchanged(bundle, part)
        before, now = Graphs.of_bundle(bundle), Graphs.of(part)
        vectors, said = yield from _vectors(study, way, (before, now), going)
        answers, calibration, thresholds = _answers(settings, study, said)
        curve = fractions(study, settings.what, vectors, settings.draws, answers)
        yield curve
        adapted = Adapted(
            settings=settings,
            study=study,
            base=bundle,
            course=loop.course,
            fractions=curve,
            differences=differences,
            unchanged=_unchanged(bundle, study, way, (before, now)),
            calibration=calibration,
            thresholds=thresholds,
            vectors_are=way.vectors_are,
        )
        finish(adapted, part)
        going.control.cancel.check()
    return adapted.name


def _vectors(
    study: Study, way: Way, arms: tuple[Graphs, Graphs], going: Going
) -> Generator[Event, None, tuple[Vectors, Vectors]]:
    """Return each arm's features of all clips, and its 43 logits of each."""
    found: dict[str, list[Any]] = {BASE: [], ADAPTED: []}
    said: dict[str, list[Any]] = {BASE: [], ADAPTED: []}
    started = time.monotonic()
    for number, clip in enumerate(study.clips):
        going.control.cancel.check()
        spent = time.monotonic() - started
        left = spent / number * (len(study.clips) - number) if number else None
        if number % 10 == 0:
            yield {
                "event": "progress",
                "done": number,
                "total": len(study.clips),
                "what": "judging before and after",
                "seconds_left": None if left is None else round(left, 1),
            }
        for arm, graphs in zip((BASE, ADAPTED), arms, strict=True):
            vector, logits = way.vector(graphs, clip)
            found[arm].append(vector)
            said[arm].append(logits)
    return (
        {arm: np.stack(rows) for arm, rows in found.items()},
        {arm: np.stack(rows) for arm, rows in said.items()},
    )


def _answers(
    settings: AdaptSettings, study: Study, said: Vectors
) -> tuple[Answers | None, dict[str, tuple[float, float]], dict[str, float]]:
    """Return what each model answers to a finding asked for, and its calibration."""
    name = study.questions[0].name
    if settings.what == PRETRAIN or settings.task != f"finding.{name}":
        return None, {}, {}
    column = len(LABELS) + FINDINGS.index(name)
    own = {arm: values[:, column] for arm, values in said.items()}
    rows = study.rows("validation")
    found = calibrated(study.questions[0].truth[rows], own[ADAPTED][rows])
    answers = Answers(name, own)
    if found is None:
        return answers, {}, {}
    pair, threshold = found
    return answers, {f"finding.{name}": pair}, {name: threshold}


def _unchanged(
    bundle: ModelBundle, study: Study, way: Way, arms: tuple[Graphs, Graphs]
) -> Event:
    """Return how far what was not asked stayed, on frames of validation patients."""
    if FRAME not in way.changed:
        return {"frame_graph": "the same file"}
    rows = study.rows("validation")
    chosen = rows[np.unique(np.linspace(0, len(rows) - 1, _VIEWED).astype(int))]
    pictures = [np.array(way.caches[0].load(study.clips[row])[0]) for row in chosen]
    return unchanged(*arms, bundle, pictures)
