"""What was found out about an expert when it was trained, as kept beside it."""

from __future__ import annotations

from typing import Final

SCHEMA: Final = 1
