"""A clip's report as JSON, its timelines as CSV and its labels as NPZ.

``report_dict`` is the one place that says how a report is laid out: the command
line, the window and the tests all go through it. Numbers keep all their digits.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from itertools import chain
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.files import write_rows, written
from lusviewer.findings import BIOMARKERS, CLASSES
from lusviewer.geometry import GridMap
from lusviewer.inference.frames import labels_to_clip

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.clip import ClipIdentity
    from lusviewer.findings import ClipReport, Evidence, FrameFindings, Prediction
    from lusviewer.geometry import FrameGeometry

SCHEMA: Final = 1
"""The version of the report's layout."""

DISCLAIMER: Final = "Research use only. Not a medical device."

_ZIP: Final = zipfile.ZIP_DEFLATED
_OUTSIDE: Final = CLASSES.index("outside")


def clip_dict(
    identity: ClipIdentity,
    geometry: FrameGeometry,
    frame_times_s: NDArray[np.float64],
) -> dict[str, Any]:
    """Return the report's ``clip`` object."""
    n_frames = len(frame_times_s)
    span_s = float(frame_times_s[-1] - frame_times_s[0]) if n_frames > 1 else 0.0
    rate_hz = (n_frames - 1) / span_s if n_frames > 1 else 0.0
    duration_s = float(frame_times_s[-1]) + 1.0 / rate_hz if n_frames > 1 else 0.0
    return {
        "path": str(identity.path),
        "sha256": identity.sha256(),
        "source": identity.source,
        "sop_instance_uid": identity.sop_instance_uid,
        "n_frames": n_frames,
        "rows": geometry.rows,
        "columns": geometry.columns,
        "duration_s": duration_s,
        "frame_rate_hz": rate_hz,
        "pixel_spacing_mm": plain(geometry.pixel_spacing_mm),
        "region": list(geometry.region),
        "probe": geometry.probe.value,
        "beam_from": geometry.beam_from,
    }


def report_dict(report: ClipReport) -> dict[str, Any]:
    """Return ``report`` as what JSON can hold; NaN becomes None."""
    model = report.model
    return {
        "schema": SCHEMA,
        "software": report.software,
        "created_utc": report.created_utc,
        "disclaimer": DISCLAIMER,
        "clip": clip_dict(report.clip, report.geometry, report.frame_times_s),
        "model": {
            "name": model.name,
            "version": model.version,
            "sha256": model.sha256,
            "provider": model.provider,
        },
        "findings": {key: _evidence(e) for key, e in report.findings.items()},
        "biomarkers": {key: _evidence(e) for key, e in report.biomarkers.items()},
        "measured": plain(report.measured),
        "predictions": [_prediction(p) for p in report.predictions],
        "quality": {
            "assessable": bool(report.quality.assessable),
            "reason": report.quality.reason,
        },
        "warnings": list(report.warnings),
    }


def _evidence(evidence: Evidence | None) -> dict[str, Any] | None:
    if evidence is None:
        return None
    return {"probability": plain(evidence.probability), "frame": int(evidence.frame)}


def _prediction(prediction: Prediction) -> dict[str, Any]:
    return {
        "expert": prediction.expert,
        "target": prediction.target,
        "classes": list(prediction.classes),
        "probabilities": plain(prediction.probabilities),
        "abstained": bool(prediction.abstained),
        "why": prediction.why,
        "frame": prediction.frame,
        "reasons": [
            {"feature": r.feature, "value": plain(r.value), "words": r.words}
            for r in prediction.reasons
        ],
    }


def plain(value: object) -> Any:  # noqa: ANN401 - JSON's own types
    """Return ``value`` in JSON's types; what is not finite becomes None."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def write_report(report: ClipReport, folder: Path, stem: str) -> Path:
    """Write ``<stem>.json``; return its path."""
    return write_json(report_dict(report), folder / f"{stem}.json")


def write_json(content: object, path: Path) -> Path:
    """Write ``content`` as JSON; return ``path``."""
    text = json.dumps(content, indent=2, allow_nan=False)
    with written(path) as file:
        file.write(text.encode("ascii") + b"\n")
    return path


def write_timelines(report: ClipReport, folder: Path, stem: str) -> Path:
    """Write ``<stem>.csv``, a row a frame and a column a biomarker; return its path."""
    timelines = report.timelines
    header = ["frame", "time_s", *(biomarker.key for biomarker in BIOMARKERS)]
    rows = (
        [str(index), repr(float(time_s)), *map(_cell, timelines.values[:, index])]
        for index, time_s in enumerate(report.frame_times_s)
    )
    path = folder / f"{stem}.csv"
    write_rows(chain([header], rows), path)
    return path


def _cell(value: np.float32) -> str:
    return "" if np.isnan(value) else repr(float(value))


def write_labels_npz(
    report: ClipReport,
    findings: Mapping[int, FrameFindings],
    folder: Path,
    stem: str,
    cancel: CancelToken | None = None,
) -> Path:
    """Write ``<stem>.npz`` with the class of each pixel of the clip; return its path.

    ``labels`` is uint8 ``(n_frames, rows, columns)`` in the clip's own grid, all
    "outside" where a frame was not analysed (``analysed`` says which were), and
    ``classes`` the names in index order. One frame is unpacked at a time, and
    ``cancel`` stops between two.
    """
    cancel = cancel or CancelToken()
    path = folder / f"{stem}.npz"
    analysed = np.zeros(len(report.frame_times_s), np.bool_)
    analysed[list(findings)] = True
    model = report.model
    provenance = f"{report.software}; {model.name} {model.version} {model.sha256}"
    small = {
        "classes": np.array(CLASSES),
        "analysed": analysed,
        "frame_times_s": np.asarray(report.frame_times_s),
        "provenance": np.array(f"{provenance}; {model.provider}. {DISCLAIMER}"),
    }
    with (
        written(path) as file,
        zipfile.ZipFile(file, "w", _ZIP, compresslevel=1) as out,
    ):
        for name, array in small.items():
            with out.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
        with out.open("labels.npy", "w", force_zip64=True) as member:
            _write_labels(member, report, findings, cancel)
    return path


def _write_labels(
    member: IO[bytes],
    report: ClipReport,
    findings: Mapping[int, FrameFindings],
    cancel: CancelToken,
) -> None:
    geometry = report.geometry
    n_frames = len(report.frame_times_s)
    header = {
        "descr": "|u1",
        "fortran_order": False,
        "shape": (n_frames, geometry.rows, geometry.columns),
    }
    np.lib.format.write_array_header_1_0(member, header)
    for index in range(n_frames):
        cancel.check()
        member.write(clip_labels(findings.get(index), geometry).tobytes())


def clip_labels(
    findings: FrameFindings | None, geometry: FrameGeometry
) -> NDArray[np.uint8]:
    """Return the class of each pixel in the clip's own grid, ``(rows, columns)``."""
    if findings is None:
        return np.full((geometry.rows, geometry.columns), _OUTSIDE, np.uint8)
    grid = GridMap.of(geometry)
    return labels_to_clip(findings.masks.unpack(), grid, geometry)
