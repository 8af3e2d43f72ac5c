"""Whether a clip can be assessed at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lusviewer.findings import Quality

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lusviewer.findings import Evidence, Timelines
    from lusviewer.inference.bundle import ModelManifest, QualityLimits

_SHOWN_WITHOUT_PLEURA = ("consolidation", "effusion")


def assess(
    timelines: Timelines,
    findings: Mapping[str, Evidence | None],
    manifest: ModelManifest,
) -> Quality:
    """Return whether the clip is assessable, and if not its reason in words.

    Without a pleural line it still is where consolidation or effusion is found: they
    may hide the line. Neither makes up for a clip that does not look like lung.
    """
    if not timelines.analysed.any():
        return Quality(assessable=False, reason="No frame could be analysed.")
    limits = manifest.quality
    reason = _image_problem(timelines, limits) or _view_problem(timelines, limits)
    if not reason and not _hides_pleura(findings, manifest.thresholds):
        reason = _pleura_problem(timelines, limits)
    return Quality(assessable=not reason, reason=reason)


def _image_problem(timelines: Timelines, limits: QualityLimits) -> str:
    brightness = float(np.nanmedian(timelines.row("measured.brightness")))
    if brightness < limits.brightness_min:
        return f"The image is too dark: its mean grey level is {brightness:.0f}."
    contrast = float(np.nanmedian(timelines.row("measured.contrast")))
    if contrast < limits.contrast_min:
        return "The image is blank: it shows no structure."
    return ""


def _view_problem(timelines: Timelines, limits: QualityLimits) -> str:
    """Return what is wrong with most of the frames, if anything is."""
    shadow = timelines.row("measured.rib_shadow_fraction")
    known = shadow[np.isfinite(shadow)]
    if known.size and np.median(known) > limits.shadow_max:
        return (
            f"Most of the beam lies in shadow ({100 * np.median(known):.0f} %): "
            "too little of the lung is seen."
        )
    view, embeddings = limits.lung_view, timelines.embeddings
    if view is None or embeddings is None:
        return ""
    scores = view.scores(embeddings[timelines.analysed])
    if np.median(scores) >= view.threshold:
        return ""
    unlike = int((scores < view.threshold).sum())
    return (
        f"This does not look like lung: {unlike} of {scores.size} frames look like "
        "another part of the body, or like a probe without contact."
    )


def _hides_pleura(
    findings: Mapping[str, Evidence | None], thresholds: Mapping[str, float]
) -> bool:
    for key in _SHOWN_WITHOUT_PLEURA:
        evidence = findings[key]
        threshold = thresholds.get(f"finding.{key}", 0.5)
        if evidence is not None and evidence.probability >= threshold:
            return True
    return False


def _pleura_problem(timelines: Timelines, limits: QualityLimits) -> str:
    depths = timelines.row("measured.pleura_depth_px")[timelines.analysed]
    missing = np.isnan(depths)
    if 1 - missing.mean() >= limits.pleura_frames_min:
        return ""
    return (
        f"No pleural line is seen on {int(missing.sum())} of {missing.size} frames: "
        "this may not be lung, or not be well in view."
    )
