"""Drawn labels of real frames: geometry in JSON, turned into dense class maps.

One file a clip. Coordinates are x (right), y (down) in px of the clip's own frames,
pixel centres at whole numbers. The pixels themselves are never kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from lusviewer.errors import TrainingError
from lusviewer.findings import CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.geometry import FrameGeometry

LABELLER: Final = "project, not a clinician"
LINES: Final = ("pleura", "a_line", "b_line")
REGIONS: Final = ("rib_shadow", "consolidation", "effusion", "unsure")
CERTAINTIES: Final = ("sure", "probable")
UNKNOWN: Final = 255
"""The class index of pixels nothing is said about."""

_SHIFT: Final = 4
_WIDTHS: Final = {"pleura": (0.012, 0.024), "a_line": (0.010, 0.018)}
"""Least and largest width of a line, as a share of the beam's longer side.

What is measured across an echo is too wide where bright haze lies under it.
"""
_CLASS: Final = {name: index for index, name in enumerate(CLASSES)}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One line or region: ``points`` ``(n, 2)`` x, y px; ``width`` px of a line.

    A B-line's first point is its origin; its width is that of the beam half-way down.
    """

    kind: str
    points: NDArray[np.float32]
    width: float = 0.0


@dataclass(frozen=True, slots=True)
class LabelledFrame:
    """All that is drawn on a frame: what is not drawn is not there.

    Regions of kind 'unsure' say where that does not hold.
    """

    index: int
    certainty: str
    drawn: tuple[Drawn, ...]
    note: str = ""

    def of(self, kind: str) -> tuple[Drawn, ...]:
        """Return what is drawn of ``kind``."""
        return tuple(one for one in self.drawn if one.kind == kind)


@dataclass(frozen=True, slots=True)
class LabelledClip:
    """The labelled frames of one clip of a collection."""

    clip: str
    frames: tuple[LabelledFrame, ...]


def read_labels(path: Path) -> LabelledClip:
    """Return the labels in the JSON file ``path``."""
    try:
        return _clip(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        msg = f"{path} is not a file of drawn labels: {error!r}."
        raise TrainingError(msg, hint="docs/line-labels.md says how it looks.") from (
            error
        )


def read_folder(folder: Path) -> tuple[LabelledClip, ...]:
    """Return the labels of every JSON file in ``folder``, by the clips' names."""
    found = [read_labels(path) for path in sorted(folder.glob("*.json"))]
    if not found:
        msg = f"{folder} holds no drawn labels."
        raise TrainingError(msg, hint="It should hold one JSON file a clip.")
    return tuple(sorted(found, key=lambda clip: clip.clip))


def as_json(clip: LabelledClip) -> str:
    """Return ``clip`` as it is kept in a file, one line a drawn thing."""
    frames = [_frame_text(frame) for frame in clip.frames]
    body = ",\n".join(frames)
    head = f'"schema": 1, "clip": {json.dumps(clip.clip)}, "labeller": "{LABELLER}"'
    return f'{{{head},\n "frames": [\n{body}\n]}}\n'


def dense(frame: LabelledFrame, geometry: FrameGeometry) -> NDArray[np.uint8]:
    """Return the class of every pixel ``(rows, columns)``, ``UNKNOWN`` where unsure.

    Above the pleural line is chest wall, below it lung. Where a column of the beam
    has no pleural line and no region, nothing is said.
    """
    beam = geometry.beam_mask()
    side = _longer_side(geometry)
    labels = np.full(beam.shape, UNKNOWN, np.uint8)
    _fill_sides(labels, frame)
    for one in frame.of("a_line"):
        _stroke(labels, one, side)
    wall = labels == _CLASS["chest_wall"]
    for one in frame.of("b_line"):
        _fill(labels, band(one), _CLASS["b_line"])
    labels[wall] = _CLASS["chest_wall"]  # a tilted band's corner reaches above
    for kind in ("rib_shadow", "consolidation", "effusion"):
        for one in frame.of(kind):
            _fill(labels, one.points, _CLASS[kind])
    for one in frame.of("pleura"):
        _stroke(labels, one, side)
    for one in frame.of("unsure"):
        _fill(labels, one.points, UNKNOWN)
    labels[~beam] = _CLASS["outside"]
    return labels


def sparse(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return dense ``labels`` with only pleura, A-lines and B-lines kept.

    All other tissue becomes one background, as in networks trained on line masks.
    """
    kept = [_CLASS[name] for name in LINES]
    background = np.where(labels == UNKNOWN, UNKNOWN, _CLASS["outside"])
    return np.where(np.isin(labels, kept), labels, background).astype(np.uint8)


def band(line: Drawn) -> NDArray[np.float32]:
    """Return the outline ``(2 n, 2)`` of a line of its width."""
    ahead = np.gradient(line.points, axis=0)
    ahead /= np.maximum(np.hypot(ahead[:, 0], ahead[:, 1]), 1e-6)[:, None]
    side = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) * max(line.width, 2.0) / 2
    return np.concatenate([line.points + side, (line.points - side)[::-1]]).astype(
        np.float32
    )


def _clip(value: Mapping[str, Any]) -> LabelledClip:
    frames = tuple(_frame(frame) for frame in value["frames"])
    return LabelledClip(
        str(value["clip"]), tuple(sorted(frames, key=lambda frame: frame.index))
    )


def _frame(value: Mapping[str, Any]) -> LabelledFrame:
    if value["certainty"] not in CERTAINTIES:
        msg = f"certainty {value['certainty']!r} is none of {', '.join(CERTAINTIES)}"
        raise ValueError(msg)
    unknown = value.keys() - {"frame", "certainty", "note", *LINES, *REGIONS}
    if unknown:
        msg = f"frame {value['frame']}: unknown {', '.join(sorted(unknown))}"
        raise ValueError(msg)
    drawn = [
        _drawn(kind, one) for kind in (*LINES, *REGIONS) for one in value.get(kind, ())
    ]
    return LabelledFrame(
        int(value["frame"]),
        str(value["certainty"]),
        tuple(drawn),
        str(value.get("note", "")),
    )


def _drawn(kind: str, value: Any) -> Drawn:  # noqa: ANN401 - either way of writing
    given = value if isinstance(value, dict) else {"points": value}
    points = np.asarray(given["points"], np.float32)
    least = 2 if kind in LINES else 3
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < least:
        msg = f"{kind} needs {least} points x, y or more"
        raise ValueError(msg)
    return Drawn(kind, points, float(given.get("width", 0.0)))


def _frame_text(frame: LabelledFrame) -> str:
    head = f'"frame": {frame.index}, "certainty": "{frame.certainty}"'
    note = f', "note": {json.dumps(frame.note)}' if frame.note else ""
    kinds = [
        f'  "{kind}": [\n   ' + ",\n   ".join(_drawn_text(d) for d in drawn) + "]"
        for kind in (*LINES, *REGIONS)
        if (drawn := frame.of(kind))
    ]
    return " {" + ",\n".join([head + note, *kinds]) + "}"


def _drawn_text(one: Drawn) -> str:
    points = json.dumps([[round(float(v), 1) for v in p] for p in one.points])
    if one.kind not in LINES:
        return points
    return f'{{"points": {points}, "width": {round(one.width, 1)}}}'


def _fill_sides(labels: NDArray[np.uint8], frame: LabelledFrame) -> None:
    """Say chest wall above each pleural line and lung below, column by column."""
    rows, columns = labels.shape
    row = np.arange(rows)[:, None]
    for line in frame.of("pleura"):
        points = line.points[np.argsort(line.points[:, 0], kind="stable")]
        first, last = np.ceil(points[0, 0]), np.floor(points[-1, 0])
        covered = np.arange(max(0, int(first)), min(columns - 1, int(last)) + 1)
        depth = np.interp(covered, points[:, 0], points[:, 1])
        side = np.where(row < depth[None], _CLASS["chest_wall"], _CLASS["lung"])
        labels[:, covered] = side


def _longer_side(geometry: FrameGeometry) -> int:
    top, left, bottom, right = geometry.region
    return max(bottom - top, right - left)


def _stroke(labels: NDArray[np.uint8], line: Drawn, side: int) -> None:
    least, most = (share * side for share in _WIDTHS[line.kind])
    width = min(max(line.width, least), most)
    _fill(labels, band(Drawn(line.kind, line.points, width)), _CLASS[line.kind])


def _fill(labels: NDArray[np.uint8], outline: NDArray[np.float32], value: int) -> None:
    points = np.rint(outline * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(labels, [points[:, None]], value, shift=_SHIFT)
