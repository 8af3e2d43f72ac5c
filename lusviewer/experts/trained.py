"""The experts that were trained on a library and lie in its folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lusviewer.errors import ManifestError
from lusviewer.experts.manifest import read_expert_manifest
from lusviewer.experts.validation import read_validation
from lusviewer.inference.fields import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lusviewer.cancel import CancelToken
    from lusviewer.experts.listing import Listed
    from lusviewer.experts.manifest import ExpertManifest
    from lusviewer.experts.validation import Validation

EXPERTS: Final = "experts"
"""The folder of a library that trainings write to, a folder an expert."""


@dataclass(frozen=True, slots=True)
class Trained:
    """An expert as a training left it, and what was found out about it."""

    folder: Path
    manifest: ExpertManifest
    sha256: str
    validation: Validation


def list_trained(library: Path, cancel: CancelToken) -> tuple[Trained, ...]:
    """Return the experts trained on the library in a folder, the newest first.

    Opens neither graph nor database. What is not whole is passed over.
    """
    found = []
    for file in (library / EXPERTS).glob(f"[!.]*/{MANIFEST}"):
        cancel.check()
        if (one := _trained(file.parent)) is not None:
            found.append(one)
    return tuple(sorted(found, key=_made, reverse=True))


def not_in_use(
    trained: Iterable[Trained], listed: Iterable[Listed]
) -> tuple[Trained, ...]:
    """Return those that are not among the experts in use, whatever they are called."""
    used = {one.sha256 for one in listed}
    return tuple(one for one in trained if one.sha256 not in used)


def _trained(folder: Path) -> Trained | None:
    try:
        manifest, sha256 = read_expert_manifest(folder)
        return Trained(folder, manifest, sha256, read_validation(folder))
    except ManifestError:
        return None


def _made(one: Trained) -> tuple[str, str]:
    return one.validation.provenance.created_utc, one.folder.name
