"""``lusviewer library``: a study's clips and labels, without a window."""

from __future__ import annotations

import getpass
import json
import math
import re
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from tqdm import tqdm

from lusviewer.cancel import CancelToken
from lusviewer.cli.interrupts import interruptible
from lusviewer.cli.library_agreement import show_agreement
from lusviewer.errors import LibraryError, LusViewerError
from lusviewer.library import Answer, ClipFilter, open_library
from lusviewer.library.adding import (
    Outcome,
    Whose,
    add_paths,
    check_files,
    find_again,
)
from lusviewer.library.annotation_files import export_lines, import_lines
from lusviewer.library.correction_table import write_correction_table
from lusviewer.library.label_table import read_label_table, write_label_table
from lusviewer.library.named import (
    require_library,
    require_patient,
    require_rater,
    task_key,
)
from lusviewer.library.records import add_records
from lusviewer.library.tasks import Kind, Task
from lusviewer.library.values import NOT_ASSESSABLE
from lusviewer.library.zones import read_zone

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator

    from lusviewer.library import ClipEntry, Library
    from lusviewer.library.adding import Step

_PAGE: Final = 100
_LONG: Final = re.compile(r"-?\d+\.\d{3,}")

tqdm.monitor_interval = 0


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; 0 where all went well, 1 where some did not."""
    cancel = CancelToken()
    # A library that is only read is never made: its name may be mistyped.
    if arguments.library is not None and arguments.action not in _MAKE_ONE:
        require_library(arguments.library)
    with interruptible(cancel), open_library(arguments.library) as library:
        return _ACTIONS[arguments.action](library, arguments, cancel)


def _add(library: Library, arguments: argparse.Namespace, cancel: CancelToken) -> int:
    whose = Whose(arguments.patient, arguments.exam, arguments.by_folder)
    steps = add_paths(
        library, arguments.paths, cancel, who=_rater(arguments), whose=whose
    )
    status = _follow(steps, quiet=arguments.quiet)
    if arguments.analyse:
        arguments.again = False
        status |= _analyse(library, arguments, cancel)
    return status


def _predict(
    library: Library, arguments: argparse.Namespace, cancel: CancelToken
) -> int:
    from lusviewer.cli.library_predictions import predict  # noqa: PLC0415 - slow

    return predict(library, arguments, cancel)


def _analyse(
    library: Library, arguments: argparse.Namespace, cancel: CancelToken
) -> int:
    from lusviewer.cli.library_models import analyse_library  # noqa: PLC0415 - slow

    return analyse_library(library, arguments, cancel)


def _list(library: Library, arguments: argparse.Namespace, _: CancelToken) -> int:
    if arguments.tasks:
        for task in library.labels.tasks().values():
            told = f"{task.key:32} {task.values_in_words}"
            print(json.dumps(_task_as_json(task)) if arguments.json else told)
        return 0
    chosen = _chosen(library, arguments)
    total = library.clips.count(chosen)
    # A person gets a page, a program all.
    limit = arguments.limit
    if limit is None:
        limit = total if arguments.json else _PAGE
    clips = library.clips.page(chosen, start=arguments.start, limit=limit)
    shown = _with_predictions if arguments.predictions else _in_words
    for clip in clips:
        print(json.dumps(_as_json(clip)) if arguments.json else shown(clip))
    if not arguments.json:
        patients = library.clips.count_patients(chosen)
        people = "1 patient" if patients == 1 else f"{patients} patients"
        print(f"{len(clips)} of {total} clips, {people}")
    return 0


def _chosen(library: Library, arguments: argparse.Namespace) -> ClipFilter:
    """Return which clips to list; what the library does not know is refused."""
    require_patient(library, arguments.patient)
    require_rater(library, arguments.rater)
    labelled, value = _task_of(library, arguments.labelled), arguments.value
    if value is not None:
        if labelled is None:
            msg = f"--value {value} does not say of which task."
            raise LibraryError(msg, hint="Name it as well: --labelled TASK.")
        value = _sought(library.labels.tasks()[labelled], value)
    return ClipFilter(
        patient=arguments.patient,
        zone=read_zone(arguments.zone) if arguments.zone else None,
        name_contains=arguments.name,
        labelled=labelled,
        value=value,
        unlabelled=_task_of(library, arguments.unlabelled),
        exam=arguments.exam,
        rater=arguments.rater,
        # Not asked for does not mean that there are none: it does not matter then.
        missing=arguments.missing or None,
        differing=arguments.differing or None,
        analysed=False if arguments.unanalysed else None,
    )


def _sought(task: Task, value: str) -> str:
    """Return a label's value as it is kept; of a set one label is sought."""
    if task.kind is Kind.SET and "+" in value:
        msg = f"{value!r} are several labels of {task.key}."
        raise LibraryError(msg, hint="Look for one at a time.")
    return task.check(value)


def _label(library: Library, arguments: argparse.Namespace, _: CancelToken) -> int:
    clip, rater = library.clips.find(arguments.clip), _rater(arguments)
    said = _said(library, arguments)
    detail = _oxygen(arguments)
    if not (said or arguments.zone or arguments.patient):
        msg = "Nothing is said of the clip."
        raise LibraryError(msg, hint="Write TASK=VALUE, --zone or --patient.")
    answers = [
        Answer(
            clip.id,
            task,
            value,
            rater,
            arguments.certainty,
            detail if task == "s_f" else {},
            note=arguments.note,
        )
        for task, value in said.items()
    ]
    zone = read_zone(arguments.zone) if arguments.zone else None
    library.labels.give(*answers)
    if zone is not None:
        library.clips.set_zone([clip.id], zone, who=rater)
    if arguments.patient:
        library.clips.assign(clip.id, arguments.patient, who=rater)
    print(_in_words(library.clips.get(clip.id)))
    return 0


def _define(library: Library, arguments: argparse.Namespace, _: CancelToken) -> int:
    words = arguments.words or arguments.task.replace("_", " ")
    if arguments.number:
        lower, upper = arguments.number
        task = Task(arguments.task, words, Kind.NUMBER, (), lower, upper)
    else:
        kind = Kind.CLASS if arguments.classes else Kind.SET
        text = arguments.classes or arguments.set
        classes = tuple(name.strip() for name in text.split(","))
        task = Task(arguments.task, words, kind, classes)
    library.labels.define(task, who=_rater(arguments))
    print(f"{task.key}: {task.values_in_words}")
    return 0


def _export(library: Library, arguments: argparse.Namespace, _: CancelToken) -> int:
    require_rater(library, arguments.rater)
    if arguments.lines:
        return _export_lines(library, arguments)
    write = write_correction_table if arguments.corrections else write_label_table
    rows = write(library, arguments.target, arguments.rater)
    print(f"{rows} rows in {arguments.target}")
    return 0


def _export_lines(library: Library, arguments: argparse.Namespace) -> int:
    target, files, status = arguments.target, 0, 0
    for one in export_lines(library, target, arguments.lines, arguments.rater):
        files += len(one.files)
        if one.error is not None:
            print(_told(one.clip.path, one.error), file=sys.stderr)
            status = 1
    print(f"{files} files in {target}")
    return status


def _import(
    library: Library, arguments: argparse.Namespace, cancel: CancelToken
) -> int:
    rater, status = _rater(arguments), 0
    for path in arguments.files:
        if path.is_dir():
            from lusviewer.cli.library_models import records_of  # noqa: PLC0415 - slow

            steps = add_records(library, records_of(path), cancel, who=rater)
            status |= _follow(steps, quiet=arguments.quiet)
        elif path.suffix.lower() == ".json":
            clip = library.clips.find(arguments.clip) if arguments.clip else None
            clip, found = import_lines(library, path, rater, clip)
            frames = len({frame for frame, _ in found.lines})
            print(f"{clip.name}: lines of {frames} frames, {found.rejected} rejected")
        else:
            records = read_label_table(path, library.labels.tasks())
            steps = add_records(library, records, cancel, who=rater)
            status |= _follow(steps, quiet=arguments.quiet)
    return status


def _relocate(
    library: Library, arguments: argparse.Namespace, cancel: CancelToken
) -> int:
    steps = find_again(library, arguments.folder, cancel, who=_rater(arguments))
    return _follow(steps, quiet=arguments.quiet)


def _verify(
    library: Library, arguments: argparse.Namespace, cancel: CancelToken
) -> int:
    verdict = library.verify()
    missing: list[ClipEntry] = []
    if arguments.files:
        missing = list(check_files(library, cancel, who="verify"))
    if arguments.json:
        found = {
            "holds": verdict.holds,
            "entries": verdict.entries,
            "head": verdict.head,
            "broken_entry": verdict.broken_entry,
            "why": verdict.why or None,
            "missing": [str(clip.path) for clip in missing],
        }
        print(json.dumps(found))
    elif verdict.holds:
        print(f"The log holds: {verdict.entries} entries, the last {verdict.head}.")
    else:
        at = f" at entry {verdict.broken_entry}" if verdict.broken_entry else ""
        print(f"The log is broken{at}: {verdict.why}.")
    for clip in missing:
        print(f"{clip.path} is not there, or is another file now.", file=sys.stderr)
    if missing:
        hint = "Look for them elsewhere: 'lusviewer library relocate FOLDER'."
        print(hint, file=sys.stderr)
    return 0 if verdict.holds and not missing else 1


def _rater(arguments: argparse.Namespace) -> str:
    return str(arguments.rater or getpass.getuser())


def _task_of(library: Library, name: str | None) -> str | None:
    """Return a task's key; findings may go without 'finding.'."""
    return None if name is None else task_key(library.labels.tasks(), name)


def _said(library: Library, arguments: argparse.Namespace) -> dict[str, str | None]:
    """Return what was said by task; None takes it back."""
    said: dict[str, str | None] = {}
    for name, value in _words_said(arguments):
        key = task_key(library.labels.tasks(), name)
        if key in said:
            msg = f"Two things are said of {key} at once."
            raise LibraryError(msg, hint="Keep one of them.")
        said[key] = value
    return said


def _words_said(arguments: argparse.Namespace) -> Iterator[tuple[str, str | None]]:
    """Yield the names of tasks, as they were written, and what is said."""
    for text in arguments.labels:
        name, equals, value = text.partition("=")
        if not equals:
            msg = f"{text!r} says nothing."
            raise LibraryError(msg, hint="Write TASK=VALUE, as severity=2.")
        yield name.strip(), value.strip() or None
    for name in arguments.not_assessable:
        yield name, NOT_ASSESSABLE
    if arguments.spo2 is not None:
        yield "s_f", ""


def _oxygen(arguments: argparse.Namespace) -> dict[str, float]:
    given = {
        "spo2": arguments.spo2,
        "fio2": arguments.fio2,
        "oxygen_l_min": arguments.oxygen,
    }
    found = {key: value for key, value in given.items() if value is not None}
    if found and arguments.spo2 is None:
        msg = "--fio2 and --oxygen say nothing alone."
        raise LibraryError(msg, hint="Give --spo2 as well.")
    if len(found) > 2:
        msg = "--fio2 and --oxygen are two answers to one question."
        raise LibraryError(msg, hint="Give the fraction or the litres, not both.")
    return found


def _follow(steps: Iterable[Step], *, quiet: bool) -> int:
    """Show how far it is, say what went wrong, and count; 1 where something did."""
    counts, labels = dict.fromkeys(Outcome, 0), 0
    for step in _watched(steps, quiet=quiet):
        if step.outcome is None:
            continue
        counts[step.outcome] += 1
        labels += step.labels
        if step.error is not None:
            tqdm.write(_told(step.path, step.error), file=sys.stderr)
    if not quiet:
        told = [f"{n} {outcome.value}" for outcome, n in counts.items() if n]
        told += [f"{labels} new label{'s'[: labels - 1]}"] if labels else []
        print(", ".join(told) or "nothing to do")
    return 1 if counts[Outcome.REFUSED] or counts[Outcome.MISSING] else 0


def _watched(steps: Iterable[Step], *, quiet: bool) -> Iterator[Step]:
    hidden = True if quiet else None  # None: only where a person watches
    with tqdm(unit="B", unit_scale=True, disable=hidden, file=sys.stderr) as bar:
        for step in steps:
            bar.total = step.total_bytes
            bar.update(step.done_bytes - bar.n)
            yield step


def _told(path: object, error: LusViewerError) -> str:
    text = str(error)
    return text if str(path) in text else f"{path}: {text}"


def _in_words(clip: ClipEntry) -> str:
    zone = str(clip.zone) if clip.zone else "-"
    labels = " ".join(
        f"{k}={_short(value)}" for k, value in sorted(clip.labels.items())
    )
    gone = " MISSING" if clip.missing else ""
    return f"{clip.id:6} {clip.patient:10} {zone:8} {clip.path}{gone}  {labels}"


def _short(value: str) -> str:
    """Return a value as it is read: a ratio without its ninth digit."""
    return f"{float(value):.2f}" if _LONG.fullmatch(value) else value


def _with_predictions(clip: ClipEntry) -> str:
    told = [
        f"{'':17} {one.target}: {one.best} ({one.probability:.2f})"
        f"{', abstains' if one.abstained else ''}, by {one.expert} {one.version}"
        for one in clip.predictions
    ]
    return "\n".join([_in_words(clip), *told])


def _as_json(clip: ClipEntry) -> dict[str, Any]:
    return {
        "id": clip.id,
        "path": str(clip.path),
        "patient": clip.patient,
        "exam": clip.exam,
        "sha256": clip.sha256,
        "zone": str(clip.zone) if clip.zone else None,
        "licence": clip.licence,
        "missing": clip.missing,
        "labels": dict(clip.labels),
        "added_utc": clip.added_utc,
        "analysed_by": list(clip.analysed_by),
        "predictions": [asdict(one) for one in clip.predictions],
    }


def _task_as_json(task: Task) -> dict[str, Any]:
    limits = [x if math.isfinite(x) else None for x in (task.lower, task.upper)]
    return {
        "task": task.key,
        "words": task.words,
        "kind": task.kind.value,
        "classes": list(task.classes),
        "lowest": limits[0],
        "highest": limits[1],
    }


_MAKE_ONE: Final = frozenset({"add", "import", "task"})
"""The actions that make a library where there is none."""

_ACTIONS: Final[dict[str, Callable[[Any, Any, CancelToken], int]]] = {
    "add": _add,
    "analyse": _analyse,
    "predict": _predict,
    "list": _list,
    "label": _label,
    "task": _define,
    "export": _export,
    "import": _import,
    "agreement": show_agreement,
    "relocate": _relocate,
    "verify": _verify,
}
