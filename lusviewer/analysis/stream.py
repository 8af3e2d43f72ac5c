"""Streaming the findings of a clip's frames, a coarse overview first.

One thread decodes, a few run the model, joined by a bounded channel; all of them
have ended when the generator has.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.analysis.channel import Channel
from lusviewer.analysis.order import decoding_plan
from lusviewer.biomarkers import KEYS, measure, measure_image
from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.errors import CorruptFrameError, ResultError
from lusviewer.findings import FrameFindings, PackedMasks
from lusviewer.inference.frames import run_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from lusviewer.clip import Clip, Frame
    from lusviewer.geometry import FrameGeometry
    from lusviewer.inference.bundle import ModelBundle

FRAME_BYTES: Final = 8 * 2**10
"""What the findings of one frame may take, at most."""

RESULT_BYTES: Final = 512 * 2**20
"""What the findings of one clip may take, at most."""


def analyse(
    clip: Clip,
    bundle: ModelBundle,
    cancel: CancelToken,
    *,
    start: int = 0,
    workers: int = 2,
) -> Generator[FrameFindings, None, None]:
    """Yield the findings of each frame that decodes, every 8th from ``start`` first.

    Order and numbers are the same for any number of ``workers``.
    Frames that do not decode are left out; the clip's warnings name them. Raises
    ``ResultError`` before any work where the results would take too much memory, and
    ``Cancelled`` soon after ``cancel`` is called.
    """
    _check_size(clip)
    geometry = clip.locate(cancel)
    stream = _Stream(clip, bundle, geometry, start)
    with cancel.on_cancel(stream.stop):
        try:
            stream.begin(workers)
            for _, findings in stream.found:
                yield findings
        finally:
            stream.end()
    cancel.check()
    stream.raise_error()


def analyse_frame(
    clip: Clip, bundle: ModelBundle, index: int, cancel: CancelToken
) -> FrameFindings:
    """Return the findings of frame ``index``; the same as ``analyse`` gives."""
    geometry = clip.locate(cancel)
    return _findings(clip, bundle, geometry, (index, clip.frame(index)), cancel)


def _check_size(clip: Clip) -> None:
    if len(clip) * FRAME_BYTES > RESULT_BYTES:
        name, limit = clip.identity.path.name, RESULT_BYTES // FRAME_BYTES
        msg = f"{name} has {len(clip)} frames; at most {limit} can be analysed at once."
        raise ResultError(msg, hint="Cut it into shorter clips.")


def _findings(
    clip: Clip,
    bundle: ModelBundle,
    geometry: FrameGeometry,
    indexed: tuple[int, Frame],
    cancel: CancelToken,
) -> FrameFindings:
    index, frame = indexed
    raw = run_frame(bundle, frame, geometry, cancel)
    lines, values = measure(raw.labels, raw.grid, geometry)
    values |= measure_image(raw.image, geometry)
    measured = np.array([values[key] for key in KEYS], np.float32)
    biomarkers = np.concatenate([raw.biomarkers, raw.findings, measured])
    for array in (biomarkers, raw.embedding, lines.pleura_px, lines.b_lines):
        array.flags.writeable = False
    return FrameFindings(
        frame_index=index,
        time_s=float(clip.frame_times_s[index]),
        masks=PackedMasks.pack(raw.labels),
        lines=lines,
        biomarkers=biomarkers,
        embedding=raw.embedding,
    )


class _Stream:
    """The threads of one analysis and the channels between them."""

    def __init__(
        self, clip: Clip, bundle: ModelBundle, geometry: FrameGeometry, start: int
    ) -> None:
        self._clip = clip
        self._bundle = bundle
        self._geometry = geometry
        self._start = start
        self._stopped = CancelToken()
        self._frames: Channel[tuple[int, Frame]] = Channel(4)
        self.found: Channel[FrameFindings] = Channel(16)
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._working = 0
        self._error: BaseException | None = None

    def begin(self, workers: int) -> None:
        """Start one thread that decodes and ``workers`` that run the model."""
        self._working = workers
        works: list[Callable[[], None]] = [self._decode, *[self._infer] * workers]
        for work in works:
            name = f"analysis{work.__name__}"
            thread = threading.Thread(target=self._guarded, args=(work,), name=name)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Ask all threads to end, in the midst of a frame."""
        self._stopped.cancel()
        self._frames.shut()
        self.found.shut()

    def end(self) -> None:
        """Stop, and wait until all threads have ended."""
        self.stop()
        for thread in self._threads:
            thread.join()

    def raise_error(self) -> None:
        """Raise what went wrong in a thread, if anything did."""
        if self._error is not None:
            raise self._error

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Cancelled:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again by raise_error
            with self._lock:
                self._error = self._error or error
            self.stop()

    def _decode(self) -> None:
        number = 0
        for index, wanted in decoding_plan(self._clip, self._start):
            self._stopped.check()
            try:
                frame = self._clip.frame(index)
            except CorruptFrameError:
                continue  # The clip names it in its warnings.
            if not wanted:
                continue
            if not self._frames.put(number, (index, frame)):
                return
            number += 1
        self._frames.finish()

    def _infer(self) -> None:
        for number, indexed in self._frames:
            found = _findings(
                self._clip, self._bundle, self._geometry, indexed, self._stopped
            )
            if not self.found.put(number, found):
                return
        with self._lock:
            self._working -= 1
            last = self._working == 0
        if last:
            self.found.finish()
