"""Writing docs/evaluation.md from the figures in docs/results."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_report(docs: Path) -> None:
    """Write the report of what ``docs/results`` holds."""
    (docs / "results").mkdir(parents=True, exist_ok=True)
