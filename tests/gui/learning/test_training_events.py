"""What a training tells, read line by line."""

from __future__ import annotations

from lusviewer.gui.learning.events import (
    Clips,
    Figure,
    Figures,
    KindDone,
    Lines,
    Progress,
    Warned,
    event_of,
)
from lusviewer.gui.learning.trainings import Curve, Told
from lusviewer.gui.learning.words import (
    beside_words,
    parted_words,
    question_words,
    step_words,
    time_left,
    time_taken,
)


def test_a_line_that_comes_in_pieces_is_one_event():
    lines = Lines()
    assert list(lines.feed(b'{"event": "warning", "mess')) == []
    assert list(lines.feed(b'age": "few"}\n{"event"')) == [Warned("few")]
    assert list(lines.feed(b': "checked"}\n')) != []


def test_what_is_no_event_is_passed_over_and_kept_for_the_log():
    lines = Lines()
    data = b'Traceback\n[1]\n{"event": "kind"}\n{"event": "new"}\n'
    assert list(lines.feed(data + b'{"event": "warning", "message": "a"}\n')) == [
        Warned("a")
    ]
    assert len(lines.take_seen()) == 5
    assert lines.take_seen() == []


def test_a_figure_that_is_not_defined_is_none():
    line = (
        '{"event": "kind", "kind": "svm", "auc": {"value": null, "interval": [0, 1]}}'
    )
    assert event_of(line) == KindDone("svm", None)


def test_a_rival_without_a_difference_is_left_out():
    told = event_of(
        '{"event": "figures", "auc": {"value": 0.7, "interval": [0.6, 0.8]}, '
        '"side_by_side": [{"expert": "a", "auc": {"difference": '
        '{"value": null, "interval": [null, null]}}}, {"expert": "b", "auc": '
        '{"difference": {"value": -0.1, "interval": [-0.2, -0.05]}}}]}'
    )
    assert isinstance(told, Figures)
    assert told.auc == Figure(0.7, 0.6, 0.8)
    assert [one.name for one in told.beside] == ["b"]
    words = "Worse than b by 0.10 in AUC (0.05 to 0.20)."
    assert beside_words(told.beside[0]) == words


def test_a_step_told_again_begins_the_curve_anew_from_there():
    told = Told()
    for step, loss in ((1, 3.0), (2, 2.0), (3, 1.0), (2, 1.5)):
        line = f'{{"event": "curve", "what": "a", "step": {step}, "loss": {loss}}}'
        event = event_of(line)
        assert event is not None
        told.take(event)
    assert told.curves == {"a": Curve([1, 2], [3.0, 1.5])}


def test_steps_and_times_are_told_in_words():
    assert step_words(Progress(1, 9, "fold 2: svm", None)) == (
        "Support vector machine, part 2"
    )
    assert step_words(Progress(1, 9, "something new", None)) == "something new"
    assert time_left(None) == ""
    assert time_left(12.4) == "about 12 s left"
    assert time_left(400) == "about 7 min left"


def test_how_long_it_took_is_told_in_minutes_where_there_are_some():
    assert time_taken(8.4) == "8 s"
    assert time_taken(135) == "2 min 15 s"


def test_questions_are_called_as_in_the_form():
    assert question_words("a_lines") == "A-lines"
    assert question_words("severity_2_or_more") == "Severity 2 or more"
    asked = parted_words("s_f", ("below 430", "430 or more"))
    assert asked == "S/F ratio: below 430 / 430 or more"


def test_what_an_adaptation_is_judged_by_is_told():
    told = event_of(
        '{"event": "clips", "clips": 4, "patients": 2, "classes": {}, '
        '"questions": ["a_lines", "b_lines"]}'
    )
    assert isinstance(told, Clips)
    assert told.questions == ("a_lines", "b_lines")
