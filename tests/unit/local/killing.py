"""A store of experts whose promotion is killed again and again, at any moment.

Run as a program: ``killing.py TURNS STORE FIRST SECOND``. Each turn a child promotes
the two experts by turns; it is killed, and an expert must be in use that opens. Prints
how many promotions there were and the versions found in use. The child is forked, so
that everything is imported once.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
from itertools import cycle
from pathlib import Path

from lusviewer.experts.expert import load_experts
from lusviewer.experts.store import ExpertStore


def promote(store: Path, sources: list[Path], tell: int) -> None:
    for source in cycle(sources):
        ExpertStore(store).install(source, "mine")
        os.write(tell, b".")


def killed(store: Path, sources: list[Path]) -> int:
    """Return how many promotions a child ended before it was killed."""
    hear, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        promote(store, sources, tell)
    os.close(tell)
    select.select([hear], [], [], 60)
    select.select([], [], [], random.uniform(0, 0.1))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    told = len(os.read(hear, 10_000))
    os.close(hear)
    return told


def in_use(store: Path) -> str:
    """Return the version in use, opened in a process that nothing was forked from."""
    hear, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        (expert,) = load_experts(store)
        os.write(tell, expert.manifest.version.encode())
        os._exit(0)
    os.close(tell)
    os.waitpid(pid, 0)
    version = os.read(hear, 100).decode()
    os.close(hear)
    return version


def main(turns: int, store: Path, sources: list[Path]) -> None:
    found: list[str] = []
    promotions = 0
    for _ in range(turns):
        promotions += killed(store, sources)
        found.append(in_use(store))
    sys.stdout.write(json.dumps({"promotions": promotions, "found": found}))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), [Path(text) for text in sys.argv[3:]])
