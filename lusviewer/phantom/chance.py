"""Scenes by chance: the variety that real clips show, from one generator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lusviewer.geometry import Probe
from lusviewer.phantom import chance_lung
from lusviewer.phantom.scan import box_mm
from lusviewer.phantom.scene import (
    ChestWall,
    Confounders,
    Machine,
    Motion,
    Rib,
    Scene,
    View,
    Wanted,
)

Rng = np.random.Generator


def random_scene(rng: Rng, *, want: Wanted | None = None) -> Scene:
    """Return a scene drawn from ``rng``, with what ``want`` insists on."""
    want = want or Wanted()
    found = _findings(rng, want)
    view = random_view(rng, want)
    if not want.clean:
        view = cropped(rng, view)
    wall = _wall(rng, view, want)
    span = _span_mm(view, wall)
    pleura = chance_lung.pleura(rng, span, found, want)
    solids = chance_lung.consolidations(rng, span, found, want)
    effusion = (
        chance_lung.effusion(rng, span, view, want) if "effusion" in found else None
    )
    lung = chance_lung.lung(rng, span, found, want, view.depth_mm)
    scene = Scene(
        seed=int(rng.integers(2**31)),
        view=view,
        wall=wall,
        pleura=pleura,
        lung=chance_lung.brightened(rng, lung, solids, effusion),
        ribs=_ribs(rng, span, wall, want),
        consolidations=solids,
        effusion=effusion,
        confounders=Confounders() if want.clean else _confounders(rng, span, found),
        motion=_motion(rng),
        machine=random_machine(rng),
    )
    return _clean(scene) if want.clean else _fit(scene)


def _findings(rng: Rng, want: Wanted) -> frozenset[str]:
    if want.findings is not None:
        return frozenset(want.findings)
    found = set()
    kind = rng.random()
    if kind < 0.48:
        found.add("a_lines")
        if rng.random() < 0.3:
            found.add("b_lines")
    elif kind < 0.78:
        found.add("b_lines")
    if rng.random() < (0.3 if kind >= 0.48 else 0.06):
        found.add("consolidation")
    if rng.random() < (0.3 if kind >= 0.78 else 0.1):
        found.add("effusion")
        if rng.random() < 0.4:
            found.add("consolidation")
    if rng.random() < (0.5 if found & {"b_lines", "consolidation"} else 0.12):
        found.add("pleural_irregularity")
    return frozenset(found)


def random_view(rng: Rng, want: Wanted) -> View:
    """Return a beam drawn from ``rng``, of the probe that ``want`` asks for."""
    kinds = (Probe.CURVILINEAR, Probe.LINEAR, Probe.PHASED)
    probe = want.probe or kinds[int(rng.choice(3, p=(0.77, 0.16, 0.07)))]
    if probe is Probe.LINEAR:
        flare = float(rng.uniform(0.1, 0.4)) if rng.random() < 0.2 else 0.0
        return View(
            probe,
            depth_mm=float(rng.uniform(28, 65)),
            width_mm=float(rng.uniform(32, 52)),
            flare=flare,
        )
    if probe is Probe.PHASED:
        return View(
            probe,
            depth_mm=float(rng.uniform(90, 180)),
            radius_mm=float(rng.uniform(1.5, 10)),
            half_angle_rad=float(rng.uniform(0.5, 0.8)),
        )
    small = rng.random() < 0.15
    radius = float(rng.uniform(10, 25) if small else rng.uniform(35, 80))
    # Small radii too: microconvex probes, and recordings that mimic them.
    return View(
        probe,
        depth_mm=float(rng.triangular(50, 90, 170)),
        radius_mm=radius,
        half_angle_rad=float(rng.uniform(0.42, 0.68)),
    )


def cropped(rng: Rng, view: View) -> View:
    """Return ``view`` cut as recordings are: most often to about a square."""
    if rng.random() < 0.3:
        return view
    gap = 0.0
    if view.probe is not Probe.LINEAR:
        gap = view.radius_mm * (1 - float(np.cos(view.half_angle_rad)))
        gap /= view.depth_mm + gap
    cut_top = gap * float(rng.uniform(0, 1.3)) if rng.random() < 0.85 else 0.0
    cut_bottom = float(rng.uniform(0, 0.25)) if rng.random() < 0.4 else 0.0
    top, left, bottom, right = box_mm(replace(view, crop=(cut_top, 0, cut_bottom, 0)))
    aspect = (right - left) / (bottom - top)
    cut = max(0.0, 1 - float(rng.normal(1.0, 0.08)) / aspect)
    share = float(np.clip(rng.normal(0.5, 0.15), 0, 1))
    return replace(view, crop=(cut_top, cut * share, cut_bottom, cut * (1 - share)))


def _wall(rng: Rng, view: View, want: Wanted) -> ChestWall:
    depth = float(np.clip(rng.lognormal(np.log(17.5), 0.33), 8, 40))
    depth = float(np.clip(depth, 0.08 * view.depth_mm, 0.45 * view.depth_mm))
    if rng.random() < 0.06:
        depth = float(rng.uniform(0.35, 0.85)) * view.depth_mm
    if want.pleura_fraction is not None:
        depth = want.pleura_fraction * view.depth_mm
    return ChestWall(
        pleura_depth_mm=depth,
        flatness=float(rng.uniform(0, 1.0)),
        tilt=float(rng.normal(0, 0.07)),
        undulation_mm=float(rng.uniform(0, 1.2)),
        fat_fraction=float(rng.uniform(0.15, 0.6)),
        fat_db=float(rng.uniform(-33, -11)),
        muscle_db=float(rng.uniform(-36, -15)),
        striation_db=float(rng.uniform(0.8, 2.8)),
        fascia_count=int(rng.integers(3, 13)),
        fascia_db=float(rng.uniform(-26, -13)),
        near_field_db=float(rng.uniform(-6, 9)),
        veil_db=float(rng.exponential(2.0)),
        clutter_db=float(rng.uniform(-60, -24)),
    )


def _span_mm(view: View, wall: ChestWall) -> tuple[float, float]:
    if view.probe is Probe.LINEAR:
        half = view.width_mm / 2
    else:
        half = (view.radius_mm + wall.pleura_depth_mm) * view.half_angle_rad
    width = 2 * half
    return (-half + 0.08 * width, half - 0.08 * width)


def _ribs(
    rng: Rng, span: tuple[float, float], wall: ChestWall, want: Wanted
) -> tuple[Rib, ...]:
    width = span[1] - span[0]
    half = float(rng.uniform(5, 10))
    softness = float(rng.uniform(0.2, 1.6))
    spacing = float(rng.uniform(22, 34))
    first = float(rng.uniform(-0.5, 0.5)) * spacing
    if want.ribs is not None:
        step = width / max(want.ribs, 1)
        places = [span[0] + step * (k + 0.5) for k in range(want.ribs)]
    elif rng.random() < 0.6:
        places = [first + k * spacing for k in range(-4, 5)]
        places = [p for p in places if span[0] - 4 < p < span[1] + 4]
        if rng.random() < 0.5:
            keep = int(rng.integers(0, 3))
            places = places[:keep]
    else:
        places = []
    above = float(np.clip(rng.uniform(2, 9), 1, 0.6 * wall.pleura_depth_mm))
    arc = float(rng.uniform(-32, -8))
    shadow = float(rng.uniform(18, 48))
    mirrored, broken = bool(rng.random() < 0.2), bool(rng.random() < 0.08)
    return tuple(
        Rib(p, half, above, arc, shadow, softness, mirrored=mirrored, broken=broken)
        for p in places
    )


def _confounders(
    rng: Rng, span: tuple[float, float], found: frozenset[str]
) -> Confounders:
    z_lines: tuple[tuple[float, float], ...] = ()
    comets: tuple[tuple[float, float], ...] = ()
    if rng.random() < 0.15 and "effusion" not in found:
        n = int(rng.integers(1, 4))
        z_lines = tuple(
            (float(rng.uniform(*span)), float(rng.uniform(-18, -8))) for _ in range(n)
        )
    if rng.random() < 0.05:
        comets = ((float(rng.uniform(*span)), float(rng.uniform(-16, -6))),)
    edge = [1.3, 1.3]
    for side in range(2):
        if rng.random() < 0.22:
            edge[side] = float(rng.uniform(0.25, 0.95))
    return Confounders(
        z_lines=z_lines,
        comet_tails=comets,
        contact=(-edge[0], edge[1]),
        contact_softness=float(rng.uniform(0.08, 0.4)),
    )


def _motion(rng: Rng) -> Motion:
    return Motion(
        frame_rate_hz=float(rng.uniform(12, 40)),
        slide_mm=float(rng.uniform(0.5, 9)) if rng.random() < 0.9 else 0.0,
        breaths_per_s=float(rng.uniform(0.18, 0.6)),
        heart_mm=float(rng.uniform(0, 1.0)) if rng.random() < 0.4 else 0.0,
        beats_per_s=float(rng.uniform(0.9, 1.8)),
        wobble_mm=float(rng.uniform(0, 2.5)),
        phase=float(rng.uniform(0, 2 * np.pi)),
    )


def random_machine(rng: Rng) -> Machine:
    """Return a scanner's settings drawn from ``rng``."""
    tgc = np.cumsum(rng.normal(0, 2.2, 6))
    tgc -= tgc[1]
    noise = float(rng.uniform(-90, -62))
    return Machine(
        gain_db=float(rng.uniform(-15, -2)),
        dynamic_range_db=float(rng.uniform(52, 88)),
        gamma=float(np.exp(rng.normal(0.4, 0.25))),
        tgc_db=tuple(float(v) for v in tgc),
        edge_loss_db=float(rng.choice((0, 1)) * rng.uniform(0, 14)),
        noise_db=noise,
        noise_slope_db=float(rng.uniform(0, 26)) if rng.random() < 0.6 else 0.0,
        axial_mm=float(rng.uniform(0.1, 0.28)),
        lateral_lines=float(0.6 + 3.2 * rng.beta(1.3, 2.5)),
        speckle=float(0.15 + 0.65 * rng.beta(1.5, 2.8)),
        persistence=float(rng.uniform(0, 0.5)),
        decorrelation=float(rng.uniform(0.08, 1.1)),
        blur=float(rng.choice((0, 0, 0, 0, 0.3, 0.9))),
        sharpness=max(0.0, float(rng.uniform(-0.4, 0.6))),
        bright_grey=float(np.clip(rng.normal(128, 30), 60, 210)),
        black=float(rng.uniform(2, 18)) if rng.random() < 0.3 else 0.0,
        jpeg_quality=int(rng.integers(25, 90)) if rng.random() < 0.5 else 0,
        text=_text(rng) if rng.random() < 0.1 else "",
        ruler=bool(rng.random() < 0.08),
    )


def _text(rng: Rng) -> str:
    letters = np.array(list("ABCDEGHILMNRSTUZ0123456789. "))
    return "".join(rng.choice(letters, int(rng.integers(3, 14))))


def _fit(scene: Scene) -> Scene:
    """Return ``scene`` with texture sizes that suit the depth it is seen at."""
    grain = scene.machine.axial_mm * (0.5 + scene.view.depth_mm / 130)
    return replace(scene, machine=replace(scene.machine, axial_mm=grain))


def _clean(scene: Scene) -> Scene:
    """Return ``scene`` well insonated and recorded, so that all in it is seen."""
    machine = replace(
        scene.machine, gain_db=0.0, dynamic_range_db=60.0, gamma=1.0, edge_loss_db=0.0,
        tgc_db=(0.0, 0.0), noise_db=-80.0, noise_slope_db=0.0, black=0.0, text="",
        ruler=False, sharpness=0.0, bright_grey=0.0, blur=0.0, jpeg_quality=0,
    )  # fmt: skip
    level = max(scene.pleura.level_db, -3.0)
    lung = replace(scene.lung, haze_db=min(scene.lung.haze_db, -28.0))
    pleura = replace(scene.pleura, level_db=level)
    wall = replace(scene.wall, clutter_db=-60.0)
    return replace(scene, machine=machine, pleura=pleura, lung=lung, wall=wall)
