"""The tasks of a library and their answers in words: the same in list and panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lusviewer.findings import FINDINGS, INDEX
from lusviewer.gui.clinical_words import finding_title, label_words, target_words, tr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lusviewer.library.tasks import Task

NOT_ASSESSABLE: Final = "not assessable"
"""The library's own word, which is not loaded before the window is painted."""

UNSURE: Final = 0.5
"""The certainty of an answer a person is unsure of."""

_PLEURA: Final = {"yes": "irregular", "no": "regular"}


def title_of(key: str, tasks: Mapping[str, Task]) -> str:
    """Return what a task asks, as a heading."""
    kind, _, name = key.partition(".")
    if kind == "finding" and name in FINDINGS:
        return finding_title(name)
    if kind == "group":
        return tr("{group}, in detail").format(group=target_words(name))
    task = tasks.get(key)
    words = target_words(key if task is None else task.words)
    return words[:1].upper() + words[1:]


def value_words(key: str, value: str) -> str:
    """Return an answer to a task as it is read out."""
    if value == NOT_ASSESSABLE:
        return tr("not assessable")
    if key == "s_f":
        return number_words(value)
    # No class holds a plus: it is between those of a set.
    return ", ".join(class_words(key, name) for name in value.split("+"))


def class_words(key: str, name: str) -> str:
    """Return one class of a task as it is read out."""
    if key == "finding.pleural_irregularity":
        return tr(_PLEURA.get(name, name))
    if key.startswith("finding."):
        return tr("yes") if name == "yes" else tr("no")
    group = key.removeprefix("group.")
    label = f"{group}.{name}"
    if group != key and label in INDEX:
        return label_words(label).removeprefix("also ")
    return name


def number_words(value: str) -> str:
    """Return a number as it is read out, "..." while it is being worked out."""
    return f"{float(value):.4g}" if value else "..."
