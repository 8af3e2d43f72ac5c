"""Sample pair generation (Chen et al. 2020, arXiv 2011.13066, after their code)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from lusviewer.training.pretrain.views import stacked, view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from lusviewer.training.pretrain.clips import Recording

    Frame = NDArray[np.uint8]

BETA: Final = 0.5
"""Both parameters of the Beta distribution that the share of a mix comes from."""


@dataclass(frozen=True, slots=True)
class PairBatch:
    """The two samples of each video ``(n, 1, size, size)``, and their diagnoses.

    ``diagnosis`` int64 ``(n,)``, -1 for an unlabelled video.
    """

    left: Tensor
    right: Tensor
    diagnosis: Tensor


def sample_pair(frames: NDArray[np.uint8], rng: np.random.Generator) -> list[Frame]:
    """Return two samples of one video: frames drawn at random, and mixed.

    ``m1 = l f1 + (1 - l) f2`` and ``m2 = l f3 + (1 - l) f2`` with ``l`` from
    Beta(0.5, 0.5). Of two frames each is a sample; a single one is both.
    """
    n = len(frames)
    drawn = [frames[int(i)] for i in rng.choice(n, min(n, 3), replace=False)]
    if n < 3:
        return [drawn[0], drawn[-1]]
    share = float(rng.beta(BETA, BETA))
    return [_mixed(drawn[i], drawn[1], share) for i in (0, 2)]


def _mixed(one: Frame, other: Frame, share: float) -> Frame:
    mixed = share * one.astype(np.float32) + (1 - share) * other.astype(np.float32)
    return np.rint(mixed).astype(np.uint8)


def pair_batch(
    videos: Sequence[Recording], size: int, count: int, seed: list[int]
) -> PairBatch:
    """Return a batch of ``count`` different videos; ``seed`` says which and how."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(videos), min(count, len(videos)), replace=False)
    left, right = [], []
    for i in chosen:
        one, other = sample_pair(videos[int(i)].frames, rng)
        left += view([one], size, rng)
        right += view([other], size, rng)
    diagnosis = torch.tensor([videos[int(i)].diagnosis for i in chosen])
    return PairBatch(stacked(left), stacked(right), diagnosis)
