"""A library on disk, and a few clips to put into it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from lusviewer.cancel import CancelToken
from lusviewer.library import Library, open_library
from lusviewer.library.adding import Whose, add_paths
from tests.small_clips import write_png

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three pictures of one patient, to be left as it is."""
    folder = tmp_path_factory.mktemp("clips") / "exam"
    folder.mkdir()
    for n_b_lines in range(3):
        write_png(folder / f"clip{n_b_lines}.png", n_b_lines)
    return folder


@pytest.fixture(scope="session")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with nothing in it, to be copied."""
    folder = tmp_path_factory.mktemp("empty") / "library"
    open_library(folder).close()
    return folder


@pytest.fixture(scope="session")
def filled_folder(
    empty_folder: Path, exam: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A library with the three pictures, of patient A, to be copied."""
    folder = tmp_path_factory.mktemp("filled") / "library"
    shutil.copytree(empty_folder, folder)
    with open_library(folder) as library:
        list(add_paths(library, [exam], CancelToken(), who="anna", whose=Whose("A")))
    return folder


@pytest.fixture
def library(empty_folder: Path, tmp_path: Path) -> Iterator[Library]:
    shutil.copytree(empty_folder, tmp_path / "library")
    with open_library(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def filled(filled_folder: Path, tmp_path: Path) -> Iterator[Library]:
    """The library with the three pictures, of patient A."""
    shutil.copytree(filled_folder, tmp_path / "filled")
    with open_library(tmp_path / "filled") as opened:
        yield opened
