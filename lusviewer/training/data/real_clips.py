"""Real clips on the model's grid, decoded once into a cache of plain arrays."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.errors import ClipError, TrainingError
from lusviewer.files import written
from lusviewer.inference.frames import crop_to_grid
from lusviewer.io import open_clip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.geometry import FrameGeometry

MAX_FRAMES: Final = 120
"""Frames kept of a clip; of longer ones, as many spread evenly."""


@dataclass(frozen=True, slots=True)
class CachedClip:
    """A clip's frames on the model's grid: uint8 ``(n, 224, 224)``, not yet read."""

    file: str
    frames: NDArray[np.uint8]


def cache_clips(
    folder: Path,
    files: Iterable[str],
    cache: Path,
    cancel: CancelToken,
    most: int = MAX_FRAMES,
) -> Iterator[tuple[str, str]]:
    """Decode ``files`` of ``folder`` into ``cache``; yield each, with its error.

    At most ``most`` frames of each are kept, spread evenly.
    """
    cache.mkdir(parents=True, exist_ok=True)
    for file in files:
        cancel.check()
        target = cache / f"{_key(file)}.npy"
        error = ""
        if not target.is_file():
            try:
                frames = grid_frames(folder / file, cancel, most)
                with written(target) as out:
                    np.save(out, frames)
            except ClipError as failure:
                error = str(failure)
        yield file, error


def open_cached(cache: Path, file: str) -> CachedClip:
    """Return the cached frames of ``file``."""
    path = cache / f"{_key(file)}.npy"
    if not path.is_file():
        msg = f"{file} is not in the cache {cache}"
        raise TrainingError(msg, hint="Decode the clips first: lusviewer train cache.")
    return CachedClip(file, np.load(path, mmap_mode="r"))


def is_cached(cache: Path, file: str) -> bool:
    """Whether ``file`` was decoded into ``cache``."""
    return (cache / f"{_key(file)}.npy").is_file()


def grid_frames(
    path: Path, cancel: CancelToken, most: int = MAX_FRAMES
) -> NDArray[np.uint8]:
    """Return up to ``most`` frames of the clip at ``path`` on the model's grid."""
    return located_frames(path, cancel, most)[0]


def located_frames(
    path: Path, cancel: CancelToken, most: int = MAX_FRAMES
) -> tuple[NDArray[np.uint8], FrameGeometry]:
    """Return the frames that ``grid_frames`` gives, and where their beam lies."""
    clip = open_clip(path)
    try:
        geometry = clip.locate(cancel)
        count = min(len(clip), most)
        chosen = np.unique(np.linspace(0, len(clip) - 1, count).round().astype(int))
        frames = []
        for index in chosen:
            cancel.check()
            try:
                frames.append(crop_to_grid(clip.frame(int(index)), geometry))
            except ClipError:
                continue
    finally:
        clip.close()
    if not frames:
        msg = f"{path.name} has no frame that decodes"
        raise TrainingError(msg)
    return np.stack(frames), geometry


def _key(file: str) -> str:
    return hashlib.sha256(file.encode()).hexdigest()[:20]
