"""Scene to pixels, labels and truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lusviewer.phantom.display import Receiver, blur, burn_in, compress, sharpen, smear
from lusviewer.phantom.lung import LungField, LungFrame, power_of
from lusviewer.phantom.scan import Beam, make_beam, make_converter
from lusviewer.phantom.speckle import Floats, Speckle
from lusviewer.phantom.tissue import PAD, ChestWallField, WallFrame
from lusviewer.phantom.truth import FrameTruth, Observer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.geometry import FrameGeometry
    from lusviewer.phantom.scene import Motion, Scene


@dataclass(frozen=True, slots=True)
class PhantomClip:
    """A simulated clip and everything that is true of it.

    ``frames`` and ``labels`` (indices into ``findings.CLASSES``) are uint8 ``(n, rows,
    columns)``; ``biomarkers`` float32 0/1 ``(n, 38)`` after ``findings.LABELS``;
    ``findings`` ``(n, 5)`` after ``FINDINGS``; the ``clip_`` ones their maximum over
    frames. Per frame: ``pleura_px`` ``(n, 2)``, ``a_line_depths`` from the pleura px,
    and ``b_lines`` ``(n, 6)`` as in ``findings.Lines``.
    """

    frames: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    biomarkers: Floats
    clip_biomarkers: Floats
    findings: Floats
    clip_findings: Floats
    pleura_px: tuple[Floats, ...]
    a_line_depths: tuple[Floats, ...]
    b_lines: tuple[Floats, ...]
    geometry: FrameGeometry
    frame_rate_hz: float
    scene: Scene


def render(
    scene: Scene, n_frames: int, *, rows: int = 224, columns: int = 224
) -> PhantomClip:
    """Return ``n_frames`` of ``scene``, the same for the same arguments."""
    stage = _Stage(scene, rows, columns)
    frames = np.empty((n_frames, rows, columns), np.uint8)
    labels = np.empty((n_frames, rows, columns), np.uint8)
    truths: list[FrameTruth] = []
    for i in range(n_frames):
        frames[i], labels[i], truth = stage.frame(i)
        truths.append(truth)
    biomarkers = np.stack([t.biomarkers for t in truths])
    found = np.stack([t.findings for t in truths])
    return PhantomClip(
        frames=frames,
        labels=labels,
        biomarkers=biomarkers,
        clip_biomarkers=biomarkers.max(axis=0),
        findings=found,
        clip_findings=found.max(axis=0),
        pleura_px=tuple(t.pleura_px for t in truths),
        a_line_depths=tuple(t.a_line_depth_px for t in truths),
        b_lines=tuple(t.b_lines for t in truths),
        geometry=stage.converter.geometry,
        frame_rate_hz=scene.motion.frame_rate_hz,
        scene=scene,
    )


class _Stage:
    """All that stays the same from frame to frame."""

    def __init__(self, scene: Scene, rows: int, columns: int) -> None:
        rng = np.random.default_rng(scene.seed)
        self._scene = scene
        self._beam = make_beam(scene.view, scene.wall.pleura_depth_mm, rows)
        self.converter = make_converter(scene.view, self._beam, rows, columns)
        machine = scene.machine
        self._wall = ChestWallField(rng, scene, self._beam)
        self._lung = LungField(rng, scene, self._beam)
        sigma = (machine.axial_mm / self._beam.step_mm, machine.lateral_lines)
        self._tissue = Speckle(rng, self._beam.shape, sigma, PAD)
        self._noise = Speckle(rng, self._beam.shape, (0.6, 0.5), PAD)
        self._receiver = Receiver(machine, self._beam, scene.wall.clutter_db)
        self._contact_db = _contact_loss(scene, self._beam)
        self._overlay = burn_in(machine, rows, columns)
        self._observer = Observer(scene, self._beam, self.converter)
        inside = self.converter.labels(np.ones(self._beam.shape, np.uint8))
        self._inside = inside.astype(np.float32)
        self._rng = rng
        self._last: Floats | None = None

    def frame(
        self, index: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8], FrameTruth]:
        """Return pixels, labels and truth of a frame; call with rising indices."""
        scene, beam = self._scene, self._beam
        time_s = index / scene.motion.frame_rate_hz
        slide, lift, wobble = _motion(scene.motion, time_s)
        wall = self._wall.frame(wobble, slide, lift)
        shift = float(np.clip(slide + wobble, -85 * beam.pitch_mm, 85 * beam.pitch_mm))
        lung = self._lung.frame(wall, shift, time_s)
        seen = _assemble(scene, beam, wall, lung)
        gain = self._receiver.line_gain(self._contact_db[None, :])
        gain = gain * _loss_below(beam, wall)
        mean_power = (seen.diffuse + seen.specular) * gain
        if index == 0:
            self._receiver.expose(mean_power, self._observer.recorded)
        grains = self._grains(wall, (wobble, shift))
        grey = self._receiver.grey(self._echoes(seen, gain, grains))
        grey = self._persist(sharpen(grey, scene.machine.sharpness))
        labels, truth = self._observer.observe(
            wall,
            lung,
            (self._receiver.grey(mean_power), shift),
            self._contact_db,
        )
        return self._finish(self.converter.image(grey)), labels, truth

    def _grains(self, wall: WallFrame, shifts: tuple[float, float]) -> Floats:
        """Return this frame's speckle power: chest wall above, lung below."""
        change = self._scene.machine.decorrelation
        self._tissue.drift(self._rng, (0.3 * change, change))
        pitch = self._beam.pitch_mm
        return np.where(
            self._beam.depth_mm < wall.pleura_mm,
            self._tissue.power(0, shifts[0] / pitch),
            self._tissue.power(1, shifts[1] / pitch),
        )

    def _echoes(self, seen: _Seen, gain: Floats, grains: Floats) -> Floats:
        keep = np.float32(self._scene.machine.speckle)
        grain = (1 - keep) + keep * grains
        power = (seen.diffuse * grain + seen.specular * (0.6 + 0.4 * grain)) * gain
        power += self._receiver.clutter_power * (0.4 + 0.6 * grains)
        self._noise.drift(self._rng, (5.0, 5.0))
        hiss = self._noise.power(0, float(self._rng.integers(-PAD, PAD)))
        power += self._receiver.noise_power * hiss
        return power

    def _persist(self, grey: Floats) -> Floats:
        keep = np.float32(self._scene.machine.persistence)
        if self._last is not None and keep > 0:
            grey = (1 - keep) * grey + keep * self._last
        self._last = grey
        return grey

    def _finish(self, image: Floats) -> NDArray[np.uint8]:
        machine = self._scene.machine
        image = blur(image, machine.blur)
        if machine.blur > 1:
            image = blur(image, machine.blur - 1)
        if self._overlay is not None:
            image = np.maximum(image, self._overlay)
        image = compress(image, machine.jpeg_quality)
        if machine.black > 0:
            image = image + np.float32(machine.black) * self._inside
        return np.clip(image, 0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class _Seen:
    diffuse: Floats
    specular: Floats


def _assemble(scene: Scene, beam: Beam, wall: WallFrame, lung: LungFrame) -> _Seen:
    below = beam.depth_mm > wall.pleura_mm
    soft = blur(smear(smear(lung.diffuse)), 0.8)
    diffuse = np.where(below, soft, power_of(wall.layers_db))
    diffuse = diffuse + lung.b_power
    half = np.maximum(wall.thickness_mm / 2, 0.3)
    away = (beam.depth_mm - wall.pleura_mm - half) / half
    line = power_of(wall.line_db - 3.0 * np.minimum(away * away, 25))
    specular = lung.a_power + lung.edge_power + line
    if scene.ribs:
        off = (beam.depth_mm - wall.rib_mm) / 0.9
        specular += power_of(wall.rib_db - 4.3 * np.minimum(off * off, 20))
        if any(rib.mirrored for rib in scene.ribs):
            off = (beam.depth_mm - 2 * wall.rib_mm) / 1.3
            again = wall.rib_db + 16 - 4.3 * np.minimum(off * off, 20)
            specular += power_of(again)
    specular += _confounders(scene, beam, wall)
    return _Seen(diffuse, specular)


def _confounders(scene: Scene, beam: Beam, wall: WallFrame) -> Floats | float:
    tricks = scene.confounders
    out: Floats | float = 0.0
    z = beam.depth_mm - wall.pleura_mm
    for x_mm, level in tricks.z_lines:
        across = level - 4.3 * np.minimum(((beam.x_mm - x_mm) / 1.6) ** 2, 15)
        out = out + power_of(across - 1.1 * np.maximum(z, 0)) * (z > 0)
    for x_mm, level in tricks.comet_tails:
        across = level - 4.3 * np.minimum(((beam.x_mm - x_mm) / 1.0) ** 2, 15)
        from_top = beam.depth_mm - 0.35 * wall.pleura_mm
        shine = power_of(across - 1.0 * np.maximum(from_top, 0))
        out = out + shine * ((from_top > 0) & (z < 0))
    return out


def _loss_below(beam: Beam, wall: WallFrame) -> Floats:
    depth = beam.depth_mm - wall.rib_mm
    loss = wall.shadow_db * np.clip(depth / 2.0 - 0.5, 0, 1)
    under = np.clip((beam.depth_mm - wall.pleura_mm) / 3 + 1, 0, 1)
    loss = loss + wall.veil_db * under
    return power_of(-loss.astype(np.float32))


def _contact_loss(scene: Scene, beam: Beam) -> Floats:
    left, right = scene.confounders.contact
    soft = scene.confounders.contact_softness
    inner = np.minimum(beam.u - left, right - beam.u)
    out: Floats = (42 / (1 + np.exp(np.clip(inner / soft * 3, -20, 20)))).astype(
        np.float32
    )
    return out


def _motion(motion: Motion, time_s: float) -> tuple[float, float, float]:
    breath = 2 * np.pi * motion.breaths_per_s * time_s + motion.phase
    beat = 2 * np.pi * motion.beats_per_s * time_s + 1.7 * motion.phase
    pulse = max(0.0, float(np.sin(beat))) ** 3
    slide = motion.slide_mm * float(np.sin(breath)) + motion.heart_mm * pulse
    lift = (
        0.06 * motion.slide_mm * float(np.cos(breath)) + 0.3 * motion.heart_mm * pulse
    )
    hand = float(np.sin(1.3 * time_s + motion.phase) + 0.5 * np.sin(2.9 * time_s))
    return slide, lift, motion.wobble_mm * hand
