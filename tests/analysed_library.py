"""A library of clips a model looked at, without a file: what queues learn from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lusviewer.findings import (
    LABELS,
    ClipReport,
    Evidence,
    ModelIdentity,
    Quality,
    Timelines,
)
from lusviewer.library import open_library
from lusviewer.library.clips import FileFacts, add_clip

N = 36
MODEL = ModelIdentity("tiny", "1", "a" * 64, "cpu")


def report(number: int) -> ClipReport:
    """Return what a model says: the odd clips show B-lines, number 0 nothing sure."""
    shows = number % 2 if number else 0.5
    timelines = Timelines(np.zeros(1))
    timelines.analysed[:] = True
    draw = np.random.default_rng(number)
    timelines.embeddings = np.array([[8 * shows, *draw.normal(size=3) / 4]], np.float32)
    found = {"b_lines": Evidence(0.2 + 0.6 * shows, 0), "a_lines": Evidence(0.5, 0)}
    labels = {label.key: Evidence(float(shows), 0) for label in LABELS}
    quality = Quality(assessable=number != N - 1)
    return ClipReport(
        clip=None,  # type: ignore[arg-type]
        geometry=None,  # type: ignore[arg-type]
        frame_times_s=timelines.frame_times_s,
        model=MODEL,
        software="test",
        created_utc="2026-01-01T00:00:00+00:00",
        timelines=timelines,
        findings=found,
        biomarkers=labels,
        measured={},
        predictions=(),
        quality=quality,
    )


def fill(folder: Path, files: list[Path] | None = None) -> None:
    """Put clips into a library, three of each patient, the last not assessable.

    ``files`` are theirs, made-up ones where it is None.
    """
    paths = files or [Path(f"/clips/{number}.mp4") for number in range(N)]
    with open_library(folder) as library:
        with library.database.writing("test") as change:
            for number, path in enumerate(paths):
                size, at = 9, 9
                if path.exists():
                    status = path.stat()
                    size, at = status.st_size, status.st_mtime_ns
                file = FileFacts(path, f"{number:064}", size, at)
                add_clip(change, file, f"P{number // 3:02}")
        for number in range(len(paths)):
            library.analyses.keep(number + 1, report(number), {})
