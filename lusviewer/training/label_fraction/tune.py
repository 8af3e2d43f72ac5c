"""Training the whole network from a start, with few labels: a fixed number of steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from lusviewer.training.config import Rates
from lusviewer.training.data.augment import Look, apply_look
from lusviewer.training.data.batches import normalised
from lusviewer.training.label_fraction.library import UNKNOWN
from lusviewer.training.label_fraction.starts import spread
from lusviewer.training.nets.features import FEATURES, FrameFeatures
from lusviewer.training.nets.optimise import adamw, learn, set_rates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.training.label_fraction.library import Question

    Frames = NDArray[np.uint8]
    Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Tuning:
    """How the network is tuned: the same for every start and fraction."""

    steps: int
    batch: int
    size: int
    rate: float
    encoder_rate: float
    bfloat16: bool
    seed: int


class TunedNetwork(nn.Module):
    """Features, and a linear head for each question."""

    def __init__(self, features: FrameFeatures, classes: Sequence[int]) -> None:
        super().__init__()
        self.features = features
        self.heads = nn.ModuleList(nn.Linear(FEATURES, count) for count in classes)

    def forward(self, frames: Tensor) -> list[Tensor]:
        """Return the logits ``(n, classes)`` of each question."""
        features = self.features(frames)
        return [head(features) for head in self.heads]


def tuned(
    features: FrameFeatures,
    clips: Sequence[Frames],
    questions: Sequence[Question],
    labelled: Indices,
    tuning: Tuning,
    cancel: CancelToken,
) -> TunedNetwork:
    """Return a network trained on the ``labelled`` clips' answers.

    A step shows one frame each of clips that are drawn by question and class, so that
    rare classes are seen as often as common ones.
    """
    torch.manual_seed(tuning.seed)
    network = TunedNetwork(features, [question.classes for question in questions])
    network.to(memory_format=torch.channels_last)
    rates = Rates(
        tuning.rate, tuning.encoder_rate, 1e-4, max(1, tuning.steps // 10), tuning.steps
    )
    optimiser = adamw(network, rates)
    for step in range(tuning.steps):
        cancel.check()
        rng = np.random.default_rng([tuning.seed, 5, step])
        chosen = balanced(questions, labelled, tuning.batch, rng)
        frames = [_shown(clips[i], tuning.size, rng) for i in chosen]
        logits = network(_input(np.stack(frames), bfloat16=tuning.bfloat16))
        set_rates(optimiser, rates, step)
        learn(network, optimiser, None, _loss(logits, questions, chosen), step)
    return network


def balanced(
    questions: Sequence[Question],
    labelled: Indices,
    count: int,
    rng: np.random.Generator,
) -> Indices:
    """Return ``count`` of the ``labelled`` clips: any question, any of its classes."""
    chosen = []
    for _ in range(count):
        truth = questions[int(rng.integers(len(questions)))].truth[labelled]
        wanted = rng.choice(np.unique(truth[truth != UNKNOWN]))
        chosen.append(rng.choice(labelled[truth == wanted]))
    return np.array(chosen, np.intp)


def _shown(clip: Frames, size: int, rng: np.random.Generator) -> Frames:
    frame = clip[int(rng.integers(len(clip)))]
    seen = apply_look(Look.draw(rng, frame.shape[0]), frame, rng)
    return _reduced(seen, size)


def _reduced(frame: Frames, size: int) -> Frames:
    way = cv2.INTER_AREA
    return np.asarray(cv2.resize(frame, (size, size), interpolation=way), np.uint8)


def _input(frames: Frames, *, bfloat16: bool) -> Tensor:
    tensor = normalised(frames).to(memory_format=torch.channels_last)
    return tensor.to(torch.bfloat16) if bfloat16 else tensor


def _loss(
    logits: Sequence[Tensor], questions: Sequence[Question], chosen: Indices
) -> Tensor:
    loss = torch.zeros(())
    for one, question in zip(logits, questions, strict=True):
        truth = torch.from_numpy(question.truth[chosen])
        known = truth != UNKNOWN
        if bool(known.any()):
            loss = loss + functional.cross_entropy(one[known], truth[known])
    return loss


@torch.no_grad()
def clip_scores(
    network: TunedNetwork, clip: Frames, tuning: Tuning
) -> list[NDArray[np.float64]]:
    """Return each question's mean log-probability ``(classes,)`` over 12 frames."""
    frames = np.stack([_reduced(frame, tuning.size) for frame in spread(clip)])
    logits = network(_input(frames, bfloat16=tuning.bfloat16))
    return [
        functional.log_softmax(one.float(), 1).mean(0).double().numpy()
        for one in logits
    ]
