"""The work that leaves the window's thread: what jobs iterate and wishes ask for.

Nothing here knows Qt. The readers, the models and their libraries are imported
inside, so that the window is painted before any of them is loaded.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from lusviewer.errors import CorruptFrameError, EmptyFolderError, LusViewerError
from lusviewer.findings import FrameFindings, Timelines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.clip import Clip
    from lusviewer.experts.expert import Expert
    from lusviewer.findings import ClipReport, Prediction
    from lusviewer.geometry import FrameGeometry
    from lusviewer.inference.bundle import ModelBundle
    from lusviewer.inference.session import Provider
    from lusviewer.io.folder import ExamClip

PROVISIONAL_S: Final = 0.7
"""How often a report is made while the analysis still runs."""

THUMBNAIL_PX: Final = 144
"""The longer side of a thumbnail, twice what is shown for dense screens."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The clips found under what was opened, and what could not be listed."""

    clips: tuple[ExamClip, ...]
    refused: tuple[tuple[Path, LusViewerError], ...] = ()


@dataclass(frozen=True, slots=True)
class Models:
    """What answers: a bundle and its experts; those in use that cannot be opened."""

    bundle: ModelBundle
    experts: tuple[Expert, ...]
    asked_device: str
    wrong: tuple[LusViewerError, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """A clip ready to be shown; ``coloured`` where gray would lose something."""

    clip: Clip
    coloured: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """A step of opening a clip: how much of it is decoded, where the beam is."""

    geometry: FrameGeometry
    decoded: int


@dataclass(frozen=True, slots=True)
class Provisional:
    """A report made while the analysis still runs."""

    report: ClipReport


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture of a clip, or why there is none; uint8 ``(rows, columns)``."""

    path: Path
    picture: NDArray[np.uint8] | None
    n_frames: int = 0
    duration_s: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Analysed:
    """What is kept of a clip seen before, so that coming back costs nothing.

    ``judges`` are the experts whose predictions the report has.
    """

    findings: dict[int, FrameFindings]
    report: ClipReport
    judges: tuple[Expert, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A report with what other experts, ``judges``, say of the clip."""

    before: ClipReport
    report: ClipReport
    judges: tuple[Expert, ...]


@dataclass(frozen=True, slots=True)
class ExportWish:
    """What to write of a clip: ``formats`` of "json", "csv", "npz", "mp4", "png".

    ``picture`` is the clip view as encoded PNG, for "png".
    """

    clip: Clip
    report: ClipReport | None
    findings: Mapping[int, FrameFindings]
    folder: Path
    stem: str
    formats: tuple[str, ...]
    picture: bytes = b""


@dataclass(frozen=True, slots=True)
class SaliencyWish:
    """Where did ``key`` look, in one frame."""

    clip: Clip
    bundle: ModelBundle
    geometry: FrameGeometry
    index: int
    key: str


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """What would the experts say had the edited biomarkers been measured so."""

    report: ClipReport
    experts: tuple[Expert, ...]
    edits: Mapping[str, float] = field(default_factory=dict)


def list_clips(paths: Sequence[Path], cancel: CancelToken) -> Iterator[Listing]:
    """Yield the clips under ``paths``, once."""
    from lusviewer.io.folder import list_exam

    clips: list[ExamClip] = []
    refused: list[tuple[Path, LusViewerError]] = []
    for path in paths:
        cancel.check()
        try:
            exam = list_exam(path)
        except LusViewerError as error:
            if len(paths) == 1:
                raise
            refused.append((path, error))
            continue
        clips.extend(exam.clips)
        refused.extend(exam.refused)
    if not clips:
        msg = "Nothing that was opened holds a clip."
        raise EmptyFolderError(
            msg, hint="Open ultrasound DICOM files, videos or images."
        )
    yield Listing(tuple(clips), tuple(refused))


def prepare_clip(
    path: Path, cache_bytes: int, cancel: CancelToken
) -> Iterator[Opened | Prepared]:
    """Yield the clip with its first frame decoded, then steps of preparing it."""
    from lusviewer.io import open_clip
    from lusviewer.io.tones import is_coloured

    clip = open_clip(path)
    clip.limit_cache(cache_bytes)
    cancel.check()
    coloured = False
    with suppress(CorruptFrameError):
        clip.frame(0)
        # Most files that could hold colour are gray all the same.
        coloured = clip.details.colour and is_coloured(clip.colour(0))
    yield Opened(clip, coloured)
    yield Prepared(clip.locate(cancel), 0)
    if not clip.fits_cache():
        return
    for decoded, _ in enumerate(clip.prefetch(cancel), start=1):
        yield Prepared(clip.geometry, decoded)


def thumbnails(paths: Sequence[Path], cancel: CancelToken) -> Iterator[Thumbnail]:
    """Yield a small picture of each clip, from its middle."""
    for path in paths:
        cancel.check()
        try:
            yield _thumbnail(path)
        except LusViewerError as error:
            yield Thumbnail(path, None, problem=error.message)


def _thumbnail(path: Path) -> Thumbnail:
    import cv2

    from lusviewer.io import open_clip

    clip = open_clip(path)
    try:
        frame = clip.frame(len(clip) // 2)
        scale = THUMBNAIL_PX / max(frame.shape)
        size = (round(frame.shape[1] * scale), round(frame.shape[0] * scale))
        picture = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
        return Thumbnail(path, picture.astype("uint8"), len(clip), clip.duration_s)
    finally:
        clip.close()


def load_models(
    folder: Path, device: str, threads: int, cancel: CancelToken
) -> Iterator[Models]:
    """Yield the bundle in ``folder`` and its experts, once."""
    # Several jobs need it once there is a model, and must not import it side by side.
    import lusviewer.analysis  # noqa: F401
    from lusviewer.experts.in_use import usable_experts
    from lusviewer.inference import open_bundle

    bundle = open_bundle(folder, device=device, threads=threads)
    cancel.check()
    experts, wrong = usable_experts(folder)
    yield Models(bundle, experts, device, wrong)


def load_experts(folder: Path, _cancel: CancelToken) -> Iterator[tuple[Expert, ...]]:
    """Yield the experts in use with the bundle in ``folder`` that can be opened."""
    from lusviewer.experts.in_use import usable_experts

    yield usable_experts(folder)[0]


def judge(report: ClipReport, models: Models, cancel: CancelToken) -> Iterator[Judged]:
    """Yield ``report`` with what the present experts say, once."""
    from lusviewer.analysis.summary import judge_anew

    said = judge_anew(report, models.experts, cancel)
    yield Judged(report, replace(report, predictions=said), models.experts)


def analyse_clip(
    clip: Clip, models: Models, start: int, cancel: CancelToken
) -> Iterator[FrameFindings | Provisional | ClipReport]:
    """Yield each frame's findings, a provisional report now and then, the report."""
    from lusviewer.analysis import analyse, summarise

    timelines = Timelines(clip.frame_times_s)
    report = partial(summarise, clip, models.bundle, models.experts, timelines, cancel)
    due = time.monotonic() + PROVISIONAL_S
    for findings in analyse(clip, models.bundle, cancel, start=start):
        timelines.add(findings)
        yield findings
        if time.monotonic() >= due:
            yield Provisional(report())
            due = time.monotonic() + PROVISIONAL_S
    yield report()


def analyse_clips(
    paths: Sequence[Path], models: Models, cancel: CancelToken
) -> Iterator[tuple[Path, Analysed | None]]:
    """Yield each clip with what was found in it; None where it cannot be opened."""
    for path in paths:
        cancel.check()
        try:
            yield path, _analyse_whole(path, models, cancel)
        except LusViewerError:
            # Its thumbnail and its opening tell why; the others go on.
            yield path, None


def _analyse_whole(path: Path, models: Models, cancel: CancelToken) -> Analysed:
    from lusviewer.analysis import analyse_whole
    from lusviewer.io import open_clip

    with open_clip(path) as clip:
        found = analyse_whole(clip, models.bundle, models.experts, cancel)
        return Analysed(*found, judges=models.experts)


def write_results(wish: ExportWish, cancel: CancelToken) -> Iterator[Path]:
    """Yield each file once it is written whole."""
    from lusviewer.files import make_folder, written

    make_folder(wish.folder)
    if "png" in wish.formats:
        path = wish.folder / f"{wish.stem}.png"
        with written(path) as file:
            file.write(wish.picture)
        yield path
    if wish.report is not None:
        yield from _write_report(wish, wish.report, cancel)


def _write_report(
    wish: ExportWish, report: ClipReport, cancel: CancelToken
) -> Iterator[Path]:
    from lusviewer.export.movie import write_movie
    from lusviewer.export.tabular import (
        write_labels_npz,
        write_report,
        write_timelines,
    )

    folder, stem = wish.folder, wish.stem
    cancel.check()
    if "json" in wish.formats:
        yield write_report(report, folder, stem)
    if "csv" in wish.formats:
        yield write_timelines(report, folder, stem)
    if "npz" in wish.formats:
        yield write_labels_npz(report, wish.findings, folder, stem, cancel)
    if "mp4" in wish.formats:
        for _ in write_movie(wish.clip, report, wish.findings, folder, stem, cancel):
            cancel.check()
        yield folder / f"{stem}.mp4"


def list_providers(_cancel: CancelToken) -> Iterator[tuple[Provider, ...]]:
    """Yield every kind of device, and why it is not available; once."""
    from lusviewer.inference.session import providers

    yield providers()


def saliency_map(wish: SaliencyWish, cancel: CancelToken) -> NDArray[np.float32]:
    """Return where the model looked for ``wish.key``, in the clip's own grid."""
    from lusviewer.inference.saliency import saliency

    frame = wish.clip.frame(wish.index)
    return saliency(wish.bundle, frame, wish.geometry, wish.key, cancel)


def predict_again(wish: SecondOpinion, cancel: CancelToken) -> tuple[Prediction, ...]:
    """Return what each expert says with the edits in place of the model's values."""
    from lusviewer.analysis.summary import judge_anew

    return judge_anew(wish.report, wish.experts, cancel, wish.edits)


def close_clip(clip: Clip, _cancel: CancelToken) -> Iterator[None]:
    """Let go of a clip's file; waits for the frame that is being decoded."""
    clip.close()
    yield from ()
