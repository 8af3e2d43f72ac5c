"""The experts in use with a bundle, as a person manages them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lusviewer import paths
from lusviewer.errors import ManifestError
from lusviewer.experts.expert import folders_in_use
from lusviewer.experts.in_use import SHIPPED, in_use
from lusviewer.experts.manifest import read_expert_manifest
from lusviewer.experts.store import ExpertStore
from lusviewer.inference.bundle import read_model_manifest
from lusviewer.inference.fields import check_hash

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.experts.manifest import ExpertManifest
    from lusviewer.experts.store import Installed


@dataclass(frozen=True, slots=True)
class Listed:
    """An expert in use: what it says of itself and what it replaced, newest first.

    ``own`` tells the user's from those that came with the model; ``shipped`` whether
    one of that name came with it. ``manifest`` is None where ``problem`` says why.
    """

    name: str
    folder: Path
    own: bool
    shipped: bool
    manifest: ExpertManifest | None = None
    sha256: str = ""
    fits: bool = False
    problem: str = ""
    earlier: tuple[Installed, ...] = ()


def list_experts(bundle: Path, own: Path | None = None) -> tuple[Listed, ...]:
    """Return the experts in use with ``bundle``, by name, also those that are broken.

    ``own`` is the store of the user's, the usual one if not given. Opens no graph.
    Raises ``ManifestError`` where the bundle itself cannot be read.
    """
    store = ExpertStore(paths.user_experts(bundle) if own is None else own)
    _, model_sha256 = read_model_manifest(bundle)
    shipped = folders_in_use(bundle / SHIPPED)
    return tuple(
        _described(
            Listed(name, folder, store.folder in folder.parents, name in shipped),
            store,
            model_sha256,
        )
        for name, folder in in_use(bundle, store.folder).items()
    )


def _described(one: Listed, store: ExpertStore, model_sha256: str) -> Listed:
    earlier: tuple[Installed, ...] = ()
    try:
        if one.own:
            versions = store.versions(one.name)
            earlier = tuple(old for old in versions if old.folder != one.folder)
        manifest, sha256 = read_expert_manifest(one.folder)
        check_hash(manifest.file, manifest.sha256)
    except ManifestError as error:
        return replace(one, problem=str(error), earlier=earlier)
    fits = manifest.model_sha256 in (None, model_sha256)
    return replace(one, manifest=manifest, sha256=sha256, fits=fits, earlier=earlier)
