"""The way in: the window, or a command where the first word names one."""

from __future__ import annotations

import os
import sys
from multiprocessing import freeze_support
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run what ``argv``, without the program's name, asks for; return the status.

    Neither the window nor a command is imported before it is known which it is.
    """
    freeze_support()
    arguments = sys.argv[1:] if argv is None else list(argv)
    _multiply_in_one_thread(arguments)
    if is_command(arguments):
        from lusviewer import cli  # noqa: PLC0415 - the window need not load it

        return cli.main(arguments)
    if sys.platform == "win32":
        # Qt brings older C++ libraries, which the runtime must not meet first.
        from lusviewer.inference import session  # noqa: PLC0415

        session.version()
    from lusviewer.gui import app  # noqa: PLC0415 - commands run without Qt

    return app.main(arguments)


def _multiply_in_one_thread(arguments: Sequence[str]) -> None:
    """Have numpy's products use one thread, but in a training, which says how many.

    Those of the queue are small: more threads wait for each other longer than they
    work. Whoever set a number of threads keeps it.
    """
    from lusviewer.cli.arguments import TRAINING  # noqa: PLC0415

    # It is looked at once, when numpy is loaded.
    if not arguments or arguments[0] not in TRAINING:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def is_command(arguments: Sequence[str]) -> bool:
    """Return whether ``arguments`` are for the command line, not for the window."""
    # After freeze_support, and never Qt with it.
    from lusviewer.cli.arguments import COMMANDS, TRAINING  # noqa: PLC0415

    options = ("--version", "--help", "-h", "--selftest")
    return bool(arguments) and arguments[0] in (*COMMANDS, *TRAINING, *options)


if __name__ == "__main__":
    sys.exit(main())
