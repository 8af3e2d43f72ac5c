"""The table of figures, printed when the benchmarks have run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from lusviewer import paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; passed where ``value`` is at most ``limit``."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    note: str = ""

    @property
    def passed(self) -> bool:
        return self.limit is None or self.value <= self.limit

    def row(self) -> str:
        limit = "" if self.limit is None else f"<= {self.limit:g} {self.unit}"
        mark = "" if self.limit is None else ("yes" if self.passed else "**no**")
        value = f"{self.value:.3g} {self.unit}"
        return f"| {self.name} | {value} | {limit} | {mark} | {self.note} |"


class Figures:
    """Takes figures down; a figure above its limit fails the test at its end."""

    def __init__(self) -> None:
        self.all: list[Figure] = []

    def add(
        self,
        name: str,
        value: float,
        unit: str,
        limit: float | None = None,
        note: str = "",
    ) -> None:
        self.all.append(Figure(name, value, unit, limit, note))


_FIGURES = Figures()


@pytest.fixture
def figures() -> Iterator[Figures]:
    """Where a benchmark writes its figures."""
    before = len(_FIGURES.all)
    yield _FIGURES
    late = [f.row() for f in _FIGURES.all[before:] if not f.passed]
    assert not late, "\n".join(late)


@pytest.fixture(scope="session")
def bundle_path() -> Path:
    """The model that ships: figures of another one would say nothing."""
    folder = paths.default_bundle()
    if not (folder / "manifest.json").is_file():
        pytest.skip(f"no model in {folder}")
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _FIGURES.all:
        write = terminalreporter.write_line
        write("")
        write("| what | measured | limit | kept | against |")
        write("|---|---|---|---|---|")
        for figure in _FIGURES.all:
            write(figure.row())
