"""What experts say of clips, kept with who says it, and judged anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError

from lusviewer import cli
from lusviewer.analysis import analyse_whole
from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.errors import LibraryError, ManifestError
from lusviewer.experts import open_expert
from lusviewer.export.tabular import report_dict
from lusviewer.findings import Quality
from lusviewer.inference import open_bundle
from lusviewer.io import open_clip
from lusviewer.library import Answer, ClipFilter, open_library, predicting
from lusviewer.library.agreement import agreement
from lusviewer.library.analysing import analyse_clips
from lusviewer.library.predicting import refresh_predictions, to_refresh
from tests.bundles import make_bundle, make_logistic, make_tree

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.experts import Expert
    from lusviewer.findings import ClipReport
    from lusviewer.inference.bundle import ModelBundle
    from lusviewer.library import Library
    from lusviewer.library.predicting import Refreshed


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelBundle:
    return open_bundle(make_bundle(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture(scope="module")
def sha256(tiny: ModelBundle) -> str:
    return tiny.identity.sha256


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Expert, ...]:
    """A tree for severity and a logistic head for the diagnosis."""
    place = tmp_path_factory.mktemp("first")
    return open_expert(make_tree(place / "a")), open_expert(make_logistic(place / "b"))


@pytest.fixture(scope="module")
def second(first: tuple[Expert, ...], tmp_path_factory: pytest.TempPathFactory):
    """The same with another version of the tree, which never commits itself."""
    place = tmp_path_factory.mktemp("second")
    tree = make_tree(place / "a", version="2", abstain_below=1.0)
    return open_expert(tree), first[1]


@pytest.fixture
def analysed(filled: Library, tiny: ModelBundle, first: tuple[Expert, ...]) -> Library:
    """Three pictures, analysed with the first experts."""
    list(analyse_clips(filled, (tiny, first), report_dict, CancelToken()))
    return filled


def refresh(
    library: Library, sha256: str, experts: tuple[Expert, ...]
) -> list[Refreshed]:
    steps = refresh_predictions(library, sha256, experts, CancelToken(), who="anna")
    return list(steps)


def versions(library: Library, clip_id: int) -> list[tuple[str, str]]:
    said = library.predictions.of_clip(clip_id)
    return [(one.expert.name, one.expert.version) for one in said]


def report_of(clip: Path, tiny: ModelBundle, experts: tuple[Expert, ...]) -> ClipReport:
    with open_clip(clip) as opened:
        return analyse_whole(opened, tiny, experts, CancelToken())[1]


def test_what_experts_say_is_kept_when_a_clip_is_analysed(
    analysed: Library, first: tuple[Expert, ...], tiny: ModelBundle
) -> None:
    for clip in analysed.clips.all():
        said = analysed.predictions.of_clip(clip.id)
        report = report_of(clip.path, tiny, first)
        by_target = sorted(report.predictions, key=lambda one: one.target)
        assert tuple(one.prediction for one in said) == tuple(by_target)
        assert {one.expert.sha256 for one in said} == {one.sha256 for one in first}
        assert all(one.current for one in said)
        assert [p.best for p in clip.predictions] == [p.best for p in by_target]
    assert to_refresh(analysed, tiny.identity.sha256, first) == ()
    assert analysed.verify().holds


def test_judging_anew_says_what_analysing_anew_would(
    filled: Library, tiny: ModelBundle, first: tuple[Expert, ...], sha256: str
) -> None:
    list(analyse_clips(filled, (tiny, ()), report_dict, CancelToken()))
    assert filled.predictions.current() == ()
    (step,) = refresh(filled, sha256, first)
    assert (step.clip_ids, step.done, step.total) == ((1, 2, 3), 3, 3)
    assert (step.made, step.superseded, step.changed) == (6, 0, 0)
    for clip in filled.clips.all():
        report = report_of(clip.path, tiny, first)
        expected = {one.expert: one for one in report.predictions}
        for kept in filled.predictions.of_clip(clip.id, sha256):
            one = expected[kept.prediction.expert]
            # The features are kept in single precision.
            shown = [(r.feature, r.words) for r in kept.prediction.reasons]
            assert shown == [(r.feature, r.words) for r in one.reasons]
            reasons = kept.prediction.reasons
            assert replace(one, reasons=reasons) == kept.prediction


def test_another_version_takes_the_place_of_the_first_and_goes_back(
    analysed: Library,
    first: tuple[Expert, ...],
    second: tuple[Expert, ...],
    sha256: str,
) -> None:
    before = analysed.predictions.current("severity")
    assert versions(analysed, 1) == [
        ("diagnosis-logistic", "1"),
        ("severity-tree", "1"),
    ]
    (step,) = refresh(analysed, sha256, second)
    assert (step.made, step.superseded, step.changed) == (6, 6, 3)
    assert versions(analysed, 1) == [
        ("diagnosis-logistic", "1"),
        ("severity-tree", "2"),
    ]
    now = analysed.predictions.current("severity")
    assert all(one.prediction.abstained for one in now)
    past = [one for one in analysed.predictions.history(1) if not one.current]
    assert before[0].prediction in [one.prediction for one in past]
    assert {one.expert.version for one in past} == {"1"}
    assert refresh(analysed, sha256, second) == []
    refresh(analysed, sha256, first)
    assert [one.prediction for one in analysed.predictions.current("severity")] == [
        one.prediction for one in before
    ]
    assert len(analysed.predictions.history(1)) == 6
    assert analysed.predictions.counts() == {
        one.expert: 3 for one in analysed.predictions.of_clip(1)
    }
    assert analysed.verify().holds


def test_an_expert_out_of_use_says_nothing_any_more(
    analysed: Library, first: tuple[Expert, ...], sha256: str
) -> None:
    refresh(analysed, sha256, first[:1])
    assert analysed.clips.count(ClipFilter(predicted="diagnosis")) == 0
    assert analysed.clips.count(ClipFilter(predicted="severity")) == 3
    refresh(analysed, sha256, ())
    assert analysed.predictions.current() == ()
    assert len(analysed.predictions.history(1)) == 3


def test_one_expert_under_two_names_says_it_once(
    analysed: Library, first: tuple[Expert, ...], sha256: str
) -> None:
    refresh(analysed, sha256, (first[0], first[0]))
    assert versions(analysed, 2) == [("severity-tree", "1")]
    assert to_refresh(analysed, sha256, (first[0], first[0])) == ()


def test_a_run_that_was_stopped_goes_on_where_it_was(
    analysed: Library,
    second: tuple[Expert, ...],
    sha256: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(predicting, "BATCH", 1)
    cancel = CancelToken()
    steps = refresh_predictions(analysed, sha256, second, cancel, who="anna")
    assert next(steps).clip_ids == (1,)
    cancel.cancel()
    with pytest.raises(Cancelled):
        next(steps)
    assert [step.clip_ids for step in refresh(analysed, sha256, second)] == [(2,), (3,)]
    told = [one for one in analysed.log() if one.action == "predictions refreshed"]
    assert [one.detail["clips"] for one in told] == [[1], [2], [3]]
    assert {one.who for one in told} == {"anna"}


def test_a_label_is_given_while_clips_are_judged(
    analysed: Library,
    second: tuple[Expert, ...],
    sha256: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(predicting, "BATCH", 1)
    with open_library(analysed.folder, wait_s=0.05) as window:
        for step in refresh_predictions(
            analysed, sha256, second, CancelToken(), who="anna"
        ):
            window.labels.give(Answer(step.clip_ids[0], "severity", "1", "ben"))
    assert len(analysed.labels.current("ben")) == 3


def test_what_was_analysed_anew_is_judged_anew(
    analysed: Library, tiny: ModelBundle, first: tuple[Expert, ...], sha256: str
) -> None:
    clip = analysed.clips.get(2)
    report = report_of(clip.path, tiny, first)
    later = replace(report, created_utc="2099-01-01T00:00:00+00:00")
    analysed.analyses.keep(2, later, report_dict(later))
    assert analysed.predictions.of_clip(2) == ()
    assert to_refresh(analysed, sha256, first) == (2,)
    refresh(analysed, sha256, first)
    assert versions(analysed, 2) == versions(analysed, 1)


def test_a_clip_that_is_not_assessable_stays_so(
    filled: Library, tiny: ModelBundle, first: tuple[Expert, ...], sha256: str
) -> None:
    report = report_of(filled.clips.get(1).path, tiny, first)
    dark = replace(report, quality=Quality(assessable=False, reason="It is dark."))
    filled.analyses.keep(1, dark, report_dict(dark))
    refresh(filled, sha256, first)
    for one in filled.predictions.of_clip(1):
        assert one.prediction.abstained
        assert one.prediction.why == "The clip is not assessable: It is dark."


def test_an_expert_for_another_model_abstains_and_one_for_other_features_is_refused(
    analysed: Library, sha256: str, tmp_path: Path
) -> None:
    other = open_expert(make_tree(tmp_path / "other", model_sha256="f" * 64))
    refresh(analysed, sha256, (other,))
    (said,) = analysed.predictions.of_clip(1)
    assert said.prediction.abstained
    assert "another model" in said.prediction.why
    names = ["b_lines.many", "embedding.mean.900"]
    wide = open_expert(make_tree(tmp_path / "wide", feature_names=names))
    with pytest.raises(ManifestError, match=r"no value for embedding.mean.900"):
        refresh(analysed, sha256, (wide,))
    assert analysed.predictions.of_clip(1) == (said,)


def test_predictions_are_neither_edited_nor_deleted(analysed: Library) -> None:
    for sql in ("UPDATE predictions SET best = '3'", "DELETE FROM predictions"):
        with (
            pytest.raises(IntegrityError, match="superseded, never"),
            analysed.database.writing("anna") as change,
        ):
            change.connection.exec_driver_sql(sql)


def test_predictions_of_no_clip_are_refused(
    filled: Library, tiny: ModelBundle, first: tuple[Expert, ...]
) -> None:
    report = report_of(filled.clips.get(1).path, tiny, first)
    with pytest.raises(LibraryError, match="no clip 9"):
        filled.analyses.keep(9, report, report_dict(report), first)
    assert filled.predictions.history(9) == ()


def test_agreeing_with_the_model_says_where_an_expert_answers(
    analysed: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    """An expert may have learned from the very labels it is compared with."""
    clips = analysed.clips.ids()
    for task, value in (("severity", "1"), ("finding.b_lines", "no")):
        analysed.labels.give(*(Answer(clip, task, value, "anna") for clip in clips))
        analysed.labels.give(*(Answer(clip, task, value, "ben") for clip in clips))
    assert analysed.predictions.targets() == ("diagnosis", "severity")
    found = agreement(analysed, "anna", "model")
    assert {one.task for one in found.tasks} == {"severity", "finding.b_lines"}
    assert found.by_experts == ("severity",)
    assert agreement(analysed, "anna", "ben").by_experts == ()
    folder = str(analysed.folder)
    call = ["library", "agreement", "--raters", "anna,model", "--library", folder]
    assert cli.main(call) == 0
    assert "By experts: severity." in capsys.readouterr().out
