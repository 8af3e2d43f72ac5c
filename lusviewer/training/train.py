"""``lusviewer train``: run a recipe; one JSON object a line tells how it goes."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.errors import LusViewerError, TrainingError
from lusviewer.training.config import RunSettings, read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from lusviewer.training.recipe import Recipe

RECIPES: Final = {
    "lus-lite": "lusviewer.training.lite.recipe",
    "biomarkers": "lusviewer.training.biomarkers.recipe",
    "segmentation": "lusviewer.training.segmentation.recipe",
    "domain-gap": "lusviewer.training.domain_gap.recipe",
    "transfer": "lusviewer.training.transfer.recipe",
    "label-fraction": "lusviewer.training.label_fraction.recipe",
    "uscl": "lusviewer.training.uscl.recipe",
    "video-ssl": "lusviewer.training.video_ssl.recipe",
    "experts": "lusviewer.training.experts.recipe",
    "active": "lusviewer.training.active.recipe",
}
"""The module of each recipe; it is imported only when the recipe is run."""


_LOCAL: Final = {
    "expert": "lusviewer.training.local.command",
    "adapt": "lusviewer.training.adapt.command",
}
"""What learns from a study library: its options are its own, not a recipe's."""


def main(argv: Sequence[str]) -> int:
    """Run ``lusviewer train`` with the arguments after it; return the exit status.

    0 where the run ended, 1 where it failed, 2 for a wrong call, 130 where it was
    stopped; a stopped run goes on from its last checkpoint when called again.
    """
    if argv and argv[0] in _LOCAL:
        return int(import_module(_LOCAL[argv[0]]).main(argv[1:]))
    options = _parser().parse_args(list(argv))
    cancel = CancelToken()
    _stop_on_signals(cancel)
    try:
        recipe = open_recipe(options.recipe)
        settings = read_settings(recipe.settings, options.config or _own(recipe.name))
        _run(recipe, _with_options(settings, options), options.only, cancel)
    except Cancelled:
        _say({"event": "stopped"})
        return 130
    except LusViewerError as error:
        _say({"event": "error", "message": error.message, "hint": error.hint})
        print(error, file=sys.stderr)
        return 1
    return 0


def open_recipe(name: str) -> Recipe:
    """Return the recipe called ``name``."""
    recipe: Recipe = import_module(RECIPES[name]).RECIPE
    return recipe


def _own(name: str) -> Path:
    """Return the settings file that comes with a recipe."""
    return Path(__file__).parent / "recipes" / f"{name}.toml"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lusviewer train",
        description="Train by a recipe. Progress comes as JSON lines. 'lusviewer train "
        "expert' and 'train adapt' instead learn from a study library of your own.",
    )
    parser.add_argument("recipe", choices=tuple(RECIPES), help="what to train")
    parser.add_argument(
        "config", type=Path, nargs="?", help="settings, TOML or JSON; else its own"
    )
    parser.add_argument("--only", action="append", help="run this stage alone")
    parser.add_argument("--real", help="the folder of the POCUS collection")
    parser.add_argument("--work", help="the folder to work in")
    parser.add_argument("--threads", type=int, help="threads of torch")
    return parser


def _with_options(settings: RunSettings, options: argparse.Namespace) -> RunSettings:
    values = {
        name: value
        for name in ("real", "work", "threads")
        if (value := getattr(options, name)) is not None
    }
    return settings.with_values(**values)


def _run(
    recipe: Recipe,
    settings: RunSettings,
    only: Sequence[str] | None,
    cancel: CancelToken,
) -> None:
    import cv2  # noqa: PLC0415 - its threads would fight with torch's

    cv2.setNumThreads(1)
    stages = tuple(only or recipe.stages)
    if unknown := sorted(set(stages) - recipe.stages.keys()):
        msg = f"{recipe.name} has no stage {', '.join(unknown)}."
        raise TrainingError(msg, hint=f"Its stages: {', '.join(recipe.stages)}.")
    folder = settings.run_folder
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        for stage in stages:
            _say({"event": "stage", "stage": stage}, log)
            for event in recipe.stages[stage](settings, cancel):
                _say(event, log)
    _say({"event": "done"})


def _say(event: dict[str, Any], log: Any = None) -> None:  # noqa: ANN401 - a text file
    line = json.dumps(event)
    print(line, flush=True)
    if log is not None:
        log.write(line + "\n")
        log.flush()


def _stop_on_signals(cancel: CancelToken) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        cancel.cancel()

    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
    except ValueError as error:  # not the main thread
        msg = "Training needs a process of its own."
        raise TrainingError(msg, hint="Start it as 'lusviewer train'.") from error
