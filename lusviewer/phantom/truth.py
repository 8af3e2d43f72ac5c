"""What is true of a frame: class map, biomarkers, findings and measured lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from lusviewer.findings import CLASSES, FINDINGS, LABELS
from lusviewer.phantom.scan import Beam, ScanConverter, to_pixels

if TYPE_CHECKING:
    from lusviewer.phantom.lung import LungFrame
    from lusviewer.phantom.scene import Scene
    from lusviewer.phantom.speckle import Floats
    from lusviewer.phantom.tissue import WallFrame

Bools = NDArray[np.bool_]

CLASS: Final = {name: i for i, name in enumerate(CLASSES)}
_LABEL: Final = {biomarker.key: i for i, biomarker in enumerate(LABELS)}
_FINDING: Final = {name: i for i, name in enumerate(FINDINGS)}

VISIBLE_GREY: Final = 16.0
SHADOW_DB: Final = 12.0
LOST_CONTACT_DB: Final = 15.0
A_CONTRAST: Final = 1.2
BOLD_CONTRAST: Final = 20.0
B_SHARE: Final = 0.5
COALESCENT_FRACTION: Final = 0.5
WHITE_FRACTION: Final = 0.8


@dataclass(frozen=True, slots=True)
class FrameTruth:
    """The biomarkers, findings and lines of one frame."""

    biomarkers: Floats
    findings: Floats
    pleura_px: Floats
    a_line_depth_px: Floats
    b_lines: Floats


@dataclass(frozen=True, slots=True)
class _Look:
    """What can be seen in a frame, per line or per sample."""

    open_lines: Bools
    pleura: Bools
    b_lines: Bools
    orders: tuple[int, ...]
    wide_mm: float
    a_contrast: float
    labels: NDArray[np.uint8]
    picture: NDArray[np.uint8]


class Observer:
    """Says what a perfect reader would see of a scene: nothing that is hidden."""

    def __init__(self, scene: Scene, beam: Beam, converter: ScanConverter) -> None:
        self._scene = scene
        self._beam = beam
        self._converter = converter
        pixel_mm = 1 / converter.pixels_per_mm
        self._half_line_mm = max(1.3 * pixel_mm, 0.3)
        depth = np.broadcast_to(beam.depth_mm, beam.shape)
        u = np.broadcast_to(beam.u, beam.shape)
        points = to_pixels(scene.view, converter, depth.ravel(), u.ravel())
        self.recorded = self._inside(points).reshape(beam.shape)

    def observe(
        self,
        wall: WallFrame,
        lung: LungFrame,
        shown: tuple[Floats, float],
        contact_db: Floats,
    ) -> tuple[NDArray[np.uint8], FrameTruth]:
        """Return the class map of a frame and its truth.

        ``shown`` is the grey without speckle, and how far the lung has slid, in mm.
        """
        grey, shift = shown
        look = self._look(wall, lung, grey, contact_db)
        labels = self._converter.labels(look.picture)
        b_lines = self._b_lines(lung, look, shift)
        b_fraction = self._b_fraction(look)
        biomarkers = np.zeros(len(LABELS), np.float32)
        for key in self._keys(wall, lung, look, (len(b_lines), b_fraction, shift)):
            biomarkers[_LABEL[key]] = 1
        truth = FrameTruth(
            biomarkers,
            _findings(biomarkers, self._scene),
            self._pleura_px(wall, look),
            self._a_depths(wall, look),
            b_lines,
        )
        return labels, truth

    def _look(
        self, wall: WallFrame, lung: LungFrame, grey: Floats, contact_db: Floats
    ) -> _Look:
        beam = self._beam
        shadow = (wall.shadow_db > SHADOW_DB) & (wall.rib_mm < 1e5)
        lost = contact_db > LOST_CONTACT_DB
        columns = np.arange(beam.shape[1])
        recorded = self.recorded[self._row_of(wall.pleura_mm), columns]
        open_lines = ~shadow & ~lost & recorded
        at_line = grey[self._row_of(wall.pleura_mm + wall.thickness_mm / 2), columns]
        pleura = open_lines & (at_line > VISIBLE_GREY) & ~wall.broken
        picture = self._paint(wall, lung, grey, (open_lines, pleura))
        half = np.maximum(wall.thickness_mm / 2, self._half_line_mm)
        picture[(beam.depth_mm > wall.pleura_mm - half) & lost] = CLASS["rib_shadow"]
        picture[(beam.depth_mm > wall.rib_mm + 1.2) & shadow] = CLASS["rib_shadow"]
        labels = np.where(self.recorded, picture, np.uint8(CLASS["outside"]))
        used = labels == CLASS["a_line"]
        orders, wide, contrast = self._measure_a(used, lung)
        if not orders:
            picture[used] = labels[used] = CLASS["lung"]
        b_lines = labels == CLASS["b_line"]
        return _Look(
            open_lines, pleura, b_lines, orders, wide, contrast, labels, picture
        )

    def _row_of(self, depth_mm: Floats) -> NDArray[np.intp]:
        row = np.rint(depth_mm / self._beam.step_mm)
        out: NDArray[np.intp] = np.clip(row, 0, len(self._beam.depth_mm) - 1).astype(
            np.intp
        )
        return out

    def _paint(
        self,
        wall: WallFrame,
        lung: LungFrame,
        grey: Floats,
        lines: tuple[Bools, Bools],
    ) -> NDArray[np.uint8]:
        """Return the class of each sample, shadows left out; later ones win."""
        open_lines, pleura = lines
        z = self._beam.depth_mm - wall.pleura_mm
        half = np.maximum(wall.thickness_mm / 2, self._half_line_mm)
        labels = np.full(self._beam.shape, CLASS["chest_wall"], np.uint8)
        labels[z > 0] = CLASS["lung"]
        labels[self._a_line_samples(wall, lung, grey, pleura)] = CLASS["a_line"]
        b_lines = (lung.b_share > B_SHARE) & (grey > 0.7 * VISIBLE_GREY)
        labels[b_lines & (z > half) & open_lines] = CLASS["b_line"]
        labels[lung.tissue] = CLASS["chest_wall"]
        labels[lung.fluid] = CLASS["effusion"]
        labels[lung.consolidated] = CLASS["consolidation"]
        labels[(np.abs(z - wall.thickness_mm / 2) <= half) & pleura] = CLASS["pleura"]
        return labels

    def _a_line_samples(
        self, wall: WallFrame, lung: LungFrame, grey: Floats, pleura: Bools
    ) -> Bools:
        away = np.abs(lung.a_distance_mm)
        half = 0.4 * np.clip(wall.thickness_mm, 0.8, 1.8)
        near = (away < np.maximum(half, self._half_line_mm)) & (lung.a_order >= 2)
        rest = lung.diffuse + lung.b_power
        strong = (lung.a_power > A_CONTRAST * rest) & (grey > VISIBLE_GREY)
        strong &= (away < self._beam.step_mm) & pleura
        out: Bools = near & pleura & self._orders(strong, lung)
        return out

    def _orders(self, strong: Bools, lung: LungFrame) -> Bools:
        """Return where a line's own column shows the reverberation of that order."""
        out = np.zeros(strong.shape, np.bool_)
        spec = self._scene.lung.a_lines
        for order in range(2, (spec.count if spec else 0) + 2):
            here = lung.a_order == order
            columns = (strong & here).any(axis=0)
            out |= here & columns[None, :]
        return out

    def _measure_a(
        self, used: Bools, lung: LungFrame
    ) -> tuple[tuple[int, ...], float, float]:
        orders, wide, brightest = [], 0.0, 0.0
        rest = lung.diffuse + lung.b_power
        for order in range(2, 9):
            here = used & (lung.a_order == order)
            columns = here.any(axis=0)
            length = float(columns.sum()) * self._beam.pitch_mm
            if length < 4.0:
                continue
            orders.append(order)
            wide = max(wide, length)
            contrast = lung.a_power[here] / rest[here]
            brightest = max(brightest, float(np.percentile(contrast, 80)))
        return tuple(orders), wide, brightest

    def _pleura_px(self, wall: WallFrame, look: _Look) -> Floats:
        depth = wall.pleura_mm + wall.thickness_mm / 2
        points = to_pixels(
            self._scene.view,
            self._converter,
            depth[look.pleura],
            self._beam.u[look.pleura],
        )
        return points[self._inside(points)]

    def _inside(self, points: Floats) -> Bools:
        top, left, bottom, right = self._converter.geometry.region
        row, column = points[:, 0], points[:, 1]
        return (row >= top) & (row < bottom) & (column >= left) & (column < right)

    def _a_depths(self, wall: WallFrame, look: _Look) -> Floats:
        if not look.pleura.any():
            return np.zeros(0, np.float32)
        depth = float(np.median(wall.pleura_mm[look.pleura]))
        found = [(k - 1) * depth * self._converter.pixels_per_mm for k in look.orders]
        return np.array(found, np.float32)

    def _b_lines(self, lung: LungFrame, look: _Look, shift: float) -> Floats:
        beam, rows = self._beam, []
        for i, line in enumerate(self._scene.lung.b_lines):
            place = lung.b_x_mm[i] - shift
            if not lung.b_alive[i] or not beam.x_mm[0] < place < beam.x_mm[-1]:
                continue
            column = int(np.argmin(np.abs(beam.x_mm - place)))
            marked = np.nonzero(look.b_lines[:, column])[0]
            if len(marked) * beam.step_mm < 8.0:
                continue
            ends = np.array([marked[0], marked[-1]]) * beam.step_mm
            u = np.full(2, beam.u[column], np.float32)
            points = to_pixels(
                self._scene.view, self._converter, ends.astype(np.float32), u
            )
            if not self._inside(points[:1])[0]:
                continue
            (r0, c0), (r1, c1) = points
            width = line.width_mm * self._converter.pixels_per_mm
            rows.append((r0, c0, r1, c1, width, np.arctan2(c1 - c0, r1 - r0)))
        return np.array(rows, np.float32).reshape(-1, 6)

    def _b_fraction(self, look: _Look) -> float:
        columns = look.b_lines.sum(axis=0) * self._beam.step_mm > 8.0
        open_lines = look.open_lines
        return float(columns[open_lines].mean()) if open_lines.any() else 0.0

    def _keys(
        self,
        wall: WallFrame,
        lung: LungFrame,
        look: _Look,
        seen: tuple[int, float, float],
    ) -> set[str]:
        count, fraction, shift = seen
        keys = _a_keys(look)
        keys |= self._b_keys(lung, count, fraction)
        keys |= self._pleura_keys(wall, look, shift)
        solids = self._solid_sizes(lung, look)
        keys |= _sizes("consolidation", solids)
        shown = (look.labels == CLASS["effusion"]).any(axis=0)
        fluid = float(lung.fluid_mm[shown].max()) if shown.sum() > 4 else 0.0
        keys.add(f"effusion.{_fluid_key(fluid)}")
        return keys

    def _b_keys(self, lung: LungFrame, count: int, fraction: float) -> set[str]:
        if count == 0 and fraction < 0.02:
            return {"b_lines.none", "b_line_origin.not_applicable"}
        if self._scene.lung.white and fraction > WHITE_FRACTION:
            keys = {"b_lines.white"}
        elif count > 6 or fraction > COALESCENT_FRACTION:
            keys = {"b_lines.many"}
        else:
            keys = {"b_lines.some" if count > 3 else "b_lines.few"}
        solid = lung.solid_mm > 1.0
        for line in self._scene.lung.b_lines:
            column = int(np.argmin(np.abs(self._beam.x_mm - line.x_mm)))
            deep = line.origin_mm > 1.5 or bool(solid[column])
            keys.add("b_line_origin.sub_pleural" if deep else "b_line_origin.pleura")
        return keys

    def _pleura_keys(self, wall: WallFrame, look: _Look, shift: float) -> set[str]:
        pleura = self._scene.pleura
        keys: set[str] = set()
        if look.pleura.any():
            thick = float(np.median(wall.thickness_mm[look.pleura]))
            keys.add(f"pleural_thickness.{_thickness_key(thick)}")
            points = self._pleura_px(wall, look)
            if len(points):
                bottom = self._converter.geometry.region[2]
                place = _third(float(np.median(points[:, 0])) / bottom)
                keys.add(f"pleural_location.{place}")
        for name, defects in (("indent", pleura.indents), ("break", pleura.breaks)):
            sizes = [d.size_mm for d in defects if self._open_at(look, d.x_mm - shift)]
            keys |= _sizes(f"pleural_{name}", sizes)
        return keys

    def _open_at(self, look: _Look, x_mm: float) -> bool:
        beam = self._beam
        if not beam.x_mm[0] < x_mm < beam.x_mm[-1]:
            return False
        return bool(look.open_lines[int(np.argmin(np.abs(beam.x_mm - x_mm)))])

    def _solid_sizes(self, lung: LungFrame, look: _Look) -> list[float]:
        columns = (look.labels == CLASS["consolidation"]).any(axis=0)
        edges = np.flatnonzero(np.diff(np.r_[0, columns.astype(np.int8), 0]))
        runs = zip(edges[::2], edges[1::2], strict=True)
        return [float(lung.solid_mm[a:b].max()) for a, b in runs if b - a > 2]


def _a_keys(look: _Look) -> set[str]:
    if not look.orders:
        return {"a_lines.none"}
    keys = {"a_lines.bold" if look.a_contrast > BOLD_CONTRAST else "a_lines.weak"}
    if len(look.orders) > 1:
        keys.add("a_lines.stacked")
    if look.wide_mm > 20:
        keys.add("a_lines.wide")
    return keys


def _sizes(group: str, sizes: list[float]) -> set[str]:
    if not sizes:
        return {f"{group}.none"}
    small = sum(size < 5 for size in sizes)
    keys = set()
    if small:
        word = "under_5mm_few" if small < 3 else "under_5mm_multiple"
        keys.add(f"{group}.{word}")
    if any(5 <= size <= 10 for size in sizes):
        keys.add(f"{group}.from_5_to_10mm")
    if any(size > 10 for size in sizes):
        keys.add(f"{group}.over_10mm")
    return keys


def _thickness_key(mm: float) -> str:
    # The published bins leave gaps; each gap is split in its middle.
    if mm < 1.5:
        return "under_1mm"
    if mm < 3.5:
        return "from_2_to_3mm"
    return "from_4_to_5mm" if mm <= 5 else "over_5mm"


def _fluid_key(mm: float) -> str:
    if mm < 0.8:
        return "none"
    return "under_5mm" if mm < 5 else "over_5mm"


def _third(fraction: float) -> str:
    if fraction < 1 / 3:
        return "top"
    return "middle" if fraction < 2 / 3 else "bottom"


def _findings(biomarkers: Floats, scene: Scene) -> Floats:
    out = np.zeros(len(FINDINGS), np.float32)
    for name, group in (
        ("a_lines", "a_lines"), ("b_lines", "b_lines"),
        ("consolidation", "consolidation"), ("effusion", "effusion"),
    ):  # fmt: skip
        out[_FINDING[name]] = 1 - biomarkers[_LABEL[f"{group}.none"]]
    odd = scene.pleura.roughness_mm > 0.5
    odd |= not biomarkers[_LABEL["pleural_indent.none"]]
    odd |= not biomarkers[_LABEL["pleural_break.none"]]
    odd |= bool(biomarkers[_LABEL["pleural_thickness.from_4_to_5mm"]])
    odd |= bool(biomarkers[_LABEL["pleural_thickness.over_5mm"]])
    out[_FINDING["pleural_irregularity"]] = float(odd)
    return out
