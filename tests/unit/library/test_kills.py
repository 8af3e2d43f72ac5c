"""A writer that is killed loses nothing it said was kept, and breaks nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.small_clips import write_png

if TYPE_CHECKING:
    from lusviewer.library import Library

TURNS = os.environ.get("LUSVIEWER_KILLS", "3")
"""How often each is killed; 20 shows more, and takes longer."""

PROGRAM = Path(__file__).with_name("killing.py")

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="needs a system that can fork"
)


def kill(kind: str, library: Path, clips: Path) -> dict[str, Any]:
    command = [sys.executable, str(PROGRAM), kind, TURNS, str(library), str(clips)]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        timeout=280,
        cwd=Path(__file__).resolve().parents[3],
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A folder of many clips, each with a content of its own."""
    folder = tmp_path / "many"
    folder.mkdir()
    first = write_png(folder / "clip.png").read_bytes()
    for number in range(150):
        # A reader stops at the picture's end: what follows tells the files apart.
        (folder / f"clip{number:03}.png").write_bytes(first + b"%d" % number)
    return folder


def test_no_label_is_lost_when_labelling_is_killed(
    filled: Library, tmp_path: Path
) -> None:
    filled.close()
    found = kill("label", filled.folder, tmp_path)
    assert found["wrong"] == []
    assert found["told"] > 0


def test_no_clip_is_lost_when_adding_is_killed(many: Path, tmp_path: Path) -> None:
    found = kill("import", tmp_path / "library", many)
    assert found["wrong"] == []
    assert found["told"] > 0
