"""Corrected biomarkers as a table: CSV out, a row a biomarker that somebody set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lusviewer.files import write_rows
from lusviewer.library.label_table import file_cell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lusviewer.library.corrections import Corrected
    from lusviewer.library.library import Library

COLUMNS: Final = (
    "file",
    "sha256",
    "patient",
    "rater",
    "biomarker",
    "value",
    "model_value",
    "model_sha256",
    "corrected_utc",
)


def write_correction_table(
    library: Library, path: Path, rater: str | None = None
) -> int:
    """Write the corrections in force, a row a biomarker; return how many rows.

    With ``rater`` only that person's. Files are named as in the table of labels; the
    model's cell is empty where it had said nothing.
    """
    corrected = library.corrections.current(rater)
    clips = {clip.id: clip for clip in library.clips.all()} if corrected else {}
    rows: list[list[str]] = []
    for one in corrected:
        clip = clips[one.clip_id]
        of = [file_cell(clip, path.parent), clip.sha256, clip.patient, one.rater]
        rows += [[*of, *cells] for cells in _value_cells(one)]
    write_rows([COLUMNS, *rows], path)
    return len(rows)


def _value_cells(one: Corrected) -> Iterator[list[str]]:
    for key, value in sorted(one.values.items()):
        said = one.model_values.get(key)
        model = "" if said is None else f"{said:.12g}"
        yield [key, f"{value:.12g}", model, one.model_sha256, one.corrected_utc]
