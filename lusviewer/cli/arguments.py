"""What can be asked for on the command line; standard library only."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lusviewer import __version__
from lusviewer.cli.any_order import AnyOrderParser
from lusviewer.cli.experts_arguments import add_experts
from lusviewer.cli.library_arguments import add_library
from lusviewer.cli.queue_arguments import add_queue
from lusviewer.cli.shared_arguments import add_clips, add_json, add_model, add_quiet

if TYPE_CHECKING:
    from collections.abc import Callable

FORMATS: Final = ("json", "csv", "npz", "mp4")
"""What ``analyse`` can write."""

_WINDOW: Final = """\
without a command, the window opens:
  lusviewer [PATH ...]              with these clips, folders or DICOMDIRs
  lusviewer --screenshot PNG PATH   and closes again once its picture is taken

Research use only. Not a medical device.
"""


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = AnyOrderParser(
        prog="lusviewer",
        description="A viewer for point-of-care lung ultrasound that explains what "
        "its models see.",
        epilog=_WINDOW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action="version", version=f"lusviewer {__version__}"
    )
    parser.set_defaults(module=None)
    parser.add_argument(
        "--selftest",
        dest="module",
        action="store_const",
        const="selftest",
        help="run the models that ship on the sample and compare with what is stored",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, (words, add) in _COMMANDS.items():
        command = commands.add_parser(name, help=words, description=words)
        command.set_defaults(module=name)
        add(command)
    return parser


def _add_analyse(parser: argparse.ArgumentParser) -> None:
    add_clips(parser)
    parser.add_argument(
        "--out", metavar="DIR", type=Path, required=True, help="where results go"
    )
    add_model(parser)
    parser.add_argument(
        "--formats",
        type=_formats,
        default=("json", "csv"),
        metavar="LIST",
        help=f"any of {','.join(FORMATS)}; json,csv where not said",
    )
    parser.add_argument(
        "--threads",
        type=_positive,
        default=1,
        metavar="N",
        help="threads of each inference worker; 1 where not said",
    )
    add_quiet(parser)


def _add_info(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", type=Path, help="a clip or a folder")
    add_json(parser)


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    add_json(parser)


def _add_nothing(_parser: argparse.ArgumentParser) -> None:
    """Training commands read their own arguments."""


def _formats(text: str) -> tuple[str, ...]:
    asked = tuple(
        dict.fromkeys(part.strip() for part in text.split(",") if part.strip())
    )
    if unknown := [name for name in asked if name not in FORMATS]:
        msg = f"no format {', '.join(unknown)}; there are {', '.join(FORMATS)}"
        raise argparse.ArgumentTypeError(msg)
    if not asked:
        msg = f"name at least one of {', '.join(FORMATS)}"
        raise argparse.ArgumentTypeError(msg)
    return asked


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        msg = f"{text!r} is not a whole number above 0"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


_COMMANDS: Final[dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]]] = {
    "analyse": ("analyse clips, folders or a DICOMDIR without a window", _add_analyse),
    "info": ("say what a file is: frames, times, regions, beam", _add_info),
    "experts": ("promote your own experts, compare them, go back", add_experts),
    "library": ("keep a study's clips, labels and drawn lines", add_library),
    "queue": ("say which clips of a library to label next", add_queue),
    "models": ("list the model bundles and experts found", add_json),
    "doctor": ("check that everything needed here works", _add_doctor),
    "evaluate": ("measure a model bundle on labelled clips", _add_nothing),
    "train": ("train by a recipe", _add_nothing),
}

COMMANDS: Final = frozenset(_COMMANDS)
"""The first words that ask for the command line rather than for the window."""

TRAINING: Final = ("evaluate", "train")
"""The commands that need the extra ``training`` and read their own arguments."""
