"""What came of a training, in words a clinician reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication

from lusviewer.experts.features import CLINICAL, feature_words, is_feature
from lusviewer.gui.clinical_words import kind_words, target_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lusviewer.experts.listing import Listed
    from lusviewer.experts.validation import (
        Asked,
        Beside,
        Compared,
        Estimate,
        Provenance,
        Validation,
    )
    from lusviewer.gui.results.work import Match

FEW_PATIENTS: Final = 100
"""With fewer patients the page says that they are few."""

MODEL: Final = "the model itself"
"""What the model's own probability is called among the rivals."""

_BEST: Final = "best of all"
_CHANCE: Final = 0.5


def tr(text: str) -> str:
    """Return ``text`` in the language of the window."""
    return QCoreApplication.translate("results", text)


class Verdict(Enum):
    """How one expert does beside another; a difference may be chance."""

    BETTER = "better"
    WORSE = "worse"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Headline:
    """What stands on top: how good it is, beside the best in use, and how sure."""

    figure: str
    beside: str
    verdict: Verdict
    caution: str


def headline(validation: Validation) -> Headline:
    """Return what matters most of a result."""
    made = validation.provenance
    figure = tr("On {n} patients it has not seen: AUC {auc}.").format(
        n=made.patients, auc=figure_words(validation.scores.auc)
    )
    if may_be_chance(validation.scores.auc):
        figure = f"{figure} {tr('It may be no better than chance.')}"
    best = best_rival(validation.beside)
    if best is None:
        beside = tr("No expert in use answers this, so there is nothing to beat.")
        return Headline(figure, beside, Verdict.UNDECIDED, caution(validation))
    words = tr("The expert in use, {name}: {auc} on the same patients. {difference}")
    if best.expert == MODEL:
        words = tr("{name}: {auc} on the same patients. {difference}")
    beside = words.format(
        name=rival_words(best.expert),
        auc=figure_words(best.auc.rival),
        difference=difference_words(best.auc.difference),
    )
    return Headline(figure, beside, verdict(best.auc.difference), caution(validation))


def may_be_chance(auc: Estimate) -> bool:
    """Return whether an AUC's interval holds that of tossing a coin."""
    return auc.value is not None and (auc.lower is None or auc.lower <= _CHANCE)


def best_rival(beside: Sequence[Beside]) -> Beside | None:
    """Return the one in use that orders the clips best, None without any."""
    known = [one for one in beside if one.auc.rival.value is not None]
    return max(known, key=lambda one: one.auc.rival.value or 0.0, default=None)


def rival_words(name: str) -> str:
    """Return what a rival is called at the start of a sentence."""
    return tr("The model itself") if name == MODEL else name


def caution(validation: Validation) -> str:
    """Return what these figures are not, and that patients are few where they are."""
    words = tr(
        "In brackets 95 % intervals. Figures of the procedure on these patients, not "
        "of other hospitals."
    )
    n = validation.provenance.patients
    if n >= FEW_PATIENTS:
        return words
    few = tr("{n} patients are few: what lies inside an interval may be chance.")
    return f"{words} {few.format(n=n)}"


def verdict(difference: Estimate) -> Verdict:
    """Return whether a difference is more than chance."""
    if difference.upper is not None and difference.upper < 0:
        return Verdict.WORSE
    if difference.lower is not None and difference.lower > 0:
        return Verdict.BETTER
    return Verdict.UNDECIDED


def difference_words(difference: Estimate) -> str:
    """Return a difference as a sentence."""
    value, low, high = difference.value, difference.lower, difference.upper
    if value is None or low is None or high is None:
        return tr("The difference cannot be told.")
    found = verdict(difference)
    if found is Verdict.WORSE:
        words = tr("Worse by {value:.2f} ({low:.2f} to {high:.2f}).")
        return words.format(value=-value, low=-high, high=-low)
    if found is Verdict.BETTER:
        words = tr("Better by {value:.2f} ({low:.2f} to {high:.2f}).")
        return words.format(value=value, low=low, high=high)
    words = tr("No clear difference: {value:+.2f} ({low:+.2f} to {high:+.2f}).")
    return words.format(value=value, low=low, high=high)


def figure_words(figure: Estimate) -> str:
    """Return a figure with its interval: "0.71 (0.62 to 0.80)"."""
    if figure.value is None:
        return tr("not known")
    if figure.lower is None or figure.upper is None:
        return f"{figure.value:.2f}"
    words = tr("{value:.2f} ({low:.2f} to {high:.2f})")
    return words.format(value=figure.value, low=figure.lower, high=figure.upper)


def question_words(asked: Asked) -> str:
    """Return what was asked: "Severity: below 2 or 2 or more"."""
    return f"{task_words(asked.task)}: {' / '.join(asked.classes)}"


def task_words(task: str) -> str:
    """Return what an expert judges, as a heading; a finding by its usual name."""
    return feature_words(task) if is_feature(task) else target_words(task)


def input_words(feature: str, words: str) -> str:
    """Return an input as a heading; a column of the user's own as it is written."""
    own = feature == f"{CLINICAL}{words}"
    return words if own else words[:1].upper() + words[1:]


def class_words(asked: Asked) -> tuple[str, ...]:
    """Return what the classes are called; a bare number gets what it grades."""
    target = task_words(asked.task)
    return tuple(
        f"{target} {name}" if name.isdigit() else name for name in asked.classes
    )


def kind_of(name: str) -> str:
    """Return a kind of expert, or the choice among all, as a row is called."""
    if name == _BEST:
        return tr("The best of all, chosen anew in each part")
    return kind_words(name)


def chosen_words(validation: Validation) -> str:
    """Return which kind was written and what stood for it in the parts."""
    counts = ", ".join(f"{kind_of(k)} {n}x" for k, n in validation.chosen.items())
    words = tr(
        "Written: {kind}, fitted to all patients. Chosen where each part of the "
        "patients was left out in turn: {counts}."
    )
    return words.format(kind=kind_of(validation.kind), counts=counts)


def beside_notes(one: Beside) -> list[str]:
    """Return what is to be known when two experts are held side by side."""
    notes = []
    if one.abstained:
        words = tr("It would abstain on {n} of the {all} clips; here it had to answer.")
        notes.append(words.format(n=one.abstained, all=one.clips))
    if one.of_left_out_patients:
        words = tr("On {n} clips its answers are by versions not fitted on them.")
        notes.append(words.format(n=one.of_left_out_patients))
    else:
        notes.append(tr("Whether it had learned from any of them is not recorded."))
    if one.learned_from:
        words = tr(
            "{n} further clips do not count: it had learned from other clips of those "
            "patients. Both figures are of {clips} clips of {patients} patients."
        )
        shown = {"clips": one.clips, "patients": one.patients}
        notes.append(words.format(n=one.learned_from, **shown))
    return notes


def warnings_of(validation: Validation) -> list[str]:
    """Return what a person is warned of before an expert is put in use."""
    auc = validation.scores.auc
    text = tr("It may be no better than chance: AUC {auc}.")
    chance = [text.format(auc=figure_words(auc))] if may_be_chance(auc) else []
    return [*chance, *warnings_before(validation.beside)]


def warnings_before(beside: Sequence[Beside]) -> list[str]:
    """Return where an expert is not shown to be better than those in use."""
    warnings = []
    for one in beside:
        difference = one.auc.difference
        name, words = rival_words(one.expert), difference_words(difference)
        if verdict(difference) is Verdict.WORSE:
            text = tr("Worse than {name} on these patients, by more than chance. {how}")
        elif verdict(one.accuracy.difference) is Verdict.WORSE:
            words = difference_words(one.accuracy.difference)
            text = tr("Right less often than {name} on these patients. {how}")
        elif (difference.value or 0.0) < 0:
            text = tr("Not shown to be better than {name}. {how}")
        else:
            continue
        warnings.append(text.format(name=name, how=words))
    return warnings


def compared_words(name: str, compared: Compared) -> str:
    """Return both figures and the difference in one sentence, for screen readers."""
    words = tr("{name}: {rival}, the new one {own}. {how}")
    return words.format(
        name=rival_words(name),
        rival=figure_words(compared.rival),
        own=figure_words(compared.own),
        how=difference_words(compared.difference),
    )


def whose_words(one: Listed) -> str:
    """Return who made an expert."""
    return tr("your own") if one.own else tr("came with the model")


def state_words(one: Listed) -> str:
    """Return whether an expert in use can answer."""
    if one.problem:
        return tr("broken: {why}").format(why=one.problem)
    return tr("answers") if one.fits else tr("abstains: fitted to another model")


def provenance_rows(made: Provenance) -> list[tuple[str, str]]:
    """Return where an expert comes from, name and value."""
    left_out = ", ".join(f"{n} {why}" for why, n in made.left_out.items())
    packages = ", ".join(f"{name} {v}" for name, v in made.packages.items())
    inputs = made.settings.get("inputs")
    shown = ", ".join(map(str, inputs)) if isinstance(inputs, list) else ""
    stopped = tr("yes: what was finished by then is shown")
    return [
        (tr("Made"), made.created_utc.replace("T", " ").replace("+00:00", " UTC")),
        (tr("Model"), f"{made.model}, SHA-256 {made.model_sha256[:16]}…"),
        (tr("Labels by"), ", ".join(made.raters) or tr("not known")),
        (tr("Labels, SHA-256"), made.labels_sha256),
        (
            tr("Clips"),
            tr("{n} of {m} patients").format(n=made.clips, m=made.patients),
        ),
        (tr("Left out"), left_out or tr("none")),
        (tr("Inputs"), shown or tr("not known")),
        (
            tr("Parts left out in turn"),
            tr("{n}, whole patients; seed {seed}").format(n=made.folds, seed=made.seed),
        ),
        (tr("Stopped early"), stopped if made.stopped_early else tr("no")),
        (tr("Software"), f"{made.software}; {packages}"),
    ]


def match_words(match: Match) -> str:
    """Return two experts side by side, in sentences."""
    lines = [
        tr("On {clips} labelled clips of {patients} patients (95 % intervals):").format(
            clips=match.clips, patients=match.patients
        )
    ]
    for title, found in ((tr("AUC"), match.auc), (tr("Share right"), match.accuracy)):
        text = tr("{title}: {first} {one}, {second} {other}. {how}")
        shown = text.format(
            title=title,
            first=match.first,
            one=figure_words(found.own),
            second=match.second,
            other=figure_words(found.rival),
            how=_first_words(found.difference),
        )
        lines.append(shown)
    return "\n".join(lines)


def _first_words(difference: Estimate) -> str:
    text = tr("The first of them: {how}")
    how = difference_words(difference)
    return text.format(how=how[:1].lower() + how[1:])
