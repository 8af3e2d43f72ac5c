"""What can be said of a clip, for the table of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lusviewer.gui.action_spec import ActionSpec

LABELLING_ACTIONS: Final[tuple[ActionSpec, ...]] = ()
"""Their place in the menus is 'label'."""
