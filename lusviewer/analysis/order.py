"""In which order the frames of a clip are decoded and analysed."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lusviewer.clip import Clip

STRIDES: Final = (8, 4, 2, 1)
"""A coarse overview first: every 8th frame, then what is between."""


def coarse_to_fine(n_frames: int, start: int = 0) -> Iterator[int]:
    """Yield each frame once: every 8th from ``start`` on and around, then finer."""
    if n_frames == 0:
        return
    start = min(max(start, 0), n_frames - 1)
    coarser: int | None = None
    for stride in STRIDES:
        onwards = range(start, n_frames, stride)
        for index in chain(onwards, range(start % stride, start, stride)):
            if coarser is None or (index - start) % coarser:
                yield index
        coarser = stride


def decoding_plan(clip: Clip, start: int = 0) -> Iterator[tuple[int, bool]]:
    """Yield ``(index, wanted)`` in the order to decode; each index is wanted once.

    Where frames build on each other the clip is walked through in order once, every
    8th frame being wanted on the way, and the rest comes from the cache; where it
    does not fit the cache, by a second walk.
    """
    n_frames = len(clip)
    if not clip.details.inter_coded:
        yield from ((index, True) for index in coarse_to_fine(n_frames, start))
        return
    first, stride = start % STRIDES[0], STRIDES[0]
    if clip.fits_cache():
        yield from ((index, index % stride == first) for index in range(n_frames))
        rest = coarse_to_fine(n_frames, start)
    else:
        yield from ((index, True) for index in range(first, n_frames, stride))
        rest = iter(range(n_frames))
    yield from ((index, True) for index in rest if index % stride != first)
