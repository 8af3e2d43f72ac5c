"""Tiny collections laid out as the real ones: a table and clips of drawn labels."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from tests.small_clips import write_png, write_video
from tests.unit.training.pocus_table import POCUS_FIELDS

if TYPE_CHECKING:
    from pathlib import Path

PARTS = {"train": range(8), "validation": range(8, 14), "test": range(14, 20)}
_LABELS = ("regular", "Bacterial pneumonia", "COVID-19")


def split() -> dict[str, tuple[str, ...]]:
    """Return the split of the small POCUS collection."""
    return {part: tuple(f"{i}.png" for i in rows) for part, rows in PARTS.items()}


def write_pocus(folder: Path) -> Path:
    """Write twenty pictures of twenty patients; the odd ones show B-lines."""
    folder.mkdir()
    with (folder / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, POCUS_FIELDS)
        writer.writeheader()
        for i in range(20):
            write_png(folder / f"{i}.png", 4 * (i % 2))
            tick = f"{i % 2}.0"
            row = dict.fromkeys(POCUS_FIELDS, tick) | {
                "file": f"{i}.png",
                "Label": _LABELS[i % 3],
                "Lung Severity Score": f"{i % 4}.0",
                "Patient ID / Name": str(i),
                "Comments first medical doctor (MD1)": "",
                "URL (Video Name)": "",
            }
            writer.writerow(row)
    return folder


def write_blues(folder: Path, n_patients: int = 4) -> Path:
    """Write two videos a patient; those of the odd patients are labelled as ill."""
    (folder / "videos").mkdir(parents=True)
    rows = ["video_file,Severity Score,A-lines,B-lines,comments"]
    facts = [
        "patient_id,respiratory_rate,pulse,oxygen_saturation_without_ox,"
        "oxygen_saturation_with_ox,oxygen_liter,pat_age,pat_sex,pat_bmi"
    ]
    for patient in range(n_patients):
        ill = patient % 2
        facts.append(f"{patient},{16 + patient},-99.0,{98 - 8 * ill},-96,,60.0,1,")
        for point in ("L1", "R1"):
            name = f"patient_{patient}_{point}"
            write_video(folder / "videos" / f"{name}.mp4", 4)
            rows.append(f"{name},{2 * ill}.0,{'no' if ill else ' yes'},yes,")
            rows[-1] = rows[-1].replace(",yes,", ",yes," if ill else ",no,")
    (folder / "severity.csv").write_text("\n".join(rows) + "\n")
    (folder / "clinical_variables.csv").write_text("\n".join(facts) + "\n")
    return folder
