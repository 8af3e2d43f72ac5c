"""What an action is, before it stands in a menu."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One thing to do.

    ``needs`` is what must be there: "" nothing, "clip", "report", "exam" or
    "library".
    ``menu`` is "menu" or "menu/group"; groups are set apart by a line.
    """

    name: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    menu: str = ""
    needs: str = ""
    checkable: bool = False
    tip: str = ""
