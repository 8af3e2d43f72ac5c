"""The one door to onnxruntime: which device, what it really got, and cancelling."""

from __future__ import annotations

import contextlib
import ctypes
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.errors import InferenceError, ManifestError, ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken

CPU: Final = "CPUExecutionProvider"
_PROVIDERS: Final = {
    "cpu": CPU,
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}
_INSTALL: Final = {
    "cuda": "Install onnxruntime-gpu in place of onnxruntime, with CUDA and cuDNN.",
    "coreml": "CoreML comes with onnxruntime on macOS only.",
    "directml": "Install onnxruntime-directml in place of onnxruntime (Windows).",
    "openvino": "Install onnxruntime-openvino in place of onnxruntime.",
}
_ONE_RUN_AT_A_TIME: Final = frozenset({"DmlExecutionProvider"})
_SILENT: Final = 4
"""onnxruntime's level "fatal": its errors come as exceptions as well."""

DEVICES: Final = ("auto", *_PROVIDERS)
"""What may be asked for."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One kind of device: its onnxruntime name, and why it is not available."""

    device: str
    name: str
    available: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """What was asked for, the onnxruntime provider in use, and why they differ."""

    asked: str
    got: str
    why: str = ""

    @property
    def fell_back(self) -> bool:
        """Whether another device is in use than the one asked for."""
        return self.asked != "auto" and _PROVIDERS[self.asked] != self.got


@dataclass(frozen=True, slots=True)
class Tensor:
    """A graph's input or output: -1 stands for any size."""

    name: str
    dtype: str
    shape: tuple[int, ...]


def _runtime() -> Any:  # noqa: ANN401 - onnxruntime carries no types
    """Return onnxruntime, imported when it is first needed."""
    import onnxruntime  # noqa: PLC0415 - takes longer than painting the window

    return onnxruntime


def version() -> str:
    """Return the version of onnxruntime."""
    return str(_runtime().__version__)


def providers() -> tuple[Provider, ...]:
    """Return every kind of device known, with why it is not available here."""
    found = _runtime().get_available_providers()
    return tuple(
        Provider(device, name, name in found, "" if name in found else _INSTALL[device])
        for device, name in _PROVIDERS.items()
    )


class OnnxSession:
    """One ONNX graph ready to run; ``run`` may be called by several threads."""

    def __init__(self, path: Path, device: str = "auto", *, threads: int = 1) -> None:
        """Open the graph on ``device``, or on the CPU where that is not to be had.

        Raises ``ManifestError`` where the file is not a graph, ``ModelError``
        where there is no such device.
        """
        if device not in DEVICES:
            msg = f"'{device}' is not a device."
            raise ModelError(msg, hint=f"Choose one of: {', '.join(DEVICES)}.")
        self.path = path
        self._content = _read(path)
        self._threads = threads
        self._one_at_a_time = threading.Lock()
        self._session, self.device = self._open(device)
        self.inputs = tuple(_tensor(node) for node in self._session.get_inputs())
        self.outputs = tuple(_tensor(node) for node in self._session.get_outputs())
        self._output_names = [tensor.name for tensor in self.outputs]

    @property
    def provider(self) -> str:
        """The onnxruntime provider in use."""
        return self.device.got

    def run(
        self, inputs: Mapping[str, NDArray[Any]], cancel: CancelToken
    ) -> dict[str, NDArray[Any]]:
        """Return the outputs by name; cancelling stops the run midway.

        Raises ``InferenceError`` where the graph refuses its inputs.
        """
        cancel.check()
        options = _runtime().RunOptions()
        options.log_severity_level = _SILENT

        def terminate() -> None:
            options.terminate = True

        try:
            with cancel.on_cancel(terminate), self._turn():
                outputs = self._session.run(self._output_names, dict(inputs), options)
        except Exception as error:  # onnxruntime raises bare subclasses of Exception
            cancel.check()
            shapes = {name: value.shape for name, value in inputs.items()}
            msg = f"{self.path.name} does not run with {shapes}."
            raise InferenceError(msg, hint=str(error)) from error
        cancel.check()
        return dict(zip(self._output_names, outputs, strict=True))

    def warm_up(
        self, inputs: Mapping[str, NDArray[Any]], cancel: CancelToken
    ) -> dict[str, NDArray[Any]]:
        """Run once; where the device cannot, move to the CPU and say why."""
        try:
            return self.run(inputs, cancel)
        except InferenceError as error:
            if self.provider == CPU:
                raise
            session = self._create(CPU)
            why = f"{self.provider} opened the graph but failed to run it: {error.hint}"
            self._session, self.device = session, Device(self.device.asked, CPU, why)
            return self.run(inputs, cancel)

    def _turn(self) -> contextlib.AbstractContextManager[Any]:
        if self.provider in _ONE_RUN_AT_A_TIME:
            return self._one_at_a_time
        return contextlib.nullcontext()

    def _open(self, asked: str) -> tuple[Any, Device]:
        """Return a session on the first device that takes the graph."""
        available = _runtime().get_available_providers()
        wanted = [d for d in _PROVIDERS if d != "cpu"] if asked == "auto" else [asked]
        why: list[str] = []
        for device in wanted:
            name = _PROVIDERS[device]
            if name == CPU or name not in available:
                continue
            session, reason = self._try(name)
            if session is not None:
                return session, Device(asked, name)
            why.append(reason)
        if not why and asked not in ("auto", "cpu"):
            why.append(
                f"This onnxruntime has no {_PROVIDERS[asked]}. {_INSTALL[asked]}"
            )
        return self._create(CPU), Device(asked, CPU, " ".join(why))

    def _try(self, name: str) -> tuple[Any, str]:
        """Return a session that really runs on provider ``name``, or None and why."""
        try:
            session = self._create(name)
        except ManifestError as error:
            return None, f"{name} does not take the graph: {error.hint}"
        if session.get_providers()[0] == name:
            return session, ""
        return None, f"{name} does not start. {_missing_library(name)}".rstrip()

    def _create(self, name: str) -> Any:  # noqa: ANN401 - onnxruntime has no types
        runtime = _runtime()
        runtime.set_default_logger_severity(_SILENT)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _SILENT
        options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if name in _ONE_RUN_AT_A_TIME:
            options.enable_mem_pattern = False
        names = [name] if name == CPU else [name, CPU]
        try:
            session = runtime.InferenceSession(self._content, options, providers=names)
        except Exception as error:  # onnxruntime raises bare subclasses of Exception
            msg = f"{self.path} is not an ONNX graph that onnxruntime can open."
            raise ManifestError(msg, hint=str(error)) from error
        session.disable_fallback()
        return session


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}."
        hint = "Copy the bundle again, with all its files."
        raise ManifestError(msg, hint=hint) from error


def _tensor(node: Any) -> Tensor:  # noqa: ANN401 - onnxruntime has no types
    dtype = {"tensor(float)": "float32"}.get(node.type, node.type[len("tensor(") : -1])
    shape = tuple(size if isinstance(size, int) else -1 for size in node.shape)
    return Tensor(node.name, dtype, shape)


def _missing_library(name: str) -> str:
    """Say which shared library keeps provider ``name`` from loading, if one does."""
    stem = name.removesuffix("ExecutionProvider").lower()
    prefix, suffix = ("", ".dll") if sys.platform == "win32" else ("lib", ".so")
    folder = Path(_runtime().__file__).parent / "capi"
    library = folder / f"{prefix}onnxruntime_providers_{stem}{suffix}"
    if not library.is_file():
        return ""
    shared = folder / f"{prefix}onnxruntime_providers_shared{suffix}"
    try:
        ctypes.CDLL(str(shared), mode=ctypes.RTLD_GLOBAL)
        ctypes.CDLL(str(library))
    except OSError as error:
        return str(error)
    return "Its libraries load; is there a driver and a device?"


def zeros(tensor: Tensor, any_size: int = 1) -> NDArray[Any]:
    """Return a batch of zeros that fits ``tensor``."""
    shape = [any_size if size < 0 else size for size in tensor.shape]
    return np.zeros(shape, np.dtype(tensor.dtype))
