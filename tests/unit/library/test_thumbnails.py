"""Small pictures, made in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import pytest

from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.errors import LusViewerError
from lusviewer.library.adding import add_paths
from lusviewer.library.thumbnails import (
    SIDE_PX,
    make_thumbnail,
    make_thumbnails,
    thumbnail_file,
)
from tests.small_clips import write_dicom, write_png, write_video

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.library import Library


def test_every_clip_gets_one_picture_once(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "kinds"
    folder.mkdir()
    write_dicom(folder / "a.dcm", n_frames=3)
    write_video(folder / "b.avi", n_frames=3)
    write_png(folder / "c.png")
    list(add_paths(library, [folder], CancelToken(), who="anna"))
    made = list(make_thumbnails(library, CancelToken()))
    assert [one.clip_id for one in made] == [1, 2, 3]
    for clip in library.clips.all():
        picture = cv2.imread(str(thumbnail_file(library, clip)), cv2.IMREAD_GRAYSCALE)
        assert picture is not None
        assert max(picture.shape) == SIDE_PX
        assert picture.std() > 10
    assert list(make_thumbnails(library, CancelToken())) == []


def test_a_clip_that_is_broken_or_gone_does_not_stop_the_rest(
    library: Library, exam: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    for name in ("0.png", "1.png", "2.png"):
        write_png(folder / name, int(name[0]))
    list(add_paths(library, [folder], CancelToken(), who="anna"))
    (folder / "0.png").unlink()
    (folder / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    made = {one.clip_id: one for one in make_thumbnails(library, CancelToken())}
    assert isinstance(made[1].error, LusViewerError)
    assert isinstance(made[2].error, LusViewerError)
    assert made[3].file is not None


def test_making_them_can_be_stopped(filled: Library) -> None:
    cancel = CancelToken()
    made = make_thumbnails(filled, cancel)
    next(made)
    cancel.cancel()
    with pytest.raises(Cancelled):
        list(made)
    assert len(list((filled.folder / "thumbnails").rglob("*.jpg"))) == 1
    assert len(list(make_thumbnails(filled, CancelToken()))) == 2


def test_one_can_be_made_by_itself(filled: Library) -> None:
    clip = filled.clips.get(2)
    assert make_thumbnail(filled, clip) == thumbnail_file(filled, clip)
    assert len(list((filled.folder / "thumbnails").rglob("*.jpg"))) == 1
