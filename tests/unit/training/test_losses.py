"""What the losses reward."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from lusviewer.findings import CLASSES, FINDINGS, LABELS
from lusviewer.training.nets.losses import (
    ABSENT_INDEX,
    at_phase,
    bag_loss,
    pooled,
    segmentation_loss,
)

_N = len(LABELS) + len(FINDINGS)


@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("column", [0, 1])
def test_a_phase_is_every_second_pixel_of_the_enlarged_map(row, column):
    logits = torch.randn(2, 3, 8, 8)
    enlarged = functional.interpolate(
        logits, scale_factor=2.0, mode="bilinear", align_corners=False
    )
    expected = enlarged[:, :, row::2, column::2]
    torch.testing.assert_close(at_phase(logits, row, column), expected)


def test_right_labels_cost_less_than_wrong_ones():
    labels = torch.randint(0, len(CLASSES), (1, 16, 16))
    right = functional.one_hot(labels, len(CLASSES)).permute(0, 3, 1, 2).float() * 8
    wrong = right.roll(1, 1)
    assert segmentation_loss(right, labels) < 0.1 < segmentation_loss(wrong, labels)


def test_one_positive_frame_makes_a_clip_positive():
    logits = torch.full((1, 6, 1), -5.0)
    logits[0, 3] = 5.0
    assert pooled(logits)[0, 0] > 3


def test_a_clip_of_alike_frames_has_their_logit():
    assert pooled(torch.full((1, 6, 1), 1.5)).item() == pytest.approx(1.5)


def _logits(present):
    logits = torch.full((1, 4, _N), -4.0)
    if present:
        logits[0, 2, len(LABELS) :] = 4.0
    for _, label in ABSENT_INDEX:
        logits[0, :, label] = 4.0
        if present:
            logits[0, 2, label] = -4.0
    return logits


@pytest.mark.parametrize("present", [False, True])
def test_a_bag_rewards_what_is_known_of_the_clip(present):
    values, weights = torch.full((1, 5), float(present)), torch.ones(1, 5)
    right = bag_loss(_logits(present), values, weights)
    wrong = bag_loss(_logits(not present), values, weights)
    assert right < 0.5 < 2 < wrong


def test_what_is_not_known_costs_nothing():
    weights = torch.zeros(1, 5)
    assert bag_loss(_logits(present=True), torch.zeros(1, 5), weights) == 0
