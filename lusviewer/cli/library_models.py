"""``lusviewer library analyse`` and the import of whole collections."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tqdm import tqdm

from lusviewer import paths
from lusviewer.errors import LibraryError
from lusviewer.experts.in_use import experts_in_use
from lusviewer.export.tabular import report_dict
from lusviewer.inference import open_bundle
from lusviewer.library.analysing import analyse_clips, to_analyse

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from lusviewer.cancel import CancelToken
    from lusviewer.library import Library
    from lusviewer.library.records import ClipRecord


def analyse_library(
    library: Library, arguments: argparse.Namespace, cancel: CancelToken
) -> int:
    """Analyse what the model has not seen yet; 1 where a clip could not be."""
    folder = arguments.model or paths.default_bundle()
    bundle = open_bundle(folder, device=arguments.device, threads=arguments.threads)
    model = (bundle, experts_in_use(folder))
    sha256, again = bundle.identity.sha256, arguments.again
    total, failed, done = len(to_analyse(library, sha256, again=again)), 0, 0
    known = library.clips.count() - total
    hidden = True if arguments.quiet else None  # None: only where a person watches
    try:
        with tqdm(total=total, unit="clip", disable=hidden, file=sys.stderr) as bar:
            for one in analyse_clips(library, model, report_dict, cancel, again=again):
                bar.update()
                done += 1
                if one.error is not None:
                    failed += 1
                    tqdm.write(f"{one.clip.path}: {one.error}", file=sys.stderr)
    finally:
        if not arguments.quiet:
            print(f"{done - failed} analysed, {failed} not, {known} were before")
    return 1 if failed else 0


def records_of(folder: Path) -> tuple[ClipRecord, ...]:
    """Return the records of a collection's folder."""
    try:
        from lusviewer.training.data.library_records import (  # noqa: PLC0415 - may lack
            collection_records,
        )
    except ImportError as error:
        msg = f"This build of lusviewer cannot read {folder}: {error}."
        raise LibraryError(msg, hint="Import its labels as a CSV instead.") from error
    return collection_records(folder)
