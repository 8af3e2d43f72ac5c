"""What can be done with the study library, for the table of actions."""

from __future__ import annotations

from typing import Final

from lusviewer.gui.action_spec import ActionSpec
from lusviewer.gui.translation import QT_TRANSLATE_NOOP

STUDY_ACTIONS: Final[tuple[ActionSpec, ...]] = (
    ActionSpec(
        "study_analyse",
        QT_TRANSLATE_NOOP("Actions", "&Analyse the whole library"),
        (),
        "analyse",
        "study/b",
        "library",
    ),
    ActionSpec(
        "study_choose",
        QT_TRANSLATE_NOOP("Actions", "&Choose a library ..."),
        (),
        "folder",
        "study/c",
    ),
    ActionSpec(
        "experts_in_use",
        QT_TRANSLATE_NOOP("Actions", "E&xperts in use ..."),
        (),
        "model",
        "study/d",
    ),
    ActionSpec(
        "experts_result",
        QT_TRANSLATE_NOOP("Actions", "&Result of a training ..."),
        (),
        "report",
        "study/d",
    ),
)
"""Their place in the menus is 'study'."""
