"""The experts installed beside a bundle, their older versions, and going back.

A store is a folder; ``<name>/`` inside is the expert in use, and
``.versions/<name>/<number>/`` the ones it replaced. What is installed was run first,
and takes its place by renaming, so that a store never holds half an expert.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lusviewer.errors import ModelError
from lusviewer.experts.expert import Expert, open_expert
from lusviewer.experts.manifest import read_expert_manifest
from lusviewer.inference.fields import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSIONS: Final = ".versions"
_STAGING: Final = ".staging-"
_SYNC_FOLDERS: Final = os.name != "nt"  # Windows does so by itself.


@dataclass(frozen=True, slots=True)
class Installed:
    """One version of an expert in a store; ``number`` grows, None is the one in use."""

    name: str
    version: str
    folder: Path
    sha256: str
    number: int | None = None


class ExpertStore:
    """A folder of experts, of which every earlier version is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> tuple[str, ...]:
        """Return the names of the experts in use, sorted."""
        files = self.folder.glob(f"*/{MANIFEST}")
        return tuple(
            sorted(f.parent.name for f in files if not f.parent.name.startswith("."))
        )

    def versions(self, name: str) -> tuple[Installed, ...]:
        """Return the expert in use and then those it replaced, the newest first."""
        places: list[tuple[Path, int | None]] = [
            (self._kept(name, number), number)
            for number in sorted(self._numbers(name), reverse=True)
        ]
        if (self._current(name) / MANIFEST).is_file():
            places.insert(0, (self._current(name), None))
        return tuple(self._read(name, folder, number) for folder, number in places)

    def install(self, source: Path, name: str | None = None) -> Expert:
        """Put a copy of the expert in folder ``source`` in use and return it.

        It is verified before the one in use gives way. Raises ``ManifestError`` for
        what is wrong with it, ``ModelError`` where the store cannot be written.
        """
        manifest, _ = read_expert_manifest(source)
        name = _folder_name(name or manifest.name)
        with _telling(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=self.folder))
        try:
            with _telling(self.folder):
                for file in (source / MANIFEST, manifest.file):
                    _copy_durably(file, staging / file.name)
                for card in source.glob("*.md"):
                    _copy_durably(card, staging / card.name)
            open_expert(staging)
            with _telling(self.folder):
                self._swap(name, staging)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        return open_expert(self._current(name))

    def roll_back(self, name: str) -> Expert:
        """Put the newest earlier version in use again; the present one is dropped.

        Raises ``ModelError`` where there is none to go back to.
        """
        numbers = self._numbers(name)
        if not numbers:
            msg = f"There is no earlier version of {name} in {self.folder}."
            raise ModelError(msg, hint="Install the version you want.")
        newest = self._kept(name, max(numbers))
        open_expert(newest)
        dropped = self.folder / f"{_STAGING}dropped-{name}"
        with _telling(self.folder):
            # What an interrupted call left would be in the way for ever.
            shutil.rmtree(dropped, ignore_errors=True)
            self._replace(name, newest, dropped)
            shutil.rmtree(dropped, ignore_errors=True)
        return open_expert(self._current(name))

    def _swap(self, name: str, staging: Path) -> None:
        """Keep the expert in use as an earlier version and put ``staging`` there."""
        kept = self._kept(name, max(self._numbers(name), default=0) + 1)
        kept.parent.mkdir(parents=True, exist_ok=True)
        self._replace(name, staging, kept)

    def _replace(self, name: str, folder: Path, away: Path) -> None:
        """Put ``folder`` in use and the one in use, if any, ``away``; or neither."""
        current = self._current(name)
        moved = current.exists()
        if moved:
            current.rename(away)
        try:
            folder.rename(current)
        except OSError:
            if moved:
                away.rename(current)
            raise
        _sync_folder(self.folder)

    def _current(self, name: str) -> Path:
        return self.folder / name

    def _kept(self, name: str, number: int) -> Path:
        return self.folder / _VERSIONS / name / str(number)

    def _numbers(self, name: str) -> list[int]:
        folders = (self.folder / _VERSIONS / name).glob("*/")
        return [int(folder.name) for folder in folders if folder.name.isdecimal()]

    def _read(self, name: str, folder: Path, number: int | None) -> Installed:
        manifest, _ = read_expert_manifest(folder)
        return Installed(name, manifest.version, folder, manifest.sha256, number)


def _folder_name(name: str) -> str:
    """Refuse a name that is no name of a folder inside the store."""
    if Path(name).name != name or name.startswith(".") or "\\" in name:
        msg = f"'{name}' cannot name an expert."
        raise ModelError(msg, hint="Use letters, digits, - and _.")
    return name


@contextmanager
def _telling(folder: Path) -> Iterator[None]:
    """Turn an error of the file system into one a person can be told."""
    try:
        yield
    except OSError as error:
        msg = f"{folder} cannot be written: {error.strerror}."
        hint = "Choose a folder you may write to, with room left."
        raise ModelError(msg, hint=hint) from error


def _copy_durably(source: Path, target: Path) -> None:
    """Copy a file and have the system write it to the disk."""
    with source.open("rb") as reader, target.open("wb") as writer:
        shutil.copyfileobj(reader, writer)
        writer.flush()
        os.fsync(writer.fileno())


def _sync_folder(folder: Path) -> None:
    """Have the system write the names in ``folder`` to the disk."""
    if not _SYNC_FOLDERS:
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
