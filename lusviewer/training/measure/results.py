"""What a recipe measured, as one JSON file among the documents."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from lusviewer.files import written

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lusviewer.training.config import RunSettings

_LOCAL = ("work", "real", "threads", "results")
"""Settings that say where and not what."""


def write_result(
    path: Path,
    settings: RunSettings,
    split: str,
    figures: Mapping[str, Any],
    seconds: Mapping[str, float],
) -> None:
    """Write ``figures`` to ``path`` with what is needed to have them again.

    ``split`` says in words which patients taught and which were tested; ``seconds``
    what each stage took here.
    """
    fields = dataclasses.asdict(settings)
    result = {
        "name": path.stem,
        "command": f"lusviewer train {path.stem} --real FOLDER",
        "seed": settings.seed,
        "settings": {k: v for k, v in fields.items() if k not in _LOCAL},
        "split": split,
        "figures": figures,
        "seconds": {stage: round(value, 1) for stage, value in seconds.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False)
    with written(path) as file:
        file.write(f"{text}\n".encode())


def seconds_spent(run_folder: Path) -> dict[str, float]:
    """Return the seconds that each stage's events tell of in the run's log."""
    spent: dict[str, float] = {}
    for event in logged(run_folder):
        if "seconds" in event and "stage" in event:
            stage = str(event["stage"])
            spent[stage] = spent.get(stage, 0.0) + float(event["seconds"])
    return spent


def logged(run_folder: Path) -> list[dict[str, Any]]:
    """Return the events of a run's log, oldest first; none where there is no log."""
    path = run_folder / "log.jsonl"
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
