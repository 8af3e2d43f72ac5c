"""What the networks learn to say, in the order of their head."""

from __future__ import annotations

from typing import Final

from lusviewer.findings import FINDINGS, LABELS

KEYS: Final = (
    *(label.key for label in LABELS),
    *(f"finding.{key}" for key in FINDINGS),
)
"""The 38 labels, then the findings at clip level."""
