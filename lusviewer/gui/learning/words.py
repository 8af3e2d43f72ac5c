"""What the panel says, in a clinician's words."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

from lusviewer.findings import INDEX
from lusviewer.gui.clinical_words import label_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lusviewer.gui.learning.events import Beside, Figure, Progress
    from lusviewer.gui.learning.wishes import Asked
    from lusviewer.gui.learning.work import Offer, TaskOffer


def tr(text: str) -> str:
    """Return ``text`` in the language of the window."""
    return QCoreApplication.translate("learning", text)


_TASKS: Final = {
    "finding.a_lines": "A-lines",
    "finding.b_lines": "B-lines",
    "finding.consolidation": "Consolidation",
    "finding.effusion": "Effusion",
    "finding.pleural_irregularity": "Irregular pleura",
    "severity": "Severity",
    "diagnosis": "Diagnosis",
    "s_f": "S/F ratio",
    "group.a_lines": "A-lines, kind",
    "group.b_lines": "B-lines, how many",
    "group.b_line_origin": "B-lines, origin",
    "group.pleural_location": "Pleura, place",
    "group.pleural_indent": "Pleura, indentation",
    "group.pleural_break": "Pleura, breaks",
    "group.pleural_thickness": "Pleura, thickness",
    "group.consolidation": "Consolidation, kind",
    "group.effusion": "Effusion, kind",
}

KIND_WORDS: Final = {
    "tree": "Decision tree",
    "forest": "Random forest",
    "logistic": "Logistic regression",
    "svm": "Support vector machine",
    "mlp": "Neural network",
    "best of all": "Best of all",
}

KIND_TIPS: Final = {
    "tree": "A few questions in a row, each with yes or no. Easiest to follow",
    "forest": "Many trees that vote. Often a little better, and harder to follow",
    "logistic": "A weighted sum of the values. Robust where there are few patients",
    "svm": "A boundary as far as possible from the clips on both sides",
    "mlp": "A small network of one or two layers. Needs the most clips",
}

INPUT_WORDS: Final = {
    "biomarkers": "Biomarkers",
    "measured": "Measured values",
    "embedding": "Image embedding",
    "clinical": "Clinical values",
}

INPUT_TIPS: Final = {
    "biomarkers": "The labels the model gives each clip, as 'many B-lines', and how "
    "sure it is. A person can read them",
    "measured": "Counts, depths and shares measured in the image, as the highest count "
    "of B-lines",
    "embedding": "Numbers by which the network sums up the picture. They may know "
    "more, but nobody can read them",
    "clinical": "Values entered for the exam, as age or oxygen saturation. The expert "
    "answers in the window only where they are known",
}

_STEP: Final = re.compile(r"(fold (?P<fold>\d+)|all clips): (?P<kind>\w+)")
_CURVE: Final = re.compile(r"(?P<kind>\w+), (fold (?P<fold>\d+)|all clips)")

_LOOKING: Final = "looking at the clips: "

ANOTHER: Final = "waiting for another training"
"""What a training says it does until it is its turn."""

_STEPS: Final = {
    "temporal": "Learning",
    "block": "Learning",
    "uscl": "Learning",
    "frame-order": "Learning",
    "judging before and after": "Comparing it with the model as it was",
    "what it decides by": "Looking at what it decides by",
    ANOTHER: "Waiting for a training started elsewhere",
    "getting ready": "Getting ready",
}


def task_words(task: TaskOffer) -> str:
    """Return what a task asks, as a heading."""
    known = _TASKS.get(task.key)
    return tr(known) if known else task.words[:1].upper() + task.words[1:]


def question_words(name: str) -> str:
    """Return a question an adaptation is judged by: "A-lines", "Severity 2 or more"."""
    known = _TASKS.get(f"finding.{name}", _TASKS.get(name))
    words = name.replace("_", " ")
    return tr(known) if known else words[:1].upper() + words[1:]


def nothing_to_learn(offer: Offer | None) -> str:
    """Return why nothing can be learned from what there is, "" where it can."""
    if offer is None:
        return tr("Reading the library ...")
    if offer.lacking:
        return tr(
            "Training needs {names}, which this program came without. Get the "
            "lusviewer with training, or install it: pip install 'lusviewer[training]'."
        ).format(names=", ".join(offer.lacking))
    if not any(task.labelled for task in offer.tasks):
        return tr(
            "There is nothing to learn from yet. Say in the panel Findings what a "
            "clip shows, or import clips with their labels (menu Study)."
        )
    return ""


def value_words(task: str, value: str) -> str:
    """Return a value of a set in words: "some (4-6)"."""
    key = f"{task.removeprefix('group.')}.{value}"
    return label_words(key) if key in INDEX else value.replace("_", " ")


def asked_words(task: TaskOffer, asked: Asked) -> str:
    """Return what an expert is to answer: "Severity: 2 or more"."""
    name = task_words(task)
    if asked.has is not None:
        return f"{name}: {value_words(task.key, asked.has)}"
    if len(asked.cuts) == 1:
        return tr("{task}: {n:g} or more").format(task=name, n=asked.cuts[0])
    if asked.cuts:
        cuts = ", ".join(f"{cut:g}" for cut in asked.cuts)
        return tr("{task}: parted at {cuts}").format(task=name, cuts=cuts)
    return name


def class_words(name: str) -> str:
    """Return a class of a question as it is shown."""
    return name.replace("_", " ")


def kind_words(kind: str) -> str:
    """Return a kind of expert in words."""
    return tr(KIND_WORDS.get(kind, kind))


def step_words(progress: Progress) -> str:
    """Return what is done now."""
    if found := _STEP.fullmatch(progress.what):
        return _part(found)
    if progress.what.startswith(_LOOKING):
        return tr("Looking at the clips")
    return tr(_STEPS.get(progress.what, progress.what))


def curve_words(what: str) -> str:
    """Return which curve it is."""
    found = _CURVE.fullmatch(what)
    return tr(_STEPS.get(what, what)) if found is None else _part(found)


def _part(found: re.Match[str]) -> str:
    kind = kind_words(found["kind"])
    if found["fold"] is None:
        return tr("{kind}, all clips").format(kind=kind)
    return tr("{kind}, part {n}").format(kind=kind, n=found["fold"])


def time_left(seconds: float | None) -> str:
    """Return how long it still takes, "" where nobody knows."""
    if seconds is None:
        return ""
    return tr("{time} left").format(time=duration_words(seconds))


def time_taken(seconds: float) -> str:
    """Return how long something took: "8 s", "2 min 15 s"."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return tr("{n} s").format(n=rest)
    return tr("{m} min {s} s").format(m=minutes, s=rest)


def duration_words(seconds: float) -> str:
    """Return a time that is not exactly known: "about 7 min"."""
    if seconds < 90:
        return tr("about {n} s").format(n=max(1, round(seconds)))
    if seconds < 90 * 60:
        return tr("about {n} min").format(n=round(seconds / 60))
    return tr("about {n:.1f} h").format(n=seconds / 3600)


def figure_words(figure: Figure | None) -> str:
    """Return a figure with its interval: "0.71 (0.62 to 0.80)"."""
    if figure is None:
        return tr("not known")
    told = tr("{value:.2f} ({low:.2f} to {high:.2f})")
    return told.format(value=figure.value, low=figure.low, high=figure.high)


def beside_words(beside: Beside) -> str:
    """Return whether it is better than one in use, and how sure that is."""
    far = beside.difference
    value, low, high = far.value, far.low, far.high
    if far.low > 0:
        told = tr("Better than {name} by {value:.2f} in AUC ({low:.2f} to {high:.2f}).")
    elif far.high < 0:
        value, low, high = -far.value, -far.high, -far.low
        told = tr("Worse than {name} by {value:.2f} in AUC ({low:.2f} to {high:.2f}).")
    else:
        told = tr(
            "No clear difference from {name}: {value:+.2f} in AUC "
            "({low:+.2f} to {high:+.2f})."
        )
    return told.format(name=beside.name, value=value, low=low, high=high)


def auc_words(figure: Figure | None) -> str:
    """Return how well it does, in a sentence."""
    if figure is None:
        return tr("How well it does is not known.")
    if figure.low > 0.5:
        return tr("On patients it never saw: AUC {auc}.").format(
            auc=figure_words(figure)
        )
    return tr(
        "On patients it never saw it may be no better than chance: AUC {auc}."
    ).format(auc=figure_words(figure))


def parted_words(task: str, classes: Sequence[str]) -> str:
    """Return what an expert was trained to answer: "Severity: below 2 / 2 or more"."""
    known = _TASKS.get(task)
    name = tr(known) if known else class_words(task)[:1].upper() + class_words(task)[1:]
    return f"{name}: {' / '.join(map(class_words, classes))}"


def date_words(utc: str) -> str:
    """Return a day and time here of one in UTC, as ISO 8601 has it."""
    try:
        when = datetime.fromisoformat(utc).timestamp()
    except ValueError:
        return utc
    here = QDateTime.fromSecsSinceEpoch(int(when))
    return QLocale().toString(here, "d MMM yyyy, HH:mm")


def counted(n: int, one: str, many: str) -> str:
    """Return "1 clip", "2 clips"."""
    return one if n == 1 else many.format(n=n)


def clips_words(n: int) -> str:
    """Return "1 clip", "2 clips"."""
    return counted(n, tr("1 clip"), tr("{n} clips"))


def patients_words(n: int) -> str:
    """Return "1 patient", "2 patients"."""
    return counted(n, tr("1 patient"), tr("{n} patients"))


def joined(parts: Sequence[str]) -> str:
    """Return parts side by side, without those that are empty."""
    return " \N{MIDDLE DOT} ".join(part for part in parts if part)
