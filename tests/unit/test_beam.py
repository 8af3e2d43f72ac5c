"""The beam is found in drawn frames whose geometry is known."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from lusviewer.beam import locate_beam
from lusviewer.geometry import FrameGeometry, Probe, Sector

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Frames = list[NDArray[np.uint8]]

ROWS, COLUMNS = 480, 640
CONVEX = Sector((-40.0, 320.0), (90.0, 460.0), (-0.55, 0.55))


def whole(rows: int = ROWS, columns: int = COLUMNS) -> FrameGeometry:
    return FrameGeometry(rows, columns, (0, 0, rows, columns))


def beam_of(sector: Sector | None, box: tuple[int, int, int, int]) -> FrameGeometry:
    return FrameGeometry(ROWS, COLUMNS, box, sector=sector)


def speckle(
    truth: FrameGeometry, n: int = 12, *, background: int = 0, seed: int = 1
) -> Frames:
    """Speckle that changes from frame to frame, fading with depth, in the beam."""
    rng = np.random.default_rng(seed)
    mask = truth.beam_mask()
    fading = np.linspace(1, 0.35, truth.rows, dtype=np.float32)[:, None]
    frames = []
    for _ in range(n):
        grain = rng.rayleigh(45, mask.shape).astype(np.float32)
        tissue = cv2.GaussianBlur(grain, (0, 0), 1.5) * fading + 8
        frame = np.where(mask, tissue, background)
        frames.append(frame.clip(0, 255).astype(np.uint8))
    return frames


def on_screen(frames: Frames) -> Frames:
    """The same with text, a ruler, a gray bar and a running number around."""
    for number, frame in enumerate(frames):
        for line, text in enumerate(("C5-1", "28 Hz", "12 cm", "Gain 62", "MI 0.7")):
            cv2.putText(frame, text, (6, 60 + 24 * line), 0, 0.5, 220, 1)
        cv2.putText(frame, "ANON HOSPITAL", (8, 20), 0, 0.6, 255, 2)
        for tick in range(12):
            cv2.line(frame, (618, 40 + 34 * tick), (628, 40 + 34 * tick), 230, 1)
        frame[60:200, 600:612] = np.linspace(255, 0, 140)[:, None]
        cv2.putText(frame, f"{number:03d}/096", (540, 470), 0, 0.5, 220, 1)
    return frames


def overlap(found: FrameGeometry, truth: FrameGeometry) -> float:
    one, other = found.beam_mask(), truth.beam_mask()
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("background", [0, 30])
@pytest.mark.parametrize("screen", [False, True])
@pytest.mark.parametrize(
    ("sector", "probe"),
    [
        (CONVEX, Probe.CURVILINEAR),
        (Sector((-120.0, 300.0), (160.0, 560.0), (-0.4, 0.4)), Probe.CURVILINEAR),
        (Sector((15.0, 330.0), (8.0, 440.0), (-0.7, 0.7)), Probe.PHASED),
    ],
)
def test_a_fan_is_found_with_its_apex_arcs_and_sides(
    sector: Sector, probe: Probe, background: int, *, screen: bool
) -> None:
    truth = beam_of(sector, (0, 0, ROWS, COLUMNS))
    frames = speckle(truth, background=background)
    found, warnings = locate_beam(on_screen(frames) if screen else frames, whole())
    assert found.sector is not None
    assert found.probe is probe
    assert found.beam_from == "pixels"
    assert warnings == ()
    assert overlap(found, truth) > 0.93
    size = sector.radii_px[1]
    assert found.sector.apex_px == pytest.approx(sector.apex_px, abs=0.06 * size)
    assert found.sector.radii_px[1] == pytest.approx(size, rel=0.06)
    assert found.sector.angles_rad == pytest.approx(sector.angles_rad, abs=0.04)


@pytest.mark.parametrize("screen", [False, True])
def test_a_rectangle_is_a_linear_probe(*, screen: bool) -> None:
    truth = beam_of(None, (40, 120, 440, 520))
    frames = speckle(truth)
    found, warnings = locate_beam(on_screen(frames) if screen else frames, whole())
    assert (found.probe, found.sector) == (Probe.LINEAR, None)
    assert np.abs(np.subtract(found.region, truth.region)).max() <= 5
    assert warnings == ()


def test_text_and_rulers_stay_outside() -> None:
    truth = beam_of(CONVEX, (0, 0, ROWS, COLUMNS))
    plain = speckle(truth)
    marked = on_screen([frame.copy() for frame in plain])
    drawn = np.zeros((ROWS, COLUMNS), np.bool_)
    for before, after in zip(plain, marked, strict=True):
        drawn |= before != after
    found, _ = locate_beam(marked, whole())
    assert not (drawn & found.beam_mask() & ~truth.beam_mask()).any()


def test_a_fan_cut_by_the_frame_keeps_its_sides() -> None:
    sector = Sector((-150.0, 200.0), (170.0, 620.0), (-0.55, 0.55))
    truth = FrameGeometry(400, 400, (0, 0, 400, 400), sector=sector)
    found, _ = locate_beam(speckle(truth), whole(400, 400))
    assert found.sector is not None
    assert overlap(found, truth) > 0.95
    assert found.sector.angles_rad == pytest.approx((-0.55, 0.55), abs=0.04)


def test_a_dark_lower_half_and_a_shadow_do_not_bend_the_sides() -> None:
    truth = beam_of(CONVEX, (0, 0, ROWS, COLUMNS))
    frames = speckle(truth)
    row = np.arange(ROWS)[:, None]
    column = np.arange(COLUMNS)[None, :]
    dark = (row > 260) | (np.abs(column - 330) < 25) | (column > 420 + 0.1 * row)
    for frame in frames:
        frame[dark & (row > 60)] = 0
    found, _ = locate_beam(frames, whole())
    assert found.sector is not None
    assert found.sector.angles_rad == pytest.approx((-0.55, 0.55), abs=0.06)


def test_a_fan_cut_upright_on_a_screen_is_bounded_there() -> None:
    truth = beam_of(CONVEX, (0, 180, ROWS, 460))
    found, _ = locate_beam(on_screen(speckle(truth)), whole())
    assert found.sector is not None
    assert overlap(found, truth) > 0.93
    assert found.region[1] == pytest.approx(180, abs=6)
    assert found.region[3] == pytest.approx(460, abs=6)


def test_of_two_panels_the_larger_is_taken() -> None:
    truth = beam_of(None, (40, 250, 440, 590))
    frames = speckle(truth)
    second = speckle(beam_of(None, (60, 20, 260, 190)), seed=5)
    both = [np.maximum(one, other) for one, other in zip(frames, second, strict=True)]
    found, _ = locate_beam(both, whole())
    assert np.abs(np.subtract(found.region, truth.region)).max() <= 6


def test_parts_apart_in_one_fan_belong_together() -> None:
    truth = beam_of(CONVEX, (0, 0, ROWS, COLUMNS))
    frames = speckle(truth)
    for frame in frames:
        frame[120:230] = 0
    found, _ = locate_beam(frames, whole())
    assert overlap(found, truth) > 0.9


def test_one_still_frame_is_enough() -> None:
    truth = beam_of(CONVEX, (0, 0, ROWS, COLUMNS))
    found, _ = locate_beam(on_screen(speckle(truth, 1)), whole())
    assert overlap(found, truth) > 0.93


def test_paper_around_the_picture_is_not_the_picture() -> None:
    truth = beam_of(None, (60, 100, 380, 500))
    frames = speckle(truth, 1)
    frames[0][~truth.beam_mask()] = 255
    found, _ = locate_beam(frames, whole())
    assert np.abs(np.subtract(found.region, truth.region)).max() <= 8


def test_a_picture_that_fills_the_frame_is_the_whole_frame() -> None:
    found, warnings = locate_beam(speckle(whole(300, 400)), whole(300, 400))
    assert np.abs(np.subtract(found.region, (0, 0, 300, 400))).max() <= 4
    assert found.probe is Probe.UNKNOWN
    assert warnings == ()


def test_black_frames_give_a_warning_and_the_frame() -> None:
    black = [np.zeros((100, 120), np.uint8)] * 3
    found, warnings = locate_beam(black, whole(100, 120))
    assert found == whole(100, 120)
    assert "not clearly found" in warnings[0]


def test_a_ragged_shape_is_flagged_as_a_guess() -> None:
    rng = np.random.default_rng(7)
    frames = [np.zeros((300, 400), np.uint8) for _ in range(8)]
    for frame, row in itertools.product(frames, range(30, 280, 6)):
        left = 60 + (row * 37) % 170
        right = 260 + (row * 53) % 110
        frame[row : row + 6, left:right] = rng.integers(60, 200, (6, right - left))
    _, warnings = locate_beam(frames, whole(300, 400))
    assert "guess" in warnings[0]


def test_inside_a_header_region_the_sector_is_added_and_the_spacing_kept() -> None:
    truth = beam_of(CONVEX, (0, 0, ROWS, COLUMNS))
    given = replace(
        whole(),
        region=(10, 60, 460, 580),
        pixel_spacing_mm=(0.3, 0.3),
        beam_from="header",
    )
    found, _ = locate_beam(on_screen(speckle(truth)), given)
    assert found.beam_from == "header"
    assert found.pixel_spacing_mm == (0.3, 0.3)
    assert found.sector is not None
    assert found.region[0] >= 10
    assert found.region[1] >= 60
    assert overlap(found, truth) > 0.93


def test_gray_depths_without_black_do_not_shrink_a_header_region() -> None:
    given = replace(whole(400, 500), pixel_spacing_mm=(0.2, 0.2), beam_from="header")
    rng = np.random.default_rng(0)
    near = (np.arange(400) < 160)[:, None]
    frames = [
        (40 + rng.rayleigh(60, (400, 500)) * near).clip(0, 255).astype(np.uint8)
        for _ in range(12)
    ]
    found, warnings = locate_beam(frames, given)
    assert found.region == given.region
    assert found.beam_from == "header"
    assert warnings == ()


def test_a_doubtful_find_inside_a_header_region_leaves_the_header_s_word() -> None:
    given = replace(whole(100, 120), region=(10, 10, 90, 110), beam_from="header")
    frames = [np.zeros((100, 120), np.uint8) for _ in range(3)]
    for number, frame in enumerate(frames):
        frame[40:60, 30:50] = 100 + 20 * number
        frame[20:30, 60:90] = 90
    found, _ = locate_beam(frames, given)
    assert found.beam_from == "header"


@pytest.mark.parametrize("shape", [(2, 3000), (3000, 2)])
def test_a_frame_of_two_lines_is_no_trouble(shape: tuple[int, int]) -> None:
    frame = np.full(shape, 90, np.uint8)
    assert locate_beam([frame], whole(*shape))[0].rows == shape[0]


def test_small_frames_work_as_they_are() -> None:
    sector = Sector((-15.0, 60.0), (30.0, 130.0), (-0.5, 0.5))
    truth = FrameGeometry(120, 120, (0, 0, 120, 120), sector=sector)
    found, _ = locate_beam(speckle(truth), whole(120, 120))
    assert overlap(found, truth) > 0.93


def test_twelve_frames_take_less_than_60_ms_of_one_core() -> None:
    sector = Sector((-50.0, 400.0), (110.0, 575.0), (-0.55, 0.55))
    truth = FrameGeometry(600, 800, (0, 0, 600, 800), sector=sector)
    frames = speckle(truth)
    locate_beam(frames, whole(600, 800))
    spent = []
    for _ in range(5):
        start = time.thread_time()
        locate_beam(frames, whole(600, 800))
        spent.append(time.thread_time() - start)
    assert min(spent) < 0.06
