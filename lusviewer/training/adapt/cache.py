"""What is made once of a clip, kept in the library's folder ``cache``.

A file a clip, named by its content and by the model that made it; whole or not there.
What was made stays when a run is stopped, so that the next goes on from there.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.errors import LibraryError, LusViewerError, TrainingError
from lusviewer.files import make_folder, written
from lusviewer.inference.frames import crop_to_grid, run_grid
from lusviewer.io import open_clip

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.inference.bundle import ModelBundle
    from lusviewer.library import ClipEntry

    Array = NDArray[Any]
    Look = Callable[[ClipEntry, CancelToken], Array]
    Event = dict[str, Any]

FOLDER: Final = "cache"

EMBEDDED: Final = "embeddings"
"""Float32 ``(n, 128)``: the frame graph's, of frames that follow each other."""

SEEN: Final = "frames"
"""Uint8 ``(n, 224, 224)``: frames on the model's grid, spread over the clip."""

RUNS: Final = "runs"
"""Uint8 ``(n, 224, 224)``: as ``SEEN``, in runs of frames that follow each other."""

ACTIVE: Final = "activations"
"""Float16 ``(n, 31360)``: what the frozen part of the network gives of ``RUNS``."""

MOST: Final = {EMBEDDED: 160, SEEN: 32, RUNS: 24, ACTIVE: 24}
"""Frames kept of a clip."""

RUN: Final = 8
"""Frames of each run."""

_FRAME_BYTES: Final = {
    EMBEDDED: 128 * 4,
    SEEN: 224 * 224,
    RUNS: 224 * 224,
    ACTIVE: 31360 * 2,
}
_HEAD_BYTES: Final = 4096
_MEASURED: Final = 3


@dataclass(frozen=True, slots=True)
class Cache:
    """The arrays of one kind that ``look`` makes of clips.

    ``model_sha256`` is that of the graph that made them, "" where none did.
    """

    library: Path
    kind: str
    look: Look
    model_sha256: str = ""

    def file(self, clip: ClipEntry) -> Path:
        """Return where the clip's array lies, once it was made."""
        name = f"{self.kind}-{self.model_sha256[:16]}" if self.model_sha256 else ""
        folder = self.library / FOLDER / (name or self.kind)
        return folder / f"{clip.sha256[:32]}.npy"

    def load(self, clip: ClipEntry) -> Array:
        """Return the clip's array, to be read from the disk as it is needed."""
        path = self.file(clip)
        try:
            return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
        except (OSError, ValueError) as error:
            msg = f"{path} cannot be read: {error}."
            raise TrainingError(msg, hint="Delete it; it is made again.") from error

    def make(self, clip: ClipEntry, cancel: CancelToken) -> None:
        """Look at the clip and keep what was seen.

        Raises ``LusViewerError`` where the file is not the one the library knows, or
        does not decode.
        """
        made, path = self.look(clip, cancel), self.file(clip)
        make_folder(path.parent)
        with written(path) as file:
            np.save(file, made, allow_pickle=False)

    def fill(
        self, clips: Sequence[ClipEntry], cancel: CancelToken
    ) -> Generator[Event, None, tuple[int, ...]]:
        """Make what is wanting, clip by clip; return the keys of clips that cannot be.

        Yields progress, and a warning for each file that is passed over.
        """
        bad, made, started = [], 0, time.monotonic()
        wanting = [clip for clip in clips if not self.file(clip).is_file()]
        for number, clip in enumerate(wanting):
            cancel.check()
            spent = time.monotonic() - started
            left = spent / made * (len(wanting) - number) if made else None
            yield {
                "event": "progress",
                "done": len(clips) - len(wanting) + number,
                "total": len(clips),
                "what": f"looking at the clips: {self.kind}",
                "seconds_left": None if left is None else round(left, 1),
            }
            try:
                self.make(clip, cancel)
                made += 1
            except LusViewerError as error:
                bad.append(clip.id)
                yield {"event": "warning", "message": f"Passed over: {error}"}
        return tuple(bad)

    def seconds(
        self, clips: Sequence[ClipEntry], cancel: CancelToken
    ) -> tuple[float, tuple[str, ...]]:
        """Return how long filling will take, measured on the first clips that want.

        Also what went wrong with them. What was made is kept.
        """
        wanting = [clip for clip in clips if not self.file(clip).is_file()]
        spent, problems = [], []
        for clip in wanting[:_MEASURED]:
            started = time.monotonic()
            try:
                self.make(clip, cancel)
                spent.append(time.monotonic() - started)
            except LusViewerError as error:
                problems.append(f"Passed over: {error}")
        each = float(np.mean(spent)) if spent else 0.0
        return each * max(0, len(wanting) - _MEASURED), tuple(problems)


def check_room(caches: Sequence[Cache], clips: Sequence[ClipEntry], limit: int) -> int:
    """Return how many bytes these clips may take.

    Raises ``TrainingError`` where they alone are too many for ``limit`` bytes.
    """
    needed = len(clips) * sum(
        MOST[cache.kind] * _FRAME_BYTES[cache.kind] + _HEAD_BYTES for cache in caches
    )
    if needed > limit:
        msg = (
            f"{len(clips)} clips take up to {needed / 2**30:.1f} GiB of cache, "
            f"more than {limit / 2**30:.1f}."
        )
        raise TrainingError(msg, hint="Allow more with --cache-gb.")
    return needed


def make_room(caches: Sequence[Cache], clips: Sequence[ClipEntry], limit: int) -> None:
    """Delete what other runs kept, the oldest first, until these clips fit."""
    needed = check_room(caches, clips, limit)
    own = {cache.file(clip) for cache in caches for clip in clips}
    others = sorted(
        (path.stat().st_mtime_ns, path.stat().st_size, path)
        for path in (caches[0].library / FOLDER).glob("*/*.npy")
        if path not in own
    )
    kept = sum(size for _, size, _ in others)
    for _, size, path in others:
        if kept + needed <= limit:
            return
        path.unlink(missing_ok=True)
        kept -= size


def embeddings_by(bundle: ModelBundle) -> Look:
    """Return what gives a clip's embeddings, by the bundle's own frame graph."""

    def look(clip: ClipEntry, cancel: CancelToken) -> Array:
        frames = grid_frames(clip, EMBEDDED, cancel)
        return np.stack([run_grid(bundle, f, cancel)["embedding"][0] for f in frames])

    return look


def frames_of(kind: str) -> Look:
    """Return what gives the frames that ``kind`` keeps."""
    return lambda clip, cancel: grid_frames(clip, kind, cancel)


def grid_frames(entry: ClipEntry, kind: str, cancel: CancelToken) -> NDArray[np.uint8]:
    """Return the clip's frames on the model's grid, those that ``kind`` keeps.

    Raises ``LibraryError`` where the file is another one, or has no frame.
    """
    with open_clip(entry.path) as clip:
        if clip.identity.sha256() != entry.sha256:
            msg = f"{entry.path} is another file than the one the library knows."
            hint = "Add it as a clip of its own, or bring the old file back."
            raise LibraryError(msg, hint=hint)
        geometry = clip.locate(cancel)
        found = []
        for index in chosen_frames(len(clip), kind):
            cancel.check()
            try:
                found.append(crop_to_grid(clip.frame(int(index)), geometry))
            except LusViewerError:
                continue  # The others are enough; a clip without any is refused.
    if not found:
        msg = f"{entry.name} has no frame that decodes."
        raise LibraryError(msg, hint="Look at the file, or remove the clip.")
    return np.stack(found)


def chosen_frames(total: int, kind: str) -> NDArray[np.intp]:
    """Return which of ``total`` frames ``kind`` keeps, in their order."""
    most = MOST[kind]
    if total <= most:
        return np.arange(total)
    if kind == EMBEDDED:
        return np.arange(most) + (total - most) // 2
    if kind == RUNS:
        starts = np.linspace(0, total - RUN, most // RUN).round().astype(np.intp)
        return np.unique((starts[:, None] + np.arange(RUN)).ravel())
    return np.unique(np.linspace(0, total - 1, most).round().astype(np.intp))
