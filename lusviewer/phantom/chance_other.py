"""Scenes by chance that are not of lung: belly, heart, womb, neck, and no body."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.geometry import Probe
from lusviewer.phantom.chance import random_machine, random_view
from lusviewer.phantom.other import Body, Layers, OtherScene
from lusviewer.phantom.scene import View, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    _Kind = tuple[Probe | None, Callable[["Rng", OtherScene], OtherScene]]

Rng = np.random.Generator

_FLUID_DB: Final = -85.0
_CONVEX: Final = (Probe.CURVILINEAR, Probe.PHASED)


def random_other(rng: Rng, kind: str | None = None) -> OtherScene:
    """Return a scene that is not of lung, drawn from ``rng``; one of ``KINDS``."""
    kind = kind or str(rng.choice(tuple(KINDS)))
    probe, make = KINDS[kind]
    view = _view(rng, probe)
    machine = random_machine(rng)
    grain = machine.axial_mm * (0.5 + view.depth_mm / 130)
    machine = replace(machine, axial_mm=grain, text="", ruler=False)
    plain = OtherScene(
        seed=int(rng.integers(2**31)),
        kind=kind,
        view=view,
        machine=machine,
        layers=_layers(rng, view, 0.25),
        ground_db=float(rng.uniform(-34, -16)),
        loss_db=float(rng.uniform(0, 2.5)),
        mottle_db=float(rng.uniform(0.8, 4)),
        ringing_db=float(rng.uniform(-40, -8)),
        clutter_db=float(rng.uniform(-70, -30)),
        beats_per_s=float(rng.uniform(0.9, 2.4)),
        frame_rate_hz=float(rng.uniform(12, 40)),
    )
    if rng.random() < 0.2:
        plain = replace(plain, contact=_contact(rng))
    return make(rng, plain)


def _view(rng: Rng, probe: Probe | None) -> View:
    chosen = probe or _CONVEX[int(rng.random() < 0.25)]
    view = random_view(rng, Wanted(probe=chosen))
    if chosen is Probe.LINEAR:
        return view
    return replace(view, depth_mm=float(rng.uniform(70, 190)))


def _layers(rng: Rng, view: View, share: float) -> Layers:
    return Layers(
        depth_mm=float(rng.uniform(0.06, share)) * view.depth_mm,
        count=int(rng.integers(2, 10)),
        plane_db=float(rng.uniform(-28, -12)),
        level_db=float(rng.uniform(-34, -14)),
    )


def _contact(rng: Rng) -> tuple[float, float]:
    lost = float(rng.uniform(0.1, 0.9))
    return (-lost, 1.3) if rng.random() < 0.5 else (-1.3, lost)


def _half_width(view: View, depth_mm: float) -> float:
    """Return how far from the middle the beam reaches at a depth."""
    if view.probe is Probe.LINEAR:
        return view.width_mm / 2
    return (view.radius_mm + depth_mm) * float(np.sin(view.half_angle_rad))


def _at(rng: Rng, view: View, low: float, high: float) -> tuple[float, float]:
    down = float(rng.uniform(low, high)) * view.depth_mm
    return float(rng.uniform(-0.8, 0.8)) * _half_width(view, down), down


def _oval(rng: Rng, size: float, least: float = 0.5) -> tuple[float, float]:
    return size, size * float(rng.uniform(least, 1))


def _turn(rng: Rng) -> float:
    return float(rng.uniform(-1.2, 1.2))


def _vessel(rng: Rng, view: View, ground_db: float) -> Body:
    """Return a vessel, cut across or along."""
    size = float(rng.uniform(0.02, 0.07)) * view.depth_mm
    along = float(rng.uniform(3, 12)) if rng.random() < 0.5 else 1.0
    return Body(
        _at(rng, view, 0.15, 0.85),
        (size * along, size),
        float(rng.normal(0, 0.5)),
        _FLUID_DB,
        wall_db=ground_db + float(rng.uniform(0, 18)),
        wall_mm=float(rng.uniform(0.25, 0.9)),
        behind_db=float(rng.uniform(0, 4)),
        pulse=float(rng.uniform(0, 0.2)),
    )


def _gas(rng: Rng, view: View) -> Body:
    """Return bowel gas or a stone: bright, with a shadow."""
    size = float(rng.uniform(0.03, 0.12)) * view.depth_mm
    return Body(
        _at(rng, view, 0.15, 0.7),
        (size, size * 0.4),
        float(rng.normal(0, 0.2)),
        float(rng.uniform(-25, -8)),
        wall_db=float(rng.uniform(-10, 2)),
        rough=0.15,
        behind_db=-float(rng.uniform(8, 35)),
    )


def _diaphragm(rng: Rng, view: View, level_db: float) -> Body:
    """Return the bright arc at the far side of the liver, with its mirror below."""
    radius = float(rng.uniform(0.5, 1.1)) * view.depth_mm
    bottom = float(rng.uniform(0.55, 0.95)) * view.depth_mm
    across = float(rng.normal(0, 0.3)) * view.depth_mm
    return Body(
        (across, bottom - radius), (radius, radius), 0.0, level_db,
        wall_db=float(rng.uniform(-14, 2)), wall_mm=float(rng.uniform(0.5, 1.8)),
        rough=0.02, mottle_db=2.0,
    )  # fmt: skip


def _kidney(rng: Rng, view: View, ground_db: float) -> tuple[Body, ...]:
    at = _at(rng, view, 0.3, 0.7)
    half = _oval(rng, float(rng.uniform(0.18, 0.34)) * view.depth_mm, 0.4)
    turn = _turn(rng)
    rim = Body(
        at, half, turn, ground_db - float(rng.uniform(3, 12)),
        wall_db=ground_db + float(rng.uniform(-2, 12)), wall_mm=0.8, rough=0.05,
    )  # fmt: skip
    core = (half[0] * 0.6, half[1] * 0.45)
    middle = Body(
        at, core, turn, ground_db + float(rng.uniform(4, 14)),
        rough=0.25, mottle_db=4, behind_db=-3,
    )  # fmt: skip
    return rim, middle


def _belly(rng: Rng, scene: OtherScene) -> OtherScene:
    view, ground = scene.view, scene.ground_db
    bodies: list[Body] = []
    if rng.random() < 0.6:
        bodies.append(_diaphragm(rng, view, ground + float(rng.uniform(-2, 2))))
    if rng.random() < 0.5:
        bodies.extend(_kidney(rng, view, ground))
    if rng.random() < 0.5:
        bodies.append(_bag(rng, view, ground))
    bodies.extend(_vessel(rng, view, ground) for _ in range(int(rng.integers(0, 7))))
    bodies.extend(_gas(rng, view) for _ in range(int(rng.integers(0, 4)) // 2))
    return replace(scene, bodies=tuple(bodies))


def _bag(rng: Rng, view: View, ground_db: float) -> Body:
    """Return a gallbladder or a cyst."""
    size = float(rng.uniform(0.08, 0.3)) * view.depth_mm
    return Body(
        _at(rng, view, 0.25, 0.7), _oval(rng, size, 0.3), _turn(rng), _FLUID_DB,
        wall_db=ground_db + float(rng.uniform(4, 18)), wall_mm=0.8, rough=0.06,
        behind_db=float(rng.uniform(3, 14)),
    )  # fmt: skip


def _heart(rng: Rng, scene: OtherScene) -> OtherScene:
    view = scene.view
    muscle = float(rng.uniform(-30, -16))
    depth = float(rng.uniform(0.4, 0.6)) * view.depth_mm
    size = float(rng.uniform(0.35, 0.55)) * view.depth_mm
    tilt = float(rng.normal(0, 0.5))
    sac = Body(
        (0.0, depth), (size, size * 0.85), tilt, muscle,
        wall_db=float(rng.uniform(-14, 2)), wall_mm=float(rng.uniform(0.6, 2)),
        rough=0.06, mottle_db=2.5, pulse=0.03,
    )  # fmt: skip
    rooms = _rooms(rng, (sac.at_mm, size, tilt), muscle)
    scene = replace(
        scene, bodies=(sac, *rooms), layers=_layers(rng, view, 0.15),
        ground_db=float(rng.uniform(-55, -28)),
    )  # fmt: skip
    return replace(scene, flow=_box(rng)) if rng.random() < 0.35 else scene


def _rooms(
    rng: Rng, heart: tuple[tuple[float, float], float, float], muscle_db: float
) -> list[Body]:
    """Return the chambers side by side, and valves as bright thin leaves."""
    (across, down), size, tilt = heart
    places = [(-0.42, -0.35), (0.4, -0.3), (-0.4, 0.45), (0.42, 0.45)]
    bodies = []
    for x, y in places[: int(rng.integers(2, 5))]:
        dx, dy = np.array([x, y]) * size + rng.normal(0, 0.06 * size, 2)
        at = (
            across + float(np.cos(tilt) * dx - np.sin(tilt) * dy),
            down + float(np.sin(tilt) * dx + np.cos(tilt) * dy),
        )
        half = _oval(rng, float(rng.uniform(0.25, 0.44)) * size, 0.6)
        room = Body(
            at, half, tilt + float(rng.normal(1.2, 0.4)),
            float(rng.uniform(-90, -45)), wall_db=muscle_db + float(rng.uniform(0, 12)),
            rough=0.12, pulse=float(rng.uniform(0.05, 0.35)), wall_mm=0.9,
        )  # fmt: skip
        leaf = Body(
            (at[0], at[1] + half[1] * 0.9), (half[0] * 0.5, 0.9), _turn(rng),
            float(rng.uniform(-16, -4)), pulse=0.3,
        )  # fmt: skip
        bodies += [room, leaf]
    return bodies


def _box(rng: Rng) -> tuple[float, float, float, float]:
    top, left = rng.uniform(0.1, 0.4), rng.uniform(0.2, 0.5)
    height, width = rng.uniform(0.25, 0.5), rng.uniform(0.2, 0.45)
    return float(top), float(left), float(top + height), float(left + width)


def _womb(rng: Rng, scene: OtherScene) -> OtherScene:
    view = scene.view
    water = Body(
        (float(rng.normal(0, 10)), 0.55 * view.depth_mm),
        _oval(rng, float(rng.uniform(0.4, 0.7)) * view.depth_mm, 0.55),
        float(rng.normal(0, 0.3)), float(rng.uniform(-90, -60)),
        wall_db=scene.ground_db + 10, wall_mm=0.9, rough=0.08, behind_db=6,
    )  # fmt: skip
    at = _at(rng, replace(view, half_angle_rad=view.half_angle_rad / 2), 0.4, 0.7)
    size = float(rng.uniform(0.12, 0.32)) * view.depth_mm
    grey = float(rng.uniform(-34, -20))
    head = Body(
        at, _oval(rng, size, 0.7), _turn(rng), grey,
        wall_db=float(rng.uniform(-8, 4)), wall_mm=float(rng.uniform(0.6, 2)),
        behind_db=-float(rng.uniform(0, 14)), mottle_db=3,
    )  # fmt: skip
    beside = float(rng.choice((-1, 1))) * size * 1.9
    trunk = Body(
        (at[0] + beside, at[1] + float(rng.normal(0, 0.4)) * size),
        _oval(rng, size * 1.2, 0.6), _turn(rng), grey + 3,
        wall_db=-14, rough=0.12, behind_db=-6, mottle_db=4,
    )  # fmt: skip
    bones = [
        Body(
            (trunk.at_mm[0] + (k - 2) * 0.3 * size, trunk.at_mm[1] + 0.2 * size),
            (1.6, 1.2), 0.0, -6.0, wall_db=0.0, behind_db=-12,
        )
        for k in range(int(rng.integers(0, 6)))
    ]  # fmt: skip
    return replace(scene, bodies=(water, head, trunk, *bones))


def _bladder(rng: Rng, scene: OtherScene) -> OtherScene:
    view, ground = scene.view, scene.ground_db
    half = _oval(rng, float(rng.uniform(0.22, 0.5)) * view.depth_mm, 0.45)
    down = scene.layers.depth_mm + half[1]
    water = Body(
        (float(rng.normal(0, 15)), down), half, float(rng.normal(0, 0.2)), _FLUID_DB,
        wall_db=ground + 12, wall_mm=1.0, rough=0.08,
        behind_db=float(rng.uniform(4, 14)),
    )  # fmt: skip
    below = Body(
        (water.at_mm[0] + float(rng.normal(0, 12)), down + half[1] * 1.4),
        _oval(rng, 0.2 * view.depth_mm), _turn(rng), ground + float(rng.uniform(-8, 2)),
        wall_db=ground + 8, rough=0.08, mottle_db=3,
    )  # fmt: skip
    gas = [_gas(rng, view)] if rng.random() < 0.3 else []
    return replace(scene, bodies=(below, *gas, water))


def _shallow(rng: Rng, scene: OtherScene) -> OtherScene:
    """Return a neck or a limb: muscles in layers, vessels, glands and nodes."""
    view = scene.view
    ground = scene.ground_db
    bodies = [_vessel(rng, view, ground) for _ in range(int(rng.integers(0, 4)))]
    for _ in range(int(rng.integers(0, 4))):
        size = float(rng.uniform(0.08, 0.3)) * view.depth_mm
        inner = ground + float(rng.uniform(-18, 8))
        bodies.append(
            Body(
                _at(rng, view, 0.2, 0.8), _oval(rng, size, 0.4), _turn(rng) / 4, inner,
                wall_db=ground + float(rng.uniform(-6, 16)), rough=0.08, mottle_db=3,
                behind_db=float(rng.uniform(-6, 6)),
            )
        )  # fmt: skip
    layers = _layers(rng, view, 0.95)
    planes = replace(layers, count=layers.count + int(rng.integers(0, 16)))
    made = replace(scene, bodies=tuple(bodies), layers=planes)
    return replace(made, flow=_box(rng)) if rng.random() < 0.2 else made


def _test_object(rng: Rng, scene: OtherScene) -> OtherScene:
    """Return a tissue-like block with holes, as scanners are checked with."""
    view = scene.view
    size = float(rng.uniform(0.02, 0.07)) * view.depth_mm
    holes = [
        Body(
            (x * _half_width(view, y), y), (size, size), 0.0,
            _FLUID_DB if rng.random() < 0.7 else scene.ground_db - 8, behind_db=2,
        )
        for y in np.linspace(0.25, 0.85, int(rng.integers(1, 5))) * view.depth_mm
        for x in rng.uniform(-0.7, 0.7, int(rng.integers(0, 4)))
    ]  # fmt: skip
    bare = replace(scene.layers, count=0, level_db=scene.ground_db)
    return replace(scene, bodies=tuple(holes), layers=bare, mottle_db=0.5)


def _nothing(rng: Rng, scene: OtherScene) -> OtherScene:
    """Return a probe in the air: bands near it, then nothing but noise."""
    near = Layers(float(rng.uniform(1, 8)), 0, 0.0, float(rng.uniform(-40, -8)))
    quiet = replace(scene.machine, bright_grey=0.0)
    return replace(
        scene, layers=near, ground_db=-95.0, clutter_db=-80.0, machine=quiet,
        ringing_db=float(rng.uniform(-18, 6)), contact=(-1.3, 1.3),
    )  # fmt: skip


def _noise(rng: Rng, scene: OtherScene) -> OtherScene:
    """Return noise alone, at a gain turned up."""
    loud = replace(
        scene.machine, bright_grey=0.0, gain_db=0.0,
        noise_db=float(rng.uniform(-55, -15)), dynamic_range_db=70.0,
        noise_slope_db=float(rng.uniform(0, 20)),
    )  # fmt: skip
    bare = Layers(1.0, 0, 0.0, -95.0)
    return replace(scene, layers=bare, ground_db=-95.0, machine=loud, clutter_db=-90.0)


KINDS: Final[dict[str, _Kind]] = {
    "belly": (None, _belly),
    "heart": (None, _heart),
    "womb": (Probe.CURVILINEAR, _womb),
    "bladder": (Probe.CURVILINEAR, _bladder),
    "shallow": (Probe.LINEAR, _shallow),
    "test object": (Probe.LINEAR, _test_object),
    "no contact": (None, _nothing),
    "noise": (None, _noise),
}
"""What a scene may show, with its probe; None for a convex or a phased one."""
