"""An expert as one file, to be handed on: a zip of its folder with every file's hash.

What comes in is believed in nothing: names that lead elsewhere, files too many, too
large, damaged or not named are refused, and nothing is kept of a file that is.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

from lusviewer.errors import ManifestError, ModelError
from lusviewer.experts.expert import Expert, open_expert
from lusviewer.experts.manifest import read_expert_manifest
from lusviewer.experts.store import VALIDATION, check_model, folder_name
from lusviewer.files import whole_folder, written
from lusviewer.inference.fields import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SUMS: Final = "SHA256SUMS"
"""The file inside that names every other one with its hash, as sha256sum has it."""

LARGEST_BYTES: Final = 256 * 2**20
"""No expert is larger; what says it is may be made to fill the disk."""

_MOST_FILES: Final = 32
_AGAIN: Final = "Have it exported and sent again."
_EXPORT: Final = "Make it with 'lusviewer experts export'."


def pack_expert(folder: Path, file: Path) -> Expert:
    """Write the expert in ``folder``, which is opened first, to the zip ``file``.

    The graph, the manifest, the card and what it was validated by go with it. Raises
    ``ManifestError`` for an expert that is not whole, ``ResultError`` where the file
    cannot be written.
    """
    expert = open_expert(folder)
    names = {MANIFEST, expert.manifest.file.name}
    if strange := [name for name in names if not _is_plain(name)]:
        msg = f"{folder / strange[0]} cannot be handed on under that name."
        raise ManifestError(msg, hint="Call the graph head.onnx, as training does.")
    names |= {card.name for card in folder.glob("*.md") if _is_plain(card.name)}
    names |= {VALIDATION} if (folder / VALIDATION).is_file() else set()
    contents = {name: (folder / name).read_bytes() for name in sorted(names)}
    sums = "".join(f"{_hash(data)}  {name}\n" for name, data in contents.items())
    with (
        written(file) as target,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name, data in {SUMS: sums.encode(), **contents}.items():
            packed.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return expert


def unpack_expert(file: Path, out: Path, model_sha256: str | None = None) -> Expert:
    """Write the expert in the zip ``file`` to the new folder ``out``; return it.

    Raises ``ModelError`` for a file that is no expert, is damaged or leads elsewhere,
    and its leaf ``ManifestError`` for an expert that was fitted to another model than
    ``model_sha256``, or asks for features unknown here.
    """
    if out.exists():
        msg = f"{out} is there already."
        raise ModelError(msg, hint="Name a new folder.")
    contents = _read(file)
    with whole_folder(out, ModelError) as part:
        for name, data in contents.items():
            with written(part / name) as target:
                target.write(data)
        _check(file, part, model_sha256)
    return open_expert(out)


def packed_name(file: Path) -> str:
    """Return the name of the expert in a zip, which is checked as when unpacked."""
    try:
        name = str(json.loads(_read(file)[MANIFEST])["name"])
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{file} holds no expert: its {MANIFEST} cannot be read."
        raise ModelError(msg, hint=_EXPORT) from error
    return folder_name(name)


def _check(file: Path, folder: Path, model_sha256: str | None) -> None:
    """Refuse what cannot be run here, naming the file that a person knows."""
    try:
        manifest, _ = read_expert_manifest(folder)
        check_model(manifest, model_sha256)
        open_expert(folder)
    except ModelError as error:
        told = error.message.replace(str(folder), str(file))
        raise ManifestError(told, hint=error.hint) from error


def _read(file: Path) -> dict[str, bytes]:
    """Return the content of every file in a zip, each as its hash says."""
    try:
        with zipfile.ZipFile(file) as packed:
            infos = packed.infolist()
            _refuse_strays(file, infos)
            contents = {info.filename: packed.read(info) for info in infos}
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        msg = f"{file} is damaged, or no zip: {error}."
        raise ModelError(msg, hint=_AGAIN) from error
    except (RuntimeError, NotImplementedError) as error:
        msg = f"{file} cannot be unpacked: {error}."
        raise ModelError(msg, hint=_EXPORT) from error
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror or error}."
        raise ModelError(msg, hint="See that the file is there.") from error
    sums = _sums(file, contents.pop(SUMS, b""))
    for name in sorted(sums.keys() | contents.keys()):
        if name not in contents or sums.get(name) != _hash(contents[name]):
            msg = f"{file} is damaged: {name} is not what was exported."
            raise ModelError(msg, hint=_AGAIN)
    return contents


def _refuse_strays(file: Path, infos: list[zipfile.ZipInfo]) -> None:
    names = [info.filename for info in infos]
    strange = [name for name in names if not _is_plain(name)]
    if strange or len(set(names)) != len(names) or len(names) > _MOST_FILES:
        what = f" {strange[0]!r}" if strange else " too many files, or one twice"
        msg = f"{file} holds{what}: no expert has that."
        raise ModelError(msg, hint="Do not trust this file. " + _EXPORT)
    if sum(info.file_size for info in infos) > LARGEST_BYTES:
        msg = f"{file} is larger than any expert."
        raise ModelError(msg, hint="Do not trust this file. " + _EXPORT)
    if SUMS not in names or MANIFEST not in names:
        msg = f"{file} holds no expert: {SUMS} or {MANIFEST} is missing."
        raise ModelError(msg, hint=_EXPORT)


def _is_plain(name: str) -> bool:
    """Whether ``name`` can only be a file beside the others, on any system."""
    known = name in (SUMS, MANIFEST, VALIDATION) or name.endswith((".onnx", ".md"))
    return known and name.isprintable() and not (set(name) & set('/\\:*?"<>|'))


def _sums(file: Path, text: bytes) -> Mapping[str, str]:
    try:
        lines = text.decode("utf-8").splitlines()
        pairs = [line.split("  ", 1) for line in lines]
        return {name: digest for digest, name in pairs}
    except ValueError as error:
        msg = f"{file} is damaged: {SUMS} cannot be read."
        raise ModelError(msg, hint=_AGAIN) from error


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
