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

from lusviewer.errors import ManifestError, ModelError
from lusviewer.experts.expert import (
    VERSIONS,
    Expert,
    folders_in_use,
    open_expert,
    versions_of,
)
from lusviewer.experts.manifest import read_expert_manifest
from lusviewer.files import sweep
from lusviewer.inference.fields import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lusviewer.experts.manifest import ExpertManifest

VALIDATION: Final = "validation.json"
"""What an expert said of clips that others like it were not fitted on."""

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
        return tuple(folders_in_use(self.folder))

    def versions(self, name: str) -> tuple[Installed, ...]:
        """Return the expert in use and then those it replaced, the newest first."""
        places: list[tuple[Path, int | None]] = [
            (self._kept(name, number), number)
            for number in sorted(self._numbers(name), reverse=True)
        ]
        if (self._current(name) / MANIFEST).is_file():
            places.insert(0, (self._current(name), None))
        return tuple(self._read(name, folder, number) for folder, number in places)

    def install(
        self, source: Path, name: str | None = None, *, model_sha256: str | None = None
    ) -> Expert:
        """Put a copy of the expert in folder ``source`` in use and return it.

        It is verified before the one in use gives way: its files, its features, and
        that it was fitted to the bundle ``model_sha256``, where both say so. One that
        is in use already stays, and is no version before itself. Raises
        ``ManifestError`` for what is wrong with it, ``ModelError`` where the store
        cannot be written.
        """
        manifest, sha256 = read_expert_manifest(source)
        check_model(manifest, model_sha256)
        name = folder_name(name or manifest.name)
        # What is wrong is said of the user's own file, not of a copy.
        open_expert(source)
        if (in_use := self._same(name, sha256)) is not None:
            return in_use
        with _telling(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            sweep(self.folder, f"{_STAGING}*")
            staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=self.folder))
        try:
            with _telling(self.folder):
                for file in (source / MANIFEST, manifest.file):
                    _copy_durably(file, staging / file.name)
                for file in (*source.glob("*.md"), source / VALIDATION):
                    if file.is_file():
                        _copy_durably(file, staging / file.name)
            open_expert(staging)
            with _telling(self.folder):
                self._swap(name, staging)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        return open_expert(self._current(name))

    def _same(self, name: str, sha256: str) -> Expert | None:
        """Return the expert in use as ``name`` if it is whole and of this manifest."""
        current = self._current(name)
        try:
            same = read_expert_manifest(current)[1] == sha256
            return open_expert(current) if same else None
        except ManifestError:
            return None

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

    def withdraw(self, name: str) -> None:
        """Take an expert out of use that replaced no other one.

        Raises ``ModelError`` where there is none, or one to go back to.
        """
        if self._numbers(name) or not self._current(name).exists():
            msg = f"{name} in {self.folder} is not an expert without earlier versions."
            raise ModelError(msg, hint="'lusviewer experts list' shows what there is.")
        dropped = self.folder / f"{_STAGING}dropped-{name}"
        with _telling(self.folder):
            shutil.rmtree(dropped, ignore_errors=True)
            self._current(name).rename(dropped)
            _sync_folder(self.folder)
            shutil.rmtree(dropped, ignore_errors=True)

    def _mend(self, name: str) -> None:
        """Put in use what a promotion that was killed half-way had put away."""
        numbers = self._numbers(name)
        if numbers and not self._current(name).exists():
            with _telling(self.folder):
                self._kept(name, max(numbers)).rename(self._current(name))

    def _swap(self, name: str, staging: Path) -> None:
        """Keep the expert in use as an earlier version and put ``staging`` there."""
        self._mend(name)
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
        return self.folder / VERSIONS / name / str(number)

    def _numbers(self, name: str) -> list[int]:
        return versions_of(self.folder, name)

    def _read(self, name: str, folder: Path, number: int | None) -> Installed:
        manifest, _ = read_expert_manifest(folder)
        return Installed(name, manifest.version, folder, manifest.sha256, number)


def check_model(manifest: ExpertManifest, model_sha256: str | None) -> None:
    """Refuse an expert that was fitted to what another bundle says."""
    fitted = manifest.model_sha256
    if fitted is None or model_sha256 is None or fitted == model_sha256:
        return
    msg = (
        f"{manifest.name} was fitted to the model {fitted[:12]}, "
        f"this one is {model_sha256[:12]}."
    )
    hint = "Analyse the library with this model and train the expert again."
    raise ManifestError(msg, hint=hint)


def folder_name(name: str) -> str:
    """Return ``name``; raise ``ModelError`` where it cannot name a folder of ours."""
    if not name or Path(name).name != name or name.startswith(".") or "\\" in name:
        msg = f"'{name}' cannot name an expert or a model."
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
