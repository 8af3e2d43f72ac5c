"""Whether a clip can be assessed at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lusviewer.findings import Quality

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lusviewer.findings import Evidence, Timelines
    from lusviewer.inference.bundle import ModelManifest

_SHOWN_WITHOUT_PLEURA = ("consolidation", "effusion")


def assess(
    timelines: Timelines,
    findings: Mapping[str, Evidence | None],
    manifest: ModelManifest,
) -> Quality:
    """Return whether the clip is assessable, and if not its reason in words.

    Without a pleural line it still is where consolidation or effusion is found: they
    may hide the line.
    """
    analysed = timelines.analysed
    if not analysed.any():
        return Quality(assessable=False, reason="No frame could be analysed.")
    limits = manifest.quality
    brightness = float(np.median(timelines.row("measured.brightness")[analysed]))
    if brightness < limits.brightness_min:
        reason = f"The image is too dark: its mean grey level is {brightness:.0f}."
        return Quality(assessable=False, reason=reason)
    contrast = float(np.median(timelines.row("measured.contrast")[analysed]))
    if contrast < limits.contrast_min:
        reason = "The image is blank: it shows no structure."
        return Quality(assessable=False, reason=reason)
    pleura = np.isfinite(timelines.row("measured.pleura_depth_px")[analysed])
    if pleura.mean() >= limits.pleura_frames_min:
        return Quality(assessable=True)
    for key in _SHOWN_WITHOUT_PLEURA:
        evidence = findings.get(key)
        threshold = manifest.thresholds.get(f"finding.{key}", 0.5)
        if evidence is not None and evidence.probability >= threshold:
            return Quality(assessable=True)
    reason = (
        f"No pleural line is seen on {int((~pleura).sum())} of {pleura.size} frames: "
        "this may not be lung, or not be well in view."
    )
    return Quality(assessable=False, reason=reason)
