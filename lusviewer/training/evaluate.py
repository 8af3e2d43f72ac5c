"""``lusviewer evaluate``: measure a bundle on labelled clips, as shipped."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lusviewer.errors import LusViewerError
from lusviewer.inference.bundle import open_bundle
from lusviewer.paths import default_bundle
from lusviewer.training.measure.collections import (
    measure_covid_blues,
    measure_phantom,
    measure_pocus,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Run ``lusviewer evaluate`` with the arguments after it; return the status."""
    options = _parser().parse_args(list(argv))
    try:
        bundle = open_bundle(options.model, device=options.device)
        if options.collection == "pocus":
            found = measure_pocus(bundle, options.folder, options.part)
        elif options.collection == "covid-blues":
            found = measure_covid_blues(bundle, options.folder)
        else:
            found = measure_phantom(bundle, options.scenes, options.seed)
    except LusViewerError as error:
        print(error, file=sys.stderr)
        return 1
    found = {
        "model": bundle.identity.name,
        "version": bundle.identity.version,
        "sha256": bundle.identity.sha256,
        **found,
    }
    _tell(found, options.json)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lusviewer evaluate",
        description="Measure a model bundle on labelled clips.",
    )
    kinds = parser.add_subparsers(dest="collection", required=True)
    pocus = kinds.add_parser("pocus", help="the POCUS collection")
    pocus.add_argument("folder", type=Path, help="the folder with labels.csv")
    parts = ("train", "validation", "test")
    pocus.add_argument("--part", choices=parts, default="test", help="of the split")
    blues = kinds.add_parser("covid-blues", help="the COVID-BLUeS collection")
    blues.add_argument("folder", type=Path, help="the folder with severity.csv")
    phantom = kinds.add_parser("phantom", help="simulated scenes not trained on")
    phantom.add_argument("--scenes", type=int, default=300, help="how many")
    phantom.add_argument("--seed", type=int, default=990001, help="of the scenes")
    for kind in (pocus, blues, phantom):
        kind.add_argument("--model", type=Path, default=default_bundle())
        kind.add_argument("--device", default="cpu")
        kind.add_argument("--json", type=Path, help="also write the figures here")
    return parser


def _tell(found: dict[str, Any], path: Path | None) -> None:
    text = json.dumps(found, indent=1)
    print(text)
    if path is not None:
        path.write_text(text + "\n", encoding="utf-8")
