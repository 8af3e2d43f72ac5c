"""``lusviewer train``: run a recipe; one JSON object a line tells how it goes."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.errors import LusViewerError, TrainingError
from lusviewer.training.config import TrainingConfig, read_config
from lusviewer.training.lite.recipe import STAGES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

RECIPES = ("lus-lite",)


def main(argv: Sequence[str]) -> int:
    """Run ``lusviewer train`` with the arguments after it; return the exit status.

    0 where the run ended, 1 where it failed, 2 for a wrong call, 130 where it was
    stopped; a stopped run goes on from its last checkpoint when called again.
    """
    options = _parser().parse_args(list(argv))
    cancel = CancelToken()
    _stop_on_signals(cancel)
    try:
        config = _with_options(read_config(options.config), options)
        _run(config, options.only or tuple(STAGES), cancel)
    except Cancelled:
        _say({"event": "stopped"})
        return 130
    except LusViewerError as error:
        _say({"event": "error", "message": error.message, "hint": error.hint})
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lusviewer train",
        description="Train a model bundle by a recipe. Progress comes as JSON lines.",
    )
    parser.add_argument("recipe", choices=RECIPES, help="what to train")
    parser.add_argument("config", type=Path, help="settings, as TOML or JSON")
    parser.add_argument(
        "--only", action="append", choices=tuple(STAGES), help="run this stage alone"
    )
    parser.add_argument("--real", help="the folder of the POCUS collection")
    parser.add_argument("--threads", type=int, help="threads of torch")
    return parser


def _with_options(
    config: TrainingConfig, options: argparse.Namespace
) -> TrainingConfig:
    values = {
        name: value
        for name in ("real", "threads")
        if (value := getattr(options, name)) is not None
    }
    return config.with_values(**values)


def _run(config: TrainingConfig, stages: Sequence[str], cancel: CancelToken) -> None:
    import cv2  # noqa: PLC0415 - its threads would fight with torch's

    cv2.setNumThreads(1)
    folder = config.run_folder
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        for stage in stages:
            _say({"event": "stage", "stage": stage}, log)
            for event in STAGES[stage](config, cancel):
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
