"""What can be asked of ``lusviewer experts``; standard library only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from lusviewer.cli.shared_arguments import (
    Actions,
    add_actions,
    add_bundle,
    add_json,
    add_library_folder,
    add_store,
)

if TYPE_CHECKING:
    import argparse


def add_experts(parser: argparse.ArgumentParser) -> None:
    """Add the actions on experts and what each takes."""
    add_actions(parser, _ACTIONS, add_bundle, add_store)


def _add_list(parser: argparse.ArgumentParser) -> None:
    words = "also what was trained on that library and is not in use"
    add_library_folder(parser, words)
    add_json(parser)


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("expert", metavar="EXPERT", help="a name in use, or a folder")
    parser.add_argument("other", metavar="OTHER", help="the one to compare it with")
    add_library_folder(parser, words=None)
    parser.add_argument("--rater", metavar="NAME", help="only that person's labels")
    add_json(parser)


def _add_promote(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "expert", metavar="FOLDER", type=Path, help="made by 'lusviewer train expert'"
    )
    parser.add_argument("--name", help="the one whose place it takes; its own if not")
    _add_refresh(parser)


def _add_rollback(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="as 'experts list' shows it")
    _add_refresh(parser)


def _add_refresh(parser: argparse.ArgumentParser) -> None:
    words = "whose clips are judged anew; in the user's data folder by default"
    add_library_folder(parser, words)
    parser.add_argument(
        "--no-refresh", action="store_true", help="leave the library's predictions"
    )


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("expert", metavar="EXPERT", help="a name in use, or a folder")
    parser.add_argument("file", metavar="FILE.zip", type=Path)


def _add_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE.zip", type=Path)
    parser.add_argument(
        "--out", metavar="FOLDER", type=Path, help="a new folder; beside the library's"
    )
    parser.add_argument("--promote", action="store_true", help="put it in use, too")
    parser.add_argument("--name", help="with --promote: the one whose place it takes")
    _add_refresh(parser)


_ACTIONS: Final[Actions] = {
    "list": ("list the experts in use and what else was trained", _add_list),
    "compare": ("two experts side by side on a library's patients", _add_compare),
    "promote": ("put an expert in use, keeping the one it replaces", _add_promote),
    "rollback": ("put the version before in use again", _add_rollback),
    "export": ("write an expert to one file, to hand it on", _add_export),
    "import": ("read an expert from such a file", _add_import),
}
