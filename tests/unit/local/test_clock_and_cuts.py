"""How long a training will take, and where numbers are parted."""

from __future__ import annotations

import pytest

from lusviewer.training.local.clock import Clock
from lusviewer.training.local.cuts import S_F_CUTS, proposed_cuts


def of_two(clock_now):
    return Clock({"quick": 10, "slow": 10}, {"quick": 1.0, "slow": 20.0}, clock_now)


def test_the_first_estimate_knows_that_a_later_kind_is_slower():
    now = [0.0]
    clock = of_two(lambda: now[0])
    assert clock.begin("quick", 5, "first")["seconds_left"] is None
    now[0] = 10.0  # twice as slow as usual
    told = clock.begin("quick", 5, "second")
    assert (told["done"], told["total"]) == (5, 20)
    assert told["seconds_left"] == pytest.approx(5 * 2 + 10 * 40, rel=0.1)


def test_the_first_slow_moment_does_not_count_for_the_whole():
    now = [0.0]
    clock = Clock(
        {"quick": 100, "slow": 10}, {"quick": 0.01, "slow": 1}, lambda: now[0]
    )
    clock.begin("quick", 1, "first")
    now[0] = 0.5  # fifty times as slow as usual
    told = clock.begin("quick", 1, "second")
    assert told["seconds_left"] < 100


def test_a_kind_that_was_measured_is_taken_as_measured():
    now = [0.0]
    clock = of_two(lambda: now[0])
    clock.begin("quick", 10, "first")
    now[0] = 10.0
    clock.begin("slow", 5, "second")
    now[0] = 15.0
    assert clock.begin("slow", 5, "third")["seconds_left"] == pytest.approx(5)


def test_what_is_given_up_takes_no_more_time():
    now = [0.0]
    clock = of_two(lambda: now[0])
    clock.begin("quick", 5, "first")
    now[0] = 5.0
    clock.end()
    clock.drop("slow")
    told = clock.begin("quick", 5, "second")
    assert (told["done"], told["total"]) == (5, 10)
    assert told["seconds_left"] == pytest.approx(5)


def patients(*values):
    return [(f"P{place}", float(value)) for place, value in enumerate(values)]


def test_all_limits_are_proposed_where_every_class_has_patients():
    said = patients(*[100] * 3, *[200] * 3, *[300] * 3, *[450] * 3)
    assert proposed_cuts("s_f", said, 3) == S_F_CUTS


def test_a_class_without_patients_joins_its_smaller_neighbour():
    said = patients(*[200] * 3, *[300] * 5, *[450] * 4)
    assert proposed_cuts("s_f", said, 3) == (275.0, 430.0)
    said = patients(100, *[200] * 3, *[300] * 9, *[450] * 9)
    assert proposed_cuts("s_f", said, 3) == (275.0, 430.0)


def test_clips_of_one_patient_are_no_class():
    said = [("P1", 100.0)] * 20 + [("P2", 450.0)] * 20
    assert proposed_cuts("s_f", said, 3) == ()


def test_other_numbers_are_parted_in_the_middle():
    assert proposed_cuts("pressure", patients(1, 2, 3, 4, 5, 6), 3) == (3.5,)
    assert proposed_cuts("pressure", patients(0, 0, 0, 0, 1, 2, 3), 3) == (1.0,)
    assert proposed_cuts("pressure", patients(1, 1, 1), 3) == ()
