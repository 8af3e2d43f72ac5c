"""A clip with a bright ridge, and the window open on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pydicom
import pytest

from tests.gui.drawing.pen import RIDGE_X, open_in, ridge_y
from tests.small_clips import COLUMNS, ROWS, write_dicom

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.main_window import MainWindow


@pytest.fixture(scope="session")
def ridge_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DICOM cine of twelve frames, each with one bright bow on speckle."""
    path = write_dicom(tmp_path_factory.mktemp("ridge") / "ridge.dcm", n_frames=12)
    dataset = pydicom.dcmread(path)
    rng = np.random.default_rng(3)
    pictures = np.empty((12, ROWS, COLUMNS), np.uint8)
    for i, picture in enumerate(pictures):
        picture[:] = rng.integers(20, 50, picture.shape)
        curve = np.stack([RIDGE_X, ridge_y(RIDGE_X, i)], 1)
        shape = np.rint(curve * 16).astype(np.int32)
        cv2.polylines(picture, [shape], False, 220, 3, cv2.LINE_AA, shift=4)
        picture[:, :3] = picture[:, -3:] = 0
    dataset.PixelData = pictures.tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def drawing(qtbot: QtBot, window: MainWindow, ridge_path: Path) -> MainWindow:
    """The window with the clip open, its frames decoded and the library read."""
    open_in(qtbot, window, ridge_path)
    return window
