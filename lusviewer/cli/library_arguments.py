"""What can be asked of ``lusviewer library``; standard library only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from lusviewer.cli.shared_arguments import (
    Actions,
    add_actions,
    add_bundle,
    add_clips,
    add_json,
    add_library_folder,
    add_model,
    add_quiet,
    add_rater,
    add_store,
    whole_number,
)

if TYPE_CHECKING:
    import argparse

LINE_FORMATS: Final = ("slicer", "ohif")


def add_library(parser: argparse.ArgumentParser) -> None:
    """Add the library's actions and what each takes."""
    add_actions(parser, _ACTIONS, add_library_folder)


def _add_add(parser: argparse.ArgumentParser) -> None:
    add_clips(parser)
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument(
        "--patient",
        metavar="PSEUDONYM",
        help="whose clips they are; one new pseudonym a PATH where not said",
    )
    whose.add_argument(
        "--by-folder", action="store_true", help="one new pseudonym a folder of clips"
    )
    parser.add_argument("--exam", default="", metavar="NAME", help="1 where not said")
    parser.add_argument(
        "--analyse", action="store_true", help="then analyse what was not yet"
    )
    add_model(parser)
    parser.add_argument("--threads", type=whole_number, default=1, metavar="N")
    add_rater(parser)
    add_quiet(parser)


def _add_analyse(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument("--threads", type=whole_number, default=1, metavar="N")
    parser.add_argument(
        "--again", action="store_true", help="those the model has seen before, too"
    )
    add_quiet(parser)


def _add_predict(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    add_store(parser)
    add_rater(parser)
    add_json(parser)
    add_quiet(parser)


def _add_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--patient", metavar="PSEUDONYM")
    parser.add_argument("--zone", metavar="SCHEME:ZONE", help="as 8:R1 or BLUE:L3")
    parser.add_argument("--exam", metavar="NAME")
    parser.add_argument("--name", metavar="TEXT", help="files with TEXT in their name")
    parser.add_argument("--labelled", metavar="TASK")
    parser.add_argument("--unlabelled", metavar="TASK")
    parser.add_argument(
        "--value", metavar="VALUE", help="with --labelled: what the label says"
    )
    parser.add_argument(
        "--rater",
        metavar="NAME",
        help="for --labelled and --unlabelled: by that person",
    )
    parser.add_argument(
        "--differing",
        action="store_true",
        help="of which an expert in use says something else than the newest label",
    )
    parser.add_argument(
        "--unanalysed", action="store_true", help="which no model has looked at"
    )
    parser.add_argument(
        "--missing", action="store_true", help="whose file is known to be gone"
    )
    parser.add_argument(
        "--predictions", action="store_true", help="what the experts in use say, too"
    )
    parser.add_argument("--start", type=whole_number, default=0, metavar="N")
    parser.add_argument(
        "--limit", type=whole_number, metavar="N", help="100; with --json all"
    )
    parser.add_argument(
        "--tasks", action="store_true", help="list the tasks and what they take instead"
    )
    add_json(parser)


def _add_label(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clip", metavar="CLIP", help="its number, path, name or hash")
    parser.add_argument(
        "labels",
        metavar="TASK=VALUE",
        nargs="*",
        help="as finding.b_lines=yes, severity=2, s_f=300; TASK= takes it back",
    )
    parser.add_argument("--not-assessable", action="append", default=[], metavar="TASK")
    parser.add_argument("--certainty", type=float, default=1.0, metavar="0-1")
    parser.add_argument("--spo2", type=float, metavar="PERCENT", help="gives s_f")
    parser.add_argument("--fio2", type=float, metavar="FRACTION")
    parser.add_argument("--oxygen", type=float, metavar="LITRES_A_MINUTE")
    parser.add_argument("--zone", metavar="SCHEME:ZONE", help="as 8:R1 or BLUE:L3")
    parser.add_argument("--patient", metavar="PSEUDONYM", help="move it to a patient")
    parser.add_argument("--note", default="", metavar="TEXT")
    add_rater(parser)


def _add_task(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", metavar="TASK", help="small letters, digits and _")
    takes = parser.add_mutually_exclusive_group(required=True)
    takes.add_argument("--classes", metavar="A,B,...", help="one of these")
    takes.add_argument("--set", metavar="A,B,...", help="any of these, joined by +")
    takes.add_argument(
        "--number", nargs=2, type=float, metavar=("LOWEST", "HIGHEST"), help="between"
    )
    parser.add_argument("--words", default="", help="what it is called on screen")
    add_rater(parser)


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target", metavar="PATH", type=Path, help="a CSV, or with --lines a folder"
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--lines", choices=LINE_FORMATS, help="drawn lines in that program's JSON"
    )
    instead.add_argument(
        "--corrections",
        action="store_true",
        help="corrected biomarkers as CSV, with what the model had said",
    )
    parser.add_argument("--rater", metavar="NAME", help="only that person's")


def _add_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        type=Path,
        help="CSV of labels, JSON of lines by SlicerUltrasound or OHIF, or the folder "
        "of POCUS or COVID-BLUeS",
    )
    parser.add_argument("--clip", metavar="CLIP", help="whose lines the JSON has")
    add_rater(parser)
    add_quiet(parser)


def _add_relocate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    add_rater(parser)
    add_quiet(parser)


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--files", action="store_true", help="look whether the clips are there too"
    )
    add_json(parser)


def _add_agreement(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--raters",
        metavar="A,B",
        required=True,
        help="two raters; 'model' is the model that looked at the clips last",
    )
    add_bundle(parser, "whose thresholds; lus-lite's")
    add_json(parser)


_ACTIONS: Final[Actions] = {
    "add": ("add clips, folders of clips or a DICOMDIR", _add_add),
    "analyse": ("have a model look at the clips it has not seen", _add_analyse),
    "predict": ("have the experts in use judge analysed clips anew", _add_predict),
    "list": ("list clips and what is said of them", _add_list),
    "label": ("say something of a clip", _add_label),
    "task": ("define a task of one's own", _add_task),
    "export": ("write labels or corrections as CSV, or lines as JSON", _add_export),
    "import": ("read labels from CSV, lines from JSON, or a collection", _add_import),
    "agreement": ("say how far two raters agree", _add_agreement),
    "relocate": ("find clips again whose files were moved", _add_relocate),
    "verify": ("check the file, the audit log and the labels against it", _add_verify),
}
