"""What can be done with the study library, for the table of actions."""

from __future__ import annotations

from typing import Final

from lusviewer.gui.action_spec import ActionSpec
from lusviewer.gui.translation import QT_TRANSLATE_NOOP

STUDY_ACTIONS: Final[tuple[ActionSpec, ...]] = (
    ActionSpec(
        "study_find",
        QT_TRANSLATE_NOOP("Actions", "&Find in the library"),
        ("Ctrl+F",),
        "",
        "study/a",
    ),
    ActionSpec(
        "study_add_files",
        QT_TRANSLATE_NOOP("Actions", "Add &clips ..."),
        (),
        "open",
        "study/b",
    ),
    ActionSpec(
        "study_add_folder",
        QT_TRANSLATE_NOOP("Actions", "Add a f&older of clips ..."),
        (),
        "folder",
        "study/b",
    ),
    ActionSpec(
        "study_collection",
        QT_TRANSLATE_NOOP("Actions", "&Import a collection ..."),
        (),
        "",
        "study/b",
        "",
        tip=QT_TRANSLATE_NOOP("Actions", "The folder of POCUS or of COVID-BLUeS"),
    ),
    ActionSpec(
        "study_import_labels",
        QT_TRANSLATE_NOOP("Actions", "Import &labels (CSV) ..."),
        (),
        "",
        "study/b",
    ),
    ActionSpec(
        "study_import_lines",
        QT_TRANSLATE_NOOP("Actions", "Import li&nes (JSON) ..."),
        (),
        "",
        "study/b",
        "library",
        tip=QT_TRANSLATE_NOOP("Actions", "Lines drawn in SlicerUltrasound or OHIF"),
    ),
    ActionSpec(
        "study_export_labels",
        QT_TRANSLATE_NOOP("Actions", "&Export labels (CSV) ..."),
        (),
        "export",
        "study/c",
        "library",
    ),
    ActionSpec(
        "study_export_corrections",
        QT_TRANSLATE_NOOP("Actions", "Export corrected &biomarkers (CSV) ..."),
        (),
        "",
        "study/c",
        "library",
    ),
    ActionSpec(
        "study_export_slicer",
        QT_TRANSLATE_NOOP("Actions", "Export lines for &SlicerUltrasound ..."),
        (),
        "",
        "study/c",
        "library",
    ),
    ActionSpec(
        "study_export_ohif",
        QT_TRANSLATE_NOOP("Actions", "Export lines for O&HIF ..."),
        (),
        "",
        "study/c",
        "library",
    ),
    ActionSpec(
        "study_analyse",
        QT_TRANSLATE_NOOP("Actions", "&Analyse the whole library"),
        (),
        "analyse",
        "study/d",
        "library",
    ),
    ActionSpec(
        "study_relocate",
        QT_TRANSLATE_NOOP("Actions", "Find &moved clips ..."),
        (),
        "",
        "study/e",
        "library",
    ),
    ActionSpec(
        "study_verify",
        QT_TRANSLATE_NOOP("Actions", "Chec&k the library"),
        (),
        "check",
        "study/e",
        "library",
    ),
    ActionSpec(
        "study_choose",
        QT_TRANSLATE_NOOP("Actions", "Choose another lib&rary ..."),
        (),
        "",
        "study/f",
    ),
)
"""Their place in the menus is 'study'."""
