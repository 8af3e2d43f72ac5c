"""A study library whose labels can be told from what the model is made to say."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from lusviewer.cancel import CancelToken
from lusviewer.findings import (
    FINDINGS,
    LABELS,
    ClipReport,
    Evidence,
    Quality,
    Timelines,
)
from lusviewer.inference import open_bundle
from lusviewer.library import Answer, open_library
from lusviewer.library.records import ClipRecord, Said, add_records
from lusviewer.training.local.control import Control
from lusviewer.training.local.run import train_local
from lusviewer.training.local.settings import LocalSettings
from tests.bundles import make_bundle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lusviewer.findings import ModelIdentity
    from lusviewer.library import Library

PATIENTS, CLIPS, EMBEDDING = 12, 3, 8


def report_of(
    model: ModelIdentity, grade: int, rng: np.random.Generator, *, sure: bool = True
) -> ClipReport:
    """Return a report whose B-lines and embedding grow with ``grade``."""
    noise = 0.03 if sure else 1.0
    biomarkers = {label.key: Evidence(float(rng.random()), 0) for label in LABELS}
    many = float(np.clip(0.2 + 0.3 * grade + rng.normal(0, noise), 0, 1))
    biomarkers["b_lines.many"] = Evidence(many, 0)
    timelines = Timelines(np.arange(2, dtype=np.float64))
    timelines.analysed[:] = True
    timelines.embeddings = rng.normal(grade, 0.1, (2, EMBEDDING)).astype(np.float32)
    return ClipReport(
        clip=cast("Any", None),
        geometry=cast("Any", None),
        frame_times_s=timelines.frame_times_s,
        model=model,
        software="lusviewer tests",
        created_utc="2026-01-01T00:00:00+00:00",
        timelines=timelines,
        findings={key: Evidence(many, 0) for key in FINDINGS},
        biomarkers=biomarkers,
        measured={"b_line_count_max": grade, "pleura_depth_mm": None},
        predictions=(),
        quality=Quality(assessable=True, reason=""),
        warnings=(),
    )


def fill(folder: Path, model: ModelIdentity) -> None:
    """Make a library of 12 patients with 3 clips each, severity 0 to 2."""
    rng = np.random.default_rng(0)
    records, grades = [], []
    for number in range(PATIENTS):
        for clip in range(CLIPS):
            path = folder.parent / f"clip_{number}_{clip}.mp4"
            path.write_bytes(f"GIF89a clip {number} {clip}".encode())
            grade = number % 3
            grades.append(grade)
            labels = {
                "severity": Said(str(grade)),
                "finding.b_lines": Said("yes" if grade else "no"),
                "s_f": Said(str(400 - 100 * grade)),
            }
            facts = {"age": 40.0 + 10 * grade + clip}
            records.append(ClipRecord(path, f"P{number}", labels=labels, facts=facts))
    with open_library(folder) as library:
        list(add_records(library, records, CancelToken(), who="anna"))
        by_path = {clip.path: clip.id for clip in library.clips.all()}
        for record, grade in zip(records, grades, strict=True):
            report = report_of(model, grade, rng)
            library.analyses.keep(by_path[record.path], report, {})


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny bundle with its two experts."""
    return make_bundle(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def model(bundle: Path) -> ModelIdentity:
    return open_bundle(bundle, device="cpu").identity


@pytest.fixture(scope="session")
def study(model: ModelIdentity, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library, to be left as it is."""
    folder = tmp_path_factory.mktemp("study") / "library"
    fill(folder, model)
    return folder


@pytest.fixture
def own_study(study: Path, tmp_path: Path) -> Path:
    """A copy of the library that may be changed."""
    return Path(shutil.copytree(study, tmp_path / "library"))


@pytest.fixture
def settings(study: Path, bundle: Path, tmp_path: Path) -> LocalSettings:
    """Settings that are quick."""
    return LocalSettings(
        library=study,
        task="severity",
        bundle=bundle,
        kinds=("tree", "logistic"),
        folds=3,
        out=tmp_path / "expert",
        store=tmp_path / "store",
    )


@pytest.fixture(scope="session")
def trained(
    study: Path,
    bundle: Path,
    model: ModelIdentity,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[list[dict[str, Any]], LocalSettings]:
    """What came of training on the library once, to be left as it is."""
    place = tmp_path_factory.mktemp("trained")
    settings = LocalSettings(
        library=study,
        task="severity",
        bundle=bundle,
        kinds=("tree", "logistic"),
        folds=3,
        out=place / "expert",
        store=place / "store",
    )
    return list(train_local(settings, model, Control())), settings


def relabel(library: Library, task: str, values: Mapping[int, str | None]) -> None:
    """Let the rater of the library say otherwise."""
    library.labels.give(
        *(Answer(clip, task, value, "anna") for clip, value in values.items())
    )
