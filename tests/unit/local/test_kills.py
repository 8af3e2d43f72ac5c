"""Whenever a training, a promotion or a refresh is killed, nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lusviewer.cli import main
from lusviewer.files import ABANDONED_S
from lusviewer.library import open_library
from lusviewer.training.local import command
from tests.bundles import make_tree

TURNS = os.environ.get("LUSVIEWER_KILLS", "3")
"""How often each is killed; 20 shows more, and takes longer."""

PROGRAM = Path(__file__).with_name("killing.py")

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="needs a system that can fork"
)


@pytest.fixture
def kill(own_study, bundle, tmp_path):
    """Kill what is named again and again; return what was found."""
    sources = [make_tree(tmp_path / name, version=name) for name in ("one", "two")]

    def call(kind: str) -> dict[str, Any]:
        places = (own_study, bundle, tmp_path / "store", *sources)
        ran = subprocess.run(
            [sys.executable, str(PROGRAM), kind, TURNS, *map(str, places)],
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            timeout=1200,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        found: dict[str, Any] = json.loads(ran.stdout)
        return found

    return call


def test_no_label_is_lost_and_no_clip_half_judged_when_a_refresh_is_killed(kill):
    found = kill("refresh")
    assert found["wrong"] == []
    assert found["told"] >= int(TURNS)


def test_an_expert_that_works_is_in_use_whenever_a_promotion_is_killed(kill):
    found = kill("promote")
    assert found["wrong"] == []
    assert found["promoted"] >= int(TURNS) // 2


def test_a_killed_training_leaves_nothing_in_the_way(
    kill, own_study, bundle, tmp_path, capsys
):
    found = kill("train")
    assert found["wrong"] == []
    assert found["told"] >= int(TURNS)
    # What was left half-written is old by the time of the next run.
    for part in (own_study / "experts").glob(".*.part"):
        for path in (part, *part.rglob("*")):
            long_ago = path.stat().st_mtime - 2 * ABANDONED_S
            os.utime(path, (long_ago, long_ago))
    words = ["--task", "severity", "--kind", "tree", "--folds", "3"]
    words += ["--library", str(own_study), "--model", str(bundle)]
    assert command.main([*words, "--store", str(tmp_path / "store")]) == 0
    folder = json.loads(capsys.readouterr().out.splitlines()[-1])["folder"]
    assert not list(own_study.glob("experts/.*"))
    promote = ["experts", "promote", folder, "--library", str(own_study)]
    promote += ["--model", str(bundle), "--store", str(tmp_path / "store")]
    assert main(promote) == 0
    with open_library(own_study) as library:
        names = {one.expert.name for one in library.predictions.current("severity")}
        assert "severity-local" in names
        assert library.verify().holds
