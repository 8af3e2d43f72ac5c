"""Playing by the clock: what is due is shown, what is late is dropped."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QElapsedTimer

from lusviewer.gui.player import Playback, Player
from tests.gui.conftest import WAIT_MS

TIMES = np.array([0.0, 0.1, 0.2, 0.4, 0.5])
"""Frame 2 is shown twice as long as the others."""


def at(playback: Playback, elapsed_s: float) -> int:
    return playback.frame(playback.at(elapsed_s)[0])


@pytest.fixture
def player(qtbot, viewer, clip_path) -> Player:
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        made = Player(viewer)
        viewer.open_path(clip_path)
    return made


@pytest.mark.parametrize(
    ("elapsed_s", "frame"),
    [(0.0, 0), (0.05, 0), (0.15, 1), (0.25, 2), (0.39, 2), (0.41, 3), (0.55, 4)],
)
def test_the_frame_due_follows_the_clips_own_times(elapsed_s, frame):
    playback = Playback(TIMES, 0, 4, sweep=False)
    assert at(playback, elapsed_s) == frame


def test_after_the_last_frame_it_starts_again():
    playback = Playback(TIMES, 0, 4, sweep=False)
    assert at(playback, 0.6) == 0
    assert at(playback, 0.6 + 0.25) == 2


def test_a_sweep_goes_back_without_showing_the_ends_twice():
    playback = Playback(TIMES, 0, 4, sweep=True)
    assert playback.order.tolist() == [0, 1, 2, 3, 4, 3, 2, 1]


def test_only_the_range_is_played():
    playback = Playback(TIMES, 1, 3, sweep=False)
    assert {at(playback, t) for t in np.arange(0, 2, 0.01)} == {1, 2, 3}
    assert playback.frame(3) == 1


def test_the_seconds_left_reach_to_the_next_frame():
    playback = Playback(TIMES, 0, 4, sweep=False)
    place, left_s = playback.at(0.25)
    assert playback.at(0.25 + left_s + 1e-6)[0] == place + 1
    assert left_s == pytest.approx(0.15)


def test_a_clip_of_one_frame_has_a_playback():
    assert at(Playback(np.array([0.0]), 0, 0, sweep=True), 3.7) == 0


def test_playing_starts_from_the_frame_that_is_shown():
    playback = Playback(TIMES, 0, 4, sweep=False)
    for frame in range(5):
        assert at(playback, playback.start_of(playback.place_of(frame)) + 1e-6) == frame


def test_playing_keeps_the_clips_time(qtbot, viewer, player):
    clock = QElapsedTimer()
    clock.start()
    with qtbot.waitSignal(
        viewer.frame_changed, timeout=WAIT_MS, check_params_cb=lambda i: i >= 12
    ):
        viewer.set_playing(True)
    seconds = clock.nsecsElapsed() * 1e-9
    viewer.set_playing(False)
    due_s = viewer.clip.frame_times_s[viewer.frame_index]
    assert seconds >= due_s - 0.005
    assert viewer.frame_index >= 12


def test_a_slower_speed_takes_longer(qtbot, viewer, player):
    viewer.set_speed(0.5)
    clock = QElapsedTimer()
    clock.start()
    with qtbot.waitSignal(
        viewer.frame_changed, timeout=WAIT_MS, check_params_cb=lambda i: i >= 5
    ):
        viewer.set_playing(True)
    assert clock.nsecsElapsed() * 1e-9 >= 2 * viewer.clip.frame_times_s[5] - 0.01


def test_a_loop_is_not_left(qtbot, viewer, player):
    viewer.set_loop((3, 6))
    viewer.set_frame(4)
    frames: list[int] = []
    viewer.frame_changed.connect(frames.append)
    viewer.set_speed(4.0)
    viewer.set_playing(True)
    qtbot.waitUntil(lambda: frames.count(3) >= 2, timeout=WAIT_MS)
    assert set(frames) <= {3, 4, 5, 6}


def test_every_frame_is_shown_when_asked_for(qtbot, viewer, player):
    player.set_every_frame(True)
    frames: list[int] = []
    viewer.frame_changed.connect(frames.append)
    viewer.set_speed(4.0)
    viewer.set_playing(True)
    qtbot.waitUntil(lambda: len(frames) >= 24, timeout=WAIT_MS)
    assert frames[:24] == [*range(1, 24), 0]


def test_seeking_while_playing_goes_on_from_there(qtbot, viewer, player):
    viewer.set_speed(0.1)
    viewer.set_playing(True)
    viewer.set_frame(15)
    with qtbot.waitSignal(viewer.frame_changed, timeout=WAIT_MS) as changed:
        pass
    assert changed.args == [16]


def test_forth_and_back_can_be_chosen(qtbot, viewer, player):
    player.set_sweep(True)
    viewer.set_loop((0, 4))
    frames: list[int] = []
    viewer.frame_changed.connect(frames.append)
    player.set_every_frame(True)
    viewer.set_speed(4.0)
    viewer.set_playing(True)
    qtbot.waitUntil(lambda: len(frames) >= 8, timeout=WAIT_MS)
    assert frames[:8] == [1, 2, 3, 4, 3, 2, 1, 0]
