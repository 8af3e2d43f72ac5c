from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lusviewer.errors import ManifestError
from lusviewer.inference.fields import Fields, check_hash, read_manifest

if TYPE_CHECKING:
    from pathlib import Path


def fields_of(folder: Path, value: object) -> Fields:
    (folder / "manifest.json").write_text(json.dumps(value))
    return read_manifest(folder)[0]


def test_each_kind_of_value_is_read(tmp_path):
    fields = fields_of(
        tmp_path,
        {
            "text": "a",
            "integer": 3,
            "number": 2,
            "flag": False,
            "numbers": [1, 2.5],
            "integers": [1, 2],
            "table": [[1, 2], [3, 4]],
            "texts": ["a", "b"],
            "one": "b",
            "file": "head.onnx",
            "any": {"x": [None]},
            "child": {"number": 0.5},
            "nothing": None,
        },
    )

    assert fields.text("text") == "a"
    assert fields.integer("integer") == 3
    assert fields.number("number") == 2.0
    assert fields.flag("flag") is False
    assert fields.numbers("numbers", 2) == (1.0, 2.5)
    assert fields.integers("integers") == (1, 2)
    assert fields.table("table", 2) == ((1.0, 2.0), (3.0, 4.0))
    assert fields.texts("texts") == ("a", "b")
    assert fields.one_of("one", ("a", "b")) == "b"
    assert fields.file_name("file") == tmp_path / "head.onnx"
    assert fields.anything("any") == {"x": [None]}
    assert fields.child("child").probability("number") == 0.5
    assert not fields.has("nothing")
    fields.close()


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (lambda f: f.text("k"), 3, "a text, found 3"),
        (lambda f: f.text("k"), " ", "a text"),
        (lambda f: f.integer("k"), 1.0, "a whole number, found 1.0"),
        (lambda f: f.integer("k"), True, "a whole number, found true"),
        (lambda f: f.number("k"), "1", "a number, found 1"),
        (lambda f: f.number("k"), True, "a number, found true"),
        (lambda f: f.positive("k"), 0, "a number above 0, found 0"),
        (lambda f: f.probability("k"), 1.5, "a number from 0 to 1, found 1.5"),
        (lambda f: f.probability("k"), None, "a number from 0 to 1, found null"),
        (lambda f: f.flag("k"), 1, "true or false, found 1"),
        (lambda f: f.numbers("k", 2), [1], "a list of 2 numbers"),
        (lambda f: f.numbers("k", 1), ["1"], "a list of 1 numbers"),
        (lambda f: f.numbers("k", 2), "ab", "a list of 2 numbers"),
        (lambda f: f.integers("k"), [1.5], "a list of whole numbers"),
        (lambda f: f.table("k", 2), [[1, 2], [3]], "a list of lists of 2 numbers"),
        (lambda f: f.texts("k"), [], "a list of different texts"),
        (lambda f: f.texts("k"), ["a", "a"], "a list of different texts"),
        (lambda f: f.texts("k"), ["a", 1], "a list of different texts"),
        (lambda f: f.one_of("k", ("a", "b")), "c", "one of a, b, found c"),
        (lambda f: f.file_name("k"), "../x.onnx", "a file beside the manifest"),
        (lambda f: f.file_name("k"), "a\\b", "a file beside the manifest"),
        (lambda f: f.file_name("k"), "", "a file beside the manifest"),
        (lambda f: f.file_name("k"), 3, "a file beside the manifest"),
        (lambda f: f.child("k"), [], "an object, found []"),
        (lambda f: f.anything("k"), [], "an object, found []"),
        (lambda f: f.exactly("k", 1), True, "1, found true"),
        (lambda f: f.exactly("k", ["a", "b"]), ["a", "c"], "'b' at place 2"),
        (lambda f: f.exactly("k", ["a", "b"]), ["a"], "2 values, not 1"),
        (lambda f: f.exactly("k", ["a"]), "a", '["a"], found a'),
    ],
)
def test_a_value_of_another_kind_is_refused(tmp_path, read, value, expected):
    fields = fields_of(tmp_path, {"k": value})

    with pytest.raises(ManifestError) as caught:
        read(fields)

    assert str(tmp_path / "manifest.json") in caught.value.message
    assert "'k' should be" in caught.value.message
    assert expected in caught.value.message
    assert caught.value.hint


def test_a_missing_key_is_named_with_where_it_belongs(tmp_path):
    fields = fields_of(tmp_path, {"graphs": {}})

    with pytest.raises(ManifestError, match=r"'graphs.frame' is missing"):
        fields.child("graphs").text("frame")


def test_an_unknown_key_is_named(tmp_path):
    fields = fields_of(tmp_path, {"a": 1, "colour": 2})
    fields.integer("a")

    with pytest.raises(ManifestError, match="unknown key 'colour'"):
        fields.close()


def test_a_long_value_is_told_in_short(tmp_path):
    fields = fields_of(tmp_path, {"k": "x" * 500})

    with pytest.raises(ManifestError) as caught:
        fields.integer("k")

    assert len(caught.value.message) < 300


def test_another_schema_is_refused(tmp_path):
    with pytest.raises(ManifestError, match="'schema' should be 1, found 2") as caught:
        fields_of(tmp_path, {"schema": 2}).schema()

    assert "another version of lusviewer" in caught.value.hint


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(ManifestError, match=r"manifest.json cannot be read"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "is not JSON"),
        ("[1]", "the manifest should be an object"),
        ('{"a": 1, "a": 2}', "'a' stands there twice"),
        ('{"a": NaN}', "NaN is not a JSON number"),
    ],
)
def test_what_is_no_json_object_is_refused(tmp_path, content, why):
    (tmp_path / "manifest.json").write_text(content)

    with pytest.raises(ManifestError, match=why):
        read_manifest(tmp_path)


def test_lists_nested_without_end_are_refused(tmp_path):
    (tmp_path / "manifest.json").write_text("[" * 100_000)

    with pytest.raises(ManifestError, match="is not JSON"):
        read_manifest(tmp_path)


def test_a_number_too_large_is_none(tmp_path):
    (tmp_path / "manifest.json").write_text('{"mean": 1' + "0" * 400 + "}")
    fields, _ = read_manifest(tmp_path)

    with pytest.raises(ManifestError, match="'mean' should be a number"):
        fields.number("mean")


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "manifest.json").write_bytes(b"\xff\xfe\x00{")

    with pytest.raises(ManifestError, match="is not JSON"):
        read_manifest(tmp_path)


def test_a_changed_file_is_refused_with_both_hashes(tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"changed")

    with pytest.raises(ManifestError, match=r"should be abc, found [0-9a-f]+"):
        check_hash(tmp_path / "x.onnx", "abc")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ManifestError, match="cannot be read"):
        check_hash(tmp_path / "x.onnx", "abc")
