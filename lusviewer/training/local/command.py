"""``lusviewer train expert``: an expert fitted on a study library of one's own."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lusviewer import paths
from lusviewer.findings import ModelIdentity
from lusviewer.inference.bundle import read_model_manifest
from lusviewer.library import default_folder
from lusviewer.training.local.checking import check_local
from lusviewer.training.local.control import Control
from lusviewer.training.local.folds import kinds_of
from lusviewer.training.local.lock import held, wait_for_turn
from lusviewer.training.local.options import add_labels, add_only, only_of
from lusviewer.training.local.samples import INPUTS
from lusviewer.training.local.settings import (
    LocalSettings,
    check_installed,
    check_settings,
)
from lusviewer.training.local.telling import tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_READY: Final = {"event": "progress", "done": 0, "total": 0, "what": "getting ready"}


def main(argv: Sequence[str]) -> int:
    """Train as ``argv`` says; progress comes as JSON lines. Return the exit status.

    0 where the expert was written, or the labels can be trained on, 1 where not, 2 for
    a wrong call, 130 where it was stopped: then nothing was written.
    """
    options, control = _parser().parse_args(list(argv)), Control()
    return tell(_events(options, control), control)


def _events(options: argparse.Namespace, control: Control) -> Iterator[dict[str, Any]]:
    settings = _settings(options)
    # The list of clips may stand in the first line of what is listened to.
    if options.control:
        control.listen()
    manifest, sha256 = read_model_manifest(settings.bundle)
    model = ModelIdentity(manifest.name, manifest.version, sha256, "")
    if options.check:
        yield from check_local(settings, model)
        return
    check_settings(settings)
    check_installed()
    wait = not options.no_wait
    lock = yield from wait_for_turn(settings.library, control, wait=wait)
    with held(lock):
        yield {**_READY, "seconds_left": None}
        # On so few numbers threads wait for each other longer than they work. Only
        # libraries that are loaded are held back; torch is by the one that uses it.
        import_module("sklearn.linear_model")
        run = import_module("lusviewer.training.local.run")
        # Brings torch along: it would else be counted as the first perceptron's time.
        import_module("lusviewer.training.local.bundle")
        with import_module("threadpoolctl").threadpool_limits(1):
            yield from run.train_local(settings, model, control)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lusviewer train expert",
        description="Fit an expert on a study library. Progress comes as JSON lines.",
    )
    parser.add_argument("--task", required=True, help="severity, finding.b_lines, ...")
    parser.add_argument("--library", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--inputs",
        default="biomarkers,measured",
        metavar="LIST",
        help=f"any of {','.join(INPUTS)}; biomarkers,measured where not said",
    )
    parser.add_argument(
        "--kind", default="all", metavar="LIST", help="all, or tree,svm"
    )
    parser.add_argument("--folds", type=int, default=5, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    add_labels(parser)
    add_only(parser)
    parser.add_argument(
        "--name", help="of the expert; the task's and -local if not said"
    )
    parser.add_argument("--model", type=Path, metavar="DIR", help="the model bundle")
    parser.add_argument("--store", type=Path, metavar="DIR", help="your experts in use")
    parser.add_argument("--out", type=Path, metavar="DIR", help="a new folder for it")
    parser.add_argument(
        "--check", action="store_true", help="only look at the labels, fit nothing"
    )
    parser.add_argument(
        "--control",
        action="store_true",
        help="read lines: 'stop' ends early and keeps the best, 'cancel' keeps nothing",
    )
    parser.add_argument(
        "--no-wait",
        action="store_true",
        help="give up where another training works on the library",
    )
    return parser


def _settings(options: argparse.Namespace) -> LocalSettings:
    return LocalSettings(
        library=(options.library or default_folder()).absolute(),
        task=options.task,
        bundle=options.model or paths.default_bundle(),
        inputs=tuple(part.strip() for part in options.inputs.split(",")),
        kinds=kinds_of(options.kind),
        folds=options.folds,
        seed=options.seed,
        cuts=options.cut,
        has=options.has,
        rater=options.rater,
        certainty=options.certainty,
        name=options.name,
        out=options.out,
        store=options.store,
        only=only_of(options),
    )
