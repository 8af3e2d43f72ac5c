"""What is wrong with the clips, told before anything is fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lusviewer.training.local.samples import Samples

CLIPS_MIN: Final = 10
PATIENTS_MIN: Final = 3
"""With fewer patients a class can not be taught, chosen by and tested on."""

_FEW: Final = 10
_SHARE: Final = 1 / 3
_MISSING: Final = 0.5


def check(samples: Samples) -> tuple[str, ...]:
    """Return what to be wary of; raise ``TrainingError`` where nothing can be done."""
    if problems := list(_refused(samples)):
        raise TrainingError(" ".join(problems), hint=_hint(samples))
    return tuple(_wary(samples))


def _refused(samples: Samples) -> Iterator[str]:
    task, n = samples.question.task, len(samples.clips)
    if n < CLIPS_MIN:
        least = f"at least {CLIPS_MIN} are needed"
        yield f"Of {task} {n} clips have a label that can be used: {least}."
        return
    seen = np.unique(samples.classes)
    if len(seen) < 2:
        only = samples.question.classes[int(seen[0])]
        yield f"All clips are {only!r}: there is nothing to tell apart."
        return
    for place in seen:
        owners = _owners(samples, int(place))
        if len(owners) < PATIENTS_MIN:
            name = samples.question.classes[int(place)]
            yield (
                f"Only {len(owners)} of the patients has a clip that is {name!r}: at "
                f"least {PATIENTS_MIN} are needed."
            )
    if not samples.names:
        yield "None of the inputs is known of these clips and differs between them."


def _hint(samples: Samples) -> str:
    left = ", ".join(f"{n} {why}" for why, n in samples.left_out.items())
    out = f" Left out: {left}." if left else ""
    return f"Label more clips of other patients, or join classes with --cut.{out}"


def _wary(samples: Samples) -> Iterator[str]:
    for why, n in samples.left_out.items():
        yield f"{n} labelled clips are left out: {why}."
    for place, name in enumerate(samples.question.classes):
        owners = _owners(samples, place)
        if not owners:
            yield f"No clip is {name!r}: the expert will never say so."
        elif len(owners) < _FEW:
            yield f"{name!r} is known from {len(owners)} patients only."
    yield from _dominated(samples)
    yield from _unknown(samples)


def _dominated(samples: Samples) -> Iterator[str]:
    owners, counts = np.unique(np.array(samples.patients), return_counts=True)
    most = int(counts.argmax())
    if counts[most] > _SHARE * len(samples.clips):
        n, total = int(counts[most]), len(samples.clips)
        yield f"Patient {owners[most]} has {n} of {total} clips."
    for place, name in enumerate(samples.question.classes):
        inside = [
            p
            for p, c in zip(samples.patients, samples.classes, strict=True)
            if c == place
        ]
        if inside:
            owner = max(sorted(set(inside)), key=inside.count)
            if inside.count(owner) > len(inside) / 2:
                share = f"{inside.count(owner)} of {len(inside)}"
                yield f"{share} clips that are {name!r} come from patient {owner}."


def _unknown(samples: Samples) -> Iterator[str]:
    missing = np.isnan(samples.features)
    often = missing.mean(axis=0) > _MISSING
    for name, share in zip(samples.names, missing.mean(axis=0), strict=True):
        if share > _MISSING:
            yield f"{name} is not known of {share:.0%} of the clips."
    if often.all():
        yield "Every input is missing more often than not."


def _owners(samples: Samples, place: int) -> set[str]:
    rows = np.flatnonzero(samples.classes == place)
    return {samples.patients[row] for row in rows}
