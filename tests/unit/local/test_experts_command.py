"""``lusviewer experts``: promoting, comparing, going back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lusviewer.cli import main
from lusviewer.experts.in_use import experts_in_use, in_use
from lusviewer.experts.store import ExpertStore
from tests.bundles import make_tree


@pytest.fixture
def ask(bundle, tmp_path, capsys):
    """Call the command with the tiny bundle and a store of its own."""

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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("turns", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_whenever_a_promotion_is_killed_an_expert_that_opens_is_in_use(turns, tmp_path):
    sources = [make_tree(tmp_path / name, version=name) for name in ("one", "two")]
    words = [str(turns), str(tmp_path / "store"), *map(str, sources)]
    ran = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("killing.py")), *words],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=250,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    result = json.loads(ran.stdout)
    assert result["promotions"] >= turns
    assert len(result["found"]) == turns
    assert set(result["found"]) <= {"one", "two"}
