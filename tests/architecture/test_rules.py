"""What the linters cannot say: sizes, what imports pull in, and the Qt binding."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).resolve().parents[2] / "lusviewer"
FILES = sorted(PACKAGE.rglob("*.py"))

FILE_LINES = 500
CLASS_LINES = 300
FUNCTION_LINES = 60
VERSION_SECONDS = 1.0

SHELLS = ("gui", "training")
HEAVY = (
    "torch",
    "onnxruntime",
    "av",
    "highdicom",
    "sklearn",
    "scipy",
    "onnx",
    "sqlalchemy",
)


def _length(node: ast.AST) -> int:
    assert isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _definitions(*kinds: type[ast.AST]) -> Iterator[tuple[str, int]]:
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, kinds):
                name = getattr(node, "name", "?")
                yield f"{file.relative_to(PACKAGE)}:{name}", _length(node)


def _python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **environment},
    )


def _core_modules() -> list[str]:
    names = []
    for file in FILES:
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        if parts[1] not in (*SHELLS, "__main__"):
            names.append(".".join(parts).removesuffix(".__init__"))
    return names


def test_files_stay_readable_in_one_sitting() -> None:
    lengths = {
        str(file.relative_to(PACKAGE)): len(
            file.read_text(encoding="utf-8").split("\n")
        )
        for file in FILES
    }
    assert {k: n for k, n in lengths.items() if n > FILE_LINES + 1} == {}


def test_classes_stay_small() -> None:
    long = {k: n for k, n in _definitions(ast.ClassDef) if n > CLASS_LINES}
    assert long == {}


def test_functions_stay_small() -> None:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    assert {k: n for k, n in _definitions(*kinds) if n > FUNCTION_LINES} == {}


def test_nothing_re_enters_the_event_loop() -> None:
    using = [
        f"{file.relative_to(PACKAGE)}:{node.lineno}"
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "processEvents"
    ]
    assert using == []


@pytest.mark.parametrize("word", ["utils", "helpers", "common", "core", "manager"])
def test_no_module_has_a_name_that_says_nothing(word: str) -> None:
    assert [
        f for f in FILES if word in f.relative_to(PACKAGE).with_suffix("").parts
    ] == []


def test_the_core_imports_where_qt_and_torch_do_not_exist() -> None:
    blocked = ("PySide6", "shiboken6", "pyqtgraph", "torch", "sklearn", "onnx")
    code = (
        "import sys, importlib\n"
        f"for name in {blocked}: sys.modules[name] = None\n"
        f"for name in {_core_modules()}: importlib.import_module(name)\n"
    )
    result = _python(code)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("shell", ["lusviewer.cli", "lusviewer.gui.app"])
def test_a_shell_starts_without_the_heavy_libraries(shell: str) -> None:
    code = (
        f"import sys, {shell}\n"
        f"print([name for name in {HEAVY} if name in sys.modules])\n"
    )
    result = _python(code, QT_QPA_PLATFORM="offscreen")
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "[]"


def test_the_command_line_answers_before_numpy_is_imported() -> None:
    code = (
        "import sys\n"
        "from lusviewer import cli\n"
        "try: cli.main(['--version'])\n"
        "except SystemExit: pass\n"
        "assert not {'numpy', 'cv2', 'pydicom', 'PySide6'} & set(sys.modules)\n"
    )
    result = _python(code)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_the_command_line_answers_within_a_second(option: str) -> None:
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "lusviewer", option],
            check=True,
            capture_output=True,
            timeout=60,
        )
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < VERSION_SECONDS


def test_the_qt_binding_keeps_true_alive() -> None:
    # PySide6 6.12.0 loses a reference to True at each emit; after some 580 the
    # interpreter aborts.
    code = (
        "from PySide6.QtCore import QObject, Signal\n"
        "class Speaker(QObject):\n"
        "    said = Signal(bool)\n"
        "speaker = Speaker()\n"
        "for _ in range(5000): speaker.said.emit(True)\n"
        "print('alive')\n"
    )
    result = _python(code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "alive"
