"""Having the experts in use judge a library's clips anew, and telling of it."""

from __future__ import annotations

import getpass
import json
import sys
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from lusviewer import paths
from lusviewer.cancel import CancelToken
from lusviewer.cli.interrupts import interruptible
from lusviewer.errors import LusViewerError
from lusviewer.experts.in_use import experts_in_use
from lusviewer.inference.bundle import read_model_manifest
from lusviewer.library import ClipFilter, default_folder, open_library
from lusviewer.library.database import FILE
from lusviewer.library.predicting import refresh_predictions, to_refresh

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from lusviewer.library import Library

# No thread of its own.
tqdm.monitor_interval = 0


def predict(
    library: Library, arguments: argparse.Namespace, cancel: CancelToken
) -> int:
    """Have the experts in use judge the clips anew, as ``arguments`` say."""
    bundle = arguments.model or paths.default_bundle()
    who = str(arguments.rater or getpass.getuser())
    found = refresh(library, bundle, arguments.store, cancel, who=who)
    if arguments.json:
        print(json.dumps(found))
    elif not arguments.quiet:
        print(in_words(found))
        experts = library.predictions.counts(found["model_sha256"])
        for expert, clips in experts.items():
            print(f"    {expert.name} {expert.version}: {clips} clips")
    return 0


def refresh_after(arguments: argparse.Namespace, bundle: Path, store: Path) -> int:
    """Refresh a library's predictions after a promotion; 1 where that failed.

    That of ``arguments``, or the default one where it exists.
    """
    folder = arguments.library or default_folder()
    if arguments.no_refresh:
        return 0
    if not (folder / FILE).is_file():
        if arguments.library is None:
            return 0
        msg = f"There is no library in {folder}."
        print(f"lusviewer: {msg} No predictions were refreshed.", file=sys.stderr)
        return 1
    cancel = CancelToken()
    try:
        with interruptible(cancel), open_library(folder) as library:
            found = refresh(library, bundle, store, cancel, who=getpass.getuser())
    except LusViewerError as error:
        hint = f"Then: lusviewer library predict --library {folder}"
        print(f"lusviewer: {error} {hint}", file=sys.stderr)
        return 1
    print(f"{folder}: {in_words(found)}")
    return 0


def refresh(
    library: Library, bundle: Path, store: Path | None, cancel: CancelToken, *, who: str
) -> dict[str, Any]:
    """Refresh what the experts in use with a bundle say; return the counts."""
    _, sha256 = read_model_manifest(bundle)
    experts = experts_in_use(bundle, store)
    found = {"clips": 0, "made": 0, "superseded": 0, "changed": 0}
    total = len(to_refresh(library, sha256, experts))
    steps = refresh_predictions(library, sha256, experts, cancel, who=who)
    with tqdm(total=total, unit="clip", disable=None, file=sys.stderr) as bar:
        for step in steps:
            bar.update(step.done - bar.n)
            found["clips"] += len(step.clip_ids)
            found["made"] += step.made
            found["superseded"] += step.superseded
            found["changed"] += step.changed
    analysed = library.clips.count(ClipFilter(analysed_by=sha256))
    who_says = {"model_sha256": sha256, "experts": len(experts)}
    return {**who_says, "analysed": analysed, **found}


def in_words(found: dict[str, Any]) -> str:
    """Say what a refresh did."""
    if not found["analysed"]:
        return "no clip was analysed by this model: nothing to judge"
    if not found["clips"]:
        return "the predictions are those of the experts in use"
    return (
        f"{found['clips']} clips judged anew by {found['experts']} experts: "
        f"{found['made']} predictions, {found['superseded']} superseded; "
        f"on {found['changed']} clips an expert changed its answer"
    )
