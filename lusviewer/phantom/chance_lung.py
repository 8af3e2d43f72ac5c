"""Lungs by chance: pleura, A-lines, B-lines, consolidation and effusion."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lusviewer.phantom.scene import (
    ALines,
    BLine,
    Consolidation,
    Defect,
    Effusion,
    Lung,
    Pleura,
)

if TYPE_CHECKING:
    from lusviewer.phantom.scene import View, Wanted

Rng = np.random.Generator


def _defects(
    rng: Rng,
    span: tuple[float, float],
    sizes: tuple[float, ...],
    *,
    deep: bool,
    even: bool,
) -> tuple[Defect, ...]:
    places = rng.uniform(*span, len(sizes))
    if even:
        parts = (np.arange(len(sizes)) + 0.5) / max(len(sizes), 1)
        places = 0.7 * (span[0] + (span[1] - span[0]) * parts)
    return tuple(
        Defect(
            float(place),
            size,
            float(rng.uniform(0.4, 1.0) * np.clip(size / 2.5, 0.8, 4)) if deep else 0.0,
        )
        for place, size in zip(places, sizes, strict=True)
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


def pleura(
    rng: Rng, span: tuple[float, float], found: frozenset[str], want: Wanted
) -> Pleura:
    """Return a pleural line along ``span``."""
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
        level_db=float(rng.uniform(-16, 1)),
        roughness_mm=rough,
        grain_db=float(rng.uniform(1, 4)),
        patch_db=float(rng.exponential(2.5)),
        indents=_defects(
            rng, span, indents, deep=True, even=want.indents_mm is not None
        ),
        breaks=_defects(rng, span, breaks, deep=False, even=want.breaks_mm is not None),
    )


def lung(
    rng: Rng,
    span: tuple[float, float],
    found: frozenset[str],
    want: Wanted,
    depth_mm: float,
) -> Lung:
    """Return aerated lung with the A-lines and B-lines in ``found``."""
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
        cloud_db=float(rng.uniform(0.8, 4.2)),
        mottle_db=float(rng.uniform(0.4, 2.8)),
        a_lines=_a_lines(rng, span, haze, want) if "a_lines" in found else None,
        b_lines=lines,
        b_decay_db_per_cm=float(rng.uniform(2, 30)) * fall,
        b_ripple_db=float(rng.uniform(1, 5.5)),
        white=white,
    )


def _reverberation(rng: Rng, found: frozenset[str]) -> float:
    # Echoes of fascia below the pleura look like A-lines: strong only beside them.
    if rng.random() < 0.5:
        return -60.0
    return float(rng.uniform(-28, -8) if "a_lines" in found else rng.uniform(-45, -26))


def _a_lines(rng: Rng, span: tuple[float, float], haze: float, want: Wanted) -> ALines:
    width = span[1] - span[0]
    level = float(np.clip(haze + rng.uniform(5, 18), -28, -2))
    if want.a_lines is not None:
        level = max(level, -8.0)
    return ALines(
        count=want.a_lines or int(rng.choice((1, 2, 3, 4), p=(0.35, 0.3, 0.2, 0.15))),
        level_db=level,
        loss_db=float(rng.uniform(1.5, 7)),
        patch_db=0.0 if want.a_lines is not None else float(rng.exponential(4)),
        x_mm=float(rng.uniform(-0.25, 0.25) * width),
        half_width_mm=float(rng.uniform(0.14, 0.6) * width),
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


def consolidations(
    rng: Rng, span: tuple[float, float], found: frozenset[str], want: Wanted
) -> tuple[Consolidation, ...]:
    """Return airless parts of the lung, none unless in ``found``."""
    if "consolidation" not in found:
        return ()
    width = span[1] - span[0]
    size = want.consolidations_mm
    if size is not None:
        depths, x = list(size), 0.0
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
    n = len(depths)
    if size is not None:
        places = [span[0] + width * (k + 0.5) / n for k in range(n)]
    else:
        places = [float(rng.uniform(*span)) for _ in depths]
    return tuple(
        Consolidation(
            x_mm=x if len(depths) == 1 else places[i],
            half_width_mm=float(depth * rng.uniform(0.8, 1.8) + 2),
            depth_mm=float(depth),
            level_db=level + float(rng.normal(0, 1.5)),
            shred=float(rng.uniform(0.1, 0.9)) * (size is None),
            bronchograms=float(rng.random()) if depth > 8 else 0.0,
            enhancement_db=float(rng.uniform(0, 9)),
        )
        for i, depth in enumerate(depths)
    )


def effusion(rng: Rng, span: tuple[float, float], view: View, want: Wanted) -> Effusion:
    """Return a layer of fluid."""
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


def brightened(
    rng: Rng, lung: Lung, solids: tuple[Consolidation, ...], effusion: Effusion | None
) -> Lung:
    """Return ``lung`` as bright as it looks behind fluid or airless lung."""
    if effusion is not None or any(c.depth_mm > 15 for c in solids):
        brighter = max(lung.haze_db, float(rng.uniform(-28, -10)))
        lung = replace(lung, haze_db=brighter)
    return lung
