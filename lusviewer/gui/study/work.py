"""The work on the study library that leaves the window's thread.

Nothing here knows Qt. The library and its database are imported inside, so that the
window is painted before they are loaded.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lusviewer.cancel import CancelToken
from lusviewer.files import is_there

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence

    from lusviewer.experts.expert import Expert
    from lusviewer.findings import ClipReport
    from lusviewer.gui.background import Models
    from lusviewer.library import (
        Answer,
        ClipEntry,
        Drawing,
        KeptLabel,
        Library,
        Line,
    )
    from lusviewer.library.analysing import Analysed
    from lusviewer.library.corrections import Corrected
    from lusviewer.library.tasks import Task

PART: Final = 64
"""So many answers at most are kept in one go."""

GO_S: Final = 0.2
"""So long a go may take, for others who write wait for its end."""

_PAUSE_S: Final = 0.05
"""So long nothing is written between two goes, or one who waits might never come in."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says for one task; the value None takes the answer back.

    ``corrects`` is what the model had said, with its SHA-256 in ``model_sha256``.
    """

    task: str
    value: str | None
    certainty: float = 1.0
    detail: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    corrects: str | None = None
    model_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A clip by its file, with the files it was opened together with."""

    path: Path
    siblings: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Current:
    """What the library knows of the open clip; ``entry`` None where it does not."""

    path: Path
    entry: ClipEntry | None = None
    labels: tuple[KeptLabel, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    corrected: tuple[Corrected, ...] = ()
    tasks: Mapping[str, Task] = field(default_factory=dict)
    raters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changed:
    """The clips of which something is different now; none means any of them.

    ``done`` of ``total`` clips are changed by now, where it takes several goes: of
    what ``words`` say. ``stop`` ends that after the go under way, None where it has to
    come to its end; with ``stopped`` it did, and nothing more comes.
    """

    clips: frozenset[int] = frozenset()
    done: int = 0
    total: int = 0
    stopped: bool = False
    words: str = field(default="", compare=False)
    stop: CancelToken | None = field(default=None, compare=False)


class Shelf:
    """The folder of a library, opened when it is first needed; safe between threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._library: Library | None = None

    @property
    def made(self) -> bool:
        """Whether there is a library in the folder."""
        return is_there(self.folder / "library.db")

    def library(self) -> Library:
        """Return the library, made where there is none yet.

        Raises ``LibraryError`` where it cannot be opened.
        """
        from lusviewer.library import open_library

        with self._lock:
            if self._library is None:
                self._library = open_library(self.folder)
            return self._library

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._library is not None:
                self._library.close()
                self._library = None


def open_shelf(shelf: Shelf, _cancel: CancelToken) -> Iterator[Shelf]:
    """Yield the shelf once its library is open, or known not to be made yet."""
    if shelf.made:
        shelf.library()
    yield shelf


def read_current(shelf: Shelf, path: Path, _cancel: CancelToken) -> Iterator[Current]:
    """Yield what the library knows of the clip at ``path``, once."""
    from lusviewer.library.adding import unchanged
    from lusviewer.library.tasks import BUILT_IN

    if not shelf.made:
        yield Current(path, tasks=BUILT_IN)
        return
    library = shelf.library()
    tasks, raters = library.labels.tasks(), library.labels.raters()
    entry = unchanged(library, path)
    if entry is None:
        yield Current(path, tasks=tasks, raters=raters)
        return
    labels = library.labels.of_clip(entry.id)
    labels = tuple(one for one in labels if one.answer.value is not None)
    drawings = library.drawings.of_clip(entry.id)
    corrected = library.corrections.of_clip(entry.id)
    yield Current(path, entry, labels, drawings, corrected, tasks, raters)


@dataclass(frozen=True, slots=True)
class Together:
    """The clips of one exam that are there, and the one to be shown first."""

    paths: tuple[Path, ...]
    first: Path


def exam_of(shelf: Shelf, clip: int | Path, _cancel: CancelToken) -> Iterator[Together]:
    """Yield the clips of the exam that a clip is of, once; its number or its file.

    A file the library does not know stands alone. Raises ``LibraryError`` where the
    file of a clip it knows is not there.
    """
    from lusviewer.errors import LibraryError
    from lusviewer.library import ClipFilter

    entry = _entry_of(shelf, clip)
    if entry is None:
        path = Path(str(clip))
        yield Together((path,), path)
        return
    if not is_there(entry.path):
        msg = f"{entry.path} is not there any more."
        hint = "If it was moved, let Study > Find moved clips look for it."
        raise LibraryError(msg, hint=hint)
    exam = shelf.library().clips.all(ClipFilter(patient=entry.patient, exam=entry.exam))
    there = [one.path for one in exam if is_there(one.path)]
    yield Together(tuple(there), entry.path)


def _entry_of(shelf: Shelf, clip: int | Path) -> ClipEntry | None:
    from lusviewer.library.adding import unchanged

    if isinstance(clip, int):
        return shelf.library().clips.get(clip)
    return unchanged(shelf.library(), clip) if shelf.made else None


def clip_of(library: Library, place: Place, who: str, cancel: CancelToken) -> int:
    """Return the clip at ``place``, added where the library does not know it.

    A new one goes to the patient of the clips it was opened together with.
    """
    from lusviewer.errors import LibraryError
    from lusviewer.library.adding import Whose, add_paths, unchanged

    known = unchanged(library, place.path)
    if known is not None:
        return known.id
    near = (unchanged(library, path) for path in place.siblings)
    patient = next((clip.patient for clip in near if clip is not None), None)
    whose = Whose(patient)
    for step in add_paths(library, [place.path], cancel, who=who, whose=whose):
        if step.error is not None:
            raise step.error
        if step.clip_id is not None:
            return step.clip_id
    msg = f"{place.path} is no clip the library can keep."
    raise LibraryError(msg, hint="Open it from the folder it lies in.")


@dataclass(slots=True)
class Labelling:
    """Answers to be given to clips, and what its rater had said of them before.

    ``clips`` are known clips by number, or one by its place. ``before`` has each clip
    that they are given to now; filled in by ``give``.
    """

    clips: tuple[int, ...] | Place
    said: tuple[Said, ...]
    rater: str
    before: dict[int, tuple[KeptLabel, ...]] = field(default_factory=dict)

    @property
    def part(self) -> int:
        """Of how many clips the answers are kept in one go."""
        return max(1, PART // len(self.said))


def give(labelling: Labelling, shelf: Shelf, cancel: CancelToken) -> Iterator[Changed]:
    """Keep the answers a part after the other, and yield the clips they are of.

    Where it is stopped between two parts, doing it again is of those kept by then.
    """
    library, clips = shelf.library(), labelling.clips
    if isinstance(clips, Place):
        clips = (clip_of(library, clips, labelling.rater, cancel),)

    def keep(part: tuple[int, ...]) -> None:
        before = {clip: _said_before(library, labelling, clip) for clip in part}
        library.labels.give(*_answers(labelling, part))
        labelling.before = before | labelling.before

    yield from in_parts(clips, labelling.part, keep, cancel)
    if cancel.cancelled:
        labelling.clips = those_in(labelling.before, clips)


def take_back(
    labelling: Labelling, shelf: Shelf, _cancel: CancelToken
) -> Iterator[Changed]:
    """Have the rater say again what he said before ``give``."""
    library = shelf.library()

    def restore(part: tuple[int, ...]) -> None:
        library.labels.give(*_answers_before(labelling, part))
        for clip in part:
            del labelling.before[clip]

    yield from in_parts(tuple(labelling.before), labelling.part, restore)


def _said_before(
    library: Library, labelling: Labelling, clip: int
) -> tuple[KeptLabel, ...]:
    tasks = {one.task for one in labelling.said}
    return tuple(
        kept
        for kept in library.labels.of_clip(clip)
        if kept.answer.rater == labelling.rater and kept.answer.task in tasks
    )


def _answers(labelling: Labelling, clips: tuple[int, ...]) -> list[Answer]:
    from lusviewer.library import Answer
    from lusviewer.library.values import Correction

    return [
        Answer(
            clip,
            one.task,
            one.value,
            labelling.rater,
            one.certainty,
            one.detail,
            Correction(one.corrects, one.model_sha256) if one.corrects else None,
            one.note,
        )
        for clip in clips
        for one in labelling.said
    ]


def _answers_before(labelling: Labelling, clips: tuple[int, ...]) -> list[Answer]:
    from lusviewer.library import Answer

    answers = []
    for clip in clips:
        before = {one.answer.task: one.answer for one in labelling.before[clip]}
        for said in labelling.said:
            none = Answer(clip, said.task, None, labelling.rater)
            answers.append(before.get(said.task, none))
    return answers


def those_in(done: Container[int], clips: Sequence[int]) -> tuple[int, ...]:
    """Return the clips that are among those ``done``, in their order."""
    return tuple(clip for clip in clips if clip in done)


def followed(
    do: Callable[[Shelf, CancelToken], Iterator[Changed]],
    shelf: Shelf,
    words: str,
    *,
    stoppable: bool,
) -> Iterator[Changed]:
    """Do ``do``, called ``words``, and yield its changes with what stops it."""
    stop = CancelToken()
    for one in do(shelf, stop):
        yield replace(one, words=words, stop=stop if stoppable else None)


def in_parts(
    clips: Sequence[int],
    size: int,
    keep: Callable[[tuple[int, ...]], None],
    stop: CancelToken | None = None,
) -> Iterator[Changed]:
    """Have ``keep`` change up to ``size`` clips at a time; yield those it changed.

    Others who write have their turn in between: where the machine is slow, a go is of
    fewer clips. ``stop`` ends it between two goes, after the first at the earliest.
    Raises ``LibraryError``, which says how many are changed where it is not the first
    part that fails.
    """
    from lusviewer.errors import LibraryError

    start, total, now = 0, len(clips), max(1, size // 4)
    stop, part = stop or CancelToken(), tuple(clips[:0])
    while start < total:
        if start and stop.wait(_PAUSE_S):
            yield Changed(frozenset(part), start, total, stopped=True)
            return
        part = tuple(clips[start : start + now])
        begun = time.monotonic()
        try:
            keep(part)
        except LibraryError as error:
            if not start:
                raise
            msg = f"Only {start} of {total} clips were changed. {error.message}"
            hint = f"{error.hint} Undo takes these back; redo then changes all of them."
            raise LibraryError(msg, hint=hint) from error
        took_s = max(time.monotonic() - begun, 1e-3)
        start += len(part)
        how_far = (start, total) if len(part) < total else ()
        yield Changed(frozenset(part), *how_far)
        now = min(size, 2 * now, max(1, int(len(part) * GO_S / took_s)))


@dataclass(slots=True)
class Redrawing:
    """The lines of one frame by one rater, and those before; filled in by ``draw``.

    ``lines`` None takes the drawing back: nothing is said of the frame any more.
    ``before`` None is that nothing was said of it. ``failed`` is that it could not be
    kept, or taken back, when that was tried last.
    """

    place: Place
    frame: int
    lines: tuple[Line, ...] | None
    rater: str
    note: str = ""
    before: tuple[Line, ...] | None = None
    clip_id: int | None = None
    failed: bool = False

    @contextmanager
    def tried(self) -> Iterator[None]:
        """Note whether what is done inside fails."""
        self.failed = False
        try:
            yield
        except Exception:
            self.failed = True
            raise


def draw(redrawing: Redrawing, shelf: Shelf, cancel: CancelToken) -> Iterator[Changed]:
    """Keep the lines of a frame, and yield the clip they are of."""
    with redrawing.tried():
        library, rater = shelf.library(), redrawing.rater
        clip = clip_of(library, redrawing.place, rater, cancel)
        kept = library.drawings.of_clip(clip, rater)
        here = [one.lines for one in kept if one.frame == redrawing.frame]
        redrawing.before, redrawing.clip_id = (here[0] if here else None), clip
        _say(library, redrawing, redrawing.lines, redrawing.note)
    yield Changed(frozenset({clip}))


def draw_back(
    redrawing: Redrawing, shelf: Shelf, _cancel: CancelToken
) -> Iterator[Changed]:
    """Have the rater draw again what was there before ``draw``, or say nothing."""
    if redrawing.clip_id is not None:
        with redrawing.tried():
            _say(shelf.library(), redrawing, redrawing.before, "undone")
        yield Changed(frozenset({redrawing.clip_id}))


def _say(
    library: Library, of: Redrawing, lines: tuple[Line, ...] | None, note: str
) -> None:
    if of.clip_id is None:
        return
    if lines is None:
        library.drawings.withdraw(of.clip_id, of.frame, rater=of.rater, note=note)
    else:
        library.drawings.draw(of.clip_id, of.frame, lines, rater=of.rater, note=note)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A report, and the experts that made its predictions."""

    report: ClipReport
    judges: tuple[Expert, ...]


def keep_report(
    shelf: Shelf, path: Path, found: Judgement, _cancel: CancelToken
) -> Iterator[Changed]:
    """Keep what was found in a clip, if the library knows it."""
    from lusviewer.export.tabular import report_dict
    from lusviewer.library.adding import unchanged

    if not shelf.made:
        return
    library = shelf.library()
    entry = unchanged(library, path)
    if entry is not None:
        document = report_dict(found.report)
        library.analyses.keep(entry.id, found.report, document, found.judges)
        yield Changed(frozenset({entry.id}))


def analyse_all(
    shelf: Shelf, models: Models, cancel: CancelToken
) -> Iterator[Analysed]:
    """Yield each clip of the library once the model has looked at it."""
    from lusviewer.export.tabular import report_dict
    from lusviewer.library.analysing import analyse_clips

    if shelf.made:
        model = (models.bundle, models.experts)
        yield from analyse_clips(shelf.library(), model, report_dict, cancel)


def change(
    shelf: Shelf, how: Callable[[Library, CancelToken], Changed], cancel: CancelToken
) -> Iterator[Changed]:
    """Change the library as ``how`` does, and yield what is different."""
    yield how(shelf.library(), cancel)
