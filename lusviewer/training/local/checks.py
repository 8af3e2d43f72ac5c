"""What is wrong with the clips, told before anything is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.errors import TrainingError
from lusviewer.experts.features import CLINICAL, feature_words
from lusviewer.training.local.samples import (
    NOT_ANALYSED,
    NOT_ASSESSABLE_SAID,
    NOT_CHOSEN,
    NOT_LUNG,
    OTHER_CLASS,
    UNSURE,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lusviewer.training.local.samples import Samples

CLIPS_MIN: Final = 10
PATIENTS_MIN: Final = 3
"""With fewer patients a class can not be taught, chosen by and tested on."""

_FEW: Final = 10
_SHARE: Final = 1 / 3
_MISSING: Final = 0.5
_TOLD: Final = 5

_LEFT_OUT: Final = {
    NOT_ASSESSABLE_SAID: "labelled not assessable.",
    UNSURE: "labelled with too little certainty. Look again.",
    OTHER_CLASS: "labelled with no class that is asked for.",
    NOT_ANALYSED: "not analysed by this model yet. Analyse the library first.",
    NOT_LUNG: (
        "taken for not assessable by the model. See whether lung is shown; an expert "
        "would abstain there anyway."
    ),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What makes a training impossible and what to do; ``cuts`` that would help."""

    message: str
    hint: str
    cuts: tuple[float, ...] = ()


def check(samples: Samples) -> tuple[str, ...]:
    """Return what to be wary of; raise ``TrainingError`` where nothing can be done."""
    if found := list(problems(samples)):
        words = " ".join(problem.message for problem in found)
        raise TrainingError(words, hint=found[0].hint)
    return tuple(wary(samples))


def problems(samples: Samples) -> Iterator[Problem]:
    """Yield what makes it impossible to train on these clips."""
    task, n = samples.question.task, len(samples.clips)
    if n < CLIPS_MIN:
        least = f"at least {CLIPS_MIN} are needed"
        words = f"Of {task} {n} clips have a label that can be used: {least}."
        left = ", ".join(f"{n} {why}" for why, n in samples.left_out.items())
        out = f" Left out: {left}." if left else ""
        more = "Label more clips, of other patients too"
        more += ", or choose more of them" if samples.chosen is not None else ""
        yield Problem(words, f"{more}.{out}")
        return
    seen = np.unique(samples.classes)
    if len(seen) < 2:
        only = samples.question.classes[int(seen[0])]
        words = f"All clips are {only!r}: there is nothing to tell apart."
        yield Problem(words, "Label clips that are something else as well.")
        return
    for place in seen:
        yield from _scarce(samples, int(place))
    if not samples.names:
        words = "None of the inputs is known of these clips and differs between them."
        yield Problem(words, "Choose other inputs, such as biomarkers.")


def _scarce(samples: Samples, place: int) -> Iterator[Problem]:
    owners = len(_owners(samples, place))
    if owners >= PATIENTS_MIN:
        return
    name = samples.question.classes[place]
    have = "of the patients has" if owners == 1 else "patients have"
    words = f"Only {owners} {have} a clip that is {name!r}"
    hint = f"Label clips of further patients that are {name!r}"
    if not samples.question.cuts and samples.question.has is None:
        hint += ", or join it with another class: grades can be parted with --cut"
    if samples.question.cuts:
        hint += ", or part the values elsewhere"
    yield Problem(f"{words}: at least {PATIENTS_MIN} are needed.", f"{hint}.")


def wary(samples: Samples) -> Iterator[str]:
    """Yield what to be wary of, and what to do about it, in a clinician's words."""
    for why, n in samples.left_out.items():
        # Those not chosen are left out because somebody wanted that.
        if why == NOT_CHOSEN:
            continue
        yield f"{_clips(n)} left out: {_LEFT_OUT.get(why, why)}"
    if samples.disputed:
        yield (
            f"{_clips(samples.disputed)} labelled differently by several people: the "
            "newest answer counts. Look at them together, or learn from one person's "
            "labels only."
        )
    if len(samples.clips) < CLIPS_MIN:
        return
    for place, name in enumerate(samples.question.classes):
        owners = _owners(samples, place)
        if not owners:
            yield (
                f"No clip is {name!r}: the expert will never say so. Label some, if "
                "they occur."
            )
        elif len(owners) < _FEW:
            yield (
                f"{name!r} is known from {_patients(len(owners))} only: figures will "
                "be vague. Clips of further patients help most."
            )
    yield from _dominated(samples)
    yield from _unknown(samples)


def _clips(n: int) -> str:
    return "1 clip is" if n == 1 else f"{n} clips are"


def _patients(n: int) -> str:
    return "1 patient" if n == 1 else f"{n} patients"


def _dominated(samples: Samples) -> Iterator[str]:
    more = "Clips of other patients would make it count less."
    owners, counts = np.unique(np.array(samples.patients), return_counts=True)
    most = int(counts.argmax())
    if counts[most] > _SHARE * len(samples.clips):
        n, total = int(counts[most]), len(samples.clips)
        yield f"Patient {owners[most]} has {n} of {total} clips. {more}"
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
                yield (
                    f"{share} clips that are {name!r} come from patient {owner}. {more}"
                )


def _unknown(samples: Samples) -> Iterator[str]:
    """Tell inputs that are mostly missing, and every gap in the clinical values."""
    missing, n = np.isnan(samples.features).sum(axis=0), len(samples.clips)
    gaps = dict(zip(samples.names, map(int, missing), strict=True))
    clinical = {k: m for k, m in gaps.items() if m and k.startswith(CLINICAL)}
    often = {k: m for k, m in gaps.items() if m > _MISSING * n and k not in clinical}
    if often:
        yield (
            f"Not known of most clips: {_named(often, n)}. The mean of the other clips "
            "stands in; nothing has to be done."
        )
    if clinical:
        yield (
            f"Clinical values that some clips lack: {_named(clinical, n)}. The mean of "
            "the patients that teach stands in. Enter them for the exams, or leave the "
            "clinical values out."
        )
    if gaps and all(m > _MISSING * n for m in gaps.values()):
        yield "Every input is missing more often than not. Choose other inputs."


def _named(gaps: Mapping[str, int], n: int) -> str:
    worst = sorted(gaps, key=lambda name: -gaps[name])
    told = [f"{feature_words(k)} (missing in {gaps[k]} of {n})" for k in worst[:_TOLD]]
    more = [f"{len(worst) - _TOLD} more"] if len(worst) > _TOLD else []
    return ", ".join([*told, *more])


def _owners(samples: Samples, place: int) -> set[str]:
    rows = np.flatnonzero(samples.classes == place)
    return {samples.patients[row] for row in rows}
