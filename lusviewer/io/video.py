"""Video files as clips: PyAV, frames by their presentation time."""

from __future__ import annotations

import bisect
import itertools
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import av
import cv2
import numpy as np

from lusviewer.clip import Clip, ClipDetails, ClipIdentity
from lusviewer.errors import CorruptClipError, CorruptFrameError, UnsupportedClipError
from lusviewer.geometry import FrameGeometry
from lusviewer.io.dicom_times import assumed_times
from lusviewer.io.tones import is_coloured

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

_AGAIN: Final = "Copy or export the file again from where it came."
_ROLL: Final = 24
_RECENT_BYTES: Final = 24 * 2**20
_SEQUENTIAL: Final = {"gif", "h264", "hevc", "mpegvideo", "m4v", "image2"}
_NO_PTS: Final = {"h264", "hevc", "mpegvideo", "m4v"}

av.logging.set_level(av.logging.PANIC)


@dataclass(frozen=True, slots=True)
class Video:
    """A stream that stands open: its frames, its times and its size."""

    source: VideoFrames
    times_s: NDArray[np.float64]
    rows: int
    columns: int
    colour: bool
    timed: bool
    kind: str
    codec: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StreamIndex:
    """Presentation times of all frames in order, and which of them are keyframes."""

    pts: Sequence[int]
    keys: Sequence[int]


def read(path: Path) -> Clip:
    """Open a video; reads its index and its first frame."""
    video = open_stream(path, path)
    return Clip(
        ClipIdentity(path, "video"),
        video.source,
        FrameGeometry(video.rows, video.columns, (0, 0, video.rows, video.columns)),
        video.times_s,
        ClipDetails(
            kind=f"{video.kind}, {video.codec}",
            photometric="RGB" if video.colour else "MONOCHROME2",
            colour=video.colour,
            rate_assumed=not video.timed and len(video.times_s) > 1,
            inter_coded=video.source.inter_coded,
        ),
        warnings=video.warnings,
    )


def open_stream(path: Path, where: Path | BinaryIO) -> Video:
    """Open the first video stream of a file or of bytes; errors name ``path``."""
    container, stream = _open(path, where)
    with container:
        index = _index(container, stream)
        unit = float(stream.time_base or 1)
        kind = container.format.name
        codec = stream.codec_context.name
    if not index.pts:
        msg = f"{path.name} holds no frame."
        raise CorruptClipError(msg, hint=_AGAIN)
    source = VideoFrames(path, where, index)
    try:
        first = source.first_frame()
    except BaseException:
        source.close()
        raise
    times, timed, warnings = _times(index, unit, kind)
    turned = first.rotation % 180
    return Video(
        source,
        times,
        first.width if turned else first.height,
        first.height if turned else first.width,
        is_coloured(first.to_ndarray(format="rgb24")),
        timed,
        kind.split(",")[0].upper(),
        codec,
        warnings,
    )


def _times(
    index: StreamIndex, unit: float, kind: str
) -> tuple[NDArray[np.float64], bool, tuple[str, ...]]:
    """Return seconds from the first frame, whether they are known, and warnings."""
    times = np.asarray(index.pts, np.float64) * unit
    times -= times[0]
    if len(times) == 1 or kind not in _NO_PTS:
        return times, True, ()
    timing = assumed_times(len(times))
    return timing.times_s, False, timing.warnings


def _open(path: Path, where: Path | BinaryIO) -> tuple[Any, Any]:
    try:
        if not isinstance(where, Path):
            where.seek(0)
        container = av.open(where if not isinstance(where, Path) else str(where))
    except av.error.FFmpegError as error:
        if isinstance(error, OSError) and not isinstance(
            error, av.error.InvalidDataError
        ):
            raise
        msg = f"{path.name} looks like a video, but cannot be opened."
        hint = f"It is cut off or broken ({error.strerror}). {_AGAIN}"
        raise CorruptClipError(msg, hint=hint) from error
    streams = list(container.streams.video)
    if not streams:
        container.close()
        msg = f"{path.name} holds no video, only sound or data."
        raise UnsupportedClipError(msg, hint="Choose the file with the pictures.")
    return container, streams[0]


def _index(container: Any, stream: Any) -> StreamIndex:  # noqa: ANN401
    """Return the presentation times: from the container's index, else by demuxing."""
    entries = stream.index_entries
    if (
        stream.frames
        and len(entries) == stream.frames
        and not (stream.codec_context.has_b_frames)
    ):
        pts = [entry.timestamp for entry in entries]
        keys = [at for at, entry in enumerate(entries) if entry.flags & 1]
        if all(b > a for a, b in itertools.pairwise(pts)):
            return StreamIndex(pts, keys)
    return _demuxed(container, stream)


def _demuxed(container: Any, stream: Any) -> StreamIndex:  # noqa: ANN401
    packets = [(p.pts, p.is_keyframe) for p in _packets(container, stream) if p.size]
    if any(pts is None for pts, _ in packets):
        known = [pts for pts, _ in packets if pts is not None]
        if len(known) < len(packets) // 2:
            return StreamIndex(range(len(packets)), [0])
        packets = [packet for packet in packets if packet[0] is not None]
    key_of: dict[int, bool] = {}
    for pts, key in packets:
        key_of[pts] = key_of.get(pts, False) or key
    ordered = sorted(key_of)
    keys = [at for at, pts in enumerate(ordered) if key_of[pts]]
    return StreamIndex(ordered, keys or [0])


def _packets(container: Any, stream: Any) -> Iterator[Any]:  # noqa: ANN401
    try:
        yield from container.demux(stream)
    except av.error.FFmpegError:
        return  # What came before the break is what there is.


class VideoFrames:
    """Frames of one stream by number: on in sequence, or back to a keyframe."""

    def __init__(
        self,
        path: Path,
        where: Path | BinaryIO,
        index: StreamIndex,
    ) -> None:
        self._path = path
        self._where = where
        self._index = index
        self._container, self._stream = _open(path, where)
        self._counted = isinstance(index.pts, range)
        self._in_order = self._counted or self._container.format.name in _SEQUENTIAL
        self.inter_coded = self._in_order or len(index.keys) < len(index.pts)
        self._number = {pts: at for at, pts in enumerate(index.pts)}
        self._recent: OrderedDict[int, Any] = OrderedDict()
        self._decoded = self._run(0)
        self._next = 0

    def first_frame(self) -> Any:  # noqa: ANN401 - a VideoFrame
        """Return the first frame that decodes; raise where there is none."""
        for number, frame in self._decoded:
            self._next = number + 1
            self._keep(number, frame)
            return frame
        msg = f"{self._path.name} is a video, but no frame of it decodes."
        hint = f"Its codec is {self._stream.codec_context.name}. {_AGAIN}"
        raise CorruptClipError(msg, hint=hint)

    def luminance(self, index: int) -> NDArray[np.uint8]:
        """Return frame ``index`` as ``(rows, columns)``."""
        frame = self._frame(index)
        return _turned(_luma(frame), frame.rotation)

    def colour(self, index: int) -> NDArray[np.uint8]:
        """Return frame ``index`` as ``(rows, columns, 3)`` RGB."""
        frame = self._frame(index)
        return _turned(frame.to_ndarray(format="rgb24"), frame.rotation)

    def close(self) -> None:
        """Close the file."""
        self._decoded = iter(())
        self._recent.clear()
        self._container.close()

    def _frame(self, index: int) -> Any:  # noqa: ANN401
        if (kept := self._recent.get(index)) is not None:
            return kept
        if not self._next <= index <= self._next + _ROLL:
            self._go_before(index)
        for number, frame in self._decoded:
            self._next = number + 1
            self._keep(number, frame)
            if number == index:
                return frame
            if number > index:
                break
        msg = f"{self._path.name} holds data there that do not decode."
        raise CorruptFrameError(msg, hint=_AGAIN)

    def _keep(self, number: int, frame: Any) -> None:  # noqa: ANN401
        """Remember frames passed on the way, for steps back."""
        self._recent[number] = frame
        room = max(_RECENT_BYTES // (frame.width * frame.height * 2), 2)
        while len(self._recent) > room:
            self._recent.popitem(last=False)

    def _go_before(self, index: int) -> None:
        """Stand so that the next frames decoded lead to ``index``."""
        at = bisect.bisect_right(self._index.keys, index) - 1
        key = self._index.keys[max(at, 0)]
        if self._next <= index and key < self._next:
            return  # Rolling on is shorter than going back to the keyframe.
        if self._in_order or key == 0:
            self._restart()
            return
        self._seek(key)
        first = next(self._decoded, None)
        if first is None or first[0] > index:
            self._restart()
            return
        self._next = first[0]
        self._decoded = _chain(first, self._decoded)

    def _seek(self, key: int) -> None:
        pts = self._index.pts[key]
        try:
            self._container.seek(pts, stream=self._stream, backward=True)
        except av.error.FFmpegError:
            self._restart()
            return
        self._decoded = self._run(key)

    def _restart(self) -> None:
        """Begin again from the first frame."""
        self._container.close()
        self._container, self._stream = _open(self._path, self._where)
        self._decoded = self._run(0)
        self._next = 0

    def _run(self, start: int) -> Iterator[tuple[int, Any]]:
        """Yield frames with their numbers, past packets that do not decode."""
        number = start
        for packet in _packets(self._container, self._stream):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                continue
            for frame in frames:
                known = None if self._counted else self._number.get(frame.pts)
                number = number if known is None else known
                if not frame.is_corrupt:
                    yield number, frame
                number += 1


def _chain(first: Any, rest: Iterator[Any]) -> Iterator[Any]:  # noqa: ANN401
    yield first
    yield from rest


_EXPAND: Final = np.clip(np.rint((np.arange(256) - 16) * (255 / 219)), 0, 255).astype(
    np.uint8
)
"""Video's 16 to 235 spread to 0 to 255."""


def _luma(frame: Any) -> NDArray[np.uint8]:  # noqa: ANN401
    """Return the luma plane itself where there is one of 8 bits."""
    name = frame.format.name
    if name.startswith("yuv") and name.rstrip("p").endswith(("420", "422", "444")):
        plane = frame.planes[0]
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        luma = rows[: frame.height, : frame.width]
        full = name.startswith("yuvj") or frame.color_range == _FULL_RANGE
        return luma.copy() if full else np.asarray(cv2.LUT(luma, _EXPAND), np.uint8)
    if name == "gray":
        return np.asarray(frame.to_ndarray(), np.uint8)
    rgb = frame.to_ndarray(format="rgb24")
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)


_FULL_RANGE: Final = 2


def _turned(pixels: NDArray[np.uint8], degrees: int) -> NDArray[np.uint8]:
    """Turn a frame as its display matrix asks: quarter turns counterclockwise."""
    return np.ascontiguousarray(np.rot90(pixels, round(degrees / 90) % 4))
