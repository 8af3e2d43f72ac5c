"""The classic U-Net: its shapes, what reaches it, and the way to ONNX."""

from __future__ import annotations

import pytest
import torch

from lusviewer.findings import CLASSES
from lusviewer.training.nets.checkpoint import Average
from lusviewer.training.nets.export_onnx import TOLERANCE, export_by_frame
from lusviewer.training.nets.unet import LEVELS, UNet
from lusviewer.training.segmentation.graph import OUTPUTS, SegmentationGraph

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return UNet(channels=4).eval()


def test_it_gives_logits_on_half_the_grid(network):
    with torch.no_grad():
        logits = network(torch.zeros(2, 1, 224, 224))
    assert logits.shape == (2, len(CLASSES), 112, 112)


def test_each_level_halves_the_picture_and_doubles_the_channels(network):
    shapes = []
    hooks = [
        block.register_forward_hook(lambda _m, _i, out: shapes.append(out.shape[1:]))
        for block in network.down
    ]
    with torch.no_grad():
        network(torch.zeros(1, 1, 224, 224))
    for hook in hooks:
        hook.remove()
    expected = [(4 * 2**i, 112 // 2**i, 112 // 2**i) for i in range(LEVELS + 1)]
    assert [tuple(shape) for shape in shapes] == expected


@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_each_pixel_of_a_block_reaches_the_logits(network, row, column):
    frame = torch.zeros(1, 1, 224, 224)
    dotted = frame.clone()
    dotted[0, 0, 100 + row, 100 + column] = 1
    with torch.no_grad():
        apart = (network(dotted) - network(frame)).abs()
    assert apart[0, :, 50, 50].max() > 1e-6


def test_fine_features_are_handed_across(network):
    """Without the finest level's own features a thin line changes next to nothing."""
    frames = torch.zeros(1, 1, 224, 224)
    frames[0, 0, 80, :] = 1
    with torch.no_grad():
        whole = network(frames)
        cut = UNet(channels=4).eval()
        cut.load_state_dict(network.state_dict())
        cut.join[0][0].weight[:, :4] = 0
        without = cut(frames)
    assert (whole - without).abs().max() > 1e-3


def test_it_learns_where_a_line_is():
    torch.manual_seed(0)
    network = UNet(channels=4)
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-2)
    rng = torch.Generator().manual_seed(0)
    for _ in range(40):
        frames, labels = _lines(rng)
        logits = network(frames)
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(logits, labels).backward()
        optimiser.step()
    frames, labels = _lines(rng)
    with torch.no_grad():
        likely = network.eval()(frames).softmax(1)[:, CLASSES.index("pleura")]
    shown = labels == CLASSES.index("pleura")
    assert likely[shown].mean() > 10 * likely[~shown].mean()


def _lines(rng):
    frames = torch.randn(4, 1, 64, 64, generator=rng) * 0.1
    labels = torch.full((4, 32, 32), CLASSES.index("lung"))
    for n, row in enumerate(torch.randint(2, 30, (4,), generator=rng).tolist()):
        frames[n, 0, 2 * row : 2 * row + 2] += 2
        labels[n, row] = CLASSES.index("pleura")
    return frames, labels


def test_counters_do_not_hinder_the_running_average(network):
    other = UNet(channels=4)
    average = Average(other, 0.5)
    other.train()(torch.randn(1, 1, 64, 64))
    average.update(other, 100)
    counters = [k for k in average.values if k.endswith("num_batches_tracked")]
    assert counters
    assert all(average.values[name] == 1 for name in counters)


def test_the_graph_gives_what_torch_gives(network, tmp_path):
    path = tmp_path / "unet.onnx"
    assert export_by_frame(SegmentationGraph(network), path, OUTPUTS) < TOLERANCE
