"""The model card: what the model is, what it saw, how well it does."""

from __future__ import annotations

from collections import defaultdict
from importlib import resources
from typing import TYPE_CHECKING, Any

from lusviewer.findings import FINDINGS
from lusviewer.training.measure.words import area

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lusviewer.training.data.pocus_labels import PocusClip

_FINDING_WORDS = dict(
    zip(
        FINDINGS,
        ("A-lines", "B-lines", "Consolidation", "Effusion", "Irregular pleura"),
        strict=True,
    )
)


def attributions(clips: Sequence[PocusClip]) -> str:
    """Return the sources of ``clips`` as Markdown, by licence."""
    sources: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for clip in clips:
        name = clip.file.rsplit("/", 1)[-1]
        sources[clip.licence][clip.source or "source not stated"].append(name)
    lines = []
    for licence in sorted(sources):
        lines += [f"### {licence}", ""]
        for source in sorted(sources[licence]):
            lines.append(f"- {source}: {', '.join(sorted(sources[licence][source]))}")
        lines.append("")
    return "\n".join(lines)


def finding_table(figures: Mapping[str, Any]) -> str:
    """Return the findings of a POCUS measurement as a Markdown table."""
    lines = [
        "| finding | AUC, all labels | AUC, supported labels | sensitivity | "
        "specificity |",
        "|---|---|---|---|---|",
    ]
    for key, words in _FINDING_WORDS.items():
        found = figures["findings"][key]
        cells = [area(found[kind]["auc"]) for kind in ("all", "supported")]
        cells += [_cell(found["all"][k]) for k in ("sensitivity", "specificity")]
        lines.append(f"| {words} | {' | '.join(cells)} |")
    return "\n".join(lines)


def dice_table(figures: Mapping[str, Any]) -> str:
    """Return the Dice scores of a phantom measurement as a Markdown table."""
    names = list(figures["dice"])
    scores = " | ".join(_cell(figures["dice"][name]) for name in names)
    rule = "|".join("---" for _ in names)
    return f"| {' | '.join(names)} |\n|{rule}|\n| {scores} |"


def _cell(value: float | Mapping[str, Any] | None) -> str:
    if value is not None and not isinstance(value, float | int):
        value = value["value"]
    return "-" if value is None else f"{value:.2f}"


def expert_table(figures: Mapping[str, Any]) -> str:
    """Return the experts of a POCUS measurement as a Markdown table."""
    lines = [
        "| expert | clips | accuracy | answered | accuracy where answered |",
        "|---|---|---|---|---|",
    ]
    for name, found in figures["experts"].items():
        cells = (
            str(found["clips"]),
            _cell(found["accuracy"]),
            str(found["answered"]),
            _cell(found["accuracy_where_answered"]),
        )
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def external_table(figures: Mapping[str, Any]) -> str:
    """Return a COVID-BLUeS measurement as a Markdown table."""
    lines = ["| question | AUC | sensitivity | specificity |", "|---|---|---|---|"]
    for name, found in figures["questions"].items():
        cells = (
            area(found["auc"]),
            _cell(found["sensitivity"]),
            _cell(found["specificity"]),
        )
        lines.append(f"| {name.replace('_', '-')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def line_table(figures: Mapping[str, Any]) -> str:
    """Return a measurement on drawn lines as Markdown: Dice, then the lines."""
    pleura, lines = figures["pleura"], figures["b_lines"]
    said, seen = figures["frame_auc_of_findings"], figures["frame_auc"]
    rows = [
        ("pleura, mean distance, % of the beam's height", pleura["distance_percent"]),
        ("A-lines in a frame, AUC of the probability", said["a_line"]),
        ("A-lines in a frame, AUC of the area", seen["a_line"]),
        ("B-lines in a frame, AUC of the probability", said["b_line"]),
        ("B-lines in a frame, AUC of the area", seen["b_line"]),
        ("B-lines' origins, precision", lines["origin_precision"]),
        ("B-lines' origins, recall", lines["origin_recall"]),
        ("false B-lines a frame beside A-lines", lines["false_on_a_profile"]),
    ]
    table = ["| figure | value (95 % interval) |", "|---|---|"]
    table += [f"| {words} | {_with_interval(figure)} |" for words, figure in rows]
    return f"{dice_table(figures)}\n\n" + "\n".join(table)


def _with_interval(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return "not defined"
    low, high = figure["interval"]
    return f"{figure['value']:.2f} ({low:.2f}-{high:.2f})"


def model_card(
    manifest: Mapping[str, Any],
    figures: Mapping[str, Mapping[str, Any]],
    clips: Sequence[PocusClip],
) -> str:
    """Return the card of a bundle: ``figures`` by collection, ``clips`` it has seen.

    A collection that was not measured is said not to have been.
    """
    tables = {
        "pocus": lambda f: f"{finding_table(f)}\n\n{expert_table(f)}",
        "lines": line_table,
        "phantom": dice_table,
        "covid-blues": external_table,
    }
    parts = {
        name: table(figures[name]) if name in figures else "Not measured."
        for name, table in tables.items()
    }
    template = resources.files("lusviewer.training.lite") / "model_card.md"
    return template.read_text(encoding="utf-8").format(
        name=manifest["name"],
        version=manifest["version"],
        intended_use=manifest["intended_use"],
        licence=manifest["licence"],
        trained_on=manifest["trained_on"],
        pocus=parts["pocus"],
        lines=parts["lines"],
        phantom=parts["phantom"],
        blues=parts["covid-blues"],
        attributions=attributions(clips),
    )
