"""The boundary between the window's thread and the others."""

from __future__ import annotations

import os
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject

from lusviewer.errors import InferenceError
from lusviewer.gui.jobs import NICENESS, Job, Lane, Latest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lusviewer.cancel import CancelToken

WAIT_MS = 5000


def once(item: object, _cancel: CancelToken) -> Iterator[object]:
    yield item


@pytest.fixture
def owner(qtbot) -> QObject:
    return QObject()


def test_items_arrive_in_order_on_the_windows_thread(qtbot, owner):
    def work(cancel):
        yield from range(500)

    job = Job(work, owner)
    got, threads = [], set()

    def take(items):
        got.extend(items)
        threads.add(threading.current_thread())

    job.produced.connect(take)
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS):
        job.start()
    assert got == list(range(500))
    assert threads == {threading.main_thread()}


def test_many_items_come_in_few_deliveries(qtbot, owner):
    def work(cancel):
        yield from range(20_000)

    job = Job(work, owner)
    deliveries: list[tuple[object, ...]] = []
    job.produced.connect(deliveries.append)
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS):
        job.start()
    assert sum(map(len, deliveries)) == 20_000
    assert len(deliveries) < 200


@pytest.mark.parametrize("kind", [ValueError, RuntimeError, InferenceError])
def test_every_kind_of_failure_arrives_before_the_end(qtbot, owner, kind):
    def work(cancel):
        yield 1
        raise kind("broken")

    job = Job(work, owner)
    signals = [job.produced, job.failed, job.ended]
    with qtbot.waitSignals(signals, order="strict", timeout=WAIT_MS):
        job.start()


def test_the_thread_has_ended_when_the_end_is_told(qtbot, owner):
    threads = []

    def work(cancel):
        threads.append(threading.current_thread())
        yield 1

    job = Job(work, owner)
    alive = []
    job.ended.connect(lambda: alive.append(threads[0].is_alive()))
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS):
        job.start()
    assert alive == [False]
    assert not job.running


def test_a_cancelled_job_is_silent_at_once_and_still_ends(qtbot, owner):
    begun = threading.Event()

    def work(cancel):
        yield "before"
        begun.set()
        cancel.wait(5)
        yield "after"
        message = "never heard of"
        raise ValueError(message)

    job = Job(work, owner)
    heard: list[object] = []
    job.produced.connect(heard.append)
    job.failed.connect(heard.append)
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS):
        job.start()
        assert begun.wait(5)
        job.cancel()
    assert heard == []


def test_a_cancelled_generator_cleans_up_on_its_own_thread(qtbot, owner):
    begun = threading.Event()
    cleaned = []

    def work(cancel) -> Iterator[int]:
        try:
            begun.set()
            cancel.wait(5)
            yield 1
        finally:
            cleaned.append(threading.current_thread())

    job = Job(work, owner)
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS):
        job.start()
        begun.wait(5)
        job.cancel()
    assert len(cleaned) == 1
    assert cleaned[0] is not threading.main_thread()


def test_joining_waits_for_the_thread(qtbot, owner):
    def work(cancel):
        yield 1
        cancel.wait(10)

    job = Job(work, owner)
    job.start()
    job.join()
    assert not [t for t in threading.enumerate() if t.name == "work"]


def test_a_job_that_was_never_started_can_be_joined(qtbot, owner):
    job = Job(lambda cancel: [], owner)
    job.join()
    assert not job.running


def test_of_many_wishes_the_newest_is_answered(qtbot, owner):
    release = threading.Event()
    asked = []

    def answer(question: int, cancel: CancelToken) -> int:
        asked.append(question)
        release.wait(5)
        return question * 10

    latest: Latest[int, int] = Latest(answer, owner)
    answers = []
    latest.ready.connect(lambda q, a: answers.append((q, a)))
    latest.request(1)
    qtbot.waitUntil(lambda: asked == [1], timeout=WAIT_MS)
    for question in range(2, 100):
        latest.request(question)
    release.set()
    qtbot.waitUntil(lambda: (99, 990) in answers, timeout=WAIT_MS)
    assert asked == [1, 99]
    latest.close()


def test_a_wish_that_fails_is_told_with_its_question(qtbot, owner):
    def answer(question: int, cancel: CancelToken) -> int:
        message = "no"
        raise ValueError(message)

    latest: Latest[int, int] = Latest(answer, owner)
    with qtbot.waitSignal(latest.failed, timeout=WAIT_MS) as failed:
        latest.request(7)
    assert failed.args[0] == 7
    assert isinstance(failed.args[1], ValueError)
    latest.close()


def test_what_was_forgotten_is_not_answered(qtbot, owner):
    latest: Latest[int, int] = Latest(lambda question, cancel: question, owner)
    answers = []
    latest.ready.connect(lambda q, a: answers.append(q))
    latest.request(1)
    latest.forget()
    latest.request(2)
    qtbot.waitUntil(lambda: 2 in answers, timeout=WAIT_MS)
    assert answers[-1] == 2
    latest.close()


def test_closing_cancels_the_wish_at_work_and_joins(qtbot, owner):
    begun = threading.Event()

    def answer(question: int, cancel: CancelToken) -> int:
        begun.set()
        cancel.wait(10)
        cancel.check()
        return question

    latest: Latest[int, int] = Latest(answer, owner)
    latest.request(1)
    begun.wait(5)
    latest.close()
    latest.request(2)
    assert not [t for t in threading.enumerate() if t.name == "answer"]


def test_the_next_job_of_a_lane_silences_the_one_before(qtbot, owner):
    lane = Lane(owner)
    heard: list[object] = []
    lane.produced.connect(heard.extend)

    def slow(cancel):
        yield "slow"
        cancel.wait(10)
        yield "late"

    with qtbot.waitSignal(lane.ended, timeout=WAIT_MS):
        lane.run(slow)
        lane.run(lambda cancel: iter(["quick"]))
    assert heard == ["quick"]
    assert not lane.busy
    lane.close()


def test_jobs_of_a_lane_that_does_not_replace_all_end(qtbot, owner):
    lane = Lane(owner, replacing=False)
    heard: list[int] = []
    lane.produced.connect(heard.extend)
    for number in range(5):
        lane.run(partial(once, number))
    qtbot.waitUntil(lambda: sorted(heard) == list(range(5)), timeout=WAIT_MS)
    lane.close()


def test_a_lane_is_not_busy_once_cancelled(qtbot, owner):
    lane = Lane(owner)
    with qtbot.waitSignal(lane.ended, timeout=WAIT_MS):
        lane.run(lambda cancel: iter([cancel.wait(10)]))
        busy = [lane.busy]
        lane.cancel()
        busy.append(lane.busy)
    assert busy == [True, False]
    lane.close()


def test_a_closed_lane_starts_nothing_and_says_nothing(qtbot, owner):
    lane = Lane(owner)
    heard: list[object] = []
    lane.ended.connect(lambda: heard.append("ended"))
    lane.run(lambda cancel: iter([cancel.wait(10)]))
    lane.close()
    lane.run(heard.append)  # type: ignore[arg-type]
    other = Lane(owner)
    with qtbot.waitSignal(other.ended, timeout=WAIT_MS):
        other.run(lambda cancel: iter([1]))
    assert heard == []
    other.close()


@pytest.mark.skipif(sys.platform != "linux", reason="threads share one priority")
def test_jobs_step_back_behind_the_window(qtbot, owner):
    def work(cancel):
        yield os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = os.getpriority(os.PRIO_PROCESS, 0)
    job = Job(work, owner)
    heard: list[int] = []
    job.produced.connect(heard.extend)
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS):
        job.start()
    assert heard == [max(NICENESS, before)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
