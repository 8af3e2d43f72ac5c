"""Experts that are put in use from the command line while the window is open."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lusviewer.experts.manifest import read_expert_manifest
from tests.gui.conftest import WAIT_MS
from tests.gui.results.conftest import shown
from tests.gui.results.test_promoting import footers, open_clip, promoted, said_by

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from lusviewer.gui.main_window import MainWindow
    from lusviewer.gui.viewer_model import ViewerModel

ROOT = Path(__file__).parents[3]


def experts(*arguments: str, bundle: Path) -> None:
    """Run ``lusviewer experts`` as a person does."""
    command = [sys.executable, "-m", "lusviewer", "experts", *arguments]
    command += ["--model", str(bundle), "--no-refresh"]
    run = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr


def test_an_expert_promoted_from_the_command_line_answers_for_the_open_clip(
    qtbot: QtBot,
    main: MainWindow,
    viewer: ViewerModel,
    tree_expert: Path,
    bundle_folder: Path,
    clip_path: Path,
    tmp_path: Path,
) -> None:
    told: list[str] = []
    viewer.status_changed.connect(told.append)
    open_clip(qtbot, viewer, clip_path)
    window = shown(qtbot, main, tree_expert)
    qtbot.waitUntil(lambda: main.results.experts.watch.settled, timeout=WAIT_MS)
    assert window.state.text() == "not in use"
    experts("promote", str(tree_expert), bundle=bundle_folder)
    manifest, _ = read_expert_manifest(tree_expert)
    name = f"{manifest.name} {manifest.version}"
    qtbot.waitUntil(
        lambda: any(name in text for text in footers(main)), timeout=WAIT_MS
    )
    assert "Other experts were put in use outside this window." in told
    qtbot.waitUntil(
        lambda: window.state.text() == f"in use as {manifest.name}", timeout=WAIT_MS
    )
    key, library = (manifest.name, manifest.version), tmp_path / "library"
    qtbot.waitUntil(lambda: said_by(library).get(key) == 36, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: main.results.experts.watch.settled, timeout=WAIT_MS)
    experts("rollback", manifest.name, bundle=bundle_folder)
    qtbot.waitUntil(
        lambda: not any(name in text for text in footers(main)), timeout=WAIT_MS
    )


def test_what_the_window_itself_puts_in_use_is_not_told_as_another_programs(
    qtbot: QtBot, main: MainWindow, tree_expert: Path
) -> None:
    told: list[bool] = []
    watch = main.results.experts.watch
    watch.changed.connect(lambda: told.append(True))
    qtbot.waitUntil(lambda: watch.settled, timeout=WAIT_MS)
    promoted(qtbot, main, tree_expert)
    qtbot.waitUntil(lambda: watch.settled, timeout=WAIT_MS)
    assert not told
