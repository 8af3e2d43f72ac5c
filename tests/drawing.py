"""Label maps drawn by hand, and clips in memory that show them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lusviewer.clip import Clip, ClipDetails, ClipIdentity
from lusviewer.errors import CorruptFrameError
from lusviewer.findings import CLASSES
from lusviewer.geometry import GRID, FrameGeometry, GridMap, Probe, Sector

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from lusviewer.clip import Frame

    Drawn = Sequence[Frame] | NDArray[np.uint8]

INDEX = {name: index for index, name in enumerate(CLASSES)}
APEX = (-60.0, 200.0)
NEAR, FAR = 100.0, 340.0


def linear(spacing_mm: tuple[float, float] | None = None) -> FrameGeometry:
    """A straight probe whose image fills the models' grid pixel by pixel."""
    return FrameGeometry(
        GRID, GRID, (0, 0, GRID, GRID), spacing_mm, Probe.LINEAR, beam_from="header"
    )


def fan(spacing_mm: tuple[float, float] | None = None) -> FrameGeometry:
    """A curved probe in a frame of 300 x 400."""
    return FrameGeometry(
        300,
        400,
        (10, 20, 290, 380),
        spacing_mm,
        Probe.CURVILINEAR,
        Sector(APEX, (NEAR, FAR), (-0.5, 0.5)),
        beam_from="header",
    )


def chest(pleura: int = 60, thickness: int = 4) -> NDArray[np.uint8]:
    """Chest wall, pleura and lung, straight across the grid."""
    labels = np.full((GRID, GRID), INDEX["lung"], np.uint8)
    labels[:pleura] = INDEX["chest_wall"]
    labels[pleura : pleura + thickness] = INDEX["pleura"]
    return labels


def polar(geometry: FrameGeometry) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Radius px and angle of every grid pixel from the fan's apex."""
    steps = np.mgrid[0:GRID, 0:GRID].reshape(2, -1).T.astype(np.float32)
    rows, columns = (GridMap.of(geometry).to_clip(steps) - APEX).T
    radius, angle = np.hypot(rows, columns), np.arctan2(columns, rows)
    return radius.reshape(GRID, GRID), angle.reshape(GRID, GRID)


def fan_chest(
    geometry: FrameGeometry, pleura_px: float = 60, thickness_px: float = 8
) -> NDArray[np.uint8]:
    """Chest wall, pleura and lung along the arcs of a fan."""
    radius, _ = polar(geometry)
    depth = radius - NEAR
    labels = np.full((GRID, GRID), INDEX["lung"], np.uint8)
    labels[depth < pleura_px + thickness_px] = INDEX["pleura"]
    labels[depth < pleura_px] = INDEX["chest_wall"]
    return labels


class DrawnFrames:
    """Frames in memory; some may be broken, and what was asked for is remembered."""

    def __init__(self, frames: Drawn, broken: Iterable[int] = ()) -> None:
        self._frames = frames
        self._broken = set(broken)
        self.asked: list[int] = []

    def luminance(self, index: int) -> Frame:
        self.asked.append(index)
        if index in self._broken:
            msg = "drawn as broken"
            raise CorruptFrameError(msg)
        return self._frames[index].copy()

    def colour(self, index: int) -> NDArray[np.uint8]:
        return np.repeat(self._frames[index][:, :, None], 3, axis=2)

    def close(self) -> None: ...


def drawn_clip(
    frames: Drawn,
    geometry: FrameGeometry,
    *,
    broken: Iterable[int] = (),
    path: Path | None = None,
    inter_coded: bool = False,
    **options: Any,
) -> Clip:
    """A clip in memory whose beam is known."""
    clip = Clip(
        ClipIdentity(path or Path("drawn.mp4"), "video"),
        DrawnFrames(frames, broken),
        geometry,
        np.arange(len(frames)) / 25.0,
        ClipDetails("drawn", inter_coded=inter_coded),
        **options,
    )
    clip._located = True
    return clip


def asked(clip: Clip) -> list[int]:
    """The frames that were decoded, in order."""
    source = clip._source
    assert isinstance(source, DrawnFrames)
    return source.asked
