"""How a run is called again: kept beside its checkpoint, so that anybody can go on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from lusviewer.files import written
from lusviewer.training.adapt.settings import GIB, PRETRAIN
from lusviewer.training.adapt.study import heading, question_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lusviewer.training.adapt.settings import AdaptSettings
    from lusviewer.training.adapt.study import Study

RUN: Final = "run.json"
"""The file beside the checkpoint; ``lusviewer.gui.learning.deeper_work`` reads it."""


def call_of(settings: AdaptSettings, study: Study) -> tuple[str, ...]:
    """Return the arguments that ask for ``settings``, without the library's folder.

    The checkpoint lies in that folder, which may have another name by then.
    """
    said = {
        "what": settings.what,
        "method": settings.method if settings.what == PRETRAIN else None,
        "task": settings.task,
        "cut": ",".join(map(repr, settings.cuts)) or None,
        "has": settings.has,
        "rater": settings.rater,
        "certainty": repr(settings.certainty),
        "model": settings.bundle.absolute(),
        "name": settings.name,
        "out": None if settings.out is None else settings.out.absolute(),
        "steps": settings.steps,
        "seed": settings.seed,
        "checkpoint-every": settings.checkpoint_every,
        "threads": settings.threads,
        "cache-gb": repr(settings.cache_bytes / GIB),
        "patients": ",".join(settings.only.patients) or None,
        "zones": ",".join(settings.only.zones) or None,
    }
    given = [f"--{key}={value}" for key, value in said.items() if value is not None]
    return ("train", "adapt", *given, *_clips(settings, study))


def _clips(settings: AdaptSettings, study: Study) -> Iterator[str]:
    only = settings.only
    if only.names and study.chosen is not None:
        # Files may be named otherwise by then: their clips' numbers stay.
        numbers = ",".join(map(str, sorted(study.chosen.clips)))
    else:
        runs = (f"{run.start}-{run.stop - 1}" for run in only.numbers if run)
        numbers = ",".join(runs)
    if numbers:
        yield from ("--clips", numbers)


def title_of(settings: AdaptSettings) -> str:
    """Return what is learned, as a heading: "B-lines: temporal", or "uscl"."""
    if settings.task is None:
        return settings.way
    return f"{heading(question_name(settings))}: {settings.way}"


def note(
    folder: Path, call: Sequence[str], title: str, reached: tuple[int, int]
) -> None:
    """Write beside a checkpoint how to go on from it; ``reached`` is step of steps."""
    step, total = reached
    told = {"arguments": list(call), "title": title, "step": step, "total": total}
    with written(folder / RUN) as file:
        file.write(json.dumps(told).encode())
