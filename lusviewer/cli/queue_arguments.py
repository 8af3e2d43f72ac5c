"""What can be asked of ``lusviewer queue``; standard library only."""

from __future__ import annotations

import argparse

from lusviewer.cli.shared_arguments import (
    add_json,
    add_library_folder,
    add_rater,
    whole_number,
)


def add_queue(parser: argparse.ArgumentParser) -> None:
    """Add the queue's options and its action ``confirm``."""
    parser.set_defaults(library=None)
    add_library_folder(parser, default=argparse.SUPPRESS)
    parser.add_argument(
        "--task",
        action="append",
        default=[],
        help="ask for this task, several times for several; where not said those with "
        "labels, or else the findings",
    )
    parser.add_argument("--count", type=whole_number, default=10, metavar="N")
    add_json(parser)
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
    add_rater(action)
    add_library_folder(action, default=argparse.SUPPRESS)
