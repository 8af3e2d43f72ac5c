"""Labels spent against the AUC on patients left out, beside a random order."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING, Final

from lusviewer.gui.charts import DASHED, Axis, Chart, Plane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lusviewer.gui.theme import Theme
    from lusviewer.library.labels_spent import Spent

_BAND: Final = 0.25
_HEIGHT: Final = 170


class CurveView(Chart):
    """A small plot that grows as its points come."""

    def __init__(self) -> None:
        super().__init__(self.tr("Labels spent against accuracy"), *self._axes(()))
        self.points: tuple[Spent, ...] = ()
        self.setFixedHeight(_HEIGHT)

    def show_points(self, points: Sequence[Spent]) -> None:
        """Draw ``points``, the fewest labels first."""
        self.points = tuple(points)
        self.setAccessibleDescription(self.in_words())
        self.show_axes(*self._axes(self.points))

    def in_words(self) -> str:
        """Return the curve for those who do not see it."""
        return "; ".join(
            self.tr("{n} labels: {own:.2f}, at random {chance:.2f}").format(
                n=one.labels, own=one.in_order, chance=fmean(one.by_chance)
            )
            for one in self.points
        )

    def draw(self, plane: Plane, colours: Theme) -> None:
        """Draw the band of the random orders, their mean, and what was asked for."""
        band = colours.colour("muted")
        band.setAlphaF(_BAND)
        points = self.points
        ends = [(one.labels, min(one.by_chance), max(one.by_chance)) for one in points]
        chance = [(one.labels, fmean(one.by_chance)) for one in points]
        own = [(one.labels, one.in_order) for one in points]
        plane.band(ends, band)
        plane.line(chance, colours.colour("muted"), 1.5, DASHED)
        plane.line(own, colours.colour("accent"))
        plane.dots(own, colours.colour("accent"), 5.0)

    def _axes(self, points: Sequence[Spent]) -> tuple[Axis, Axis]:
        values = [v for one in points for v in (one.in_order, *one.by_chance)]
        values = [value for value in values if math.isfinite(value)] or [0.5, 1.0]
        low = math.floor((min(values) - 0.01) * 10) / 10
        high = math.ceil((max(values) + 0.01) * 10) / 10
        most = max((one.labels for one in points), default=1)
        return (
            Axis(self.tr("labels spent"), 0.0, float(most), None if points else ()),
            Axis(self.tr("AUC"), max(low, 0.0), min(high, 1.0), grid=True),
        )
