"""Summing up a clip: its probabilities, measures, quality and predictions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lusviewer import __version__
from lusviewer.analysis import analyse, summarise
from lusviewer.analysis.summary import measured_summary
from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.experts import load_experts, open_expert
from lusviewer.experts.features import MEASURED_FEATURES, features_of
from lusviewer.findings import FINDINGS, INDEX, LABELS, ClipReport, Timelines
from lusviewer.geometry import GRID
from lusviewer.inference import open_bundle
from lusviewer.inference.bundle import LungView
from lusviewer.inference.session import providers
from tests.bundles import grey_of, make_bundle, make_tree, probability_of
from tests.drawing import INDEX as CLASS
from tests.drawing import chest, drawn_clip, linear

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.clip import Clip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("bundle") / "tiny")


@pytest.fixture(scope="module")
def bundle(folder):
    return open_bundle(folder, device="cpu")


@pytest.fixture(scope="module")
def experts(folder):
    return load_experts(folder / "experts")


def peaked(n: int = 9, peak: int = 6) -> NDArray[np.uint8]:
    """Label maps with one B-line, and five of them in the frame ``peak``."""
    labels = np.repeat(chest()[None], n, axis=0)
    labels[:, 64:200, 10:16] = CLASS["b_line"]
    for first in (50, 90, 130, 170):
        labels[peak, 64:200, first : first + 16] = CLASS["b_line"]
    return labels


def clip_of(labels: NDArray[np.uint8], spacing=(0.2, 0.2), **options) -> Clip:
    return drawn_clip(grey_of(labels), linear(spacing), **options)


def report_of(clip: Clip, bundle, experts=()) -> ClipReport:
    timelines = Timelines(clip.frame_times_s)
    for findings in analyse(clip, bundle, CancelToken()):
        timelines.add(findings)
    return summarise(clip, bundle, experts, timelines, CancelToken())


def test_a_report_says_what_was_analysed_by_what(bundle):
    clip = clip_of(peaked())

    report = report_of(clip, bundle)

    assert report.clip is clip.identity
    assert report.geometry is clip.geometry
    assert report.model is bundle.identity
    assert report.software == f"lusviewer {__version__}"
    assert report.created_utc.endswith("+00:00")
    assert report.timelines.progress == 1
    assert report.warnings == ()


def test_a_probability_is_the_highest_of_the_frames_and_names_its_frame(bundle):
    labels = peaked()
    share = float((labels[6] == CLASS["b_line"]).mean())

    report = report_of(clip_of(labels), bundle)

    assert tuple(report.findings) == FINDINGS
    assert tuple(report.biomarkers) == tuple(label.key for label in LABELS)
    evidence = report.findings["b_lines"]
    assert evidence is not None
    assert evidence.frame == 6
    assert evidence.probability == pytest.approx(probability_of(share), abs=1e-6)
    assert report.biomarkers["b_lines.many"] == evidence


def test_measures_are_summed_up_over_the_frames(bundle):
    labels = peaked()
    labels[2, 120:140, 0:112] = CLASS["consolidation"]

    measured = report_of(clip_of(labels), bundle).measured

    assert measured["b_line_count_max"] == 5
    assert measured["b_line_count_median"] == 1.0
    assert measured["b_line_frame"] == 6
    assert measured["pleura_with_b_lines_fraction"] == pytest.approx(70 / GRID)
    assert measured["pleura_with_b_lines_frame"] == 6
    assert measured["a_line_count_median"] == 0.0
    assert measured["a_line_count_max"] == 0
    assert measured["pleura_depth_mm"] == pytest.approx(12.4)
    assert measured["pleura_thickness_mm"] == pytest.approx(0.8)
    assert measured["consolidation_frame"] == 2
    assert measured["consolidation_fraction"] == pytest.approx(0.0625, abs=0.001)
    assert measured["a_line_spacing_error"] is None
    assert measured["pleura_frames_fraction"] == 1.0


def test_whole_numbers_stay_whole(bundle):
    measured = report_of(clip_of(peaked()), bundle).measured

    assert type(measured["b_line_count_max"]) is int
    assert type(measured["b_line_frame"]) is int


def test_no_millimetres_where_the_clip_is_not_calibrated(bundle):
    measured = report_of(clip_of(peaked(), None), bundle).measured

    assert measured["pleura_depth_mm"] is None
    assert measured["pleura_thickness_mm"] is None
    assert measured["pleura_depth_px"] == 62.0


def test_measured_features_are_keys_of_the_summary():
    measured = measured_summary(Timelines(np.arange(3) / 25))

    assert {key.partition(".")[2] for key in MEASURED_FEATURES} <= measured.keys()
    assert set(measured.values()) == {None}


def test_the_features_of_a_report_are_its_values(bundle):
    report = report_of(clip_of(peaked()), bundle)

    features = features_of(report)

    evidence = report.findings["b_lines"]
    assert evidence is not None
    assert features["finding.b_lines"] == evidence.probability
    assert features["measured.b_line_count_max"] == 5.0


def test_experts_predict_and_name_the_frame_to_look_at(bundle, experts):
    report = report_of(clip_of(peaked()), bundle, experts)

    by_name = {prediction.expert: prediction for prediction in report.predictions}
    severity = by_name["severity-tree"]
    assert severity.best == "3"
    assert severity.frame == 6
    assert "B-lines many or coalescing" in severity.reasons[0].words
    assert by_name["diagnosis-logistic"].target == "diagnosis"


def test_the_frame_of_a_measured_reason_is_the_one_with_the_most(bundle, experts):
    labels = peaked()
    labels[:, 64:200, 50:] = np.where(
        labels[:, 64:200, 50:] == CLASS["b_line"], CLASS["lung"], labels[:, 64:200, 50:]
    )
    labels[4, 64:150, 60:64] = CLASS["b_line"]

    report = report_of(clip_of(labels), bundle, experts)

    severity = next(p for p in report.predictions if p.target == "severity")
    features = [reason.feature for reason in severity.reasons]
    assert features == ["b_lines.many", "measured.b_line_count_max"]
    assert severity.frame == report.biomarkers["b_lines.many"].frame
    assert report.measured["b_line_frame"] == 4


def test_an_edited_biomarker_changes_what_an_expert_says(bundle, experts):
    report = report_of(clip_of(np.repeat(chest()[None], 3, axis=0)), bundle)
    tree = next(e for e in experts if e.manifest.target == "severity")
    features = features_of(report)

    before = tree.predict(features, CancelToken())
    after = tree.predict(features | {"b_lines.many": 1.0}, CancelToken())

    assert before.best != after.best


def test_a_clip_in_part_analysed_says_so(bundle, experts):
    clip = clip_of(peaked(20))
    timelines = Timelines(clip.frame_times_s)
    found = analyse(clip, bundle, CancelToken())
    for _ in range(3):
        timelines.add(next(found))
    found.close()

    report = summarise(clip, bundle, experts, timelines, CancelToken())

    assert report.warnings == ("17 of 20 frames are not analysed.",)
    assert report.quality.assessable


def test_broken_frames_are_named_in_the_warnings(bundle):
    report = report_of(clip_of(peaked(), broken=(3,)), bundle)

    assert report.warnings == ("Frame 4 does not decode: drawn as broken",)


def test_a_device_that_was_not_to_be_had_is_in_the_warnings(folder):
    missing = next(p.device for p in providers() if not p.available)

    report = report_of(clip_of(peaked()), open_bundle(folder, device=missing))

    assert report.warnings[0].startswith(f"Asked for {missing}, ran on CPUExec")
    assert report.model.provider == "CPUExecutionProvider"


def test_a_clip_of_broken_frames_has_a_report_without_values(bundle, experts):
    report = report_of(clip_of(peaked(3, 1), broken=range(3)), bundle, experts)

    assert report.biomarkers == {}
    assert set(report.findings.values()) == {None}
    assert set(report.measured.values()) == {None}
    assert not report.quality.assessable
    assert report.quality.reason == "No frame could be analysed."
    assert all(prediction.abstained for prediction in report.predictions)


def test_a_dark_clip_is_not_assessable(bundle, experts):
    report = report_of(clip_of(np.zeros((4, GRID, GRID), np.uint8)), bundle, experts)

    assert not report.quality.assessable
    assert "too dark" in report.quality.reason
    why = report.predictions[0].why
    assert why == f"The clip is not assessable: {report.quality.reason}"


def test_a_blank_clip_is_not_assessable(bundle):
    blank = np.full((4, GRID, GRID), CLASS["chest_wall"], np.uint8)

    report = report_of(clip_of(blank), bundle)

    assert report.quality.reason == "The image is blank: it shows no structure."


def no_pleura() -> NDArray[np.uint8]:
    labels = np.repeat(chest()[None], 4, axis=0)
    labels[:, 60:64] = CLASS["lung"]
    return labels


def test_a_clip_without_a_pleura_is_not_assessable(bundle):
    report = report_of(clip_of(no_pleura()), bundle)

    assert not report.quality.assessable
    assert "No pleural line is seen on 4 of 4 frames" in report.quality.reason
    assert report.measured["b_line_count_max"] is None


def test_effusion_may_hide_the_pleura(bundle):
    labels = no_pleura()
    labels[:, 60:200] = CLASS["effusion"]

    assert report_of(clip_of(labels), bundle).quality.assessable


def test_the_bundle_sets_the_limits_of_quality(bundle):
    labels = np.concatenate([no_pleura(), np.repeat(chest()[None], 4, axis=0)])
    limits = replace(bundle.manifest.quality, pleura_frames_min=0.6)
    strict = replace(bundle, manifest=replace(bundle.manifest, quality=limits))

    assert report_of(clip_of(labels), bundle).quality.assessable
    assert not report_of(clip_of(labels), strict).quality.assessable


def gated(bundle, threshold: float):
    """The bundle with a gate that asks for pleura in the frame.

    The tiny model's embedding begins with the share of each class.
    """
    weights = np.zeros(128)
    weights[CLASS["pleura"]] = 100.0
    view = LungView(tuple(weights), 0.5, threshold)
    limits = replace(bundle.manifest.quality, lung_view=view)
    return replace(bundle, manifest=replace(bundle.manifest, quality=limits))


def test_a_clip_that_does_not_look_like_lung_is_not_assessable(bundle, experts):
    labels = np.concatenate([np.repeat(chest()[None], 2, axis=0), *[no_pleura()] * 2])
    # Four of 224 rows are pleura: a score of 2.3 where it is seen, else 0.5.
    strict = gated(bundle, 2.0)

    report = report_of(clip_of(labels), strict, experts)

    assert not report.quality.assessable
    assert report.quality.reason == (
        "This does not look like lung: 8 of 10 frames look like another part of the "
        "body, or like a probe without contact."
    )
    assert all(prediction.abstained for prediction in report.predictions)
    assert report_of(clip_of(labels), gated(bundle, 0.4)).quality.assessable
    chests = np.repeat(chest()[None], 3, axis=0)
    assert report_of(clip_of(chests), strict).quality.assessable


def test_effusion_does_not_make_up_for_what_is_not_lung(bundle):
    labels = no_pleura()
    labels[:, 60:200] = CLASS["effusion"]

    quality = report_of(clip_of(labels), gated(bundle, 2.0)).quality

    assert "does not look like lung" in quality.reason


def test_a_clip_mostly_in_shadow_is_not_assessable(bundle):
    labels = np.repeat(chest()[None], 4, axis=0)
    half, most = labels.copy(), labels.copy()
    half[:, 10:, :112] = CLASS["rib_shadow"]
    most[:, 10:, :210] = CLASS["rib_shadow"]

    shaded = report_of(clip_of(most), bundle).quality

    assert report_of(clip_of(half), bundle).quality.assessable
    assert shaded.reason == (
        "Most of the beam lies in shadow (90 %): too little of the lung is seen."
    )


def test_summing_up_can_be_cancelled(bundle):
    clip = clip_of(peaked())
    timelines = Timelines(clip.frame_times_s)
    for findings in analyse(clip, bundle, CancelToken()):
        timelines.add(findings)
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(Cancelled):
        summarise(clip, bundle, (), timelines, cancel)


def test_a_reason_without_a_frame_of_its_own_names_none(bundle, tmp_path):
    names = ["measured.pleura_depth_px", "measured.b_line_count_max"]
    expert = open_expert(make_tree(tmp_path / "tree", feature_names=names))

    report = report_of(clip_of(peaked()), bundle, (expert,))

    assert report.predictions[0].reasons[0].feature == "measured.pleura_depth_px"
    assert report.predictions[0].frame is None


def test_the_peak_of_a_measure_ignores_frames_without_it(bundle):
    timelines = Timelines(np.arange(3) / 25)
    row = INDEX["measured.b_line_count"]
    timelines.values[row] = [np.nan, 2, 2]

    measured = measured_summary(timelines)

    assert measured["b_line_count_max"] == 2
    assert measured["b_line_frame"] == 1
    assert measured["b_line_count_median"] == 2.0
