"""Having a model look at the clips of a library, clip by clip."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from lusviewer.analysis.whole import analyse_whole
from lusviewer.errors import LibraryError, LibraryFileError, LusViewerError
from lusviewer.io import open_clip
from lusviewer.library.values import ClipFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from typing import Any

    from lusviewer.cancel import CancelToken
    from lusviewer.experts import Expert
    from lusviewer.findings import ClipReport
    from lusviewer.inference.bundle import ModelBundle
    from lusviewer.library.library import Library
    from lusviewer.library.values import ClipEntry

    Document = Callable[[ClipReport], Mapping[str, Any]]

PATIENCE_S: Final = 60.0
"""So long a clip that is analysed waits to be kept while another process writes."""


@dataclass(frozen=True, slots=True)
class Analysed:
    """A clip the model has looked at, or why it could not; how many of how many."""

    clip: ClipEntry
    done: int
    total: int
    error: LusViewerError | None = None


def to_analyse(
    library: Library, model_sha256: str, *, again: bool = False
) -> tuple[ClipEntry, ...]:
    """Return the clips a model has not looked at; with ``again`` all of them."""
    asked = None if again else model_sha256
    return tuple(library.clips.all(ClipFilter(not_analysed_by=asked)))


def analyse_clips(
    library: Library,
    model: tuple[ModelBundle, Sequence[Expert]],
    document_of: Document,
    cancel: CancelToken,
    *,
    again: bool = False,
) -> Generator[Analysed, None, None]:
    """Analyse the clips that ``model``, a bundle and its experts, has not looked at.

    Each clip's report and predictions are kept as soon as they are there, so that a
    run that was stopped goes on where it was; a bad file is told and passed over.
    ``document_of`` gives a report's JSON form.

    Raises ``LibraryFileError`` where the library itself cannot be written: that
    would be so for every clip that is left.
    """
    clips = to_analyse(library, model[0].identity.sha256, again=again)
    for done, clip in enumerate(clips, 1):
        cancel.check()
        error: LusViewerError | None = None
        try:
            _analyse(library, clip, model, document_of, cancel)
        except LibraryFileError as problem:
            left = f"Still to be analysed: {len(clips) - done + 1} of {len(clips)}"
            raise _stopped(library, problem, left, again=again) from problem
        except LusViewerError as problem:
            error = problem
        except Exception as bug:  # noqa: BLE001 - the other clips can do without
            kind = type(bug).__name__
            error = LibraryError(f"A bug in lusviewer: {kind}: {bug}")
        yield Analysed(clip, done, len(clips), error)


def _analyse(
    library: Library,
    entry: ClipEntry,
    model: tuple[ModelBundle, Sequence[Expert]],
    document_of: Document,
    cancel: CancelToken,
) -> None:
    clip = open_clip(entry.path)
    try:
        if clip.identity.sha256() != entry.sha256:
            msg = f"{entry.path} is another file than the one the library knows."
            hint = "Add it as a clip of its own, or bring the old file back."
            raise LibraryError(msg, hint=hint)
        _, report = analyse_whole(clip, *model, cancel)
    finally:
        clip.close()
    said = document_of(report)
    _patiently(partial(library.analyses.keep, entry.id, report, said, model[1]), cancel)


def _patiently(keep: Callable[[], None], cancel: CancelToken) -> None:
    """Do ``keep``, again and again for a while where another process writes."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            keep()
        except LibraryFileError as error:
            if not error.busy or time.monotonic() > until:
                raise
            cancel.check()
        else:
            return


def _stopped(
    library: Library, error: LibraryFileError, left: str, *, again: bool
) -> LibraryFileError:
    """Return why the analysis stopped, where, what to do and how much is left."""
    msg, hint = error.message, error.hint
    if error.full:
        msg = f"The disk is full: {library.folder} can hold no more analyses."
        hint = "Make room there."
    on = "it begins anew" if again else "it goes on where it stopped"
    hint = f"{hint} Then analyse the library again: {on}. What was analysed is kept."
    told = f"{msg} {left} clips."
    return LibraryFileError(told, hint=hint, full=error.full, busy=error.busy)
