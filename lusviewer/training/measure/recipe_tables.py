"""What each recipe measured, as tables: made of whatever figures its result holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lusviewer.training.measure.words import NOT_MEASURED, each_figure, table, value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    Rows = dict[tuple[str, ...], dict[str, str]]

RECIPES: Final = {
    "segmentation": "Segmentation: dense against sparse labels, phantom and real lines",
    "biomarkers": "Biomarkers: 38 labels from weakly labelled clips",
    "transfer": "Transfer: a classifier built on the segmenter",
    "uscl": "USCL: contrastive pretraining of sample pairs",
    "video-ssl": "Video: same-patient pairs and frame order",
    "label-fraction": "Label fraction: what pretraining saves in labels",
    "active": "Labels: what share is enough when the queue asks",
    "domain-gap": "From simulated to real frames",
    "domain": "The gate: lung or not",
}
"""The results told of, in this order; others follow by name."""

_OWN: Final = {
    "baselines",
    "covid-blues",
    "diagnosis",
    "experts",
    "int8",
    "lines",
    "looks",
    "phantom",
    "pocus",
}
_ELSEWHERE: Final = {
    "a-line-jumps",
    "adapt-block",
    "adapt-frame-order",
    "adapt-masks",
    "adapt-temporal",
    "adapt-temporal-severity",
    "adapt-uscl",
    "local-experts",
    "window-day",
}
"""Told of in biomarkers.md and local-learning.md."""

_SIBLING: Final = re.compile(r"\]\(([a-z-]+\.md)")
"""A link from one recipe's page to another's."""

_MOST_ROWS: Final = 16
_MOST_COLUMNS: Final = 9


def recipes_section(results: Mapping[str, Any], texts: Path) -> str:
    """Return a part for each recipe: its own words from ``texts``, then its figures."""
    others = sorted(results.keys() - RECIPES.keys() - _OWN - _ELSEWHERE)
    parts = []
    for name in (*RECIPES, *others):
        told = name in results
        if told or name in ("segmentation", "biomarkers", "transfer", "uscl"):
            words = RECIPES.get(name, name)
            body = _body(name, results[name], texts) if told else NOT_MEASURED
            link = f" ([how](recipes/{name}.md))" if _is_told(texts, name) else ""
            shown = _picture(texts.parent, name, words)
            parts.append(f"### {words}{link}\n\n{shown}{body}")
    return "\n\n".join(parts)


def _picture(docs: Path, name: str, words: str) -> str:
    """Return the picture that a recipe drew beside the documents, if it did."""
    path = f"images/{name}.png"
    return f"![{words}]({path})\n\n" if (docs / path).is_file() else ""


def _is_told(texts: Path, name: str) -> bool:
    return (texts / f"{name}.md").is_file()


def _body(name: str, result: Mapping[str, Any], texts: Path) -> str:
    """Return what was found, in the recipe's own words where it has written any."""
    command = f"`{result['command']}`." if "command" in result else ""
    told = _result_words(texts / f"{name}.md")
    tables = [told] if told else figure_tables(result.get("figures", result))
    every = f"All figures: [docs/results/{name}.json](results/{name}.json)."
    return "\n\n".join(part for part in (command, *tables, every) if part)


def _result_words(path: Path) -> str:
    """Return what a recipe's page says of its result, up to what that lacks."""
    if not path.is_file():
        return ""
    _, found, rest = path.read_text(encoding="utf-8").partition("**Result")
    words = f"**Result{rest.partition('**What it does not show')[0]}"
    here = _SIBLING.sub(r"](recipes/\1", words).replace("](../", "](")
    return here.strip() if found else ""


def figure_tables(figures: Any) -> list[str]:  # noqa: ANN401 - plain JSON
    """Return tables of all figures with intervals, those of one kind side by side.

    Figures that share all but the last part of their path stand in one row. Long
    tables are cut.
    """
    rows: Rows = {}
    for path, figure in each_figure(figures):
        rows.setdefault(path[:-1], {})[path[-1]] = value(figure)
    kinds: dict[tuple[str, ...], Rows] = {}
    for path, cells in rows.items():
        kinds.setdefault(tuple(cells)[:_MOST_COLUMNS], {})[path] = cells
    return [_one_table(columns, part) for columns, part in kinds.items()]


def _one_table(columns: Sequence[str], rows: Rows) -> str:
    shown = list(rows.items())[:_MOST_ROWS]
    body = [
        (
            " / ".join(_plain(word) for word in path) or "all",
            *(cells[c] for c in columns),
        )
        for path, cells in shown
    ]
    text = table(("", *map(_plain, columns)), body)
    left = len(rows) - len(shown)
    return f"{text}\n\n{left} more rows are in the file." if left else text


def _plain(word: str) -> str:
    return word.replace("_", " ").replace("|", "-")
