"""Whether it paid: the label-fraction curve of the adapted model beside the old one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.training.adapt.settings import PRETRAIN
from lusviewer.training.adapt.study import heading
from lusviewer.training.label_fraction.curve import Scores
from lusviewer.training.label_fraction.figures import measured
from lusviewer.training.label_fraction.judge import described, judged
from lusviewer.training.label_fraction.library import UNKNOWN, Library, held_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from lusviewer.training.adapt.study import Study
    from lusviewer.training.label_fraction.library import Question

    Vectors = Mapping[str, NDArray[np.float32]]
    Found = dict[str, Any]

FRACTIONS: Final = (0.1, 0.25, 0.5, 1.0)
BASE, ADAPTED = "base", "adapted"
GAIN: Final = f"auc_above_{BASE}"

_SEEN: Final = (
    "The adapted model has learned from the labels of all patients that teach, at "
    "every share: only with all labels is like compared with like."
)
_UNSEEN: Final = (
    "The adapted model has seen no label; each share compares like with like."
)


@dataclass(frozen=True, slots=True)
class Answers:
    """What each model itself answers to a question: ``(clips,)``, higher for yes."""

    question: str
    said: Vectors


def fractions(
    study: Study, what: str, vectors: Vectors, draws: int, answers: Answers | None
) -> Found:
    """Return the ``fractions`` event: both arms on the same test patients.

    ``vectors`` are each arm's features of the study's clips ``(clips, d)``. Linear
    heads learn from the patients that are not tested, from all of them or from fewer.
    """
    library = Library(
        "the library",
        study.patients,
        study.questions,
        held_out(study.patients, study.parts.test),
    )
    found: dict[str, Found] = {}
    for question in library.questions:
        arms = judged(library, question, vectors, FRACTIONS, draws, BASE)
        found[question.name] = described(library, question) | {"arms": arms}
        if answers is not None and answers.question == question.name:
            found[question.name]["own_answer"] = _own(library, question, answers.said)
    paid, verdict = judge(found)
    return {
        "event": "fractions",
        "questions": found,
        "labels": _UNSEEN if what == PRETRAIN else _SEEN,
        "paid": paid,
        "verdict": verdict,
    }


def judge(found: Mapping[str, Found]) -> tuple[bool | None, str]:
    """Return whether it paid, and the sentence that says so.

    It paid where the interval of the gain with all labels lies above 0 for one question
    and below 0 for none; None where the interval holds 0 for all. The rule was set
    before anything was measured.
    """
    gains = {name: one["arms"][ADAPTED][-1][GAIN] for name, one in found.items()}
    better = [name for name, gain in gains.items() if _side(gain) > 0]
    worse = [name for name, gain in gains.items() if _side(gain) < 0]
    paid = None if not better and not worse else bool(better) and not worse
    words = "; ".join(
        f"{heading(name)} {_signed(gain['value'])} ({_signed(gain['interval'][0])} to "
        f"{_signed(gain['interval'][1])})"
        for name, gain in gains.items()
    )
    start = {
        True: "It paid",
        False: "It did not pay",
        None: "No difference can be told from none",
    }[paid]
    several = f" ({len(gains)} questions, not corrected for that)"
    many = several if len(gains) > 1 else ""
    return paid, (
        f"{start}: gain in AUC with all labels, patients never seen{many}: {words}."
    )


def _side(gain: Mapping[str, Any]) -> int:
    low, high = gain["interval"]
    if low is None or high is None:
        return 0
    return int(low > 0) - int(high < 0)


def _signed(value: float | None) -> str:
    return "not defined" if value is None else f"{value:+.3f}"


def _own(library: Library, question: Question, said: Vectors) -> Found:
    """Return the AUC of each model's own answer, and the paired difference."""
    test = library.folds[0].test
    test = test[question.truth[test] != UNKNOWN]
    figures = {}
    for arm, values in said.items():
        scores = np.full((1, len(values), 2), np.nan)
        scores[0, test, 1] = values[test]
        scores[0, test, 0] = -values[test]
        figures[arm] = measured(library, question, Scores(1.0, scores, 0.0, 0.0))["auc"]
    gain = figures[ADAPTED].above(figures[BASE])
    return {arm: one.plain() for arm, one in figures.items()} | {GAIN: gain.plain()}


def in_words(found: Found) -> Iterator[str]:
    """Yield the curve as rows of Markdown."""
    yield "| question | share of the labels | before | adapted | gain |"
    yield "|---|---|---|---|---|"
    for name, one in found["questions"].items():
        rows: Sequence[tuple[Found, Found]] = list(
            zip(one["arms"][BASE], one["arms"][ADAPTED], strict=True)
        )
        for before, after in rows:
            share = f"{100 * before['fraction']:.0f} %"
            yield (
                f"| {name} | {share} ({before['patients']:g} people) "
                f"| {_figure(before['auc'])} | {_figure(after['auc'])} "
                f"| {_figure(after[GAIN])} |"
            )


def _figure(figure: Mapping[str, Any]) -> str:
    low, high = figure["interval"]
    if figure["value"] is None or low is None:
        return "not defined"
    return f"{figure['value']:.2f} ({low:.2f} to {high:.2f})"
