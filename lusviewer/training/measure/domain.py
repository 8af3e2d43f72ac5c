"""How often clips come back 'not assessable', of lung and of anything else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.errors import TrainingError
from lusviewer.inference.frames import crop_to_grid
from lusviewer.phantom import random_scene, render
from lusviewer.training.data.not_lung import OTHER_KINDS, not_lung_clip
from lusviewer.training.measure.clip_store import ClipStore, ReadClip, Source
from lusviewer.training.measure.clip_store import read_frames as read
from lusviewer.training.measure.figures import share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lusviewer.inference.bundle import ModelBundle

OTHER_SEED: Final = 990_011
"""Of the simulated scenes that are not of lung; neither taught nor chosen by."""

_GIVEN: Final = 10
"""Simulated frames of each kind."""

_ECHO = "heart with flow in colour"
_OESOPHAGUS = "heart from the oesophagus"
_PROBE = "a probe without contact"
_NODE = "lymph node with flow in colour"

SHOWN: Final = {
    "IM00001.fragmented_no_bot_jpeg_baseline.50.dcm": _ECHO,
    "IM00001.implicit_little_endian.dcm": _ECHO,
    "JPEGExtended_3s_1f_u_08_08.dcm": "vessels of the arm",
    "JPEGLosslessP14SV1_3s_2f_u_08_08.dcm": "heart seen from its surface",
    "OBXXXX1A_2frame.dcm": _PROBE,
    "OBXXXX1A_expb_2frame.dcm": _PROBE,
    "OBXXXX1A_rle_2frame.dcm": _PROBE,
    "US-PAL-8-10x-echo": _ECHO,
    "US-RGB-8-esopecho": _OESOPHAGUS,
    "US1_J2KI.dcm": _NODE,
    "US1_J2KR.dcm": _NODE,
    "US1_UNCI.dcm": _NODE,
    "YBR_422.dcm": "muscle and tendon",
    "YBR_FULL-RLE.dcm": "thyroid and carotid artery",
    "color-pl.dcm": _OESOPHAGUS,
    "color-px.dcm": _OESOPHAGUS,
    "gdcm-US-ALOKA-16.dcm": "bladder and womb",
    "jpeg-ls-Palette.dcm": _ECHO,
    "sonoque_anechoic-3mm-3mm.dcm": "test object with holes",
}
"""What public DICOM test files show, read off the pictures; none shows lung."""

_SAME_PICTURE: Final = (
    ("IM00001.fragmented_no_bot_jpeg_baseline.50.dcm", "IM00001.implicit_little"),
    ("OBXXXX1A_2frame.dcm", "OBXXXX1A"),
    ("US-PAL-8-10x-echo", "jpeg-ls-Palette"),
    ("US-RGB-8-esopecho", "color-p"),
    ("US1_J2KI.dcm", "US1_"),
)
"""Files that hold one picture, coded differently: the first, and how others begin."""


def measure_lung(
    bundle: ModelBundle, sources: Sequence[Source], store: ClipStore
) -> dict[str, Any]:
    """Return how many clips of lung are turned away, and for what reason."""
    return turned_away(bundle, store.read_all(bundle, sources, CancelToken()))


def measure_dicom(
    bundle: ModelBundle, folder: Path, store: ClipStore
) -> dict[str, Any]:
    """Return which of the known DICOM files in ``folder`` are turned away."""
    paths = [folder / name for name in SHOWN if (folder / name).is_file()]
    if not paths:
        msg = f"{folder} holds none of the {len(SHOWN)} known DICOM files."
        raise TrainingError(msg, hint="Give the folder of the DICOM test files.")
    sources = [Source(path.name, _picture(path.name), path) for path in paths]
    clips = store.read_all(bundle, sources, CancelToken())
    return turned_away(bundle, clips) | {
        "pictures_turned_away": len(
            {c.patient for c in clips if not c.quality(bundle).assessable}
        ),
        "files": {
            clip.name: {
                "shows": SHOWN[clip.name],
                "turned_away": not (quality := clip.quality(bundle)).assessable,
                "reason": quality.reason,
            }
            for clip in clips
        },
    }


def _picture(name: str) -> str:
    return next((one for one, start in _SAME_PICTURE if name.startswith(start)), name)


def measure_simulated(bundle: ModelBundle) -> dict[str, Any]:
    """Return how many simulated frames are turned away: lung, and each other kind."""
    others = [_other(bundle, index) for index in range(_GIVEN * len(OTHER_KINDS))]
    lung = [_lung(bundle, index) for index in range(_GIVEN * len(OTHER_KINDS))]
    return {
        "seed": OTHER_SEED,
        "lung": turned_away(bundle, lung),
        "other": {
            kind: turned_away(bundle, others[index :: len(OTHER_KINDS)])
            for index, kind in enumerate(OTHER_KINDS)
        },
    }


def _other(bundle: ModelBundle, index: int) -> ReadClip:
    frame, place = not_lung_clip(OTHER_SEED, index)
    source = _source(f"other {index}")
    return read(bundle, source, crop_to_grid(frame, place)[None], place)


def _lung(bundle: ModelBundle, index: int) -> ReadClip:
    rng = np.random.default_rng([OTHER_SEED + 1, index])
    clip = render(random_scene(rng), 1)
    frames = crop_to_grid(clip.frames[0], clip.geometry)[None]
    return read(bundle, _source(f"lung {index}"), frames, clip.geometry)


def _source(name: str) -> Source:
    return Source(name, name, Path(name))


def turned_away(bundle: ModelBundle, clips: Sequence[ReadClip]) -> dict[str, Any]:
    """Return the share of ``clips`` not assessable, with its interval, and why."""
    said = [clip.quality(bundle) for clip in clips]
    away = np.array([not quality.assessable for quality in said])
    patients = [clip.patient for clip in clips]
    why = Counter(_short(quality.reason) for quality in said if quality.reason)
    return {
        "clips": len(clips),
        "patients": len(set(patients)),
        "turned_away": int(away.sum()),
        "share": share(away, np.ones_like(away), patients),
        "reasons": dict(sorted(why.items())),
    }


def _short(reason: str) -> str:
    """Return a reason up to its figures."""
    return next(words for words in _REASONS if reason.startswith(words))


_REASONS: Final = (
    "No frame could be analysed",
    "The image is too dark",
    "The image is blank",
    "Most of the beam lies in shadow",
    "This does not look like lung",
    "No pleural line is seen",
)
