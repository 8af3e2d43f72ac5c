"""High-throughput JPEG 2000: codestreams of ``writing.cine`` made with OpenJPH."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom.uid as uids
import pytest

from lusviewer.io import open_clip
from tests.unit.io import writing

DATA = Path(__file__).parent / "data"
GRAY = writing.cine(2)


@pytest.mark.parametrize("syntax", [uids.HTJ2KLossless, uids.HTJ2KLosslessRPCL])
def test_lossless_high_throughput_frames_decode_exactly(
    tmp_path: Path, syntax: str
) -> None:
    made = writing.header(GRAY, syntax, "MONOCHROME2")
    streams = [(DATA / f"htj2k-lossless-{i}.j2c").read_bytes() for i in range(2)]
    with open_clip(writing.packed(tmp_path / "ht.dcm", made, streams)) as clip:
        assert len(clip) == 2
        for index in (1, 0):
            np.testing.assert_array_equal(clip.frame(index), GRAY[index])


def test_a_lossy_high_throughput_frame_decodes_closely(tmp_path: Path) -> None:
    made = writing.header(GRAY[:1], uids.HTJ2K, "MONOCHROME2")
    stream = (DATA / "htj2k-lossy.j2c").read_bytes()
    with open_clip(writing.packed(tmp_path / "ht.dcm", made, [stream])) as clip:
        difference = clip.frame(0).astype(int) - GRAY[0]
        assert np.abs(difference).mean() < 2


def test_a_coloured_high_throughput_frame_decodes_exactly(tmp_path: Path) -> None:
    rgb = np.stack([GRAY[0], GRAY[0][::-1], GRAY[0][:, ::-1]], axis=-1)[None]
    made = writing.header(rgb, uids.HTJ2KLossless, "YBR_RCT")
    stream = (DATA / "htj2k-colour.j2c").read_bytes()
    with open_clip(writing.packed(tmp_path / "ht.dcm", made, [stream])) as clip:
        np.testing.assert_array_equal(clip.colour(0), rgb[0])
