"""``lusviewer train`` and ``evaluate``: handed on to ``lusviewer.training``."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from lusviewer.errors import TrainingError

_NEEDED: Final = ("torch", "onnx", "sklearn")
_OWN_DATA: Final = ("expert", "adapt")
"""What is trained on a study library: whoever started it reads JSON lines."""

_CHECKS_ITSELF: Final = "lusviewer.training.train"
"""Packaged without training, the viewer has some of the others, to compare experts."""


def run(command: str, rest: list[str]) -> int:
    """Run a training command with the arguments that follow it; return the status."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing and not _can_check(rest):
        msg = f"'lusviewer {command}' needs {', '.join(missing)}: not installed here."
        hint = "Get the lusviewer with training: pip install 'lusviewer[training]'."
        if rest[:1] and rest[0] in _OWN_DATA:
            print(json.dumps({"event": "error", "message": msg, "hint": hint}))
        raise TrainingError(msg, hint=hint)
    return int(import_module(f"lusviewer.training.{command}").main(rest))


def _can_check(rest: list[str]) -> bool:
    """Whether labels can be looked at without what fits experts."""
    return rest[:1] == ["expert"] and find_spec(_CHECKS_ITSELF) is not None
