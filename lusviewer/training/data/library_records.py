"""A labelled collection as records that a study library takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lusviewer.errors import LibraryError
from lusviewer.library.records import ClipRecord
from lusviewer.library.records import Said as Answered
from lusviewer.library.tasks import BUILT_IN
from lusviewer.library.zones import Zone
from lusviewer.training.data.collection import Said, read_collection, s_f_ratio

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lusviewer.training.data.collection import Record

_RATERS: Final = {"labels.csv": "POCUS", "severity.csv": "COVID-BLUeS"}
_BLUE_POINT: Final = re.compile(r"patient_\d+_([LR][123])(_\d+)?")


def collection_records(folder: Path) -> tuple[ClipRecord, ...]:
    """Return the clips of a POCUS or COVID-BLUeS folder with all that is said of them.

    The collection is the rater. Those that its table names and that are not there are
    among them, so that they are told. Raises ``TrainingError`` for another folder.
    """
    rater = next((r for t, r in _RATERS.items() if (folder / t).is_file()), "")
    return tuple(_record(one, rater) for one in read_collection(folder, missing=True))


def _record(record: Record, rater: str) -> ClipRecord:
    point = _BLUE_POINT.fullmatch(record.name)
    return ClipRecord(
        path=record.path,
        patient=record.patient,
        zone=Zone("BLUE", point[1]) if point else None,
        licence=record.licence,
        rater=rater,
        labels=_labels(record),
        facts=record.facts,
        where=record.name,
    )


def _labels(record: Record) -> dict[str, Answered]:
    """Return what is said by task; what is not mentioned is no answer."""
    labels = {
        f"finding.{key}": Answered(label.said.value, label.certainty)
        for key, label in record.findings.items()
        if label.said is not Said.NOT_MENTIONED
    }
    if record.severity is not None:
        labels["severity"] = Answered(str(record.severity))
    if record.diagnosis is not None:
        labels["diagnosis"] = Answered(record.diagnosis)
    ratio = s_f_ratio(record.facts)
    if ratio is not None and _takes("s_f", ratio):
        labels["s_f"] = Answered(f"{ratio:.12g}", detail=_oxygen(record.facts))
    return labels


def _takes(task: str, value: float) -> bool:
    try:
        BUILT_IN[task].check(f"{value:.12g}")
    except LibraryError:
        return False
    return True


def _oxygen(facts: Mapping[str, float]) -> dict[str, float]:
    """Return what the S/F ratio rests on, under the library's names."""
    litres = facts.get("oxygen_liter", 0.0)
    with_oxygen = facts.get("oxygen_saturation_with_ox")
    if litres > 0 and with_oxygen is not None:
        return {"spo2": with_oxygen, "oxygen_l_min": litres}
    return {"spo2": facts["oxygen_saturation_without_ox"]}
