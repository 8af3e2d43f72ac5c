"""What simpler systems reach on the same clips: prevalence, ImageNet, end to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.errors import ClipError
from lusviewer.findings import FINDINGS
from lusviewer.training.measure.blues import SEVERE, blues_sources
from lusviewer.training.measure.end_to_end import OUTPUTS, STEPS, Lesson, end_to_end
from lusviewer.training.measure.imagenet import ImageNetFeatures
from lusviewer.training.measure.pocus import pocus_sources
from lusviewer.training.measure.questions import Answers, question_figures
from lusviewer.training.measure.regression import regression

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.training.data.pocus_labels import PocusClip
    from lusviewer.training.measure.clip_store import ClipStore, Source

    Array = NDArray[np.float64]
    Scores = dict[str, Array]
    Method = Callable[[Sequence[Source]], Array]

_LEARNED: Final = ("train", "validation")
_HALF: Final = 0.5


def measure_baselines(
    pocus: Path, blues: Path, store: ClipStore, work: Path
) -> dict[str, Any]:
    """Return what each baseline reaches on the POCUS test patients and COVID-BLUeS.

    All learn from POCUS: the regression from training and validation patients, the
    network from training patients alone; neither sees a clip of COVID-BLUeS before.
    """
    parts = {part: opened(*pocus_sources(pocus, part), store) for part in PARTS}
    features = ImageNetFeatures(work, store)
    learned = [clip for part in _LEARNED for clip in parts[part]]
    network = end_to_end(_lessons(parts["train"], store), work, STEPS)
    methods: dict[str, Method] = {
        "prevalence": prevalence(learned),
        "imagenet": imagenet(learned, features),
        "end_to_end": lambda sources: np.stack(
            [network.scores(store.decoded(s, CancelToken())[0]) for s in sources]
        ),
    }
    sources, labels = blues_sources(blues)
    outside = {
        "a_lines": [labels[s.name].a_lines for s in sources],
        "b_lines": [labels[s.name].b_lines for s in sources],
        "severe": [_is_severe(labels[s.name].severity) for s in sources],
    }
    return {
        "collection": "baselines",
        "settings": {"end_to_end_steps": STEPS, "frames_a_clip": 12},
        "seconds": {"end_to_end": round(network.seconds)},
        "pocus": _judged(methods, [s for s, _ in parts["test"]], _truth(parts["test"])),
        "covid-blues": _judged(methods, sources, outside),
    }


PARTS: Final = ("train", "validation", "test")
Known = list[tuple["Source", "PocusClip"]]


def opened(
    sources: Sequence[Source], known: dict[str, PocusClip], store: ClipStore
) -> Known:
    """Return the clips that can be decoded, with their labels."""
    found = []
    for source in sources:
        try:
            store.decoded(source, CancelToken())
        except ClipError:
            continue
        found.append((source, known[source.name]))
    return found


def prevalence(learned: Known) -> Method:
    """Return what gives each clip the share of learned clips that are positive."""
    rows = [labels_of(clip) for _, clip in learned]
    values, weights = (np.stack(part) for part in zip(*rows, strict=True))
    shares = (values * weights).sum(axis=0) / weights.sum(axis=0)
    return lambda sources: np.tile(shares, (len(sources), 1))


def imagenet(learned: Known, features: ImageNetFeatures) -> Method:
    """Return regressions on the mean ImageNet features of a clip, one an output."""
    rows = np.stack([features.of(source).mean(axis=0) for source, _ in learned])
    known = [labels_of(clip) for _, clip in learned]
    patients = np.array([source.patient for source, _ in learned])
    heads = []
    for index in range(len(OUTPUTS)):
        weights = np.array([weight[index] for _, weight in known], np.float64)
        classes = np.array([value[index] for value, _ in known], np.intp)
        kept = weights > 0
        owners = patients[kept].tolist()
        heads.append(regression(rows[kept], classes[kept], owners, weights[kept]))

    def said(sources: Sequence[Source]) -> Array:
        inputs = np.stack([features.of(source).mean(axis=0) for source in sources])
        return np.stack([head.predict(inputs)[:, 1] for head in heads], axis=1)

    return said


def labels_of(clip: PocusClip) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return values and weights ``(6,)`` of a clip in the order of ``OUTPUTS``."""
    severe = _is_severe(clip.severity)
    values = np.append(clip.values, np.float32(bool(severe)))
    weights = np.append(clip.weights, np.float32(severe is not None))
    return values, weights


def _is_severe(severity: int | None) -> bool | None:
    return None if severity is None else severity >= SEVERE


def _lessons(learned: Known, store: ClipStore) -> list[Lesson]:
    return [
        Lesson(
            store.decoded(source, CancelToken())[0], source.patient, *labels_of(clip)
        )
        for source, clip in learned
    ]


def _truth(known: Known) -> dict[str, list[bool | None]]:
    rows = [labels_of(clip) for _, clip in known]
    return {
        name: [
            bool(values[index]) if weights[index] > 0 else None
            for values, weights in rows
        ]
        for index, name in enumerate(OUTPUTS)
    }


def _judged(
    methods: dict[str, Method],
    sources: Sequence[Source],
    truth: dict[str, list[bool | None]],
) -> dict[str, Any]:
    """Return figures by method and question; what is not known is left out."""
    found: dict[str, Any] = {}
    for name, method in methods.items():
        said = method(sources)
        found[name] = {}
        for question, values in truth.items():
            kept = [i for i, value in enumerate(values) if value is not None]
            answers = Answers(
                np.array([values[i] for i in kept], np.float64),
                said[kept, OUTPUTS.index(question)],
                tuple(sources[i].patient for i in kept),
            )
            found[name][question] = question_figures(answers, _HALF)
    return found


assert OUTPUTS[: len(FINDINGS)] == FINDINGS
