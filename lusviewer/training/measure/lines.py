"""Measuring a bundle's class maps on the lines drawn on real frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.findings import FINDINGS
from lusviewer.geometry import grid_mask
from lusviewer.inference.frames import OUTSIDE, run_grid
from lusviewer.paths import resources
from lusviewer.training.measure.figures import area_figure
from lusviewer.training.measure.line_figures import line_figures
from lusviewer.training.measure.true_lines import true_frames

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.inference.bundle import ModelBundle
    from lusviewer.training.measure.true_lines import TrueFrame


def drawn_labels() -> Path:
    """Return the folder of the lines drawn on frames of the POCUS collection."""
    return resources() / "line-labels"


def measure_lines(
    bundle: ModelBundle, labels: Path, collection: Path, part: str, cache: Path
) -> dict[str, Any]:
    """Return the figures of a bundle's class maps on the drawn frames of ``part``.

    Presence is judged twice: by the area of the class and by the frame's finding.
    """
    truth = true_frames(labels, collection, part, cache, CancelToken())
    maps, findings = [], []
    for true in truth:
        outputs = run_grid(bundle, true.image, CancelToken())
        inside = grid_mask(true.geometry)
        maps.append(np.where(inside, outputs["labels"][0], OUTSIDE).astype(np.uint8))
        findings.append(outputs["findings"][0])
    return {
        "collection": "lines",
        "part": part,
        **line_figures(truth, maps),
        "frame_auc_of_findings": _by_finding(truth, np.stack(findings)),
    }


def _by_finding(
    truth: Sequence[TrueFrame], findings: NDArray[np.float32]
) -> dict[str, Any]:
    patients = [true.patient for true in truth]
    shows = np.array([true.shows for true in truth], np.float64)
    return {
        name: area_figure(
            shows[:, column],
            findings[:, FINDINGS.index(f"{name}s")].astype(np.float64),
            patients,
        )
        for column, name in enumerate(("a_line", "b_line"))
    }
