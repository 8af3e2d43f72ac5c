"""Ultrasound of anything but lung: bodies in layered tissue become frames.

The beam, the speckle and the machine are those of the lung's scenes, so that what
tells the two apart is what they show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lusviewer.geometry import Probe
from lusviewer.phantom.display import Receiver, blur, burn_in, compress, sharpen
from lusviewer.phantom.lung import power_of
from lusviewer.phantom.scan import Beam, make_beam, make_converter
from lusviewer.phantom.speckle import Floats, complex_field, curve, texture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.geometry import FrameGeometry
    from lusviewer.phantom.scene import Machine, View

_SKIN_MM = 25.0
"""How far the origin for the beam's tilt lies below the skin."""


@dataclass(frozen=True, slots=True)
class Body:
    """An organ, a vessel, a chamber, a bone: an oval with a wall.

    ``at_mm`` is its middle, across and down from the skin; ``half_mm`` its half axes.
    ``wall_db`` is the level of its wall where the beam meets it squarely. ``behind_db``
    is what it adds to the echoes below: above 0 a fluid's enhancement, below 0 a
    shadow. ``pulse`` is the share by which it shrinks with each heart beat.
    """

    at_mm: tuple[float, float]
    half_mm: tuple[float, float]
    turn_rad: float
    inner_db: float
    wall_db: float = -90.0
    wall_mm: float = 1.0
    rough: float = 0.0
    behind_db: float = 0.0
    mottle_db: float = 1.5
    pulse: float = 0.0


@dataclass(frozen=True, slots=True)
class Layers:
    """Skin, fat and muscle above: so many bright planes down to ``depth_mm``."""

    depth_mm: float
    count: int
    plane_db: float
    level_db: float


@dataclass(frozen=True, slots=True)
class OtherScene:
    """One clip that is not of lung, described.

    ``ground_db`` is the tissue between the ``bodies``, falling by ``loss_db`` a cm.
    ``ringing_db`` is the near field's reverberation, ``contact`` where the probe
    touches, as fractions of the beam. ``flow`` is a box in which flow is shown in
    bright patches: top, left, bottom, right as fractions of the frame.
    """

    seed: int
    kind: str
    view: View
    machine: Machine
    layers: Layers
    ground_db: float
    loss_db: float
    mottle_db: float
    bodies: tuple[Body, ...] = ()
    ringing_db: float = -90.0
    clutter_db: float = -60.0
    contact: tuple[float, float] = (-1.3, 1.3)
    beats_per_s: float = 1.2
    frame_rate_hz: float = 25.0
    flow: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class OtherClip:
    """A simulated clip that is not of lung: ``frames`` uint8 ``(n, rows, columns)``."""

    frames: NDArray[np.uint8]
    geometry: FrameGeometry
    scene: OtherScene


def render_other(
    scene: OtherScene, n_frames: int, *, rows: int = 224, columns: int = 224
) -> OtherClip:
    """Return ``n_frames`` of ``scene``, the same for the same arguments."""
    rng = np.random.default_rng(scene.seed)
    beam = make_beam(scene.view, _SKIN_MM, rows)
    converter = make_converter(scene.view, beam, rows, columns)
    field = _Field(rng, scene, beam)
    receiver = Receiver(scene.machine, beam, scene.clutter_db)
    text = burn_in(scene.machine, rows, columns)
    frames = np.empty((n_frames, rows, columns), np.uint8)
    for index in range(n_frames):
        power, level = field.frame(rng, receiver, index / scene.frame_rate_hz)
        if index == 0:
            receiver.expose(level, np.ones(beam.shape, np.bool_))
        grey = sharpen(receiver.grey(power), scene.machine.sharpness)
        image = blur(converter.image(grey), scene.machine.blur)
        if scene.flow is not None:
            image = _with_flow(rng, image, scene.flow)
        if text is not None:
            image = np.maximum(image, text)
        image = compress(image, scene.machine.jpeg_quality)
        frames[index] = np.clip(image, 0, 255)
    return OtherClip(frames, converter.geometry, scene)


class _Field:
    """What the scene's tissue echoes, frame by frame."""

    def __init__(self, rng: np.random.Generator, scene: OtherScene, beam: Beam) -> None:
        self._scene, self._beam = scene, beam
        self._across, self._down = _places(scene.view, beam)
        self._tissue_db = _tissue(rng, scene, beam)
        self._planes = _planes(rng, scene.layers, beam)
        self._outlines = [1 + b.rough * curve(rng, 256, 14) for b in scene.bodies]
        self._mottle = texture(rng, beam.shape, (4.0, 4.0))
        self._contact_db = _contact_loss(scene, beam)
        machine = scene.machine
        sigma = (machine.axial_mm / beam.step_mm, machine.lateral_lines)
        self._speckle = np.abs(complex_field(rng, beam.shape, sigma)) ** 2

    def frame(
        self, rng: np.random.Generator, receiver: Receiver, time_s: float
    ) -> tuple[Floats, Floats]:
        """Return the echo power at a moment, with speckle and noise and without."""
        scene = self._scene
        beat = float(np.sin(2 * np.pi * scene.beats_per_s * time_s))
        diffuse_db, walls, behind = self._bodies(beat)
        gain = receiver.line_gain(self._contact_db - behind)
        mirrors = walls + self._planes + _ringing(scene, self._beam)
        level = (power_of(diffuse_db) + mirrors) * gain
        keep = np.float32(scene.machine.speckle)
        grain = (1 - keep) + keep * self._speckle
        power = (power_of(diffuse_db) * grain + mirrors * (0.5 + 0.5 * grain)) * gain
        power = power + receiver.clutter_power * (0.4 + 0.6 * grain)
        hiss = rng.standard_exponential(self._beam.shape, np.float32)
        return power + receiver.noise_power * hiss, level

    def _bodies(self, beat: float) -> tuple[Floats, Floats, Floats]:
        """Return levels dB, the walls' power, and what lies behind bodies in dB."""
        level = self._tissue_db
        walls = np.zeros(self._beam.shape, np.float32)
        behind = np.zeros(self._beam.shape, np.float32)
        for body, outline in zip(self._scene.bodies, self._outlines, strict=True):
            radius, square = self._radius(body, outline, beat)
            inside = radius < 1
            inner = body.inner_db + body.mottle_db * self._mottle
            level = np.where(inside, inner, level)
            walls *= ~inside
            off = (radius - 1) * min(body.half_mm) / body.wall_mm
            bright = body.wall_db - 22 * (1 - square) - 4.3 * np.minimum(off * off, 18)
            walls += power_of(bright.astype(np.float32))
            chord = np.cumsum(inside, axis=0) * (self._beam.step_mm / body.half_mm[1])
            behind += np.float32(body.behind_db) * np.clip(chord, 0, 1)
        return level, walls, behind.astype(np.float32)

    def _radius(
        self, body: Body, outline: Floats, beat: float
    ) -> tuple[Floats, Floats]:
        """Return how far out each sample lies, 1 at the wall, and how squarely."""
        across, down = self._across - body.at_mm[0], self._down - body.at_mm[1]
        cos, sin = np.float32(np.cos(body.turn_rad)), np.float32(np.sin(body.turn_rad))
        shrunk = np.float32(1 - body.pulse * (0.5 + 0.5 * beat))
        x = (cos * across + sin * down) / (body.half_mm[0] * shrunk)
        y = (cos * down - sin * across) / (body.half_mm[1] * shrunk)
        radius = np.sqrt(x * x + y * y)
        if body.rough:
            part = (np.arctan2(y, x) / (2 * np.pi) + 0.5) * (len(outline) - 1)
            radius = radius / outline[part.astype(np.intp)]
        slope_x, slope_y = x / body.half_mm[0], y / body.half_mm[1]
        slope = np.sqrt(slope_x * slope_x + slope_y * slope_y) + np.float32(1e-9)
        return radius, np.abs(cos * slope_y + sin * slope_x) / slope


def _places(view: View, beam: Beam) -> tuple[Floats, Floats]:
    """Return where each sample lies, mm across and down from the skin's middle."""
    if view.probe is Probe.LINEAR:
        wide = 1 + view.flare * beam.depth_mm / view.depth_mm
        return beam.u * view.width_mm / 2 * wide, beam.depth_mm + 0 * beam.u
    reach = view.radius_mm + beam.depth_mm
    return reach * np.sin(beam.theta), reach * np.cos(beam.theta) - view.radius_mm


def _tissue(rng: np.random.Generator, scene: OtherScene, beam: Beam) -> Floats:
    """Return the levels dB of the layers above and the ground below them."""
    depth = beam.depth_mm
    striae = texture(rng, beam.shape, (1.2, 12.0))
    lumps = texture(rng, beam.shape, (7.0, 8.0)) + 0.5 * striae
    ground = scene.ground_db + scene.mottle_db * lumps - scene.loss_db * depth / 10
    border = scene.layers.depth_mm * (1 + 0.08 * curve(rng, beam.shape[1], 25))
    above = 1 / (1 + np.exp(np.clip((depth - border) / 0.8, -30, 30)))
    near = scene.layers.level_db + 3 * striae
    out: Floats = (ground + above * (near - ground)).astype(np.float32)
    return out


def _planes(rng: np.random.Generator, layers: Layers, beam: Beam) -> Floats:
    """Return the power of the bright planes between skin, fat and muscle."""
    out = np.zeros(beam.shape, np.float32)
    lines = beam.shape[1]
    for share in rng.uniform(0.08, 1.0, layers.count):
        bend = rng.normal(0, 0.04) * beam.u + 0.03 * curve(rng, lines, 30)
        off = (beam.depth_mm - layers.depth_mm * (share + bend)) / rng.uniform(0.3, 0.8)
        peak = layers.plane_db + rng.normal(0, 3) + 4 * curve(rng, lines, 15)
        out += power_of((peak - 4.3 * np.minimum(off * off, 18)).astype(np.float32))
    return out


def _ringing(scene: OtherScene, beam: Beam) -> Floats:
    """Return the power of the near field's bands, as without contact to a body."""
    bands = 5 * np.cos(2 * np.pi * beam.depth_mm / 3.1)
    level = scene.ringing_db - 1.6 * beam.depth_mm + bands
    return power_of(level.astype(np.float32))


def _contact_loss(scene: OtherScene, beam: Beam) -> Floats:
    inner = np.minimum(beam.u - scene.contact[0], scene.contact[1] - beam.u)
    out: Floats = 42 / (1 + np.exp(np.clip(inner / 0.06, -20, 20)))
    return out.astype(np.float32)[None, :]


def _with_flow(
    rng: np.random.Generator, image: Floats, box: tuple[float, float, float, float]
) -> Floats:
    """Return ``image`` with bright patches in a drawn box, as flow in colour is."""
    rows, columns = image.shape
    top, bottom = int(box[0] * rows), int(box[2] * rows)
    left, right = int(box[1] * columns), int(box[3] * columns)
    shape = (bottom - top, right - left)
    patches = texture(rng, shape, (5.0, 5.0))
    grain = texture(rng, shape, (1.0, 1.5))
    out = image.copy()
    flows = (patches > 0.4) & (image[top:bottom, left:right] > 0)
    out[top:bottom, left:right][flows] = np.clip(150 + 45 * grain[flows], 40, 255)
    for row in (top, bottom - 1):
        out[row, left:right] = 170
    for column in (left, right - 1):
        out[top:bottom, column] = 170
    return out
