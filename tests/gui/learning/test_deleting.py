"""Deleting what was trained before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lusviewer.cancel import CancelToken
from lusviewer.gui.learning import work

if TYPE_CHECKING:
    from pathlib import Path


def test_a_result_is_deleted_though_the_last_of_its_name_was_only_half(
    tmp_path: Path,
) -> None:
    """Windows keeps files that are open, and names are given again."""
    left, folder = tmp_path / ".severity-local-1.deleted", tmp_path / "severity-local-1"
    for one in (left, folder):
        one.mkdir()
        (one / "head.onnx").write_bytes(b"graph")
    assert list(work.delete(folder, CancelToken())) == [folder]
    assert list(tmp_path.iterdir()) == [left]
