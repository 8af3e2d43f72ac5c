"""Summing up the frames of a clip in its report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer import __version__
from lusviewer.analysis.quality import assess
from lusviewer.experts.features import clip_features, embedding_features
from lusviewer.findings import FINDINGS, ClipReport, Evidence
from lusviewer.inference.bundle import LABEL_KEYS
from lusviewer.inference.frames import run_temporal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.clip import Clip
    from lusviewer.experts import Expert
    from lusviewer.findings import Prediction, Quality, Timelines
    from lusviewer.inference.bundle import ModelBundle

Measured = dict[str, float | int | None]

_MEDIANS: Final = (
    "a_line_spacing_error",
    "pleura_depth_px",
    "pleura_depth_mm",
    "pleura_thickness_px",
    "pleura_thickness_mm",
    "pleura_irregularity",
    "rib_shadow_fraction",
)
_PEAKS: Final = {
    "pleura_with_b_lines_fraction": "pleura_with_b_lines_frame",
    "consolidation_fraction": "consolidation_frame",
    "effusion_fraction": "effusion_frame",
}
_OTHER_MODEL: Final = "It was fitted to another model: train it again with this one."
_FRAME_OF: Final = {"b_line_count_max": "b_line_frame", **_PEAKS}
"""Which measured value names the frame that drove another."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a model saw in a clip: what an expert's reasons point back to."""

    model_sha256: str
    biomarkers: Mapping[str, Evidence]
    findings: Mapping[str, Evidence | None]
    measured: Mapping[str, float | int | None]
    quality: Quality


def summarise(
    clip: Clip,
    bundle: ModelBundle,
    experts: Sequence[Expert],
    timelines: Timelines,
    cancel: CancelToken,
) -> ClipReport:
    """Return the report of a clip whose frames were added to ``timelines``.

    The frames may be analysed in part: the report then says so. A probability is the
    highest of the frames', each seen among its neighbours by the temporal head.
    """
    biomarkers, findings = clip_level(bundle, timelines, cancel)
    measured = measured_summary(timelines)
    quality = assess(timelines, findings, bundle.manifest)
    seen = Seen(bundle.identity.sha256, biomarkers, findings, measured, quality)
    predictions = predictions_of(experts, _features(seen, timelines), seen, cancel)
    return ClipReport(
        clip=clip.identity,
        geometry=clip.geometry,
        frame_times_s=clip.frame_times_s,
        model=bundle.identity,
        software=f"lusviewer {__version__}",
        created_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        timelines=timelines,
        findings=findings,
        biomarkers=biomarkers,
        measured=measured,
        predictions=predictions,
        quality=quality,
        warnings=_warnings(clip, bundle, timelines),
    )


def judge_anew(
    report: ClipReport,
    experts: Sequence[Expert],
    cancel: CancelToken,
    edits: Mapping[str, float] | None = None,
) -> tuple[Prediction, ...]:
    """Return what ``experts`` say of a clip by its report, had ``edits`` been found."""
    seen = Seen(
        report.model.sha256,
        report.biomarkers,
        report.findings,
        report.measured,
        report.quality,
    )
    features = _features(seen, report.timelines) | dict(edits or {})
    return predictions_of(experts, features, seen, cancel)


def predictions_of(
    experts: Sequence[Expert],
    features: Mapping[str, float],
    seen: Seen,
    cancel: CancelToken,
) -> tuple[Prediction, ...]:
    """Return what each expert says of a clip with ``features``, in their order.

    All abstain where the clip is not assessable, and those fitted to another model.
    """
    return tuple(
        _predict(expert, features, seen, cancel)
        if expert.manifest.model_sha256 in (None, seen.model_sha256)
        else expert.abstain(_OTHER_MODEL)
        for expert in experts
    )


def clip_level(
    bundle: ModelBundle, timelines: Timelines, cancel: CancelToken
) -> tuple[dict[str, Evidence], dict[str, Evidence | None]]:
    """Return the clip's biomarkers and findings, with the frames that drove them.

    Without an analysed frame there are no biomarkers, and each finding is None.
    """
    frames = np.flatnonzero(timelines.analysed)
    if timelines.embeddings is None or not frames.size:
        return {}, dict.fromkeys(FINDINGS)
    labels, found = run_temporal(bundle, timelines.embeddings[frames], cancel)
    biomarkers = dict(zip(LABEL_KEYS, _peaks(labels, frames), strict=True))
    findings = dict(zip(FINDINGS, _peaks(found, frames), strict=True))
    return biomarkers, dict(findings)


def measured_summary(timelines: Timelines) -> Measured:
    """Return what was measured over the clip; None where it could not be."""
    counts = timelines.row("measured.b_line_count")
    a_lines = timelines.row("measured.a_line_count")
    highest, frame = _highest(counts)
    analysed = int(timelines.analysed.sum())
    pleura = int(np.isfinite(timelines.row("measured.pleura_depth_px")).sum())
    measured: Measured = {
        "b_line_count_max": None if highest is None else int(highest),
        "b_line_count_median": _median(counts),
        "b_line_frame": frame,
        "a_line_count_max": None if (top := _highest(a_lines)[0]) is None else int(top),
        "a_line_count_median": _median(a_lines),
        "pleura_frames_fraction": pleura / analysed if analysed else None,
    }
    for key, frame_key in _PEAKS.items():
        measured[key], measured[frame_key] = _highest(timelines.row(f"measured.{key}"))
    for key in _MEDIANS:
        measured[key] = _median(timelines.row(f"measured.{key}"))
    return measured


def _peaks(values: NDArray[np.float32], frames: NDArray[np.integer]) -> list[Evidence]:
    """Return the highest of each column and the frame it stands at."""
    rows = values.argmax(axis=0)
    return [
        Evidence(float(values[row, column]), int(frames[row]))
        for column, row in enumerate(rows)
    ]


def _highest(values: NDArray[np.float32]) -> tuple[float | None, int | None]:
    if not np.isfinite(values).any():
        return None, None
    frame = int(np.nanargmax(values))
    return float(values[frame]), frame


def _median(values: NDArray[np.float32]) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else None


def _features(seen: Seen, timelines: Timelines) -> dict[str, float]:
    known = clip_features(seen.biomarkers, seen.findings, seen.measured)
    return known | embedding_features(timelines)


def _predict(
    expert: Expert, features: Mapping[str, float], seen: Seen, cancel: CancelToken
) -> Prediction:
    if not seen.quality.assessable:
        return expert.abstain(f"The clip is not assessable: {seen.quality.reason}")
    prediction = expert.predict(features, cancel)
    frames = [_frame_of(reason.feature, seen) for reason in prediction.reasons]
    return replace(prediction, frame=next((f for f in frames if f is not None), None))


def _frame_of(feature: str, seen: Seen) -> int | None:
    """Return the frame that drove a feature, None where no single one did."""
    group, _, key = feature.partition(".")
    if group == "measured":
        frame = seen.measured.get(_FRAME_OF.get(key, ""))
        return None if frame is None else int(frame)
    if group == "finding":
        evidence = seen.findings.get(key)
    else:
        evidence = seen.biomarkers.get(feature)
    return None if evidence is None else evidence.frame


def _warnings(clip: Clip, bundle: ModelBundle, timelines: Timelines) -> tuple[str, ...]:
    warnings = list(clip.warnings)
    device = bundle.device
    if device.fell_back or device.why:
        warnings.append(
            f"Asked for {device.asked}, ran on {device.got}. {device.why}".rstrip()
        )
    left = len(clip) - int(timelines.analysed.sum()) - len(clip.broken)
    if left > 0:
        warnings.append(f"{left} of {len(clip)} frames are not analysed.")
    return tuple(warnings)
