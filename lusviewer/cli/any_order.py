"""A parser that does not mind where the options stand; standard library only."""

from __future__ import annotations

import argparse
from typing import Any


class AnyOrderParser(argparse.ArgumentParser):
    """Takes options before, between and behind the clips and answers of a call.

    ``label 7 --library study severity=2`` is what people write; argparse alone takes
    the first run of words for all there are. Subcommands are parsers of this kind, too.
    """

    _parting = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401 - as argparse has it
        """Parse the options first and what is left then, where there are no actions."""
        if self._parting or self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        # It calls this method twice: once for options, once for the rest.
        self._parting = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._parting = False
