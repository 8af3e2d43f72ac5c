from __future__ import annotations

import _ctypes
import itertools
import shutil
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.errors import InferenceError, ManifestError, ModelError
from lusviewer.inference import session as session_module
from lusviewer.inference.session import CPU, DEVICES, OnnxSession, providers, version
from tests.bundles import write_graph

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, nodes: list[Any], constants: list[Any], size: int) -> Path:
    shape = [size, size]
    given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
    made = [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)]
    write_graph(path, helper.make_graph(nodes, "g", given, made, constants))
    return path


@pytest.fixture
def doubling(tmp_path):
    nodes = [helper.make_node("Add", ["x", "x"], ["y"])]
    return write(tmp_path / "doubling.onnx", nodes, [], 2)


@pytest.fixture(scope="module")
def endless(tmp_path_factory):
    """A graph that multiplies large matrices for many seconds."""
    size, steps = 512, 3000
    scaled = numpy_helper.from_array(np.eye(size, dtype=np.float32) * 0.5, "w")
    names = ["x", *(f"h{i}" for i in range(steps - 1)), "y"]
    nodes = [
        helper.make_node("MatMul", [a, "w"], [b]) for a, b in itertools.pairwise(names)
    ]
    path = tmp_path_factory.mktemp("endless") / "endless.onnx"
    return write(path, nodes, [scaled], size)


def test_a_graph_runs_and_its_outputs_have_names(doubling):
    session = OnnxSession(doubling, "cpu")

    outputs = session.run({"x": np.ones((2, 2), np.float32)}, CancelToken())

    np.testing.assert_array_equal(outputs["y"], np.full((2, 2), 2, np.float32))
    assert session.inputs[0].shape == (2, 2)
    assert session.provider == CPU


def test_the_cpu_is_always_available():
    cpu = providers()[0]

    assert cpu.device == "cpu"
    assert cpu.available
    assert cpu.why == ""


def test_a_provider_that_is_not_there_says_how_to_get_it():
    for provider in providers():
        assert provider.available or "onnxruntime" in provider.why
    assert DEVICES[0] == "auto"


def test_the_runtime_tells_its_version():
    assert version() == onnxruntime.__version__


def test_a_device_that_is_not_there_falls_back_and_says_so(doubling):
    missing = next(p for p in providers() if not p.available)

    session = OnnxSession(doubling, missing.device)

    assert session.device.asked == missing.device
    assert session.device.got == CPU
    assert session.device.fell_back
    assert missing.name in session.device.why


def test_auto_and_cpu_never_fall_back(doubling):
    assert not OnnxSession(doubling, "auto").device.fell_back
    assert not OnnxSession(doubling, "cpu").device.fell_back


def test_a_device_nobody_knows_is_refused(doubling):
    with pytest.raises(ModelError, match="'abacus' is not a device") as caught:
        OnnxSession(doubling, "abacus")

    assert "cpu" in caught.value.hint


def test_a_graph_that_is_missing_is_refused(tmp_path):
    with pytest.raises(ManifestError, match="cannot be read"):
        OnnxSession(tmp_path / "missing.onnx")


def test_a_file_that_is_no_graph_is_refused_without_a_word_on_stderr(tmp_path, capfd):
    (tmp_path / "x.onnx").write_bytes(b"not a graph")

    with pytest.raises(ManifestError, match="is not an ONNX graph"):
        OnnxSession(tmp_path / "x.onnx")

    assert capfd.readouterr() == ("", "")


def test_inputs_of_another_shape_are_refused_without_a_word_on_stderr(doubling, capfd):
    session = OnnxSession(doubling)

    with pytest.raises(InferenceError, match=r"doubling.onnx does not run with"):
        session.run({"x": np.ones((3, 3), np.float32)}, CancelToken())

    assert capfd.readouterr() == ("", "")


def test_a_cancelled_token_runs_nothing(doubling):
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(Cancelled):
        OnnxSession(doubling).run({"x": np.ones((2, 2), np.float32)}, cancel)


def test_cancelling_stops_a_run_midway_within_200_ms(endless, capfd):
    session, cancel = OnnxSession(endless), CancelToken()
    asked: list[float] = []

    def cancel_now() -> None:
        asked.append(time.perf_counter())
        cancel.cancel()

    timer = threading.Timer(0.1, cancel_now)
    timer.start()
    with pytest.raises(Cancelled):
        session.run({"x": np.ones((512, 512), np.float32)}, cancel)
    ended = time.perf_counter()
    timer.join()

    assert asked, "the run ended before it was cancelled"
    assert ended - asked[0] < 0.2
    assert capfd.readouterr() == ("", "")


def test_a_session_is_usable_after_a_cancelled_run(endless, doubling):
    session, cancel = OnnxSession(doubling), CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        session.run({"x": np.ones((2, 2), np.float32)}, cancel)

    outputs = session.run({"x": np.ones((2, 2), np.float32)}, CancelToken())

    assert outputs["y"][0, 0] == 2


class Elsewhere:
    """onnxruntime as on a machine whose other device opens graphs, or does not."""

    def __init__(self, *, starts: bool, runs: bool, opens: bool = True) -> None:
        self._starts, self._runs, self._opens = starts, runs, opens
        self.__file__ = onnxruntime.__file__

    def __getattr__(self, name: str) -> Any:
        return getattr(onnxruntime, name)

    def get_available_providers(self) -> list[str]:
        return ["CUDAExecutionProvider", "DmlExecutionProvider", CPU]

    def InferenceSession(  # noqa: N802 - the runtime's name
        self, content: bytes, options: Any, providers: list[str]
    ) -> Any:
        real = onnxruntime.InferenceSession(content, options, providers=[CPU])
        if providers == [CPU]:
            return real
        if not self._opens:
            msg = "the graph has a node the device does not know"
            raise ValueError(msg)
        return OtherSession(real, providers if self._starts else [CPU], self._runs)


class OtherSession:
    """A session that says it runs on another device."""

    def __init__(self, real: Any, names: list[str], runs: bool) -> None:
        self._real, self._names, self._runs = real, names, runs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def get_providers(self) -> list[str]:
        return self._names

    def run(self, *args: Any) -> Any:
        if not self._runs:
            msg = "out of memory on the device"
            raise ValueError(msg)
        return self._real.run(*args)


def elsewhere(monkeypatch, **kind: bool) -> None:
    monkeypatch.setattr(session_module, "_runtime", lambda: Elsewhere(**kind))


ONES = {"x": np.ones((2, 2), np.float32)}


def test_another_device_is_used_where_it_works(doubling, monkeypatch):
    elsewhere(monkeypatch, starts=True, runs=True)

    session = OnnxSession(doubling, "auto")

    assert session.provider == "CUDAExecutionProvider"
    assert session.warm_up(ONES, CancelToken())["y"][0, 0] == 2
    assert session.device.why == ""


def test_a_device_with_one_run_at_a_time_gets_one_at_a_time(doubling, monkeypatch):
    elsewhere(monkeypatch, starts=True, runs=True)

    session = OnnxSession(doubling, "directml")

    assert session.run(ONES, CancelToken())["y"][0, 0] == 2
    assert not session._one_at_a_time.locked()


def test_a_device_that_silently_gave_way_is_told(doubling, monkeypatch):
    elsewhere(monkeypatch, starts=False, runs=True)

    device = OnnxSession(doubling, "cuda").device

    assert device.got == CPU
    assert "CUDAExecutionProvider does not start." in device.why


def test_a_device_that_refuses_the_graph_is_told(doubling, monkeypatch):
    elsewhere(monkeypatch, starts=True, runs=True, opens=False)

    device = OnnxSession(doubling, "cuda").device

    assert device.got == CPU
    assert "a node the device does not know" in device.why


def test_a_device_that_fails_to_run_gives_way_and_is_told(doubling, monkeypatch):
    elsewhere(monkeypatch, starts=True, runs=False)
    session = OnnxSession(doubling, "cuda")

    outputs = session.warm_up(ONES, CancelToken())

    assert outputs["y"][0, 0] == 2
    assert session.device.got == CPU
    assert session.device.fell_back
    assert "out of memory on the device" in session.device.why


def test_a_graph_that_does_not_run_on_the_cpu_is_an_error(doubling):
    session = OnnxSession(doubling, "cpu")

    with pytest.raises(InferenceError):
        session.warm_up({"x": np.ones((3, 3), np.float32)}, CancelToken())


def with_libraries(monkeypatch, folder: Path, write: Any) -> None:
    """Let the device's libraries be files that ``write`` makes."""
    (folder / "capi").mkdir()
    for name in ("shared", "cuda"):
        write(folder / "capi" / f"libonnxruntime_providers_{name}.so")
    runtime = Elsewhere(starts=False, runs=True)
    runtime.__file__ = str(folder / "__init__.py")
    monkeypatch.setattr(session_module, "_runtime", lambda: runtime)


@pytest.mark.skipif(sys.platform != "linux", reason="names libraries as Linux does")
def test_the_library_that_keeps_a_device_from_starting_is_named(
    doubling, monkeypatch, tmp_path
):
    with_libraries(monkeypatch, tmp_path, lambda path: path.write_bytes(b"broken"))

    why = OnnxSession(doubling, "cuda").device.why

    assert "CUDAExecutionProvider does not start." in why
    assert str(tmp_path) in why


@pytest.mark.skipif(sys.platform != "linux", reason="names libraries as Linux does")
def test_where_all_libraries_load_the_driver_is_in_question(
    doubling, monkeypatch, tmp_path
):
    a_library = _ctypes.__file__
    with_libraries(monkeypatch, tmp_path, lambda path: shutil.copy(a_library, path))

    why = OnnxSession(doubling, "cuda").device.why

    assert "is there a driver and a device?" in why
