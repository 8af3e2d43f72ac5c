"""The options that both trainings on a library share: which labels, of which clips."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from lusviewer.training.local.chosen import read_only

if TYPE_CHECKING:
    from lusviewer.training.local.chosen import Only


def add_labels(parser: argparse.ArgumentParser, cut: str = "A,B") -> None:
    """Add how a task's labels are asked, whose count, and how certain they must be."""
    parser.add_argument(
        "--cut",
        type=numbers,
        default=(),
        metavar=cut,
        help="part numbers into classes there",
    )
    parser.add_argument("--has", metavar="LABEL", help="whether a set holds it")
    parser.add_argument("--rater", metavar="NAME", help="only that person's labels")
    parser.add_argument(
        "--certainty", type=float, default=0.5, metavar="0-1", help="least; 0.5"
    )


def add_only(parser: argparse.ArgumentParser) -> None:
    """Add which clips may take part."""
    parser.add_argument(
        "--clips",
        metavar="LIST",
        help="only these: 1,4,7-12, or a file with a number or path a line, or - for "
        "numbers on the first line of standard input",
    )
    parser.add_argument("--patients", metavar="A,B", help="only clips of these")
    parser.add_argument("--zones", metavar="8:R2,...", help="only clips of these zones")


def only_of(options: argparse.Namespace) -> Only:
    """Return which clips the options leave in."""
    return read_only(options.clips, options.patients, options.zones)


def numbers(text: str) -> tuple[float, ...]:
    """Return ``275,430`` as numbers, as argparse wants it."""
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        msg = f"{text!r} are no numbers"
        raise argparse.ArgumentTypeError(msg) from None
