"""What was to be reached, and whether it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lusviewer.training.measure.words import found, table, value

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Target:
    """A figure in ``source`` at ``path`` that should reach ``goal``, or stay under."""

    words: str
    source: str
    path: tuple[str, ...]
    goal: float
    under: bool = False

    def met(self, number: float) -> bool:
        """Whether ``number`` reaches the goal."""
        return number < self.goal if self.under else number >= self.goal


def _zero_shot(words: str, question: str, goal: float) -> Target:
    path = ("questions", question, "auc")
    return Target(f"COVID-BLUeS, zero-shot: {words}, AUC", "covid-blues", path, goal)


def _local(words: str, question: str, goal: float) -> Target:
    path = ("figures", "local", question, "auc")
    return Target(f"COVID-BLUeS, local experts: {words}, AUC", "experts", path, goal)


TARGETS: Final = (
    _zero_shot("B-lines", "b_lines", 0.75),
    _zero_shot("A-lines", "a_lines", 0.78),
    _zero_shot(
        "severity 2 or more (regression)", "severity 2 or more, severity-logistic", 0.72
    ),
    _zero_shot("severity 2 or more (tree)", "severity 2 or more, severity-tree", 0.72),
    _local("B-lines", "b_lines", 0.78),
    _local("A-lines", "a_lines", 0.82),
    _local("severity 2 or more", "severe", 0.75),
    Target(
        "the same, shipped expert corrected locally (added after the first look), AUC",
        "experts",
        ("figures", "local", "severe", "others", "corrected", "auc"),
        0.75,
    ),
    Target("Drawn lines: pleura, Dice", "lines", ("dice", "pleura"), 0.60),
    Target(
        "Drawn lines: pleura, mean distance, % of the beam's height",
        "lines",
        ("pleura", "distance_percent"),
        1.5,
        under=True,
    ),
    *(
        Target(
            f"Drawn lines: {words} in a frame, AUC {how}", "lines", (part, key), 0.85
        )
        for key, words in (("a_line", "A-lines"), ("b_line", "B-lines"))
        for how, part in (
            ("of the probability", "frame_auc_of_findings"),
            ("of the area, measure mended after the first look", "frame_auc"),
        )
    ),
    Target("Drawn lines: rib shadow, Dice", "lines", ("dice", "rib_shadow"), 0.70),
    Target(
        "Drawn lines: false B-lines a frame on A-profile clips (rule mended after the "
        "first look: 0.21 before)",
        "lines",
        ("b_lines", "false_on_a_profile"),
        0.2,
        under=True,
    ),
)


def target_table(results: Mapping[str, Any]) -> str:
    """Return each target, what was reached, and whether that is enough."""
    return table(
        ("figure", "to reach", "reached", ""),
        [
            _row(target, found(results, (target.source, *target.path)))
            for target in TARGETS
        ],
    )


def _row(target: Target, figure: Any) -> tuple[str, str, str, str]:  # noqa: ANN401
    goal = f"{'under' if target.under else 'at least'} {target.goal:g}"
    if figure is None or figure["value"] is None:
        return target.words, goal, "-", "not measured"
    said = "reached" if target.met(figure["value"]) else "**not reached**"
    return target.words, goal, value(figure), said


def summary(results: Mapping[str, Any]) -> str:
    """Return in a sentence how many of the targets that were measured are reached."""
    figures = [
        (target, figure)
        for target in TARGETS
        if (figure := found(results, (target.source, *target.path))) is not None
        and figure["value"] is not None
    ]
    met = sum(target.met(figure["value"]) for target, figure in figures)
    rest = len(TARGETS) - len(figures)
    missing = f" {rest} are not measured yet." if rest else ""
    return (
        f"{met} of the {len(figures)} targets that were measured are reached.{missing}"
    )
