"""Which clips of a library may take part in a training: those that were chosen."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from itertools import chain, islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lusviewer.errors import LibraryError, TrainingError
from lusviewer.library.zones import read_zone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from lusviewer.library import ClipEntry, Library

STANDARD_INPUT: Final = "-"
_NUMBERS: Final = re.compile(r"\d{1,15}(-\d{1,15})?(,\d{1,15}(-\d{1,15})?)*")
_TOLD: Final = 5
_LIST: Final = "'lusviewer library list' shows the clips, their numbers and patients."


@dataclass(frozen=True, slots=True)
class Only:
    """What a clip must be among: numbers and names, patients, zones; all of these.

    An empty one leaves every clip in. ``names`` are paths, file names or the start of
    a clip's SHA-256; ``zones`` are written as ``8:R2``.
    """

    numbers: tuple[range, ...] = ()
    names: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.numbers or self.names or self.patients or self.zones)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The keys of the clips that may take part, ``of`` so many; ``by`` says how.

    ``sha256`` is over the contents of the clips: the same on every computer.
    """

    clips: frozenset[int]
    of: int
    by: tuple[str, ...]
    sha256: str

    def told(self) -> dict[str, Any]:
        """Return it as it is kept with a result, without names of files or patients."""
        return {
            "clips": len(self.clips),
            "of": self.of,
            "by": list(self.by),
            "sha256": self.sha256,
        }


def read_only(clips: str | None, patients: str | None, zones: str | None) -> Only:
    """Return what the options of the command line ask for.

    ``clips`` is numbers such as ``1,4,7-12``, ``-`` for a line of those on standard
    input, or a file with numbers or a path a line. Raises ``TrainingError`` where it
    is none of these, or names nothing.
    """
    for option, said in (("clips", clips), ("patients", patients), ("zones", zones)):
        # What was to be few would else be all: a script's variable may be empty.
        if said is not None and not said.strip(" ,"):
            msg = f"--{option} names none."
            raise TrainingError(msg, hint=f"Name some, or leave --{option} away.")
    numbers: list[range] = []
    names: list[str] = []
    for line in _lines(clips):
        if _NUMBERS.fullmatch(line.replace(" ", "")):
            numbers += _ranges(line.replace(" ", ""))
        else:
            names.append(line)
    if clips is not None and not numbers and not names:
        msg = f"{_place(clips)} names no clip."
        raise TrainingError(msg, hint="Write a clip's number or path on each line.")
    return Only(tuple(numbers), tuple(names), _parts(patients), _parts(zones))


def choose(library: Library, only: Only) -> Chosen | None:
    """Return the clips that ``only`` leaves; None where it leaves all.

    Raises ``LibraryError`` for clips, patients and zones the library does not have,
    ``TrainingError`` where no clip is left.
    """
    if not only:
        return None
    entries = list(library.clips.all())
    keys = {clip.id for clip in entries}
    named = _named(library, only, keys)
    _check_patients(only.patients, {clip.patient for clip in entries})
    zones = {read_zone(text) for text in only.zones}
    left = [
        clip
        for clip in entries
        if (named is None or clip.id in named)
        and (not only.patients or clip.patient in only.patients)
        and (not zones or clip.zone in zones)
    ]
    by = _by(named, only)
    if not left:
        msg = f"No clip of the library is left by {' and '.join(by)}."
        raise TrainingError(msg, hint=f"Ask for less at a time. {_LIST}")
    return Chosen(frozenset(clip.id for clip in left), len(keys), by, _sha256(left))


def _lines(clips: str | None) -> Iterator[str]:
    if clips is None:
        return
    lines: Sequence[str]
    if clips == STANDARD_INPUT:
        lines = [first_line().decode("utf-8", "replace")]
    elif _NUMBERS.fullmatch(clips.replace(" ", "")):
        lines = [clips]
    else:
        lines = _file(Path(clips))
    for line in lines:
        text = line.strip()
        if text and not text.startswith("#"):
            yield text


def _file(path: Path) -> Sequence[str]:
    try:
        return path.read_text("utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        msg = f"--clips: {path} cannot be read: {why}."
        hint = "Give numbers such as 1,4,7-12, or a file with one a line."
        raise TrainingError(msg, hint=hint) from error


def first_line(descriptor: int = 0) -> bytes:
    """Return the first line of standard input, and leave all that follows unread."""
    # Byte by byte: what stands behind it is for another reader.
    read = iter(lambda: os.read(descriptor, 1), b"")
    return b"".join(takewhile(lambda byte: byte != b"\n", read))


def _ranges(text: str) -> Iterator[range]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield range(int(first), int(last or first) + 1)


def _parts(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _place(clips: str) -> str:
    return "Standard input" if clips == STANDARD_INPUT else clips


def _named(library: Library, only: Only, keys: Collection[int]) -> set[int] | None:
    if not only.numbers and not only.names:
        return None
    numbers = chain.from_iterable(only.numbers)
    unknown = [str(n) for n in islice((n for n in numbers if n not in keys), _TOLD + 1)]
    found: set[int] = set()
    for name in only.names:
        try:
            found.add(library.clips.find(name).id)
        except LibraryError:
            unknown.append(name)
    if unknown:
        msg = f"The library has no clip {_first(unknown)}."
        raise LibraryError(msg, hint=f"{_LIST} 'lusviewer library add' adds more.")
    return found.union(*only.numbers)


def _check_patients(asked: Sequence[str], known: Collection[str]) -> None:
    if unknown := [name for name in asked if name not in known]:
        msg = f"The library has no patient {_first(unknown)}."
        raise LibraryError(msg, hint=_LIST)


def _first(names: Sequence[str]) -> str:
    more = " and others" if len(names) > _TOLD else ""
    return ", ".join(names[:_TOLD]) + more


def _by(named: Collection[int] | None, only: Only) -> tuple[str, ...]:
    """Return what was asked for in words that name no file and no patient."""
    said = []
    if named is not None:
        said.append(
            "a list of 1 clip" if len(named) == 1 else f"a list of {len(named)} clips"
        )
    if n := len(set(only.patients)):
        said.append("1 patient" if n == 1 else f"{n} patients")
    if only.zones:
        zones = ", ".join(only.zones)
        said.append(
            f"the zone {zones}" if len(only.zones) == 1 else f"the zones {zones}"
        )
    return tuple(said)


def _sha256(clips: Iterable[ClipEntry]) -> str:
    names = "\n".join(sorted(clip.sha256 for clip in clips))
    return hashlib.sha256(names.encode()).hexdigest()
