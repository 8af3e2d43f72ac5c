"""The queue: which clips of a library to label next, and answers to confirm.

Nothing here becomes a label but by ``confirm``, which a person calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.errors import LibraryError
from lusviewer.findings import FINDINGS
from lusviewer.library.asking import Asked
from lusviewer.library.heads import scaled
from lusviewer.library.named import task_key
from lusviewer.library.queue_words import why_asked
from lusviewer.library.tasks import Kind
from lusviewer.library.values import NOT_ASSESSABLE, Answer, ClipFilter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from lusviewer.findings import ModelIdentity
    from lusviewer.library.analyses import FeatureTable
    from lusviewer.library.library import Library
    from lusviewer.library.tasks import Task
    from lusviewer.library.values import ClipEntry, KeptLabel

    Array = NDArray[np.float64]

COUNT: Final = 10
"""How many clips are asked about where it is not said."""


@dataclass(frozen=True, slots=True)
class Column:
    """One yes-or-no question: whether a task's answer is ``value``."""

    task: Task
    value: str

    @property
    def alone(self) -> bool:
        """Whether it is the only question of a task of two classes."""
        return len(self.task.classes) == 2

    @property
    def no(self) -> str:
        """What the task's answer is where it is not ``value``; "" where several."""
        return self.task.classes[1] if self.alone else ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A clip to label, how much it is worth (0 to 1), for which tasks, and why."""

    clip: ClipEntry
    score: float
    tasks: tuple[str, ...]
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """An answer that is sure enough to confirm: it is no label until a person does."""

    clip: ClipEntry
    task: str
    value: str
    probability: float

    @property
    def note(self) -> str:
        """What a label that confirms it says of where it comes from."""
        return f"confirmed a proposal made at {self.probability:.3f}"


@dataclass(frozen=True, slots=True)
class Queue:
    """What to label next, the most wanted first, and proposals, the surest first.

    ``waiting`` clips have an open task; ``learned`` are the tasks with labels enough
    to propose answers.
    """

    model: ModelIdentity
    tasks: tuple[str, ...]
    learned: tuple[str, ...]
    waiting: int
    asks: tuple[Ask, ...]
    proposals: tuple[Proposal, ...]


def make_queue(
    library: Library, tasks: Sequence[str] = (), count: int = COUNT
) -> Queue:
    """Return which ``count`` clips to label next for ``tasks``.

    Where none are named: those with labels of classes, or else the findings. Raises
    ``LibraryError`` where no clip was analysed or a task has no classes.
    """
    model = _model(library)
    table = library.analyses.table(model.sha256)
    columns, wanted = _columns(library, tasks)
    clips = _clips(library, table)
    asked = _asked(table, clips, columns, wanted)
    learned = [c for c, yes in zip(columns, asked.learned, strict=True) if yes]
    return Queue(
        model,
        wanted,
        tuple(key for key in wanted if any(c.task.key == key for c in learned)),
        int((asked.askable & ~asked.settled.all(axis=1)).sum()),
        tuple(_asks(asked, columns, clips, count)),
        tuple(_proposals(asked, columns, clips)),
    )


def confirm(
    library: Library,
    clip_id: int,
    said: Mapping[str, str],
    *,
    rater: str,
) -> tuple[KeptLabel, ...]:
    """Keep a clip's proposals as labels of ``rater``; all of them if ``said`` is empty.

    ``said`` has the value confirmed for each task. Raises ``LibraryError``, keeping
    nothing, for what is not proposed (any more).
    """
    known = library.labels.tasks()
    said = {task_key(known, name): value for name, value in said.items()}
    found = {
        one.task: one
        for one in make_queue(library, tuple(said), count=0).proposals
        if one.clip.id == clip_id
    }
    name = library.clips.get(clip_id).name
    wrong = [key for key in said if key not in found or found[key].value != said[key]]
    if wrong or not found:
        what = ", ".join(f"{key}={said[key]}" for key in wrong) or "nothing"
        msg = f"Of {name} {what} is {'not ' if wrong else ''}proposed."
        raise LibraryError(
            msg, hint="'lusviewer queue' shows proposals; 'library label' keeps others."
        )
    answers = [
        Answer(clip_id, key, one.value, rater, note=one.note)
        for key, one in found.items()
        if not said or key in said
    ]
    return library.labels.give(*answers)


def _model(library: Library) -> ModelIdentity:
    models = library.analyses.models()
    if not models:
        msg = "No clip of the library was analysed yet."
        hint = "Analyse them first, here or by 'lusviewer library analyse'."
        raise LibraryError(msg, hint=hint)
    return models[0]


def _columns(
    library: Library, names: Sequence[str]
) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """Return the questions, and the tasks wanted; the others help to answer them."""
    known = library.labels.tasks()
    usual = _usual(library, known)
    wanted = list(dict.fromkeys(task_key(known, name) for name in names)) or usual
    columns: list[Column] = []
    for key in dict.fromkeys([*wanted, *usual]):
        task = known[key]
        if task.kind is not Kind.CLASS or len(task.classes) < 2:
            msg = f"{key} has no classes to be unsure between."
            raise LibraryError(
                msg, hint="Choose a task that takes one of some classes."
            )
        values = task.classes[:1] if len(task.classes) == 2 else task.classes
        columns += [Column(task, value) for value in values]
    return tuple(columns), tuple(wanted)


def _usual(library: Library, known: Mapping[str, Task]) -> list[str]:
    answers = [label.answer for label in library.labels.current()]
    given = {answer.task for answer in answers if answer.value is not None}
    labelled = [
        key
        for key, task in known.items()
        if key in given and task.kind is Kind.CLASS and len(task.classes) > 1
    ]
    return labelled or [f"finding.{key}" for key in FINDINGS]


def _clips(library: Library, table: FeatureTable) -> list[ClipEntry]:
    """Return the analysed clips in the order of the table's rows."""
    chosen = ClipFilter(analysed_by=table.model_sha256)
    by_id = {clip.id: clip for clip in library.clips.all(chosen)}
    return [by_id[key] for key in table.clip_ids.tolist()]


def _asked(
    table: FeatureTable,
    clips: Sequence[ClipEntry],
    columns: Sequence[Column],
    wanted: Sequence[str],
) -> Asked:
    said = [i for i, name in enumerate(table.names) if not name.startswith("measured.")]
    inputs = scaled([table.features[:, said], table.embedding_mean])
    shape = (len(clips), len(columns))
    answers, settled = np.full(shape, np.nan), np.zeros(shape, np.bool_)
    prior = np.full(shape, np.nan)
    for q, column in enumerate(columns):
        if column.task.key in table.names and column.value == "yes":
            prior[:, q] = table.features[:, table.names.index(column.task.key)]
        for row, clip in enumerate(clips):
            value = clip.labels.get(column.task.key)
            settled[row, q] = value is not None or column.task.key not in wanted
            if value not in (None, NOT_ASSESSABLE):
                answers[row, q] = float(value == column.value)
    keys = [column.task.key for column in columns]
    tasks = np.unique(keys, return_inverse=True)[1]
    patients = np.unique([clip.patient for clip in clips], return_inverse=True)[1]
    there = np.array([not clip.missing for clip in clips])
    return Asked(
        inputs, answers, settled, tasks, prior, patients, there & table.assessable
    )


def _asks(
    asked: Asked, columns: Sequence[Column], clips: Sequence[ClipEntry], count: int
) -> list[Ask]:
    asks = []
    for pick in asked.picks(count):
        waiting = ~asked.settled[pick.row]
        tasks = [c.task.key for c, w in zip(columns, waiting, strict=True) if w]
        clip = clips[pick.row]
        why = why_asked(asked, columns, pick, clip.patient)
        asks.append(Ask(clip, pick.score, tuple(dict.fromkeys(tasks)), why))
    return asks


def _proposals(
    asked: Asked, columns: Sequence[Column], clips: Sequence[ClipEntry]
) -> list[Proposal]:
    no, yes = asked.proposed()
    surest: dict[tuple[int, str], Proposal] = {}
    for row, q in zip(*np.nonzero(no | yes), strict=True):
        column, chance = columns[q], float(asked.probabilities[row, q])
        value = column.value if yes[row, q] else column.no
        key = (int(row), column.task.key)
        sure = max(chance, 1 - chance)
        if value and (key not in surest or surest[key].probability < sure):
            surest[key] = Proposal(clips[row], column.task.key, value, sure)
    return sorted(surest.values(), key=lambda one: -one.probability)
