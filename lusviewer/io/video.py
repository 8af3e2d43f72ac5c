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
_LOOSE: Final = {"mpeg", "mpegts"}
_TRIES: Final = (0, 1)
_LOOSE_TRIES: Final = (2, 3, 5, 9)
_MANY: Final = 200
_KEYFRAME: Final = 1
_DISCARDED: Final = 2
_REORDERED: Final = 16
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
    """Presentation times of all frames in order, and which of them are keyframes.

    ``counted``: the stream does not say which packet is shown when; its frames can
    only be told by counting them from the start.
    """

    pts: Sequence[int]
    keys: Sequence[int]
    counted: bool = False


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
        index = _listed(container, stream)
        unit = float(stream.time_base or 1)
        kind = container.format.name
        codec = stream.codec_context.name
        aspect = stream.sample_aspect_ratio
        said = stream.frames
    if index is None:
        index = _demuxed(*_open(path, where))
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
    if aspect and aspect != 1:
        warnings += (
            f"Pixels are {aspect} as wide as high; they are shown and read as stored.",
        )
    if said > len(index.pts):
        warnings += (
            f"The header says {said} frames, the file holds {len(index.pts)}: "
            "these are used.",
        )
    turned = _quarter_turns(first.rotation) % 2
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
    known = kind not in _NO_PTS and not isinstance(index.pts, range)
    if len(times) == 1 or known:
        return times, True, ()
    timing = assumed_times(len(times))
    return timing.times_s, False, timing.warnings


def _open(path: Path, where: Path | BinaryIO) -> tuple[Any, Any]:
    try:
        if not isinstance(where, Path):
            where.seek(0)
        container = av.open(
            where if not isinstance(where, Path) else str(where),
            metadata_errors="replace",
        )
    except (FileNotFoundError, PermissionError):
        raise
    except av.error.FFmpegError as error:
        msg = f"{path.name} looks like a video, but cannot be opened."
        hint = f"It is cut off or broken ({error.strerror}). {_AGAIN}"
        raise CorruptClipError(msg, hint=hint) from error
    streams = list(container.streams.video)
    if not streams:
        container.close()
        msg = f"{path.name} holds no video, only sound or data."
        raise UnsupportedClipError(msg, hint="Choose the file with the pictures.")
    if streams[0].codec_context is None:
        container.close()
        msg = f"{path.name} holds a video of a codec that is not known."
        raise UnsupportedClipError(msg, hint="Convert it to MP4 with H.264.")
    return container, streams[0]


def _listed(container: Any, stream: Any) -> StreamIndex | None:  # noqa: ANN401
    """Return what the container's own index tells; None where it is not enough.

    It lists frames in the order of decoding. Where frames are stored out of order,
    their times follow only if they are evenly spaced.
    """
    entries = stream.index_entries
    whole = len(entries) == stream.frames and len(entries) >= _MANY
    if not whole or _makes_up_times(container, stream):
        return None
    stored = np.array([entry.timestamp for entry in entries], np.int64)
    flags = np.array([entry.flags for entry in entries])
    steps = np.diff(stored)
    if (flags & _DISCARDED).any() or not (steps > 0).all():
        return None
    keys = np.flatnonzero(flags & _KEYFRAME).tolist()
    head = [packet.pts for packet in itertools.islice(_packets(container, stream), 32)]
    if head == stored[: len(head)].tolist() and not stream.codec_context.has_b_frames:
        return StreamIndex(stored.tolist(), keys)
    if not head or None in head or (steps != steps[0]).any():
        return None
    shown = (np.arange(len(stored)) * steps[0] + min(head)).tolist()
    fits = set(head) <= set(shown[: len(head) + _REORDERED])
    return StreamIndex(shown, keys) if fits else None


def _demuxed(container: Any, stream: Any) -> StreamIndex:  # noqa: ANN401
    """Return the presentation times by going through all packets; closes the file."""
    made_up = _makes_up_times(container, stream)
    with container:
        packets = [
            (packet.pts, packet.dts, packet.is_keyframe)
            for packet in _packets(container, stream)
            if packet.size
        ]
    if made_up or any(pts is None for pts, _, _ in packets):
        stored = [dts for _, dts, _ in packets if dts is not None]
        rising = len(set(stored)) == len(packets)
        shown = sorted(stored) if rising else range(len(packets))
        return StreamIndex(shown, [0], counted=True)
    key_of: dict[int, bool] = {}
    for pts, _, key in packets:
        key_of[pts] = key_of.get(pts, False) or key
    ordered = sorted(key_of)
    keys = [at for at, pts in enumerate(ordered) if key_of[pts]]
    return StreamIndex(ordered, keys or [0])


def _makes_up_times(container: Any, stream: Any) -> bool:  # noqa: ANN401
    """Whether frames are reordered in AVI, which knows no time of presentation."""
    return container.format.name == "avi" and bool(stream.codec_context.has_b_frames)


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
        kind = self._container.format.name
        self._in_order = index.counted or kind in _SEQUENTIAL
        self._loose = kind in _LOOSE
        self.inter_coded = self._in_order or len(index.keys) < len(index.pts)
        self._number = {pts: at for at, pts in enumerate(index.pts)}
        self._recent: OrderedDict[int, Any] = OrderedDict()
        self._size: tuple[int, int] | None = None
        self._decoded = self._run(0)
        self._next = 0

    def first_frame(self) -> Any:  # noqa: ANN401 - a VideoFrame
        """Return the first frame that decodes; raise where there is none."""
        for number, frame in self._decoded:
            self._next = number + 1
            self._size = (frame.width, frame.height)
            self._keep(number, frame)
            return frame
        msg = f"{self._path.name} is a video, but no frame of it decodes."
        hint = f"Its codec is {self._stream.codec_context.name}. {_AGAIN}"
        raise CorruptClipError(msg, hint=hint)

    def luminance(self, index: int) -> NDArray[np.uint8]:
        """Return frame ``index`` as ``(rows, columns)``."""
        frame = self._fitting(index)
        return _turned(_luma(frame), frame.rotation)

    def colour(self, index: int) -> NDArray[np.uint8]:
        """Return frame ``index`` as ``(rows, columns, 3)`` RGB."""
        frame = self._fitting(index)
        return _turned(frame.to_ndarray(format="rgb24"), frame.rotation)

    def close(self) -> None:
        """Close the file."""
        self._decoded = iter(())
        self._recent.clear()
        self._container.close()

    def _fitting(self, index: int) -> Any:  # noqa: ANN401
        """Return a frame of the size that the clip began with."""
        frame = self._frame(index)
        if self._size not in (None, (frame.width, frame.height)):
            msg = f"it is {frame.width}x{frame.height}, unlike the first."
            raise CorruptFrameError(msg, hint=_AGAIN)
        return frame

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
        for back in _LOOSE_TRIES if self._loose else _TRIES:
            if self._in_order or at - back <= 0:
                break
            if self._seek(self._index.keys[at - back], index):
                return
        self._restart()

    def _seek(self, key: int, index: int) -> bool:
        """Stand at a keyframe; false where that leads past ``index`` or nowhere."""
        pts = self._index.pts[key]
        try:
            self._container.seek(pts, stream=self._stream, backward=True)
        except av.error.FFmpegError:
            return False
        decoded = self._run(None)
        first = next(decoded, None)
        if first is None or first[0] > index:
            return False
        self._next, self._decoded = first[0], itertools.chain([first], decoded)
        return True

    def _restart(self) -> None:
        """Begin again from the first frame."""
        self._container.close()
        self._container, self._stream = _open(self._path, self._where)
        self._decoded = self._run(0)
        self._next = 0

    def _run(self, start: int | None) -> Iterator[tuple[int, Any]]:
        """Yield frames with their numbers, past packets that do not decode.

        Where ``start`` is not known, frames are passed over until one has a time
        that can be trusted: in containers without index, after a second keyframe.
        """
        number, counted = start, self._index.counted
        doubtful = 2 if self._loose and start is None else 0
        for packet in _packets(self._container, self._stream):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                continue
            for frame in frames:
                known = None if counted else self._number.get(frame.pts)
                number = number if known is None else known
                doubtful -= doubtful > 0 and frame.key_frame
                if number is None or doubtful:
                    continue
                if not frame.is_corrupt:
                    yield number, frame
                number += 1


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
    return np.ascontiguousarray(np.rot90(pixels, _quarter_turns(degrees)))


def _quarter_turns(degrees: int) -> int:
    return round(degrees / 90) % 4
