"""Tiny real clips for tests: drawn label maps as PNG, video and DICOM.

Each frame is a label map drawn in grey (``tests.bundles.grey_of``), which the tiny
bundle gives back as findings.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    ExplicitVRLittleEndian,
    UltrasoundMultiFrameImageStorage,
    generate_uid,
)

from lusviewer.findings import CLASSES
from tests.bundles import grey_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom.uid import UID

ROWS, COLUMNS = 224, 224


def label_map(n_b_lines: int) -> NDArray[np.uint8]:
    """Return chest wall, pleura and lung with ``n_b_lines`` vertical B-lines."""
    labels = np.full((ROWS, COLUMNS), CLASSES.index("lung"), np.uint8)
    labels[:50] = CLASSES.index("chest_wall")
    labels[50:56] = CLASSES.index("pleura")
    for column in np.linspace(30, COLUMNS - 30, n_b_lines).astype(int):
        labels[56:, column - 4 : column + 4] = CLASSES.index("b_line")
    # As on every screen the beam stands on black, or its gray would be taken for it.
    labels[:, :3] = labels[:, -3:] = CLASSES.index("outside")
    return labels


def frames(n_frames: int) -> NDArray[np.uint8]:
    """Return frames with 0, 1, 2 ... up to 3 B-lines, again and again."""
    return np.stack([grey_of(label_map(i % 4)) for i in range(n_frames)])


def write_png(path: Path, n_b_lines: int = 2) -> Path:
    """Write one picture."""
    _, content = cv2.imencode(".png", grey_of(label_map(n_b_lines)))
    path.write_bytes(content.tobytes())
    return path


def write_video(path: Path, n_frames: int = 6, rate_hz: int = 20) -> Path:
    """Write Motion JPEG of high quality, so that grey levels survive."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=rate_hz, options={"qscale": "2"})
        stream.width, stream.height, stream.pix_fmt = COLUMNS, ROWS, "yuvj420p"
        stream.time_base = Fraction(1, rate_hz)
        for picture in frames(n_frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "gray")))
        container.mux(stream.encode(None))
    return path


def cine_dataset(
    shape: tuple[int, ...], frame_time_ms: float, syntax: UID
) -> pydicom.Dataset:
    """Return an ultrasound cine of ``shape`` ``(frames, rows, columns)``, unfilled."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UltrasoundMultiFrameImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = syntax
    dataset = pydicom.Dataset()
    dataset.file_meta = meta
    dataset.SOPClassUID = UltrasoundMultiFrameImageStorage
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID = dataset.SeriesInstanceUID = generate_uid()
    dataset.Modality = "US"
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = shape
    dataset.FrameTime = frame_time_ms
    dataset.FrameIncrementPointer = 0x00181063
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    return dataset


def write_dicom(path: Path, n_frames: int = 6, frame_time_ms: float = 40.0) -> Path:
    """Write an ultrasound cine, uncompressed, with one calibrated region."""
    shape = (n_frames, ROWS, COLUMNS)
    dataset = cine_dataset(shape, frame_time_ms, ExplicitVRLittleEndian)
    region = pydicom.Dataset()
    region.RegionSpatialFormat, region.RegionDataType = 1, 1
    region.RegionFlags = 0
    region.RegionLocationMinX0 = region.RegionLocationMinY0 = 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = COLUMNS - 1, ROWS - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = 0.02
    dataset.SequenceOfUltrasoundRegions = [region]
    dataset.PixelData = frames(n_frames).tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return path
