"""A clip of usual size, opened, decoded and analysed: against the machine's best."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import cv2
import pydicom
import pytest
import simplejpeg
from pydicom.encaps import generate_frames

from lusviewer.analysis import analyse, summarise
from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.experts import load_experts
from lusviewer.findings import Timelines
from lusviewer.inference import open_bundle
from lusviewer.io import open_clip
from tests.bench.clips import COLUMNS, ROWS, pictures, write_jpeg_dicom, write_video
from tests.bench.floor import best_s, cores, matrix_product_rate, multiply_adds

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

    from lusviewer.findings import ClipReport
    from tests.bench.conftest import Figures

N_FRAMES = 300


@pytest.fixture(scope="module")
def cine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "cine.dcm"
    return write_jpeg_dicom(path, pictures(N_FRAMES))


def analysed(path: Path, folder: Path) -> ClipReport:
    cancel = CancelToken()
    bundle, experts = open_bundle(folder), load_experts(folder / "experts")
    clip = open_clip(path)
    timelines = Timelines(clip.frame_times_s)
    for findings in analyse(clip, bundle, cancel):
        timelines.add(findings)
    report = summarise(clip, bundle, experts, timelines, cancel)
    clip.close()
    return report


def decode_all(path: Path) -> None:
    dataset = pydicom.dcmread(path)
    for coded in generate_frames(dataset.PixelData, number_of_frames=N_FRAMES):
        simplejpeg.decode_jpeg(coded, colorspace="GRAY")


@pytest.mark.benchmark(group="analysis")
def test_a_cine_is_analysed_in_at_most_twice_the_floor(
    cine: Path, bundle_path: Path, benchmark: BenchmarkFixture, figures: Figures
) -> None:
    rate = matrix_product_rate()
    operations = multiply_adds(bundle_path / "frame.onnx")
    decoding_s = best_s(lambda: decode_all(cine), rounds=3)
    floor_s = N_FRAMES * operations / rate + decoding_s
    seconds = []

    def run() -> None:
        started = time.perf_counter()
        report = analysed(cine, bundle_path)
        seconds.append(time.perf_counter() - started)
        assert report.timelines.progress == 1.0

    benchmark.pedantic(run, rounds=5, warmup_rounds=1)
    taken_s = min(seconds)
    what = f"{N_FRAMES} frames of {COLUMNS}x{ROWS} JPEG, opened and analysed"
    note = (
        f"floor {floor_s:.2f} s: {operations / 1e6:.0f} M multiply-adds a frame at "
        f"{rate / 1e9:.0f} G/s on {cores()} cores, {decoding_s:.2f} s of decoding"
    )
    figures.add(what, taken_s, "s", None, note)
    figures.add("the same, against the floor", taken_s / floor_s, "x", 2.0)


@pytest.mark.benchmark(group="decoding")
def test_decoding_is_faster_than_pydicoms(
    cine: Path, benchmark: BenchmarkFixture, figures: Figures
) -> None:
    def decode() -> None:
        clip = open_clip(cine)
        for index in range(N_FRAMES):
            clip.frame(index)
        clip.close()

    benchmark.pedantic(decode, rounds=3, warmup_rounds=1)
    ours_s = best_s(decode, rounds=2)
    peer_s = best_s(lambda: pydicom.dcmread(cine).pixel_array, rounds=1)
    note = f"pydicom's pixel_array: {peer_s:.2f} s"
    figures.add("decoding that cine", ours_s, "s", None, note)
    figures.add("the same, against pydicom", ours_s / peer_s, "x", 1.0)


@pytest.mark.benchmark(group="decoding")
def test_video_decodes_as_fast_as_opencvs(
    tmp_path: Path, benchmark: BenchmarkFixture, figures: Figures
) -> None:
    path = write_video(tmp_path / "cine.mp4", pictures(48), "libx264", N_FRAMES)

    def decode() -> None:
        clip = open_clip(path)
        for index in range(N_FRAMES):
            clip.frame(index)
        clip.close()

    def peer() -> None:
        capture = cv2.VideoCapture(str(path))
        while True:
            more, frame = capture.read()
            if not more:
                break
            cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        capture.release()

    benchmark.pedantic(decode, rounds=3, warmup_rounds=1)
    ours_s, peer_s = best_s(decode, rounds=2), best_s(peer, rounds=2)
    note = f"cv2.VideoCapture to grey: {peer_s:.2f} s"
    figures.add(f"decoding {N_FRAMES} frames of H.264", ours_s, "s", None, note)
    figures.add("the same, against cv2.VideoCapture", ours_s / peer_s, "x", 1.5)


def peak_mib(path: Path, folder: Path, out: Path) -> float:
    """Return the most memory the command line held while it analysed ``path``."""
    code = (
        "import json, re, sys\n"
        "from lusviewer import cli\n"
        "status = cli.main(sys.argv[1:])\n"
        # Not ru_maxrss: that takes over what the parent held.
        "peak = re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())\n"
        "print(json.dumps({'status': status, 'peak_mib': int(peak[1]) / 1024}))\n"
    )
    words = ["analyse", path, "--out", out, "--model", folder, "--quiet"]
    ended = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        capture_output=True,
        text=True,
        check=True,
        timeout=1800,
    )
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["status"] == 0, ended.stderr
    return float(told["peak_mib"])


def test_analysing_a_cine_needs_little_memory(
    cine: Path, bundle_path: Path, tmp_path: Path, figures: Figures
) -> None:
    peak = peak_mib(cine, bundle_path, tmp_path / "out")
    figures.add("most memory while analysing it", peak, "MiB", 600)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_minutes_are_analysed_within_the_budget(
    bundle_path: Path, tmp_path: Path, figures: Figures
) -> None:
    n_frames, rows, columns = 18_000, 480, 640
    frames = pictures(48, rows, columns)
    path = write_video(tmp_path / "long.mp4", frames, "libx264", n_frames)
    started = time.perf_counter()
    peak = peak_mib(path, bundle_path, tmp_path / "out")
    taken_s = time.perf_counter() - started
    decoded_mib = n_frames * rows * columns / 2**20
    note = f"512 of frames, 141 of results, 350 of program; decoded {decoded_mib:.0f}"
    figures.add(f"{n_frames} frames of {columns}x{rows}", taken_s, "s")
    figures.add("most memory while analysing them", peak, "MiB", 512 + 141 + 350, note)


def test_cancelling_takes_under_200_ms(
    cine: Path, bundle_path: Path, figures: Figures
) -> None:
    bundle = open_bundle(bundle_path)
    clip = open_clip(cine)
    cancel = CancelToken()
    stream = analyse(clip, bundle, cancel)
    for _ in range(5):
        next(stream)
    started = time.perf_counter()
    cancel.cancel()
    with pytest.raises(Cancelled):
        list(stream)
    figures.add("cancelling", (time.perf_counter() - started) * 1e3, "ms", 200)
    clip.close()
