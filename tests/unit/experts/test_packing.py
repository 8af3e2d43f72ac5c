"""An expert as one file: what goes out comes in the same, or not at all."""

from __future__ import annotations

import hashlib
import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from lusviewer.errors import LusViewerError, ManifestError, ModelError, ResultError
from lusviewer.experts import packing
from lusviewer.experts.packing import (
    SUMS,
    pack_expert,
    packed_name,
    unpack_expert,
)
from lusviewer.files import free_folder
from tests.bundles import make_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Contents = dict[str, bytes]


@pytest.fixture
def expert(tmp_path: Path) -> Path:
    folder = make_tree(tmp_path / "expert", model_sha256="a" * 64)
    (folder / "MODEL_CARD.md").write_text("# Ours")
    (folder / "validation.json").write_text("{}")
    (folder / "notes.txt").write_text("for nobody else")
    return folder


@pytest.fixture
def file(expert: Path, tmp_path: Path) -> Path:
    pack_expert(expert, tmp_path / "expert.zip")
    return tmp_path / "expert.zip"


def contents(file: Path) -> Contents:
    with zipfile.ZipFile(file) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def write(file: Path, inside: Contents, *, summed: bool = True) -> Path:
    """Write a zip with the hashes of what is in it, as its maker would."""
    inside = {name: data for name, data in inside.items() if name != SUMS or not summed}
    if summed:
        lines = [f"{hashlib.sha256(d).hexdigest()}  {n}\n" for n, d in inside.items()]
        inside[SUMS] = "".join(lines).encode()
    with zipfile.ZipFile(file, "w") as packed:
        for name, data in inside.items():
            packed.writestr(zipfile.ZipInfo(name), data)
    return file


def left(folder: Path) -> list[str]:
    """What is in a folder, hidden or not."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_an_expert_comes_in_as_it_went_out(
    expert: Path, file: Path, tmp_path: Path
) -> None:
    assert packed_name(file) == "severity-tree"
    out = free_folder(tmp_path / "in", "severity-tree")
    found = unpack_expert(file, out, "a" * 64)
    assert found.manifest.file.parent == out == tmp_path / "in" / "severity-tree-1"
    for name in ("manifest.json", "head.onnx", "MODEL_CARD.md", "validation.json"):
        assert (out / name).read_bytes() == (expert / name).read_bytes()
    assert not (out / "notes.txt").exists()
    assert left(tmp_path / "in") == ["severity-tree-1"]
    assert free_folder(tmp_path / "in", "severity-tree").name == "severity-tree-2"


def test_the_same_expert_gives_the_same_file(
    expert: Path, file: Path, tmp_path: Path
) -> None:
    pack_expert(expert, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == file.read_bytes()


def test_every_damaged_byte_is_found_or_changes_nothing(
    file: Path, tmp_path: Path
) -> None:
    whole, before = file.read_bytes(), contents(file)
    refused = 0
    for place in range(0, len(whole), 37):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        (tmp_path / "damaged.zip").write_bytes(damaged)
        out = tmp_path / "in" / str(place)
        try:
            unpack_expert(tmp_path / "damaged.zip", out)
        except ModelError:
            refused += 1
            assert not out.exists()
        else:
            # Some bytes of a zip, as its dates, say nothing of what is in it.
            names = set(before) - {SUMS}
            assert {name: (out / name).read_bytes() for name in names} == {
                name: before[name] for name in names
            }
    assert refused > 20


@pytest.mark.parametrize("length", [0, 10, 500, -1])
def test_a_file_cut_short_is_refused(file: Path, tmp_path: Path, length: int) -> None:
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(ModelError, match="is damaged, or no zip"):
        unpack_expert(file, tmp_path / "in" / "x")
    assert left(tmp_path / "in") == []


@pytest.mark.parametrize(
    "name",
    [
        "../evil.md",
        "/etc/evil.md",
        "a/b.md",
        "..\\evil.md",
        "C:evil.md",
        "run.sh",
        "evil.py",
        ".hidden",
        "head.onnx/",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(
    file: Path, tmp_path: Path, name: str
) -> None:
    write(file, contents(file) | {name: b"evil"})
    with pytest.raises(ModelError, match="no expert has that"):
        unpack_expert(file, tmp_path / "deep" / "in" / "x")
    assert not list(tmp_path.rglob("*evil*"))
    assert left(tmp_path / "deep") == []


def test_an_expert_whose_own_name_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    pack_expert(make_tree(tmp_path / "x", name="../../evil"), tmp_path / "x.zip")
    with pytest.raises(ModelError, match="cannot name an expert"):
        packed_name(tmp_path / "x.zip")


def dropped(name: str) -> Callable[[Contents], Contents]:
    return lambda inside: {n: d for n, d in inside.items() if n != name}


def other_head(inside: Contents) -> Contents:
    return inside | {"head.onnx": b"another graph"}


def other_features(inside: Contents) -> Contents:
    manifest = json.loads(inside["manifest.json"])
    manifest["feature_names"] = ["b_lines.many", "x-ray"]
    return inside | {"manifest.json": json.dumps(manifest).encode()}


def no_manifest_at_all(inside: Contents) -> Contents:
    return inside | {"manifest.json": b"[]"}


@pytest.mark.parametrize(
    ("change", "summed", "words"),
    [
        (other_head, False, "head.onnx is not what was exported"),
        (other_head, True, "head.onnx"),
        (dropped("head.onnx"), False, "head.onnx is not what was exported"),
        (dropped("manifest.json"), True, "manifest.json is missing"),
        (dropped(SUMS), False, "SHA256SUMS or manifest.json is missing"),
        (lambda inside: inside | {"more.md": b"x"}, False, "more.md is not what was"),
        (lambda inside: inside | {SUMS: b"\xff\xfe"}, False, "SHA256SUMS cannot be"),
        (lambda inside: inside | {SUMS: b"nothing"}, False, "SHA256SUMS cannot be"),
        (other_features, True, "'feature_names' should be values of a clip"),
        (no_manifest_at_all, True, "manifest.json"),
    ],
)
def test_what_is_no_whole_expert_is_refused(
    file: Path,
    tmp_path: Path,
    change: Callable[[Contents], Contents],
    summed: bool,
    words: str,
) -> None:
    write(file, change(contents(file)), summed=summed)
    with pytest.raises(ModelError) as told:
        unpack_expert(file, tmp_path / "in" / "x")
    assert words in told.value.message
    assert str(file) in told.value.message or "should be" in told.value.message
    assert told.value.hint
    assert left(tmp_path / "in") == []


def test_an_expert_for_another_model_is_refused(file: Path, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="was fitted to the model aaaaaaaaaaaa"):
        unpack_expert(file, tmp_path / "in" / "x", "b" * 64)
    assert left(tmp_path / "in") == []


def test_a_file_that_would_fill_the_disk_is_refused(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "LARGEST_BYTES", 1000)
    with pytest.raises(ModelError, match="larger than any expert"):
        unpack_expert(file, tmp_path / "in" / "x")


def test_a_folder_in_the_way_stays(file: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(ModelError, match="there already"):
        unpack_expert(file, tmp_path / "in")
    assert left(tmp_path / "in") == []


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none.zip cannot be read: No such file"):
        unpack_expert(tmp_path / "none.zip", tmp_path / "x")


def test_a_broken_expert_does_not_go_out(expert: Path, tmp_path: Path) -> None:
    (expert / "head.onnx").write_bytes(b"cut off")
    with pytest.raises(ManifestError, match="sha256"):
        pack_expert(expert, tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()


def test_a_folder_that_is_not_there_is_said_when_packing(
    expert: Path, tmp_path: Path
) -> None:
    with pytest.raises((ResultError, LusViewerError), match="could not be written"):
        pack_expert(expert, tmp_path / "nowhere" / "x.zip")
