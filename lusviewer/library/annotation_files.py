"""Annotation files of other programs, in and out of a library."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Final

from lusviewer.cancel import CancelToken
from lusviewer.errors import ClipError, LibraryError
from lusviewer.files import make_folder, written
from lusviewer.io import open_clip
from lusviewer.library.annotations import (
    Annotations,
    ohif_document,
    read_annotations,
    slicer_document,
)
from lusviewer.library.drawings import draw

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lusviewer.clip import Clip
    from lusviewer.library.library import Library
    from lusviewer.library.values import ClipEntry, Drawing, Line

FORMATS: Final = ("slicer", "ohif")


def import_lines(
    library: Library, path: Path, rater: str, clip: ClipEntry | None = None
) -> tuple[ClipEntry, Annotations]:
    """Keep the lines of an annotation file; return the clip and what was read.

    Without ``clip`` it is the one whose file is called like the annotations, which
    may have the rater's name in theirs: ``x.json`` or ``x.rater.json`` for ``x.dcm``.
    Raises ``LibraryError`` where file and clip do not belong together.
    """
    clip = clip or _clip_of(library, path)
    with open_clip(clip.path) as opened:
        found = read_annotations(path, opened.locate(CancelToken()), rater)
        _belongs(path, found, opened)
    try:
        _keep(library, clip, found, note=f"from {path.name}")
    except LibraryError as error:
        error.message = f"{path.name}: {error.message}"
        raise
    return clip, found


def _keep(library: Library, clip: ClipEntry, found: Annotations, note: str) -> None:
    # All of a rater's frames at once: a file is kept whole or not at all.
    for who in sorted({who for _, who in found.lines}):
        with library.database.writing(who) as change:
            for (frame, drawn_by), lines in sorted(found.lines.items()):
                if drawn_by == who:
                    draw(change, clip.id, frame, lines, note=note)


@dataclass(frozen=True, slots=True)
class Exported:
    """The files of one clip's lines, or why there are none; ``done`` of ``total``."""

    clip: ClipEntry
    done: int
    total: int
    files: tuple[Path, ...] = ()
    error: ClipError | None = None


def export_lines(
    library: Library, folder: Path, kind: str, rater: str | None = None
) -> Iterator[Exported]:
    """Write the drawings in force clip by clip (OHIF: a file a clip and rater).

    Files are called ``<clip's name>.json`` or ``<clip's name>.<rater>.json``, so that
    both programs and ``import_lines`` find the clip again. A clip that cannot be opened
    is told as such; the others go on.
    """
    make_folder(folder)
    ids = library.drawings.clips()
    for done, clip_id in enumerate(ids, 1):
        clip = library.clips.get(clip_id)
        drawings = library.drawings.of_clip(clip_id, rater)
        if not drawings:
            continue
        try:
            documents = _documents(clip, drawings, kind, rater)
        except ClipError as error:
            yield Exported(clip, done, len(ids), error=error)
            continue
        files = [_write(folder / name, text) for name, text in documents.items()]
        yield Exported(clip, done, len(ids), tuple(files))


def _documents(
    clip: ClipEntry, drawings: tuple[Drawing, ...], kind: str, rater: str | None
) -> dict[str, dict[str, object]]:
    with open_clip(clip.path) as opened:
        geometry = opened.locate(CancelToken())
        uid = opened.identity.sop_instance_uid or ""
    stem = clip.path.stem
    if kind == "slicer":
        name = f"{stem}.{_safe(rater)}.json" if rater else f"{stem}.json"
        return {name: slicer_document(drawings, geometry, uid)}
    raters = sorted({drawing.rater for drawing in drawings})
    return {
        f"{stem}.{_safe(who)}.json": ohif_document(drawings, geometry, uid, who)
        for who in raters
    }


def _safe(rater: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in rater)


def _write(path: Path, document: Mapping[str, object]) -> Path:
    with written(path) as file:
        file.write(json.dumps(document, allow_nan=False).encode("ascii"))
    return path


def _clip_of(library: Library, path: Path) -> ClipEntry:
    """Return the clip that a file of annotations is called after."""
    stem = path.name.removesuffix(".json")
    for name in dict.fromkeys((stem, stem.rpartition(".")[0] or stem)):
        found = [clip for clip in library.clips.all() if clip.path.stem == name]
        if len(found) == 1:
            return found[0]
        if found:
            msg = f"{path.name} could belong to {len(found)} clips."
            raise LibraryError(msg, hint="Say which with --clip.")
    msg = f"No clip of the library is called {stem}."
    raise LibraryError(msg, hint="Add it first, or say which one with --clip.")


def _belongs(path: Path, found: Annotations, clip: Clip) -> None:
    """Refuse annotations of another clip."""
    name, uid = clip.identity.path.name, clip.identity.sop_instance_uid
    size = (clip.geometry.rows, clip.geometry.columns)
    why = ""
    if uid and found.sop_instance_uid and uid != found.sop_instance_uid:
        why = "their SOPInstanceUIDs differ"
    elif found.size is not None and found.size != size:
        why = f"it is for frames of {found.size[1]} x {found.size[0]} px"
    elif any(frame >= len(clip) for frame, _ in found.lines):
        why = f"it has lines beyond the clip's {len(clip)} frames"
    elif any(_outside(line, size) for lines in found.lines.values() for line in lines):
        why = f"it has lines outside of its {size[1]} x {size[0]} px"
    if why:
        msg = f"{path.name} does not belong to {name}: {why}."
        raise LibraryError(msg, hint="Say which clip it is for with --clip.")


def _outside(line: Line, size: tuple[int, int]) -> bool:
    """Whether no point of a line lies in the picture: it was drawn on another one."""
    rows, columns = size
    return bool(line.points) and not any(
        (0 <= x <= columns and 0 <= y <= rows) or not isfinite(x + y)
        for x, y in line.points
    )
