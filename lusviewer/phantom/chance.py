"""Scenes by chance: the variety that real clips show, from one generator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lusviewer.geometry import Probe
from lusviewer.phantom.scan import box_mm
from lusviewer.phantom.scene import (
    ALines,
    BLine,
    ChestWall,
    Confounders,
    Consolidation,
    Defect,
    Effusion,
    Lung,
    Machine,
    Motion,
    Pleura,
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
    view = _view(rng, want)
    if not want.clean:
        view = _cropped(rng, view)
    wall = _wall(rng, view, want)
    span = _span_mm(view, wall)
    pleura = _pleura(rng, span, found, want)
    solids = _consolidations(rng, span, found, want)
    effusion = _effusion(rng, span, view, want) if "effusion" in found else None
    lung = _lung(rng, span, found, want, view.depth_mm)
    scene = Scene(
        seed=int(rng.integers(2**31)),
        view=view,
        wall=wall,
        pleura=pleura,
        lung=_adapt(rng, lung, solids, effusion),
        ribs=_ribs(rng, span, wall, want),
        consolidations=solids,
        effusion=effusion,
        confounders=Confounders() if want.clean else _confounders(rng, span, found),
        motion=_motion(rng),
        machine=_machine(rng),
    )
    return _fit(rng, scene) if not want.clean else _clean(scene)


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


def _view(rng: Rng, want: Wanted) -> View:
    kinds = (Probe.CURVILINEAR, Probe.LINEAR, Probe.PHASED)
    probe = want.probe or kinds[int(rng.choice(3, p=(0.72, 0.16, 0.12)))]
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
    # Small radii too: microconvex probes, and recordings that mimic them.
    return View(
        probe,
        depth_mm=float(rng.triangular(50, 110, 190)),
        radius_mm=float(rng.uniform(12, 70)),
        half_angle_rad=float(rng.uniform(0.42, 0.68)),
    )


def _cropped(rng: Rng, view: View) -> View:
    """Return ``view`` cut as recordings are: most often to about a square."""
    if rng.random() < 0.3:
        return view
    gap = 0.0
    if view.probe is not Probe.LINEAR:
        gap = view.radius_mm * (1 - float(np.cos(view.half_angle_rad)))
        gap /= view.depth_mm + gap
    cut_top = gap * float(rng.uniform(0, 1.3)) if rng.random() < 0.75 else 0.0
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
        fat_db=float(rng.uniform(-40, -15)),
        muscle_db=float(rng.uniform(-42, -18)),
        striation_db=float(rng.uniform(1.5, 4.2)),
        fascia_count=int(rng.integers(2, 10)),
        fascia_db=float(rng.uniform(-24, -10)),
        near_field_db=float(rng.uniform(-9, 8)),
        veil_db=float(rng.exponential(2.0)),
        clutter_db=float(rng.uniform(-60, -18)),
    )


def _span_mm(view: View, wall: ChestWall) -> tuple[float, float]:
    if view.probe is Probe.LINEAR:
        half = view.width_mm / 2
    else:
        half = (view.radius_mm + wall.pleura_depth_mm) * view.half_angle_rad
    width = 2 * half
    return (-half + 0.08 * width, half - 0.08 * width)


def _defects(
    rng: Rng, span: tuple[float, float], sizes: tuple[float, ...], *, deep: bool
) -> tuple[Defect, ...]:
    return tuple(
        Defect(
            float(rng.uniform(*span)),
            size,
            float(rng.uniform(0.4, 1.0) * np.clip(size / 2.5, 0.8, 4)) if deep else 0.0,
        )
        for size in sizes
    )


def _some_sizes(rng: Rng) -> tuple[float, ...]:
    kind = rng.random()
    if kind < 0.45:
        return tuple(float(s) for s in rng.uniform(1.5, 4.9, rng.integers(1, 3)))
    if kind < 0.75:
        return tuple(float(s) for s in rng.uniform(1.5, 4.9, rng.integers(3, 7)))
    if kind < 0.9:
        return (float(rng.uniform(5, 10)),)
    return (float(rng.uniform(10.5, 18)),)


def _pleura(
    rng: Rng, span: tuple[float, float], found: frozenset[str], want: Wanted
) -> Pleura:
    odd = "pleural_irregularity" in found
    thickness = float(rng.lognormal(np.log(1.1), 0.35))
    rough = float(rng.uniform(0, 0.25))
    indents: tuple[float, ...] = ()
    breaks: tuple[float, ...] = ()
    if odd:
        if rng.random() < 0.6:
            indents = _some_sizes(rng)
        if rng.random() < 0.5 or not indents:
            breaks = _some_sizes(rng)
        if rng.random() < 0.5:
            thickness = float(rng.uniform(1.8, 7.0))
        if rng.random() < 0.4:
            rough = float(rng.uniform(0.5, 1.1))
    indents = want.indents_mm if want.indents_mm is not None else indents
    breaks = want.breaks_mm if want.breaks_mm is not None else breaks
    return Pleura(
        thickness_mm=want.thickness_mm or float(np.clip(thickness, 0.5, 7.5)),
        level_db=float(rng.uniform(-14, 3)),
        roughness_mm=rough,
        grain_db=float(rng.uniform(1, 4)),
        patch_db=float(rng.exponential(2.5)),
        indents=_defects(rng, span, indents, deep=True),
        breaks=_defects(rng, span, breaks, deep=False),
    )


def _lung(
    rng: Rng,
    span: tuple[float, float],
    found: frozenset[str],
    want: Wanted,
    depth_mm: float,
) -> Lung:
    haze = float(rng.uniform(-32, -7))
    fall = 10 / depth_mm
    lines: tuple[BLine, ...] = ()
    white = False
    if "b_lines" in found:
        haze = float(rng.uniform(-38, -18))
        chance = want.b_lines is None and rng.random() < 0.15
        white = chance if want.white is None else want.white
        lines = _white(rng, span) if white else _b_lines(rng, span, haze, want)
    return Lung(
        haze_db=haze,
        decay_db_per_cm=float(rng.uniform(14, 62)) * fall,
        reverberation_db=_reverberation(rng, found),
        streak_db=float(rng.uniform(0.5, 4)),
        cloud_db=float(rng.uniform(0.5, 3.5)),
        mottle_db=float(rng.uniform(0.3, 2.2)),
        a_lines=_a_lines(rng, span, haze, want) if "a_lines" in found else None,
        b_lines=lines,
        b_decay_db_per_cm=float(rng.uniform(2, 30)) * fall,
        b_ripple_db=float(rng.uniform(0.5, 4)),
        white=white,
    )


def _reverberation(rng: Rng, found: frozenset[str]) -> float:
    # Echoes of fascia below the pleura look like A-lines: strong only beside them.
    if rng.random() < 0.5:
        return -60.0
    return float(rng.uniform(-28, -8) if "a_lines" in found else rng.uniform(-45, -26))


def _a_lines(rng: Rng, span: tuple[float, float], haze: float, want: Wanted) -> ALines:
    width = span[1] - span[0]
    level = float(np.clip(haze + rng.uniform(6, 18), -26, -2))
    if want.a_lines is not None:
        level = max(level, -8.0)
    return ALines(
        count=want.a_lines or int(rng.choice((1, 2, 3, 4), p=(0.35, 0.3, 0.2, 0.15))),
        level_db=level,
        loss_db=float(rng.uniform(1.5, 7)),
        patch_db=0.0 if want.a_lines is not None else float(rng.exponential(4)),
        x_mm=float(rng.uniform(-0.25, 0.25) * width),
        half_width_mm=float(rng.uniform(0.1, 0.6) * width),
    )


def _b_lines(
    rng: Rng, span: tuple[float, float], haze: float, want: Wanted
) -> tuple[BLine, ...]:
    kind = rng.random()
    if kind < 0.4:
        n = int(rng.integers(1, 4))
    elif kind < 0.7:
        n = int(rng.integers(4, 9))
    else:
        n = int(rng.integers(9, 16))
    n = want.b_lines if want.b_lines is not None else n
    width = span[1] - span[0]
    # The probe counts only what it sees: wanted lines keep apart and stay on.
    if want.b_lines is not None:
        places = span[0] + width * (np.arange(n) + 0.5) / max(n, 1)
        widest = min(3.0, 0.45 * width / max(n, 1))
    else:
        places = rng.uniform(span[0] - 5, span[1] + 5, n)
        widest = 9.0 if n > 6 else 6.0
    sub_pleural = rng.random() < 0.2
    peak = float(np.clip(haze + rng.uniform(7, 18), -26, -2))
    if want.b_lines is not None:
        peak = max(peak, -12.0)
    return tuple(
        BLine(
            x_mm=float(place),
            width_mm=float(np.clip(rng.lognormal(np.log(2.6), 0.5), 1.0, widest)),
            level_db=peak + float(rng.uniform(-6, 1)) * (want.b_lines is None),
            origin_mm=float(rng.uniform(2, 8)) if sub_pleural else 0.0,
            period_s=float(rng.uniform(1.5, 5)) if _comes_and_goes(rng, want) else 0.0,
            phase=float(rng.random()),
            duty=float(rng.uniform(0.4, 0.8)),
        )
        for place in places
    )


def _comes_and_goes(rng: Rng, want: Wanted) -> bool:
    return want.b_lines is None and rng.random() < 0.35


def _white(rng: Rng, span: tuple[float, float]) -> tuple[BLine, ...]:
    width = span[1] - span[0] + 50
    places = np.arange(span[0] - 25, span[0] - 25 + width, 5.0)
    peak = float(rng.uniform(-20, -4))
    return tuple(
        BLine(float(x), float(rng.uniform(6, 10)), peak + float(rng.normal(0, 1.5)))
        for x in places
    )


def _consolidations(
    rng: Rng, span: tuple[float, float], found: frozenset[str], want: Wanted
) -> tuple[Consolidation, ...]:
    if "consolidation" not in found:
        return ()
    width = span[1] - span[0]
    size = want.consolidation_mm
    if size is not None:
        depths, x = [size], 0.0
    else:
        kind = rng.random()
        if kind < 0.35:
            depths = list(rng.uniform(2.2, 4.9, rng.integers(1, 8)))
        elif kind < 0.55:
            depths = list(rng.uniform(5, 10, rng.integers(1, 3)))
        else:
            depths = [float(rng.uniform(11, 60))]
        x = float(rng.uniform(-0.3, 0.3) * width)
    level = float(rng.uniform(-40, -20))
    return tuple(
        Consolidation(
            x_mm=x if len(depths) == 1 else float(rng.uniform(*span)),
            half_width_mm=float(depth * rng.uniform(0.8, 1.8) + 2),
            depth_mm=float(depth),
            level_db=level + float(rng.normal(0, 1.5)),
            shred=float(rng.uniform(0.1, 0.9)) * (size is None),
            bronchograms=float(rng.random()) if depth > 8 else 0.0,
            enhancement_db=float(rng.uniform(0, 9)),
        )
        for depth in depths
    )


def _effusion(
    rng: Rng, span: tuple[float, float], view: View, want: Wanted
) -> Effusion:
    width = span[1] - span[0]
    small = rng.random() < 0.3
    most = min(60.0, 0.6 * view.depth_mm)
    thick = float(rng.uniform(2, 4.8) if small else rng.uniform(6, max(most, 8)))
    side = float(rng.choice((-1, 1)))
    thick = want.effusion_mm if want.effusion_mm is not None else thick
    broad = thick > 6 and rng.random() < 0.4
    return Effusion(
        x_mm=float(rng.uniform(-0.35, 0.35) * width),
        half_width_mm=max(float(rng.uniform(0.25, 0.8) * width), 0.9 * thick),
        thickness_mm=thick,
        level_db=float(rng.uniform(-75, -45)),
        edge_db=float(rng.uniform(-18, -3)),
        septa=int(rng.integers(1, 4)) if thick > 8 and rng.random() < 0.25 else 0,
        diaphragm=side * float(rng.uniform(0.3, 1.1)) if broad else 0.0,
    )


def _adapt(
    rng: Rng, lung: Lung, solids: tuple[Consolidation, ...], effusion: Effusion | None
) -> Lung:
    if effusion is not None or any(c.depth_mm > 15 for c in solids):
        brighter = max(lung.haze_db, float(rng.uniform(-28, -10)))
        lung = replace(lung, haze_db=brighter)
    return lung


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
    shadow = float(rng.uniform(14, 45))
    mirrored, broken = bool(rng.random() < 0.2), bool(rng.random() < 0.08)
    return tuple(
        Rib(p, half, above, arc, shadow, softness, mirrored=mirrored, broken=broken)
        for p in places
    )


def _confounders(
    rng: Rng, span: tuple[float, float], found: frozenset[str]
) -> Confounders:
    z_lines = comets = ()
    if rng.random() < 0.15 and "effusion" not in found:
        n = int(rng.integers(1, 4))
        z_lines = tuple(
            (float(rng.uniform(*span)), float(rng.uniform(-18, -8))) for _ in range(n)
        )
    if rng.random() < 0.1:
        comets = ((float(rng.uniform(*span)), float(rng.uniform(-16, -6))),)
    edge = [1.3, 1.3]
    for side in range(2):
        if rng.random() < 0.22:
            edge[side] = float(rng.uniform(0.25, 0.95))
    return Confounders(
        z_lines=z_lines,
        comet_tails=comets,
        contact=(-edge[0], edge[1]),
        contact_softness=float(rng.uniform(0.04, 0.3)),
    )


def _motion(rng: Rng) -> Motion:
    return Motion(
        frame_rate_hz=float(rng.uniform(12, 40)),
        slide_mm=float(rng.uniform(0.5, 9)) if rng.random() < 0.9 else 0.0,
        breaths_per_s=float(rng.uniform(0.18, 0.6)),
        heart_mm=float(rng.uniform(0, 1.0)) if rng.random() < 0.4 else 0.0,
        beats_per_s=float(rng.uniform(0.9, 1.8)),
        wobble_mm=float(rng.uniform(0, 1.5)),
        phase=float(rng.uniform(0, 2 * np.pi)),
    )


def _machine(rng: Rng) -> Machine:
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
        axial_mm=float(rng.uniform(0.14, 0.34)),
        lateral_lines=float(rng.uniform(0.9, 4.5)),
        speckle=float(0.2 + 0.75 * rng.beta(1.5, 2.6)),
        persistence=float(rng.uniform(0, 0.6)),
        decorrelation=float(rng.uniform(0.05, 0.7)),
        blur=float(rng.choice((0, 0, 0.3, 0.6, 1.0, 1.8))),
        black=float(rng.uniform(2, 18)) if rng.random() < 0.3 else 0.0,
        jpeg_quality=int(rng.integers(25, 90)) if rng.random() < 0.5 else 0,
        text=_text(rng) if rng.random() < 0.1 else "",
        ruler=bool(rng.random() < 0.12),
    )


def _text(rng: Rng) -> str:
    letters = np.array(list("ABCDEGHILMNRSTUZ0123456789. "))
    return "".join(rng.choice(letters, int(rng.integers(3, 14))))


def _fit(rng: Rng, scene: Scene) -> Scene:
    """Return ``scene`` with texture sizes that suit the depth it is seen at."""
    grain = scene.machine.axial_mm * (0.5 + scene.view.depth_mm / 130)
    return replace(scene, machine=replace(scene.machine, axial_mm=grain))


def _clean(scene: Scene) -> Scene:
    """Return ``scene`` well insonated and recorded, so that all in it is seen."""
    machine = replace(
        scene.machine, gain_db=0.0, dynamic_range_db=60.0, gamma=1.0, edge_loss_db=0.0,
        tgc_db=(0.0, 0.0), noise_db=-80.0, noise_slope_db=0.0, black=0.0, text="",
        ruler=False, blur=0.0, jpeg_quality=0,
    )  # fmt: skip
    level = max(scene.pleura.level_db, -3.0)
    lung = replace(scene.lung, haze_db=min(scene.lung.haze_db, -28.0))
    pleura = replace(scene.pleura, level_db=level)
    return replace(scene, machine=machine, pleura=pleura, lung=lung)
