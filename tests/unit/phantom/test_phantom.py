"""The phantom's promises: same seed same clip, labels and truth that agree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lusviewer.findings import CLASSES, FINDINGS, LABELS
from lusviewer.geometry import Probe
from lusviewer.phantom import PhantomClip, Wanted, random_scene, render

OUTSIDE, WALL, SHADOW, PLEURA, A_LINE, B_LINE, LUNG, SOLID, FLUID = range(len(CLASSES))
KEYS = [biomarker.key for biomarker in LABELS]
PROBES = (Probe.CURVILINEAR, Probe.LINEAR, Probe.PHASED)


def clip_of(want: Wanted, seed: int = 1, n_frames: int = 1) -> PhantomClip:
    return render(random_scene(np.random.default_rng(seed), want=want), n_frames)


def keys_of(clip: PhantomClip) -> set[str]:
    return {key for key, value in zip(KEYS, clip.clip_biomarkers, strict=True) if value}


def clean(*findings: str, probe: Probe = Probe.CURVILINEAR, **more: Any) -> Wanted:
    known: dict[str, Any] = {"ribs": 0, "clean": True, "probe": probe}
    return Wanted(findings=findings, **(known | more))


def torn(field: str, values: tuple[float, ...]) -> Wanted:
    more: dict[str, Any] = {field: values}
    return clean("pleural_irregularity", **more)


def test_the_same_seed_gives_the_same_clip_to_the_last_bit():
    first, second = clip_of(Wanted(), 5, 3), clip_of(Wanted(), 5, 3)

    assert first.scene == second.scene
    for name in ("frames", "labels", "biomarkers", "findings", "clip_findings"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name


def test_other_seeds_give_other_clips():
    pictures = {clip_of(Wanted(), seed).frames.tobytes() for seed in range(6)}

    assert len(pictures) == 6


def test_shapes_types_and_ranges_are_those_of_the_contract():
    clip = clip_of(Wanted(), 2, 2)

    assert clip.frames.shape == clip.labels.shape == (2, 224, 224)
    assert clip.frames.dtype == clip.labels.dtype == np.uint8
    assert clip.labels.max() < len(CLASSES)
    assert clip.biomarkers.shape == (2, len(LABELS))
    assert clip.biomarkers.dtype == clip.findings.dtype == np.float32
    assert clip.clip_biomarkers.shape == (len(LABELS),)
    assert clip.findings.shape == (2, len(FINDINGS))
    assert clip.clip_findings.shape == (len(FINDINGS),)
    assert set(np.unique(clip.biomarkers)) <= {0.0, 1.0}
    assert len(clip.pleura_px) == len(clip.b_lines) == len(clip.a_line_depths) == 2
    assert all(lines.shape[1] == 6 for lines in clip.b_lines)
    assert clip.frame_rate_hz > 0


def test_what_holds_for_the_clip_is_the_maximum_over_its_frames():
    clip = clip_of(Wanted(findings=("b_lines",)), 9, 12)

    assert np.array_equal(clip.clip_biomarkers, clip.biomarkers.max(axis=0))
    assert np.array_equal(clip.clip_findings, clip.findings.max(axis=0))


@pytest.mark.parametrize("probe", PROBES)
def test_labels_fill_the_beam_and_nothing_else(probe: Probe):
    for seed in range(4):
        clip = clip_of(Wanted(probe=probe), seed)
        inside = clip.geometry.beam_mask()
        labelled = clip.labels[0] != OUTSIDE
        # A trapezoid has no sector to describe it: its mask is the whole region.
        assert not (labelled & ~inside).any() or probe is not Probe.LINEAR
        assert (labelled & ~inside).mean() < 0.01
        if clip.scene.view.flare == 0:
            assert (inside & ~labelled).mean() < 0.01


@pytest.mark.parametrize("probe", PROBES)
def test_the_beam_is_at_the_top_centred_and_as_large_as_fits(probe: Probe):
    top, left, bottom, right = clip_of(Wanted(probe=probe), 3).geometry.region

    assert top == 0
    assert abs(left - (224 - right)) <= 1
    assert max(bottom - top, right - left) == 224


def test_other_frame_sizes_show_the_same_scene():
    scene = random_scene(np.random.default_rng(4), want=clean("a_lines", a_lines=2))
    small, large = render(scene, 1), render(scene, 1, rows=448, columns=448)
    ratio = np.bincount(large.labels[0].ravel(), minlength=9) / np.maximum(
        np.bincount(small.labels[0].ravel(), minlength=9), 1
    )

    assert large.frames.shape == (1, 448, 448)
    assert ratio[[WALL, LUNG]] == pytest.approx([4, 4], rel=0.15)
    assert large.geometry.pixel_spacing_mm is not None
    assert small.geometry.pixel_spacing_mm is not None
    wide, narrow = (
        small.geometry.pixel_spacing_mm[0],
        large.geometry.pixel_spacing_mm[0],
    )
    assert wide == pytest.approx(2 * narrow, rel=0.01)


def test_b_lines_lie_below_the_pleura_and_run_down():
    clip = clip_of(clean("b_lines", b_lines=3), 6)
    below = clip.labels[0] == B_LINE
    pleura_row = np.median(clip.pleura_px[0][:, 0])

    assert len(clip.b_lines[0]) == 3
    assert np.nonzero(below)[0].min() > pleura_row - 12
    for row, _, end_row, _, width, angle in clip.b_lines[0]:
        assert end_row - row > 60
        assert width > 1
        assert abs(angle) < 0.8


def test_b_lines_of_a_linear_probe_are_vertical():
    clip = clip_of(clean("b_lines", probe=Probe.LINEAR, b_lines=2), 8)

    assert np.abs(clip.b_lines[0][:, 5]).max() < 0.3


@pytest.mark.parametrize("probe", PROBES)
def test_a_lines_lie_at_multiples_of_the_pleura_depth(probe: Probe):
    clip = clip_of(clean("a_lines", a_lines=3, pleura_fraction=0.2, probe=probe), 5)
    depths = clip.a_line_depths[0]
    spacing = clip.geometry.pixel_spacing_mm
    assert spacing is not None
    pleura_px = clip.scene.wall.pleura_depth_mm / spacing[0]

    assert len(depths) >= 2
    assert depths / depths[0] == pytest.approx(np.arange(1, len(depths) + 1), rel=0.02)
    assert depths[0] == pytest.approx(pleura_px, rel=0.3)


def test_thin_lines_are_at_least_two_pixels_thick():
    clip = clip_of(
        clean("a_lines", a_lines=2, thickness_mm=0.6, pleura_fraction=0.2), 5
    )
    for kind in (PLEURA, A_LINE):
        columns = (clip.labels[0] == kind).sum(axis=0)
        lines = 1 if kind == PLEURA else max(len(clip.a_line_depths[0]), 1)
        assert np.median(columns[columns > 0]) >= 2 * lines - 1


def test_the_pleura_is_where_the_frame_is_bright():
    clip = clip_of(clean("a_lines"), 12)
    frame, labels = clip.frames[0].astype(float), clip.labels[0]

    assert frame[labels == PLEURA].mean() > 1.5 * frame[labels == LUNG].mean()


def test_b_lines_are_brighter_than_the_lung_between_them():
    clip = clip_of(clean("b_lines", b_lines=2), 12)
    frame, labels = clip.frames[0].astype(float), clip.labels[0]

    assert frame[labels == B_LINE].mean() > 1.5 * frame[labels == LUNG].mean()


def test_what_a_rib_hides_is_dark_and_not_labelled():
    hidden = clip_of(clean("b_lines", b_lines=6, ribs=2), 3)
    seen = render(replace(hidden.scene, ribs=()), 1)
    dark = hidden.labels[0] == SHADOW

    assert dark.mean() > 0.05
    assert not (seen.labels[0] == SHADOW).any()
    assert len(hidden.b_lines[0]) < len(seen.b_lines[0])
    assert hidden.frames[0][dark].mean() < 0.5 * seen.frames[0][dark].mean()


def test_truth_agrees_with_the_class_map():
    for seed in range(25):
        clip = clip_of(Wanted(), seed)
        keys, present = keys_of(clip), np.bincount(clip.labels[0].ravel(), minlength=9)
        assert ("a_lines.none" in keys) == (present[A_LINE] < 8), seed
        assert ("effusion.none" in keys) or present[FLUID] > 0, seed
        assert ("consolidation.none" in keys) or present[SOLID] > 0, seed
        assert ("b_lines.none" in keys) or present[B_LINE] > 0, seed
        found = dict(zip(FINDINGS, clip.clip_findings, strict=True))
        assert bool(found["a_lines"]) == ("a_lines.none" not in keys)
        assert bool(found["effusion"]) == ("effusion.none" not in keys)


def test_unwanted_findings_are_absent():
    clip = clip_of(clean(), 4)

    assert not clip.clip_findings.any()
    assert {"a_lines.none", "b_lines.none", "effusion.none"} <= keys_of(clip)


def test_the_lung_slides_under_the_chest_wall():
    clip = clip_of(clean("b_lines", b_lines=3), 21, 30)
    columns = [float(lines[0, 1]) for lines in clip.b_lines if len(lines)]

    assert clip.scene.motion.slide_mm > 0
    assert max(columns) - min(columns) > 2
    assert any(not np.array_equal(clip.labels[0], labels) for labels in clip.labels[1:])


def test_b_lines_come_and_go():
    for seed in range(40):
        clip = clip_of(Wanted(findings=("b_lines",), ribs=0), seed, 1)
        if any(line.period_s > 0 for line in clip.scene.lung.b_lines):
            break
    clip = render(clip.scene, 60)

    assert len({len(lines) for lines in clip.b_lines}) > 1


@pytest.mark.parametrize(
    ("key", "want"),
    [
        ("a_lines.weak", Wanted(findings=("a_lines",))),
        ("a_lines.bold", clean("a_lines", a_lines=2)),
        ("a_lines.stacked", clean("a_lines", a_lines=3)),
        ("a_lines.wide", clean("a_lines", a_lines=2)),
        ("b_lines.few", clean("b_lines", b_lines=2)),
        ("b_lines.some", clean("b_lines", b_lines=5)),
        ("b_lines.many", clean("b_lines", b_lines=9)),
        ("b_lines.white", clean("b_lines", white=True)),
        ("b_line_origin.not_applicable", clean()),
        ("b_line_origin.pleura", clean("b_lines", b_lines=2)),
        ("b_line_origin.sub_pleural", Wanted(findings=("b_lines", "consolidation"))),
        ("pleural_thickness.under_1mm", clean(thickness_mm=0.8)),
        ("pleural_thickness.from_2_to_3mm", clean(thickness_mm=2.5)),
        ("pleural_thickness.from_4_to_5mm", clean(thickness_mm=4.4)),
        ("pleural_thickness.over_5mm", clean(thickness_mm=6.5)),
        ("pleural_location.top", clean(pleura_fraction=0.15)),
        ("pleural_location.middle", clean(pleura_fraction=0.5)),
        ("pleural_location.bottom", clean(pleura_fraction=0.8)),
        ("consolidation.under_5mm_few", clean("consolidation", consolidations_mm=(3,))),
        (
            "consolidation.under_5mm_multiple",
            clean("consolidation", consolidations_mm=(3, 3.5, 4)),
        ),
        (
            "consolidation.from_5_to_10mm",
            clean("consolidation", consolidations_mm=(8,)),
        ),
        ("consolidation.over_10mm", clean("consolidation", consolidations_mm=(25,))),
        ("effusion.under_5mm", clean("effusion", effusion_mm=3)),
        ("effusion.over_5mm", clean("effusion", effusion_mm=20)),
        *(
            (
                f"pleural_{name}.{size}",
                torn(field, values),
            )
            for name, field in (("indent", "indents_mm"), ("break", "breaks_mm"))
            for size, values in (
                ("under_5mm_few", (3.0,)),
                ("under_5mm_multiple", (3.0, 2.5, 4.0)),
                ("from_5_to_10mm", (7.0,)),
                ("over_10mm", (14.0,)),
            )
        ),
    ],
)
def test_every_label_can_be_asked_for(key: str, want: Wanted):
    assert any(key in keys_of(clip_of(want, seed)) for seed in range(24))


def test_labels_not_parametrised_above_are_the_groups_none():
    clip = clip_of(clean(), 4)
    none = {key for key in KEYS if key.endswith((".none", ".not_applicable"))}

    assert none <= keys_of(clip)


def test_chance_covers_the_findings_in_the_share_training_needs():
    found = np.zeros(len(FINDINGS))
    for seed in range(120):
        found += clip_of(Wanted(), seed + 500).clip_findings
    share = dict(zip(FINDINGS, found / 120, strict=True))

    assert 0.2 < share["a_lines"] < 0.55
    assert 0.25 < share["b_lines"] < 0.6
    assert 0.1 < share["consolidation"] < 0.4
    assert 0.06 < share["effusion"] < 0.3
    assert 0.12 < share["pleural_irregularity"] < 0.5
