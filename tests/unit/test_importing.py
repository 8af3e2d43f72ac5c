"""Packages are imported by whichever thread needs them first."""

from __future__ import annotations

import subprocess
import sys

import pytest

SEVERAL_AT_ONCE = """
import importlib, sys, threading
names = sys.argv[1:]
start, failed = threading.Barrier(len(names)), []

def begin(name):
    start.wait()
    try:
        importlib.import_module(f"lusviewer.{name}")
    except ImportError as error:
        failed.append(error)

threads = [threading.Thread(target=begin, args=(name,)) for name in names]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not failed, failed
"""


@pytest.mark.parametrize(
    "names",
    [
        [f"library.{part}" for part in ("queue", "tasks", "adding", "labels")],
        ["analysis", "analysis.stream", "experts.manifest", "inference.fields"],
        ["io.opening", "io.folder", "experts.listing", "analysis.whole"],
    ],
    ids=lambda names: names[0],
)
def test_threads_that_begin_with_different_parts_all_get_whole_modules(
    names: list[str],
) -> None:
    for _ in range(3):
        subprocess.run([sys.executable, "-c", SEVERAL_AT_ONCE, *names], check=True)


@pytest.mark.parametrize("package", ["inference", "experts", "io", "analysis"])
def test_no_part_is_imported_before_it_is_asked_for(package: str) -> None:
    told = f"import sys, lusviewer.{package} as p; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", told], check=True, capture_output=True, text=True
    )
    loaded = done.stdout.split()
    assert not [name for name in loaded if name.startswith(f"lusviewer.{package}.")]
