"""What the drawn lines of each clip say of a bundle: which clips make its figures.

``python -m lusviewer.training.measure.line_clips FOLDER``: see ``docs/failures.md``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.errors import LusViewerError
from lusviewer.geometry import grid_mask
from lusviewer.inference.bundle import open_bundle
from lusviewer.inference.frames import OUTSIDE, run_grid
from lusviewer.paths import default_bundle, install_root
from lusviewer.training.lines.labels import UNKNOWN
from lusviewer.training.measure.frame_lines import (
    origin_score,
    pleura_score,
    presence_scores,
)
from lusviewer.training.measure.lines import drawn_labels
from lusviewer.training.measure.looks import record_look
from lusviewer.training.measure.true_lines import true_frames

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from lusviewer.inference.bundle import ModelBundle
    from lusviewer.training.measure.true_lines import TrueFrame

    Labels = NDArray[np.uint8]
    Row = dict[str, Any]

_COLUMNS = "clip frames distance_percent share_percent drawn found matched areas"


def clip_rows(truth: Sequence[TrueFrame], predicted: Iterable[Labels]) -> list[Row]:
    """Return a row a clip, the one with most of the pleura's distance first.

    ``distance_percent`` is the mean distance of the pleura in % of the beam's height,
    ``share_percent`` the clip's share of the sum over all; ``drawn``, ``found`` and
    ``matched`` count B-lines; ``areas`` are their shares of each frame's lung in %,
    where anything is known.
    """
    frames: dict[str, list[tuple[TrueFrame, Labels]]] = {}
    for true, said in zip(truth, predicted, strict=True):
        frames.setdefault(true.clip, []).append((true, said))
    rows = [_row(clip, pairs) for clip, pairs in frames.items()]
    total = sum(row["distance"] for row in rows)
    for row in rows:
        row["share_percent"] = round(100 * row["distance"] / total, 1) if total else 0.0
    return sorted(rows, key=lambda row: -row["distance"])


def _row(clip: str, pairs: Sequence[tuple[TrueFrame, Labels]]) -> Row:
    pleura = [pleura_score(said, true.labels, true.geometry) for true, said in pairs]
    origins = [origin_score(said, true) for true, said in pairs]
    areas = [_area(true, said) for true, said in pairs]
    distance = sum(one.distance for one in pleura)
    shared = sum(one.shared for one in pleura)
    return {
        "clip": clip,
        "frames": len(pairs),
        "distance": distance,
        "distance_percent": round(100 * distance / shared, 2) if shared else None,
        "drawn": sum(one.drawn for one in origins),
        "found": sum(one.everywhere for one in origins),
        "matched": sum(one.matched for one in origins),
        "areas": [round(100 * area, 1) for area in areas],
    }


def _area(true: TrueFrame, said: Labels) -> float:
    known = true.labels != UNKNOWN
    return presence_scores(said, true.geometry, known=known)[1]


def class_maps(bundle: ModelBundle, truth: Sequence[TrueFrame]) -> list[Labels]:
    """Return the class map ``(224, 224)`` of each frame, 'outside' around the beam."""
    maps = []
    for true in truth:
        labels = run_grid(bundle, true.image, CancelToken())["labels"][0]
        inside = grid_mask(true.geometry)
        maps.append(np.where(inside, labels, OUTSIDE).astype(np.uint8))
    return maps


def main(argv: Sequence[str]) -> int:
    """Write a line a clip; return the exit status. The test part is a look."""
    options = _parser().parse_args(list(argv))
    try:
        bundle = open_bundle(options.model)
        if options.part == "test":
            looks = options.docs / "results" / "looks.json"
            record_look(looks, "line test", "failure analysis", bundle.identity)
        truth = true_frames(
            drawn_labels(), options.pocus, options.part, options.work, CancelToken()
        )
        rows = clip_rows(truth, class_maps(bundle, truth))
    except LusViewerError as error:
        print(error, file=sys.stderr)
        return 1
    print(_COLUMNS.replace(" ", "\t"))
    for row in rows:
        print("\t".join(str(row[key]) for key in _COLUMNS.split()))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="line_clips", description=__doc__)
    root = install_root()
    parser.add_argument("pocus", type=Path, metavar="FOLDER", help="of POCUS")
    parser.add_argument("--part", choices=("validation", "test"), default="validation")
    parser.add_argument("--model", type=Path, default=default_bundle())
    parser.add_argument("--docs", type=Path, default=root / "docs")
    parser.add_argument("--work", type=Path, default=root / "runs" / "evaluation")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
