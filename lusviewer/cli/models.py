"""``lusviewer models``: the bundles and experts found, and whether they are whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from lusviewer import paths
from lusviewer.errors import ManifestError
from lusviewer.experts.manifest import read_expert_manifest
from lusviewer.inference.bundle import read_model_manifest
from lusviewer.inference.fields import MANIFEST, check_hash

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

_EXPERTS: Final = "experts"


def run(arguments: argparse.Namespace) -> int:
    """List what is found; 1 where something is broken or there is nothing."""
    bundles = [_bundle(folder) for folder in _folders()]
    if arguments.json:
        print(json.dumps(bundles, indent=2))
    else:
        for bundle in bundles:
            print("\n".join(_in_words(bundle)))
        if not bundles:
            print(f"No model bundle in {' or '.join(map(str, _roots()))}.")
    whole = all(m["matches"] for b in bundles for m in (b, *b["experts"]))
    return 0 if bundles and whole else 1


def _roots() -> tuple[Path, ...]:
    """Return where bundles are looked for: shipped, the user's own, and adapted."""
    own = paths.user_data()
    return paths.shipped_models(), own / "models", own / "library" / "models"


def _folders() -> Iterator[Path]:
    for root in _roots():
        for manifest in sorted(root.glob(f"*/{MANIFEST}")):
            yield manifest.parent


def _bundle(folder: Path) -> dict[str, Any]:
    """Return what a bundle says of itself, or what is wrong with it."""
    experts = [
        _expert(m.parent) for m in sorted(folder.glob(f"{_EXPERTS}/*/{MANIFEST}"))
    ]
    found = {"path": str(folder), "name": folder.name, "experts": experts}
    try:
        manifest, sha256 = read_model_manifest(folder)
        found |= {
            "name": manifest.name,
            "version": manifest.version,
            "sha256": sha256,
            "trained_on": manifest.trained_on,
            "licence": manifest.licence,
            "intended_use": manifest.intended_use,
        }
        for graph in (manifest.frame, manifest.temporal):
            check_hash(graph.file, graph.sha256)
    except ManifestError as error:
        return found | {"matches": False, "problem": str(error)}
    return found | {"matches": True, "problem": None}


def _expert(folder: Path) -> dict[str, Any]:
    """Return what an expert says of itself, or what is wrong with it."""
    found: dict[str, Any] = {"path": str(folder), "name": folder.name}
    try:
        manifest, sha256 = read_expert_manifest(folder)
        found |= {
            "name": manifest.name,
            "version": manifest.version,
            "sha256": sha256,
            "target": manifest.target,
            "kind": manifest.kind,
            "classes": list(manifest.classes),
            "checked_on": manifest.checked_on,
            "trained_on": {
                "clips": manifest.trained_on.clips,
                "patients": manifest.trained_on.patients,
                "text": manifest.trained_on.text,
            },
            "licence": manifest.licence,
            "intended_use": manifest.intended_use,
        }
        check_hash(manifest.file, manifest.sha256)
    except ManifestError as error:
        return found | {"matches": False, "problem": str(error)}
    return found | {"matches": True, "problem": None}


def _in_words(bundle: dict[str, Any]) -> list[str]:
    lines = [_headline(bundle), f"  folder      {bundle['path']}"]
    if bundle["matches"]:
        lines += [
            f"  trained on  {bundle['trained_on']}",
            f"  licence     {bundle['licence']}",
        ]
    for expert in bundle["experts"]:
        lines.append(f"  expert      {_headline(expert)}")
        if expert["matches"]:
            trained = expert["trained_on"]
            lines.append(
                f"              {expert['target']} ({expert['kind']}), trained on "
                f"{trained['clips']} clips of {trained['patients']} patients"
            )
    return lines


def _headline(found: dict[str, Any]) -> str:
    if not found["matches"]:
        return f"{found['name']}  BROKEN: {found['problem']}"
    return f"{found['name']} {found['version']}  {found['sha256'][:12]}, files match"
