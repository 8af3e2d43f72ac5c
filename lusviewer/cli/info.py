"""``lusviewer info``: what a file is, and where its beam was found."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.errors import LusViewerError
from lusviewer.export.tabular import clip_dict, plain
from lusviewer.io import open_clip
from lusviewer.io.folder import list_exam

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from lusviewer.clip import Clip
    from lusviewer.geometry import FrameGeometry, UltrasoundRegion


def run(arguments: argparse.Namespace) -> int:
    """Describe each clip; 0 where all could be opened, 1 where some could not."""
    exam = list_exam(arguments.path)
    refused: dict[Path, LusViewerError] = dict(exam.refused)
    for listed in exam.clips:
        try:
            described = describe(listed.path)
        except LusViewerError as error:
            refused[listed.path] = error
            continue
        if arguments.json:
            print(json.dumps(described, allow_nan=False))
        else:
            print("\n".join(_in_words(described)))
    for path, why in refused.items():
        print(f"{path}: {why}", file=sys.stderr)
    return 1 if refused else 0


def describe(path: Path) -> dict[str, Any]:
    """Return what is known of the clip at ``path``, the beam found included."""
    clip = open_clip(path)
    try:
        geometry = clip.locate(CancelToken())
        return {
            **clip_dict(clip.identity, geometry, clip.frame_times_s),
            "kind": clip.details.kind,
            "transfer_syntax": clip.details.transfer_syntax,
            "photometric": clip.details.photometric,
            "colour": clip.details.colour,
            "regions": [_region(region) for region in geometry.regions],
            "sector": _sector(geometry),
            "frame_times": clip.frame_times_s.tolist(),
            "frame_rate_assumed": clip.details.rate_assumed,
            "playback": clip.details.playback,
            "trim": plain(clip.details.trim),
            "broken_frames": _broken(clip),
            "warnings": list(clip.warnings),
        }
    finally:
        clip.close()


def _broken(clip: Clip) -> list[int]:
    return sorted(clip.broken)


def _region(region: UltrasoundRegion) -> dict[str, Any]:
    return {
        "bounds": list(region.bounds),
        "spatial_format": region.spatial_format,
        "data_type": region.data_type,
        "spacing_mm": plain(region.spacing_mm),
        "units": list(region.units),
    }


def _sector(geometry: FrameGeometry) -> dict[str, Any] | None:
    if geometry.sector is None:
        return None
    return {
        "apex_px": plain(geometry.sector.apex_px),
        "radii_px": plain(geometry.sector.radii_px),
        "angles_rad": plain(geometry.sector.angles_rad),
    }


def _in_words(clip: dict[str, Any]) -> list[str]:
    """Return the lines a person reads."""
    spacing = clip["pixel_spacing_mm"]
    stored = [clip["kind"], clip["transfer_syntax"], clip["photometric"]]
    return [
        clip["path"],
        f"  stored as  {', '.join(text for text in stored if text)}",
        f"  frames     {clip['n_frames']} of {clip['columns']} x {clip['rows']} px",
        f"  times      {_times(clip)}",
        "  scale      "
        + (
            "not calibrated"
            if spacing is None
            else "{:.4g} x {:.4g} mm/px".format(*spacing)
        ),
        f"  beam       {clip['probe']}, {_bounds(clip['region'])}, "
        f"from the {clip['beam_from']}",
        *(f"  region     {_region_in_words(region)}" for region in clip["regions"]),
        *(f"  note       {text}" for text in clip["warnings"]),
    ]


def _times(clip: dict[str, Any]) -> str:
    if clip["n_frames"] == 1:
        return "a single picture"
    steps = np.diff(clip["frame_times"])
    even = bool(np.ptp(steps) < 0.01 * float(np.mean(steps)))
    assumed = " (assumed)" if clip["frame_rate_assumed"] else ""
    return (
        f"{clip['duration_s']:.2f} s at {clip['frame_rate_hz']:.2f} frames/s{assumed}, "
        f"{'even' if even else 'uneven'}"
    )


def _bounds(bounds: list[int]) -> str:
    top, left, bottom, right = bounds
    return f"rows {top}-{bottom - 1}, columns {left}-{right - 1}"


def _region_in_words(region: dict[str, Any]) -> str:
    spacing = region["spacing_mm"]
    scale = "" if spacing is None else ", {:.4g} x {:.4g} mm/px".format(*spacing)
    kinds = f"{region['spatial_format']}, {region['data_type']}"
    return f"{kinds}, {_bounds(region['bounds'])}{scale}"
