"""Below the pleura: haze, A-lines, B-lines, consolidation, effusion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lusviewer.phantom.speckle import Floats, curve, shifted, texture

if TYPE_CHECKING:
    from lusviewer.phantom.scan import Beam
    from lusviewer.phantom.scene import BLine, Scene
    from lusviewer.phantom.tissue import WallFrame

Bools = NDArray[np.bool_]

LUNG_PAD = 90
DB = np.float32(np.log(10) / 10)


def power_of(level_db: Floats) -> Floats:
    """Return echo power of a level in dB."""
    out: Floats = np.exp(level_db * DB)
    return out


@dataclass(frozen=True, slots=True)
class LungFrame:
    """Echo powers below the pleura and where each finding lies.

    Maps are ``(n_depths, n_lines)``; per-line curves ``(n_lines,)``. ``b_alive`` says
    which B-lines of the scene shine in this frame, ``b_x_mm`` where they are.
    """

    diffuse: Floats
    a_power: Floats
    b_power: Floats
    b_share: Floats
    edge_power: Floats
    a_distance_mm: Floats
    a_order: Floats
    consolidated: Bools
    fluid: Bools
    tissue: Bools
    fluid_mm: Floats
    solid_mm: Floats
    b_alive: NDArray[np.bool_]
    b_x_mm: Floats


class LungField:
    """The lung of a scene; ``frame`` gives it at a moment."""

    def __init__(self, rng: np.random.Generator, scene: Scene, beam: Beam) -> None:
        self._scene = scene
        self._beam = beam
        n_depths, n = beam.shape
        lines = n + 2 * LUNG_PAD
        pitch = beam.pitch_mm
        self._x = (np.arange(lines, dtype=np.float32) - LUNG_PAD) * pitch
        self._x += beam.x_mm[0]
        shape = (n_depths, lines)
        streaks = curve(rng, lines, 2.0 / pitch) + 1.3 * curve(rng, lines, 7.0 / pitch)
        self._streaks = scene.lung.streak_db * streaks * 0.7
        clouds = texture(rng, shape, (6.0 / beam.step_mm, 6.0 / pitch))
        mottle = texture(rng, shape, (1.0 / beam.step_mm, 2.6 / pitch))
        self._clouds = scene.lung.cloud_db * clouds + scene.lung.mottle_db * mottle
        ripple = texture(rng, shape, (0.5 / beam.step_mm, 1.5 / pitch))
        slow = curve(rng, n_depths, 8.0 / beam.step_mm)[:, None]
        self._ripple = scene.lung.b_ripple_db * (0.6 * ripple + 0.8 * slow)
        self._shred = 0.4 * curve(rng, lines, 1.5 / pitch)
        self._shred += 0.8 * curve(rng, lines, 6.0 / pitch)
        self._wave = curve(rng, n, 10.0 / pitch)
        self._solid = clouds
        self._air = self._bronchograms(rng, shape)
        self._septa = self._septum_paths(rng, n)
        self._patch = curve(rng, n, 3.0 / pitch)
        self._slope_a = curve(rng, n, 8.0 / pitch)

    def _bronchograms(
        self, rng: np.random.Generator, shape: tuple[int, int]
    ) -> Floats | None:
        if not self._scene.consolidations:
            return None
        step, pitch = self._beam.step_mm, self._beam.pitch_mm
        dots = texture(rng, shape, (0.45 / step, 0.8 / pitch))
        groups = texture(rng, shape, (5.0 / step, 5.0 / pitch))
        self._solid = 2.5 * groups + 2.0 * texture(
            rng, shape, (1.2 / step, 2.0 / pitch)
        )
        return (dots + 0.8 * groups).astype(np.float32)

    def _septum_paths(self, rng: np.random.Generator, n: int) -> list[Floats]:
        count = self._scene.effusion.septa if self._scene.effusion else 0
        paths = []
        for _ in range(count):
            run = np.linspace(-1, 1, n) * rng.normal(0, 0.6)
            paths.append(rng.uniform(0.2, 0.8) + run + 0.2 * curve(rng, n, 20))
        return [p.astype(np.float32) for p in paths]

    def frame(self, wall: WallFrame, shift_mm: float, time_s: float) -> LungFrame:
        """Return the lung slid by ``shift_mm`` at ``time_s`` under ``wall``."""
        beam, scene = self._beam, self._scene
        x = beam.x_mm + np.float32(shift_mm)
        start = LUNG_PAD + shift_mm / beam.pitch_mm
        bottom = wall.pleura_mm + wall.thickness_mm
        fluid = self._fluid_mm(bottom)
        solid = self._solid_mm(x, start)
        z = beam.depth_mm - bottom
        surface = fluid + solid
        deep = z - surface
        is_fluid = (z > 0) & (z <= fluid) & (fluid > 0.5)
        is_solid = (z > fluid) & (deep <= 0) & (solid > 0.5)
        tissue = self._tissue(z, bottom)
        clear = (surface < 1.0).astype(np.float32)
        streaks = self._row(self._streaks, start)
        haze = self._haze(wall, deep, surface, streaks, start)
        diffuse = haze
        if is_solid.any():
            level = self._solid_db(x, start, np.maximum(z, 0))
            diffuse = np.where(is_solid, level, diffuse)
        if scene.effusion is not None:
            level = self._fluid_db(z, fluid)
            diffuse = np.where(is_fluid, level, diffuse)
            diffuse = np.where(tissue, -29 + self._cloud(start), diffuse)
        aerated = (deep > 0) & ~tissue
        b_cover, b_level, origin, alive, places = self._b_lines(x, time_s)
        b_power = self._b_power(deep, aerated, (b_level, origin), start)
        b_share = self._b_share(deep, aerated, (b_level, origin))
        a_power, distance, order = self._a_lines(wall, clear, b_cover)
        a_power = a_power * aerated
        edge = self._edges(z, deep, fluid, solid)
        return LungFrame(
            diffuse=power_of(diffuse.astype(np.float32)),
            a_power=a_power,
            b_power=b_power,
            b_share=b_share,
            edge_power=edge,
            a_distance_mm=distance,
            a_order=order,
            consolidated=is_solid & ~tissue,
            fluid=is_fluid & ~tissue,
            tissue=tissue,
            fluid_mm=fluid,
            solid_mm=solid,
            b_alive=alive,
            b_x_mm=places,
        )

    def _row(self, values: Floats, start: float) -> Floats:
        out: Floats = shifted(values[None, :], start, self._beam.shape[1])[0]
        return out

    def _cloud(self, start: float) -> Floats:
        return shifted(self._clouds, start, self._beam.shape[1])

    def _haze(
        self,
        wall: WallFrame,
        deep: Floats,
        surface: Floats,
        streaks: Floats,
        start: float,
    ) -> Floats:
        lung = self._scene.lung
        below = np.maximum(deep, 0)
        behind = np.zeros_like(surface)
        for c in self._scene.consolidations:
            behind = np.where(surface > 2, c.enhancement_db, behind)
        # Sound that crossed fluid or airless lung lights the lung behind it.
        crescent = np.where(surface > 4, 6.0, 0.0) * np.exp(-below / 6)
        haze = lung.haze_db + behind * np.exp(-below / 15) + crescent + streaks
        haze = haze - 0.1 * lung.decay_db_per_cm * below + self._cloud(start)
        if lung.reverberation_db > -50:
            echo = wall.layers_db + lung.reverberation_db - 5 * (wall.multiple - 1)
            # The stronger of two clouds of scatterers hides the other.
            haze = np.logaddexp(haze * DB, echo * DB - 0.02 * surface) / DB
        out: Floats = haze.astype(np.float32)
        return out

    def _fluid_mm(self, bottom: Floats) -> Floats:
        effusion = self._scene.effusion
        if effusion is None:
            return np.zeros_like(bottom)
        across = (self._beam.x_mm - effusion.x_mm) / effusion.half_width_mm
        bump = np.exp(-0.7 * np.abs(across) ** 2.4)
        rim = np.clip(1.25 * bump - 0.12, 0, 1)
        out: Floats = (effusion.thickness_mm * rim * (1 + 0.2 * self._wave)).astype(
            np.float32
        )
        return out

    def _solid_mm(self, x: Floats, start: float) -> Floats:
        out = np.zeros_like(x)
        shred = self._row(self._shred, start)
        for c in self._scene.consolidations:
            across = (x - c.x_mm) / c.half_width_mm
            dome = np.sqrt(np.maximum(0, 1 - across**2))
            depth = c.depth_mm * dome * (1 + 0.3 * c.shred * shred)
            out = np.maximum(out, depth)
        return out.astype(np.float32)

    def _solid_db(self, x: Floats, start: float, below: Floats) -> Floats:
        first = self._scene.consolidations
        level = np.full(len(x), -30, np.float32)
        air = np.full(len(x), 9, np.float32)
        for c in first:
            near = np.abs(x - c.x_mm) < c.half_width_mm * 1.3
            level[near] = c.level_db
            air[near] = 2.6 - 2.0 * c.bronchograms if c.bronchograms > 0 else 9
        out = level + shifted(self._solid, start, len(x)) - 0.12 * below
        if self._air is not None:
            dots = shifted(self._air, start, len(x)) - air
            out = out + np.minimum(16 * np.maximum(dots, 0), 24)
        return out.astype(np.float32)

    def _fluid_db(self, z: Floats, fluid: Floats) -> Floats:
        effusion = self._scene.effusion
        if effusion is None:
            return z
        level = np.full(z.shape, effusion.level_db, np.float32)
        for path in self._septa:
            away = z - path * fluid
            level = np.maximum(level, -14 - 4 * np.minimum(away**2, 12))
        return level

    def _tissue(self, z: Floats, bottom: Floats) -> Bools:
        effusion = self._scene.effusion
        if effusion is None or effusion.diaphragm == 0:
            return np.zeros(z.shape, np.bool_)
        side = np.sign(effusion.diaphragm)
        along = self._beam.u * side - (1 - abs(effusion.diaphragm))
        deepest = 0.9 * (self._scene.view.depth_mm - bottom)
        start = np.where(
            along > 0, 4 + deepest * np.exp(-3.2 * along) + 2 * self._wave, 1e6
        )
        return (z > start) & (z > 0)

    def _edges(self, z: Floats, deep: Floats, fluid: Floats, solid: Floats) -> Floats:
        """Return the power of the lung's own surface, where it is not the pleura."""
        effusion = self._scene.effusion
        out = np.zeros(z.shape, np.float32)
        if effusion is None and not self._scene.consolidations:
            return out
        away = fluid + solid > 1.0
        width = 0.8 + 0.15 * solid / (1 + 0.1 * solid)
        level = effusion.edge_db if effusion else -14.0
        tilt = np.gradient(fluid + solid, self._beam.pitch_mm)
        level = level + 6 * self._slope_a - 14 * np.minimum(np.abs(tilt), 2)
        out += away * power_of(level - 4.3 * np.minimum((deep - width) / width, 9) ** 2)
        if effusion is not None and solid.max() > 1:
            both = (fluid > 1.0) & (solid > 1.0)
            off = (z - fluid) / 0.9
            out += both * power_of(level - 4 - 4.3 * np.minimum(off**2, 20))
        return out

    def _a_lines(
        self, wall: WallFrame, clear: Floats, b_cover: Floats
    ) -> tuple[Floats, Floats, Floats]:
        spec = self._scene.lung.a_lines
        depth = wall.surface_mm + 0.5 * wall.thickness_mm
        relative = self._beam.depth_mm / depth
        order = np.rint(relative)
        distance = (relative - order) * depth
        if spec is None:
            return np.zeros(distance.shape, np.float32), distance, order
        across = (self._beam.x_mm - spec.x_mm) / spec.half_width_mm
        a_db = spec.level_db + 0.5 * (wall.line_db - self._scene.pleura.level_db)
        a_db = a_db - spec.patch_db * np.maximum(self._patch, -0.3) ** 2
        a_db = a_db - 12 * np.minimum(across**4, 5) - 25 * b_cover - 60 * (1 - clear)
        a_db = np.where(wall.broken, a_db - 20, a_db)
        width = 0.45 * np.clip(wall.thickness_mm, 0.8, 1.8) * (0.8 + 0.2 * order)
        level = a_db - spec.loss_db * (order - 2)
        level = level - 4.3 * np.minimum((distance / width) ** 2, 20)
        use = (order >= 2) & (order <= spec.count + 1)
        return power_of(level) * use, distance, order

    def _b_lines(
        self, x: Floats, time_s: float
    ) -> tuple[Floats, Floats, Floats, Bools, Floats]:
        lines = self._scene.lung.b_lines
        cover = np.zeros_like(x)
        level = np.full(x.shape, -90, np.float32)
        origin = np.zeros_like(x)
        alive = np.zeros(len(lines), np.bool_)
        for i, line in enumerate(lines):
            shine = _shine(line, time_s)
            alive[i] = shine > 0.5
            if shine < 0.05:
                continue
            shape = np.abs((x - line.x_mm) / (0.5 * line.width_mm)) ** 2.0
            own = line.level_db - 4.3 * np.minimum(shape, 15) - 20 * (1 - shine)
            stronger = own > level
            origin[stronger] = line.origin_mm
            level = np.maximum(level, own)
            cover = np.maximum(cover, shine * np.exp(-shape))
        return (
            cover,
            level,
            origin,
            alive,
            np.array([b.x_mm for b in lines], np.float32),
        )

    def _b_power(
        self,
        deep: Floats,
        aerated: Bools,
        lines: tuple[Floats, Floats],
        shift: float,
    ) -> Floats:
        lung = self._scene.lung
        if not lung.b_lines:
            return np.zeros(deep.shape, np.float32)
        level, origin = lines
        start = deep - origin
        level = level - 0.1 * lung.b_decay_db_per_cm * np.maximum(start, 0)
        power = power_of(level + shifted(self._ripple, shift, deep.shape[1]))
        return power * (aerated & (start > 0))

    def _b_share(
        self, deep: Floats, aerated: Bools, lines: tuple[Floats, Floats]
    ) -> Floats:
        """Return the B-lines' share of the echo, without either one's texture."""
        lung = self._scene.lung
        if not lung.b_lines:
            return np.zeros(deep.shape, np.float32)
        level, origin = lines
        start = deep - origin
        haze = lung.haze_db - 0.1 * lung.decay_db_per_cm * np.maximum(deep, 0)
        over = level - 0.1 * lung.b_decay_db_per_cm * np.maximum(start, 0) - haze
        return (aerated & (start > 0)) / (1 + power_of(-np.clip(over, -80, 80)))


def _shine(line: BLine, time_s: float) -> float:
    """Return how much of a B-line shows: 1 steady, else it comes and goes."""
    if line.period_s <= 0:
        return 1.0
    wave = (time_s / line.period_s + line.phase) % 1.0
    edge = 0.08
    rise = np.clip(wave / edge, 0, 1)
    fall = np.clip((line.duty - wave) / edge + 1, 0, 1)
    return float(rise * fall)
