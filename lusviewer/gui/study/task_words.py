"""The tasks of a library and their answers, as the list of clips says them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lusviewer.findings import BIOMARKERS, INDEX
from lusviewer.gui.clinical_words import label_words, target_words, tr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lusviewer.library.tasks import Task

NOT_ASSESSABLE: Final = "not assessable"
"""The library's own word, which is not loaded before the window is painted."""

UNSURE: Final = 0.5
"""The certainty of an answer a person is unsure of."""

_ANSWERS: Final = {"yes": "present", "no": "absent"}


def title_of(key: str, tasks: Mapping[str, Task]) -> str:
    """Return what a task asks, as a heading."""
    if key in INDEX:
        return BIOMARKERS[INDEX[key]].label
    group = key.removeprefix("group.")
    if group != key:
        return tr("{group}, in detail").format(group=target_words(group))
    task = tasks.get(key)
    words = target_words(key if task is None else task.words)
    return words[:1].upper() + words[1:]


def value_words(key: str, value: str) -> str:
    """Return an answer to a task as it is read out."""
    if value == NOT_ASSESSABLE:
        return tr("not assessable")
    if key.startswith("finding."):
        return tr(_ANSWERS.get(value, value))
    if key == "s_f":
        return f"{float(value):.0f}"
    group = key.removeprefix("group.")
    if group == key:
        return value
    labels = [f"{group}.{name}" for name in value.split("+")]
    return ", ".join(
        label_words(label).removeprefix("also ")
        if label in INDEX
        else label.partition(".")[2]
        for label in labels
    )
