"""The adaptations that lie in a library, read off the window's thread; knows no Qt."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from lusviewer.errors import ResultError
from lusviewer.files import written
from lusviewer.gui.learning.events import fractions_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lusviewer.cancel import CancelToken
    from lusviewer.gui.learning.events import Fractions

MODELS: Final = "models"
CHECKPOINTS: Final = "adapting"
STATE: Final = "state.npz"
CALL: Final = "call.json"
"""Beside a checkpoint: how its run was called from a window, so that it can go on."""

RUN: Final = "run.json"
"""Beside a checkpoint: how any run can go on, written by the run itself."""


@dataclass(frozen=True, slots=True)
class EarlierModel:
    """A model that was adapted on this library, and whether that paid."""

    folder: Path
    created_utc: str
    base: str
    fractions: Fractions


@dataclass(frozen=True, slots=True)
class Interrupted:
    """An adaptation that can go on from its checkpoint: how it was called.

    ``here`` tells what was begun in a window from what was on the command line.
    """

    folder: Path
    arguments: tuple[str, ...]
    title: str
    step: int
    total: int
    here: bool = True


@dataclass(frozen=True, slots=True)
class Deeper:
    """The adaptations of a library: those that ended, and those that can go on."""

    models: tuple[EarlierModel, ...] = ()
    interrupted: tuple[Interrupted, ...] = ()


def read_deeper(library: Path, cancel: CancelToken) -> Iterator[Deeper]:
    """Yield the models adapted on a library and the runs that can go on, once."""
    models = []
    for file in (library / MODELS).glob("[!.]*/adaptation.json"):
        cancel.check()
        if (model := _model(file)) is not None:
            models.append(model)
    models.sort(key=lambda one: one.created_utc, reverse=True)
    runs = [_interrupted(file) for file in (library / CHECKPOINTS).glob(f"*/{CALL}")]
    if not _at_work(library):
        others = sorted((library / CHECKPOINTS).glob(f"*/{RUN}"))
        runs += [
            _elsewhere(file, library)
            for file in others
            if not (file.parent / CALL).is_file()
        ]
    yield Deeper(tuple(models), tuple(run for run in runs if run is not None))


def _at_work(library: Path) -> bool:
    """Whether what looks interrupted may be under way, in a process of somebody's."""
    try:
        from lusviewer.training.local.lock import at_work  # noqa: PLC0415 - may lack
    except ImportError:
        return False
    return at_work(library)


def _elsewhere(file: Path, library: Path) -> Interrupted | None:
    """Return a run that was begun on the command line, to go on in this library."""
    run = _interrupted(file)
    if run is None:
        return None
    call = (*run.arguments, "--library", str(library))
    return replace(run, arguments=call, here=False)


def _model(file: Path) -> EarlierModel | None:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        came = told["provenance"]
        curves = fractions_of(told["fractions"])
        return EarlierModel(file.parent, str(came["created_utc"]), came["base"], curves)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _interrupted(file: Path) -> Interrupted | None:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        call = tuple(str(part) for part in told["arguments"])
        if not (file.parent / STATE).is_file():
            return None
        step, total = int(told["step"]), int(told["total"])
        return Interrupted(file.parent, call, str(told["title"]), step, total)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def note_call(run: Interrupted, _cancel: CancelToken) -> Iterator[Interrupted]:
    """Write beside a checkpoint how its run was called, and yield the run."""
    told = {
        "arguments": list(run.arguments),
        "title": run.title,
        "step": run.step,
        "total": run.total,
    }
    # The run may have ended meanwhile, and its folder be gone: nothing is lost then.
    with suppress(ResultError), written(run.folder / CALL) as file:
        file.write(json.dumps(told).encode())
    yield run
