"""What the list of clips reads from the library, off the window's thread.

Nothing here knows Qt; the library is imported inside.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from lusviewer.errors import LusViewerError
from lusviewer.findings import FINDINGS
from lusviewer.gui.study.work import PART, Changed, in_parts, those_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.gui.study.work import Shelf
    from lusviewer.library import ClipEntry, ClipFilter, Library
    from lusviewer.library.tasks import Task
    from lusviewer.library.values import ClipOrder, ClipPrediction
    from lusviewer.library.zones import Zone

PICTURE_PX: Final = 128
"""The longer side of a row's picture, twice what is shown for dense screens."""

SEVERITY: Final = "severity"

_FIRST: Final = 20


class Show(Enum):
    """Which clips a list shows."""

    ALL = "all"
    UNLABELLED = "unlabelled"
    LABELLED = "labelled"
    DIFFERING = "differing"
    UNANALYSED = "unanalysed"
    MISSING = "missing"


class Order(Enum):
    """By what a list is ordered."""

    PATIENT = "patient"
    NEWEST = "newest"
    FILE = "file"
    LABEL = "label"
    SEVERE = "severe"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a list is to show, and how; ``task`` is asked with the labelled ones.

    ``model_sha256`` is the model that clips are analysed by or not; any where it is "".
    ``raters`` are those whose labels count; all where it is None.
    """

    text: str = ""
    show: Show = Show.ALL
    task: str = SEVERITY
    order: Order = Order.PATIENT
    model_sha256: str = ""
    raters: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The keys of the clips chosen, in order; of how many in the whole library.

    ``rows`` are the first ones, so that there is something to see at once.
    """

    choice: Choice
    ids: tuple[int, ...] = ()
    patients: int = 0
    total: int = 0
    tasks: Mapping[str, Task] = field(default_factory=dict)
    rows: Mapping[int, Row] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """An expert says something else of a target than the newest label does."""

    target: str
    label: str
    predicted: str


@dataclass(frozen=True, slots=True)
class Row:
    """A clip as the list shows it.

    ``findings`` are the labels of the five findings by key; ``severity`` and
    ``predicted`` the label and what an expert says, "" without one. ``predicted_by``
    names the expert where it answers in other classes than the grades.
    """

    id: int
    path: Path
    sha256: str
    patient: str
    zone: str
    zone_words: str
    labels: Mapping[str, str]
    findings: tuple[tuple[str, str], ...]
    severity: str
    predicted: str
    predicted_by: str
    predictions: tuple[ClipPrediction, ...]
    differences: tuple[Difference, ...]
    analysed: bool
    missing: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """The clips whose rows are wanted, as ``choice`` shows them."""

    shelf: Shelf
    ids: tuple[int, ...]
    choice: Choice


def list_clips(shelf: Shelf, choice: Choice, cancel: CancelToken) -> Iterator[Listing]:
    """Yield the keys of the clips that ``choice`` leaves, once."""
    from lusviewer.library.tasks import BUILT_IN

    if not shelf.made:
        yield Listing(choice, tasks=BUILT_IN)
        return
    library = shelf.library()
    chosen = filter_of(choice)
    ids = library.clips.ids(chosen)
    yield Listing(
        choice,
        ids,
        library.clips.count_patients(chosen),
        library.clips.count(),
        library.labels.tasks(),
        read_rows(Wish(shelf, ids[:_FIRST], choice), cancel),
    )


def filter_of(choice: Choice) -> ClipFilter:
    """Return a choice as the library takes it."""
    from lusviewer.library import ClipFilter

    show, sha256 = choice.show, choice.model_sha256 or None
    unanalysed = show is Show.UNANALYSED
    return ClipFilter(
        text=choice.text or None,
        unlabelled=choice.task if show is Show.UNLABELLED else None,
        labelled=choice.task if show is Show.LABELLED else None,
        differing=True if show is Show.DIFFERING else None,
        not_analysed_by=sha256 if unanalysed else None,
        analysed=False if unanalysed and sha256 is None else None,
        missing=True if show is Show.MISSING else None,
        order=_order_of(choice.order),
        raters=choice.raters,
    )


def _order_of(order: Order) -> ClipOrder:
    from lusviewer.library import ClipOrder, OrderBy

    orders = {
        Order.PATIENT: ClipOrder(),
        Order.NEWEST: ClipOrder(OrderBy.ADDED, descending=True),
        Order.FILE: ClipOrder(OrderBy.PATH),
        Order.LABEL: ClipOrder(OrderBy.LABEL, SEVERITY, descending=True),
        Order.SEVERE: ClipOrder(OrderBy.PREDICTION, SEVERITY, "3", descending=True),
        Order.UNSURE: ClipOrder(OrderBy.PREDICTION, SEVERITY),
    }
    return orders[order]


def read_rows(wish: Wish, _cancel: CancelToken) -> dict[int, Row]:
    """Return the rows of the clips that are wanted, by key."""
    choice = wish.choice
    entries = wish.shelf.library().clips.entries(wish.ids, choice.raters)
    return {entry.id: row_of(entry, choice.model_sha256) for entry in entries}


def row_of(entry: ClipEntry, model_sha256: str) -> Row:
    """Return a clip as the list shows it."""
    labels, seen = entry.labels, entry.analysed_by
    keys = [f"finding.{name}" for name in FINDINGS]
    differences = tuple(
        Difference(one.target, labels[one.target], one.best)
        for one in entry.predictions
        if one.differs(labels.get(one.target))
    )
    predicted, predicted_by = _severity_predicted(entry)
    return Row(
        id=entry.id,
        path=entry.path,
        sha256=entry.sha256,
        patient=entry.patient,
        zone=entry.zone.key if entry.zone else "",
        zone_words=entry.zone.words if entry.zone else "",
        labels=labels,
        findings=tuple((key, labels[key]) for key in keys if key in labels),
        severity=labels.get(SEVERITY, ""),
        predicted=predicted,
        predicted_by=predicted_by,
        predictions=entry.predictions,
        differences=differences,
        analysed=model_sha256 in seen if model_sha256 else bool(seen),
        missing=entry.missing,
    )


def _severity_predicted(entry: ClipEntry) -> tuple[str, str]:
    """Return what an expert says, and its name where it does not say a grade.

    Of several one that says grades, then one that differs, then the surest.
    """
    from lusviewer.library.tasks import BUILT_IN

    label, task = entry.labels.get(SEVERITY), BUILT_IN[SEVERITY]
    said = [
        (in_task_classes(one, task), one.differs(label), one.probability, one)
        for one in entry.predictions
        if one.target == SEVERITY and not one.abstained
    ]
    if not said:
        return "", ""
    graded, _, _, best = max(said, key=lambda one: one[:3])
    return best.best, "" if graded else best.expert


def in_task_classes(one: ClipPrediction, task: Task | None) -> bool:
    """Return whether an expert answers a task as people do, not in classes of its own.

    As "below 2" or "2 or more": what is meant is not one of the grades.
    """
    return task is None or set(one.classes) <= set(task.classes)


@dataclass(frozen=True, slots=True)
class Picture:
    """A clip's picture, uint8 ``(rows, columns)``; None where it gives none."""

    sha256: str
    pixels: NDArray[np.uint8] | None


class PictureWishes:
    """The clips whose pictures are wanted, those asked for last first; thread-safe."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._rows: list[Row] = []

    def ask(self, rows: Sequence[Row]) -> None:
        """Want the pictures of ``rows`` before all others; the oldest are dropped."""
        new = {row.sha256 for row in rows}
        with self._lock:
            old = [row for row in self._rows if row.sha256 not in new]
            self._rows = [*rows, *old][: self._limit]

    def take(self) -> Row | None:
        """Return the clip whose picture is wanted most, and want it no more."""
        with self._lock:
            return self._rows.pop(0) if self._rows else None

    def clear(self) -> None:
        """Want nothing."""
        with self._lock:
            self._rows.clear()

    def __bool__(self) -> bool:
        with self._lock:
            return bool(self._rows)


def pictures(
    shelf: Shelf, wishes: PictureWishes, cancel: CancelToken
) -> Iterator[Picture]:
    """Yield the pictures that are wanted until none is; made where they are not yet."""
    while (row := wishes.take()) is not None:
        cancel.check()
        try:
            yield Picture(row.sha256, _pixels(shelf.library(), row))
        except (LusViewerError, OSError):
            # The row says what is wrong with its clip; the list can do without.
            yield Picture(row.sha256, None)


def _pixels(library: Library, row: Row) -> NDArray[np.uint8] | None:
    import cv2
    import numpy as np

    from lusviewer.library.thumbnails import make_thumbnail, thumbnail_of

    file = thumbnail_of(library, row.sha256)
    if not file.is_file():
        if row.missing:
            return None
        make_thumbnail(library, library.clips.get(row.id))
    coded = np.fromfile(file, np.uint8)
    read = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE) if coded.size else None
    if read is None:
        return None
    scale = min(1.0, PICTURE_PX / max(read.shape))
    size = (max(1, round(read.shape[1] * scale)), max(1, round(read.shape[0] * scale)))
    small = cv2.resize(read, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small, np.uint8)


# --- what is changed for several clips at once ---------------------------------------


@dataclass(slots=True)
class Zoning:
    """A zone for several clips, and those they had before; filled in by ``set_zone``.

    ``zone`` is written as ``8:R1``, "" takes it back.
    """

    clips: tuple[int, ...]
    zone: str
    who: str
    before: dict[int, Zone | None] = field(default_factory=dict)


def set_zone(what: Zoning, shelf: Shelf, cancel: CancelToken) -> Iterator[Changed]:
    """Say where on the chest the clips were taken."""
    from lusviewer.library.zones import read_zone

    clips = shelf.library().clips
    zone = read_zone(what.zone) if what.zone else None

    def keep(part: tuple[int, ...]) -> None:
        before = {clip.id: clip.zone for clip in clips.entries(part)}
        clips.set_zone(part, zone, who=what.who)
        what.before = before | what.before

    yield from in_parts(what.clips, PART, keep, cancel)
    if cancel.cancelled:
        what.clips = those_in(what.before, what.clips)


def zone_back(what: Zoning, shelf: Shelf, _cancel: CancelToken) -> Iterator[Changed]:
    """Say again what was said of the zones before ``set_zone``."""
    clips = shelf.library().clips

    def restore(part: tuple[int, ...]) -> None:
        for zone in dict.fromkeys(what.before[key] for key in part):
            same = [key for key in part if what.before[key] == zone]
            clips.set_zone(same, zone, who=what.who)
        for key in part:
            del what.before[key]

    yield from in_parts(tuple(what.before), PART, restore)


@dataclass(slots=True)
class Moving:
    """Another patient for several clips, and whose they were; filled in by ``move``."""

    clips: tuple[int, ...]
    patient: str
    who: str
    before: dict[int, tuple[str, str]] = field(default_factory=dict)


def move(what: Moving, shelf: Shelf, cancel: CancelToken) -> Iterator[Changed]:
    """Give the clips to another patient, made where there is none of that name."""
    clips = shelf.library().clips

    def keep(part: tuple[int, ...]) -> None:
        found = clips.entries(part)
        before = {clip.id: (clip.patient, clip.exam) for clip in found}
        clips.assign_all(dict.fromkeys(before, (what.patient, "")), who=what.who)
        what.before = before | what.before

    yield from in_parts(what.clips, PART, keep, cancel)
    if cancel.cancelled:
        what.clips = those_in(what.before, what.clips)


def move_back(what: Moving, shelf: Shelf, _cancel: CancelToken) -> Iterator[Changed]:
    """Give the clips back to the exams they were of before ``move``."""
    clips = shelf.library().clips

    def restore(part: tuple[int, ...]) -> None:
        clips.assign_all({key: what.before[key] for key in part}, who=what.who)
        for key in part:
            del what.before[key]

    yield from in_parts(tuple(what.before), PART, restore)


def patients(shelf: Shelf, _cancel: CancelToken) -> Iterator[tuple[str, ...]]:
    """Yield the pseudonyms of the library's patients, once."""
    if shelf.made:
        yield tuple(one.pseudonym for one in shelf.library().patients.all())
    else:
        yield ()


def zone_choices() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return each scheme of zones with its zones: key and words.

    Costs nothing once the library is loaded, as it is where clips are listed.
    """
    from lusviewer.library.zones import SCHEMES

    return tuple((scheme, tuple(zones.items())) for scheme, zones in SCHEMES.items())
