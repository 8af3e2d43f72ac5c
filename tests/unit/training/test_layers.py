"""The fast convolutions compute what torch's own do."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from lusviewer.training.nets.layers import FrozenNormConv, measure_statistics


def _gradients(convolution, x):
    x = x.clone().requires_grad_()
    convolution.zero_grad()
    (
        convolution(x) * torch.linspace(-1, 3, x.shape[-1] // convolution.stride)
    ).sum().backward()
    return x.grad, convolution.weight.grad.clone(), convolution.bias.grad.clone()


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (5, 1), (3, 2), (5, 2)])
def test_depthwise_gradients_are_those_of_torch(kernel, stride, monkeypatch):
    torch.manual_seed(0)
    convolution = FrozenNormConv((6, 6), kernel, stride=stride, depthwise=True)
    x = torch.randn(2, 6, 16, 16)
    ours = _gradients(convolution, x)
    monkeypatch.setattr(
        "lusviewer.training.nets.layers._Depthwise.apply",
        lambda x, w, b, s: functional.conv2d(x, w, b, s, kernel // 2, 1, 6),
    )
    for got, expected in zip(ours, _gradients(convolution, x), strict=True):
        torch.testing.assert_close(got, expected, atol=1e-4, rtol=1e-4)


def test_bfloat16_gradients_are_near_those_of_float32():
    torch.manual_seed(0)
    convolution = FrozenNormConv((6, 6), 5, depthwise=True, active=False)
    x = torch.randn(2, 6, 16, 16)
    exact = _gradients(convolution, x)
    rough = _gradients(convolution, x.bfloat16())
    for got, expected in zip(rough, exact, strict=True):
        scale = expected.abs().max()
        torch.testing.assert_close(got.float(), expected, atol=0.04 * scale, rtol=0.05)


def test_measured_statistics_make_outputs_standard():
    torch.manual_seed(0)
    convolution = FrozenNormConv((4, 8), 3, active=False)
    x = torch.randn(4, 4, 20, 20) * 5 + 3
    measure_statistics(convolution, lambda: convolution(x))
    with torch.no_grad():
        y = convolution(x)
    assert y.mean((0, 2, 3)).abs().max() < 0.01
    assert (y.std((0, 2, 3)) - 1).abs().max() < 0.05


def test_the_statistics_do_not_train():
    convolution = FrozenNormConv((4, 8))
    names = [name for name, _ in convolution.named_parameters()]
    assert sorted(names) == ["bias", "gain", "weight"]
