"""Drawing labels by hand: pictures to look at, drafts that snap, overlays to check.

``python -m lusviewer.training.lines.tool COMMAND``: see ``docs/line-labels.md``.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.errors import LusViewerError
from lusviewer.files import written
from lusviewer.io import open_clip
from lusviewer.tracing import snap
from lusviewer.training.lines.labels import (
    LINES,
    Drawn,
    LabelledClip,
    LabelledFrame,
    as_json,
    band,
    read_labels,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lusviewer.clip import Clip
    from lusviewer.geometry import FrameGeometry

    Picture = NDArray[Any]

_COLOURS: Final = {
    "pleura": (80, 220, 255),
    "a_line": (255, 200, 60),
    "b_line": (80, 255, 80),
    "rib_shadow": (200, 120, 255),
    "consolidation": (60, 120, 255),
    "effusion": (255, 90, 90),
    "unsure": (160, 160, 160),
}
_REACH_SHARE: Final = 0.012
"""How far a line may snap, as a share of the beam's height."""


def main(argv: Sequence[str]) -> int:
    """Run the tool; return the exit status."""
    options = _parser().parse_args(list(argv))
    try:
        options.run(options)
    except LusViewerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lines", description=__doc__)
    commands = parser.add_subparsers(required=True)
    look = commands.add_parser("overview", help="frames spread over a clip")
    look.add_argument("clip", type=Path)
    look.add_argument("out", type=Path)
    look.set_defaults(run=_overview)
    show = commands.add_parser("show", help="one frame, large, with coordinates")
    show.add_argument("clip", type=Path)
    show.add_argument("frame", type=int)
    show.add_argument("out", type=Path)
    show.add_argument("--gamma", type=float, default=0.75, help="below 1: brighter")
    show.add_argument("--part", help="left,top,right,bottom in px of the clip")
    show.set_defaults(run=_show)
    for name, run in (("snap", _snap), ("check", _check)):
        command = commands.add_parser(name)
        command.add_argument("folder", type=Path, help="of the collection")
        command.add_argument("labels", type=Path, help="JSON of one clip")
        command.add_argument("out", type=Path)
        command.set_defaults(run=run)
    follow = commands.add_parser("follow", help="copy a frame's labels to others")
    follow.add_argument("folder", type=Path)
    follow.add_argument("labels", type=Path)
    follow.add_argument("source", type=int)
    follow.add_argument("frames", type=int, nargs="+")
    follow.set_defaults(run=_follow)
    return parser


def _opened(path: Path) -> tuple[Clip, FrameGeometry]:
    clip = open_clip(path)
    return clip, clip.locate(CancelToken())


def _overview(options: argparse.Namespace) -> None:
    clip, geometry = _opened(options.clip)
    top, left, bottom, right = geometry.region
    chosen = np.unique(np.linspace(0, len(clip) - 1, 12).round().astype(int))
    tiles = []
    for index in chosen:
        part = clip.frame(int(index))[top:bottom, left:right]
        tile = cv2.resize(part, (400, round(400 * part.shape[0] / part.shape[1])))
        tiles.append(_titled(cv2.cvtColor(tile, cv2.COLOR_GRAY2BGR), f"{index}"))
    _save(options.out, _sheet(tiles, 4))
    print(f"{len(clip)} frames, {geometry.rows}x{geometry.columns}")
    print(f"beam top,left,bottom,right {geometry.region}, {geometry.probe.value}")


def _show(options: argparse.Namespace) -> None:
    clip, geometry = _opened(options.clip)
    top, left, bottom, right = geometry.region
    if options.part:
        left, top, right, bottom = (int(v) for v in options.part.split(","))
    frame = clip.frame(options.frame)
    _save(options.out, _zoomed(frame, (top, left, bottom, right), options.gamma, ()))


def _snap(options: argparse.Namespace) -> None:
    """Write the labels with every pleura and A-line moved onto its echo."""
    labels = read_labels(options.labels)
    clip, geometry = _opened(options.folder / labels.clip)
    reach = _reach(geometry)
    frames = [_snapped(f, clip.frame(f.index), reach) for f in labels.frames]
    _write(options.out, LabelledClip(labels.clip, tuple(frames)))


def _snapped(frame: LabelledFrame, picture: Picture, reach: int) -> LabelledFrame:
    drawn = []
    for one in frame.drawn:
        if one.kind in ("pleura", "a_line"):
            traced = snap(picture, one.points, reach)
            limits = (2.0, 3.0 * reach)
            width = one.width or float(np.clip(traced.width, *limits))
            drawn.append(Drawn(one.kind, traced.points, width))
        else:
            drawn.append(one)
    return replace(frame, drawn=tuple(drawn))


def _follow(options: argparse.Namespace) -> None:
    """Copy one frame's labels to others, snapped there; frames there already stay."""
    labels = read_labels(options.labels)
    clip, geometry = _opened(options.folder / labels.clip)
    source = next(f for f in labels.frames if f.index == options.source)
    known = {frame.index for frame in labels.frames}
    reach = 2 * _reach(geometry)
    added = [
        replace(_snapped(source, clip.frame(index), reach), index=index)
        for index in options.frames
        if index not in known
    ]
    frames = sorted((*labels.frames, *added), key=lambda frame: frame.index)
    _write(options.labels, LabelledClip(labels.clip, tuple(frames)))


def _check(options: argparse.Namespace) -> None:
    """Draw every labelled frame of the clip, beside the bare frame."""
    labels = read_labels(options.labels)
    clip, geometry = _opened(options.folder / labels.clip)
    tiles = []
    for frame in labels.frames:
        picture = clip.frame(frame.index)
        for drawn in ((), frame.drawn):
            tile = _zoomed(picture, geometry.region, 0.75, drawn, size=640)
            tiles.append(_titled(tile, f"frame {frame.index} {frame.certainty}"))
    _save(options.out, _sheet(tiles, 4 if len(tiles) > 4 else 2))


def _zoomed(
    frame: Picture,
    part: tuple[int, int, int, int],
    gamma: float,
    drawn: Sequence[Drawn],
    size: int = 1100,
) -> Picture:
    top, left, bottom, right = part
    scale = size / max(bottom - top, right - left)
    tones = (255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
    crop = cv2.LUT(frame[top:bottom, left:right], tones)
    large = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    picture = cv2.cvtColor(large, cv2.COLOR_GRAY2BGR)
    for one in drawn:
        _draw(picture, one, (left, top), scale)
    return picture if drawn or size < 1000 else _with_ticks(picture, part, scale)


def _draw(picture: Picture, one: Drawn, corner: tuple[int, int], scale: float) -> None:
    def at(points: NDArray[np.float32]) -> NDArray[np.int32]:
        moved = (points + 0.5 - np.array(corner)) * scale * 16
        return np.rint(moved).astype(np.int32)[:, None]

    colour = _COLOURS[one.kind]
    if one.kind not in LINES:
        _line(picture, at(one.points), colour, closed=True)
        return
    _line(picture, at(one.points), colour, closed=False)
    if one.kind == "b_line":
        _line(picture, at(band(one)), colour, closed=True)
        x, y = at(one.points)[0, 0] // 16
        cv2.circle(picture, (int(x), int(y)), 5, colour, 1, cv2.LINE_AA)


def _line(
    picture: Picture,
    points: NDArray[np.int32],
    colour: tuple[int, int, int],
    *,
    closed: bool,
) -> None:
    cv2.polylines(picture, [points], closed, colour, 1, cv2.LINE_AA, 4)


def _with_ticks(
    picture: Picture, part: tuple[int, int, int, int], scale: float
) -> Picture:
    """Return ``picture`` in a frame of coordinates, with a faint grid."""
    top, left, bottom, right = part
    step = next(s for s in (10, 20, 25, 50, 100) if s * scale >= 50)
    edge = 36
    out = cv2.copyMakeBorder(picture, edge, 4, edge, 4, cv2.BORDER_CONSTANT)
    font, grey = cv2.FONT_HERSHEY_SIMPLEX, (170, 170, 170)
    for x in range(-(-left // step) * step, right, step):
        at = round((x + 0.5 - left) * scale) + edge
        cv2.putText(out, str(x), (at - 14, 24), font, 0.42, grey, 1, cv2.LINE_AA)
    for y in range(-(-top // step) * step, bottom, step):
        at = round((y + 0.5 - top) * scale) + edge
        cv2.putText(out, str(y), (2, at + 4), font, 0.42, grey, 1, cv2.LINE_AA)
        for x in range(-(-left // step) * step, right, step):
            column = round((x + 0.5 - left) * scale) + edge
            cv2.drawMarker(out, (column, at), (120, 110, 60), cv2.MARKER_CROSS, 7)
    return out


def _titled(tile: Picture, text: str) -> Picture:
    out = cv2.copyMakeBorder(tile, 22, 2, 2, 2, cv2.BORDER_CONSTANT)
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(out, text, (6, 16), font, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
    return out


def _sheet(tiles: Sequence[Picture], across: int) -> Picture:
    rows, columns = (max(t.shape[i] for t in tiles) for i in (0, 1))
    down = -(-len(tiles) // across)
    sheet = np.zeros((down * rows, min(across, len(tiles)) * columns, 3), np.uint8)
    for number, tile in enumerate(tiles):
        y, x = number // across * rows, number % across * columns
        sheet[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
    return sheet


def _reach(geometry: FrameGeometry) -> int:
    top, _, bottom, _ = geometry.region
    return max(3, round(_REACH_SHARE * (bottom - top)))


def _write(path: Path, labels: LabelledClip) -> None:
    with written(path) as file:
        file.write(as_json(labels).encode())


def _save(path: Path, picture: Picture) -> None:
    _, data = cv2.imencode(path.suffix, picture)
    with written(path) as file:
        file.write(data.tobytes())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
