"""A training that is stopped early keeps what it has; one cancelled keeps nothing."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from lusviewer.cancel import Cancelled
from lusviewer.experts import open_expert
from lusviewer.experts.validation import read_validation
from lusviewer.training.local.control import Control
from lusviewer.training.local.run import train_local


def run_until(settings, model, stop_at):
    """Train, and ask to stop at the first event that ``stop_at`` holds of."""
    control, events = Control(), []
    for event in train_local(settings, model, control):
        events.append(event)
        if stop_at(event):
            control.stop.cancel()
    return events


def of_kind(events, kind):
    return [event for event in events if event["event"] == kind]


def test_stopping_after_a_kind_keeps_that_kind(settings, model):
    three = replace(settings, kinds=("tree", "logistic", "svm"))
    events = run_until(three, model, lambda e: e["event"] == "kind")
    assert [e["kind"] for e in of_kind(events, "kind")] == ["tree"]
    (kept,) = of_kind(events, "kept")
    assert "tree" in kept["what"]
    assert events[-1]["event"] == "expert"
    assert open_expert(settings.out).manifest.kind == "tree"
    read = read_validation(settings.out)
    assert read.stopped_early is not None
    assert read.stopped_early.kinds == ("tree",)
    assert read.stopped_early.kinds_left_out == ("logistic", "svm")
    assert read.provenance.stopped_early
    assert "stopped early" in (settings.out / "MODEL_CARD.md").read_text()


def test_a_kind_under_way_is_given_up_once_another_is_done(settings, model):
    events = run_until(settings, model, lambda e: e.get("what") == "fold 2: logistic")
    assert [e["kind"] for e in of_kind(events, "kind")] == ["tree"]


def test_stopping_in_the_first_kind_finishes_its_folds_without_trying_settings(
    settings, model
):
    events = run_until(settings, model, lambda e: e.get("what") == "fold 2: tree")
    (figures,) = of_kind(events, "figures")
    assert sum(fold["clips"] for fold in figures["folds"]) == 36
    assert figures["stopped_early"]["folds_untried"] == 2
    assert figures["stopped_early"]["settings_untried"] > 0
    assert events[-1]["event"] == "expert"


def test_stopping_after_everything_was_fitted_is_not_early(settings, model):
    events = run_until(settings, model, lambda e: e.get("what") == "what it decides by")
    (kept,) = of_kind(events, "kept")
    assert "nothing was left" in kept["what"]
    assert figures_of(events)["stopped_early"] is None
    assert not read_validation(settings.out).provenance.stopped_early


def figures_of(events):
    (figures,) = of_kind(events, "figures")
    return figures


def test_cancelling_goes_before_stopping(settings, model):
    control = Control()
    events = train_local(settings, model, control)
    for event in events:
        if event["event"] == "kind":
            control.stop.cancel()
            control.cancel.cancel()
            break
    with pytest.raises(Cancelled):
        list(events)
    assert not settings.out.exists()


def test_lines_are_obeyed_and_the_end_of_the_input_changes_nothing():
    control = Control()
    read, write = os.pipe()
    thread = control.listen(read)
    os.write(write, b"what?\nst")
    os.write(write, b"op\n")
    assert control.stop.wait(10)
    os.close(write)
    thread.join(10)
    os.close(read)
    assert not thread.is_alive()
    assert not control.cancel.cancelled


def test_a_kind_is_told_before_the_next_one_begins(settings, model):
    events = list(train_local(settings, model, Control()))
    told = [e["kind"] for e in of_kind(events, "kind")]
    assert told == ["tree", "logistic", "best of all"]
    first = events.index(of_kind(events, "kind")[0])
    begun = [e.get("what", "") for e in events[:first]]
    assert any(what.endswith(": tree") for what in begun)
    assert not any(what.endswith(": logistic") for what in begun)


def test_a_perceptron_tells_its_losses_by_epoch(settings, model):
    alone = replace(settings, kinds=("mlp",))
    events = list(train_local(alone, model, Control()))
    curves = of_kind(events, "curve")
    assert {e["what"] for e in curves} == {
        *(f"mlp, fold {n}" for n in (1, 2, 3)),
        "mlp, all clips",
    }
    first = [e for e in curves if e["what"] == "mlp, fold 1"]
    assert [e["step"] for e in first] == list(range(1, len(first) + 1))
    assert first[-1]["loss"] < first[0]["loss"]
    assert open_expert(settings.out).manifest.kind == "mlp"
    losses = read_validation(settings.out).losses
    assert len(losses[0].train) == len(losses[0].validation) == len(first)
    assert json.dumps(events)
