"""``lusviewer queue``: which clips to label next, and answers to confirm."""

from __future__ import annotations

import getpass
import json
from typing import TYPE_CHECKING, Any

from lusviewer.errors import LibraryError
from lusviewer.library import open_library
from lusviewer.library.named import require_library
from lusviewer.library.queue import confirm, make_queue

if TYPE_CHECKING:
    import argparse

    from lusviewer.library import Library
    from lusviewer.library.queue import Ask, Proposal, Queue


def run(arguments: argparse.Namespace) -> int:
    """Show the queue, or keep what was confirmed; return the exit status."""
    if arguments.library is not None:
        require_library(arguments.library)
    with open_library(arguments.library) as library:
        if arguments.action == "confirm":
            return _confirm(library, arguments)
        queue = make_queue(library, arguments.task, arguments.count)
        proposals = queue.proposals[: arguments.count]
        if arguments.json:
            for one in (*map(_ask, queue.asks), *map(_proposal, proposals)):
                print(json.dumps(one))
            return 0
        _tell(queue, proposals)
    return 0


def _confirm(library: Library, arguments: argparse.Namespace) -> int:
    clip = library.clips.find(arguments.clip)
    said = {}
    for text in arguments.answers:
        task, equals, value = text.partition("=")
        if not equals:
            msg = f"{text!r} says nothing."
            raise LibraryError(msg, hint="Write TASK=VALUE, as it is proposed.")
        said[task.strip()] = value.strip()
    rater = str(arguments.rater or getpass.getuser())
    for label in confirm(library, clip.id, said, rater=rater):
        print(f"{clip.id:6} {clip.name}  {label.answer.task}={label.answer.value}")
    return 0


def _tell(queue: Queue, proposals: tuple[Proposal, ...]) -> None:
    print(f"{queue.waiting} clips wait for {', '.join(queue.tasks)}.")
    for ask in queue.asks:
        print(f"{ask.clip.id:6} {ask.clip.patient:10} {ask.clip.path}")
        for reason in ask.why:
            print(f"{'':7}{reason}")
    if proposals:
        print(f"To confirm, {len(proposals)} of {len(queue.proposals)}:")
    for one in proposals:
        sure = f"{one.task}={one.value} ({100 * one.probability:.0f} %)"
        print(f"{one.clip.id:6} {one.clip.patient:10} {one.clip.path}  {sure}")
    missing = [task for task in queue.tasks if task not in queue.learned]
    if missing:
        print(f"Too few labels yet to propose answers for {', '.join(missing)}.")


def _ask(ask: Ask) -> dict[str, Any]:
    return {
        "kind": "ask",
        "id": ask.clip.id,
        "path": str(ask.clip.path),
        "patient": ask.clip.patient,
        "score": ask.score,
        "tasks": list(ask.tasks),
        "why": list(ask.why),
    }


def _proposal(one: Proposal) -> dict[str, Any]:
    return {
        "kind": "proposal",
        "id": one.clip.id,
        "path": str(one.clip.path),
        "patient": one.clip.patient,
        "task": one.task,
        "value": one.value,
        "probability": one.probability,
    }
