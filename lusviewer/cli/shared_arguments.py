"""Arguments that several commands take; standard library only."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

Adding = Callable[[argparse.ArgumentParser], None]
Actions = dict[str, tuple[str, Adding]]
"""By name what an action does, in words, and what adds its arguments."""


def add_actions(
    parser: argparse.ArgumentParser, actions: Actions, *shared: Adding
) -> None:
    """Add ``actions``: what all of them take is added by ``shared``, then its own."""
    choice = parser.add_subparsers(
        title="actions", metavar="ACTION", dest="action", required=True
    )
    for name, (words, add) in actions.items():
        action = choice.add_parser(name, help=words, description=words)
        for adding in (*shared, add):
            adding(action)


def add_clips(parser: argparse.ArgumentParser) -> None:
    """Add the clips, folders or DICOMDIRs that a command works on."""
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="+",
        type=Path,
        help="a clip, a folder of clips (nested ones too) or a DICOMDIR",
    )


def add_bundle(
    parser: argparse.ArgumentParser, words: str = "the model bundle; lus-lite"
) -> None:
    """Add which model bundle is meant."""
    parser.add_argument("--model", metavar="DIR", type=Path, help=words)


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add which model bundle is used, and where it runs."""
    add_bundle(parser, "the model bundle; lus-lite by default")
    parser.add_argument(
        "--device",
        default="auto",
        help="auto, cpu, cuda, openvino, coreml or directml; auto where not said",
    )


def add_store(parser: argparse.ArgumentParser) -> None:
    """Add where one's own experts lie."""
    parser.add_argument(
        "--store",
        metavar="DIR",
        type=Path,
        help="the folder of your own experts; in the user's data folder by default",
    )


def add_library_folder(
    parser: argparse.ArgumentParser,
    words: str | None = "the library's folder; in the user's data folder by default",
    default: str | None = None,
) -> None:
    """Add which library is meant."""
    parser.add_argument(
        "--library", metavar="FOLDER", type=Path, default=default, help=words
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the choice of JSON."""
    parser.add_argument("--json", action="store_true", help="for a program to read")


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """Add the choice of silence."""
    parser.add_argument("--quiet", action="store_true", help="say only what went wrong")


def add_rater(parser: argparse.ArgumentParser) -> None:
    """Add who says what is kept."""
    parser.add_argument(
        "--rater", metavar="NAME", help="who does this; the name of the account if not"
    )


def whole_number(text: str) -> int:
    """Return ``text`` as a whole number of 0 or more, as argparse wants it."""
    if not text.isdecimal():
        msg = f"{text!r} is not a whole number"
        raise argparse.ArgumentTypeError(msg)
    return int(text)
