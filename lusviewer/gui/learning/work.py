"""What the panel reads of the library and its folders, off the window's thread.

Nothing here knows Qt. The library and its database are imported inside, so that the
window is painted before they are loaded.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.errors import LibraryError
from lusviewer.gui.learning.events import Beside, Figure, Figures

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.experts.trained import Trained
    from lusviewer.experts.validation import Estimate, Validation
    from lusviewer.gui.study.work import Shelf
    from lusviewer.library import Library
    from lusviewer.library.analyses import FeatureTable

NEEDED: Final = ("sklearn", "onnx", "torch")
"""What a training needs and the packaged viewer comes without."""


@dataclass(frozen=True, slots=True)
class TaskOffer:
    """A task as the form offers it: ``kind`` is "class", "set" or "number".

    ``labelled`` counts its clips, ``by`` those each person labelled.
    """

    key: str
    words: str
    kind: str
    classes: tuple[str, ...]
    labelled: int
    by: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InputOffer:
    """How many numbers an input brings; in how many clips some of them are missing."""

    numbers: int = 0
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """What there is to learn from.

    ``lacking`` are the packages without which nothing can be trained. ``clips`` are
    all, ``analysed`` those that the model in use has looked at.
    """

    made: bool
    lacking: tuple[str, ...] = ()
    tasks: tuple[TaskOffer, ...] = ()
    raters: tuple[str, ...] = ()
    inputs: Mapping[str, InputOffer] = field(default_factory=dict)
    clips: int = 0
    analysed: int = 0

    def task(self, key: str) -> TaskOffer | None:
        """Return a task by its key."""
        return next((one for one in self.tasks if one.key == key), None)


@dataclass(frozen=True, slots=True)
class Earlier:
    """A result that lies in the library: an expert that was trained before."""

    folder: Path
    name: str
    created_utc: str
    figures: Figures
    task: str = ""
    classes: tuple[str, ...] = ()
    clips: int = 0
    patients: int = 0


def read_offer(
    shelf: Shelf, model_sha256: str | None, _cancel: CancelToken
) -> Iterator[Offer]:
    """Yield what there is to learn from, once."""
    lacking = tuple(name for name in NEEDED if find_spec(name) is None)
    if not shelf.made:
        yield Offer(made=False, lacking=lacking)
        return
    library = shelf.library()
    owners = {clip.id: (clip.patient, clip.exam) for clip in library.clips.all()}
    table = _table(library, model_sha256)
    inputs = {} if table is None else _inputs(library, table, owners)
    yield Offer(
        made=True,
        lacking=lacking,
        tasks=_tasks(library),
        raters=tuple(library.labels.raters()),
        inputs=inputs,
        clips=len(owners),
        analysed=0 if table is None else len(table.clip_ids),
    )


def _tasks(library: Library) -> tuple[TaskOffer, ...]:
    labelled: defaultdict[str, set[int]] = defaultdict(set)
    by: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for label in library.labels.current():
        answer = label.answer
        if answer.value is not None:
            labelled[answer.task].add(answer.clip_id)
            by[answer.task][answer.rater] += 1
    return tuple(
        TaskOffer(
            key,
            task.words,
            task.kind.value,
            task.classes,
            len(labelled[key]),
            dict(by[key]),
        )
        for key, task in library.labels.tasks().items()
    )


def _table(library: Library, model_sha256: str | None) -> FeatureTable | None:
    if model_sha256 is None:
        return None
    try:
        return library.analyses.table(model_sha256)
    except LibraryError:
        return None


def _inputs(
    library: Library, table: FeatureTable, owners: Mapping[int, tuple[str, str]]
) -> dict[str, InputOffer]:
    from lusviewer.experts.features import MEASURED_FEATURES
    from lusviewer.findings import LABELS

    place = {name: column for column, name in enumerate(table.names)}
    groups = {
        "biomarkers": [label.key for label in LABELS],
        "measured": list(MEASURED_FEATURES),
    }
    found = {
        name: _counted(table.features[:, [place[key] for key in keys if key in place]])
        for name, keys in groups.items()
    }
    found["embedding"] = _counted(table.embedding_mean)
    found["clinical"] = _counted(_facts(library, table.clip_ids, owners))
    return found


def _facts(
    library: Library, clips: NDArray[np.int64], owners: Mapping[int, tuple[str, str]]
) -> NDArray[np.float64]:
    """Return the clinical values of each clip's exam ``(n, values)``, NaN for none."""
    exams = {(one.patient, one.name): one.facts for one in library.patients.exams()}
    names = sorted({name for facts in exams.values() for name in facts})
    of = [exams.get(owners.get(int(clip), ("", "")), {}) for clip in clips]
    rows = [[facts.get(name, np.nan) for name in names] for facts in of]
    return np.array(rows, np.float64).reshape(len(of), len(names))


def _counted(values: NDArray[np.floating[Any]]) -> InputOffer:
    """Count the columns that differ between clips, and the rows with gaps in those."""
    known = np.isfinite(values)
    lowest = np.where(known, values, np.inf).min(axis=0, initial=np.inf)
    highest = np.where(known, values, -np.inf).max(axis=0, initial=-np.inf)
    varied = highest > lowest
    gaps = ~known[:, varied].all(axis=1)
    return InputOffer(int(varied.sum()), int(gaps.sum()))


def read_earlier(library: Path, cancel: CancelToken) -> Iterator[tuple[Earlier, ...]]:
    """Yield the experts trained on a library, the newest first, once."""
    from lusviewer.experts.trained import list_trained

    yield tuple(map(_earlier, list_trained(library, cancel)))


def _earlier(one: Trained) -> Earlier:
    known, came = one.validation, one.validation.provenance
    return Earlier(
        folder=one.folder,
        name=one.manifest.name,
        created_utc=came.created_utc,
        figures=_figures(known),
        task=known.question.task,
        classes=known.question.classes,
        clips=came.clips,
        patients=came.patients,
    )


def _figures(known: Validation) -> Figures:
    told = [(one.expert, _figure(one.auc.difference)) for one in known.beside]
    beside = tuple(Beside(name, far) for name, far in told if far is not None)
    return Figures(_figure(known.scores.auc), beside)


def _figure(known: Estimate) -> Figure | None:
    values = (known.value, known.lower, known.upper)
    whole = [value for value in values if value is not None]
    return Figure(*whole) if len(whole) == len(values) else None


def delete(folder: Path, _cancel: CancelToken) -> Iterator[Path]:
    """Delete a result and yield its folder; raise ``LibraryError`` where it stays."""
    try:
        # Renamed first: what is half deleted must not look like a result, nor stand in
        # the way of the next one of that name. What stays is swept like other parts.
        gone = folder.with_name(f".{uuid.uuid4().hex}.part")
        folder.rename(gone)
        shutil.rmtree(gone)
    except OSError as error:
        msg = f"{folder} could not be deleted: {error.strerror or error}."
        hint = "Close programs that use it, and see that you may write there."
        raise LibraryError(msg, hint=hint) from error
    yield folder


def load(modules: Sequence[str], _cancel: CancelToken) -> Iterator[str]:
    """Import what is slow to import, so that the window need not wait for it."""
    for name in modules:
        import_module(name)
    yield from modules


def drop_lock(library: Path, process_id: int, _cancel: CancelToken) -> Iterator[Path]:
    """Delete the lock that a process of ours left in a library when it was killed."""
    import socket

    lock, here = library / "training.lock", socket.gethostname()
    try:
        said = json.loads(lock.read_bytes())
        # Another machine that shares the library may run a process of that number.
        if said["pid"] == process_id and said.get("host", here) == here:
            lock.unlink()
            yield lock
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return
