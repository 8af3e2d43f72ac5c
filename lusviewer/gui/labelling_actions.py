"""What can be said of a clip, for the table of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lusviewer.gui.action_spec import ActionSpec
from lusviewer.gui.translation import QT_TRANSLATE_NOOP

if TYPE_CHECKING:
    from collections.abc import Iterator

SEVERITIES: Final = ("0", "1", "2", "3")


def _severity_specs() -> Iterator[ActionSpec]:
    words = (
        QT_TRANSLATE_NOOP("Actions", "Severity &0"),
        QT_TRANSLATE_NOOP("Actions", "Severity &1"),
        QT_TRANSLATE_NOOP("Actions", "Severity &2"),
        QT_TRANSLATE_NOOP("Actions", "Severity &3"),
    )
    for value, text in zip(SEVERITIES, words, strict=True):
        keys = (f"Shift+{value}",)
        yield ActionSpec(f"severity_{value}", text, keys, "", "label/severity", "clip")


LABELLING_ACTIONS: Final[tuple[ActionSpec, ...]] = (
    ActionSpec(
        "label_agree",
        QT_TRANSLATE_NOOP("Actions", "&Agree with the model"),
        ("Y",),
        "check",
        "label/a",
        "clip",
    ),
    ActionSpec(
        "label_change",
        QT_TRANSLATE_NOOP("Actions", "&Change: say otherwise"),
        ("N",),
        "edit",
        "label/a",
        "clip",
    ),
    ActionSpec(
        "label_unsure",
        QT_TRANSLATE_NOOP("Actions", "&Unsure"),
        ("U",),
        "",
        "label/a",
        "clip",
    ),
    ActionSpec(
        "label_not_assessable",
        QT_TRANSLATE_NOOP("Actions", "&Not assessable"),
        ("X",),
        "",
        "label/a",
        "clip",
    ),
    ActionSpec(
        "label_take_back",
        QT_TRANSLATE_NOOP("Actions", "&Take the answer back"),
        ("Backspace",),
        "reset",
        "label/a",
        "clip",
    ),
    ActionSpec(
        "label_next",
        QT_TRANSLATE_NOOP("Actions", "Ne&xt question"),
        ("J",),
        "",
        "label/b",
        "clip",
    ),
    ActionSpec(
        "label_previous",
        QT_TRANSLATE_NOOP("Actions", "&Previous question"),
        ("K",),
        "",
        "label/b",
        "clip",
    ),
    ActionSpec(
        "label_go_on",
        QT_TRANSLATE_NOOP("Actions", "Next clip &without my answer"),
        ("Ctrl+J",),
        "",
        "label/b",
        "library",
        tip=QT_TRANSLATE_NOOP("Actions", "In the library, for the question asked"),
    ),
    *_severity_specs(),
    ActionSpec(
        "label_others",
        QT_TRANSLATE_NOOP("Actions", "Show &other raters"),
        (),
        "",
        "label/raters",
        checkable=True,
        tip=QT_TRANSLATE_NOOP("Actions", "What others said, here and in the library"),
    ),
    ActionSpec(
        "label_collections",
        QT_TRANSLATE_NOOP("Actions", "Show answers of &collections"),
        (),
        "",
        "label/raters",
        checkable=True,
        tip=QT_TRANSLATE_NOOP("Actions", "What POCUS and COVID-BLUeS say of clips"),
    ),
    ActionSpec(
        "label_agreement",
        QT_TRANSLATE_NOOP("Actions", "A&greement ..."),
        (),
        "",
        "label/raters",
        "library",
    ),
    ActionSpec(
        "label_task",
        QT_TRANSLATE_NOOP("Actions", "&Define a question of one's own ..."),
        (),
        "",
        "label/tasks",
    ),
)
"""Their place in the menus is 'label'."""
