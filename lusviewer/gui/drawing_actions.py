"""What can be done while drawing, for the table of actions."""

from __future__ import annotations

from typing import Final

from lusviewer.gui.action_spec import ActionSpec
from lusviewer.gui.translation import QT_TRANSLATE_NOOP

DRAWING_ACTIONS: Final[tuple[ActionSpec, ...]] = (
    ActionSpec(
        "draw",
        QT_TRANSLATE_NOOP("Actions", "&Draw lines"),
        ("D",),
        "draw",
        "label/draw",
        "clip",
        checkable=True,
        tip=QT_TRANSLATE_NOOP("Actions", "Draw pleura, A-lines and B-lines"),
    ),
    ActionSpec(
        "draw_pleura",
        QT_TRANSLATE_NOOP("Actions", "Draw the &pleura"),
        ("P",),
        "",
        "label/kind",
        "clip",
        checkable=True,
    ),
    ActionSpec(
        "draw_a_line",
        QT_TRANSLATE_NOOP("Actions", "Draw &A-lines"),
        ("A",),
        "",
        "label/kind",
        "clip",
        checkable=True,
    ),
    ActionSpec(
        "draw_b_line",
        QT_TRANSLATE_NOOP("Actions", "Draw &B-lines"),
        ("B",),
        "",
        "label/kind",
        "clip",
        checkable=True,
    ),
    ActionSpec(
        "draw_as_drawn",
        QT_TRANSLATE_NOOP("Actions", "&Keep lines as drawn"),
        ("Shift+D",),
        "",
        "label/kind",
        "",
        checkable=True,
        tip=QT_TRANSLATE_NOOP("Actions", "Do not move lines onto the echo"),
    ),
    ActionSpec(
        "draw_copy",
        QT_TRANSLATE_NOOP("Actions", "&Copy lines from the frame before"),
        ("C",),
        "",
        "label/frame",
        "clip",
    ),
    ActionSpec(
        "draw_take",
        QT_TRANSLATE_NOOP("Actions", "&Take the model's lines"),
        ("T",),
        "",
        "label/frame",
        "clip",
    ),
    ActionSpec(
        "draw_none",
        QT_TRANSLATE_NOOP("Actions", "There are no lines &here"),
        ("E",),
        "",
        "label/frame",
        "clip",
    ),
    ActionSpec(
        "draw_previous",
        QT_TRANSLATE_NOOP("Actions", "Previous drawn frame"),
        ("Ctrl+Left",),
        "",
        "label/drawn",
        "clip",
    ),
    ActionSpec(
        "draw_next",
        QT_TRANSLATE_NOOP("Actions", "Next drawn frame"),
        ("Ctrl+Right",),
        "",
        "label/drawn",
        "clip",
    ),
    ActionSpec(
        "draw_others",
        QT_TRANSLATE_NOOP("Actions", "Show lines of others"),
        (),
        "",
        "label/drawn",
        "",
        checkable=True,
        tip=QT_TRANSLATE_NOOP("Actions", "Lines that other people drew"),
    ),
)
"""Their place in the menus is 'label'."""
