"""The shipped networks as torch has them, cut where the frozen part ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from lusviewer.errors import TrainingError
from lusviewer.training.data.batches import normalised
from lusviewer.training.nets.network import TemporalNetwork

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.training.nets.network import FrameNetwork

Kind = TypeVar("Kind", bound=nn.Module)

LAST: Final = 6
"""The encoder's last stage: what ``block`` adapts."""

LATE: Final = 5
"""From here on a pretraining adapts the encoder: all it has at stride 32."""

_FINE, _DEEP = (112, 14, 14), (192, 7, 7)
"""What comes before the last stage: the level at stride 16, and its own input."""


class Level(NamedTuple):
    """What the late part gives: ``shared`` is what masks and head are made from.

    ``shared`` ``(n, 128, 14, 14)``, ``embedding`` ``(n, 128)``, ``logits`` ``(n, 43)``.
    """

    shared: Tensor
    embedding: Tensor
    logits: Tensor


class LatePart(nn.Module):
    """A frame network of which the stages from ``first`` on learn, and its head.

    The decoder of the masks stays as it is, and so must what it reads.
    """

    def __init__(self, network: FrameNetwork, first: int) -> None:
        super().__init__()
        self.network, self.first = network, first
        learning = [*network.encoder.stages[first:], network.head_filter]
        learning += [network.head_mix]
        if first == LAST:  # labels teach: the head learns what they say
            learning.append(network.head)
        network.requires_grad_(requires_grad=False)
        for part in learning:
            part.requires_grad_(requires_grad=True)
        for block in network.encoder.stages[LATE]:
            block.filter.requires_grad_(requires_grad=False)  # 5x5: slow to learn

    @torch.no_grad()
    def early(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return the level at stride 16 and the input of stage ``first``."""
        encoder = self.network.encoder
        x = fine = encoder.stem(frames)
        for i, stage in enumerate(encoder.stages[: self.first]):
            x = stage(x)
            fine = x if i == LATE - 1 else fine
        return fine, x

    def late(self, fine: Tensor, deep: Tensor) -> Level:
        """Return what the network makes of what ``early`` gave."""
        network = self.network
        for stage in network.encoder.stages[self.first :]:
            deep = stage(deep)
        shared = network.merges[3](deep, fine)
        embedding = network.head_features(shared).mean((2, 3))
        weight, bias = network.head.weight[:, :, 0, 0], network.head.bias
        return Level(shared, embedding, functional.linear(embedding, weight, bias))


def packed(fine: Tensor, deep: Tensor) -> NDArray[np.float16]:
    """Return both as one float16 row a frame, to be kept."""
    rows = torch.cat([fine.flatten(1), deep.flatten(1)], 1)
    return np.asarray(rows.numpy(), np.float16)


def unpacked(rows: NDArray[np.float16]) -> tuple[Tensor, Tensor]:
    """Return what ``packed`` took."""
    values = torch.from_numpy(np.asarray(rows, np.float32))
    size = int(np.prod(_FINE))
    fine, deep = values[:, :size], values[:, size:]
    return fine.unflatten(1, _FINE), deep.unflatten(1, _DEEP)


def activations(late: LatePart, frames: NDArray[np.uint8]) -> NDArray[np.float16]:
    """Return the rows that ``packed`` makes of uint8 ``(n, 224, 224)``."""
    parts = [normalised(frames[i : i + 8]) for i in range(0, len(frames), 8)]
    return np.concatenate([packed(*late.early(part)) for part in parts])


def temporal_from(path: Path) -> TemporalNetwork:
    """Return the temporal network whose exported graph lies at ``path``.

    Raises ``TrainingError`` where the graph is not one of this network.
    """
    import onnx  # noqa: PLC0415 - only where a graph is read back

    graph = onnx.load(str(path)).graph
    stored = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    network = TemporalNetwork()
    own = [n.input[1] for n in graph.node if n.op_type == "MatMul"]
    try:
        (matrix,) = own
        state = {
            name: torch.from_numpy(np.array(stored[f"network.{name}"]))
            for name in network.state_dict()
            if name != "own.weight"
        }
        state["own.weight"] = torch.from_numpy(np.array(stored[matrix].T))
        network.load_state_dict(state)
    except (KeyError, ValueError, RuntimeError) as error:
        msg = f"{path} is not a graph of this network: {error}."
        hint = "Give the temporal.onnx of a bundle made here."
        raise TrainingError(msg, hint=hint) from error
    return network


def frozen(network: Kind) -> Kind:
    """Return ``network``, not to be changed any more."""
    network.requires_grad_(requires_grad=False)
    network.eval()
    return network
