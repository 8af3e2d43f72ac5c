"""Write the simulated sample clips: ``python packaging/make_samples.py [folder]``.

They are rendered by ``lusviewer.phantom``, carry 'SIMULATED' in the picture and no
person's data. The same version writes the same pixels.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av  # noqa: TID253
import cv2
import numpy as np
import simplejpeg
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, UltrasoundMultiFrameImageStorage

from lusviewer.geometry import Probe
from lusviewer.phantom import Scene, Wanted, random_scene, render
from lusviewer.phantom.scene import (
    ALines,
    BLine,
    Confounders,
    Consolidation,
    Effusion,
    Lung,
    Rib,
    View,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS, COLUMNS = 480, 640
BEAM_ROWS, BEAM_COLUMNS = 424, 560
TOP, LEFT = 44, 40
RATE_HZ = 20
JPEG_QUALITY = 62


@dataclass(frozen=True, slots=True)
class Movie:
    """Frames with text burnt in, where the beam lies, and mm per pixel."""

    frames: NDArray[np.uint8]
    region: tuple[int, int, int, int]
    spacing_mm: tuple[float, float]


def scene(name: str) -> Scene:
    """Return the scene of a sample."""
    base = random_scene(
        np.random.default_rng(20), want=Wanted(findings=(), ribs=0, clean=True)
    )
    base = replace(
        base,
        seed=7,
        view=View(Probe.CURVILINEAR, 95.0, radius_mm=48.0, half_angle_rad=0.52),
        wall=replace(
            base.wall, pleura_depth_mm=19.0, flatness=0.7, tilt=0.02,
            undulation_mm=0.5, fat_fraction=0.35, fat_db=-27.0, muscle_db=-33.0,
            striation_db=3.5, fascia_count=6, fascia_db=-16.0, near_field_db=-6.0,
            veil_db=1.0, clutter_db=-38.0,
        ),
        pleura=replace(
            base.pleura, thickness_mm=1.1, level_db=-4.0, roughness_mm=0.1,
            grain_db=2.0, patch_db=0.5, indents=(), breaks=(),
        ),
        confounders=Confounders(contact_softness=0.1),
        motion=replace(
            base.motion, frame_rate_hz=float(RATE_HZ), slide_mm=5.0,
            breaths_per_s=1 / 3, heart_mm=0.2, beats_per_s=4 / 3, wobble_mm=0.0,
            phase=0.4,
        ),
        machine=replace(
            base.machine, gain_db=-5.0, dynamic_range_db=66.0, gamma=1.35,
            tgc_db=(0.0, 0.0, 1.0, 2.0, 1.0, 0.0), edge_loss_db=5.0, noise_db=-78.0,
            noise_slope_db=8.0, axial_mm=0.33, lateral_lines=2.6, speckle=0.45,
            persistence=0.35, decorrelation=0.2,
        ),
        consolidations=(),
        effusion=None,
    )  # fmt: skip
    return {"b-lines": _b_lines, "a-lines": _a_lines, "effusion": _effusion}[name](base)


def _haze(base: Scene, haze_db: float, decay: float) -> Lung:
    return replace(
        base.lung, haze_db=haze_db, decay_db_per_cm=decay, reverberation_db=-30.0,
        streak_db=1.5, cloud_db=2.0, mottle_db=1.2, b_decay_db_per_cm=1.3,
        b_ripple_db=2.0,
    )  # fmt: skip


def _b_lines(base: Scene) -> Scene:
    lines = (
        BLine(-3.0, 2.6, -13.0),
        BLine(9.0, 3.6, -11.0, period_s=3.0, phase=0.15, duty=0.8),
        BLine(14.5, 2.0, -15.0, period_s=3.0, phase=0.9, duty=0.55),
    )
    a_lines = ALines(
        count=2, level_db=-14.0, loss_db=5.0, patch_db=1.0, x_mm=26.0, half_width_mm=9.0
    )
    lung = replace(_haze(base, -24.0, 4.0), b_lines=lines, a_lines=a_lines)
    ribs = (Rib(-20.0, 7.0, 5.0, -14.0, 34.0, softness=0.5),)
    return replace(base, lung=lung, ribs=ribs)


def _a_lines(base: Scene) -> Scene:
    a_lines = ALines(
        count=3, level_db=-10.0, loss_db=5.0, patch_db=0.8, x_mm=2.0, half_width_mm=17.0
    )
    lung = replace(_haze(base, -22.0, 4.5), a_lines=a_lines)
    ribs = (
        Rib(-24.0, 7.0, 6.0, -14.0, 34.0, softness=0.5),
        Rib(27.0, 7.0, 6.0, -16.0, 32.0, softness=0.7),
    )
    return replace(base, seed=11, lung=lung, ribs=ribs)


def _effusion(base: Scene) -> Scene:
    fluid = Effusion(-2.0, 34.0, 24.0, -62.0, -8.0, septa=0, diaphragm=0.5)
    solid = Consolidation(-6.0, 24.0, 16.0, -27.0, 0.5, 0.6, 5.0)
    view = replace(base.view, depth_mm=125.0)
    lung = _haze(base, -20.0, 2.8)
    return replace(
        base, seed=5, view=view, lung=lung, effusion=fluid, consolidations=(solid,)
    )


def movie(name: str, n_frames: int) -> Movie:
    """Return a sample with its frame around the beam, as scanners store it."""
    clip = render(scene(name), n_frames, rows=BEAM_ROWS, columns=BEAM_COLUMNS)
    frames = np.zeros((n_frames, ROWS, COLUMNS), np.uint8)
    frames[:, TOP : TOP + BEAM_ROWS, LEFT : LEFT + BEAM_COLUMNS] = clip.frames
    overlay = np.zeros((ROWS, COLUMNS), np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(overlay, "SIMULATED", (10, 24), font, 0.6, 200, 1, cv2.LINE_AA)
    words = f"lusviewer phantom: {name}"
    cv2.putText(overlay, words, (410, 24), font, 0.45, 140, 1, cv2.LINE_AA)
    spacing = clip.geometry.pixel_spacing_mm
    assert spacing is not None
    top, left, bottom, right = clip.geometry.region
    for centimetre in range(int((bottom - top) * spacing[0] / 10) + 1):
        row = TOP + round(centimetre * 10 / spacing[0])
        overlay[row, COLUMNS - 16 : COLUMNS - (4 if centimetre % 5 else 1)] = 150
    region = (TOP + top, LEFT + left, TOP + bottom, LEFT + right)
    return Movie(np.maximum(frames, overlay), region, spacing)


def _uid(words: str) -> str:
    # The same name gives the same UID, so that writing twice gives the same file.
    return f"2.25.{int(hashlib.sha256(words.encode()).hexdigest()[:31], 16)}"


def write_dicom(clip: Movie, path: Path, words: str) -> None:
    """Write ``clip`` as a multi-frame ultrasound object, JPEG baseline."""
    uid = _uid(path.name)
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = UltrasoundMultiFrameImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = uid
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.SOPClassUID, ds.SOPInstanceUID = UltrasoundMultiFrameImageStorage, uid
    ds.StudyInstanceUID, ds.SeriesInstanceUID = (
        _uid(path.name + " study"),
        _uid(path.name + " series"),
    )
    ds.Modality = "US"
    ds.PatientName, ds.PatientID = "SIMULATED^PHANTOM", "SIMULATED"
    ds.PatientBirthDate, ds.PatientSex = "", ""
    ds.StudyDate, ds.StudyTime, ds.AccessionNumber = "", "", ""
    ds.StudyID, ds.SeriesNumber, ds.InstanceNumber = "1", 1, 1
    ds.ReferringPhysicianName = ""
    ds.Manufacturer, ds.ManufacturerModelName = "lusviewer", "phantom"
    ds.SeriesDescription = words
    ds.ImageType = ["DERIVED", "PRIMARY"]
    ds.BurnedInAnnotation = "NO"
    _describe_pixels(ds, clip)
    coded = [
        simplejpeg.encode_jpeg(
            np.ascontiguousarray(f[:, :, None]), JPEG_QUALITY, "GRAY", fastdct=False
        )
        for f in clip.frames
    ]
    ds.PixelData = encapsulate(coded)
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    ds.save_as(path, enforce_file_format=True)


def _describe_pixels(ds: Dataset, clip: Movie) -> None:
    n, ds.Rows, ds.Columns = clip.frames.shape
    ds.NumberOfFrames = n
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
    ds.PixelRepresentation = 0
    ds.FrameTime, ds.CineRate = str(1000 // RATE_HZ), str(RATE_HZ)
    ds.FrameIncrementPointer = 0x00181063
    ds.LossyImageCompression = "01"
    ds.LossyImageCompressionMethod = "ISO_10918_1"
    region = Dataset()
    top, left, bottom, right = clip.region
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = left, top
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = right - 1, bottom - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = clip.spacing_mm[1] / 10
    region.PhysicalDeltaY = clip.spacing_mm[0] / 10
    ds.SequenceOfUltrasoundRegions = [region]


def write_mp4(clip: Movie, path: Path) -> None:
    """Write ``clip`` as H.264."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("h264", rate=Fraction(RATE_HZ))
        stream.width, stream.height = COLUMNS, ROWS
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "28", "preset": "slow", "threads": "1"}
        for pixels in clip.frames:
            frame = av.VideoFrame.from_ndarray(pixels, format="gray")
            out.mux(stream.encode(frame.reformat(format="yuv420p")))
        out.mux(stream.encode())


def main() -> None:
    """Write all samples."""
    here = Path(__file__).resolve().parent.parent / "resources" / "samples"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else here
    folder.mkdir(parents=True, exist_ok=True)
    main_clip = movie("b-lines", 60)
    write_dicom(main_clip, folder / "simulated-b-lines.dcm", "Simulated B-lines")
    write_mp4(main_clip, folder / "simulated-b-lines.mp4")
    write_dicom(
        movie("a-lines", 60), folder / "simulated-a-lines.dcm", "Simulated A-lines"
    )
    write_mp4(movie("effusion", 60), folder / "simulated-effusion.mp4")
    for path in sorted(folder.glob("simulated-*")):
        print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
