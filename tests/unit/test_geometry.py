from __future__ import annotations

import numpy as np
import pytest

from lusviewer.geometry import (
    GRID,
    FrameGeometry,
    GridMap,
    Sector,
    UltrasoundRegion,
    grid_box,
    grid_mask,
)
from tests.drawing import fan, linear


def test_a_region_outside_the_frame_is_refused():
    with pytest.raises(ValueError, match="lies outside 10x20"):
        FrameGeometry(10, 20, (0, 0, 11, 20))


def test_an_empty_region_is_refused():
    with pytest.raises(ValueError, match="lies outside"):
        FrameGeometry(10, 20, (5, 0, 5, 20))


def test_a_spacing_of_nothing_is_refused():
    with pytest.raises(ValueError, match="not positive"):
        FrameGeometry(10, 20, (0, 0, 10, 20), (0.1, 0.0))


def test_a_sector_with_its_radii_exchanged_is_refused():
    with pytest.raises(ValueError, match="near < far"):
        Sector((0, 0), (20, 10), (-0.5, 0.5))


def test_a_sector_with_its_angles_exchanged_is_refused():
    with pytest.raises(ValueError, match="left < right"):
        Sector((0, 0), (10, 20), (0.5, -0.5))


def test_the_beam_of_a_straight_probe_is_its_region():
    mask = FrameGeometry(10, 20, (2, 3, 8, 15)).beam_mask()

    assert mask.sum() == 6 * 12
    assert mask[2, 3]
    assert not mask[8, 3]


def test_the_beam_of_a_curved_probe_is_its_sector():
    mask = fan().beam_mask()

    assert mask[60, 200]  # straight below the apex, at radius 120
    assert not mask[30, 200]  # nearer than the near radius
    assert not mask[285, 25]  # beside the leftmost scan line


def test_the_beam_mask_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        linear().beam_mask()[0, 0] = False


def regions() -> tuple[UltrasoundRegion, ...]:
    return (
        UltrasoundRegion((0, 0, 50, 50), "2D", "tissue", (0.1, 0.2), ("cm", "cm")),
        UltrasoundRegion((50, 0, 99, 50), "2D", "tissue", None, ("s", "cm")),
    )


def geometry_of(regions: tuple[UltrasoundRegion, ...]) -> FrameGeometry:
    return FrameGeometry(99, 99, (0, 0, 99, 99), (0.3, 0.3), regions=regions)


def test_a_distance_uses_the_region_that_holds_both_ends():
    assert geometry_of(regions()).spacing_between((1, 1), (40, 40)) == (0.1, 0.2)


def test_a_distance_across_regions_has_no_spacing():
    assert geometry_of(regions()).spacing_between((1, 1), (60, 40)) is None


def test_a_distance_in_an_uncalibrated_region_has_no_spacing():
    assert geometry_of(regions()).spacing_between((60, 1), (70, 40)) is None


def test_of_regions_on_each_other_the_smallest_counts():
    whole = UltrasoundRegion((0, 0, 99, 99), "graphics", "none", None)
    geometry = geometry_of((whole, *regions()))

    assert geometry.spacing_between((1, 1), (40, 40)) == (0.1, 0.2)
    assert geometry.spacing_between((1, 1), (60, 40)) is None


def test_without_regions_a_distance_uses_the_clips_spacing():
    assert geometry_of(()).spacing_between((1, 1), (60, 40)) == (0.3, 0.3)


def test_a_frame_of_the_grids_size_maps_pixel_by_pixel():
    grid = GridMap.of(linear())

    assert grid == GridMap(1.0, 0.0, 0.0)
    points = np.array([[0, 0], [17, 200]], np.float32)
    np.testing.assert_array_equal(grid.to_clip(points), points)


def test_a_wide_region_lies_at_the_top_of_the_grid():
    assert grid_box(FrameGeometry(100, 448, (0, 0, 100, 448))) == (0, 0, 50, GRID)


def test_a_narrow_region_lies_in_the_middle_of_the_grid():
    assert grid_box(FrameGeometry(448, 100, (0, 0, 448, 100))) == (0, 87, GRID, 137)


def test_the_corners_of_the_region_fall_on_the_corners_of_its_box():
    geometry = FrameGeometry(500, 600, (20, 30, 468, 254))
    grid = GridMap.of(geometry)

    corners = np.array([[19.5, 29.5], [467.5, 253.5]], np.float32)

    expected = [[-0.5, 55.5], [223.5, 167.5]]
    np.testing.assert_allclose(grid.to_grid(corners), expected, atol=1e-4)


def test_mapping_to_the_grid_and_back_changes_nothing():
    grid = GridMap.of(fan())
    points = np.random.default_rng(0).uniform(0, 300, (50, 2)).astype(np.float32)

    np.testing.assert_allclose(grid.to_clip(grid.to_grid(points)), points, atol=1e-3)


def test_a_very_flat_region_keeps_a_row():
    assert grid_box(FrameGeometry(1, 1000, (0, 0, 1, 1000))) == (0, 0, 1, GRID)


def test_the_grids_mask_is_the_beam_seen_on_the_grid():
    geometry = fan()
    mask = grid_mask(geometry)

    share = mask.sum() / GridMap.of(geometry).scale ** 2
    assert share == pytest.approx(geometry.beam_mask().sum(), rel=0.02)
    assert not mask[:, :1].any()
    with pytest.raises(ValueError, match="read-only"):
        mask[0, 0] = True
