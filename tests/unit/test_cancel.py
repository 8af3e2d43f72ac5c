from __future__ import annotations

import threading
import time

import pytest

from lusviewer.cancel import Cancelled, CancelToken


def test_a_fresh_token_is_not_cancelled():
    token = CancelToken()

    assert not token.cancelled
    token.check()


def test_check_raises_once_the_token_is_cancelled():
    token = CancelToken()

    token.cancel()

    assert token.cancelled
    with pytest.raises(Cancelled):
        token.check()


def test_being_cancelled_passes_every_handler_of_exceptions():
    assert not issubclass(Cancelled, Exception)


def test_a_callback_runs_in_the_thread_that_cancels():
    token, ran = CancelToken(), []

    with token.on_cancel(lambda: ran.append(threading.current_thread().name)):
        thread = threading.Thread(target=token.cancel, name="impatient")
        thread.start()
        thread.join()

    assert ran == ["impatient"]


def test_a_callback_runs_once_however_often_the_token_is_cancelled():
    token, ran = CancelToken(), []

    with token.on_cancel(lambda: ran.append(1)):
        token.cancel()
        token.cancel()

    assert ran == [1]


def test_a_callback_on_a_cancelled_token_runs_at_once():
    token, ran = CancelToken(), []
    token.cancel()

    with token.on_cancel(lambda: ran.append(1)):
        assert ran == [1]


def test_a_callback_is_forgotten_after_its_block():
    token, ran = CancelToken(), []

    with token.on_cancel(lambda: ran.append(1)):
        pass
    token.cancel()

    assert ran == []


def test_a_callback_is_forgotten_when_its_block_raises():
    token, ran = CancelToken(), []

    with pytest.raises(ZeroDivisionError), token.on_cancel(lambda: ran.append(1)):
        1 / 0  # noqa: B018
    token.cancel()

    assert ran == []


def test_waiting_ends_at_once_when_cancelled():
    token = CancelToken()
    thread = threading.Thread(target=token.cancel)

    begun = time.perf_counter()
    thread.start()
    woken = token.wait(30)
    thread.join()

    assert woken
    assert time.perf_counter() - begun < 5


def test_waiting_in_vain_says_so():
    assert not CancelToken().wait(0.001)


def test_a_signal_may_cancel_while_its_thread_registers_a_callback():
    token, ran = CancelToken(), []

    class Registering(list):  # type: ignore[type-arg]
        """Callbacks whose first addition is interrupted by a signal."""

        def append(self, callback):
            super().append(callback)
            token.cancel()

    token._callbacks = Registering()
    with token.on_cancel(lambda: ran.append(1)):
        assert ran == [1]

    assert token.cancelled
