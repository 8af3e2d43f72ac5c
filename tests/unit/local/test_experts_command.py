"""``lusviewer experts``: promoting, comparing, going back."""

from __future__ import annotations

import json
import shutil

import pytest

from lusviewer import paths
from lusviewer.cli import main
from lusviewer.experts.in_use import experts_in_use, in_use
from lusviewer.experts.store import ExpertStore
from lusviewer.library import open_library
from tests.bundles import make_bundle, make_tree


@pytest.fixture
def ask(bundle, tmp_path, capsys, monkeypatch):
    """Call the command with the tiny bundle and a store of its own."""
    monkeypatch.setattr(paths, "user_data", lambda: tmp_path / "data")

    def call(action, *words):
        places = ["--model", str(bundle), "--store", str(tmp_path / "store")]
        status = main(["experts", action, *places, *map(str, words)])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def test_promoting_puts_an_expert_in_use_and_rolling_back_takes_it_out(
    ask, trained, bundle, tmp_path
):
    folder = trained[1].out
    assert ask("promote", folder)[0] == 0
    used = {one.manifest.name for one in experts_in_use(bundle, tmp_path / "store")}
    assert used == {"severity-tree", "diagnosis-logistic", "severity-local"}
    status, out, _ = ask("list", "--json")
    assert status == 0
    listed = {one["name"]: one for one in json.loads(out)}
    assert listed["severity-local"]["own"]
    assert listed["severity-local"]["fits_the_model"]
    assert not listed["severity"]["own"]
    assert ask("rollback", "severity-local")[0] == 0
    assert "severity-local" not in in_use(bundle, tmp_path / "store")


def test_what_was_trained_on_a_library_and_is_not_in_use_is_listed_where_asked(
    ask, trained, own_study
):
    place = own_study / "experts" / "severity-local-1"
    shutil.copytree(trained[1].out, place)
    told = json.loads((place / "validation.json").read_bytes())
    auc = told["figures"]["auc"]
    assert "not in use" not in ask("list")[1]
    status, out, _ = ask("list", "--library", own_study)
    assert status == 0
    low, high = auc["interval"]
    assert f"AUC {auc['value']:.2f} ({low:.2f} to {high:.2f}) on patients" in out
    assert f"to promote: {place}" in out
    listed = json.loads(ask("list", "--library", own_study, "--json")[1])
    assert [one["in_use"] for one in listed] == [True, True, False]
    own = listed[-1]
    assert (own["name"], own["target"]) == ("severity-local", "severity")
    assert own["auc"] == {"value": auc["value"], "interval": auc["interval"]}
    assert own["created_utc"] == told["provenance"]["created_utc"]
    assert own["folder"] == str(place)
    ask("promote", place, "--name", "mine", "--no-refresh")
    listed = json.loads(ask("list", "--library", own_study, "--json")[1])
    assert {one["name"]: one["in_use"] for one in listed} == {
        "diagnosis": True,
        "mine": True,
        "severity": True,
    }


def test_what_cannot_be_promoted_or_read_is_told_apart(
    ask, trained, own_study, tmp_path
):
    other = make_bundle(tmp_path / "other", version="other")
    place = own_study / "experts"
    for name in ("whole", "damaged", ".being-written"):
        shutil.copytree(trained[1].out, place / name)
    (place / "damaged" / "validation.json").write_text("{")
    _, out, _ = ask("list", "--library", own_study, "--model", other)
    assert f"fitted to another model, it cannot be promoted: {place / 'whole'}" in out
    assert out.count("not in use") == 1


def test_a_mistyped_library_is_refused_when_listing(ask, tmp_path):
    status, _, err = ask("list", "--library", tmp_path / "nowhere")
    assert status == 1
    assert "There is no library in" in err
    assert not (tmp_path / "nowhere").exists()


def test_an_own_expert_goes_before_the_one_of_that_name_until_rolled_back(
    ask, trained, bundle, tmp_path
):
    store = tmp_path / "store"
    assert ask("promote", trained[1].out, "--name", "severity")[0] == 0
    assert in_use(bundle, store)["severity"] == store / "severity"
    status, out, _ = ask("rollback", "severity")
    assert status == 0
    assert "the one of the model is in use again" in out
    assert in_use(bundle, store)["severity"] == bundle / "experts" / "severity"


def test_an_expert_in_anothers_place_is_told_by_both_names(ask, trained):
    status, out, _ = ask("promote", trained[1].out, "--name", "mine")
    assert status == 0
    assert " is in use as mine: " in out
    assert "your own (severity-local)" in ask("list")[1]
    listed = {one["name"]: one for one in json.loads(ask("list", "--json")[1])}
    assert listed["mine"]["manifest_name"] == "severity-local"


def test_rolling_back_goes_to_the_version_before(ask, trained, tmp_path):
    first = make_tree(tmp_path / "first", version="first")
    assert ask("promote", first, "--name", "mine")[0] == 0
    assert ask("promote", trained[1].out, "--name", "mine")[0] == 0
    status, out, _ = ask("rollback", "mine")
    assert (status, out) == (0, "mine first is in use again\n")


def test_the_left_out_answers_go_with_the_expert(ask, trained, tmp_path):
    ask("promote", trained[1].out)
    kept = tmp_path / "store" / "severity-local" / "validation.json"
    assert kept.read_bytes() == (trained[1].out / "validation.json").read_bytes()


def versions_in(library):
    with open_library(library) as opened:
        assert opened.verify().holds
        said = opened.predictions.counts()
    return {(one.name, one.version): clips for one, clips in said.items()}


def test_promoting_has_the_clips_of_the_library_judged_anew(
    ask, trained, own_study, tmp_path
):
    first = make_tree(tmp_path / "first", version="first")
    words = ("--name", "mine", "--library", own_study)
    status, out, _ = ask("promote", first, *words)
    assert status == 0
    assert "36 clips judged anew by 3 experts: 108 predictions, 0 superseded" in out
    now = versions_in(own_study)
    assert now["severity-tree", "first"] == 36
    second = make_tree(tmp_path / "second", version="second", abstain_below=1.0)
    assert "on 36 clips an expert changed" in ask("promote", second, *words)[1]
    assert ("severity-tree", "first") not in versions_in(own_study)
    status, out, _ = ask("rollback", "mine", "--library", own_study)
    assert status == 0
    assert "108 superseded" in out
    assert versions_in(own_study) == now
    assert ask("rollback", "mine", "--library", own_study)[0] == 0
    assert ("severity-tree", "first") not in versions_in(own_study)


def test_the_library_used_where_none_is_chosen_is_judged_anew_where_there_is_one(
    ask, own_study, tmp_path
):
    first = make_tree(tmp_path / "first", version="first")
    status, out, _ = ask("promote", first)
    assert (status, out.count("\n")) == (0, 1)
    assert not (tmp_path / "data" / "library").exists()
    shutil.copytree(own_study, tmp_path / "data" / "library")
    assert "judged anew" not in ask("promote", first, "--no-refresh")[1]
    assert versions_in(tmp_path / "data" / "library") == {}
    assert "36 clips judged anew" in ask("promote", first)[1]


def test_a_library_that_cannot_be_judged_does_not_undo_the_promotion(
    ask, bundle, own_study, tmp_path
):
    first = make_tree(tmp_path / "first", version="first")
    status, out, err = ask("promote", first, "--library", tmp_path / "nowhere")
    assert status == 1
    assert "is in use" in out
    assert "There is no library" in err
    assert not (tmp_path / "nowhere").exists()
    (own_study / "library.db").write_bytes(b"Dear diary, " * 100)
    status, out, err = ask("promote", first, "--library", own_study)
    assert status == 1
    assert "is no library" in err
    assert "lusviewer library predict" in err
    assert "severity-tree" in in_use(bundle, tmp_path / "store")


def test_a_library_this_model_never_saw_is_left_as_it_is(ask, tmp_path):
    open_library(tmp_path / "empty").close()
    first = make_tree(tmp_path / "first")
    out = ask("promote", first, "--library", tmp_path / "empty")[1]
    assert "no clip was analysed by this model" in out


def test_clips_are_judged_on_demand_and_listed_with_who_says_so(
    bundle, own_study, tmp_path, capsys
):
    library = ["--library", str(own_study)]
    judge = ["library", "predict", "--model", str(bundle), "--rater", "anna", *library]
    judge += ["--store", str(tmp_path / "store")]
    assert main([*judge, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["clips"], found["made"], found["experts"]) == (36, 72, 2)
    assert main(judge) == 0
    out = capsys.readouterr().out
    assert "the predictions are those of the experts in use" in out
    assert "severity-tree 1: 36 clips" in out
    assert main([*judge, "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["library", "list", "--predictions", "--limit", "1", *library]) == 0
    out = capsys.readouterr().out
    assert ", by severity-tree 1\n" in out
    assert main(["library", "list", "--json", "--limit", "1", *library]) == 0
    (said, _) = json.loads(capsys.readouterr().out)["predictions"]
    assert (said["expert"], said["target"]) == ("diagnosis-logistic", "diagnosis")
    assert main(["library", "list", *library, "--limit", "1"]) == 0
    assert "severity-tree" not in capsys.readouterr().out
    two = ["library", "list", "--labelled", "severity", "--value", "2", *library]
    assert main(two) == 0
    assert "12 of 12 clips" in capsys.readouterr().out


def test_an_expert_goes_out_and_comes_in_elsewhere(
    ask, trained, bundle, own_study, tmp_path
):
    file = tmp_path / "expert.zip"
    status, out, _ = ask("export", trained[1].out, file)
    assert status == 0
    assert f"is in {file}" in out
    status, out, _ = ask("import", file, "--library", own_study)
    place = own_study / "experts" / "severity-local-1"
    assert (status, out.split()[-1]) == (0, str(place))
    assert "severity-local" not in in_use(bundle, tmp_path / "store")
    words = ("--library", own_study, "--promote", "--out", tmp_path / "other")
    status, out, _ = ask("import", file, *words)
    assert status == 0
    assert "36 clips judged anew" in out
    assert in_use(bundle, tmp_path / "store")["severity-local"].is_dir()
    assert ask("export", "severity-local", tmp_path / "again.zip")[0] == 0
    assert (tmp_path / "again.zip").read_bytes() == file.read_bytes()
    status, _, err = ask("export", tmp_path, file)
    assert status == 2
    assert "holds no expert" in err


def test_an_import_that_cannot_do_what_it_says_is_refused(ask, trained, tmp_path):
    file = tmp_path / "expert.zip"
    assert ask("export", trained[1].out, file)[0] == 0
    status, _, err = ask("import", file, "--name", "mine")
    assert status == 2
    assert "Add --promote" in err
    nowhere = tmp_path / "nowhere"
    status, _, err = ask("import", file, "--library", nowhere)
    assert status == 1
    assert "There is no library in" in err
    assert not nowhere.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model_sha256": "f" * 64}, "was fitted to the model ffffffffffff"),
        ({"feature_names": ["b_lines.many", "x-ray"]}, "'feature_names' should be"),
        ({"sha256": "0" * 64}, "head.onnx"),
    ],
)
def test_an_expert_that_does_not_fit_is_refused_and_changes_nothing(
    changes, words, ask, tmp_path, bundle
):
    before = in_use(bundle, tmp_path / "store")
    status, _, err = ask("promote", make_tree(tmp_path / "other", **changes))
    assert status == 2
    assert words in err
    assert in_use(bundle, tmp_path / "store") == before


def test_a_folder_without_an_expert_is_refused(ask, tmp_path):
    status, _, err = ask("promote", tmp_path)
    assert status == 2
    assert "holds no expert" in err


def test_what_came_with_the_model_cannot_be_rolled_back(ask):
    status, _, err = ask("rollback", "severity")
    assert status == 2
    assert "not one of your own experts: none" in err


def test_a_promotion_killed_half_way_leaves_the_old_expert_in_use(
    ask, tmp_path, bundle
):
    ask("promote", make_tree(tmp_path / "first", version="first"), "--name", "mine")
    store = ExpertStore(tmp_path / "store")
    # As it stands between the two renames of a promotion.
    kept = store.folder / ".versions" / "mine" / "1"
    kept.parent.mkdir(parents=True, exist_ok=True)
    (store.folder / "mine").rename(kept)
    assert in_use(bundle, store.folder)["mine"] == kept
    second = make_tree(tmp_path / "second", version="second")
    assert ask("promote", second, "--name", "mine")[0] == 0
    assert [one.version for one in store.versions("mine")] == ["second", "first"]


def test_two_experts_are_compared_on_the_patients_of_the_library(ask, trained, study):
    words = (trained[1].out, "severity", "--library", study, "--json")
    status, out, err = ask("compare", *words)
    assert status == 0, err
    found = json.loads(out)
    assert found["clips"] == 36
    assert found["of_left_out_patients"] == {str(trained[1].out): 36, "severity": 0}
    assert found["auc"]["own"]["value"] > 0.95


def test_experts_for_different_tasks_are_not_compared(ask, trained, study):
    status, _, err = ask("compare", trained[1].out, "diagnosis", "--library", study)
    assert status == 2
    assert "answers diagnosis, not severity" in err


def test_an_expert_of_another_model_or_an_unknown_rater_is_not_compared(
    ask, trained, study, tmp_path
):
    other = make_tree(tmp_path / "other", model_sha256="f" * 64)
    status, _, err = ask("compare", trained[1].out, other, "--library", study)
    assert status == 2
    assert "was fitted to the model ffffffffffff" in err
    words = (trained[1].out, "severity", "--rater", "nobody", "--library")
    status, _, err = ask("compare", *words, study)
    assert status == 1
    assert "is by 'nobody'" in err
    assert ask("compare", *words, tmp_path / "nowhere")[0] == 1
    assert not (tmp_path / "nowhere").exists()


def test_an_expert_for_another_model_abstains(bundle, tmp_path, trained):
    from lusviewer.analysis import analyse_whole
    from lusviewer.cancel import CancelToken
    from lusviewer.inference import open_bundle
    from lusviewer.io import open_clip
    from tests.small_clips import write_png

    store = tmp_path / "store"
    shutil.copytree(trained[1].out, store / "right")
    shutil.copytree(trained[1].out, store / "wrong")
    manifest = json.loads((store / "wrong" / "manifest.json").read_text())
    manifest |= {"name": "wrong", "model_sha256": "f" * 64}
    (store / "wrong" / "manifest.json").write_text(json.dumps(manifest))
    experts = experts_in_use(bundle, store)
    with open_clip(write_png(tmp_path / "clip.png")) as clip:
        opened = open_bundle(bundle, device="cpu")
        _, report = analyse_whole(clip, opened, experts, CancelToken())
    why = {one.expert: one.why for one in report.predictions}
    assert "another model" in why["wrong"]
    assert "another model" not in why["severity-local"]
