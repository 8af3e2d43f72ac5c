from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lusviewer.biomarkers import KEYS, measure, measure_image
from lusviewer.findings import MEASURED
from lusviewer.geometry import GRID, FrameGeometry, GridMap, Sector, grid_mask
from lusviewer.scan_lines import scan_lines
from tests.drawing import APEX, FAR, INDEX, NEAR, chest, fan, fan_chest, linear, polar


def measured(labels, geometry=None):
    geometry = geometry or linear()
    return measure(labels, GridMap.of(geometry), geometry)


def b_line(labels, first, last, start=64, end=200):
    labels[start:end, first : last + 1] = INDEX["b_line"]


def test_every_measured_biomarker_is_measured():
    _, values = measured(chest())
    values |= measure_image(np.zeros((GRID, GRID), np.uint8), linear())

    assert tuple(values) == KEYS
    assert [f"measured.{key}" for key in KEYS] == [b.key for b in MEASURED]


def test_a_flat_pleura_is_measured_from_the_skin():
    lines, values = measured(chest(60, 4))

    assert values["pleura_depth_px"] == 62.0
    assert values["pleura_thickness_px"] == 4.0
    assert values["pleura_irregularity"] == pytest.approx(0, abs=1e-6)
    assert set(lines.pleura_px[:, 0]) == {61.5}
    assert len(lines.pleura_px) <= 64


def test_lengths_are_in_millimetres_where_calibrated():
    _, values = measured(chest(60, 4), linear((0.25, 0.25)))

    assert values["pleura_depth_mm"] == pytest.approx(15.5)
    assert values["pleura_thickness_mm"] == pytest.approx(1.0)


def test_no_millimetres_are_made_up():
    labels = chest()
    labels[120:124] = INDEX["a_line"]

    lines, values = measured(labels)

    assert np.isnan(values["pleura_depth_mm"])
    assert np.isnan(values["pleura_thickness_mm"])
    assert lines.a_line_depth_mm is None


def test_lengths_are_in_the_clips_own_pixels():
    geometry = FrameGeometry(448, 448, (0, 0, 448, 448), (0.1, 0.1))

    lines, values = measured(chest(60, 4), geometry)

    assert values["pleura_depth_px"] == 124.0
    assert values["pleura_depth_mm"] == pytest.approx(12.4)
    assert lines.pleura_px[-1, 1] > GRID


def test_without_a_pleura_nothing_is_counted():
    labels = np.full((GRID, GRID), INDEX["lung"], np.uint8)
    b_line(labels, 100, 106)

    lines, values = measured(labels, linear((0.2, 0.2)))

    assert np.isnan(values["b_line_count"])
    assert np.isnan(values["pleura_depth_px"])
    assert values["rib_shadow_fraction"] == 0
    assert lines.pleura_px.shape == (0, 2)
    assert lines.b_lines.shape == (0, 6)
    assert lines.a_line_depth_mm is not None


def test_a_speck_is_not_a_pleura():
    labels = chest()
    labels[60:64] = INDEX["lung"]
    labels[60:64, 50:60] = INDEX["pleura"]

    _, values = measured(labels)

    assert np.isnan(values["pleura_depth_px"])


def test_a_pleura_all_in_shadow_is_not_seen():
    labels = chest()
    labels[64:] = INDEX["rib_shadow"]

    _, values = measured(labels)

    assert np.isnan(values["b_line_count"])


def test_a_pleura_at_the_bottom_of_the_image_shows_no_lung():
    labels = chest(GRID - 4, 4)

    _, values = measured(labels)

    assert np.isnan(values["b_line_count"])


def test_a_second_band_far_off_does_not_pull_the_pleura():
    labels = chest(60, 4)
    labels[60:64, 100:110] = INDEX["lung"]
    labels[150:154, 100:110] = INDEX["pleura"]

    lines, values = measured(labels)

    assert values["pleura_depth_px"] == 62.0
    assert set(lines.pleura_px[:, 0]) == {61.5}


def test_where_two_bands_share_a_scan_line_the_larger_has_it():
    labels = chest(60, 4)
    labels[66:69, 100:120] = INDEX["pleura"]

    lines, _ = measured(labels)

    assert set(lines.pleura_px[:, 0]) == {61.5}


def test_a_slanted_pleura_is_not_irregular():
    labels = np.full((GRID, GRID), INDEX["lung"], np.uint8)
    for column in range(GRID):
        labels[50 + column // 8 : 54 + column // 8, column] = INDEX["pleura"]

    _, values = measured(labels)

    assert values["pleura_irregularity"] < 0.1


def test_a_rough_pleura_is_irregular():
    labels = np.full((GRID, GRID), INDEX["lung"], np.uint8)
    for column in range(GRID):
        top = 60 + (4 if column // 6 % 2 else 0)
        labels[top : top + 4, column] = INDEX["pleura"]

    _, values = measured(labels)

    assert values["pleura_irregularity"] > 0.4


def test_b_lines_are_counted_where_they_leave_the_pleura():
    labels = chest()
    for first in (20, 100, 180):
        b_line(labels, first, first + 5)

    lines, values = measured(labels)

    assert values["b_line_count"] == 3
    assert values["pleura_with_b_lines_fraction"] == pytest.approx(18 / GRID)
    np.testing.assert_allclose(lines.b_lines[:, 1], [22.5, 102.5, 182.5])
    np.testing.assert_allclose(lines.b_lines[:, 2], 199)
    np.testing.assert_allclose(lines.b_lines[:, 4], 6)
    np.testing.assert_allclose(lines.b_lines[:, 5], 0)


def test_b_lines_that_merge_below_are_two_at_the_pleura():
    labels = chest()
    b_line(labels, 90, 95)
    b_line(labels, 110, 115)
    labels[120:200, 90:116] = INDEX["b_line"]

    assert measured(labels)[1]["b_line_count"] == 2


def test_a_vertical_artefact_above_the_pleura_is_no_b_line():
    labels = chest()
    b_line(labels, 100, 105, start=10, end=60)

    assert measured(labels)[1]["b_line_count"] == 0


def test_what_starts_far_below_the_pleura_is_no_b_line():
    labels = chest()
    b_line(labels, 100, 105, start=100)

    assert measured(labels)[1]["b_line_count"] == 0


def test_a_b_line_may_start_just_below_the_pleura():
    labels = chest()
    b_line(labels, 100, 105, start=76)

    assert measured(labels)[1]["b_line_count"] == 1


def test_a_b_line_may_leave_the_lower_edge_of_a_consolidation():
    labels = chest()
    labels[64:110, 90:120] = INDEX["consolidation"]
    b_line(labels, 100, 105, start=114)

    assert measured(labels)[1]["b_line_count"] == 1


def test_a_speck_below_a_deep_consolidation_is_no_b_line():
    labels = chest()
    labels[64:205, 90:120] = INDEX["consolidation"]
    b_line(labels, 98, 107, start=206, end=216)

    assert measured(labels)[1]["b_line_count"] == 0


def test_a_short_comet_tail_is_no_b_line():
    labels = chest()
    b_line(labels, 100, 105, end=80)

    assert measured(labels)[1]["b_line_count"] == 0


def test_specks_at_the_pleura_are_no_b_lines():
    labels = chest()
    labels[64:67, 100:103] = INDEX["b_line"]

    assert measured(labels)[1]["b_line_count"] == 0


def test_an_a_line_that_crosses_a_b_line_does_not_cut_it():
    labels = chest()
    b_line(labels, 100, 105)
    labels[72:76] = INDEX["a_line"]

    lines, values = measured(labels)

    assert values["b_line_count"] == 1
    assert lines.b_lines[0, 2] == 199


def test_nothing_is_counted_under_a_rib():
    labels = chest()
    labels[30:, 90:130] = INDEX["rib_shadow"]
    b_line(labels, 100, 105)
    b_line(labels, 180, 185)

    lines, values = measured(labels)

    assert values["b_line_count"] == 1
    assert values["pleura_with_b_lines_fraction"] == pytest.approx(6 / (GRID - 40))
    assert lines.b_lines[0, 1] == 182.5
    assert values["rib_shadow_fraction"] == pytest.approx(
        (labels == INDEX["rib_shadow"]).mean()
    )


def test_a_pleura_with_shadow_below_it_is_not_visible():
    labels = chest()
    labels[64:, 90:130] = INDEX["rib_shadow"]
    b_line(labels, 20, 25)

    _, values = measured(labels)

    assert values["pleura_with_b_lines_fraction"] == pytest.approx(6 / (GRID - 40))


@pytest.mark.parametrize(
    ("width", "count"), [(22, 1), (30, 1), (40, 2), (112, 5), (GRID, 10)]
)
def test_coalescent_b_lines_count_one_for_each_tenth_of_the_pleura(width, count):
    labels = chest()
    b_line(labels, 0, width - 1)

    _, values = measured(labels)

    assert values["b_line_count"] == count
    assert values["pleura_with_b_lines_fraction"] == pytest.approx(width / GRID)


def test_a_small_hole_does_not_split_a_b_line():
    labels = chest()
    b_line(labels, 100, 109)
    labels[64:200, 104] = INDEX["lung"]

    assert measured(labels)[1]["b_line_count"] == 1


def test_a_b_line_across_a_small_gap_in_the_pleura_counts():
    labels = chest()
    labels[60:64, 100:106] = INDEX["lung"]
    b_line(labels, 100, 105)

    assert measured(labels)[1]["b_line_count"] == 1


def test_a_lines_are_found_at_multiples_of_the_pleura():
    labels = chest(48, 4)
    labels[98:102] = INDEX["a_line"]
    labels[148:152] = INDEX["a_line"]

    lines, values = measured(labels, linear((0.2, 0.2)))

    assert values["a_line_count"] == 2
    np.testing.assert_allclose(lines.a_line_depth_px, [50, 100])
    assert lines.a_line_depth_mm is not None
    np.testing.assert_allclose(lines.a_line_depth_mm, [10, 20], rtol=1e-5)
    assert values["a_line_spacing_error"] == pytest.approx(0, abs=1e-6)


def test_a_line_elsewhere_than_at_a_multiple_has_a_spacing_error():
    labels = chest(48, 4)
    labels[118:122] = INDEX["a_line"]

    assert measured(labels)[1]["a_line_spacing_error"] == pytest.approx(0.4)


def test_the_echoes_of_a_slanted_pleura_are_one_line_each():
    labels = np.full((GRID, GRID), INDEX["lung"], np.uint8)
    for column in range(GRID):
        top = 40 + column // 8
        labels[top : top + 4, column] = INDEX["pleura"]
        labels[2 * top + 2 : 2 * top + 5, column] = INDEX["a_line"]

    assert measured(labels)[1]["a_line_count"] == 1


def test_a_wavering_a_line_is_one():
    labels = chest()
    labels[118, 0:20] = INDEX["a_line"]
    labels[120, 40:60] = INDEX["a_line"]

    lines, values = measured(labels)

    assert values["a_line_count"] == 1
    np.testing.assert_allclose(lines.a_line_depth_px, [57.5])


def test_a_short_bright_dash_is_no_a_line():
    labels = chest()
    labels[120:124, 100:110] = INDEX["a_line"]

    lines, values = measured(labels)

    assert values["a_line_count"] == 0
    assert np.isnan(values["a_line_spacing_error"])
    assert len(lines.a_line_depth_px) == 0


def test_areas_are_shares_of_the_beam_below_the_pleura():
    labels = chest(60, 4)
    labels[64:144, :112] = INDEX["consolidation"]
    labels[144:, :] = INDEX["effusion"]

    _, values = measured(labels)

    assert values["consolidation_fraction"] == pytest.approx(0.25)
    assert values["effusion_fraction"] == pytest.approx(0.5)


def test_a_curved_pleura_is_flat_along_the_scan_lines():
    geometry = fan((0.5, 0.5))
    lines, values = measured(fan_chest(geometry, 60, 8), geometry)

    assert values["pleura_depth_px"] == pytest.approx(64, abs=1)
    assert values["pleura_thickness_px"] == pytest.approx(8, abs=1)
    assert values["pleura_depth_mm"] == pytest.approx(32, abs=0.5)
    assert values["pleura_irregularity"] < 0.2
    radius = np.hypot(*(lines.pleura_px - APEX).T)
    np.testing.assert_allclose(radius, NEAR + 64, atol=2)


def test_b_lines_of_a_curved_probe_follow_its_scan_lines():
    geometry = fan()
    labels = fan_chest(geometry)
    radius, angle = polar(geometry)
    for at in (-0.3, 0.0, 0.25):
        beyond = (radius > NEAR + 60) & (labels == INDEX["lung"])
        labels[beyond & (np.abs(angle - at) < 0.03)] = INDEX["b_line"]

    lines, values = measured(labels, geometry)

    assert values["b_line_count"] == 3
    assert values["pleura_with_b_lines_fraction"] == pytest.approx(0.18, abs=0.03)
    np.testing.assert_allclose(lines.b_lines[:, 5], [-0.3, 0, 0.25], atol=0.02)
    np.testing.assert_allclose(lines.b_lines[:, 4], 0.06 * (NEAR + 64), rtol=0.15)
    ends = lines.b_lines[:, 2:4] - APEX
    np.testing.assert_allclose(
        np.arctan2(ends[:, 1], ends[:, 0]), lines.b_lines[:, 5], atol=1e-3
    )


def test_a_lines_of_a_curved_probe_are_arcs():
    geometry = fan()
    labels = fan_chest(geometry)
    radius, angle = polar(geometry)
    labels[(np.abs(radius - NEAR - 128) < 4) & (np.abs(angle) < 0.3)] = INDEX["a_line"]

    lines, values = measured(labels, geometry)

    assert values["a_line_count"] == 1
    assert lines.a_line_depth_px[0] == pytest.approx(64, abs=2)


def test_areas_of_a_curved_probe_are_areas_of_the_image():
    geometry = fan()
    labels = fan_chest(geometry)
    radius, angle = polar(geometry)
    inside = scan_lines(GridMap.of(geometry), geometry).inside.sum()
    assert inside > 0
    labels[(radius > NEAR + 68) & (angle > 0)] = INDEX["effusion"]

    _, values = measured(labels, geometry)

    assert values["effusion_fraction"] == pytest.approx(0.5, abs=0.02)


def test_a_sector_cut_off_by_the_frame_is_measured_where_it_is():
    geometry = replace(fan(), region=(10, 20, 200, 380))
    labels = fan_chest(geometry)

    _, values = measured(labels, geometry)

    assert values["pleura_depth_px"] == pytest.approx(64, abs=2)


def test_brightness_and_contrast_are_of_the_beam_alone():
    geometry = fan()
    image = np.where(grid_mask(geometry), 100, 250).astype(np.uint8)

    values = measure_image(image, geometry)

    assert values["brightness"] == pytest.approx(100)
    assert values["contrast"] == pytest.approx(0, abs=1e-3)


ODD_SHAPES = [
    linear(),
    fan((0.3, 0.3)),
    FrameGeometry(100, 500, (0, 0, 40, 500)),
    FrameGeometry(500, 30, (0, 0, 500, 30)),
    FrameGeometry(3, 3, (0, 0, 1, 1)),
    replace(fan(), sector=Sector(APEX, (0.0, FAR), (-0.7, 0.7))),
]


@pytest.mark.parametrize("geometry", ODD_SHAPES)
def test_any_label_map_can_be_measured(geometry):
    rng = np.random.default_rng(0)
    for round_ in range(40):
        size = rng.integers(1, 40, 2)
        coarse = rng.integers(0, 9, size, dtype=np.uint8)
        labels = coarse[np.arange(GRID) * size[0] // GRID]
        labels = labels[:, np.arange(GRID) * size[1] // GRID]
        if round_ % 2:
            labels[60:64] = INDEX["pleura"]

        lines, values = measured(labels, geometry)

        assert 0 <= values["rib_shadow_fraction"] <= 1
        assert not values["pleura_with_b_lines_fraction"] > 1
        assert np.isfinite(lines.pleura_px).all()
        assert np.isfinite(lines.b_lines).all()
        assert np.isfinite(lines.a_line_depth_px).all()
