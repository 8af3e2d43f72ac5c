from __future__ import annotations

import json

import numpy as np
import pytest

from lusviewer.analysis.whole import analyse_whole
from lusviewer.cancel import CancelToken
from lusviewer.errors import TrainingError
from lusviewer.experts.features import MEASURED_FEATURES, features_of
from lusviewer.inference.bundle import open_bundle
from lusviewer.io import open_clip
from lusviewer.training.measure import blues, pocus
from lusviewer.training.measure.blues import blues_sources, measure_covid_blues
from lusviewer.training.measure.clip_store import ClipStore, Source
from lusviewer.training.measure.pocus import measure_pocus, pocus_sources
from tests.bundles import make_bundle
from tests.small_clips import write_video
from tests.unit.training.small_collections import split, write_blues, write_pocus


@pytest.fixture
def bundle(tmp_path):
    return open_bundle(make_bundle(tmp_path / "bundle"), device="cpu")


@pytest.fixture
def source(tmp_path):
    path = write_video(tmp_path / "clip.avi", 4)
    return Source("clip.avi", "a", path)


def test_a_clip_has_the_features_that_the_viewer_gives_it(bundle, source, tmp_path):
    store = ClipStore(tmp_path / "work")
    found = store.read(bundle, source, CancelToken()).features()

    clip = open_clip(source.path)
    _, report = analyse_whole(clip, bundle, (), CancelToken())
    clip.close()
    wanted = features_of(report)
    close = {
        key: value
        for key, value in wanted.items()
        if key not in MEASURED_FEATURES and abs(found[key] - value) > 1e-5
    }
    assert close == {}
    # Lines are measured on every third frame only: 0 and 3, without and with B-lines.
    assert found["measured.b_line_count_max"] == wanted["measured.b_line_count_max"]


def test_what_was_said_is_read_back_without_the_clip(bundle, source, tmp_path):
    store = ClipStore(tmp_path / "work")
    first = store.read(bundle, source, CancelToken())
    source.path.unlink()
    again = ClipStore(tmp_path / "work").read(bundle, source, CancelToken())

    assert np.array_equal(first.frames, again.frames)
    assert np.array_equal(first.measured, again.measured, equal_nan=True)


def test_another_bundle_is_asked_itself(bundle, source, tmp_path):
    store = ClipStore(tmp_path / "work")
    first = store.read(bundle, source, CancelToken())
    changed = make_bundle(tmp_path / "other", calibration={"finding.b_lines": [1, 2]})
    other = store.read(open_bundle(changed, device="cpu"), source, CancelToken())

    assert np.array_equal(first.embeddings, other.embeddings)
    assert not np.array_equal(first.frames, other.frames)


def test_where_no_clip_opens_it_is_said(bundle, tmp_path):
    gone = [Source("gone.mp4", "a", tmp_path / "gone.mp4")]
    with pytest.raises(TrainingError, match="None of the clips"):
        ClipStore(tmp_path).read_all(bundle, gone, CancelToken())


def test_covid_blues_is_judged_by_its_own_table(bundle, tmp_path):
    folder = write_blues(tmp_path / "blues")
    found, cases = measure_covid_blues(bundle, folder, ClipStore(tmp_path / "work"))

    assert (found["clips"], found["patients"]) == (8, 4)
    b_lines = found["questions"]["b_lines"]
    assert (b_lines["auc"]["n"], b_lines["auc"]["positives"]) == (8, 4)
    assert b_lines["by_patient"]["auc"]["n"] == 4
    assert len(cases) == 16
    json.dumps(found, allow_nan=False)


def test_values_of_the_table_are_stripped_and_may_lack(tmp_path):
    folder = write_blues(tmp_path / "blues")
    table = folder / "severity.csv"
    table.write_text(table.read_text().replace("patient_0_L1,0.0,", "patient_0_L1,,"))
    sources, labels = blues_sources(folder)

    assert len(sources) == 8
    assert labels["patient_0_L1"].severity is None
    assert labels["patient_0_L1"].a_lines is True
    assert labels["patient_1_L1"].severity == 2


def test_pocus_is_judged_with_all_zeros_and_with_supported_ones(
    bundle, tmp_path, monkeypatch
):
    monkeypatch.setattr(pocus, "shipped_split", split)
    folder = write_pocus(tmp_path / "pocus")
    found, _ = measure_pocus(bundle, folder, "test", ClipStore(tmp_path / "work"))

    assert found["clips"] == 6
    b_lines = found["findings"]["b_lines"]
    assert b_lines["all"]["auc"]["value"] == 1
    assert b_lines["supported"]["auc"]["n"] < b_lines["all"]["auc"]["n"] == 6


def test_a_part_without_clips_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(pocus, "shipped_split", lambda: {"test": ("other.png",)})
    folder = write_pocus(tmp_path / "pocus")
    with pytest.raises(TrainingError, match="no clip of the part 'test'"):
        pocus_sources(folder, "test")


def test_a_collection_without_its_table_is_refused(tmp_path):
    with pytest.raises(TrainingError, match=r"severity\.csv"):
        blues.read_rows(tmp_path, "severity.csv")
