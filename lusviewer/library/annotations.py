"""Line annotations of SlicerUltrasound and OHIF, read and written as JSON.

SlicerUltrasound keeps millimetres of the image plane in LPS or RAS, OHIF px; and to
both a B-line is a mark *across* it, the sector between two scan lines. Here a B-line
runs along, from its origin at the pleura, and has a width: the sector's.
"""

from __future__ import annotations

import itertools
import json
import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.errors import LibraryError
from lusviewer.library.values import Drawing, Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.geometry import FrameGeometry

Points = tuple[tuple[float, float], ...]

_KINDS: Final = {"pleura_lines": "pleura", "a_lines": "a_line", "b_lines": "b_line"}
_FIELDS: Final = {kind: name for name, kind in _KINDS.items()}
_WIDTH_PX: Final = 6.0
"""Width given to a B-line that has none, where one must be written."""


@dataclass(frozen=True, slots=True)
class Fan:
    """The beam an annotation file names: apex ``(x, y)`` px and its far radius px."""

    apex: tuple[float, float]
    radius: float


@dataclass(frozen=True, slots=True)
class Annotations:
    """What an annotation file says: lines px by frame and rater.

    ``rejected`` counts lines that an adjudicator had marked as not valid.
    """

    sop_instance_uid: str
    size: tuple[int, int] | None
    lines: Mapping[tuple[int, str], tuple[Line, ...]] = field(default_factory=dict)
    rejected: int = 0


def read_annotations(path: Path, geometry: FrameGeometry, rater: str) -> Annotations:
    """Return the annotations in a JSON file of either program, for a clip's frames.

    ``rater`` is whose they are where the file does not say. Raises ``LibraryError``
    for another kind of file, and where lengths cannot be told for want of a scale.
    """
    document = _document(path)
    reader = _Reader(document, geometry, rater)
    try:
        return Annotations(
            sop_instance_uid=str(document.get("SOPInstanceUID") or ""),
            size=_image_size(document),
            lines=reader.lines(),
            rejected=reader.rejected,
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        msg = f"{path.name} is no annotation file that can be read: {error!r}."
        raise LibraryError(msg, hint="docs/library.md shows what is read.") from error


def slicer_document(
    drawings: Iterable[Drawing], geometry: FrameGeometry, sop_instance_uid: str
) -> dict[str, Any]:
    """Return drawings as SlicerUltrasound keeps them: mm in LPS, an array of frames."""
    spacing = _spacing(geometry)
    frames: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    for drawing in drawings:
        frame = frames[drawing.frame]
        for name in ("pleura_lines", "b_lines"):
            frame.setdefault(name, [])
        for name, segment in _segments(drawing.lines):
            points = [[x * spacing[0], y * spacing[1], 0.0] for x, y in segment]
            line = {"rater": drawing.rater, "line": {"points": points}}
            frame.setdefault(name, []).append(line)
    return {
        "SOPInstanceUID": sop_instance_uid,
        **_fan_fields(geometry),
        "frame_annotations": [
            {"frame_number": index, "coordinate_space": "LPS", **frame}
            for index, frame in sorted(frames.items())
        ],
    }


def ohif_document(
    drawings: Iterable[Drawing],
    geometry: FrameGeometry,
    sop_instance_uid: str,
    rater: str,
) -> dict[str, Any]:
    """Return one rater's drawings as OHIF keeps them: px, an object by frame."""
    frames: dict[str, dict[str, Any]] = {}
    for drawing in drawings:
        if drawing.rater != rater:
            continue
        frame: dict[str, Any] = {"pleura_lines": [], "b_lines": []}
        for name, segment in _segments(drawing.lines):
            points = [[x, y, 0.0] for x, y in segment]
            frame.setdefault(name, []).append(points)
        frames[str(drawing.frame)] = frame
    return {
        "SOPInstanceUID": sop_instance_uid,
        "rater": rater,
        **_fan_fields(geometry),
        "frame_annotations": frames,
    }


class _Reader:
    """Turns one document's lines into lines of ours."""

    def __init__(
        self, document: Mapping[str, Any], geometry: FrameGeometry, rater: str
    ) -> None:
        self.rejected = 0
        self._frames = document["frame_annotations"]
        self._geometry = geometry
        self._rater = str(document.get("rater") or rater)
        self._fan = _fan(document)

    def lines(self) -> dict[tuple[int, str], tuple[Line, ...]]:
        """Return all lines by frame and rater; an empty frame is the reader's own."""
        found: dict[tuple[int, str], tuple[Line, ...]] = {}
        for index, frame in self._each_frame():
            marks: defaultdict[str, list[Line]] = defaultdict(list)
            for name, kind in _KINDS.items():
                for one in frame.get(name) or ():
                    rater, points = self._one(one, frame)
                    if points:
                        marks[rater].append(Line(kind, points))
            if not marks:
                marks[self._rater] = []
            for rater, lines in marks.items():
                drawn = _joined(lines, self._fan, self._geometry)
                found[index, rater] = (*found.get((index, rater), ()), *drawn)
        return found

    def _each_frame(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        if isinstance(self._frames, dict):
            for number, frame in self._frames.items():
                yield int(number), frame.get("annotation", frame)
        else:
            for frame in self._frames:
                yield int(frame["frame_number"]), frame

    def _one(self, one: Any, frame: Mapping[str, Any]) -> tuple[str, Points]:  # noqa: ANN401
        """Return whose a line is and its points px; none where it was rejected."""
        if isinstance(one, list):
            return self._rater, tuple((float(p[0]), float(p[1])) for p in one)
        rater = str(one.get("rater") or self._rater)
        validation = one.get("validation") or one["line"].get("validation") or {}
        status = (
            validation.get("status") if isinstance(validation, dict) else validation
        )
        if status == "invalidated":
            self.rejected += 1
            return rater, ()
        x_mm, y_mm = _spacing(self._geometry)
        # RAS points to the patient's other side: both axes turn round.
        sign = 1.0 if frame.get("coordinate_space", "RAS") == "LPS" else -1.0
        return rater, tuple(
            (sign * float(p[0]) / x_mm, sign * float(p[1]) / y_mm)
            for p in one["line"]["points"]
        )


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or error}."
        raise LibraryError(msg, hint="See that the file is there.") from error
    except ValueError as error:
        msg = f"{path} cannot be read as JSON: {error}."
        raise LibraryError(msg, hint="Give an annotation file.") from error
    if not isinstance(document, dict) or "frame_annotations" not in document:
        msg = f"{path.name} holds no 'frame_annotations'."
        hint = "Give a file that SlicerUltrasound or OHIF wrote."
        raise LibraryError(msg, hint=hint)
    return document


def _image_size(document: Mapping[str, Any]) -> tuple[int, int] | None:
    rows, columns = document.get("image_size_rows"), document.get("image_size_cols")
    return None if rows is None or columns is None else (int(rows), int(columns))


def _spacing(geometry: FrameGeometry) -> tuple[float, float]:
    """Return mm per px in x and y; one where the clip is not calibrated."""
    if geometry.pixel_spacing_mm is None:
        return 1.0, 1.0
    row, column = geometry.pixel_spacing_mm
    return column, row


def _fan(document: Mapping[str, Any]) -> Fan | None:
    keys = ("center_cols_px", "center_rows_px", "radius2")
    if document.get("mask_type", "fan") != "fan" or any(
        k not in document for k in keys
    ):
        return None
    x, y, radius = (float(document[key]) for key in keys)
    return Fan((x, y), radius)


def _fan_fields(geometry: FrameGeometry) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "image_size_rows": geometry.rows,
        "image_size_cols": geometry.columns,
        "AnnotationLabels": [],
        "labels": [],
    }
    if (sector := geometry.sector) is not None:
        low, high = (math.degrees(math.pi / 2 - angle) for angle in sector.angles_rad)
        fields |= {
            "mask_type": "fan",
            "angle1": max(low, high),
            "angle2": min(low, high),
            "center_rows_px": round(sector.apex_px[0]),
            "center_cols_px": round(sector.apex_px[1]),
            "radius1": round(sector.radii_px[0]),
            "radius2": round(sector.radii_px[1]),
        }
    return fields


def _joined(
    lines: list[Line], fan: Fan | None, geometry: FrameGeometry
) -> tuple[Line, ...]:
    """Put segments that follow each other together, and turn B-marks to B-lines."""
    done: list[Line] = []
    for line in lines:
        last = done[-1] if done else None
        follows = (
            last is not None
            and line.kind == last.kind != "b_line"
            and math.dist(last.points[-1], line.points[0]) < 1e-3
        )
        if last is not None and follows:
            done[-1] = Line(line.kind, (*last.points, *line.points[1:]))
        else:
            done.append(line)
    pleura = [np.array(line.points) for line in done if line.kind == "pleura"]
    return tuple(
        _along(line, fan, geometry, pleura) if line.kind == "b_line" else line
        for line in done
    )


def _along(
    mark: Line,
    fan: Fan | None,
    geometry: FrameGeometry,
    pleura: list[NDArray[np.float64]],
) -> Line:
    """Return the B-line that a mark across it means: pleura to the beam's end.

    Without a fan the beam is taken to go straight down. Without a pleura below which
    it could begin, it begins at the mark.
    """
    first, last = np.array(mark.points[0]), np.array(mark.points[-1])
    middle = (first + last) / 2
    ahead = np.array([0.0, 1.0]) if fan is None else _unit(middle - np.array(fan.apex))
    reach = geometry.rows - 1 - middle[1]
    if fan is not None:
        reach = fan.radius - math.dist(middle, fan.apex)
    end = middle + ahead * max(float(reach), 1.0)
    crossings = [at for line in pleura for at in _crossings(middle, ahead, line)]
    origin = middle + ahead * min(crossings, default=0.0)
    # The sector widens with the distance from its apex.
    width = abs(float(np.cross(np.append(ahead, 0), np.append(last - first, 0))[2]))
    if fan is not None:
        half_way = math.dist((origin + end) / 2, fan.apex)
        width *= half_way / max(math.dist(middle, fan.apex), 1.0)
    points = tuple((float(p[0]), float(p[1])) for p in (origin, end))
    return Line("b_line", points, width)


def _crossings(
    start: NDArray[np.float64], ahead: NDArray[np.float64], line: NDArray[np.float64]
) -> Iterator[float]:
    """Yield how far along ``ahead`` from ``start`` it crosses the polyline, px."""
    for one, other in itertools.pairwise(line):
        span = other - one
        across = ahead[0] * span[1] - ahead[1] * span[0]
        if abs(across) < 1e-9:
            continue
        gap = one - start
        along = (gap[0] * span[1] - gap[1] * span[0]) / across
        share = (gap[0] * ahead[1] - gap[1] * ahead[0]) / across
        if 0.0 <= share <= 1.0:
            yield float(along)


def _segments(lines: Iterable[Line]) -> Iterator[tuple[str, Points]]:
    """Yield what both programs can draw: lines of two points, B-lines across."""
    for line in lines:
        if line.kind == "b_line":
            yield _FIELDS[line.kind], _across(line)
        else:
            for pair in zip(line.points[:-1], line.points[1:], strict=True):
                yield _FIELDS[line.kind], pair


def _across(line: Line) -> Points:
    """Return the mark across a B-line, half-way down, as wide as it is."""
    origin, end = np.array(line.points[0]), np.array(line.points[-1])
    middle, ahead = (origin + end) / 2, _unit(end - origin)
    half = np.array([ahead[1], -ahead[0]]) * (line.width_px or _WIDTH_PX) / 2
    return tuple((float(p[0]), float(p[1])) for p in (middle - half, middle + half))


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    length = float(np.linalg.norm(vector))
    unit: NDArray[np.float64] = vector / length if length else np.array([0.0, 1.0])
    return unit
