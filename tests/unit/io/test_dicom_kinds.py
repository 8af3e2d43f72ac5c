"""Every transfer syntax and photometric interpretation gives the pixels it holds."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import gdcm
import numpy as np
import pydicom
import pydicom.uid as uids
import pytest

from lusviewer.errors import CorruptClipError, UnsupportedClipError
from lusviewer.io import open_clip
from tests.unit.io import writing

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRAY = writing.cine()
RGB = writing.coloured(GRAY)


def luminance(path: Path) -> NDArray[np.int16]:
    """All frames of the clip in ``path``, asked for out of order."""
    clip = open_clip(path)
    order = [*range(len(clip) - 1, -1, -1)]
    frames = {index: clip.frame(index).astype(np.int16) for index in order}
    clip.close()
    return np.stack([frames[index] for index in range(len(frames))])


def to_gray(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in rgb])


@pytest.mark.parametrize(
    "syntax",
    [
        uids.ImplicitVRLittleEndian,
        uids.ExplicitVRLittleEndian,
        uids.ExplicitVRBigEndian,
        uids.DeflatedExplicitVRLittleEndian,
    ],
)
@pytest.mark.parametrize("planar", [0, 1])
def test_uncompressed_colour_reads_exactly(
    tmp_path: Path, syntax: str, planar: int
) -> None:
    path = tmp_path / "clip.dcm"
    writing.native(path, RGB, "RGB", syntax=syntax, PlanarConfiguration=planar)
    clip = open_clip(path)
    assert (clip.colour(2) == RGB[2]).all()
    assert (clip.frame(1) == to_gray(RGB)[1]).all()
    assert clip.details.transfer_syntax == uids.UID(syntax).name
    clip.close()


@pytest.mark.parametrize(
    "syntax", [uids.ImplicitVRLittleEndian, uids.ExplicitVRBigEndian]
)
def test_sixteen_bits_are_brought_to_eight(tmp_path: Path, syntax: str) -> None:
    deep = GRAY.astype(np.uint16) * 257
    path = writing.native(tmp_path / "deep.dcm", deep, syntax=syntax)
    assert (luminance(path) == GRAY).all()


def test_only_the_stored_bits_count(tmp_path: Path) -> None:
    overlay = np.uint16(0xF000)
    twelve = (GRAY.astype(np.uint16) << 4) | overlay
    path = writing.native(tmp_path / "twelve.dcm", twelve, BitsStored=12, HighBit=11)
    assert np.abs(luminance(path) - GRAY).max() <= 1


def test_signed_values_run_from_black_to_white(tmp_path: Path) -> None:
    signed = (GRAY.astype(np.int32) * 257 - 32768).astype(np.int16)
    path = writing.native(tmp_path / "signed.dcm", signed, PixelRepresentation=1)
    assert (luminance(path) == GRAY).all()


def test_monochrome1_is_shown_inverted(tmp_path: Path) -> None:
    path = writing.native(tmp_path / "inverse.dcm", GRAY, "MONOCHROME1")
    assert (luminance(path) == 255 - GRAY.astype(np.int16)).all()


def test_rescale_and_window_are_applied(tmp_path: Path) -> None:
    values = np.array([[[0, 100], [200, 400]]], np.uint16)
    path = writing.native(
        tmp_path / "window.dcm",
        values,
        RescaleSlope=2,
        RescaleIntercept=-100,
        WindowCenter=200,
        WindowWidth=401,
    )
    # Window of 401 around 200: black at -0.5, white at 399.5.
    assert luminance(path)[0].tolist() == [[0, 64], [192, 255]]


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize(
    "syntax", [uids.ExplicitVRLittleEndian, uids.ExplicitVRBigEndian]
)
def test_a_palette_gives_its_colours(tmp_path: Path, bits: int, syntax: str) -> None:
    order = ">u2" if syntax == uids.ExplicitVRBigEndian else "<u2"
    ramps = {
        "Red": np.arange(256) << 8,
        "Green": np.arange(255, -1, -1) << 8,
        "Blue": np.full(256, 7 << 8),
    }
    elements: dict[str, Any] = {}
    for name, ramp in ramps.items():
        elements[f"{name}PaletteColorLookupTableDescriptor"] = [256, 10, 16]
        elements[f"{name}PaletteColorLookupTableData"] = ramp.astype(order).tobytes()
    stored = GRAY.astype(np.uint16 if bits == 16 else np.uint8)
    path = tmp_path / "palette.dcm"
    writing.native(path, stored, "PALETTE COLOR", syntax=syntax, **elements)
    clip = open_clip(path)
    index = np.clip(GRAY[1].astype(int) - 10, 0, 255)
    expected = np.stack([index, 255 - index, np.full_like(index, 7)], -1)
    assert (clip.colour(1) == expected).all()
    expected_gray = expected @ [0.299, 0.587, 0.114]
    assert np.abs(clip.frame(1) - expected_gray).max() <= 0.5001
    clip.close()


def test_a_segmented_palette_is_unrolled(tmp_path: Path) -> None:
    # 2 values as they are, then a ramp of 254 up to 65280.
    segments = np.array([0, 2, 0, 256, 1, 254, 65280], "<u2").tobytes()
    elements: dict[str, Any] = {}
    for name in ("Red", "Green", "Blue"):
        elements[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        elements[f"Segmented{name}PaletteColorLookupTableData"] = segments
    path = writing.native(tmp_path / "seg.dcm", GRAY, "PALETTE COLOR", **elements)
    assert np.abs(luminance(path) - GRAY).max() <= 1


def test_a_palette_cut_short_is_refused_by_name(tmp_path: Path) -> None:
    elements: dict[str, Any] = {}
    for name in ("Red", "Green", "Blue"):
        elements[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        elements[f"{name}PaletteColorLookupTableData"] = b"\0" * 20
    path = writing.native(tmp_path / "short.dcm", GRAY, "PALETTE COLOR", **elements)
    with pytest.raises(CorruptClipError, match=r"short\.dcm.*palette") as caught:
        open_clip(path)
    assert caught.value.hint


def test_ybr_full_gives_luminance_and_colour(tmp_path: Path) -> None:
    ycc = np.stack([cv2.cvtColor(f, cv2.COLOR_RGB2YCrCb) for f in RGB])[..., [0, 2, 1]]
    path = writing.native(tmp_path / "ybr.dcm", ycc, "YBR_FULL")
    clip = open_clip(path)
    assert (clip.frame(0) == ycc[0, ..., 0]).all()
    assert np.abs(clip.colour(0).astype(int) - RGB[0]).max() <= 3
    clip.close()


def test_ybr_full_422_shares_its_chroma_between_two_pixels(tmp_path: Path) -> None:
    pairs = np.empty((*GRAY.shape[:2], 32, 4), np.uint8)
    pairs[..., 0], pairs[..., 1] = GRAY[..., ::2], GRAY[..., 1::2]
    pairs[..., 2:] = 128
    made = writing.header(RGB, uids.ExplicitVRLittleEndian, "YBR_FULL_422")
    made.PixelData = pairs.tobytes()
    made["PixelData"].VR = "OB"
    path = writing.write(tmp_path / "422.dcm", made)
    assert (luminance(path) == GRAY).all()
    clip = open_clip(path)
    assert (clip.colour(3) == GRAY[3][..., None]).all()
    clip.close()


def test_422_that_is_stored_in_full_is_read_in_full(tmp_path: Path) -> None:
    full = np.stack([GRAY, np.full_like(GRAY, 128), np.full_like(GRAY, 128)], -1)
    path = writing.native(tmp_path / "named_422.dcm", full, "YBR_FULL_422")
    assert (luminance(path) == GRAY).all()


@pytest.mark.parametrize(
    ("syntax", "options", "error"),
    [
        (uids.RLELossless, {}, 0),
        (uids.JPEGLSLossless, {}, 0),
        (uids.JPEGLSNearLossless, {"jls_error": 3}, 3),
        (uids.JPEG2000Lossless, {}, 0),
        (uids.JPEG2000, {"j2k_psnr": [45]}, 16),
    ],
)
@pytest.mark.parametrize("colour", [False, True])
def test_compressed_frames_decode(
    tmp_path: Path, syntax: str, options: dict[str, Any], error: int, *, colour: bool
) -> None:
    frames = RGB if colour else GRAY
    made = writing.header(frames, syntax, "RGB" if colour else "MONOCHROME2")
    if colour and syntax in (uids.JPEG2000Lossless, uids.JPEG2000):
        lossy = syntax == uids.JPEG2000
        made.PhotometricInterpretation = "YBR_ICT" if lossy else "YBR_RCT"
        options = {
            **options,
            "use_mct": True,
            "photometric_interpretation": made.PhotometricInterpretation,
        }
    data = writing.encoded(frames, syntax, **options)
    path = writing.packed(tmp_path / "packed.dcm", made, data)
    expected = to_gray(RGB) if colour else GRAY
    assert np.abs(luminance(path) - expected).max() <= error
    if colour:
        clip = open_clip(path)
        assert np.abs(clip.colour(1).astype(int) - RGB[1]).max() <= 2 * error
        clip.close()


@pytest.mark.parametrize("syntax", [uids.JPEGLSLossless, uids.RLELossless])
def test_sixteen_bits_compressed_are_brought_to_eight(
    tmp_path: Path, syntax: str
) -> None:
    deep = GRAY.astype(np.uint16) * 257
    made = writing.header(deep, syntax, "MONOCHROME2")
    path = writing.packed(tmp_path / "d.dcm", made, writing.encoded(deep, syntax))
    assert (luminance(path) == GRAY).all()


@pytest.mark.parametrize("table", ["basic", "extended", "none"])
@pytest.mark.parametrize("colour", [False, True])
def test_jpeg_reads_with_each_kind_of_offset_table(
    tmp_path: Path, table: str, *, colour: bool
) -> None:
    frames = RGB if colour else GRAY
    photometric = "YBR_FULL" if colour else "MONOCHROME2"
    made = writing.header(frames, uids.JPEGBaseline8Bit, photometric)
    path = writing.packed(
        tmp_path / "clip.dcm", made, writing.jpegs(frames), table=table
    )
    expected = to_gray(RGB) if colour else GRAY
    assert np.abs(luminance(path) - expected).mean() < 1.5


@pytest.mark.parametrize("table", ["basic", "none"])
@pytest.mark.parametrize("n_frames", [1, 4])
def test_several_fragments_make_one_frame(
    tmp_path: Path, table: str, n_frames: int
) -> None:
    frames = GRAY[:n_frames]
    made = writing.header(frames, uids.JPEGBaseline8Bit, "MONOCHROME2")
    path = writing.packed(
        tmp_path / "f.dcm", made, writing.jpegs(frames), table=table, fragments=3
    )
    assert luminance(path).shape == frames.shape
    assert np.abs(luminance(path) - frames).mean() < 1.5


def test_a_jpeg_that_is_rgb_inside_is_not_taken_for_ycc(tmp_path: Path) -> None:
    # Three equal components, 1 to 3, and no marker that says what they mean. Few
    # tones, so that the colours in between stay within what RGB can hold.
    soft = (GRAY // 4 + 96).astype(np.uint8)
    gray = np.repeat(soft[..., None], 3, 3)
    made = writing.header(gray, uids.JPEGBaseline8Bit, "RGB")
    data = []
    for frame in gray:
        rgb_as_is = cv2.cvtColor(frame, cv2.COLOR_YCrCb2RGB)
        jpeg = writing.jpegs(rgb_as_is[None], 98)[0]
        data.append(jpeg[:2] + jpeg[20:])
    path = writing.packed(tmp_path / "rgb.dcm", made, data)
    assert np.abs(luminance(path) - soft).mean() < 3


@pytest.mark.parametrize(
    ("syntax", "kind"),
    [
        (uids.JPEGLossless, "JPEGLosslessProcess14"),
        (uids.JPEGLosslessSV1, "JPEGLosslessProcess14_1"),
        (uids.JPEGExtended12Bit, "JPEGExtendedProcess2_4"),
    ],
)
def test_the_older_jpeg_processes_decode(
    tmp_path: Path, syntax: str, kind: str
) -> None:
    path = transcoded(writing.native(tmp_path / "plain.dcm", GRAY), kind)
    clip = open_clip(path)
    assert clip.details.transfer_syntax == uids.UID(syntax).name
    clip.close()
    assert np.abs(luminance(path) - GRAY).max() <= 1


def test_lossless_jpeg_of_twelve_bits_decodes(tmp_path: Path) -> None:
    deep = GRAY.astype(np.uint16) << 4
    plain = writing.native(tmp_path / "plain.dcm", deep, BitsStored=12, HighBit=11)
    assert (
        np.abs(luminance(transcoded(plain, "JPEGLosslessProcess14_1")) - GRAY).max()
        <= 1
    )


def test_extended_jpeg_of_twelve_bits_is_refused_by_name(tmp_path: Path) -> None:
    deep = GRAY.astype(np.uint16) << 4
    made = writing.header(deep, uids.JPEGExtended12Bit, "MONOCHROME2", BitsStored=12)
    path = writing.packed(tmp_path / "twelve.dcm", made, writing.jpegs(GRAY))
    with pytest.raises(UnsupportedClipError, match=r"twelve.dcm.*JPEG Extended"):
        open_clip(path)


def transcoded(path: Path, kind: str) -> Path:
    """The file in another transfer syntax, by GDCM, the one encoder of these."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, kind)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    target = path.with_name(f"{kind}.dcm")
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(target))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return target


def test_frames_deflated_one_by_one_decode(tmp_path: Path) -> None:
    made = writing.header(GRAY, "1.2.840.10008.1.2.8.1", "MONOCHROME2")
    path = writing.packed(tmp_path / "z.dcm", made, writing.deflated_frames(GRAY))
    assert (luminance(path) == GRAY).all()


@pytest.mark.parametrize("syntax", [uids.MPEG4HP41, uids.MPEG2MPML])
@pytest.mark.parametrize("kind", ["mp4", "mpegts"])
def test_video_in_dicom_keeps_the_header_s_times(
    tmp_path: Path, syntax: str, kind: str
) -> None:
    frames = writing.cine(12)
    stream = io.BytesIO()
    codec = "libx264" if syntax == uids.MPEG4HP41 else "mpeg2video"
    writing.film(stream, frames, codec, kind=kind, options={"crf": "10"})
    made = writing.header(frames, syntax, "YBR_PARTIAL_420", FrameTime=50.0)
    made.SamplesPerPixel, made.PlanarConfiguration = 3, 0
    data = stream.getvalue()
    path = writing.packed(tmp_path / "film.dcm", made, [data], fragments=3)
    clip = open_clip(path)
    assert len(clip) == 12
    assert clip.frame_times_s == pytest.approx(np.arange(12) * 0.05)
    assert np.abs(clip.frame(7).astype(int) - frames[7]).mean() < 6
    assert clip.identity.source == "dicom"
    clip.close()


def test_a_bare_h264_stream_in_dicom_plays(tmp_path: Path) -> None:
    frames = writing.cine(12)
    stream = io.BytesIO()
    writing.film(stream, frames, "libx264", kind="h264", options={"crf": "10"})
    made = writing.header(frames, uids.MPEG4HP41, "YBR_PARTIAL_420")
    path = writing.packed(tmp_path / "bare.dcm", made, [stream.getvalue()])
    clip = open_clip(path)
    assert len(clip) == 12
    assert np.abs(clip.frame(9).astype(int) - frames[9]).mean() < 6
    assert np.abs(clip.frame(2).astype(int) - frames[2]).mean() < 6
    clip.close()


@pytest.mark.parametrize(
    ("uid", "name"),
    [
        ("1.2.840.10008.1.2.4.110", "JPEG XL Lossless"),
        ("1.2.840.10008.1.2.4.112", "JPEG XL"),
        ("1.2.3.4.5", "1.2.3.4.5"),
    ],
)
def test_a_codec_without_decoder_is_refused_by_its_name(
    tmp_path: Path, uid: str, name: str
) -> None:
    made = writing.header(GRAY, uid, "MONOCHROME2")
    path = writing.packed(tmp_path / "xl.dcm", made, [b"\xff\x0a" + b"\0" * 10] * 4)
    with pytest.raises(UnsupportedClipError) as caught:
        open_clip(path)
    assert "xl.dcm" in caught.value.message
    assert name in caught.value.message
    assert "export" in caught.value.hint


def test_samples_of_32_bits_are_refused(tmp_path: Path) -> None:
    path = writing.native(tmp_path / "deep.dcm", GRAY.astype(np.uint32))
    with pytest.raises(UnsupportedClipError, match=r"deep\.dcm.*32 bits"):
        open_clip(path)


def test_the_pydicom_sample_opens_as_a_clip() -> None:
    path = Path(pydicom.__file__).parent / "data/test_files/examples_ybr_color.dcm"
    if not path.is_file():
        pytest.skip("this pydicom comes without examples_ybr_color.dcm")
    clip = open_clip(path)
    assert len(clip) == 30
    assert clip.geometry.beam_from in ("header", "frame")
    assert clip.frame(29).shape == (clip.geometry.rows, clip.geometry.columns)
    clip.close()
