"""Stage two: the temporal head, on embeddings of whole clips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from lusviewer.cancel import CancelToken
from lusviewer.training.data.batches import normalised
from lusviewer.training.nets.losses import bag_loss
from lusviewer.training.nets.network import FrameNetwork, TemporalNetwork

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from lusviewer.inference.session import OnnxSession
    from lusviewer.training.config import TrainingConfig
    from lusviewer.training.data.pocus_labels import PocusClip

_BATCH = 8
_REAL_FRAMES = 32


@dataclass(frozen=True, slots=True)
class EmbeddedClip:
    """The embeddings of a clip's frames ``(frames, 128)``, and what is known of it.

    A simulated clip has ``truth`` ``(frames, 43)``; a real one is ``known``.
    """

    embeddings: NDArray[np.float32]
    truth: NDArray[np.uint8] | None = None
    known: PocusClip | None = None


def embed(frame_graph: OnnxSession, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the embeddings ``(n, 128)`` of uint8 ``(n, 224, 224)``.

    The exported graph makes them: it is what is shipped, and far faster than torch.
    """
    cancel = CancelToken()
    return np.concatenate(
        [
            frame_graph.run({"frame": normalised(frame[None]).numpy()}, cancel)[
                "embedding"
            ]
            for frame in frames
        ]
    )


def train_temporal(
    config: TrainingConfig,
    network: FrameNetwork,
    clips: Sequence[EmbeddedClip],
    cancel: CancelToken,
) -> Iterator[dict[str, Any] | TemporalNetwork]:
    """Train the temporal head; yield progress, and last the network itself."""
    torch.manual_seed(config.seed)
    temporal = TemporalNetwork()
    temporal.start_from(network)
    optimiser = torch.optim.AdamW(
        temporal.parameters(), lr=config.temporal_rate, weight_decay=0.05
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimiser, max(1, config.temporal_steps)
    )
    simulated = [c for c in clips if c.truth is not None]
    real = [c for c in clips if c.known is not None]
    for step in range(config.temporal_steps):
        cancel.check()
        rng = np.random.default_rng([config.seed, 7, step])
        loss = _loss(temporal, simulated, real, rng)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        if (step + 1) % 100 == 0:
            yield {
                "event": "progress",
                "stage": "temporal",
                "step": step + 1,
                "steps": config.temporal_steps,
                "loss": round(loss.item(), 4),
            }
    yield temporal


def _loss(
    temporal: TemporalNetwork,
    simulated: Sequence[EmbeddedClip],
    real: Sequence[EmbeddedClip],
    rng: np.random.Generator,
) -> torch.Tensor:
    loss = torch.zeros(())
    if simulated:
        chosen = [simulated[int(i)] for i in rng.integers(0, len(simulated), _BATCH)]
        inputs = torch.from_numpy(np.stack([c.embeddings for c in chosen]))
        known = [np.zeros(0) if c.truth is None else c.truth for c in chosen]
        truth = torch.from_numpy(np.stack(known)).float()
        logits = temporal(_perturbed(inputs, rng))
        loss = loss + functional.binary_cross_entropy_with_logits(logits, truth)
    for index in rng.integers(0, len(real), 2) if real else ():
        clip = real[int(index)]
        inputs = torch.from_numpy(_window(clip.embeddings, rng))[None]
        assert clip.known is not None
        values = torch.from_numpy(clip.known.values)[None]
        weights = torch.from_numpy(clip.known.weights)[None]
        logits = temporal(_perturbed(inputs, rng))
        loss = loss + 0.25 * bag_loss(logits, values, weights)
    return loss


def _window(
    embeddings: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    spare = len(embeddings) - _REAL_FRAMES
    start = int(rng.integers(0, spare + 1)) if spare > 0 else 0
    return embeddings[start : start + _REAL_FRAMES]


def _perturbed(inputs: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Blur what the head sees a little: clips it learns from were seen in stage one."""
    noise = torch.from_numpy(rng.standard_normal(inputs.shape, np.float32))
    return inputs + 0.15 * inputs.std() * noise
