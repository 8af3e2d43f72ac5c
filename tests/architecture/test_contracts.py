"""Each import contract is broken on purpose, in a copy, to see that it bites."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

BREACHES = {
    "layers": ("lusviewer/findings.py", "import lusviewer.analysis"),
    "qt": ("lusviewer/export/tabular.py", "import PySide6.QtCore"),
    "torch": ("lusviewer/biomarkers.py", "import torch"),
    "wrappers": ("lusviewer/biomarkers.py", "import onnxruntime"),
    "widgets": ("lusviewer/gui/clip_view.py", "import lusviewer.gui.timeline_view"),
    "acyclic": ("lusviewer/inference/session.py", "import lusviewer.inference.frames"),
}


def _lint(folder: Path, contract: str) -> subprocess.CompletedProcess[str]:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", code, "--contract", contract, "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"PYTHONPATH": str(folder), "PATH": "", "HOME": str(folder)},
    )


@pytest.mark.parametrize("contract", BREACHES)
def test_a_breach_of_a_contract_is_found(contract: str, tmp_path: Path) -> None:
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "lusviewer", tmp_path / "lusviewer", ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    whole = _lint(tmp_path, contract)
    assert whole.returncode == 0, whole.stdout + whole.stderr

    name, line = BREACHES[contract]
    file = tmp_path / name
    future = "from __future__ import annotations\n"
    text = file.read_text(encoding="utf-8")
    assert future in text
    file.write_text(text.replace(future, f"{future}\n{line}\n", 1), encoding="utf-8")
    broken = _lint(tmp_path, contract)
    assert broken.returncode == 1, broken.stdout + broken.stderr
    assert "BROKEN" in broken.stdout
