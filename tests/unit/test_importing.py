"""Packages are imported by whichever thread needs them first."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

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


PACKAGES = ("inference", "experts", "io", "analysis", "library")


@pytest.mark.parametrize("package", PACKAGES)
def test_no_part_is_imported_before_it_is_asked_for(package: str) -> None:
    told = f"import sys, lusviewer.{package} as p; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", told], check=True, capture_output=True, text=True
    )
    loaded = done.stdout.split()
    assert not [name for name in loaded if name.startswith(f"lusviewer.{package}.")]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_has_each_name_that_it_lists(package: str) -> None:
    module = import_module(f"lusviewer.{package}")
    assert module.__all__
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_name_that_a_package_does_not_list_is_told_as_ever(package: str) -> None:
    module = import_module(f"lusviewer.{package}")
    words = f"module 'lusviewer.{package}' has no attribute 'nothing'"
    with pytest.raises(AttributeError, match=words):
        _ = module.nothing
