"""What an adaptation did to the masks: a model before and after, on drawn lines.

``python -m lusviewer.training.measure.line_changes FOLDER MODEL ...``: see
``docs/local-learning.md``.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.errors import LusViewerError
from lusviewer.files import written
from lusviewer.findings import CLASSES
from lusviewer.geometry import grid_mask
from lusviewer.inference.bundle import open_bundle
from lusviewer.paths import default_bundle, install_root
from lusviewer.training.measure.figures import figure
from lusviewer.training.measure.frame_lines import (
    origin_score,
    overlaps,
    pleura_score,
)
from lusviewer.training.measure.line_clips import class_maps
from lusviewer.training.measure.lines import drawn_labels
from lusviewer.training.measure.looks import record_look
from lusviewer.training.measure.true_lines import true_frames

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from lusviewer.inference.bundle import ModelBundle
    from lusviewer.training.measure.true_lines import TrueFrame

    Labels = NDArray[np.uint8]
    Array = NDArray[np.float64]
    Shares = Mapping[str, tuple[Array, Array]]

LOOK: Final = "masks before and after adaptations"


def changes(
    truth: Sequence[TrueFrame], before: Sequence[Labels], after: Sequence[Labels]
) -> dict[str, Any]:
    """Return each figure of the maps ``before`` and ``after``, and the difference.

    Intervals are over patients; that of the difference takes both on the same ones.
    """
    patients = [true.patient for true in truth]
    old, new = _shares(truth, before), _shares(truth, after)
    found = {name: _change(old[name], new[name], patients) for name in old}
    same = []
    for true, one, other in zip(truth, before, after, strict=True):
        beam = grid_mask(true.geometry)
        same.append(float(np.mean(one[beam] == other[beam])))
    kept = round(float(np.mean(same)), 4)
    return {"pixels_of_the_same_class_in_the_beam": kept, "figures": found}


def _shares(truth: Sequence[TrueFrame], said: Sequence[Labels]) -> Shares:
    """Return each figure's two parts, a number a frame: their sums' quotient is it."""
    pairs = list(zip(said, truth, strict=True))
    both = [overlaps(labels, true.labels) for labels, true in pairs]
    shared, areas = (np.stack([one[i] for one in both]) for i in (0, 1))
    pleura = [pleura_score(labels, t.labels, t.geometry) for labels, t in pairs]
    origins = [origin_score(labels, true) for labels, true in pairs]
    found = {
        f"dice_{name}": (shared[:, i], areas[:, i]) for i, name in enumerate(CLASSES)
    }
    found |= {
        "pleura_columns_recall": _parts(pleura, "hits", "drawn"),
        "pleura_columns_precision": _parts(pleura, "hits", "found"),
        "pleura_distance_percent": _parts(pleura, "distance", "shared", 100),
        "b_line_origin_recall": _parts(origins, "matched", "drawn"),
        "b_line_origin_precision": _parts(origins, "matched", "found"),
    }
    return found


def _parts(
    scores: Sequence[Any], top: str, bottom: str, scale: float = 1.0
) -> tuple[Array, Array]:
    tops = [scale * getattr(one, top) for one in scores]
    bottoms = [getattr(one, bottom) for one in scores]
    return np.array(tops, np.float64), np.array(bottoms, np.float64)


def _change(
    old: tuple[Array, Array], new: tuple[Array, Array], patients: Sequence[str]
) -> dict[str, Any]:
    return {
        "before": figure(lambda rows: _quotient(old, rows), patients),
        "after": figure(lambda rows: _quotient(new, rows), patients),
        "difference": figure(
            lambda rows: _quotient(new, rows) - _quotient(old, rows), patients
        ),
    }


def _quotient(parts: tuple[Array, Array], rows: NDArray[np.intp]) -> float:
    total = float(parts[1][rows].sum())
    return float(parts[0][rows].sum()) / total if total else float("nan")


def measured(
    base: ModelBundle,
    adapted: Sequence[ModelBundle],
    truth: Sequence[TrueFrame],
    part: str,
) -> dict[str, Any]:
    """Return the figures of ``base`` beside those of each adapted model."""
    before = class_maps(base, truth)
    return {
        "name": "adapt-masks",
        "command": "python -m lusviewer.training.measure.line_changes POCUS "
        f"{' '.join(one.identity.name for one in adapted)} --part {part}",
        "collection": "lines drawn on POCUS frames",
        "part": part,
        "frames": len(truth),
        "clips": len({true.clip for true in truth}),
        "patients": len({true.patient for true in truth}),
        "base": _named(base),
        "models": {
            one.identity.name: _named(one)
            | changes(truth, before, class_maps(one, truth))
            for one in adapted
        },
    }


def _named(bundle: ModelBundle) -> dict[str, str]:
    identity = bundle.identity
    return {"version": identity.version, "sha256": identity.sha256}


def main(argv: Sequence[str]) -> int:
    """Write the figures; return the exit status. The test part is a look."""
    options = _parser().parse_args(list(argv))
    try:
        base = open_bundle(options.base, device="cpu")
        adapted = [open_bundle(folder, device="cpu") for folder in options.models]
        if options.part == "test":
            looks = options.docs / "results" / "looks.json"
            for one in adapted:
                record_look(looks, "line test", LOOK, one.identity)
        truth = true_frames(
            drawn_labels(), options.pocus, options.part, options.work, CancelToken()
        )
        found = measured(base, adapted, truth, options.part)
    except LusViewerError as error:
        print(error, file=sys.stderr)
        return 1
    text = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False)
    with written(options.json) as file:
        file.write(f"{text}\n".encode())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="line_changes", description=__doc__)
    root = install_root()
    parser.add_argument("pocus", type=Path, metavar="FOLDER", help="of POCUS")
    parser.add_argument("models", type=Path, nargs="+", metavar="MODEL")
    parser.add_argument("--base", type=Path, default=default_bundle())
    parser.add_argument("--part", choices=("validation", "test"), default="validation")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE")
    parser.add_argument("--docs", type=Path, default=root / "docs")
    parser.add_argument("--work", type=Path, default=root / "runs" / "evaluation")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
