"""``lusviewer train`` and ``evaluate``: handed on to ``lusviewer.training``."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from lusviewer.errors import TrainingError

_NEEDED = ("torch", "onnx", "sklearn")


def run(command: str, rest: list[str]) -> int:
    """Run a training command with the arguments that follow it; return the status."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        msg = f"'lusviewer {command}' needs {', '.join(missing)}: not installed here."
        hint = "Install the extra: pip install 'lusviewer[training]'."
        raise TrainingError(msg, hint=hint)
    return int(import_module(f"lusviewer.training.{command}").main(rest))
