"""``lusviewer analyse``: clips, folders or a DICOMDIR, without a window."""

from __future__ import annotations

import os
import sys
import time
import traceback
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tqdm import tqdm

from lusviewer import paths
from lusviewer.analysis import analyse, summarise
from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.cli.interrupts import interruptible
from lusviewer.errors import LusViewerError
from lusviewer.experts.in_use import experts_in_use
from lusviewer.export.tabular import (
    DISCLAIMER,
    write_labels_npz,
    write_report,
    write_timelines,
)
from lusviewer.files import make_folder, write_rows
from lusviewer.findings import FrameFindings, Timelines
from lusviewer.inference import open_bundle
from lusviewer.io import open_clip
from lusviewer.io.folder import list_exam

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from lusviewer.clip import Clip
    from lusviewer.experts.expert import Expert
    from lusviewer.findings import ClipReport
    from lusviewer.inference.bundle import ModelBundle

# The bars need no thread that watches over them.
tqdm.monitor_interval = 0

_INDEX: Final = "index"
_NEEDS_MASKS: Final = frozenset({"npz", "mp4"})
_FILM_TAIL: Final = 4096
"""So near its end a film of ours says what it is."""


@dataclass(slots=True)
class _Row:
    """A line of ``index.csv``."""

    path: Path
    status: str
    error: str = ""
    seconds: float = 0.0
    frames: int = 0
    report: str = ""

    def cells(self) -> list[str]:
        seconds, frames = f"{self.seconds:.3f}", str(self.frames)
        return [str(self.path), self.status, self.error, seconds, frames, self.report]


@dataclass(frozen=True, slots=True)
class _Work:
    """What is done to each clip."""

    bundle: ModelBundle
    experts: tuple[Expert, ...]
    formats: tuple[str, ...]
    out: Path
    cancel: CancelToken
    taken: set[str] = field(default_factory=lambda: {_INDEX})

    def stem(self, name: str) -> str:
        """Return a name for the results of the file ``name`` that is still free."""
        stem, n = name, 1
        while stem.casefold() in self.taken:
            n += 1
            stem = f"{name}-{n}"
        self.taken.add(stem.casefold())
        return stem

    def keep_off(self, clips: Sequence[Path]) -> None:
        """Let no result take the place of a clip that lies in the same folder."""
        out = self.out.resolve()
        beside = (path for path in clips if path.resolve().parent == out)
        self.taken.update(path.stem.casefold() for path in beside if path.suffix)


def run(arguments: argparse.Namespace) -> int:
    """Analyse what was asked for; 0 where all were, 1 where some were not."""
    cancel = CancelToken()
    with interruptible(cancel):
        work = _prepare(arguments, cancel)
        clips, rows = _discover(arguments.paths, work.out)
        work.keep_off(clips)
        for row in rows:
            print(f"{row.path}: {row.error}", file=sys.stderr)
        # A folder that cannot be written to is told before hours of work.
        _write_index(rows, work.out)
        try:
            _analyse_all(clips, work, rows, quiet=arguments.quiet)
        finally:
            _write_index(rows, work.out)
    failed = sum(row.status != "ok" for row in rows)
    if not arguments.quiet:
        print(f"{len(rows) - failed} analysed, {failed} not: {work.out / _INDEX}.csv")
    return 1 if failed or not rows else 0


def _write_index(rows: Sequence[_Row], out: Path) -> None:
    header = ["path", "status", "error", "seconds", "frames", "report"]
    write_rows([header, *(row.cells() for row in rows)], out / f"{_INDEX}.csv")


def _prepare(arguments: argparse.Namespace, cancel: CancelToken) -> _Work:
    folder = arguments.model or paths.default_bundle()
    bundle = open_bundle(folder, device=arguments.device, threads=arguments.threads)
    experts = experts_in_use(folder)
    make_folder(arguments.out)
    return _Work(bundle, experts, arguments.formats, arguments.out, cancel)


def _discover(inputs: Sequence[Path], out: Path) -> tuple[list[Path], list[_Row]]:
    """Return the clips to analyse, each once, and rows for what was refused."""
    clips: dict[Path, None] = {}
    refused: dict[Path, LusViewerError] = {}
    for path in inputs:
        try:
            exam = list_exam(path)
        except LusViewerError as error:
            refused[path] = error
            continue
        listed = [clip.path for clip in exam.clips]
        clips |= dict.fromkeys(
            file for file in listed if not _is_result(file, path, out)
        )
        refused |= {
            file: error
            for file, error in exam.refused
            if not _is_result(file, path, out)
        }
    return list(clips), [_Row(p, "failed", str(e)) for p, e in refused.items()]


def _is_result(file: Path, asked: Path, out: Path) -> bool:
    """Whether ``file``, found under ``asked``, comes from an earlier run into ``out``.

    A folder of results inside an exam holds results alone. Where the results go beside
    the clips, only a film could pass for one.
    """
    results, file = out.resolve(), file.resolve()
    if asked.resolve() in results.parents:
        return results in file.parents
    return file.parent == results and file.suffix == ".mp4" and _is_film(file)


def _is_film(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            stream.seek(-min(_FILM_TAIL, file.stat().st_size), os.SEEK_END)
            return DISCLAIMER.encode() in stream.read()
    except OSError:
        return False


def _analyse_all(
    clips: Sequence[Path], work: _Work, rows: list[_Row], *, quiet: bool
) -> None:
    hidden = True if quiet else None  # None: only where a person watches
    with tqdm(clips, unit="clip", disable=hidden, file=sys.stderr) as bar:
        for path in bar:
            bar.set_description(path.name)
            started = time.perf_counter()
            row = _Row(path, "ok")
            try:
                _analyse_one(path, work, row, hidden=hidden)
            except LusViewerError as error:
                row.status, row.error = "failed", str(error)
                tqdm.write(f"{path}: {row.error}", file=sys.stderr)
            except (Cancelled, KeyboardInterrupt):
                row.status, row.error = "interrupted", "Interrupted."
                raise
            except Exception as error:  # noqa: BLE001 - the other clips can do without
                kind = type(error).__name__
                row.status, row.error = "failed", f"A bug in lusviewer: {kind}: {error}"
                tqdm.write(f"{path}: {traceback.format_exc()}", file=sys.stderr)
            finally:
                row.seconds = time.perf_counter() - started
                rows.append(row)
            if not quiet and row.status == "ok":
                tqdm.write(f"{path}: {row.frames} frames in {row.seconds:.1f} s")


def _analyse_one(path: Path, work: _Work, row: _Row, *, hidden: bool | None) -> None:
    clip = open_clip(path)
    try:
        row.frames = len(clip)
        timelines = Timelines(clip.frame_times_s)
        kept: dict[int, FrameFindings] = {}
        with (
            closing(analyse(clip, work.bundle, work.cancel)) as stream,
            _frames_bar(len(clip), hidden=hidden) as bar,
        ):
            for findings in stream:
                bar.update()
                timelines.add(findings)
                if _NEEDS_MASKS.intersection(work.formats):
                    kept[findings.frame_index] = findings
        report = summarise(clip, work.bundle, work.experts, timelines, work.cancel)
        row.report = _write(clip, report, kept, work)
    finally:
        clip.close()


def _frames_bar(n_frames: int, *, hidden: bool | None) -> tqdm[None]:
    return tqdm(
        total=n_frames, unit="frame", leave=False, disable=hidden, file=sys.stderr
    )


def _write(
    clip: Clip, report: ClipReport, kept: dict[int, FrameFindings], work: _Work
) -> str:
    """Write the formats asked for; return the report's file name."""
    stem = work.stem(clip.identity.path.name)
    if "npz" in work.formats:
        write_labels_npz(report, kept, work.out, stem, work.cancel)
    if "mp4" in work.formats:
        from lusviewer.export.movie import write_movie  # noqa: PLC0415 - loads FFmpeg

        for _ in write_movie(clip, report, kept, work.out, stem, work.cancel):
            pass
    if "csv" in work.formats:
        write_timelines(report, work.out, stem)
    if "json" in work.formats:
        return write_report(report, work.out, stem).name
    return ""
