"""What a DICOM header says of time, space and identity reaches the clip."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from lusviewer.io import open_clip
from tests.unit.io import writing

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.clip import Clip

GRAY = writing.cine(5)
NO_TIME: dict[str, Any] = {"FrameTime": None, "FrameIncrementPointer": None}


def opened(tmp_path: Path, **elements: Any) -> Clip:
    clip = open_clip(writing.native(tmp_path / "clip.dcm", GRAY, **elements))
    clip.close()
    return clip


def region(**changes: Any) -> Dataset:
    made = Dataset()
    values = {
        "RegionSpatialFormat": 1,
        "RegionDataType": 1,
        "RegionFlags": 0,
        "RegionLocationMinX0": 8,
        "RegionLocationMinY0": 4,
        "RegionLocationMaxX1": 39,
        "RegionLocationMaxY1": 43,
        "PhysicalUnitsXDirection": 3,
        "PhysicalUnitsYDirection": 3,
        "PhysicalDeltaX": 0.05,
        "PhysicalDeltaY": 0.04,
        **changes,
    }
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def test_frame_time_gives_even_times(tmp_path: Path) -> None:
    clip = opened(tmp_path, FrameTime=50.0)
    assert clip.frame_times_s == pytest.approx([0, 0.05, 0.1, 0.15, 0.2])
    assert clip.frame_rate_hz == pytest.approx(20)
    assert not clip.details.rate_assumed


def test_the_pointer_chooses_between_frame_time_and_its_vector(tmp_path: Path) -> None:
    clip = opened(
        tmp_path, FrameTimeVector=[0, 10, 20, 30, 40], FrameIncrementPointer=0x00181065
    )
    assert clip.frame_times_s * 1000 == pytest.approx([0, 10, 30, 60, 100])
    clip = opened(tmp_path, FrameTimeVector=[0, 10, 20, 30, 40])
    assert clip.frame_times_s * 1000 == pytest.approx([0, 40, 80, 120, 160])


def test_the_first_of_several_pointers_counts(tmp_path: Path) -> None:
    clip = opened(
        tmp_path,
        FrameTimeVector=[0, 10, 20, 30, 40],
        FrameIncrementPointer=[0x00181065, 0x00181063],
    )
    assert clip.frame_times_s[1] == pytest.approx(0.01)


def test_a_vector_without_its_first_zero_is_understood(tmp_path: Path) -> None:
    clip = opened(
        tmp_path, FrameTimeVector=[10, 20, 30, 40], FrameIncrementPointer=0x00181065
    )
    assert clip.frame_times_s * 1000 == pytest.approx([0, 10, 30, 60, 100])


def test_a_vector_with_steps_of_zero_is_evened_out_with_a_warning(
    tmp_path: Path,
) -> None:
    clip = opened(
        tmp_path, FrameTimeVector=[0, 10, 0, 10, 10], FrameIncrementPointer=0x00181065
    )
    assert clip.frame_times_s * 1000 == pytest.approx([0, 10, 20, 30, 40])
    assert "FrameTimeVector" in clip.warnings[0]


def test_a_vector_too_short_gives_way_to_the_next_source(tmp_path: Path) -> None:
    clip = opened(tmp_path, FrameTimeVector=[0, 10], FrameIncrementPointer=0x00181065)
    assert clip.frame_times_s * 1000 == pytest.approx([0, 40, 80, 120, 160])


@pytest.mark.parametrize(
    ("elements", "rate"),
    [
        ({"RecommendedDisplayFrameRate": 20, "CineRate": 50}, 20),
        ({"CineRate": 50}, 50),
        ({"RecommendedDisplayFrameRate": 0, "CineRate": 10}, 10),
    ],
)
def test_without_frame_time_the_display_rates_are_followed(
    tmp_path: Path, elements: dict[str, Any], rate: float
) -> None:
    clip = opened(tmp_path, **NO_TIME, **elements)
    assert clip.frame_rate_hz == pytest.approx(rate)
    assert clip.warnings == ()


def test_a_rate_that_nobody_gave_is_assumed_with_a_warning(tmp_path: Path) -> None:
    clip = opened(tmp_path, **NO_TIME)
    assert clip.frame_rate_hz == pytest.approx(25)
    assert clip.details.rate_assumed
    assert any("assumed" in warning for warning in clip.warnings)


def test_a_single_frame_has_no_rate_and_no_warning(tmp_path: Path) -> None:
    path = writing.native(tmp_path / "one.dcm", GRAY[:1], **NO_TIME)
    clip = open_clip(path)
    assert (len(clip), clip.frame_rate_hz, clip.duration_s) == (1, 0, 0)
    assert clip.warnings == ()
    clip.close()


def test_sweep_and_trims_are_passed_on(tmp_path: Path) -> None:
    clip = opened(tmp_path, PreferredPlaybackSequencing=1, StartTrim=2, StopTrim=4)
    assert clip.details.playback == "sweep"
    assert clip.details.trim == (1, 3)
    plain = opened(tmp_path)
    assert (plain.details.playback, plain.details.trim) == ("loop", None)


def test_trims_outside_the_clip_are_brought_inside(tmp_path: Path) -> None:
    assert opened(tmp_path, StartTrim=0, StopTrim=99).details.trim == (0, 4)
    assert opened(tmp_path, StartTrim=4, StopTrim=2).details.trim is None


def test_the_largest_tissue_region_is_the_image(tmp_path: Path) -> None:
    clip = opened(
        tmp_path,
        SequenceOfUltrasoundRegions=[
            region(RegionSpatialFormat=3, RegionLocationMaxX1=63),
            region(RegionLocationMaxX1=20),
            region(),
            region(RegionDataType=2, RegionLocationMaxX1=60),
        ],
    )
    geometry = clip.geometry
    assert geometry.region == (4, 8, 44, 40)
    assert geometry.pixel_spacing_mm == pytest.approx((0.4, 0.5))
    assert geometry.beam_from == "header"
    assert [r.spatial_format for r in geometry.regions] == [
        "spectral",
        "2D",
        "2D",
        "2D",
    ]
    assert [r.data_type for r in geometry.regions][3] == "colour flow"
    assert geometry.regions[2].units == ("cm", "cm")


def test_lengths_hold_only_where_the_units_are_centimetres(tmp_path: Path) -> None:
    seconds = region(PhysicalUnitsXDirection=4)
    clip = opened(tmp_path, SequenceOfUltrasoundRegions=[seconds])
    assert clip.geometry.pixel_spacing_mm is None
    assert clip.geometry.regions[0].units == ("cm", "s")


def test_pixels_that_are_not_square_carry_a_warning(tmp_path: Path) -> None:
    clip = opened(tmp_path, PixelSpacing=[0.4, 0.5])
    assert "0.4 mm high and 0.5 mm wide" in clip.warnings[-1]
    assert opened(tmp_path, PixelSpacing=[0.4, 0.41]).warnings == ()


@pytest.mark.parametrize("delta", [0.0, float("nan"), float("inf")])
def test_a_step_that_is_no_length_gives_no_spacing(
    tmp_path: Path, delta: float
) -> None:
    odd = region(PhysicalDeltaX=delta)
    clip = opened(tmp_path, SequenceOfUltrasoundRegions=[odd])
    assert clip.geometry.pixel_spacing_mm is None


def test_bounds_beyond_the_frame_are_cut_and_negative_steps_made_positive(
    tmp_path: Path,
) -> None:
    wide = region(
        RegionLocationMaxX1=900, RegionLocationMaxY1=900, PhysicalDeltaY=-0.04
    )
    clip = opened(tmp_path, SequenceOfUltrasoundRegions=[wide])
    assert clip.geometry.region == (4, 8, 48, 64)
    assert clip.geometry.pixel_spacing_mm == pytest.approx((0.4, 0.5))


def test_regions_without_bounds_or_area_are_left_out(tmp_path: Path) -> None:
    empty = region(RegionLocationMaxX1=3)
    lost = region()
    del lost.RegionLocationMinX0
    clip = opened(tmp_path, SequenceOfUltrasoundRegions=[empty, lost])
    assert clip.geometry.regions == ()
    assert clip.geometry.beam_from == "frame"
    assert clip.geometry.region == (0, 0, 48, 64)


def test_pixel_spacing_is_used_where_no_region_tells(tmp_path: Path) -> None:
    clip = opened(tmp_path, PixelSpacing=[0.3, 0.2])
    assert clip.geometry.pixel_spacing_mm == pytest.approx((0.3, 0.2))
    assert opened(tmp_path, PixelSpacing=0.3).geometry.pixel_spacing_mm is None


def test_the_identity_names_the_instance_and_no_person(tmp_path: Path) -> None:
    clip = opened(tmp_path, PatientName="Doe^Jane", SOPInstanceUID="1.2.3")
    assert clip.identity.sop_instance_uid == "1.2.3"
    assert clip.identity.source == "dicom"
    assert "Doe" not in repr(clip.identity) + repr(clip.details) + repr(clip.geometry)
    assert len(clip.identity.sha256()) == 64


def test_details_carry_what_info_prints(tmp_path: Path) -> None:
    details = opened(tmp_path).details
    assert details.kind == "DICOM"
    assert details.transfer_syntax == "Explicit VR Little Endian"
    assert details.photometric == "MONOCHROME2"
    assert not details.colour


def test_a_file_without_preamble_and_meta_opens(tmp_path: Path) -> None:
    path = writing.native(
        tmp_path / "bare", GRAY, syntax="1.2.840.10008.1.2", FrameTime=50.0
    )
    data = path.read_bytes()
    meta_length = int.from_bytes(data[140:144], "little")
    path.write_bytes(data[144 + meta_length :])
    clip = open_clip(path)
    assert (clip.frame(4) == GRAY[4]).all()
    assert clip.details.transfer_syntax == "Implicit VR Little Endian"
    assert np.diff(clip.frame_times_s) == pytest.approx(np.full(4, 0.05))
    clip.close()


@pytest.mark.parametrize("table", ["basic", "extended", "none"])
def test_ten_minutes_open_about_as_fast_as_three_seconds(
    tmp_path: Path, table: str
) -> None:
    frames = writing.cine(90)
    data = writing.jpegs(frames)
    spent = {}
    for repeats in (1, 200):
        made = writing.header(frames, "1.2.840.10008.1.2.4.50", "MONOCHROME2")
        made.NumberOfFrames = 90 * repeats
        path = tmp_path / f"{repeats}.dcm"
        writing.packed(path, made, data * repeats, table=table)
        open_clip(path).close()
        start = time.thread_time()
        with open_clip(path) as clip:
            spent[len(clip)] = time.thread_time() - start
            assert clip.frame(len(clip) - 1).shape == (48, 64)
    assert spent[18000] < spent[90] + 0.15
