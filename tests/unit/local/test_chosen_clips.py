"""Training on some of the labelled clips only."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from lusviewer.errors import LibraryError, TrainingError
from lusviewer.library import open_library
from lusviewer.library.zones import Zone
from lusviewer.training.local.checking import look
from lusviewer.training.local.chosen import choose, read_only
from lusviewer.training.local.control import Control
from lusviewer.training.local.run import train_local
from lusviewer.training.local.samples import NOT_CHOSEN


@pytest.fixture
def library(own_study):
    with open_library(own_study) as opened:
        yield opened


def chosen(library, clips=None, patients=None, zones=None):
    return choose(library, read_only(clips, patients, zones))


def test_numbers_and_ranges_choose_clips(library):
    found = chosen(library, "1, 4,7-12")
    assert found.clips == {1, 4, 7, 8, 9, 10, 11, 12}
    assert (found.of, found.by) == (36, ("a list of 8 clips",))


def test_a_file_names_clips_by_number_path_or_name(library, tmp_path):
    path = str(library.clips.get(5).path)
    file = tmp_path / "clips.txt"
    file.write_text(f"# of the first day\n2\n\n7-9\n{path}\nclip_3_0.mp4\n")
    assert chosen(library, str(file)).clips == {2, 5, 7, 8, 9, 10}


def test_patients_and_zones_choose_clips_and_all_must_hold(library):
    assert chosen(library, patients="P0, P3").clips == {1, 2, 3, 10, 11, 12}
    library.clips.set_zone([2, 11, 20], Zone("8", "R2"), who="anna")
    assert chosen(library, zones="8:r2").clips == {2, 11, 20}
    both = chosen(library, "1-10", "P0,P3", "8:R2")
    assert both.clips == {2}
    assert both.by == ("a list of 10 clips", "2 patients", "the zone 8:R2")


def test_whoever_asks_for_nothing_gets_every_clip(library):
    assert chosen(library) is None


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"clips": "1,40,50-999999999999"}, "no clip 40, 50, 51, 52, 53 and others"),
        ({"patients": "P0,Nobody"}, "no patient Nobody"),
        ({"zones": "8:R9"}, "no zone 'R9'"),
        ({"zones": "8:R1"}, "No clip of the library is left by the zone 8:R1"),
        ({"clips": "1-3", "patients": "P5"}, "left by a list of 3 clips and 1 patient"),
        ({"clips": "no-such-file"}, "no-such-file cannot be read"),
    ],
)
def test_what_the_library_does_not_have_is_refused_by_name(library, asked, words):
    with pytest.raises((LibraryError, TrainingError), match=words) as refused:
        chosen(library, **asked)
    assert refused.value.hint


def test_a_list_of_nothing_is_not_taken_for_all(library, tmp_path):
    empty, wrong = tmp_path / "empty.txt", tmp_path / "wrong.txt"
    empty.write_text("# none\n")
    wrong.write_text("lost.mp4\n")
    with pytest.raises(TrainingError, match="names no clip"):
        chosen(library, str(empty))
    with pytest.raises(LibraryError, match=r"no clip lost\.mp4"):
        chosen(library, str(wrong))


def test_the_same_clips_are_the_same_however_they_were_asked_for(library):
    by_number, by_patient = chosen(library, "1-3"), chosen(library, patients="P0")
    assert by_number.sha256 == by_patient.sha256
    assert by_number.sha256 != chosen(library, "1-4").sha256


def test_those_not_chosen_are_counted_and_too_few_are_refused(settings, model):
    some = look(replace(settings, only=read_only("1-27", None, None)), model)
    assert len(some.usable().clips) == 27
    assert some.usable().left_out == {NOT_CHOSEN: 9}
    assert not [one for one in some.warnings if "left out" in one]
    [told] = [event for event in some.events() if event["event"] == "clips"]
    assert (told["chosen"]["clips"], told["chosen"]["of"]) == (27, 36)
    few = look(replace(settings, only=read_only("1-4", None, None)), model)
    [problem] = few.problems
    assert "4 clips have a label" in problem.message
    assert "choose more of them" in problem.hint


def test_a_result_says_how_many_were_chosen_but_names_nobody(settings, model):
    asked = replace(settings, only=read_only(None, "P0,P1,P2,P3,P4,P5,P6,P7,P8", None))
    list(train_local(replace(asked, kinds=("tree",)), model, Control()))
    kept = json.loads((settings.out / "validation.json").read_text())
    came = kept["provenance"]
    assert came["clips"] == 27
    assert came["left_out"] == {NOT_CHOSEN: 9}
    told = came["settings"]["chosen"]
    assert (told["clips"], told["of"], told["by"]) == (27, 36, ["9 patients"])
    card = (settings.out / "MODEL_CARD.md").read_text()
    assert "those labelled of 27 chosen from 36 (by 9 patients)" in card
    assert "P5" not in card + json.dumps(kept)


@pytest.mark.parametrize("sent", ["2-30\n", "2-30"])
def test_the_list_may_come_on_standard_input_before_the_words_of_control(
    settings, sent
):
    call = [sys.executable, "-m", "lusviewer", "train", "expert", "--task", "severity"]
    call += ["--library", settings.library, "--model", settings.bundle, "--check"]
    done = subprocess.run(
        [*call, "--clips", "-", "--control"],
        input=sent + ("cancel\n" if sent.endswith("\n") else ""),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0]["clips"] == 29
    assert events[-1]["event"] == "checked"
