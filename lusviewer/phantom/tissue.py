"""The chest wall: layers, pleura depth, ribs and the shadows they cast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lusviewer.geometry import Probe
from lusviewer.phantom.speckle import Floats, curve, shifted, texture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.phantom.scan import Beam
    from lusviewer.phantom.scene import ChestWall, Pleura, Rib, Scene

RELATIVE_ROWS = 192
PAD = 40


@dataclass(frozen=True, slots=True)
class WallFrame:
    """The chest wall of one frame, per line and per sample.

    ``pleura_mm`` is the depth of the pleura's upper border; ``thickness_mm`` and
    ``line_db`` its form; ``shadow_db`` the loss below ``rib_mm``.
    """

    pleura_mm: Floats
    surface_mm: Floats
    thickness_mm: Floats
    line_db: Floats
    broken: NDArray[np.bool_]
    layers_db: Floats
    multiple: Floats
    rib_mm: Floats
    rib_db: Floats
    shadow_db: Floats
    veil_db: Floats


class ChestWallField:
    """The chest wall of a scene; ``frame`` gives it at a moment."""

    def __init__(self, rng: np.random.Generator, scene: Scene, beam: Beam) -> None:
        self._scene = scene
        self._beam = beam
        lines = beam.shape[1] + 2 * PAD
        wall = scene.wall
        self._x = (np.arange(lines, dtype=np.float32) - PAD) * beam.pitch_mm
        self._x += beam.x_mm[0]
        self._layers = _layers(rng, wall, lines)
        unevenness = curve(rng, lines, 12.0 / beam.pitch_mm)
        fine = curve(rng, lines, 1.2 / beam.pitch_mm)
        middle = curve(rng, lines, 4.0 / beam.pitch_mm)
        pleura = scene.pleura
        self._offset = wall.tilt * self._x + wall.undulation_mm * unevenness
        self._lung_offset = pleura.roughness_mm * (0.5 * fine + 0.8 * middle)
        self._indent = _profile(self._x, pleura, breaks=False)
        self._break = _profile(self._x, pleura, breaks=True)
        self._grain = pleura.grain_db * curve(rng, lines, 1.0 / beam.pitch_mm)
        slow = curve(rng, lines, 9.0 / beam.pitch_mm)
        self._grain -= pleura.patch_db * np.maximum(slow, 0) ** 2
        veil = curve(rng, lines, 5.0 / beam.pitch_mm)
        veil += 0.6 * curve(rng, lines, 14.0 / beam.pitch_mm)
        self._veil = wall.veil_db * np.maximum(veil, -0.5) ** 2
        self._thick = 1 + 0.25 * curve(rng, lines, 3.0 / beam.pitch_mm)
        self._base = _base_depth(scene, beam)
        self._slope = np.gradient(self._base, beam.pitch_mm)

    def frame(self, wobble_mm: float, slide_mm: float, lift_mm: float) -> WallFrame:
        """Return the wall with hand and lung displaced by so much."""
        beam, pleura = self._beam, self._scene.pleura
        n = beam.shape[1]
        still = PAD + wobble_mm / beam.pitch_mm
        moved = still + slide_mm / beam.pitch_mm
        lung = self._row(self._lung_offset, moved, n)
        indent = self._row(self._indent, moved, n)
        depth = self._base + self._row(self._offset, still, n) + lift_mm
        top = np.maximum(depth + lung + indent, 3.0).astype(np.float32)
        breaks = self._row(self._break, moved, n)
        slope = np.gradient(depth, beam.pitch_mm) - self._slope * _arched(self._scene)
        line_db = pleura.level_db + self._row(self._grain, moved, n)
        line_db -= 25 * np.minimum(breaks, 1) + 40 * slope**2
        line_db -= 2.0 * np.minimum(indent, 3)
        thickness = pleura.thickness_mm * np.clip(
            self._row(self._thick, moved, n), 0.5, 1.6
        )
        surface = np.maximum(depth, 3.0).astype(np.float32)
        relative = beam.depth_mm / surface
        multiple = np.floor(relative)
        index = ((relative - multiple) * (RELATIVE_ROWS - 1)).astype(np.intp)
        layers = shifted(self._layers, still, n)
        layers_db = np.take_along_axis(layers, index, axis=0)
        rib_mm, rib_db, shadow_db = self._ribs(surface, beam.x_mm + wobble_mm)
        rib_db = rib_db + np.minimum(0.7 * (line_db - pleura.level_db), 2.0)
        return WallFrame(
            top,
            surface, thickness.astype(np.float32), line_db.astype(np.float32),
            breaks > 0.5, layers_db, multiple, rib_mm, rib_db, shadow_db,
            self._row(self._veil, still, n),
        )  # fmt: skip

    @staticmethod
    def _row(values: Floats, start: float, n: int) -> Floats:
        out: Floats = shifted(values[None, :], start, n)[0]
        return out

    def _ribs(self, pleura: Floats, x: Floats) -> tuple[Floats, Floats, Floats]:
        depth = np.full(len(x), 1e6, np.float32)
        level = np.full(len(x), -90, np.float32)
        shadow = np.zeros(len(x), np.float32)
        for rib in self._scene.ribs:
            _add_rib(rib, x, pleura, (depth, level, shadow))
        return depth, level, shadow


def _add_rib(
    rib: Rib, x: Floats, pleura: Floats, rows: tuple[Floats, Floats, Floats]
) -> None:
    depth, level, shadow = rows
    across = (x - rib.x_mm) / rib.half_width_mm
    under = np.abs(across) < 2.0
    near = np.abs(across) < 1.25
    arch = np.sqrt(np.maximum(0, 1 - np.minimum(np.abs(across), 1) ** 2))
    surface = pleura - rib.above_pleura_mm - 0.28 * rib.half_width_mm * (arch - 0.5)
    surface = np.maximum(surface, 2.0)
    depth[under] = np.minimum(depth, surface)[under]
    bright = rib.arc_db - 18 * across**4
    if rib.broken:
        bright = bright - 25 * np.exp(-(((x - rib.x_mm) / 1.5) ** 2))
    level[:] = np.where(near, np.maximum(level, bright), level)
    power = 2 + 2 / max(rib.softness, 0.1)
    cast = rib.shadow_db / (1 + np.abs(across) ** power)
    shadow[:] = np.maximum(shadow, np.where(under, cast, 0))


def _arched(scene: Scene) -> float:
    return 0.7 if scene.view.probe is not Probe.LINEAR else 0.0


def _base_depth(scene: Scene, beam: Beam) -> Floats:
    depth = scene.wall.pleura_depth_mm
    if scene.view.probe is Probe.LINEAR:
        return np.full(beam.shape[1], depth, np.float32)
    reach = scene.view.radius_mm + depth
    flat = reach / np.cos(beam.theta) - reach
    return (depth + scene.wall.flatness * flat).astype(np.float32)


def _profile(x: Floats, pleura: Pleura, *, breaks: bool) -> Floats:
    out = np.zeros_like(x)
    for defect in pleura.breaks if breaks else pleura.indents:
        across = (x - defect.x_mm) / (defect.size_mm / 2)
        if breaks:
            out += 1 / (1 + np.abs(across) ** 5)
        else:
            out += defect.depth_mm * np.exp(-0.9 * across**2)
    return out


def _layers(rng: np.random.Generator, wall: ChestWall, lines: int) -> Floats:
    """Return echo levels over relative depth, skin 0 to pleura 1, and lateral place."""
    shape = (RELATIVE_ROWS, lines)
    rho = np.linspace(0, 1, RELATIVE_ROWS, dtype=np.float32)[:, None]
    border = wall.fat_fraction + 0.04 * curve(rng, lines, 25)
    fat = 1 / (1 + np.exp((rho - border) / 0.015))
    level = wall.muscle_db + (wall.fat_db - wall.muscle_db) * fat
    striae = texture(rng, shape, (rng.uniform(0.7, 1.8), rng.uniform(3, 18)))
    striae = striae + 0.4 * np.maximum(striae, 0) ** 2
    lobules = texture(rng, shape, (rng.uniform(4, 14), rng.uniform(5, 24)))
    level = level + wall.striation_db * (striae * (1 - 0.3 * fat) + 1.0 * lobules)
    bend = curve(rng, lines, 30)
    # The layers run crosswise to each other a little: fascia planes dip and rise.
    for place in rng.uniform(0.1, 0.97, wall.fascia_count):
        tilt = rng.normal(0, 0.03) * np.linspace(-1, 1, lines, dtype=np.float32)
        row = place + tilt + rng.normal(0, 0.025) * bend
        fade = 4 * curve(rng, lines, 15)
        width = rng.uniform(0.008, 0.02)
        peak = wall.fascia_db + rng.normal(0, 4) + fade
        shape_db = -4.3 * ((rho - row) / width) ** 2
        level = np.maximum(level, peak + np.maximum(shape_db, -60))
    near = np.exp(-rho / rng.uniform(0.06, 0.18))
    bands = np.cos(2 * np.pi * rho * rng.uniform(8, 18) + rng.uniform(0, 6))
    level = level + near * (wall.near_field_db - 0.5 * level) * 0.6 + 4 * near * bands
    out: Floats = level.astype(np.float32)
    return out
