"""What experts reached, as parts of docs/evaluation.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lusviewer.training.measure.words import (
    NOT_MEASURED,
    area,
    bare,
    found,
    table,
    value,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    Results = Mapping[str, Any]

_QUESTIONS: Final = {
    "b_lines": "B-lines",
    "a_lines": "A-lines",
    "severe": "Severity 2 or more",
}
_WAYS: Final = {
    "blend": "mean of the five best",
    "one": "the best one",
    "tree": "decision tree",
    "forest": "random forest",
    "svm": "SVM",
    "mlp": "perceptron",
    "logistic": "logistic regression",
    "corrected": "regression on what the shipped models say",
}


def local(results: Results) -> str:
    """Return the AUC of a hospital's own experts, by kind."""
    part = found(results, ("experts", "figures", "local"))
    if part is None:
        return NOT_MEASURED
    rows = []
    for name, words in _WAYS.items():
        cells = [_way(part[question], name) for question in _QUESTIONS]
        auc = [value(found(one, ("auc",))) for one in cells]
        rows.append((words, *auc))
    by_patient = [area(part[question]["auc_by_patient"]) for question in _QUESTIONS]
    rows.append(("mean of the five best, by patient", *by_patient))
    chosen = "; ".join(
        f"{words}: {_counted(part[question]['others']['one']['chosen'])}"
        for question, words in _QUESTIONS.items()
    )
    head = ("AUC", *_QUESTIONS.values())
    return f"{table(head, rows)}\n\nChosen as the best one in the five folds: {chosen}."


def _way(part: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - plain JSON
    return part if name == "blend" else part["others"].get(name, {})


def _counted(chosen: Mapping[str, int]) -> str:
    return ", ".join(f"{words} ({n})" for words, n in chosen.items())


def oxygen(results: Results) -> str:
    """Return how S/F bins are told, and how many patients each holds."""
    part = found(results, ("experts", "figures", "oxygen"))
    if part is None:
        return NOT_MEASURED
    counts = ", ".join(f"{n} with {words}" for words, n in part["patients"].items())
    keys = ("accuracy", "balanced_accuracy", "mean_auc", "spearman")
    rows = [
        (name, *(value(one.get(key)) for key in keys))
        for name, one in part.items()
        if name != "patients"
    ]
    head = ("expert", "accuracy", "balanced accuracy", "mean AUC", "Spearman")
    return f"Patients: {counts}.\n\n{table(head, rows)}"


def kinds(results: Results) -> str:
    """Return kinds of experts on POCUS side by side, with what they cost."""
    part = found(results, ("experts", "figures", "pocus"))
    if part is None:
        return NOT_MEASURED
    tables = [
        f"{question[0].upper()}{question[1:]}, {_size(ways)}:\n\n{_kinds(ways)}"
        for question, ways in part.items()
    ]
    network = found(results, ("experts", "figures", "network"))
    if network is not None:
        seconds, took = network["fit_seconds"], network["milliseconds_a_clip"]
        tables.append(
            f"An end-to-end network beside them: {bare(seconds, 0)} s to train, "
            f"{bare(took, 0)} ms a clip of twelve frames, "
            f"{network['bytes'] / 1e6:.1f} MB. The experts need the bundle's answers "
            "first, which the viewer has anyway."
        )
    return "\n\n".join(tables)


def _size(ways: Mapping[str, Any]) -> str:
    one = ways["commonest class"]
    return f"{one['n']} clips of {one['patients']} patients"


def _kinds(ways: Mapping[str, Any]) -> str:
    rows = []
    for name, one in ways.items():
        cost = one.get("cost", {})
        unseen = found(one, ("unseen_by_the_network", "balanced_accuracy"))
        rows.append(
            (
                name,
                value(one["accuracy"]),
                value(one["balanced_accuracy"]),
                value(unseen),
                value(one.get("mean_auc")),
                bare(cost.get("fit_seconds"), 1),
                bare(cost.get("milliseconds_a_clip")),
                f"{cost['bytes'] / 1000:.1f}" if cost else "-",
            )
        )
    head = (
        "expert",
        "accuracy",
        "balanced accuracy",
        "the same, patients the weights never saw",
        "mean AUC",
        "s to fit",
        "ms a clip",
        "kB",
    )
    return table(head, rows)
