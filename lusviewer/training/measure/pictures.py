"""The pictures of the report: ROC curves and reliability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lusviewer.training.measure.charts import (
    Series,
    reliability_chart,
    roc_chart,
    save_chart,
    side_by_side,
)
from lusviewer.training.measure.words import bare, found

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lusviewer.training.measure.charts import Picture

    Questions = Mapping[str, Any]

_BLUES: Final = {
    "a_lines": "A-lines",
    "b_lines": "B-lines",
    "severity 2 or more, severity-logistic": "severity 2 or more",
}
_POCUS: Final = {
    "b_lines": "B-lines",
    "consolidation": "consolidation",
    "effusion": "effusion",
    "pleural_irregularity": "irregular pleura",
}
_FEWEST: Final = 3
"""A bin of fewer clips says nothing: its dot is left out."""


def write_pictures(results: Mapping[str, Any], folder: Path) -> None:
    """Write ``covid-blues.png`` and ``pocus.png`` where those were measured."""
    if "covid-blues" in results:
        asked = results["covid-blues"]["questions"]
        picture = _pair("COVID-BLUeS, zero-shot, by clip", asked, _BLUES)
        save_chart(picture, folder / "covid-blues.png")
    if "pocus" in results:
        findings = results["pocus"]["findings"]
        asked = {key: found(findings, (key, "all")) for key in _POCUS}
        picture = _pair("POCUS test patients, by clip", asked, _POCUS)
        save_chart(picture, folder / "pocus.png")


def _pair(title: str, asked: Questions, words: Mapping[str, str]) -> Picture:
    kept = {key: text for key, text in words.items() if found(asked, (key, "roc"))}
    curves = [_curve(asked[key], text) for key, text in kept.items()]
    reliable = [_reliability(asked[key], text) for key, text in kept.items()]
    pictures = [roc_chart(title, curves), reliability_chart(title, reliable)]
    return side_by_side(pictures)


def _curve(figures: Mapping[str, Any], words: str) -> Series:
    across, up = figures["roc"]
    named = f"{words} {bare(figures['auc']['value'])}"
    return Series(named, across, up, marked=False)


def _reliability(figures: Mapping[str, Any], words: str) -> Series:
    bins = [b for b in figures["calibration"]["bins"] if b["n"] >= _FEWEST]
    most = max((b["n"] for b in bins), default=1)
    return Series(
        words,
        [b["said"] for b in bins],
        [b["seen"] for b in bins],
        size=[0.3 + 1.7 * b["n"] / most for b in bins],
    )
