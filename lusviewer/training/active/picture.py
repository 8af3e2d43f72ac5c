"""The picture of the labelling experiment: a chart for each question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lusviewer.training.active.rounds import STRATEGIES
from lusviewer.training.measure.charts import Axis, Series, line_chart, side_by_side

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

WORDS: Final = {
    "a_lines": "A-lines",
    "b_lines": "B-lines",
    "severe": "severity 2 or more",
}
_ACROSS: Final = Axis("clips labelled, %", 0, 100, (5, 20, 40, 60, 80, 100))
_UP: Final = Axis("AUC", 0.5, 1.0, (0.5, 0.6, 0.7, 0.8, 0.9, 1.0))


def active_picture(found: Mapping[str, Any]) -> NDArray[np.uint8]:
    """Return the curves of ``{question: {way: {"auc": ...}}}`` as BGR."""
    charts = []
    for question, told in found.items():
        series = [
            _series(way, told[way]["auc"], shaded=way == "queue") for way in STRATEGIES
        ]
        charts.append(line_chart(WORDS.get(question, question), _ACROSS, _UP, series))
    return side_by_side(charts)


def _series(way: str, figures: Mapping[str, Any], *, shaded: bool) -> Series:
    ends = [figure["interval"] for figure in figures.values()]
    return Series(
        way,
        [100 * float(share) for share in figures],
        [figure["value"] for figure in figures.values()],
        [low for low, _ in ends] if shaded else None,
        [high for _, high in ends] if shaded else None,
    )
