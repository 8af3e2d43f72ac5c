"""Lists of thousands of clips: quick, in pages, in little memory."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert

from lusviewer.library import ClipFilter, open_library
from lusviewer.library.tables import CLIPS, EXAMS, LABELS, PATIENTS
from lusviewer.library.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Table

    from lusviewer.library import Library

N_CLIPS, N_PATIENTS = 5000, 250
PAGE_S = 0.010


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """5,000 clips of 250 patients, every second one labelled by two raters."""
    with open_library(tmp_path_factory.mktemp("large")) as library:
        with library.database.writing("test") as change:
            for table, rows in made().items():
                change.connection.execute(insert(table), rows)
        yield library


def made() -> dict[Table, list[dict[str, object]]]:
    utc = "2026-01-01T00:00:00.000+00:00"
    patients = range(1, N_PATIENTS + 1)
    clips = range(1, N_CLIPS + 1)
    return {
        PATIENTS: [
            {"id": n, "pseudonym": f"P{n:04}", "given": False, "created_utc": utc}
            for n in patients
        ],
        EXAMS: [
            {"id": n, "patient_id": n, "name": "1", "facts": "{}", "created_utc": utc}
            for n in patients
        ],
        CLIPS: [
            {
                "id": n,
                "exam_id": 1 + n % N_PATIENTS,
                "name": f"clip{n % 97}.mp4",
                "path": f"/study/{n}/clip{n % 97}.mp4",
                "sha256": f"{n:064x}",
                "size_bytes": n,
                "modified_ns": n,
                "scheme": "8",
                "zone": f"{'RL'[n % 2]}{1 + n % 4}",
                "licence": "",
                "missing": False,
                "added_utc": utc,
            }
            for n in clips
        ],
        LABELS: [
            {
                "clip_id": n,
                "task": task,
                "value": "1",
                "rater": rater,
                "certainty": 1.0,
                "detail": "{}",
                "note": "",
                "given_utc": utc,
                "current": True,
            }
            for n in clips[::2]
            for task in ("severity", "finding.b_lines")
            for rater in ("anna", "ben")
        ],
    }


def quickest(work: Callable[[], object]) -> float:
    """Return the shortest of several times, seconds of the processor alone."""
    seconds = []
    for _ in range(10):
        start = time.thread_time()
        work()
        seconds.append(time.thread_time() - start)
    return min(seconds)


@pytest.mark.parametrize(
    "chosen",
    [
        ClipFilter(),
        ClipFilter(unlabelled="severity"),
        ClipFilter(labelled="severity", rater="ben"),
        ClipFilter(patient="P0100"),
        ClipFilter(zone=Zone("8", "R1")),
        ClipFilter(name_contains="clip5"),
        ClipFilter(missing=True),
    ],
    ids=str,
)
@pytest.mark.parametrize("start", [0, 2400])
def test_a_page_of_5000_clips_takes_under_10_ms(
    large: Library, chosen: ClipFilter, start: int
) -> None:
    assert quickest(lambda: large.clips.page(chosen, start=start)) < PAGE_S


def test_counting_takes_no_longer(large: Library) -> None:
    assert large.clips.count() == N_CLIPS
    unlabelled = ClipFilter(unlabelled="severity")
    assert large.clips.count(unlabelled) == N_CLIPS // 2
    assert quickest(lambda: large.clips.count(unlabelled)) < PAGE_S


def test_the_pages_together_are_every_clip_once_in_order(large: Library) -> None:
    clips = list(large.clips.all())
    assert len({clip.id for clip in clips}) == N_CLIPS
    order = [(clip.patient, clip.exam, clip.name, clip.id) for clip in clips]
    assert order == sorted(order)


def test_going_through_every_clip_keeps_little_in_memory(large: Library) -> None:
    list(large.clips.page(limit=500))
    tracemalloc.start()
    try:
        for _ in large.clips.all():
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * 2**20


def test_the_filters_leave_what_they_say(large: Library) -> None:
    patient = large.clips.page(ClipFilter(patient="P0100"), limit=1000)
    assert {clip.patient for clip in patient} == {"P0100"}
    assert len(patient) == N_CLIPS // N_PATIENTS
    zone = large.clips.page(ClipFilter(zone=Zone("8", "R1")), limit=2000)
    assert {clip.zone for clip in zone} == {Zone("8", "R1")}
    named = large.clips.page(ClipFilter(name_contains="clip5.m"), limit=2000)
    assert {clip.path.name for clip in named} == {"clip5.mp4"}
    assert isinstance(named[0].path, Path)
    assert large.clips.page(ClipFilter(name_contains="%")) == ()
    labelled = ClipFilter(labelled="severity", rater="carl")
    assert large.clips.count(labelled) == 0
