"""Clips of usual size for the benchmarks, drawn by the simulator."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
import simplejpeg
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit, RLELossless

from lusviewer.phantom import random_scene, render
from tests.small_clips import cine_dataset

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

ROWS, COLUMNS = 600, 800
FRAME_TIME_MS = 33.3


def pictures(
    n_frames: int, rows: int = ROWS, columns: int = COLUMNS
) -> NDArray[np.uint8]:
    """Return simulated frames, ``(n_frames, rows, columns)``; 48 of them, repeated."""
    scene = random_scene(np.random.default_rng(7))
    drawn = render(scene, 48, rows=rows // 2, columns=columns // 2).frames
    size = (columns, rows)
    large = [cv2.resize(f, size, interpolation=cv2.INTER_LINEAR) for f in drawn]
    return np.stack([large[i % len(large)] for i in range(n_frames)]).astype(np.uint8)


def write_jpeg_dicom(path: Path, frames: NDArray[np.uint8]) -> Path:
    """Write a colour JPEG-baseline cine, as most ultrasound machines do."""
    coded = [
        simplejpeg.encode_jpeg(
            np.repeat(frame[..., None], 3, axis=2), quality=90, colorsubsampling="422"
        )
        for frame in frames
    ]
    dataset = cine_dataset(frames.shape, FRAME_TIME_MS, JPEGBaseline8Bit)
    dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
    dataset.PhotometricInterpretation = "YBR_FULL_422"
    dataset.PixelData = encapsulate(coded)
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_rle_dicom(path: Path, frames: NDArray[np.uint8]) -> Path:
    """Write a monochrome RLE cine."""
    dataset = cine_dataset(frames.shape, FRAME_TIME_MS, ExplicitVRLittleEndian)
    dataset.PixelData = frames.tobytes()
    dataset.compress(RLELossless)
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_video(
    path: Path, frames: NDArray[np.uint8], codec: str, n_frames: int
) -> Path:
    """Write ``n_frames`` of video at 30 a second, ``frames`` again and again."""
    options = {"mjpeg": {"qscale": "3"}, "libx264": {"preset": "veryfast"}}[codec]
    pixels = {"mjpeg": "yuvj420p", "libx264": "yuv420p"}[codec]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30, options=options)
        stream.height, stream.width = frames.shape[1:]
        stream.pix_fmt, stream.time_base = pixels, Fraction(1, 30)
        for index in range(n_frames):
            picture = frames[index % len(frames)]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "gray")))
        container.mux(stream.encode(None))
    return path
