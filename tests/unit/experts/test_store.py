from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from lusviewer.errors import ManifestError, ModelError
from lusviewer.experts import load_experts, store
from lusviewer.experts.store import ExpertStore
from lusviewer.files import ABANDONED_S
from tests.bundles import make_tree


@pytest.fixture
def experts(tmp_path) -> ExpertStore:
    return ExpertStore(tmp_path / "bundle" / "experts")


def version(folder: Path, number: str) -> Path:
    made = make_tree(folder / number, version=number)
    (made / "MODEL_CARD.md").write_text(f"version {number}")
    return made


def versions(experts: ExpertStore) -> list[str]:
    return [entry.version for entry in experts.versions("severity-tree")]


def leftovers(experts: ExpertStore) -> list[str]:
    return [p.name for p in experts.folder.iterdir() if p.name.startswith(".staging")]


def test_an_installed_expert_is_in_use(tmp_path, experts):
    expert = experts.install(version(tmp_path, "1"))

    assert expert.manifest.version == "1"
    assert experts.names() == ("severity-tree",)
    assert [e.manifest.version for e in load_experts(experts.folder)] == ["1"]
    card = experts.folder / "severity-tree" / "MODEL_CARD.md"
    assert card.read_text() == "version 1"
    assert leftovers(experts) == []


def test_an_empty_store_has_no_names_and_no_versions(experts):
    assert experts.names() == ()
    assert experts.versions("severity-tree") == ()


def test_the_replaced_version_is_kept(tmp_path, experts):
    for number in ("1", "2", "3"):
        experts.install(version(tmp_path, number))

    assert versions(experts) == ["3", "2", "1"]
    kept = experts.versions("severity-tree")
    assert [entry.number for entry in kept] == [None, 2, 1]
    assert len(load_experts(experts.folder)) == 1


def test_what_is_in_use_already_is_no_version_before_itself(tmp_path, experts):
    for place, number in enumerate(("1", "2", "2")):
        experts.install(version(tmp_path / str(place), number))
    assert versions(experts) == ["2", "1"]
    (experts.folder / "severity-tree" / "head.onnx").write_bytes(b"damaged")
    experts.install(version(tmp_path, "2"))
    assert [e.manifest.version for e in load_experts(experts.folder)] == ["2"]


def test_rolling_back_puts_the_earlier_version_in_use(tmp_path, experts):
    for number in ("1", "2", "3"):
        experts.install(version(tmp_path, number))

    expert = experts.roll_back("severity-tree")

    assert expert.manifest.version == "2"
    assert versions(experts) == ["2", "1"]
    assert leftovers(experts) == []


def test_rolling_back_works_when_the_present_one_is_gone(tmp_path, experts):
    for number in ("1", "2"):
        experts.install(version(tmp_path, number))
    current = experts.folder / "severity-tree"
    current.rename(tmp_path / "taken away")

    assert experts.roll_back("severity-tree").manifest.version == "1"


def test_what_an_interrupted_roll_back_left_is_not_in_the_way(tmp_path, experts):
    for number in ("1", "2"):
        experts.install(version(tmp_path, number))
    left = experts.folder / ".staging-dropped-severity-tree"
    left.mkdir()
    (left / "manifest.json").write_text("{}")

    assert experts.roll_back("severity-tree").manifest.version == "1"
    assert leftovers(experts) == []


def test_what_killed_promotions_left_is_taken_away_once_nobody_writes_to_it(
    tmp_path, experts
):
    for name in (".staging-old", ".staging-new", "mine"):
        (experts.folder / name).mkdir(parents=True)
        (experts.folder / name / "head.onnx").write_bytes(b"half")
    long_ago = time.time() - 2 * ABANDONED_S
    for name in (".staging-old", "mine"):
        for path in (experts.folder / name / "head.onnx", experts.folder / name):
            os.utime(path, (long_ago, long_ago))
    experts.install(version(tmp_path, "1"))
    assert leftovers(experts) == [".staging-new"]
    assert (experts.folder / "mine").is_dir()


def test_the_present_version_stays_when_the_earlier_cannot_take_its_place(
    tmp_path, experts, monkeypatch
):
    for number in ("1", "2"):
        experts.install(version(tmp_path, number))
    real = type(tmp_path).rename

    def rename(self: Path, target: Path) -> Path:
        if ".versions" in self.parts:
            raise OSError(13, "Permission denied")
        return Path(real(self, target))

    monkeypatch.setattr(type(tmp_path), "rename", rename)
    with pytest.raises(ModelError, match="cannot be written: Permission denied"):
        experts.roll_back("severity-tree")

    assert versions(experts) == ["2", "1"]


def test_there_is_no_going_back_from_the_first_version(tmp_path, experts):
    experts.install(version(tmp_path, "1"))

    with pytest.raises(ModelError, match="no earlier version of severity-tree"):
        experts.roll_back("severity-tree")

    assert versions(experts) == ["1"]


def test_a_broken_expert_is_not_installed(tmp_path, experts):
    experts.install(version(tmp_path, "1"))
    broken = version(tmp_path, "2")
    (broken / "head.onnx").write_bytes(b"cut off")

    with pytest.raises(ManifestError, match="sha256") as told:
        experts.install(broken)

    assert str(broken) in told.value.message
    assert versions(experts) == ["1"]
    assert leftovers(experts) == []


def test_a_broken_earlier_version_is_not_rolled_back_to(tmp_path, experts):
    for number in ("1", "2"):
        experts.install(version(tmp_path, number))
    kept = experts.versions("severity-tree")[1]
    (kept.folder / "head.onnx").write_bytes(b"cut off")

    with pytest.raises(ManifestError, match="sha256"):
        experts.roll_back("severity-tree")

    assert versions(experts) == ["2", "1"]


def test_the_present_version_stays_when_the_new_one_cannot_take_its_place(
    tmp_path, experts, monkeypatch
):
    experts.install(version(tmp_path, "1"))
    real = type(tmp_path).rename

    def rename(self: Path, target: Path) -> Path:
        if self.name.startswith(".staging"):
            raise OSError(28, "No space left on device")
        return Path(real(self, target))

    monkeypatch.setattr(type(tmp_path), "rename", rename)
    with pytest.raises(ModelError, match="cannot be written: No space left"):
        experts.install(version(tmp_path, "2"))

    assert versions(experts) == ["1"]
    assert leftovers(experts) == []


def test_the_first_version_that_cannot_take_its_place_leaves_nothing(
    tmp_path, experts, monkeypatch
):
    def rename(self: Path, _: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(tmp_path), "rename", rename)
    with pytest.raises(ModelError, match="cannot be written"):
        experts.install(version(tmp_path, "1"))

    assert experts.names() == ()


def test_a_store_that_cannot_be_made_says_so(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(ModelError, match="cannot be written") as caught:
        ExpertStore(tmp_path / "file" / "experts").install(version(tmp_path, "1"))

    assert "a folder you may write to" in caught.value.hint


@pytest.mark.parametrize("name", ["../x", ".versions", "a\\b"])
def test_a_name_that_leaves_the_store_is_refused(tmp_path, experts, name):
    with pytest.raises(ModelError, match="cannot name an expert"):
        experts.install(version(tmp_path, "1"), name)


def test_an_expert_can_be_installed_under_another_name(tmp_path, experts):
    experts.install(version(tmp_path, "1"), "local")

    assert experts.names() == ("local",)


def test_on_windows_folders_are_not_synced(tmp_path, experts, monkeypatch):
    monkeypatch.setattr(store, "_SYNC_FOLDERS", False)

    assert experts.install(version(tmp_path, "1")).manifest.version == "1"
