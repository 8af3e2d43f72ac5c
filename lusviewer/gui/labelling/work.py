"""Questions of one's own and the agreement of raters, off the window's thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lusviewer.cancel import CancelToken
    from lusviewer.gui.study.work import Shelf
    from lusviewer.library import ClipEntry
    from lusviewer.library.agreement import Agreement
    from lusviewer.library.tasks import Task

MODEL: Final = "model"
"""The library's name for the model among the raters."""


@dataclass(frozen=True, slots=True)
class TaskWish:
    """A task as it was written; ``kind`` is "class", "set" or "number"."""

    key: str
    words: str
    kind: str
    classes: tuple[str, ...] = ()
    lower: float = 0.0
    upper: float = 0.0


def define(
    shelf: Shelf, wish: TaskWish, who: str, _cancel: CancelToken
) -> Iterator[TaskWish]:
    """Yield the task once the library asks it; raises ``LibraryError``."""
    library = shelf.library()
    from lusviewer.library.tasks import Kind, Task

    kind = Kind(wish.kind)
    ends = (wish.lower, wish.upper) if kind is Kind.NUMBER else ()
    task = Task(wish.key, wish.words, kind, wish.classes, *ends)
    library.labels.define(task, who=who)
    yield wish


def load(module: str, _cancel: CancelToken) -> Iterator[str]:
    """Yield once a module is imported, so that the window need not wait for it."""
    import_module(module)
    yield module


@dataclass(frozen=True, slots=True)
class Compared:
    """Two raters, all there are, and the clips they disagree on or counted in.

    ``agreement`` is None where they cannot be compared, and ``why`` says so.
    """

    first: str
    second: str
    raters: tuple[str, ...]
    agreement: Agreement | None = None
    clips: Mapping[int, ClipEntry] = field(default_factory=dict)
    tasks: Mapping[str, Task] = field(default_factory=dict)
    why: str = ""


def compare(
    shelf: Shelf, raters: tuple[str, str], bundle: Path, cancel: CancelToken
) -> Iterator[Compared]:
    """Yield how far two raters agree; "" stands for the first there is besides."""
    if not shelf.made:
        yield Compared(*raters, ())
        return
    library = shelf.library()
    from lusviewer.errors import LibraryError
    from lusviewer.library.agreement import agreement, thresholds_of

    known = library.labels.raters()
    known += (MODEL,) if library.analyses.models() else ()
    first = raters[0] or next(iter(known), "")
    second = raters[1] or next((name for name in known if name != first), "")
    cancel.check()
    try:
        found = agreement(library, first, second, thresholds_of(library, bundle))
    except LibraryError as error:
        yield Compared(first, second, known, why=f"{error.message}\n{error.hint}")
        return
    wanted = {apart.clip_id for task in found.tasks for apart in task.apart}
    wanted |= {pair.clip_id for one in found.numbers for pair in one.pairs}
    clips = {clip.id: clip for clip in library.clips.entries(sorted(wanted))}
    yield Compared(first, second, known, found, clips, library.labels.tasks())


@dataclass(frozen=True, slots=True)
class AheadWish:
    """The question that is asked, who answers it, and the clip that is open."""

    task: str
    rater: str
    here: int | None


@dataclass(frozen=True, slots=True)
class Ahead:
    """The next clip without an answer, None where none is left; of how many."""

    wish: AheadWish
    clip: int | None = None
    left: int = 0


def next_unanswered(
    shelf: Shelf, wish: AheadWish, _cancel: CancelToken
) -> Iterator[Ahead]:
    """Yield the next clip by patient that the rater has not answered for, once.

    After the last comes the first; the open clip, and those gone, are passed over.
    """
    from lusviewer.library import ClipFilter

    if not shelf.made:
        yield Ahead(wish)
        return
    clips = shelf.library().clips
    chosen = ClipFilter(unlabelled=wish.task, rater=wish.rater, missing=False)
    left = set(clips.ids(chosen)) - {wish.here}
    every = clips.ids()
    after = every.index(wish.here) + 1 if wish.here in every else 0
    ahead = (key for key in every[after:] + every[:after] if key in left)
    yield Ahead(wish, next(ahead, None), len(left))
