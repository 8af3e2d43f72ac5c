"""The unlabelled clips to learn from: the training patients', and simulated ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lusviewer.errors import TrainingError
from lusviewer.training.data.real_clips import is_cached, open_cached
from lusviewer.training.data.shards import open_shards
from lusviewer.training.lite.run_state import decode_files, known_clips, part_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.training.data.pocus_labels import PocusClip
    from lusviewer.training.pretrain.settings import PretrainSettings
    from lusviewer.training.recipe import Event


@dataclass(frozen=True, slots=True)
class Recording:
    """One clip: whose it is, its frames uint8 ``(n, 224, 224)``.

    ``diagnosis`` indexes ``DIAGNOSES``; it is -1 where it is not to be learned from.
    """

    patient: str
    frames: NDArray[np.uint8]
    diagnosis: int = -1


def training_files(settings: PretrainSettings) -> tuple[PocusClip, ...]:
    """Return the POCUS files of the training patients of the shipped split."""
    return part_of(known_clips(settings), "train")


def decode(settings: PretrainSettings, cancel: CancelToken) -> Iterator[Event]:
    """Decode the training patients' clips that are not in the folder yet."""
    files = [clip.file for clip in training_files(settings)]
    yield from decode_files(settings, files, Path(settings.clips), cancel)


def recordings(settings: PretrainSettings, labelled: float = 0.0) -> list[Recording]:
    """Return the training patients' decoded clips.

    The diagnosis is given of a share ``labelled`` of the patients, drawn by the seed.
    """
    cache = Path(settings.clips)
    known = [c for c in training_files(settings) if is_cached(cache, c.file)]
    if not known:
        msg = f"{cache} holds no decoded clip of a training patient."
        raise TrainingError(msg, hint="Run the stage 'decode' first.")
    patients = sorted({clip.patient for clip in known})
    order = np.random.default_rng([settings.seed, 1]).permutation(len(patients))
    told = {patients[i] for i in order[: round(labelled * len(patients))]}
    return [
        Recording(
            clip.patient,
            open_cached(cache, clip.file).frames,
            clip.diagnosis if clip.patient in told else -1,
        )
        for clip in known
    ]


def simulated(folder: Path) -> list[Recording]:
    """Return the rendered clips of ``folder`` that are for training, each a patient."""
    return [
        Recording(f"scene {scene}", shard.frames[shard.scene == scene])
        for shard in open_shards(folder, "train")
        for scene in np.unique(shard.scene)
    ]
