"""Reading a manifest strictly: every key is known, present and of its type."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lusviewer.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MANIFEST: Final = "manifest.json"
SCHEMA: Final = 1
_HINT: Final = "Correct the manifest, or ask who made it for another copy."


class Fields:
    """The keys of one JSON object; each is taken once, and none may be left over."""

    def __init__(self, value: object, file: Path, where: str = "") -> None:
        self.file = file
        self._where = where
        if not isinstance(value, dict):
            expected = "an object"
            raise self.wrong(expected, value, "")
        self._left: dict[str, Any] = dict(value)

    def keys(self) -> tuple[str, ...]:
        """Return the keys not taken yet."""
        return tuple(self._left)

    def has(self, key: str) -> bool:
        """Whether ``key`` is there and not null; takes it away where it is null."""
        if self._left.get(key, self) is None:
            del self._left[key]
        return key in self._left

    def text(self, key: str) -> str:
        """Return a string that is not empty."""
        return str(self._fitting(key, "a text", _is_text))

    def file_name(self, key: str) -> Path:
        """Return the path of a file that lies beside the manifest."""
        expected = "the name of a file beside the manifest"
        return self.file.parent / str(self._fitting(key, expected, _is_file_name))

    def integer(self, key: str) -> int:
        """Return a whole number."""
        return int(self._fitting(key, "a whole number", _is_integer))

    def number(self, key: str) -> float:
        """Return a finite number."""
        return float(self._fitting(key, "a number", _is_number))

    def positive(self, key: str) -> float:
        """Return a number above 0."""
        expected = "a number above 0"
        return float(self._fitting(key, expected, lambda v: _is_number(v) and v > 0))

    def probability(self, key: str) -> float:
        """Return a number from 0 to 1."""
        expected = "a number from 0 to 1"
        fits = self._fitting(key, expected, lambda v: _is_number(v) and 0 <= v <= 1)
        return float(fits)

    def flag(self, key: str) -> bool:
        """Return true or false."""
        return bool(self._fitting(key, "true or false", lambda v: type(v) is bool))

    def numbers(self, key: str, length: int) -> tuple[float, ...]:
        """Return a list of ``length`` finite numbers."""
        expected = f"a list of {length} numbers"
        value = self._fitting(key, expected, lambda v: _is_row(v, length))
        return tuple(float(number) for number in value)

    def free_numbers(self, key: str) -> tuple[float, ...]:
        """Return a list of finite numbers, of any length."""
        value = self._fitting(
            key, "a list of numbers", lambda v: _is_list(v, _is_number)
        )
        return tuple(float(number) for number in value)

    def maybe(self, key: str) -> float | None:
        """Return a finite number, None where it is null."""
        fits = self._fitting(key, "a number or null", _is_number_or_null)
        return None if fits is None else float(fits)

    def maybe_numbers(self, key: str, length: int) -> tuple[float | None, ...]:
        """Return a list of ``length`` finite numbers or nulls."""
        expected = f"a list of {length} numbers or nulls"
        value = self._fitting(key, expected, lambda v: _is_list(v, _is_number_or_null))
        if len(value) != length:
            raise self.wrong(expected, value, key)
        return tuple(None if one is None else float(one) for one in value)

    def integers(self, key: str) -> tuple[int, ...]:
        """Return a list of whole numbers."""
        expected = "a list of whole numbers"
        return tuple(self._fitting(key, expected, lambda v: _is_list(v, _is_integer)))

    def table(self, key: str, columns: int) -> tuple[tuple[float, ...], ...]:
        """Return a list of lists of ``columns`` numbers."""
        expected = f"a list of lists of {columns} numbers"
        value = self._fitting(
            key, expected, lambda v: _is_list(v, lambda row: _is_row(row, columns))
        )
        return tuple(tuple(float(number) for number in row) for row in value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of different strings that is not empty."""
        return tuple(self._fitting(key, "a list of different texts", _are_texts))

    def free_texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings, of any length."""
        expected = "a list of texts"
        return tuple(self._fitting(key, expected, lambda v: _is_list(v, _is_text)))

    def one_of(self, key: str, choices: Sequence[str]) -> str:
        """Return one of the ``choices``."""
        expected = f"one of {', '.join(choices)}"
        return str(self._fitting(key, expected, lambda v: v in choices))

    def child(self, key: str) -> Fields:
        """Return the object under ``key``."""
        return Fields(self._take(key, "an object"), self.file, self._path(key))

    def children(self, key: str) -> tuple[Fields, ...]:
        """Return the objects in the list under ``key``."""
        value = self._fitting(key, "a list", lambda v: isinstance(v, list))
        path = self._path(key)
        return tuple(
            Fields(one, self.file, f"{path}[{place}]")
            for place, one in enumerate(value)
        )

    def anything(self, key: str) -> dict[str, Any]:
        """Return an object whose content is not looked into."""
        return dict(self._fitting(key, "an object", lambda v: isinstance(v, dict)))

    def exactly(self, key: str, expected: object) -> None:
        """Refuse any other value under ``key``."""
        value = self._take(key, _short(expected))
        if type(value) is not type(expected) or value != expected:
            difference = _difference(expected, value)
            raise self.wrong(difference, value, key)

    def schema(self) -> None:
        """Refuse a manifest of another schema than this program reads."""
        if (found := self.integer("schema")) != SCHEMA:
            hint = "It was made for another version of lusviewer: update one of them."
            expected = str(SCHEMA)
            raise self.wrong(expected, found, "schema", hint)

    def close(self) -> None:
        """Refuse keys that nobody took."""
        if self._left:
            unknown = ", ".join(f"'{self._path(key)}'" for key in sorted(self._left))
            msg = f"{self.file}: unknown key {unknown}."
            raise ManifestError(msg, hint="Remove it, or correct its spelling.")

    def wrong(
        self, expected: str, found: object, key: str, hint: str = _HINT
    ) -> ManifestError:
        """Return the error to raise for a value of ``key`` that does not fit."""
        path = self._path(key) if key else self._where
        what = f"'{path}'" if path else "the manifest"
        msg = f"{self.file}: {what} should be {expected}, found {_short(found)}."
        return ManifestError(msg, hint=hint)

    def _take(self, key: str, expected: str) -> Any:  # noqa: ANN401 - JSON
        if key not in self._left:
            msg = f"{self.file}: the key '{self._path(key)}' is missing ({expected})."
            raise ManifestError(msg, hint=_HINT)
        return self._left.pop(key)

    def _fitting(self, key: str, expected: str, fits: Callable[[Any], bool]) -> Any:  # noqa: ANN401 - JSON
        value = self._take(key, expected)
        if not fits(value):
            raise self.wrong(expected, value, key)
        return value

    def _path(self, key: str) -> str:
        return f"{self._where}.{key}" if self._where else key


def read_manifest(folder: Path, name: str = MANIFEST) -> tuple[Fields, str]:
    """Return the fields of ``folder``'s manifest, or ``name``, and its SHA-256."""
    file = folder / name
    try:
        content = file.read_bytes()
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}."
        hint = "Choose the folder that holds manifest.json and its .onnx files."
        raise ManifestError(msg, hint=hint) from error
    try:
        value = json.loads(
            content, object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        msg = f"{file} is not JSON: {error}."
        raise ManifestError(msg, hint=_HINT) from error
    return Fields(value, file), hashlib.sha256(content).hexdigest()


def check_hash(file: Path, expected: str) -> None:
    """Refuse ``file`` unless its SHA-256 is the ``expected`` one."""
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}."
        hint = "Copy the folder again, with all its files."
        raise ManifestError(msg, hint=hint) from error
    if found != expected:
        msg = f"{file}: 'sha256' should be {expected}, found {found}."
        hint = "The file was changed or copied in part: copy the folder again."
        raise ManifestError(msg, hint=hint)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        msg = f"the key '{twice[0]}' stands there twice"
        raise ValueError(msg)
    return dict(pairs)


def _no_constant(name: str) -> float:
    msg = f"{name} is not a JSON number"
    raise ValueError(msg)


def _is_number(value: object) -> bool:
    # Whole numbers may be too large for a float; NaN fails either comparison.
    most = sys.float_info.max
    return isinstance(value, int | float) and (
        not isinstance(value, bool) and -most <= value <= most
    )


def _is_number_or_null(value: object) -> bool:
    return value is None or _is_number(value)


def _is_integer(value: object) -> bool:
    return type(value) is int


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_file_name(value: object) -> bool:
    if not isinstance(value, str) or "\\" in value:
        return False
    return Path(value).name == value != ""


def _are_texts(value: object) -> bool:
    if not isinstance(value, list) or not all(map(_is_text, value)):
        return False
    return 0 < len(value) == len(set(value))


def _is_list(value: object, fits: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and all(map(fits, value))


def _is_row(value: object, length: int) -> bool:
    return (
        isinstance(value, list) and _is_list(value, _is_number) and len(value) == length
    )


def _difference(expected: object, found: object) -> str:
    """Say what was expected; of long lists only the first place that differs."""
    if not isinstance(expected, list) or not isinstance(found, list):
        return _short(expected)
    for index, (one, other) in enumerate(zip(expected, found, strict=False)):
        if one != other:
            return f"{len(expected)} values with '{one}' at place {index + 1}"
    return f"{len(expected)} values, not {len(found)}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."
