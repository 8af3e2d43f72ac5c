"""``lusviewer evaluate``: measure a bundle as shipped, and write what was measured."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lusviewer.errors import LusViewerError
from lusviewer.inference.bundle import open_bundle
from lusviewer.paths import default_bundle, install_root
from lusviewer.training.measure.lines import drawn_labels
from lusviewer.training.measure.report import write_report
from lusviewer.training.measure.session import (
    MEASUREMENTS,
    NOT_OF_THE_BUNDLE,
    Session,
    as_text,
    write_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_PARTS: Final = ("train", "validation", "test")
_ABOUT: Final = {
    "pocus": "clips of the POCUS collection",
    "lines": "lines drawn on frames of the POCUS collection",
    "diagnosis": "diagnosis on POCUS, by patient and by frame",
    "covid-blues": "clips of COVID-BLUeS, an outside hospital",
    "baselines": "simpler systems on the same clips",
    "phantom": "simulated scenes not trained on",
    "domain": "how often clips of lung, and of anything else, are not assessable",
    "all": "everything, kept in docs/results, and write the report",
    "report": "write the report of what docs/results holds",
}
_NEEDED: Final = {
    "pocus": ("pocus",),
    "lines": ("pocus",),
    "diagnosis": ("pocus",),
    "covid-blues": ("covid_blues",),
    "baselines": ("pocus", "covid_blues"),
    "phantom": (),
    "domain": ("dicom", "pocus", "covid_blues"),
    "all": ("pocus", "covid_blues"),
}
"""The collections each measurement is made on."""

_REPORTING: Final = ("all", "report")


def main(argv: Sequence[str]) -> int:
    """Run ``lusviewer evaluate`` with the arguments after it; return the status."""
    options = _parser().parse_args(list(argv))
    try:
        if options.measurement in _NEEDED:
            _measure(options)
        if options.measurement in _REPORTING:
            write_report(options.docs)
            print(options.docs / "evaluation.md", file=sys.stderr)
    except LusViewerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _measure(options: argparse.Namespace) -> None:
    """Measure what is asked for; ``all`` is kept as results, one is told."""
    session = Session(open_bundle(options.model, device=options.device), options)
    if options.measurement == "all":
        for name in MEASUREMENTS:
            path = options.docs / "results" / f"{name}.json"
            if name in NOT_OF_THE_BUNDLE and path.is_file() and not options.fresh:
                print(f"{name}: kept as it is, see --fresh", file=sys.stderr)
                continue
            write_text(path, as_text(session.run(name)))
        return
    text = as_text(session.run(options.measurement))
    print(text, end="")
    if options.json is not None:
        write_text(options.json, text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lusviewer evaluate",
        description="Measure a model bundle on labelled clips.",
    )
    kinds = parser.add_subparsers(dest="measurement", required=True)
    docs = install_root() / "docs"
    for name, words in _ABOUT.items():
        kind = kinds.add_parser(name, help=words)
        kind.add_argument("--docs", type=Path, default=docs, help="of the report")
        if name in _NEEDED:
            _add_collections(kind, name)
            _add_places(kind)
    return parser


def _add_collections(kind: argparse.ArgumentParser, name: str) -> None:
    """Take one folder by its place, two by their names."""
    needed = _NEEDED[name]
    for key in needed:
        if len(needed) == 1:
            kind.add_argument(key, type=Path, metavar="FOLDER", help="the collection")
        else:
            option = f"--{key.replace('_', '-')}"
            kind.add_argument(option, type=Path, required=True, metavar="FOLDER")
    if name == "all":
        words = "measure again what does not depend on the bundle"
        kind.add_argument("--fresh", action="store_true", help=words)
    kind.add_argument("--part", choices=_PARTS, default="test", help="of the split")
    kind.add_argument("--scenes", type=int, default=500, help="simulated, how many")
    kind.add_argument("--seed", type=int, default=990001, help="of simulated scenes")
    kind.add_argument("--labels", type=Path, default=drawn_labels(), help="drawn lines")


def _add_places(kind: argparse.ArgumentParser) -> None:
    root = install_root()
    kind.add_argument("--model", type=Path, default=default_bundle())
    kind.add_argument("--device", default="cpu")
    work = root / "runs" / "evaluation"
    kind.add_argument("--work", type=Path, default=work, help="for what is kept")
    kind.add_argument("--json", type=Path, help="also write the figures here")
