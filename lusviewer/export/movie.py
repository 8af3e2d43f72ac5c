"""A clip with its overlays as a film: H.264 in MP4, each frame at its own time."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from lusviewer.errors import CorruptFrameError
from lusviewer.export.tabular import DISCLAIMER
from lusviewer.files import written
from lusviewer.findings import CLASSES
from lusviewer.geometry import GridMap
from lusviewer.inference.frames import labels_to_clip

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.clip import Clip
    from lusviewer.findings import ClipReport, FrameFindings

OVERLAYS: Final = {
    "pleura": (240, 228, 66, 0.55),
    "a_line": (86, 180, 233, 0.45),
    "b_line": (230, 159, 0, 0.40),
    "consolidation": (213, 94, 0, 0.35),
    "effusion": (0, 114, 178, 0.35),
}
"""Red, green, blue and opacity of each class drawn: the window's colours."""

TICKS_HZ: Final = 90_000
"""The film's clock: frame times are exact to 11 microseconds."""

_CLOCK: Final = Fraction(1, TICKS_HZ)
_QUALITY: Final = {"crf": "18", "preset": "veryfast"}


def write_movie(
    clip: Clip,
    report: ClipReport,
    findings: Mapping[int, FrameFindings],
    folder: Path,
    stem: str,
    cancel: CancelToken,
) -> Iterator[int]:
    """Write ``<stem>.mp4``, yielding the index of each frame as it is done.

    The file is there, whole, once the iteration has ended. A frame that does not
    decode is black. Raises ``ResultError`` where it cannot be written.
    """
    painter = _Painter(report)
    with written(folder / f"{stem}.mp4") as file:
        yield from _encode(file, clip, painter, findings, cancel)


class _Painter:
    """Lays the classes over a frame in the window's colours."""

    def __init__(self, report: ClipReport) -> None:
        self.report = report
        self._geometry = report.geometry
        self._grid = GridMap.of(report.geometry)
        self._colour = np.zeros((256, 3), np.float32)
        self._opacity = np.zeros(256, np.float32)
        for name, (red, green, blue, opacity) in OVERLAYS.items():
            self._colour[CLASSES.index(name)] = (red, green, blue)
            self._opacity[CLASSES.index(name)] = opacity

    def paint(
        self, picture: NDArray[np.uint8], findings: FrameFindings | None
    ) -> NDArray[np.uint8]:
        """Return ``picture``, RGB, with the overlays and a line that says what it is.

        The size is rounded up to even numbers, as yuv420p needs.
        """
        rows, columns = picture.shape[:2]
        padding = ((0, rows % 2), (0, columns % 2), (0, 0))
        painted = np.pad(picture, padding)
        if findings is not None:
            self._lay_over(painted[:rows, :columns], findings)
        size = max(columns / 1600, 0.3)
        place = (4, painted.shape[0] - 5)
        font, white = cv2.FONT_HERSHEY_SIMPLEX, (200, 200, 200)
        cv2.putText(painted, DISCLAIMER, place, font, size, white, 1, cv2.LINE_AA)
        return painted

    def _lay_over(self, picture: NDArray[np.uint8], findings: FrameFindings) -> None:
        labels = labels_to_clip(findings.masks.unpack(), self._grid, self._geometry)
        drawn = self._opacity[labels] > 0
        classes = labels[drawn]
        opacity = self._opacity[classes][:, None]
        mixed = picture[drawn] * (1 - opacity) + self._colour[classes] * opacity
        picture[drawn] = np.rint(mixed).astype(np.uint8)


def _encode(
    file: BinaryIO,
    clip: Clip,
    painter: _Painter,
    findings: Mapping[int, FrameFindings],
    cancel: CancelToken,
) -> Iterator[int]:
    import av  # noqa: PLC0415 - loads FFmpeg

    with av.open(file, "w", format="mp4") as container:
        container.metadata.update(_metadata(painter.report))
        stream: Any = None
        for index, time_s in enumerate(clip.frame_times_s):
            cancel.check()
            picture = painter.paint(_picture(clip, index), findings.get(index))
            if stream is None:
                stream = _add_stream(container, picture, clip.frame_rate_hz)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(float(time_s) * TICKS_HZ), _CLOCK
            container.mux(stream.encode(frame))
            yield index
        container.mux(stream.encode(None))


def _add_stream(
    container: Any,  # noqa: ANN401 - PyAV's own
    picture: NDArray[np.uint8],
    rate_hz: float,
) -> Any:  # noqa: ANN401
    rate = Fraction(rate_hz or 1.0).limit_denominator(1000)
    stream = container.add_stream("libx264", rate=rate, options=dict(_QUALITY))
    stream.height, stream.width = picture.shape[:2]
    stream.pix_fmt = "yuv420p"
    stream.time_base = stream.codec_context.time_base = _CLOCK
    return stream


def _picture(clip: Clip, index: int) -> NDArray[np.uint8]:
    try:
        if clip.details.colour:
            return clip.colour(index)
        grey = clip.frame(index)
    except CorruptFrameError:
        grey = np.zeros((clip.geometry.rows, clip.geometry.columns), np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _metadata(report: ClipReport) -> dict[str, str]:
    model = report.model
    comment = f"{report.software}; {model.name} {model.version} {model.sha256}"
    return {"title": DISCLAIMER, "comment": f"{comment}; {model.provider}"}
