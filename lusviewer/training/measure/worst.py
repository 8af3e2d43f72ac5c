"""The clips a bundle is most wrong about, to be looked at one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

WORST: Final = 20
_TILE: Final = 224
_FRAMES: Final = 3
_TITLE_PX: Final = 34


@dataclass(frozen=True, slots=True)
class Case:
    """An answer about one clip: what is true, the probability said, the threshold."""

    clip: str
    patient: str
    question: str
    truth: bool
    said: float
    threshold: float

    @property
    def wrong_by(self) -> float:
        """How far the answer lies on the wrong side, 0 at the threshold to 1."""
        if self.truth:
            return (self.threshold - self.said) / self.threshold
        return (self.said - self.threshold) / (1 - self.threshold)


def worst_cases(cases: Sequence[Case], count: int = WORST) -> list[dict[str, Any]]:
    """Return the ``count`` clips with the most wrong answers, the worst first.

    Each clip stands once, by its most wrong answer; right ones are left out.
    """
    worst: dict[str, Case] = {}
    for case in sorted(cases, key=lambda case: -case.wrong_by):
        if case.wrong_by > 0:
            worst.setdefault(case.clip, case)
    return [
        {
            "clip": case.clip,
            "patient": case.patient,
            "question": case.question,
            "truth": case.truth,
            "said": round(case.said, 3),
            "threshold": round(case.threshold, 3),
        }
        for case in list(worst.values())[:count]
    ]


def groups(worst: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many of the worst clips were missed or wrongly called, by question."""
    counts: dict[str, int] = {}
    for one in worst:
        kind = "missed" if one["truth"] else "called where absent"
        words = f"{one['question']} {kind}"
        counts[words] = counts.get(words, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def contact_sheet(
    worst: Sequence[Mapping[str, Any]], frames: Sequence[Picture]
) -> Picture:
    """Return a picture of three frames of each clip, with what was said of it.

    ``frames`` holds ``(n, 224, 224)`` a clip. To be looked at, never to be published.
    """
    rows = [
        np.concatenate([_title(one), _strip(stack)])
        for one, stack in zip(worst, frames, strict=True)
    ]
    if len(rows) % 2:
        rows.append(np.zeros_like(rows[0]))
    pairs = [np.concatenate(rows[i : i + 2], axis=1) for i in range(0, len(rows), 2)]
    return np.concatenate(pairs)


def _strip(stack: Picture) -> Picture:
    chosen = np.linspace(0, len(stack) - 1, _FRAMES).round().astype(int)
    return np.concatenate([stack[i] for i in chosen], axis=1)


def _title(one: Mapping[str, Any]) -> Picture:
    strip = np.zeros((_TITLE_PX, _FRAMES * _TILE), np.uint8)
    truth = "yes" if one["truth"] else "no"
    name = str(one["clip"]).rsplit("/", 1)[-1][:40]
    words = f"{name}: {one['question']} {truth}, said {one['said']:.2f}"
    at, font = (6, _TITLE_PX - 12), cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(strip, words, at, font, 0.5, (255,), 1, cv2.LINE_AA)
    return strip
