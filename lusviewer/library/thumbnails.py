"""Small pictures of the clips, made in the background and kept beside the library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2

from lusviewer.errors import CorruptClipError, LusViewerError, ResultError
from lusviewer.files import make_folder, written
from lusviewer.io import open_clip
from lusviewer.library.values import ClipFilter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.clip import Clip
    from lusviewer.library.library import Library
    from lusviewer.library.values import ClipEntry

FOLDER: Final = "thumbnails"
SIDE_PX: Final = 160
_QUALITY: Final = 80
_CACHE_BYTES: Final = 32 * 2**20
"""What one clip may keep decoded while its picture is made."""


@dataclass(frozen=True, slots=True)
class Made:
    """A thumbnail just made, or why it could not be."""

    clip_id: int
    file: Path | None
    error: LusViewerError | None = None


def thumbnail_file(library: Library, clip: ClipEntry) -> Path:
    """Return where a clip's thumbnail is, whether it was made yet or not.

    It goes by the content, so that a moved clip keeps it.
    """
    return thumbnail_of(library, clip.sha256)


def thumbnail_of(library: Library, sha256: str) -> Path:
    """Return where the thumbnail of the clip with this content is, made or not."""
    return library.folder / FOLDER / sha256[:2] / f"{sha256}.jpg"


def make_thumbnails(
    library: Library, cancel: CancelToken, chosen: ClipFilter | None = None
) -> Iterator[Made]:
    """Make every thumbnail that is wanting, one clip open at a time; yield each.

    Raises ``ResultError`` where the library's folder cannot be written to.
    """
    for clip in library.clips.all(chosen or ClipFilter()):
        cancel.check()
        target = thumbnail_file(library, clip)
        if clip.missing or target.is_file():
            continue
        try:
            yield Made(clip.id, make_thumbnail(library, clip))
        except ResultError:
            raise
        except LusViewerError as error:
            yield Made(clip.id, None, error)


def make_thumbnail(library: Library, clip: ClipEntry) -> Path:
    """Make the thumbnail of a clip anew, and return where it is.

    Raises ``ClipError`` for a clip that gives no picture, ``ResultError`` where the
    library's folder cannot be written to.
    """
    target = thumbnail_file(library, clip)
    with open_clip(clip.path) as opened:
        opened.limit_cache(_CACHE_BYTES)
        picture = _picture(opened)
    worked, content = cv2.imencode(
        ".jpg", _small(picture), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    )
    if not worked:
        msg = f"{clip.name} gave no picture."
        raise CorruptClipError(msg)
    make_folder(target.parent)
    with written(target) as file:
        file.write(content.tobytes())
    return target


def _picture(clip: Clip) -> NDArray[np.uint8]:
    """Return the beam's region of a frame that costs little to reach."""
    # Where frames build on each other, the middle one needs all before it.
    middle = 0 if clip.details.inter_coded else len(clip) // 2
    tried = [index for index in (middle, 0) if index not in clip.broken]
    if not tried:
        msg = f"{clip.identity.path.name} has no frame that decodes."
        raise CorruptClipError(msg)
    top, left, bottom, right = clip.geometry.region
    return clip.frame(tried[0])[top:bottom, left:right]


def _small(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns = picture.shape
    scale = min(1.0, SIDE_PX / max(rows, columns))
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return small.astype("uint8")
