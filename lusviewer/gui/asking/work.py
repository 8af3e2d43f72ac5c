"""What the queue reads off the window's thread; nothing here knows Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lusviewer.cancel import CancelToken
    from lusviewer.gui.study.work import Shelf
    from lusviewer.library.labels_spent import Spent
    from lusviewer.library.queue import Queue


@dataclass(frozen=True, slots=True)
class Looked:
    """The queue, words for the tasks one can ask about, and what is labelled.

    ``done`` are those of the clips asked about that have an answer to each task.
    """

    queue: Queue
    tasks: Mapping[str, str]
    done: frozenset[int]


@dataclass(frozen=True, slots=True)
class Wish:
    """For which task to ask ("" for all with labels), how many, and who was asked."""

    task: str
    count: int
    asked: tuple[int, ...] = ()


def look(shelf: Shelf, wish: Wish, _cancel: CancelToken) -> Iterator[Looked]:
    """Yield what to label next, once; nothing where there is no library yet."""
    from lusviewer.experts.features import FEATURES, feature_words
    from lusviewer.library.queue import make_queue
    from lusviewer.library.tasks import Kind

    if not shelf.made:
        return
    library = shelf.library()
    queue = make_queue(library, (wish.task,) if wish.task else (), wish.count)
    tasks = {
        key: feature_words(key) if key in FEATURES else task.words
        for key, task in library.labels.tasks().items()
        if task.kind is Kind.CLASS and len(task.classes) > 1
    }
    done = [
        clip
        for clip in wish.asked
        if set(queue.tasks) <= set(library.clips.get(clip).labels)
    ]
    yield Looked(queue, tasks, frozenset(done))


def spent(shelf: Shelf, task: str, cancel: CancelToken) -> Iterator[Spent]:
    """Yield what the labels of a task bought, the fewest labels first."""
    from lusviewer.library.labels_spent import labels_spent

    yield from labels_spent(shelf.library(), task, cancel)
