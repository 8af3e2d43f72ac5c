from __future__ import annotations

import numpy as np
import pytest

from lusviewer.findings import (
    BIOMARKERS,
    CLASSES,
    FINDING_BIOMARKERS,
    FINDINGS,
    INDEX,
    LABELS,
    MEASURED,
    FrameFindings,
    Kind,
    Lines,
    PackedMasks,
    Prediction,
    Timelines,
)


def findings(index: int, value: float, embedding: int = 4) -> FrameFindings:
    none = np.zeros(0, np.float32)
    lines = Lines(
        np.zeros((0, 2), np.float32), none, None, np.zeros((0, 6), np.float32)
    )
    return FrameFindings(
        frame_index=index,
        time_s=index / 25,
        masks=PackedMasks.pack(np.zeros((4, 4), np.uint8)),
        lines=lines,
        biomarkers=np.full(len(BIOMARKERS), value, np.float32),
        embedding=np.full(embedding, value, np.float32),
    )


def test_there_are_38_labels_in_9_groups():
    groups = [label.group for label in LABELS]

    assert len(LABELS) == 38
    sizes = [groups.count(group) for group in dict.fromkeys(groups)]
    assert sizes == [5, 5, 3, 4, 3, 5, 5, 5, 3]


def test_the_biomarkers_are_labels_then_findings_then_measured_values():
    assert BIOMARKERS == LABELS + FINDING_BIOMARKERS + MEASURED
    assert [b.key for b in FINDING_BIOMARKERS] == [f"finding.{k}" for k in FINDINGS]
    assert {b.kind for b in MEASURED} == {Kind.MEASURED}


def test_no_key_stands_for_two_biomarkers():
    assert len(INDEX) == len(BIOMARKERS)


def test_every_biomarker_has_words_a_unit_and_a_range():
    for biomarker in BIOMARKERS:
        assert biomarker.label
        assert biomarker.unit
        assert biomarker.description
        assert biomarker.lower < biomarker.upper


def test_outside_is_class_zero():
    assert CLASSES.index("outside") == 0


def test_a_label_map_comes_back_from_its_pack_unchanged():
    labels = np.random.default_rng(0).integers(0, 9, (30, 40), dtype=np.uint8)

    packed = PackedMasks.pack(labels)

    assert packed.shape == (30, 40)
    np.testing.assert_array_equal(packed.unpack(), labels)


def test_a_view_with_gaps_packs_as_well():
    labels = np.arange(64, dtype=np.uint8).reshape(8, 8)[::2, ::2]

    np.testing.assert_array_equal(PackedMasks.pack(labels).unpack(), labels)


def test_an_unpacked_label_map_cannot_be_written_to():
    unpacked = PackedMasks.pack(np.zeros((4, 4), np.uint8)).unpack()

    with pytest.raises(ValueError, match="read-only"):
        unpacked[0, 0] = 1


def test_a_frames_value_is_found_by_its_key():
    assert findings(0, 0.25).value("b_lines.many") == 0.25


def test_timelines_start_empty():
    timelines = Timelines(np.arange(3) / 25)

    assert len(timelines) == 3
    assert timelines.progress == 0
    assert timelines.embeddings is None
    assert np.isnan(timelines.values).all()


def test_timelines_take_frames_in_any_order():
    timelines = Timelines(np.arange(4) / 25)

    timelines.add(findings(2, 0.5))
    timelines.add(findings(0, 0.25))

    row = timelines.row("finding.b_lines")
    np.testing.assert_array_equal(row, [0.25, np.nan, 0.5, np.nan])
    assert timelines.progress == 0.5
    assert timelines.embeddings is not None
    assert timelines.embeddings[2].tolist() == [0.5] * 4


def test_a_clip_without_frames_is_analysed_already():
    assert Timelines(np.zeros(0)).progress == 1


def test_the_best_class_of_a_prediction_is_its_most_probable():
    prediction = Prediction("tree", "severity", ("0", "1", "2"), (0.2, 0.5, 0.3))

    assert prediction.best == "1"
