"""What can be asked of ``lusviewer queue``; standard library only."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_queue(parser: argparse.ArgumentParser) -> None:
    """Add the queue's options and its action ``confirm``."""
    parser.set_defaults(library=None)
    _add_library(parser)
    parser.add_argument(
        "--task",
        action="append",
        default=[],
        help="ask for this task, several times for several; where not said those with "
        "labels, or else the findings",
    )
    parser.add_argument("--count", type=_number, default=10, metavar="N")
    parser.add_argument("--json", action="store_true", help="for a program to read")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action")
    words = "keep a clip's proposals as labels of yours"
    action = actions.add_parser("confirm", help=words, description=words)
    action.add_argument("clip", metavar="CLIP", help="its number, path, name or hash")
    action.add_argument(
        "answers",
        metavar="TASK=VALUE",
        nargs="*",
        help="as proposed; all of the clip's proposals where none is named",
    )
    action.add_argument(
        "--rater", metavar="NAME", help="who does this; the name of the account if not"
    )
    _add_library(action)


def _add_library(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--library",
        metavar="FOLDER",
        type=Path,
        default=argparse.SUPPRESS,
        help="the library's folder; in the user's data folder by default",
    )


def _number(text: str) -> int:
    if not text.isdecimal():
        msg = f"{text!r} is not a whole number"
        raise argparse.ArgumentTypeError(msg)
    return int(text)
