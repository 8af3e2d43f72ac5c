"""``lusviewer train adapt``: the model adapted to a study library of one's own."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lusviewer import paths
from lusviewer.library import default_folder
from lusviewer.training.adapt.settings import (
    GIB,
    METHODS,
    STEPS,
    USCL,
    WHATS,
    AdaptSettings,
    resolved,
)
from lusviewer.training.local.control import Control
from lusviewer.training.local.options import add_labels, add_only, only_of
from lusviewer.training.local.telling import tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def main(argv: Sequence[str]) -> int:
    """Adapt as ``argv`` says; progress comes as JSON lines. Return the exit status.

    0 where the model was written (or all was checked), 1 where it could not be, 2 for
    a wrong call, 130 where it was stopped: then no model was written, and the
    checkpoint stays for --resume, but with --drop.
    """
    options, control = _parser().parse_args(list(argv)), Control()
    return tell(_events(options, control), control)


def _events(options: argparse.Namespace, control: Control) -> Iterator[dict[str, Any]]:
    settings = resolved(_settings(options))
    # The list of clips may stand in the first line of what is listened to.
    if options.control:
        control.listen()
    # On so few numbers threads wait for each other longer than they work. Only
    # libraries that are loaded are held back. Torch comes with the run, and takes
    # seconds: what is wrong with the call is said before.
    import_module("sklearn.linear_model")
    import_module("cv2").setNumThreads(1)
    run = import_module("lusviewer.training.adapt.run")
    going = run.Going(
        control, resume=options.resume, drop=options.drop, wait=not options.no_wait
    )
    with import_module("threadpoolctl").threadpool_limits(settings.threads):
        yield from (run.check_only if options.check else run.adapt)(settings, going)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lusviewer train adapt",
        description="Adapt the model to a study library: a new model bundle, and a "
        "curve that shows whether it paid. Progress comes as JSON lines.",
    )
    parser.add_argument("--what", required=True, choices=WHATS, help="what is adapted")
    parser.add_argument(
        "--method", choices=METHODS, default=USCL, help="of --what pretrain"
    )
    parser.add_argument(
        "--task", help="finding.b_lines, severity, ...: what labels say"
    )
    add_labels(parser, "N")
    add_only(parser)
    parser.add_argument("--library", type=Path, metavar="FOLDER")
    parser.add_argument("--model", type=Path, metavar="DIR", help="what it starts from")
    parser.add_argument(
        "--name", help="of the new model; the model's and --what if not"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="a new folder for it")
    _add_course(parser)
    return parser


def _add_course(parser: argparse.ArgumentParser) -> None:
    usual = ", ".join(f"{what} {steps}" for what, steps in STEPS.items())
    parser.add_argument("--steps", type=int, metavar="N", help=f"at most: {usual}")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument(
        "--checkpoint-every", type=int, default=25, metavar="N", help="steps; 25"
    )
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    parser.add_argument(
        "--cache-gb", type=float, default=4.0, metavar="N", help="of the cache; 4"
    )
    parser.add_argument(
        "--check", action="store_true", help="only say what is wrong and how long"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on from the last checkpoint"
    )
    parser.add_argument(
        "--drop", action="store_true", help="keep no checkpoint where it is cancelled"
    )
    parser.add_argument(
        "--no-wait", action="store_true", help="refuse while another training works"
    )
    parser.add_argument(
        "--control", action="store_true", help="obey stop and cancel on standard input"
    )


def _settings(options: argparse.Namespace) -> AdaptSettings:
    return AdaptSettings(
        library=(options.library or default_folder()).absolute(),
        bundle=options.model or paths.default_bundle(),
        what=options.what,
        method=options.method,
        task=options.task,
        cuts=options.cut,
        has=options.has,
        rater=options.rater,
        certainty=options.certainty,
        only=only_of(options),
        seed=options.seed,
        steps=STEPS[options.what] if options.steps is None else options.steps,
        checkpoint_every=options.checkpoint_every,
        threads=options.threads,
        name=options.name,
        out=options.out,
        cache_bytes=round(options.cache_gb * GIB),
    )
