"""The picture of the curves: a chart for each question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lusviewer.training.measure.charts import Axis, Series, line_chart, side_by_side

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

COLLECTIONS: Final = {"pocus": "POCUS", "covid-blues": "COVID-BLUeS"}
QUESTIONS: Final = {
    "a_lines": "A-lines",
    "b_lines": "B-lines",
    "consolidation": "consolidation",
    "diagnosis": "diagnosis",
    "severity_2_or_more": "severity 2 or more",
}
_SHADED: Final = ("imagenet",)
"""The start whose interval is shaded: all are as wide and would hide each other."""

_ACROSS: Final = Axis(
    "patients labelled, %", 0.9, 112, (1, 5, 10, 25, 50, 100), logarithmic=True
)
_UP: Final = Axis("AUC", 0.0, 1.0, (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0))


def curves_picture(found: Mapping[str, Any]) -> NDArray[np.uint8]:
    """Return the curves of ``{collection: {question: {"starts": rows}}}`` as BGR."""
    charts = []
    for collection, questions in found.items():
        for question, figures in questions.items():
            words = QUESTIONS.get(question, question)
            title = f"{COLLECTIONS.get(collection, collection)}: {words}"
            series = [series_of(k, rows) for k, rows in figures["starts"].items()]
            charts.append(line_chart(title, _ACROSS, _UP, series))
    return side_by_side(charts)


def series_of(start: str, rows: Sequence[Mapping[str, Any]]) -> Series:
    """Return a start's curve; a fraction whose AUC is not defined is left out."""
    known = [row for row in rows if row["auc"]["value"] is not None]
    shaded = start in _SHADED
    ends = [row["auc"]["interval"] for row in known]
    return Series(
        start,
        [100 * row["fraction"] for row in known],
        [row["auc"]["value"] for row in known],
        [low for low, _ in ends] if shaded else None,
        [high for _, high in ends] if shaded else None,
    )
