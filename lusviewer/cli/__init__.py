"""The command line: the researcher's door to the same core as the window's.

Only the standard library is imported before the arguments are understood; each
command's module is loaded when it is asked for.
"""

from __future__ import annotations

import io
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

from lusviewer.cancel import Cancelled
from lusviewer.cli.arguments import COMMANDS, TRAINING, make_parser
from lusviewer.errors import LusViewerError, ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

SOME_FAILED: Final = 1
WRONG_CALL: Final = 2
INTERRUPTED: Final = 130

__all__ = ["COMMANDS", "main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command in ``argv``, without the program's name; return the status.

    0 where all went well, 1 where something did not, 2 for a wrong call, 130 where
    it was interrupted. Raises ``SystemExit`` as argparse does.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    _print_any_name()
    try:
        return _run(argv)
    except LusViewerError as error:
        print(f"lusviewer: {error.message}", file=sys.stderr)
        if error.hint:
            print(error.hint, file=sys.stderr)
        # Each clip's own errors are caught with it: what is left was asked for wrongly.
        return WRONG_CALL if isinstance(error, ModelError) else SOME_FAILED
    except (Cancelled, KeyboardInterrupt):
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone: nothing is left to say.
        sys.stderr.close()
        return SOME_FAILED


def _run(argv: list[str]) -> int:
    if argv and argv[0] in TRAINING:
        # Their options are the recipes' own: what follows is handed on unread.
        training = import_module("lusviewer.cli.training")
        return int(training.run(argv[0], argv[1:]))
    parser = make_parser()
    arguments = parser.parse_args(argv)
    if arguments.module is None:
        parser.error("no command was given")
    return int(import_module(f"lusviewer.cli.{arguments.module}").run(arguments))


def _print_any_name() -> None:
    """Let file names be printed that the terminal's encoding cannot hold."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")
