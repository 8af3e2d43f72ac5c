"""Convolutions that train fast on a CPU: frozen statistics, bfloat16, channels last."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

_EPSILON = 1e-3


class _Depthwise(torch.autograd.Function):
    """A depthwise convolution whose gradients avoid the slow bfloat16 kernels.

    On CPUs with bfloat16 arithmetic, oneDNN's gradients of strided and of 5x5
    depthwise convolutions are 10 to 30 times slower than these.
    """

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's own context
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        stride: int,
    ) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        half = weight.shape[2] // 2
        return functional.conv2d(x, weight, bias, stride, half, 1, x.shape[1])

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        x, weight = ctx.saved_tensors
        stride, half, channels = ctx.stride, weight.shape[2] // 2, x.shape[1]
        grad_x = None
        if ctx.needs_input_grad[0]:
            spread = grad
            if stride > 1:
                spread = torch.zeros_like(x)
                spread[:, :, ::stride, ::stride] = grad
            flipped = weight.flip(2, 3)
            grad_x = functional.conv2d(spread, flipped, None, 1, half, 1, channels)
        grad_weight = None
        if ctx.needs_input_grad[1]:
            grad_weight = _weight_gradient(x, weight, grad, stride)
        return grad_x, grad_weight, grad.float().sum((0, 2, 3)).to(weight.dtype), None


def _weight_gradient(x: Tensor, weight: Tensor, grad: Tensor, stride: int) -> Tensor:
    if weight.shape[2] > 3 and weight.dtype != torch.float32:
        exact = _weight_gradient(x.float(), weight.float(), grad.float(), stride)
        return exact.to(weight.dtype)
    half = weight.shape[2] // 2
    _, result, _ = torch.ops.aten.convolution_backward(
        grad,
        x,
        weight,
        None,
        [stride, stride],
        [half, half],
        [1, 1],
        False,  # noqa: FBT003 - not transposed
        [0, 0],
        x.shape[1],
        [False, True, False],
    )
    return result


class FrozenNormConv(nn.Module):
    """A convolution with a normalisation of fixed statistics folded in, then ReLU6.

    The affine part trains, the statistics do not, so that small and mixed batches
    work and the exported graph is one convolution. The arithmetic is done in
    the input's own type.
    """

    def __init__(
        self,
        channels: tuple[int, int],
        kernel: int = 1,
        *,
        stride: int = 1,
        depthwise: bool = False,
        active: bool = True,
    ) -> None:
        super().__init__()
        inner = 1 if depthwise else channels[0]
        self.weight = nn.Parameter(torch.empty(channels[1], inner, kernel, kernel))
        nn.init.kaiming_normal_(self.weight, mode="fan_in")
        self.gain = nn.Parameter(torch.ones(channels[1]))
        self.bias = nn.Parameter(torch.zeros(channels[1]))
        self.register_buffer("mean", torch.zeros(channels[1]))
        self.register_buffer("variance", torch.ones(channels[1]))
        self.stride, self.depthwise, self.active = stride, depthwise, active
        self.measuring = False

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised, activated convolution of ``x``."""
        if self.measuring:
            self._measure(x)
        scale = self.gain * torch.rsqrt(self.variance + _EPSILON)
        weight = (self.weight * scale[:, None, None, None]).to(x.dtype)
        y = self._convolve(x, weight, (self.bias - self.mean * scale).to(x.dtype))
        return functional.hardtanh(y, 0.0, 6.0) if self.active else y

    def _convolve(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        if self.depthwise and torch.is_grad_enabled():
            return _Depthwise.apply(x, weight, bias, self.stride)
        groups = x.shape[1] if self.depthwise else 1
        half = weight.shape[2] // 2
        return functional.conv2d(x, weight, bias, self.stride, half, 1, groups)

    @torch.no_grad()
    def _measure(self, x: Tensor) -> None:
        bias = torch.zeros_like(self.bias)
        y = self._convolve(x, self.weight.to(x.dtype), bias.to(x.dtype)).float()
        self.mean.copy_(y.mean((0, 2, 3)))
        self.variance.copy_(y.var((0, 2, 3)))


@torch.no_grad()
def measure_statistics(module: nn.Module, run: Any) -> None:  # noqa: ANN401
    """Set the statistics of ``module``'s convolutions from what ``run()`` feeds it."""
    convolutions = [m for m in module.modules() if isinstance(m, FrozenNormConv)]
    for convolution in convolutions:
        convolution.measuring = True
    run()
    for convolution in convolutions:
        convolution.measuring = False
