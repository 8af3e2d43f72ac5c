"""A small library of real clips, and a bundle of the shipped networks' own kind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from lusviewer.cancel import CancelToken
from lusviewer.library import open_library
from lusviewer.library.records import ClipRecord, Said, add_records
from lusviewer.training.adapt.run import Going, adapt
from lusviewer.training.adapt.settings import AdaptSettings
from lusviewer.training.data.targets import KEYS
from lusviewer.training.lite.bundle_writer import BundleWords, write_bundle
from lusviewer.training.lite.calibrate import Calibration
from lusviewer.training.local.control import Control
from lusviewer.training.nets.network import FrameNetwork, TemporalNetwork
from tests.small_clips import write_video

PATIENTS, TWICE = 10, 3


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of the shipped networks, of random weights."""
    torch.manual_seed(0)
    frame, temporal = FrameNetwork().eval(), TemporalNetwork().eval()
    temporal.start_from(frame)
    folder = tmp_path_factory.mktemp("models") / "random"
    calibration = Calibration(
        dict.fromkeys(KEYS, (1.0, 0.0)),
        {"b_lines": 0.4},
        dict.fromkeys(KEYS, "phantom"),
    )
    write_bundle(
        folder, (frame, temporal), calibration, BundleWords("random", "1", "no", "no")
    )
    return folder


def fill(folder: Path, clips: Path, patients: int = PATIENTS) -> None:
    """Make a library of 13 clips; every second patient shows B-lines."""
    clips.mkdir(parents=True, exist_ok=True)
    records = []
    for number in range(patients):
        said = {
            "finding.b_lines": Said("yes" if number % 2 else "no"),
            "severity": Said(str(1 + 2 * (number % 2))),
        }
        for clip in range(2 if number < TWICE else 1):
            path = clips / f"{number}-{clip}.avi"
            write_video(path, n_frames=9 + number, rate_hz=20 + clip)
            records.append(ClipRecord(path, f"P{number:02d}", labels=said))
    with open_library(folder) as library:
        list(add_records(library, records, CancelToken(), who="anna"))


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library, to be left as it is but for its cache, which grows."""
    place = tmp_path_factory.mktemp("study")
    fill(place / "library", place / "clips")
    return place / "library"


@pytest.fixture
def own_study(study: Path, tmp_path: Path) -> Path:
    """A copy of the library that may be changed; its clips lie where they lay."""
    return Path(shutil.copytree(study, tmp_path / "library"))


@pytest.fixture
def settings(study: Path, bundle: Path, tmp_path: Path) -> AdaptSettings:
    """Settings that are quick."""
    return AdaptSettings(
        library=study,
        bundle=bundle,
        what="temporal",
        task="finding.b_lines",
        steps=6,
        look_every=2,
        checkpoint_every=2,
        draws=2,
        out=tmp_path / "adapted",
    )


def run(settings, control=None, **going):
    """Return all events of an adaptation."""
    return list(adapt(settings, Going(control or Control(), **going)))


def of_kind(events, kind):
    return [event for event in events if event["event"] == kind]
