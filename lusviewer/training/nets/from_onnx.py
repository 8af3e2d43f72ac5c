"""From an exported frame graph back to a network that can go on learning.

A bundle ships graphs, not checkpoints: whoever adapts it to local clips starts here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from lusviewer.errors import TrainingError
from lusviewer.geometry import GRID
from lusviewer.training.nets.layers import FrozenNormConv
from lusviewer.training.nets.network import FrameNetwork

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Weights = tuple[NDArray[np.float32], NDArray[np.float32]]

_UNIT_GAIN = float(np.sqrt(1 + 1e-3))


def network_from(path: Path) -> FrameNetwork:
    """Return the frame network whose exported graph lies at ``path``.

    It gives what the graph gives, and every part of it can learn. Raises
    ``TrainingError`` where the graph is not one of this network.
    """
    import onnx  # noqa: PLC0415 - only where a graph is read back

    graph = onnx.load(str(path)).graph
    stored = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in stored:
            stored[node.output[0]] = stored[node.input[0]]  # equal weights, kept once
    network = FrameNetwork()
    try:
        _fill(network, stored, list(_convolutions(graph, stored)))
    except (KeyError, ValueError, RuntimeError, StopIteration) as error:
        msg = f"{path} is not a graph of this network: {error}."
        raise TrainingError(msg, hint="Give the frame.onnx of such a bundle.") from (
            error
        )
    return network


def _convolutions(
    graph: object, stored: dict[str, NDArray[np.float32]]
) -> Iterator[Weights]:
    """Yield each convolution's weight and bias, in the order they are run."""
    for node in graph.node:  # type: ignore[attr-defined]
        if node.op_type == "Conv" and not node.input[1].endswith("head.weight"):
            yield stored[node.input[1]], stored[node.input[2]]


@torch.no_grad()
def _fill(
    network: FrameNetwork,
    stored: dict[str, NDArray[np.float32]],
    convolutions: list[Weights],
) -> None:
    modules = _in_order(network)
    if len(convolutions) != len(modules) + 1:
        msg = f"{len(convolutions)} convolutions, not {len(modules) + 1}"
        raise ValueError(msg)
    for module, (weight, bias) in zip(modules, convolutions, strict=False):
        module.weight.copy_(_like(module.weight, weight))
        module.bias.copy_(_like(module.bias, bias))
        module.gain.fill_(_UNIT_GAIN)  # the statistics are folded into the weight
    network.classes.weight.copy_(_like(network.classes.weight, convolutions[-1][0]))
    assert network.classes.bias is not None
    network.classes.bias.copy_(_like(network.classes.bias, convolutions[-1][1]))
    network.head.weight.copy_(_like(network.head.weight, stored["network.head.weight"]))
    assert network.head.bias is not None
    network.head.bias.copy_(_like(network.head.bias, stored["network.head.bias"]))
    shape = tuple(network.position.shape)
    position = next(value for value in stored.values() if value.shape == shape)
    network.position.copy_(torch.from_numpy(position.copy()))


def _like(parameter: torch.Tensor, value: NDArray[np.float32]) -> torch.Tensor:
    if tuple(parameter.shape) != value.shape:
        msg = f"a weight is {value.shape}, not {tuple(parameter.shape)}"
        raise ValueError(msg)
    return torch.from_numpy(value.copy())


@torch.no_grad()
def _in_order(network: FrameNetwork) -> list[FrozenNormConv]:
    """Return the network's convolutions in the order a frame passes them."""
    found: list[FrozenNormConv] = []
    hooks = [
        module.register_forward_hook(lambda m, _inputs, _output: found.append(m))
        for module in network.modules()
        if isinstance(module, FrozenNormConv)
    ]
    network(torch.zeros(1, 1, GRID, GRID))
    for hook in hooks:
        hook.remove()
    return found
