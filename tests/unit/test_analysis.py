"""Streaming the findings of a clip."""

from __future__ import annotations

import threading
import time
import tracemalloc
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lusviewer.analysis import analyse, analyse_frame, stream
from lusviewer.analysis.channel import Channel
from lusviewer.analysis.order import coarse_to_fine, decoding_plan
from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.errors import InferenceError, ResultError
from lusviewer.findings import BIOMARKERS, FrameFindings
from lusviewer.geometry import GRID
from lusviewer.inference import open_bundle
from lusviewer.inference.session import OnnxSession
from tests.bundles import grey_of, make_bundle, temporal_graph, write_graph
from tests.drawing import INDEX, asked, chest, drawn_clip, linear

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.clip import Clip


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "tiny"
    return open_bundle(make_bundle(folder, experts=False), device="cpu")


def frames(n: int) -> NDArray[np.uint8]:
    """Frames with a B-line that widens from one to the next."""
    labels = np.repeat(chest()[None], n, axis=0)
    for i in range(n):
        labels[i, 64:200, 100 : 104 + i] = INDEX["b_line"]
    return grey_of(labels)


def blank(n: int) -> NDArray[np.uint8]:
    """Many frames that take no memory."""
    return np.broadcast_to(np.zeros((1, 1, 1), np.uint8), (n, GRID, GRID))


@pytest.fixture
def clip() -> Clip:
    return drawn_clip(frames(20), linear((0.2, 0.2)))


def test_a_coarse_overview_from_the_users_place_comes_first():
    assert list(coarse_to_fine(20, 5)) == [
        *(5, 13),
        *(9, 17, 1),
        *(7, 11, 15, 19, 3),
        *(6, 8, 10, 12, 14, 16, 18, 0, 2, 4),
    ]


@pytest.mark.parametrize("n_frames", [0, 1, 2, 7, 8, 9, 33])
@pytest.mark.parametrize("start", [-3, 0, 6, 32, 100])
def test_every_frame_comes_once(n_frames, start):
    assert sorted(coarse_to_fine(n_frames, start)) == list(range(n_frames))


def plan(clip: Clip, start: int) -> list[tuple[int, bool]]:
    return list(decoding_plan(clip, start))


def test_frames_that_stand_alone_are_decoded_as_they_are_analysed(clip):
    assert plan(clip, 5) == [(index, True) for index in coarse_to_fine(20, 5)]


def test_frames_that_build_on_each_other_are_walked_through_once():
    clip = drawn_clip(frames(20), linear(), inter_coded=True)

    steps = plan(clip, 5)

    assert [index for index, _ in steps[:20]] == list(range(20))
    assert [index for index, wanted in steps[:20] if wanted] == [5, 13]
    assert [i for i, wanted in steps if wanted] == list(coarse_to_fine(20, 5))


def test_a_clip_larger_than_its_cache_is_walked_through_twice():
    clip = drawn_clip(frames(20), linear(), inter_coded=True, cache_bytes=10**5)

    wanted = [index for index, wanted in plan(clip, 5) if wanted]

    assert wanted[:2] == [5, 13]
    assert wanted[2:] == sorted(wanted[2:])
    assert sorted(wanted) == list(range(20))


def test_a_place_beyond_the_clip_starts_at_its_last_frame():
    clip = drawn_clip(frames(4), linear(), inter_coded=True)

    assert sorted(i for i, wanted in plan(clip, 100) if wanted) == [0, 1, 2, 3]


def test_every_frame_is_analysed_once(bundle, clip):
    found = list(analyse(clip, bundle, CancelToken(), start=5))

    assert [f.frame_index for f in found] == list(coarse_to_fine(20, 5))


def test_findings_hold_labels_lines_biomarkers_and_embedding(bundle, clip):
    found = {f.frame_index: f for f in analyse(clip, bundle, CancelToken())}

    last = found[19]
    assert last.time_s == pytest.approx(19 / 25)
    np.testing.assert_array_equal(grey_of(last.masks.unpack()), clip.frame(19))
    assert last.biomarkers.shape == (len(BIOMARKERS),)
    assert last.biomarkers.dtype == np.float32
    assert last.value("measured.b_line_count") == 1
    assert last.value("measured.pleura_depth_mm") == pytest.approx(12.4)
    assert last.value("measured.brightness") == pytest.approx(clip.frame(19).mean())
    assert last.value("finding.b_lines") > found[0].value("finding.b_lines")
    assert last.lines.b_lines.shape == (1, 6)
    assert last.embedding.shape == (128,)


def test_findings_cannot_be_written_to(bundle, clip):
    found = next(analyse(clip, bundle, CancelToken()))

    with pytest.raises(ValueError, match="read-only"):
        found.biomarkers[0] = 1


def by_frame(clip, bundle, **how) -> list[FrameFindings]:
    found = analyse(clip, bundle, CancelToken(), **how)
    return sorted(found, key=lambda f: f.frame_index)


def same(one: FrameFindings, other: FrameFindings) -> bool:
    return (
        one.masks == other.masks
        and one.biomarkers.tobytes() == other.biomarkers.tobytes()
        and one.embedding.tobytes() == other.embedding.tobytes()
        and one.lines.b_lines.tobytes() == other.lines.b_lines.tobytes()
    )


@pytest.mark.parametrize("how", [{"start": 11}, {"workers": 1}, {"workers": 5}])
def test_the_order_and_the_workers_change_no_number(bundle, clip, how):
    one, other = by_frame(clip, bundle), by_frame(clip, bundle, **how)

    assert len(one) == len(other) == 20
    assert all(map(same, one, other))


def test_one_frame_asked_for_alone_has_the_same_numbers(bundle, clip):
    streamed = by_frame(clip, bundle)

    alone = analyse_frame(clip, bundle, 7, CancelToken())

    assert same(streamed[7], alone)


def test_how_frames_are_coded_changes_no_number(bundle, clip):
    walked = drawn_clip(frames(20), linear((0.2, 0.2)), inter_coded=True)

    assert all(map(same, by_frame(clip, bundle), by_frame(walked, bundle)))


def test_a_clip_of_one_frame_is_analysed(bundle):
    found = list(analyse(drawn_clip(frames(1), linear()), bundle, CancelToken()))

    assert [f.frame_index for f in found] == [0]


def test_broken_frames_are_left_out_and_named(bundle):
    clip = drawn_clip(frames(10), linear(), broken=(0, 4))

    found = by_frame(clip, bundle)

    assert [f.frame_index for f in found] == [1, 2, 3, 5, 6, 7, 8, 9]
    assert [w for w in clip.warnings if w.startswith("Frame 5 does not decode")]


def test_a_clip_of_broken_frames_alone_gives_nothing(bundle):
    clip = drawn_clip(frames(3), linear(), broken=range(3))

    assert by_frame(clip, bundle) == []


def test_cancelling_ends_the_work_within_200_ms(bundle):
    clip, cancel = drawn_clip(blank(3000), linear()), CancelToken()
    found = analyse(clip, bundle, cancel)
    next(found)

    begun = time.perf_counter()
    cancel.cancel()
    with pytest.raises(Cancelled):
        list(found)

    assert time.perf_counter() - begun < 0.2


def test_nothing_is_analysed_once_cancelled(bundle, clip):
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(Cancelled):
        next(analyse(clip, bundle, cancel))


def test_cancelling_from_another_thread_wakes_who_waits(bundle):
    clip, cancel = drawn_clip(blank(3000), linear()), CancelToken()
    timer = threading.Timer(0.05, cancel.cancel)
    timer.start()

    with pytest.raises(Cancelled):
        for _ in analyse(clip, bundle, cancel):
            pass
    timer.join()


def analysing() -> list[str]:
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith("analysis")]


def test_closing_midway_leaves_no_thread_behind(bundle, clip):
    found = analyse(clip, bundle, CancelToken())
    next(found)
    assert analysing()

    found.close()

    assert analysing() == []


def test_an_error_where_the_findings_go_leaves_no_thread_behind(bundle, clip):
    def use() -> None:
        for _ in analyse(clip, bundle, CancelToken()):
            msg = "no room for findings"
            raise MemoryError(msg)

    with pytest.raises(MemoryError):
        use()

    assert analysing() == []


def test_a_failing_decoder_is_heard_of(bundle, clip, monkeypatch):
    def frame(index: int) -> None:
        msg = "the disk is gone"
        raise OSError(msg)

    monkeypatch.setattr(clip, "frame", frame)

    with pytest.raises(OSError, match="the disk is gone"):
        list(analyse(clip, bundle, CancelToken()))


def test_a_failing_model_is_heard_of(bundle, clip, tmp_path):
    other = tmp_path / "other.onnx"
    write_graph(other, temporal_graph())
    broken = replace(bundle, frame=OnnxSession(other, "cpu"))

    with pytest.raises(InferenceError, match=r"other.onnx does not run"):
        list(analyse(clip, broken, CancelToken()))

    assert analysing() == []


def test_a_clip_whose_results_would_not_fit_is_refused_before_any_work(
    bundle, clip, monkeypatch
):
    monkeypatch.setattr(stream, "RESULT_BYTES", 10 * stream.FRAME_BYTES)

    with pytest.raises(ResultError, match="has 20 frames; at most 10") as caught:
        next(analyse(clip, bundle, CancelToken()))

    assert "shorter clips" in caught.value.hint
    assert asked(clip) == []


def test_ten_minutes_at_30_frames_a_second_fit():
    assert stream.RESULT_BYTES // stream.FRAME_BYTES >= 18_000


def test_the_findings_of_a_frame_take_at_most_8_kib(bundle):
    rng = np.random.default_rng(0)
    labels = chest()
    labels[70:] = np.where(rng.random((GRID - 70, GRID)) < 0.02, 4, labels[70:])
    for first in range(0, 220, 20):
        labels[64:210, first : first + 6] = INDEX["b_line"]
    clip = drawn_clip(np.repeat(grey_of(labels)[None], 200, axis=0), linear((0.2, 0.2)))
    list(analyse(clip, bundle, CancelToken()))

    tracemalloc.start()
    kept = list(analyse(clip, bundle, CancelToken()))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert held / len(kept) < stream.FRAME_BYTES


def test_decoding_runs_ahead_only_a_little(bundle):
    clip = drawn_clip(frames(120), linear())

    for count, _ in enumerate(analyse(clip, bundle, CancelToken()), start=1):
        # 16 found and 4 decoded may wait, 2 be worked on, 1 be decoded and held.
        assert len(asked(clip)) <= count + 16 + 4 + 2 + 1 + 1


def test_a_full_channel_waits_for_room():
    channel: Channel[str] = Channel(1)
    channel.put(0, "a")
    thread = threading.Thread(target=channel.put, args=(1, "b"))
    thread.start()

    given = iter(channel)
    assert [next(given), next(given)] == [(0, "a"), (1, "b")]
    thread.join()


def test_a_channel_gives_items_in_the_order_of_their_numbers():
    channel: Channel[str] = Channel(3)
    for number, item in ((2, "c"), (0, "a"), (1, "b")):
        assert channel.put(number, item)
    channel.finish()

    assert [item for _, item in channel] == ["a", "b", "c"]
    assert not channel.put(3, "d")


def test_a_shut_channel_drops_what_waits():
    channel: Channel[str] = Channel(3)
    channel.put(0, "a")

    channel.shut()

    assert list(channel) == []
