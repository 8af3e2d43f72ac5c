"""Drawn frames as a measurement needs them: labels, geometry, origins, patient."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lusviewer.geometry import FrameGeometry, Sector
from lusviewer.io import open_clip
from lusviewer.training.data.pocus_labels import read_table
from lusviewer.training.lines.frames import line_frames
from lusviewer.training.lines.labels import read_folder

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.training.lines.labels import LabelledFrame


@dataclass(frozen=True, slots=True)
class TrueFrame:
    """A real frame and what was drawn on it.

    ``image`` and ``labels`` ``(224, 224)``, 255 where nothing is known; ``origins``
    ``(n, 2)`` row and column px of the clip where each drawn B-line starts;
    ``shows`` says whether any A-line and any B-line was drawn.
    """

    clip: str
    patient: str
    index: int
    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    geometry: FrameGeometry
    origins: NDArray[np.float32]
    shows: tuple[bool, bool]


def true_frames(
    folder: Path, collection: Path, part: str, cache: Path, cancel: CancelToken
) -> list[TrueFrame]:
    """Return the drawn frames of ``part`` of the line split, decoded into ``cache``.

    ``folder`` holds the drawn labels, ``collection`` the clips and their table.
    """
    patients = {clip.file: clip.patient for clip in read_table(collection)}
    drawn = {
        (clip.clip, frame.index): frame
        for clip in read_folder(folder)
        for frame in clip.frames
    }
    found = []
    for line in line_frames(folder, collection, part, cache, cancel):
        frame = drawn[line.clip, line.index]
        found.append(
            TrueFrame(
                line.clip,
                patients[line.clip],
                line.index,
                line.frame,
                line.labels,
                located(collection, line.clip, cache, cancel),
                origins_of(frame),
                (bool(frame.of("a_line")), bool(frame.of("b_line"))),
            )
        )
    return found


def origins_of(frame: LabelledFrame) -> NDArray[np.float32]:
    """Return where the drawn B-lines start, ``(n, 2)`` row and column px."""
    points = [line.points[0, ::-1] for line in frame.of("b_line")]
    return np.array(points, np.float32).reshape(-1, 2)


def located(
    collection: Path, file: str, cache: Path, cancel: CancelToken
) -> FrameGeometry:
    """Return where the beam lies in a clip, found once and kept in ``cache``."""
    store = cache / "geometry.json"
    known = json.loads(store.read_text(encoding="utf-8")) if store.is_file() else {}
    if file not in known:
        clip = open_clip(collection / file)
        try:
            known[file] = geometry_values(clip.locate(cancel))
        finally:
            clip.close()
        cache.mkdir(parents=True, exist_ok=True)
        store.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    return geometry_from(known[file])


def geometry_values(geometry: FrameGeometry) -> dict[str, Any]:
    """Return what measuring needs of ``geometry`` as plain values."""
    sector = geometry.sector
    return {
        "rows": geometry.rows,
        "columns": geometry.columns,
        "region": list(geometry.region),
        "spacing": geometry.pixel_spacing_mm and list(geometry.pixel_spacing_mm),
        "sector": sector
        and [
            [float(value) for value in pair]
            for pair in (sector.apex_px, sector.radii_px, sector.angles_rad)
        ],
    }


def geometry_from(values: dict[str, Any]) -> FrameGeometry:
    """Return the geometry that ``geometry_values`` wrote."""
    top, left, bottom, right = values["region"]
    spacing, sector = values["spacing"], values["sector"]
    return FrameGeometry(
        values["rows"],
        values["columns"],
        (top, left, bottom, right),
        None if spacing is None else (spacing[0], spacing[1]),
        sector=None if sector is None else Sector(*((a, b) for a, b in sector)),
    )
