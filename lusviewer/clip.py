"""A clip: its identity, its geometry, its times, and its frames by index."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from lusviewer.errors import CorruptFrameError, UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lusviewer.cancel import CancelToken
    from lusviewer.geometry import FrameGeometry

Frame = NDArray[np.uint8]
"""Luminance, ``(rows, columns)``."""

CACHE_BYTES: Final = 512 * 2**20
"""The frames kept decoded of one clip, at most."""

BEAM_FRAMES: Final = 12
"""Frames looked at, spread over the clip, to find the beam."""

BEAM_SPAN: Final = 200
"""Where frames build on each other, the beam is sought in this many first ones."""

BROKEN_NAMED: Final = 20
"""As many frames that do not decode are named in warnings; the rest are counted."""


@dataclass(frozen=True, slots=True)
class ClipIdentity:
    """Which clip this is; never carries a patient's name.

    ``source`` is "dicom", "video" or "image".
    """

    path: Path
    source: str
    sop_instance_uid: str | None = None

    def sha256(self) -> str:
        """Return the SHA-256 of the file, read once and remembered.

        Raises ``UnreadableFileError`` where the file has gone since it was opened.
        """
        try:
            status = self.path.stat()
            return _file_sha256(self.path, status.st_mtime_ns, status.st_size)
        except OSError as error:
            msg = f"{self.path.name} could not be read again: {error.strerror}."
            hint = "It was moved or deleted, or its disk was taken away."
            raise UnreadableFileError(msg, hint=hint) from error


@lru_cache(maxsize=4096)
def _file_sha256(path: Path, _mtime_ns: int, _size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class ClipDetails:
    """What the header says of how the clip is stored and meant to be played.

    ``playback`` is "loop" or "sweep"; ``trim`` the first and last frame to play.
    ``inter_coded``: frames build on each other, so that decoding them in order is
    far cheaper than jumping about.
    """

    kind: str
    transfer_syntax: str | None = None
    photometric: str | None = None
    colour: bool = False
    rate_assumed: bool = False
    playback: str = "loop"
    trim: tuple[int, int] | None = None
    inter_coded: bool = False


class FrameSource(Protocol):
    """Decodes frames by index; used by one thread at a time.

    Asking for frames in order is the fast way; any order works.
    """

    def luminance(self, index: int) -> Frame:
        """Return frame ``index``; raise ``CorruptFrameError`` if it is broken."""

    def colour(self, index: int) -> NDArray[np.uint8]:
        """Return frame ``index`` as ``(rows, columns, 3)`` RGB, for display."""

    def close(self) -> None:
        """Let go of the file."""


class FrameCache:
    """The last frames used, up to ``capacity_bytes``; safe between threads."""

    def __init__(self, capacity_bytes: int) -> None:
        self.capacity_bytes = capacity_bytes
        self._frames: OrderedDict[int, Frame] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, index: int) -> Frame | None:
        """Return the frame if it is kept."""
        with self._lock:
            frame = self._frames.get(index)
            if frame is not None:
                self._frames.move_to_end(index)
            return frame

    def put(self, index: int, frame: Frame) -> None:
        """Keep ``frame``, dropping the longest unused ones when full."""
        with self._lock:
            old = self._frames.pop(index, None)
            self._bytes += frame.nbytes - (0 if old is None else old.nbytes)
            self._frames[index] = frame
            while self._bytes > self.capacity_bytes and len(self._frames) > 1:
                _, dropped = self._frames.popitem(last=False)
                self._bytes -= dropped.nbytes

    def clear(self) -> None:
        """Drop all frames."""
        with self._lock:
            self._frames.clear()
            self._bytes = 0


class Clip:
    """A lung-ultrasound cine loop, decoded on demand into a bounded cache.

    ``frame`` may block and belongs on worker threads; ``cached`` never blocks.
    """

    def __init__(  # noqa: PLR0913 - the parts a clip is made of
        self,
        identity: ClipIdentity,
        source: FrameSource,
        geometry: FrameGeometry,
        frame_times_s: NDArray[np.float64],
        details: ClipDetails,
        *,
        warnings: tuple[str, ...] = (),
        broken: Mapping[int, CorruptFrameError] | None = None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self.identity = identity
        self.details = details
        self.frame_times_s = frame_times_s
        self.frame_times_s.flags.writeable = False
        self._source = source
        self._geometry = geometry
        self._located = geometry.beam_from == "header" and geometry.sector is not None
        self._warnings = list(warnings)
        self._broken: dict[int, CorruptFrameError] = dict(broken or {})
        self._undecoded = 0
        self._cache = FrameCache(cache_bytes)
        self._lock = threading.Lock()
        self._locating = threading.Lock()
        self._closed = False

    def __len__(self) -> int:
        return len(self.frame_times_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @property
    def geometry(self) -> FrameGeometry:
        """The geometry known so far: the header's until ``locate`` has run."""
        return self._geometry

    @property
    def located(self) -> bool:
        """Whether the beam is known, so that ``locate`` returns at once."""
        return self._located

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the results should know; grows as frames decode."""
        unsaid = self._undecoded - BROKEN_NAMED
        if unsaid <= 0:
            return tuple(self._warnings)
        return (*self._warnings, f"{unsaid} more frames do not decode.")

    @property
    def broken(self) -> frozenset[int]:
        """The frames found not to decode so far."""
        return frozenset(self._broken)

    @property
    def frame_rate_hz(self) -> float:
        """The mean frame rate; 0 for a clip of one frame."""
        if len(self) < 2:
            return 0.0
        return (len(self) - 1) / float(self.frame_times_s[-1] - self.frame_times_s[0])

    @property
    def duration_s(self) -> float:
        """From the start of the first frame to the end of the last."""
        if len(self) < 2:
            return 0.0
        return float(self.frame_times_s[-1]) + 1.0 / self.frame_rate_hz

    def cached(self, index: int) -> Frame | None:
        """Return frame ``index`` if it is decoded already; never blocks on a file."""
        return self._cache.get(index)

    def frame(self, index: int) -> Frame:
        """Return frame ``index``, decoding it if need be; read-only.

        Raises ``CorruptFrameError`` for a frame that does not decode.
        """
        if (kept := self._cache.get(index)) is not None:
            return kept
        with self._lock:
            if (kept := self._cache.get(index)) is not None:
                return kept
            self._refuse(index)
            try:
                frame = self._source.luminance(index)
            except CorruptFrameError as error:
                self._mark_broken(index, error)
                raise
            frame.flags.writeable = False
            self._cache.put(index, frame)
            return frame

    def colour(self, index: int) -> NDArray[np.uint8]:
        """Return frame ``index`` as ``(rows, columns, 3)`` RGB, for display only."""
        with self._lock:
            self._refuse(index)
            return self._source.colour(index)

    def prefetch(self, cancel: CancelToken) -> Iterator[int]:
        """Decode in order into the cache while all fits; yield what was decoded."""
        room = self._cache.capacity_bytes // max(self._frame_bytes(), 1)
        for index in range(min(len(self), room)):
            cancel.check()
            try:
                self.frame(index)
            except CorruptFrameError:
                continue
            yield index

    def limit_cache(self, capacity_bytes: int) -> None:
        """Keep at most ``capacity_bytes`` of decoded frames from now on."""
        self._cache.capacity_bytes = capacity_bytes

    def fits_cache(self) -> bool:
        """Whether all frames can be kept decoded at once."""
        return len(self) * self._frame_bytes() <= self._cache.capacity_bytes

    def locate(self, cancel: CancelToken) -> FrameGeometry:
        """Return the geometry with the beam found from the pixels where needed."""
        with self._locating:
            if not self._located:
                from lusviewer.beam import locate_beam  # noqa: PLC0415 - OpenCV, late

                frames = self._spread(cancel)
                if frames:
                    self._geometry, notes = locate_beam(frames, self._geometry)
                    self._warnings.extend(notes)
                self._located = True
        return self._geometry

    def close(self) -> None:
        """Let go of the file and the frames."""
        with self._lock:
            self._closed = True
            self._source.close()
            self._cache.clear()

    def _frame_bytes(self) -> int:
        return self._geometry.rows * self._geometry.columns

    def _refuse(self, index: int) -> None:
        if not 0 <= index < len(self):
            msg = f"frame {index} of a clip of {len(self)}"
            raise IndexError(msg)
        if index in self._broken:
            raise self._broken[index]
        if self._closed:
            msg = f"{self.identity.path.name} is closed."
            raise CorruptFrameError(msg)

    def _mark_broken(self, index: int, error: CorruptFrameError) -> None:
        self._broken[index] = error
        self._undecoded += 1
        if self._undecoded <= BROKEN_NAMED:
            words = f"Frame {index + 1} does not decode: {error.message}"
            self._warnings.append(words)

    def _spread(self, cancel: CancelToken) -> list[Frame]:
        """Decode some frames spread over the clip.

        Where frames build on each other it is the clip's start, and the frames passed
        on the way are kept: they are the first that will be asked for.
        """
        inter_coded = self.details.inter_coded
        whole = [index for index in range(len(self)) if index not in self._broken]
        span = whole[:BEAM_SPAN] if inter_coded else whole
        places = np.linspace(0, len(span) - 1, BEAM_FRAMES).astype(int)
        wanted = {span[place] for place in places} if span else set()
        frames: list[Frame] = []
        for index in span if inter_coded else sorted(wanted):
            cancel.check()
            try:
                frame = self.frame(index)
            except CorruptFrameError:
                continue
            if index in wanted:
                frames.append(frame)
        return frames
