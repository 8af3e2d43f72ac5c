"""What can be done with experts and their results, for the table of actions."""

from __future__ import annotations

from typing import Final

from lusviewer.gui.action_spec import ActionSpec
from lusviewer.gui.translation import QT_TRANSLATE_NOOP

RESULT_ACTIONS: Final[tuple[ActionSpec, ...]] = (
    ActionSpec(
        "experts_in_use",
        QT_TRANSLATE_NOOP("Actions", "E&xperts in use ..."),
        (),
        "model",
        "analysis/experts",
    ),
    ActionSpec(
        "experts_result",
        QT_TRANSLATE_NOOP("Actions", "&Result of a training ..."),
        (),
        "report",
        "analysis/experts",
    ),
)
"""Their place in the menus is 'analysis'."""
