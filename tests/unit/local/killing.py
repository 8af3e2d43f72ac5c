"""Trainings, promotions and refreshes that are killed again and again, at any moment.

Run as a program: ``killing.py train|promote|refresh TURNS LIBRARY BUNDLE STORE EXPERT
EXPERT``. Each turn a child does nothing else; it is killed, and then another child
looks: the library opens and verifies, no label is lost, no clip has the predictions of
half of the experts, and those in use open and answer. Prints what was found as JSON.
The children are forked, so that everything is imported once; no graph is opened in the
process they are forked from.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
import traceback
from dataclasses import dataclass
from importlib import import_module
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lusviewer.cancel import CancelToken
from lusviewer.cli import main as lusviewer
from lusviewer.experts import open_expert
from lusviewer.experts.in_use import experts_in_use
from lusviewer.experts.store import ExpertStore
from lusviewer.inference.bundle import read_model_manifest
from lusviewer.library import Answer, open_library, predicting
from lusviewer.library.predicting import refresh_predictions, to_refresh
from lusviewer.training.local import command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LATEST_S = {"train": 2.0, "promote": 0.6, "refresh": 0.3}
"""A child is killed so long after its first word at the latest."""

WRITES = b'"event": "figures"'
"""What a training says before it writes the expert's folder."""

FIRST = {"train": WRITES, "promote": b"promoted=1\n", "refresh": b"="}
"""Every second child is not killed before it has said so."""

LONGEST_WRITE_S = 0.4


@dataclass(frozen=True)
class Places:
    """Where all is that a child works on."""

    library: Path
    bundle: Path
    store: Path
    experts: tuple[Path, ...]

    @property
    def model(self) -> str:
        return read_model_manifest(self.bundle)[1]

    def words(self) -> list[str]:
        places = {"model": self.bundle, "store": self.store, "library": self.library}
        return [word for k, v in places.items() for word in (f"--{k}", str(v))]


def say(line: str) -> None:
    """Tell the parent something, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def train(places: Places, _turn: int) -> None:
    """Train, telling how it goes as the command does."""
    words = ["--task", "severity", "--kind", "tree,logistic", "--folds", "3"]
    command.main([*words, *places.words()])
    say("done=done")
    signal.pause()


def promote(places: Places, turn: int) -> None:
    """Promote one expert after the other, each with the library judged anew."""
    sources = cycle(places.experts if turn % 2 else reversed(places.experts))
    for source in sources:
        words = ["experts", "promote", str(source), "--name", "mine", *places.words()]
        if lusviewer(words):
            sys.exit(1)
        say("promoted=1")


def refresh(places: Places, turn: int) -> None:
    """Judge all clips by one expert, then by the other, labelling on the way."""
    # Many small steps to be killed between.
    pytest.MonkeyPatch().setattr(predicting, "BATCH", 2)
    number = turn * 100_000
    with open_library(places.library) as library:
        experts = [open_expert(folder) for folder in places.experts]
        for one in cycle(experts):
            for step in refresh_predictions(
                library, places.model, [one], CancelToken(), who="anna"
            ):
                number += 1
                answer = Answer(
                    step.clip_ids[0], "s_f", f"{100 + number / 1e5:.5f}", "b"
                )
                (kept,) = library.labels.give(answer)
                say(f"{kept.id}={kept.answer.value}")


WORK: dict[str, Callable[[Places, int], None]] = {
    "train": train,
    "promote": promote,
    "refresh": refresh,
}


def forked(work: Callable[[], None]) -> tuple[int, int]:
    """Start ``work`` in a child; return its id and where to read what it prints."""
    hear, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(hear)
            os.dup2(tell, 1)
            work()
        except BaseException:
            traceback.print_exc()
        os._exit(1)
    os.close(tell)
    return pid, hear


def killed(kind: str, places: Places, turn: int) -> bytes:
    """Return what a child told of before it was killed."""
    pid, hear = forked(lambda: WORK[kind](places, turn))
    told = _heard_until(hear, FIRST[kind] if turn % 2 else b"\n")
    latest = LONGEST_WRITE_S if WRITES in told else LATEST_S[kind]
    select.select([], [], [], random.uniform(0, latest))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    while part := os.read(hear, 65536):
        told += part
    os.close(hear)
    return told


def _heard_until(hear: int, words: bytes) -> bytes:
    told = b""
    while words not in told and select.select([hear], [], [], 60)[0]:
        if not (part := os.read(hear, 65536)):
            break
        told += part
    return told


def looked(places: Places, told: set[str], labels: int) -> list[str]:
    """Return what is wrong, looked for in a process that nothing was forked from."""
    pid, hear = forked(lambda: say(json.dumps(list(wrong(places, told, labels)))))
    heard = _heard_until(hear, b"\n")
    os.waitpid(pid, 0)
    os.close(hear)
    return list(json.loads(heard)) if heard else ["whoever looked failed"]


def wrong(places: Places, told: set[str], labels: int) -> Iterator[str]:
    """Say what is wrong with the library and the experts."""
    in_use = experts_in_use(places.bundle, places.store)
    with open_library(places.library) as library:
        if not (verdict := library.verify()).holds:
            yield verdict.why
        kept = library.labels.current()
        if sum(one.answer.rater == "anna" for one in kept) != labels:
            yield "labels of before are lost"
        given = {
            f"{one.id}={one.answer.value}"
            for clip in library.clips.ids()
            for one in library.labels.history(clip)
        }
        yield from (f"label {one} is lost" for one in told - given)
        by_clip: dict[int, int] = {}
        for said in library.predictions.current():
            by_clip[said.clip_id] = by_clip.get(said.clip_id, 0) + 1
        if odd := set(by_clip.values()) - {1, len(in_use), len(in_use) - 1}:
            yield f"clips have {odd} predictions"
        for _ in refresh_predictions(
            library, places.model, in_use, CancelToken(), who="anna"
        ):
            pass
        if to_refresh(library, places.model, in_use):
            yield "clips cannot be judged anew"
    for folder in (places.library / "experts").glob("[!.]*"):
        open_expert(folder)
    for name in ExpertStore(places.store).names():
        if not ExpertStore(places.store).versions(name):
            yield f"{name} has no version"


def main(kind: str, turns: int, places: Places) -> None:
    """Kill and look, turn by turn."""
    # What a training would import is imported before the children part from here.
    for name in ("sklearn.linear_model", "lusviewer.training.local.run", "onnx"):
        import_module(name)
    import_module("lusviewer.training.local.bundle")
    with open_library(places.library) as library:
        labels = len(library.labels.current())
    told: set[str] = set()
    found: list[str] = []
    counts = {"told": 0, "writing": 0, "promoted": 0, "parts": 0}
    for turn in range(turns):
        heard = killed(kind, places, turn)
        lines = heard.decode().split("\n")[:-1]
        counts["told"] += len(lines)
        counts["writing"] += WRITES in heard and b'"event": "expert"' not in heard
        counts["promoted"] += lines.count("promoted=1")
        told |= {line for line in lines if line.partition("=")[0].isdecimal()}
        found += looked(places, told, labels)
    parts = [*places.library.glob("experts/.*.part"), *places.store.glob(".staging-*")]
    counts["parts"] = len(parts)
    sys.stdout.write(json.dumps({"turns": turns, "wrong": found, **counts}) + "\n")


if __name__ == "__main__":
    library, bundle, store, *experts = map(Path, sys.argv[3:])
    everything = Places(library, bundle, store, tuple(experts))
    main(sys.argv[1], int(sys.argv[2]), everything)
