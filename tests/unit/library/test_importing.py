"""The package is imported by whichever thread needs it first."""

from __future__ import annotations

import subprocess
import sys

SEVERAL_AT_ONCE = """
import importlib, threading
names = ["queue", "tasks", "adding", "labels", "library"]
start, failed = threading.Barrier(len(names)), []

def begin(name):
    start.wait()
    try:
        importlib.import_module(f"lusviewer.library.{name}")
    except ImportError as error:
        failed.append(error)

threads = [threading.Thread(target=begin, args=(name,)) for name in names]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not failed, failed
"""


def test_threads_that_begin_with_different_parts_all_get_whole_modules() -> None:
    for _ in range(3):
        subprocess.run([sys.executable, "-c", SEVERAL_AT_ONCE], check=True)
