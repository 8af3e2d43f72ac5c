"""The curve of several starts on one library, as figures that JSON can hold."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.findings import ModelIdentity
from lusviewer.training.label_fraction.curve import curve
from lusviewer.training.label_fraction.figures import measured
from lusviewer.training.lite.bundle_writer import sha256_of
from lusviewer.training.measure.looks import record_look

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.training.label_fraction.curve import Scores
    from lusviewer.training.label_fraction.figures import Measured
    from lusviewer.training.label_fraction.library import Library, Question

BASELINE: Final = "imagenet"
"""The start that the others are compared with."""

LOOKS: Final = "looks.json"
"""Among the results: each look at clips that nothing may be chosen on."""

_TESTED: Final = {"pocus": "pocus test"}
"""What the record calls the tested part of a library."""

Row = dict[str, Any]


def judged(
    library: Library,
    question: Question,
    vectors: Mapping[str, NDArray[np.float32]],
    fractions: Sequence[float],
    draws: int,
    baseline: str = BASELINE,
) -> dict[str, list[Row]]:
    """Return the rows of each start's curve, by its name in ``vectors``.

    ``vectors`` are its clips' features ``(clips, d)`` in the library's order; the
    start ``baseline`` is what the others are compared with.
    """
    found = {}
    for start, features in vectors.items():
        wide = features.astype(np.float64)
        found[start] = list(curve(library, question, wide, fractions, draws))
    return rows(library, question, found, baseline)


def rows(
    library: Library,
    question: Question,
    scores: Mapping[str, Sequence[Scores]],
    baseline: str = BASELINE,
) -> dict[str, list[Row]]:
    """Return a row a fraction for each start, with its gain over the baseline's."""
    figures = {
        start: [measured(library, question, one) for one in found]
        for start, found in scores.items()
    }
    base = {
        one.fraction: figure
        for one, figure in zip(
            scores.get(baseline, ()), figures.get(baseline, ()), strict=True
        )
    }
    return {
        start: [
            _row(one, figure, (baseline, base.get(one.fraction)))
            for one, figure in zip(found, figures[start], strict=True)
        ]
        for start, found in scores.items()
    }


def _row(
    scores: Scores,
    figures: Mapping[str, Measured],
    beside: tuple[str, Mapping[str, Measured] | None],
) -> Row:
    baseline, base = beside
    row: Row = {
        "fraction": scores.fraction,
        "draws": len(scores.values),
        "patients": round(scores.patients, 1),
        "clips": round(scores.clips, 1),
        **{name: figure.plain() for name, figure in figures.items()},
    }
    if base is not None and base is not figures:
        row[f"auc_above_{baseline}"] = figures["auc"].above(base["auc"]).plain()
    return row


def tell_look(path: Path, library: str, graphs: Mapping[str, Path]) -> None:
    """Record in ``path`` that the files ``graphs`` are judged on ``library``."""
    content = "".join(sha256_of(graph) for graph in graphs.values())
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    identity = ModelIdentity(", ".join(graphs), "", sha256, "cpu")
    what = "label-fraction curve; nothing is chosen by it"
    record_look(path, _TESTED.get(library, library), what, identity)


def described(library: Library, question: Question) -> Row:
    """Return how many clips and patients are tested, and how many of each class."""
    test = np.concatenate([fold.test for fold in library.folds])
    test = test[question.truth[test] >= 0]
    counts = np.bincount(question.truth[test], minlength=question.classes)
    return {
        "tested_clips": len(test),
        "tested_patients": len({library.patients[i] for i in test}),
        "of_each_class": [int(count) for count in counts],
    }
