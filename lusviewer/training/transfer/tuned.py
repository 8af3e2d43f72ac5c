"""Short fine-tuning of the whole classifier, a network for each fold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from lusviewer.files import written
from lusviewer.geometry import GRID
from lusviewer.training.data.augment import Look, apply_look
from lusviewer.training.data.batches import normalised
from lusviewer.training.data.real_clips import open_cached
from lusviewer.training.measure.imagenet import spread
from lusviewer.training.nets.optimise import adamw, learn, set_rates
from lusviewer.training.transfer.classifier import Classifier, started
from lusviewer.training.transfer.settings import ASKED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from lusviewer.cancel import CancelToken
    from lusviewer.training.transfer.settings import Clips, TransferSettings

    Frames = NDArray[np.uint8]
    Rows = NDArray[np.intp]


def tuned_fold(
    settings: TransferSettings,
    job: tuple[str, int],
    clips: Clips,
    parts: tuple[Rows, Rows],
    features: NDArray[np.float32],
    cancel: CancelToken,
) -> NDArray[np.float64]:
    """Return the probabilities ``(tested, 3)`` of a fold's tested clips, made once.

    ``job`` is the start and the fold, ``parts`` the clips to learn from and to test,
    ``features`` all clips' frozen features, by which the head's inputs are scaled.
    """
    start, fold = job
    path = settings.run_folder / f"tuned-{start}-{fold}.npy"
    if path.is_file():
        stored: NDArray[np.float64] = np.load(path)
        return stored
    kept, left = parts
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    known = torch.from_numpy(features[kept])
    scale = known.std(0) + 1e-3
    network = Classifier(started(settings, start), known.mean(0), scale)
    frames = [open_cached(Path(settings.cache), f).frames for f in clips.files]
    _train(
        settings, network, Lessons(clips, kept, frames, settings.seed + fold), cancel
    )
    said = np.stack([_clip(settings, network, frames[i]) for i in left])
    with written(path) as file:
        np.save(file, said)
    return said


class Lessons:
    """Batches of single frames: each class, then each of its patients, as likely."""

    def __init__(
        self, clips: Clips, kept: Rows, frames: Sequence[Frames], seed: int
    ) -> None:
        self._frames, self._seed = frames, seed
        self._rows: list[list[list[int]]] = []
        for index in range(len(ASKED)):
            own: dict[str, list[int]] = {}
            for row in kept[clips.classes[kept] == index]:
                own.setdefault(clips.patients[int(row)], []).append(int(row))
            self._rows.append(list(own.values()))

    def batch(self, step: int, count: int) -> tuple[Tensor, Tensor]:
        """Return frames and classes of ``step``, a function of seed and step alone."""
        rng = np.random.default_rng([self._seed, 11, step])
        frames, classes = [], []
        for _ in range(count):
            index = int(rng.integers(len(self._rows)))
            own = self._rows[index][int(rng.integers(len(self._rows[index])))]
            clip = self._frames[own[int(rng.integers(len(own)))]]
            frame = clip[int(rng.integers(len(clip)))]
            frames.append(apply_look(Look.draw(rng, GRID), frame, rng))
            classes.append(index)
        return normalised(np.stack(frames)), torch.tensor(classes)


def _train(
    settings: TransferSettings,
    network: Classifier,
    lessons: Lessons,
    cancel: CancelToken,
) -> None:
    network.to(memory_format=torch.channels_last)
    optimiser = adamw(network, settings.rates)
    for step in range(settings.steps):
        cancel.check()
        set_rates(optimiser, settings.rates, step)
        frames, classes = lessons.batch(step, settings.batch)
        (logits,) = network(_as_trained(settings, frames))
        learn(network, optimiser, None, functional.cross_entropy(logits, classes), step)


@torch.no_grad()
def _clip(
    settings: TransferSettings, network: Classifier, frames: Frames
) -> NDArray[np.float64]:
    chosen = frames[spread(len(frames), settings.tested_frames)]
    (logits,) = network(_as_trained(settings, normalised(chosen)))
    return np.asarray(functional.softmax(logits, 1).mean(0), np.float64)


def _as_trained(settings: TransferSettings, frames: Tensor) -> Tensor:
    frames = frames.to(memory_format=torch.channels_last)
    return frames.to(torch.bfloat16) if settings.bfloat16 else frames
