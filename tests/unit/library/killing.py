"""A library whose writer is killed again and again, at a moment nobody chose.

Run as a program: ``killing.py import|label TURNS FOLDER CLIPS``. Each turn a child does
nothing but change the library, telling of each change once it is kept; it is killed,
and the library is opened and must hold all that was told of. Prints what was found as
JSON. The child is forked, so that everything is imported once.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
from pathlib import Path

from lusviewer.cancel import CancelToken
from lusviewer.library import Answer, Library, open_library
from lusviewer.library.adding import add_paths

LATEST_S = 0.3
"""A child is killed so long after its first word at the latest."""


def label(library: Library, turn: int, tell: int) -> None:
    """Give one label after another, none twice."""
    number = turn * 100_000
    while True:
        number += 1
        answer = Answer(1, "s_f", f"{100 + number / 1e5:.5f}", f"rater {turn}")
        (kept,) = library.labels.give(answer)
        os.write(tell, f"{kept.id}={kept.answer.value}\n".encode())


def take_in(library: Library, clips: Path, tell: int) -> None:
    """Add files; those of earlier turns are known already."""
    for step in add_paths(library, [clips], CancelToken(), who="anna"):
        if step.outcome is not None:
            os.write(tell, f"{step.clip_id}={step.path.name}\n".encode())


def child(kind: str, folder: Path, turn: int, clips: Path, tell: int) -> None:
    """Open the library and change it until killed."""
    with open_library(folder) as library:
        if kind == "label":
            label(library, turn, tell)
        else:
            take_in(library, clips, tell)
    os.write(tell, b"done=done\n")
    signal.pause()


def killed(kind: str, folder: Path, turn: int, clips: Path) -> list[str]:
    """Return what a child told of before it was killed."""
    hear, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(hear)
        child(kind, folder, turn, clips, tell)
        os._exit(1)
    os.close(tell)
    # Half of the turns from the first word on, half while the library is opened.
    if turn % 2:
        select.select([hear], [], [], 60)
    select.select([], [], [], random.uniform(0, LATEST_S))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    told = b""
    while part := os.read(hear, 65536):
        told += part
    os.close(hear)
    return told.decode().split("\n")[:-1]


def missing(kind: str, folder: Path, told: list[str]) -> list[str]:
    """Return what a library should hold and does not, and what is wrong with it."""
    with open_library(folder) as library:
        verdict = library.verify()
        if kind == "label":
            kept = library.labels.history(1)
            held = {f"{one.id}={one.answer.value}" for one in kept}
        else:
            held = {f"{clip.id}={clip.name}" for clip in library.clips.all()}
            patients = len(library.patients.all())
            if patients > 1:
                return [f"{patients} patients"]
    lost = [one for one in told if one not in held and one != "done=done"]
    return lost + ([] if verdict.holds else [verdict.why])


def main() -> None:
    """Kill and look, turn by turn."""
    kind, turns, folder, clips = sys.argv[1], int(sys.argv[2]), *map(Path, sys.argv[3:])
    everything: list[str] = []
    wrong: list[str] = []
    for turn in range(turns):
        everything += killed(kind, folder, turn, clips)
        wrong += missing(kind, folder, everything)
    found = {"told": len(everything), "turns": turns, "wrong": wrong}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
