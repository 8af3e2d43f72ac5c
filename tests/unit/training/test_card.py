"""The card says what was measured, what was not, and whom to thank."""

from __future__ import annotations

import numpy as np
import pytest

from lusviewer.findings import CLASSES, FINDINGS
from lusviewer.training.data.pocus_labels import PocusClip
from lusviewer.training.lite.card import attributions, model_card

_AREA = {"value": 0.81, "interval": [0.7, 0.9], "n": 30, "positives": 9}
_FIGURES = {
    "auc": _AREA,
    "sensitivity": {"value": 0.8, "interval": [0.7, 0.9]},
    "specificity": {"value": None, "interval": [None, None]},
}


def _clip(file, licence, source):
    zeros = np.zeros(5, np.float32)
    return PocusClip(file, "a", 0, None, zeros, zeros, licence, "convex", source)


@pytest.fixture
def manifest():
    keys = ("name", "version", "intended_use", "licence", "trained_on")
    return {key: f"<{key}>" for key in keys}


@pytest.fixture
def pocus():
    expert = {
        "clips": 20,
        "accuracy": 0.5,
        "answered": 12,
        "accuracy_where_answered": 0.75,
    }
    findings = {key: {"all": _FIGURES, "supported": _FIGURES} for key in FINDINGS}
    return {"findings": findings, "experts": {"severity-tree": expert}}


def test_sources_stand_under_their_licence():
    text = attributions(
        [
            _clip("v/b.mp4", "CC BY 4.0", "page"),
            _clip("v/a.mp4", "CC BY 4.0", "page"),
            _clip("c.mp4", "CC BY-NC 4.0", ""),
        ]
    )
    assert "### CC BY 4.0\n\n- page: a.mp4, b.mp4\n" in text
    assert "### CC BY-NC 4.0\n\n- source not stated: c.mp4" in text


def test_the_card_holds_what_was_measured(manifest, pocus):
    phantom = {"dice": dict.fromkeys(CLASSES, 0.5)}
    blues = {"clips": 3, "questions": {"a_lines": _FIGURES}}
    figures = {"pocus": pocus, "phantom": phantom, "covid-blues": blues}
    card = model_card(manifest, figures, [_clip("a.mp4", "CC BY 4.0", "page")])
    assert "0.81 (0.70-0.90; 9 of 30)" in card
    assert "| severity-tree | 20 | 0.50 | 12 | 0.75 |" in card
    assert "| a-lines | 0.81" in card
    assert all(f"<{key}>" in card for key in ("name", "licence", "trained_on"))


def test_what_was_not_measured_is_said_so(manifest):
    assert model_card(manifest, {}, []).count("Not measured.") == 4


def test_the_card_says_how_near_the_lines_lie_to_drawn_ones(manifest):
    figure = {"value": 2.8, "interval": [0.5, 6.4]}
    none = {"value": None, "interval": [None, None]}
    lines = {
        "dice": {"pleura": {"value": 0.62, "interval": [0.5, 0.7]}},
        "pleura": {"distance_percent": figure},
        "frame_auc": {"a_line": figure, "b_line": figure},
        "frame_auc_of_findings": {"a_line": figure, "b_line": figure},
        "b_lines": {
            "origin_precision": none,
            "origin_recall": figure,
            "false_on_a_profile": figure,
        },
    }
    card = model_card(manifest, {"lines": lines}, [])
    assert (
        "| pleura, mean distance, % of the beam's height | 2.80 (0.50-6.40) |" in card
    )
    assert "| B-lines' origins, precision | not defined |" in card
