"""Where things are, from a checkout and from a packaged program."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from lusviewer import paths

if TYPE_CHECKING:
    from pathlib import Path


def test_a_checkout_holds_models_and_resources_beside_the_package() -> None:
    root = paths.install_root()
    assert (root / "lusviewer" / "paths.py").is_file()
    assert paths.default_bundle().parent == paths.shipped_models()
    assert paths.resources() == root / "resources"


def test_a_packaged_program_looks_where_it_was_unpacked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert paths.default_bundle() == tmp_path / "models" / "lus-lite"
    assert paths.resources() == tmp_path / "resources"


@pytest.mark.skipif(sys.platform != "linux", reason="follows the XDG variables")
def test_a_users_own_files_follow_the_systems_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert paths.user_data() == tmp_path / "data" / "lusviewer"
    assert paths.user_cache() == tmp_path / "cache" / "lusviewer"
    assert paths.user_logs().is_relative_to(tmp_path / "state" / "lusviewer")
