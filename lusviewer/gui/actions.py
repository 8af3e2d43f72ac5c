"""Everything a person can do, in one table: menus, toolbar, keys and help read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QAction, QKeySequence

from lusviewer.gui.action_spec import ActionSpec
from lusviewer.gui.drawing_actions import DRAWING_ACTIONS
from lusviewer.gui.labelling_actions import LABELLING_ACTIONS
from lusviewer.gui.layers import LAYER_NAMES
from lusviewer.gui.result_actions import RESULT_ACTIONS
from lusviewer.gui.study_actions import STUDY_ACTIONS
from lusviewer.gui.theme import set_icon
from lusviewer.gui.translation import QT_TRANSLATE_NOOP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lusviewer.gui.settings import Settings

_CONTEXT: Final = "Actions"


def _layer_specs() -> Iterator[ActionSpec]:
    words = (
        QT_TRANSLATE_NOOP("Actions", "Pleura"),
        QT_TRANSLATE_NOOP("Actions", "A-lines"),
        QT_TRANSLATE_NOOP("Actions", "B-lines"),
        QT_TRANSLATE_NOOP("Actions", "Consolidation"),
        QT_TRANSLATE_NOOP("Actions", "Effusion"),
        QT_TRANSLATE_NOOP("Actions", "Rib shadow"),
        QT_TRANSLATE_NOOP("Actions", "Lung field"),
        QT_TRANSLATE_NOOP("Actions", "Chest wall"),
    )
    for number, (name, text) in enumerate(zip(LAYER_NAMES, words, strict=True), 1):
        yield ActionSpec(
            f"layer_{name}", text, (str(number),), "", "view/layers", "", checkable=True
        )


ACTIONS: Final[tuple[ActionSpec, ...]] = (
    ActionSpec(
        "open",
        QT_TRANSLATE_NOOP("Actions", "&Open files ..."),
        ("Ctrl+O",),
        "open",
        "file/a",
    ),
    ActionSpec(
        "open_folder",
        QT_TRANSLATE_NOOP("Actions", "Open &folder ..."),
        ("Ctrl+Shift+O",),
        "folder",
        "file/a",
    ),
    ActionSpec(
        "open_sample",
        QT_TRANSLATE_NOOP("Actions", "Open the &sample"),
        (),
        "",
        "file/a",
    ),
    ActionSpec(
        "close",
        QT_TRANSLATE_NOOP("Actions", "&Close clip"),
        ("Ctrl+W",),
        "close",
        "file/b",
        "clip",
    ),
    ActionSpec(
        "export",
        QT_TRANSLATE_NOOP("Actions", "&Export results ..."),
        ("Ctrl+E",),
        "export",
        "file/c",
        "report",
    ),
    ActionSpec(
        "export_picture",
        QT_TRANSLATE_NOOP("Actions", "Export the &picture ..."),
        ("Ctrl+Shift+E",),
        "",
        "file/c",
        "clip",
    ),
    ActionSpec(
        "preferences",
        QT_TRANSLATE_NOOP("Actions", "&Preferences ..."),
        ("Ctrl+,",),
        "preferences",
        "file/d",
    ),
    ActionSpec(
        "quit", QT_TRANSLATE_NOOP("Actions", "&Quit"), ("Ctrl+Q",), "", "file/e"
    ),
    ActionSpec(
        "undo", QT_TRANSLATE_NOOP("Actions", "&Undo"), ("Ctrl+Z",), "undo", "edit/a"
    ),
    ActionSpec(
        "redo",
        QT_TRANSLATE_NOOP("Actions", "&Redo"),
        ("Ctrl+Shift+Z",),
        "redo",
        "edit/a",
    ),
    ActionSpec(
        "measure",
        QT_TRANSLATE_NOOP("Actions", "&Measure a distance"),
        ("M",),
        "measure",
        "edit/b",
        "clip",
        checkable=True,
    ),
    ActionSpec(
        "overlays",
        QT_TRANSLATE_NOOP("Actions", "&Overlays"),
        ("O",),
        "layers",
        "view/a",
        checkable=True,
    ),
    ActionSpec(
        "saliency",
        QT_TRANSLATE_NOOP("Actions", "&Saliency"),
        ("S",),
        "saliency",
        "view/a",
        checkable=True,
        tip=QT_TRANSLATE_NOOP(
            "Actions", "Where the model looked for the selected finding"
        ),
    ),
    *_layer_specs(),
    ActionSpec(
        "fit",
        QT_TRANSLATE_NOOP("Actions", "&Fit to the window"),
        ("F",),
        "fit",
        "view/zoom",
        "clip",
    ),
    ActionSpec(
        "zoom_in",
        QT_TRANSLATE_NOOP("Actions", "Zoom &in"),
        ("Ctrl++", "Ctrl+="),
        "zoom_in",
        "view/zoom",
        "clip",
    ),
    ActionSpec(
        "zoom_out",
        QT_TRANSLATE_NOOP("Actions", "Zoom o&ut"),
        ("Ctrl+-",),
        "zoom_out",
        "view/zoom",
        "clip",
    ),
    ActionSpec(
        "full_screen",
        QT_TRANSLATE_NOOP("Actions", "F&ull screen"),
        ("F11",),
        "",
        "view/window",
        checkable=True,
    ),
    ActionSpec(
        "reset_layout",
        QT_TRANSLATE_NOOP("Actions", "&Reset the panels"),
        (),
        "reset",
        "view/window",
    ),
    ActionSpec(
        "play",
        QT_TRANSLATE_NOOP("Actions", "&Play"),
        ("Space",),
        "play",
        "cine/a",
        "clip",
        checkable=True,
    ),
    ActionSpec(
        "previous_frame",
        QT_TRANSLATE_NOOP("Actions", "P&revious frame"),
        ("Left",),
        "previous",
        "cine/b",
        "clip",
    ),
    ActionSpec(
        "next_frame",
        QT_TRANSLATE_NOOP("Actions", "&Next frame"),
        ("Right",),
        "next",
        "cine/b",
        "clip",
    ),
    ActionSpec(
        "back_ten",
        QT_TRANSLATE_NOOP("Actions", "Ten frames back"),
        ("Shift+Left",),
        "",
        "cine/b",
        "clip",
    ),
    ActionSpec(
        "forth_ten",
        QT_TRANSLATE_NOOP("Actions", "Ten frames forth"),
        ("Shift+Right",),
        "",
        "cine/b",
        "clip",
    ),
    ActionSpec(
        "first_frame",
        QT_TRANSLATE_NOOP("Actions", "&First frame"),
        ("Home",),
        "first",
        "cine/b",
        "clip",
    ),
    ActionSpec(
        "last_frame",
        QT_TRANSLATE_NOOP("Actions", "&Last frame"),
        ("End",),
        "last",
        "cine/b",
        "clip",
    ),
    ActionSpec(
        "slower",
        QT_TRANSLATE_NOOP("Actions", "S&lower"),
        (",",),
        "slower",
        "cine/speed",
        "clip",
    ),
    ActionSpec(
        "faster",
        QT_TRANSLATE_NOOP("Actions", "F&aster"),
        (".",),
        "faster",
        "cine/speed",
        "clip",
    ),
    ActionSpec(
        "every_frame",
        QT_TRANSLATE_NOOP("Actions", "Show &every frame"),
        (),
        "",
        "cine/speed",
        "",
        checkable=True,
        tip=QT_TRANSLATE_NOOP("Actions", "Rather play too slowly than drop a frame"),
    ),
    ActionSpec(
        "loop_in",
        QT_TRANSLATE_NOOP("Actions", "Loop from &here"),
        ("[",),
        "loop_in",
        "cine/loop",
        "clip",
    ),
    ActionSpec(
        "loop_out",
        QT_TRANSLATE_NOOP("Actions", "Loop &to here"),
        ("]",),
        "loop_out",
        "cine/loop",
        "clip",
    ),
    ActionSpec(
        "loop_clear",
        QT_TRANSLATE_NOOP("Actions", "Play the &whole clip"),
        ("\\",),
        "reset",
        "cine/loop",
        "clip",
    ),
    ActionSpec(
        "sweep",
        QT_TRANSLATE_NOOP("Actions", "Play forth and &back"),
        (),
        "loop",
        "cine/loop",
        "clip",
        checkable=True,
    ),
    ActionSpec(
        "previous_clip",
        QT_TRANSLATE_NOOP("Actions", "Previous clip"),
        ("PgUp",),
        "",
        "cine/clip",
        "exam",
    ),
    ActionSpec(
        "next_clip",
        QT_TRANSLATE_NOOP("Actions", "Next clip"),
        ("PgDown",),
        "",
        "cine/clip",
        "exam",
    ),
    ActionSpec(
        "analyse",
        QT_TRANSLATE_NOOP("Actions", "&Analyse"),
        ("Ctrl+Return",),
        "analyse",
        "analysis/a",
        "clip",
    ),
    ActionSpec(
        "analyse_exam",
        QT_TRANSLATE_NOOP("Actions", "Analyse all &clips of the exam"),
        ("Ctrl+Shift+Return",),
        "",
        "analysis/a",
        "exam",
    ),
    ActionSpec(
        "cancel_analysis",
        QT_TRANSLATE_NOOP("Actions", "&Stop the analysis"),
        ("Esc",),
        "stop",
        "analysis/a",
        "analysis",
    ),
    ActionSpec(
        "choose_bundle",
        QT_TRANSLATE_NOOP("Actions", "Choose a &model ..."),
        (),
        "model",
        "analysis/b",
    ),
    *LABELLING_ACTIONS,
    *DRAWING_ACTIONS,
    *STUDY_ACTIONS,
    *RESULT_ACTIONS,
    ActionSpec(
        "help_keys",
        QT_TRANSLATE_NOOP("Actions", "&Keyboard"),
        ("?", "F1"),
        "keyboard",
        "help/a",
    ),
    ActionSpec(
        "open_logs",
        QT_TRANSLATE_NOOP("Actions", "Show the &log folder"),
        (),
        "",
        "help/b",
    ),
    ActionSpec(
        "about", QT_TRANSLATE_NOOP("Actions", "&About lusviewer"), (), "info", "help/c"
    ),
)
"""Every action, in the order of the menus."""

MENUS: Final = (
    ("file", QT_TRANSLATE_NOOP("Actions", "&File")),
    ("edit", QT_TRANSLATE_NOOP("Actions", "&Edit")),
    ("view", QT_TRANSLATE_NOOP("Actions", "&View")),
    ("cine", QT_TRANSLATE_NOOP("Actions", "&Cine")),
    ("analysis", QT_TRANSLATE_NOOP("Actions", "&Analysis")),
    ("label", QT_TRANSLATE_NOOP("Actions", "&Label")),
    ("study", QT_TRANSLATE_NOOP("Actions", "&Study")),
    ("help", QT_TRANSLATE_NOOP("Actions", "&Help")),
)


def translated(text: str) -> str:
    """Return ``text`` of the table in the language of the window."""
    return QCoreApplication.translate(_CONTEXT, text)


class Actions(QObject):
    """The table come to life: one ``QAction`` for each entry, by its name."""

    def __init__(self, parent: QObject, settings: Settings) -> None:
        super().__init__(parent)
        self._actions: dict[str, QAction] = {}
        for spec in ACTIONS:
            self._actions[spec.name] = self._made(spec, settings)

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def enable(self, present: frozenset[str]) -> None:
        """Allow what is possible while the things named ``present`` are there."""
        for spec in ACTIONS:
            if spec.needs:
                self._actions[spec.name].setEnabled(spec.needs in present)

    def follow(self, settings: Settings) -> None:
        """Take the keys that the person has chosen."""
        for spec in ACTIONS:
            self._give_keys(self._actions[spec.name], spec, settings)

    def _made(self, spec: ActionSpec, settings: Settings) -> QAction:
        action = QAction(translated(spec.text), self)
        action.setObjectName(spec.name)
        action.setCheckable(spec.checkable)
        if spec.icon:
            set_icon(action, spec.icon)
        self._give_keys(action, spec, settings)
        return action

    def _give_keys(self, action: QAction, spec: ActionSpec, settings: Settings) -> None:
        action.setShortcuts(keys_of(spec, settings))
        tip = translated(spec.tip) if spec.tip else plain(translated(spec.text))
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{tip} ({keys})" if keys else tip)


def keys_of(spec: ActionSpec, settings: Settings) -> list[QKeySequence]:
    """Return the keys of an action: the person's own, else the table's."""
    own = settings.text(f"keys/{spec.name}", "\0")
    keys = spec.keys if own == "\0" else tuple(own.split(" ")) if own else ()
    return [QKeySequence(key) for key in keys]


def plain(text: str) -> str:
    """Return the words of a menu entry without its marks."""
    return text.replace("&", "").removesuffix(" ...")
