"""The parts of docs/evaluation.md that are made of figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lusviewer.findings import CLASSES, LABELS
from lusviewer.training.measure.expert_sections import kinds, local, oxygen
from lusviewer.training.measure.words import (
    NOT_MEASURED,
    area,
    bare,
    found,
    table,
    value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Results = Mapping[str, Any]

FINDING_WORDS: Final = {
    "a_lines": "A-lines",
    "b_lines": "B-lines",
    "consolidation": "Consolidation",
    "effusion": "Effusion",
    "pleural_irregularity": "Irregular pleura",
    "severe": "Severity 2 or more",
}
_METHODS: Final = {
    "prevalence": "prevalence in POCUS",
    "imagenet": "ImageNet features + logistic regression",
    "end_to_end": "end-to-end network, ImageNet start",
}
_ANSWERED_BY: Final = {
    "a_lines": "a_lines",
    "b_lines": "b_lines",
    "severe": "severity 2 or more, severity-logistic",
}


def model(results: Results) -> str:
    """Return which bundle the figures are of."""
    for name in ("covid-blues", "pocus", "lines", "phantom"):
        if name in results:
            one = results[name]
            return f"`models/{one['model']}` {one['version']} ({one['sha256'][:12]})"
    return "No bundle"


def others(results: Results) -> str:
    """Return which results are of another bundle than most, in a sentence or none."""
    own = {
        name: f"{one['model']} {one['version']}"
        for name in ("covid-blues", "pocus", "lines", "phantom", "diagnosis")
        if (one := results.get(name)) is not None
    }
    if bundle := found(results, ("experts", "figures", "bundle")):
        own["experts"] = bundle
    shown = next(iter(own.values()), "")
    stale = [f"{name} ({bundle})" for name, bundle in own.items() if bundle != shown]
    return f"Of another bundle, to be measured again: {', '.join(stale)}." * bool(stale)


def looks(results: Results) -> str:
    """Return how often clips that nothing may be chosen on were looked at."""
    counts: dict[tuple[str, str, str], list[str]] = {}
    for look in found(results, ("looks", "looks")) or ():
        bare_bundle = "baselines" in look["what"]
        name = "no bundle" if bare_bundle else f"{look['model']} {look['version']}"
        key = (look["collection"], name.strip(), look["sha256"][:12])
        counts.setdefault(key, []).append(look["what"])
    rows = [
        (collection, name, digest, str(len(whats)), "; ".join(_once(whats)))
        for (collection, name, digest), whats in sorted(counts.items())
    ]
    return table(("clips", "of", "manifest", "looks", "what for"), rows)


def _once(words: list[str]) -> list[str]:
    return list(dict.fromkeys(words))


def covid_blues(results: Results) -> str:
    """Return the zero-shot table: the bundle and the baselines, by clip."""
    if "covid-blues" not in results:
        return NOT_MEASURED
    one = results["covid-blues"]
    rows = [_answer(_question(name), f) for name, f in one["questions"].items()]
    head = ("question", "AUC", "sensitivity", "specificity", "ECE")
    by_patient = [
        _answer(_question(name), f["by_patient"])[:4]
        for name, f in one["questions"].items()
    ]
    return "\n\n".join(
        [
            f"{one['clips']} clips of {one['patients']} patients; "
            f"{one['not_assessable']} would be called not assessable (they count all "
            "the same). By clip:",
            table(head, rows),
            "By patient (present in any of its clips; the highest probability):",
            table(head[:4], by_patient),
            "Severity 0 to 3:",
            _severity(one["severity"]),
        ]
    )


def _question(name: str) -> str:
    return FINDING_WORDS.get(name, name[0].upper() + name[1:])


def _answer(words: str, figures: Mapping[str, Any]) -> tuple[str, ...]:
    ece = found(figures, ("calibration", "ece"))
    return (
        words,
        area(figures["auc"]),
        value(figures["sensitivity"]),
        value(figures["specificity"]),
        value(ece),
    )


def _severity(figures: Mapping[str, Any]) -> str:
    rows = []
    for name, one in figures.items():
        for words, part in (("clips", one), ("patients", found(one, ("by_patient",)))):
            if part is not None and part.get("n"):
                cells = [value(part[key]) for key in ("accuracy", "kappa", "spearman")]
                rows.append((name, f"{part['n']} {words}", *cells))
    head = ("expert", "of", "accuracy", "quadratic kappa", "Spearman")
    return table(head, rows)


def against_baselines(results: Results) -> str:
    """Return AUCs of the baselines and the bundle on the same clips."""
    if "baselines" not in results:
        return NOT_MEASURED
    parts = [
        f"COVID-BLUeS, zero-shot:\n\n{_compared(results, 'covid-blues', _ANSWERED_BY)}",
    ]
    pocus = {key: key for key in FINDING_WORDS if key != "severe"}
    parts.append(f"POCUS test patients:\n\n{_compared(results, 'pocus', pocus)}")
    return "\n\n".join(parts)


def _compared(results: Results, collection: str, questions: Mapping[str, str]) -> str:
    base = results["baselines"][collection]
    rows = [
        (words, *(value(found(base, (method, key, "auc"))) for key in questions))
        for method, words in _METHODS.items()
    ]
    own = found(results, (collection,))
    if own is not None:
        paths = {
            "covid-blues": lambda key: ("questions", questions[key], "auc"),
            "pocus": lambda key: ("findings", key, "all", "auc"),
        }
        cells = [value(found(own, paths[collection](key))) for key in questions]
        rows.append((f"**lus-lite {own['version']}**", *cells))
    return table(("AUC", *(FINDING_WORDS[key] for key in questions)), rows)


def pocus(results: Results) -> str:
    """Return the findings on POCUS test patients, by clip and by patient."""
    if "pocus" not in results:
        return NOT_MEASURED
    one = results["pocus"]
    rows, patients = [], []
    for key, figures in one["findings"].items():
        every, kept = figures["all"], figures["supported"]
        words = FINDING_WORDS[key]
        cells = _answer(words, every)
        rows.append((*cells[:2], area(kept["auc"]), *cells[2:]))
        patients.append(_answer(words, every["by_patient"])[:4])
    head = ("finding", "AUC", "AUC, supported labels", "sensitivity", "specificity")
    return "\n\n".join(
        [
            f"{one['clips']} clips of {one['patients']} patients; "
            f"{one['not_assessable']} would be called not assessable. By clip:",
            table((*head, "ECE"), rows),
            "By patient, all labels:",
            table(("finding", "AUC", "sensitivity", "specificity"), patients),
        ]
    )


def pocus_experts(results: Results) -> str:
    """Return how the shipped experts do on POCUS test patients."""
    if "pocus" not in results:
        return NOT_MEASURED
    one = results["pocus"]
    rows = [
        (
            name,
            str(figures["clips"]),
            bare(figures["accuracy"]),
            str(figures["answered"]),
            bare(figures["accuracy_where_answered"]),
        )
        for name, figures in one["experts"].items()
    ]
    head = ("expert", "clips", "accuracy", "answered", "accuracy where answered")
    return f"{table(head, rows)}\n\n{_severity(one['severity'])}"


def lines(results: Results) -> str:
    """Return the figures on the drawn frames of test patients."""
    if "lines" not in results:
        return NOT_MEASURED
    one = results["lines"]
    dice = one["dice"]
    pleura, b_lines = one["pleura"], one["b_lines"]
    false = b_lines["false_on_a_profile"]
    rows = [
        ("pleura: mean distance, % of the beam's height", pleura["distance_percent"]),
        ("the same of the line the viewer draws", pleura["line_distance_percent"]),
        ("pleura: columns found within 3 %", pleura["columns_recall"]),
        ("pleura: columns said that are right within 3 %", pleura["columns_precision"]),
        ("A-lines in a frame, AUC by area", one["frame_auc"]["a_line"]),
        ("B-lines in a frame, AUC by area", one["frame_auc"]["b_line"]),
        ("A-lines in a frame, AUC by finding", one["frame_auc_of_findings"]["a_line"]),
        ("B-lines in a frame, AUC by finding", one["frame_auc_of_findings"]["b_line"]),
        (
            "B-line origins within 3 % of the width: precision",
            b_lines["origin_precision"],
        ),
        ("B-line origins within 3 % of the width: recall", b_lines["origin_recall"]),
        ("B-lines a frame, mean error of the count", b_lines["count_error"]),
        (f"false B-lines a frame on {false['frames']} A-profile frames", false),
    ]
    return "\n\n".join(
        [
            f"{one['frames']} frames of {one['clips']} clips of {one['patients']} "
            "patients. Dice by class, over all pixels that are known:",
            table(CLASSES, [[value(dice[name]) for name in CLASSES]]),
            table(("figure", "value"), [(words, value(f)) for words, f in rows]),
        ]
    )


def diagnosis(results: Results) -> str:
    """Return diagnosis on POCUS by kind of split and by features."""
    if "diagnosis" not in results:
        return NOT_MEASURED
    kinds = {
        "by_patient": "patients kept apart, clips judged",
        "by_patient_unseen_by_the_network": (
            "the same, only clips the network's weights never saw"
        ),
        "by_frame_leaky": "**leaky**: frames at random, frames judged",
    }
    rows = [
        (
            name,
            words,
            str(one["n"]),
            value(one["accuracy"]),
            value(one["balanced_accuracy"]),
        )
        for name, split in results["diagnosis"]["features"].items()
        for kind, words in kinds.items()
        if (one := split.get(kind)) is not None
    ]
    head = ("features", "split", "judged", "accuracy", "balanced accuracy")
    return table(head, rows)


def phantom(results: Results) -> str:
    """Return Dice by class and AUC by label on simulated scenes."""
    if "phantom" not in results:
        return NOT_MEASURED
    one = results["phantom"]
    scores = [bare(one["dice"][name]) for name in CLASSES]
    groups: dict[str, list[str]] = {}
    for key, number in one["frame_auc"].items():
        group, _, label = key.partition(".")
        groups.setdefault(group, []).append(f"{label} {bare(number)}")
    order = [*dict.fromkeys(label.group for label in LABELS), "finding"]
    rows = [(group, ", ".join(groups[group])) for group in order if group in groups]
    return "\n\n".join(
        [
            f"{one['scenes']} scenes (seed {one['seed']}), one frame each, all probes "
            "and confounders. Dice by class over all pixels:",
            table(CLASSES, [scores]),
            "AUC by label, single frames:",
            table(("group", "AUC"), rows),
        ]
    )


def worst(results: Results) -> str:
    """Return the clips the bundle is most wrong about, as words and numbers."""
    parts = []
    titles = {"pocus": "POCUS test patients", "covid-blues": "COVID-BLUeS"}
    for name, title in titles.items():
        one = found(results, (name, "worst"))
        if not one:
            continue
        groups = results[name]["worst_groups"]
        counted = ", ".join(
            f"{words.replace('_', ' ')} {n}" for words, n in groups.items()
        )
        rows = [
            (
                f"`{case['clip'].rsplit('/', 1)[-1]}`",
                FINDING_WORDS[case["question"]],
                "yes" if case["truth"] else "no",
                f"{case['said']:.2f}",
                f"{case['threshold']:.2f}",
            )
            for case in one
        ]
        head = ("clip", "question", "label", "said", "threshold")
        parts.append(f"{title}, by kind: {counted}.\n\n{table(head, rows)}")
    return "\n\n".join(parts) or NOT_MEASURED


SECTIONS: Final[Mapping[str, Callable[[Results], str]]] = {
    "model": model,
    "others": others,
    "looks": looks,
    "covid_blues": covid_blues,
    "against_baselines": against_baselines,
    "pocus": pocus,
    "pocus_experts": pocus_experts,
    "lines": lines,
    "diagnosis": diagnosis,
    "phantom": phantom,
    "worst": worst,
    "local": local,
    "oxygen": oxygen,
    "kinds": kinds,
}
"""What the template's places are filled with."""
