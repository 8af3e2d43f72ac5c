"""Writing docs/evaluation.md, its tables and its pictures, from docs/results."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Any

from lusviewer.errors import TrainingError
from lusviewer.training.measure.pictures import write_pictures
from lusviewer.training.measure.recipe_tables import recipes_section
from lusviewer.training.measure.sections import SECTIONS
from lusviewer.training.measure.targets import summary, target_table

if TYPE_CHECKING:
    from pathlib import Path

    Results = dict[str, Any]


def write_report(docs: Path) -> None:
    """Write the report of what ``docs/results`` holds, and its pictures."""
    results = read_results(docs / "results")
    write_pictures(results, docs / "images" / "evaluation")
    template = resources.files("lusviewer.training.measure") / "evaluation.md"
    words = {name: section(results) for name, section in SECTIONS.items()}
    text = template.read_text(encoding="utf-8").format(
        targets=target_table(results),
        summary=summary(results),
        recipes=recipes_section(results, docs / "recipes"),
        failures=_own_words(docs / "results" / "failures.md"),
        **words,
    )
    (docs / "evaluation.md").write_text(_tidy(text), encoding="utf-8")


def read_results(folder: Path) -> Results:
    """Return every result in ``folder`` by its file's name."""
    found: Results = {}
    for path in sorted(folder.glob("*.json")):
        try:
            found[path.stem] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            msg = f"{path} is not JSON: {error}."
            raise TrainingError(msg, hint="Measure it again.") from error
    if not found:
        msg = f"{folder} holds no results."
        raise TrainingError(msg, hint="Measure first: lusviewer evaluate all.")
    return found


def _tidy(text: str) -> str:
    """Return ``text`` without what empty places leave behind."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines) + "\n"


def _own_words(path: Path) -> str:
    """Return what a person wrote of the failures, if anything."""
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""
