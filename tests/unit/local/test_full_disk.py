"""A disk that is full while an expert is written, put in use, or judges clips."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lusviewer.cancel import CancelToken
from lusviewer.errors import LibraryError, LusViewerError, ModelError, TrainingError
from lusviewer.experts import load_experts, open_expert
from lusviewer.experts.packing import pack_expert, unpack_expert
from lusviewer.experts.store import ExpertStore
from lusviewer.library import open_library
from lusviewer.library.predicting import refresh_predictions, to_refresh
from lusviewer.training.local.control import Control
from lusviewer.training.local.run import train_local
from tests.bundles import make_tree
from tests.small_disk import files_no_larger_than, fill_up, mounted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DISK_KIB = 64


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB; skips where none may be mounted."""
    with mounted(tmp_path / "disk", DISK_KIB) as folder:
        yield folder


def left_in(store: Path) -> list[str]:
    """What lies in a store, but for its folder of earlier versions."""
    return [path.name for path in store.iterdir() if path.name != ".versions"]


def test_an_expert_that_does_not_fit_on_the_disk_leaves_nothing(
    settings, model, own_study
):
    chosen = replace(settings, library=own_study, kinds=("tree",), out=None)
    events = train_local(chosen, model, Control())
    for event in events:
        if event["event"] == "figures":
            break
    with files_no_larger_than(400), pytest.raises(TrainingError) as told:
        next(events)
    assert "could not be written: File too large" in told.value.message
    assert "room" in told.value.hint
    assert list((own_study / "experts").iterdir()) == []
    with open_library(own_study) as library:
        assert library.verify().holds
        assert len(library.labels.current()) == 108


def test_an_expert_written_to_a_full_disk_leaves_nothing(settings, model, small_disk):
    chosen = replace(settings, kinds=("tree",), out=small_disk / "expert")
    events = train_local(chosen, model, Control())
    for event in events:
        if event["event"] == "figures":
            break
    fill_up(small_disk)
    with pytest.raises(TrainingError, match=r"could not be written|No space left"):
        next(events)
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]


def test_the_expert_in_use_stays_when_another_does_not_fit(tmp_path):
    store = ExpertStore(tmp_path / "store")
    store.install(make_tree(tmp_path / "one", version="one"))
    other = make_tree(tmp_path / "two", version="two")
    with files_no_larger_than(400), pytest.raises(ModelError) as told:
        store.install(other)
    assert "cannot be written: File too large" in told.value.message
    assert "room" in told.value.hint
    assert [one.manifest.version for one in load_experts(store.folder)] == ["one"]
    assert left_in(store.folder) == ["severity-tree"]
    assert store.install(other).manifest.version == "two"


def test_the_expert_in_use_stays_on_a_full_disk(tmp_path, small_disk):
    store = ExpertStore(small_disk / "store")
    store.install(make_tree(tmp_path / "one", version="one"))
    other = make_tree(tmp_path / "two", version="two")
    for left in (0, 4096):
        fill_up(small_disk, left)
        with pytest.raises(ModelError, match="No space left"):
            store.install(other)
        (small_disk / "ballast").unlink()
        assert [one.manifest.version for one in load_experts(store.folder)] == ["one"]
        assert left_in(store.folder) == ["severity-tree"]
    assert store.install(other).manifest.version == "two"
    fill_up(small_disk)
    assert store.roll_back("severity-tree").manifest.version == "one"


def test_a_file_that_does_not_fit_when_handed_on_leaves_nothing(tmp_path):
    expert, file = make_tree(tmp_path / "one"), tmp_path / "one.zip"
    with files_no_larger_than(400), pytest.raises(LusViewerError, match="too large"):
        pack_expert(expert, file)
    assert not file.exists()
    pack_expert(expert, file)
    with files_no_larger_than(400), pytest.raises(LusViewerError, match="too large"):
        unpack_expert(file, tmp_path / "in" / "one")
    assert list((tmp_path / "in").iterdir()) == []


def test_predictions_stay_whole_when_there_is_no_room_for_new_ones(
    own_study, model, tmp_path
):
    experts = [
        open_expert(make_tree(tmp_path / name, version=name)) for name in ("1", "2")
    ]
    with open_library(own_study) as library:
        new = [library, model.sha256, experts[:1], CancelToken()]
        list(refresh_predictions(*new, who="anna"))
        before = library.predictions.current()
        new[2] = experts[1:]
        with files_no_larger_than(10_000), pytest.raises(LibraryError) as told:
            list(refresh_predictions(*new, who="anna"))
        assert "Nothing of this change was kept" in told.value.hint
        assert library.predictions.current() == before
        assert library.verify().holds
        list(refresh_predictions(*new, who="anna"))
        assert to_refresh(library, model.sha256, experts[1:]) == ()
