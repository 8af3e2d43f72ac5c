"""What can be done while drawing, for the table of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lusviewer.gui.action_spec import ActionSpec

DRAWING_ACTIONS: Final[tuple[ActionSpec, ...]] = ()
"""Their place in the menus is 'label'."""
