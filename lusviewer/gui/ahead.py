"""Reading large libraries from the disk before Python loads them.

Loading holds all of Python, and with it the window, until the disk has given each
page it touches; reading does not, and is quicker since it goes from end to end.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

LARGE: Final = {
    "cv2": "opencv_python_headless.libs",
    "av": "av.libs",
    "onnxruntime": "onnxruntime.libs",
    "_gdcm": "python_gdcm.libs",
}
"""Packages with libraries of 40 MB and more; beside them lies what those need."""

_SUFFIXES: Final = frozenset({".so", ".pyd", ".dll", ".dylib"})
_AT_ONCE: Final = 2**20


class ReadAhead(MetaPathFinder):
    """Finds no module, but has its libraries in memory before another finder does."""

    def __init__(self) -> None:
        self._waiting = dict(LARGE)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - the finders' signature
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Read the libraries of a large package, once; return None."""
        beside = self._waiting.pop(fullname, None)
        if beside is not None:
            buffer = bytearray(_AT_ONCE)
            for file in _libraries(fullname, beside):
                _read(file, buffer)
        return None


def read_ahead() -> None:
    """Read large libraries ahead of every import from now on."""
    if not any(isinstance(finder, ReadAhead) for finder in sys.meta_path):
        sys.meta_path.insert(0, ReadAhead())


def _libraries(package: str, beside: str) -> Iterator[Path]:
    spec = find_spec(package)
    for place in (spec and spec.submodule_search_locations) or ():
        for folder in (Path(place), Path(place).parent / beside):
            for file in sorted(folder.rglob("*")):
                if _SUFFIXES.intersection(file.suffixes):
                    yield file


def _read(file: Path, buffer: bytearray) -> None:
    try:
        with file.open("rb", buffering=0) as opened:
            while opened.readinto(buffer):
                pass
    except OSError:
        return  # Loading it will say what is wrong.
