"""Large libraries are read from the disk before Python, held meanwhile, loads them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from lusviewer.gui.ahead import LARGE

_TOLD = """
import json, os, sys
from lusviewer.gui.ahead import read_ahead

name, told = sys.argv[1], []

def note(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        told.append(arguments[0])
    elif event == "import" and arguments[1]:
        told.append("loaded " + arguments[1])

read_ahead()
read_ahead()
sys.addaudithook(note)
__import__(name)
print(json.dumps(told))
"""


@pytest.mark.parametrize("package", sorted(LARGE))
def test_each_library_of_a_large_package_is_read_before_it_is_loaded(package):
    done = subprocess.run(
        [sys.executable, "-c", _TOLD, package.removeprefix("_")],
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    loaded = [one.removeprefix("loaded ") for one in told if one.startswith("loaded ")]
    own = [file for file in loaded if f"/{package}/" in file]
    assert own
    for file in own:
        assert told.count(file) == 1
        assert told.index(file) < told.index(f"loaded {file}")


def test_what_is_not_installed_is_missed_as_ever():
    told = "from lusviewer.gui import ahead; ahead.LARGE['nowhere'] = ''; "
    told += "ahead.read_ahead(); import nowhere"
    done = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, text=True, check=False
    )
    assert "ModuleNotFoundError: No module named 'nowhere'" in done.stderr
