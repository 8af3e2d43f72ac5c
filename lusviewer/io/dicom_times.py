"""When each frame of a DICOM cine was taken, and how it is meant to be played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

ASSUMED_RATE_HZ: Final = 25.0
"""The rate used, with a warning, where a file gives none."""
_VECTOR: Final = 0x00181065


@dataclass(frozen=True, slots=True)
class Timing:
    """Times in seconds from the first frame, and what had to be assumed."""

    times_s: NDArray[np.float64]
    assumed: bool = False
    warnings: tuple[str, ...] = ()


def frame_times(header: Any, n_frames: int) -> Timing:  # noqa: ANN401 - a Dataset
    """Follow the frame increment pointer, then the display rates, else assume."""
    if n_frames == 1:
        return Timing(np.zeros(1))
    order = ["FrameTime", "FrameTimeVector"]
    if _pointer(header.get("FrameIncrementPointer")) == _VECTOR:
        order.reverse()
    for keyword in (*order, "RecommendedDisplayFrameRate", "CineRate"):
        steps = _READERS[keyword](header.get(keyword), n_frames)
        if steps is not None:
            return _from_steps(steps, keyword)
    return assumed_times(n_frames)


def _pointer(value: Any) -> int:  # noqa: ANN401
    """Return the tag that the times follow, the first of several; 0 for none."""
    if isinstance(value, int):
        return int(value)
    return int(value[0]) if value else 0


def assumed_times(n_frames: int) -> Timing:
    """Return evenly spaced times at ``ASSUMED_RATE_HZ``, and say so."""
    warning = (
        f"The file gives no frame rate: {ASSUMED_RATE_HZ:g} frames per second assumed."
    )
    return Timing(
        np.arange(n_frames) / ASSUMED_RATE_HZ, assumed=True, warnings=(warning,)
    )


def playback(header: Any) -> str:  # noqa: ANN401 - a Dataset
    """Return "sweep" where the file asks for forth and back, else "loop"."""
    return "sweep" if header.get("PreferredPlaybackSequencing") == 1 else "loop"


def trim(header: Any, n_frames: int) -> tuple[int, int] | None:  # noqa: ANN401
    """Return the first and last frame to play, counted from 0, if the file trims."""
    start, stop = header.get("StartTrim"), header.get("StopTrim")
    if start is None and stop is None:
        return None
    first = min(max(int(start or 1), 1), n_frames) - 1
    last = min(max(int(stop or n_frames), 1), n_frames) - 1
    return (first, last) if first < last else None


def _even_ms(value: Any, n_frames: int) -> NDArray[np.float64] | None:  # noqa: ANN401
    step = _number(value)
    return None if step <= 0 else np.full(n_frames - 1, step / 1000)


def _rate(value: Any, n_frames: int) -> NDArray[np.float64] | None:  # noqa: ANN401
    rate = _number(value)
    return None if rate <= 0 else np.full(n_frames - 1, 1 / rate)


def _vector_ms(value: Any, n_frames: int) -> NDArray[np.float64] | None:  # noqa: ANN401
    if value is None or not hasattr(value, "__len__"):
        return None
    try:
        steps = np.array([float(item) for item in value]) / 1000
    except (TypeError, ValueError):
        return None
    # The first value belongs to the first frame; some writers leave it out.
    steps = steps[1:n_frames] if len(steps) >= n_frames else steps
    usable = len(steps) == n_frames - 1 and np.isfinite(steps).all()
    return steps if usable and bool((steps > 0).any()) else None


_READERS: Final[Mapping[str, Callable[[Any, int], NDArray[np.float64] | None]]] = {
    "FrameTime": _even_ms,
    "FrameTimeVector": _vector_ms,
    "RecommendedDisplayFrameRate": _rate,
    "CineRate": _rate,
}


def _number(value: Any) -> float:  # noqa: ANN401
    try:
        number = float(value)
    except (TypeError, ValueError):
        return 0.0
    return number if np.isfinite(number) else 0.0


def _from_steps(steps: NDArray[np.float64], keyword: str) -> Timing:
    warnings: tuple[str, ...] = ()
    if not (steps > 0).all():
        warnings = (f"{keyword} holds steps that are not positive; evened out.",)
        steps = np.where(steps > 0, steps, np.median(steps[steps > 0]))
    return Timing(np.concatenate([[0.0], np.cumsum(steps)]), warnings=warnings)
