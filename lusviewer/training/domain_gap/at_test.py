"""Tools that need no training: what is done to a frame before a network sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.findings import FINDINGS
from lusviewer.training.data.batches import normalised
from lusviewer.training.measure.frame_lines import pleura_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from lusviewer.inference.session import OnnxSession

    Frame = NDArray[np.uint8]

ABOVE: Final = 5
"""How many px above the middle of the pleura are kept when the tissue is masked."""


@dataclass(frozen=True, slots=True)
class Tones:
    """The mean and the deviation of grey levels inside a beam."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, frame: Frame) -> Tones | None:
        """Return those of ``frame``; None where nothing is to be seen."""
        shown = frame[frame > 0]
        if len(shown) < 100:
            return None
        return cls(float(shown.mean()), float(shown.std()))

    @classmethod
    def usual(cls, frames: Iterable[Frame]) -> Tones:
        """Return the median of each over ``frames``."""
        found = [one for frame in frames if (one := cls.of(frame)) is not None]
        return cls(
            float(np.median([one.mean for one in found])),
            float(np.median([one.deviation for one in found])),
        )


def even_toned(frame: Frame, usual: Tones) -> Frame:
    """Return ``frame`` with the brightness and contrast that are ``usual``.

    Only inside the beam: what is black stays black, all else stays above it.
    """
    own = Tones.of(frame)
    if own is None:
        return frame
    factor = usual.deviation / max(own.deviation, 1.0)
    values = (frame.astype(np.float32) - own.mean) * factor + usual.mean
    return np.where(frame > 0, np.clip(values, 1, 255), 0).astype(np.uint8)


def below_pleura(frame: Frame, labels: Frame) -> Frame:
    """Return ``frame`` with the tissue above the pleura of ``labels`` blackened.

    Between and beside the columns that show the pleura its row is carried on; the
    frame is left alone where none does.
    """
    rows = pleura_rows(labels)
    found = np.flatnonzero(np.isfinite(rows))
    if not len(found):
        return frame
    depth = np.interp(np.arange(len(rows)), found, rows[found]) - ABOVE
    kept = np.arange(len(frame))[:, None] >= depth
    return np.where(kept, frame, 0).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Reader:
    """A network as it is asked: with even tones, or in two passes, or plainly.

    With ``masked`` the class map is that of the first pass, the findings are those of
    a second one that sees nothing above the pleura.
    """

    graph: OnnxSession
    tones: Tones | None = None
    masked: bool = False

    def read(self, frame: Frame) -> tuple[Frame, NDArray[np.float64]]:
        """Return the class map ``(224, 224)`` and the findings' logits ``(5,)``."""
        if self.tones is not None:
            frame = even_toned(frame, self.tones)
        said = self._run(frame)
        labels = np.asarray(said["labels"][0], np.uint8)
        if self.masked:
            said = self._run(below_pleura(frame, labels))
        findings = np.asarray(said["findings"][0], np.float64)
        return labels, findings[: len(FINDINGS)]

    def _run(self, frame: Frame) -> dict[str, NDArray[Any]]:
        batch = normalised(frame[None]).numpy()
        return self.graph.run({"frame": batch}, CancelToken())
