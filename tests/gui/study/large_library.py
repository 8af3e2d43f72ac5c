"""A library of thousands of clips, made in its database with tiny thumbnails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from sqlalchemy import insert

from lusviewer.library import open_library
from lusviewer.library.tables import (
    CLIPS,
    EXAMS,
    EXPERTS,
    LABELS,
    PATIENTS,
    PREDICTIONS,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Table

UTC = "2026-01-01T00:00:00.000+00:00"
PER_PATIENT = 10
PICTURES = 64


def make_large(folder: Path, clips: int = 5000) -> Path:
    """Write a library of ``clips`` clips, two thirds labelled, all predicted."""
    with open_library(folder) as library, library.database.writing("test") as change:
        for table, rows in _rows(clips).items():
            change.connection.execute(insert(table), rows)
    _write_thumbnails(folder, clips)
    return folder


def sha256_of(clip: int) -> str:
    return f"{clip % 251:02x}{clip:062x}"


def _write_thumbnails(folder: Path, clips: int) -> None:
    """Write every clip's picture; a few contents under many names."""
    noise = np.random.default_rng(0).integers(0, 256, (PICTURES, 40, 50), np.uint8)
    coded = [
        cv2.imencode(".jpg", cv2.resize(one, (160, 128)))[1].tobytes() for one in noise
    ]
    for clip in range(1, clips + 1):
        name = sha256_of(clip)
        target = folder / "thumbnails" / name[:2] / f"{name}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(coded[clip % PICTURES])


def _rows(clips: int) -> dict[Table, list[dict[str, object]]]:
    numbers = range(1, clips + 1)
    patients = range(1, clips // PER_PATIENT + 1)
    return {
        PATIENTS: [
            {"id": n, "pseudonym": f"P{n:04}", "given": False, "created_utc": UTC}
            for n in patients
        ],
        EXAMS: [
            {"id": n, "patient_id": n, "name": "1", "facts": "{}", "created_utc": UTC}
            for n in patients
        ],
        CLIPS: [_clip(n) for n in numbers],
        LABELS: [
            label
            for n in numbers
            if n % 3
            for label in (
                _label(n, "severity", str(n % 4)),
                _label(n, "finding.a_lines", "yes" if n % 2 else "no"),
                _label(n, "finding.b_lines", "no" if n % 2 else "yes"),
            )
        ],
        EXPERTS: [
            {
                "id": 1,
                "name": "severity-tree",
                "version": "1",
                "sha256": "e" * 64,
                "target": "severity",
                "classes": '["0", "1", "2", "3"]',
            }
        ],
        PREDICTIONS: [_prediction(n) for n in numbers],
    }


def _clip(n: int) -> dict[str, object]:
    name = f"clip_{n:05}_of_a_long_name.mp4"
    return {
        "id": n,
        "exam_id": 1 + (n - 1) // PER_PATIENT,
        "name": name,
        "path": f"/study/{n // PER_PATIENT}/{name}",
        "sha256": sha256_of(n),
        "size_bytes": n,
        "modified_ns": n,
        "scheme": "8",
        "zone": f"{'RL'[n % 2]}{1 + n % 4}",
        "licence": "",
        "missing": n % 50 == 0,
        "added_utc": UTC,
    }


def _label(n: int, task: str, value: str) -> dict[str, object]:
    return {
        "clip_id": n,
        "task": task,
        "value": value,
        "rater": "anna",
        "certainty": 1.0,
        "detail": "{}",
        "note": "",
        "given_utc": UTC,
        "current": True,
    }


def _prediction(n: int) -> dict[str, object]:
    return {
        "clip_id": n,
        "model_sha256": "a" * 64,
        "expert_id": 1,
        "best": str(n % 3),
        "probability": 0.7,
        "probabilities": "[0.7, 0.1, 0.1, 0.1]",
        "abstained": n % 7 == 0,
        "why": "",
        "frame": None,
        "reasons": "[]",
        "analysed_utc": UTC,
        "made_utc": UTC,
        "superseded_utc": None,
    }
