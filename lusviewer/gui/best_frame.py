"""Which frame to look at for a biomarker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lusviewer.findings import INDEX

if TYPE_CHECKING:
    from lusviewer.findings import ClipReport, Timelines


def best_frame(
    key: str, timelines: Timelines | None, report: ClipReport | None
) -> int | None:
    """Return the frame that drove ``key``: the report's, else the timeline's peak.

    None where nothing is known of it yet.
    """
    if report is not None:
        finding = key.removeprefix("finding.")
        evidence = report.biomarkers.get(key) or report.findings.get(finding)
        if evidence is not None:
            return evidence.frame
    if timelines is None or key not in INDEX:
        return None
    row = timelines.row(key)
    if not np.isfinite(row).any():
        return None
    return int(np.nanargmax(row))
