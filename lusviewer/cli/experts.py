"""``lusviewer experts``: which are in use, comparing, promoting, handing on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lusviewer import paths
from lusviewer.cancel import CancelToken
from lusviewer.errors import ModelError, TrainingError
from lusviewer.experts.in_use import in_use
from lusviewer.experts.listing import list_experts
from lusviewer.experts.packing import (
    pack_expert,
    packed_name,
    unpack_expert,
)
from lusviewer.experts.store import ExpertStore
from lusviewer.experts.trained import list_trained, not_in_use
from lusviewer.files import free_folder
from lusviewer.inference.bundle import read_model_manifest
from lusviewer.inference.fields import MANIFEST

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from lusviewer.experts.listing import Listed
    from lusviewer.experts.manifest import ExpertManifest
    from lusviewer.experts.store import Installed
    from lusviewer.experts.trained import Trained


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; 0 where all went well, 1 where an expert is not whole."""
    return _ACTIONS[arguments.action](arguments)


def _list(arguments: argparse.Namespace) -> int:
    listed = list_experts(_bundle(arguments), _store(arguments).folder)
    found = [_described(one) for one in listed]
    resting = _resting(arguments, listed)
    if arguments.json:
        print(json.dumps(found + resting, indent=1))
    else:
        for one in found:
            print("\n".join(_in_words(one)))
        for one in resting:
            print("\n".join(_resting_in_words(one)))
    return 0 if all(one["problem"] is None for one in found) else 1


def _described(one: Listed) -> dict[str, Any]:
    """Return what an expert in use says of itself, and what it replaced."""
    found: dict[str, Any] = {"name": one.name, "folder": str(one.folder)}
    found |= {"own": one.own, "earlier": [_version(old) for old in one.earlier]}
    found |= {"in_use": True, "problem": one.problem or None}
    if one.manifest is None:
        return found
    return found | _says(one.manifest) | {"fits_the_model": one.fits}


def _says(manifest: ExpertManifest) -> dict[str, Any]:
    return {
        "manifest_name": manifest.name,
        "version": manifest.version,
        "target": manifest.target,
        "kind": manifest.kind,
        "classes": list(manifest.classes),
        "trained_on": manifest.trained_on.text,
    }


def _resting(
    arguments: argparse.Namespace, listed: Sequence[Listed]
) -> list[dict[str, Any]]:
    """Return what was trained on the library asked for and is not in use."""
    if arguments.library is None:
        return []
    from lusviewer.library.named import require_library  # noqa: PLC0415 - slow

    require_library(arguments.library)
    _, sha256 = read_model_manifest(_bundle(arguments))
    trained = list_trained(arguments.library.absolute(), CancelToken())
    return [_trained(one, sha256) for one in not_in_use(trained, listed)]


def _trained(one: Trained, model_sha256: str) -> dict[str, Any]:
    known, manifest = one.validation, one.manifest
    auc = known.scores.auc
    return {
        "name": manifest.name,
        "folder": str(one.folder),
        "own": True,
        "earlier": [],
        "in_use": False,
        "problem": None,
        **_says(manifest),
        "fits_the_model": manifest.model_sha256 in (None, model_sha256),
        "auc": {"value": auc.value, "interval": [auc.lower, auc.upper]},
        "created_utc": known.provenance.created_utc,
    }


def _version(one: Installed) -> dict[str, Any]:
    return {"number": one.number, "version": one.version, "folder": str(one.folder)}


def _in_words(found: dict[str, Any]) -> list[str]:
    if found["problem"] is not None:
        return [f"{found['name']}  BROKEN: {found['problem']}"]
    whose = "your own" if found["own"] else "came with the model"
    if found["manifest_name"] != found["name"]:
        whose += f" ({found['manifest_name']})"
    lines = [
        f"{found['name']} {found['version']}  {found['target']} ({found['kind']}), "
        f"{whose}: {found['trained_on']}"
    ]
    if not found["fits_the_model"]:
        lines.append("    abstains: it was fitted to another model")
    lines += [f"    before: {one['version']}" for one in found["earlier"]]
    return lines


def _resting_in_words(found: dict[str, Any]) -> list[str]:
    lines = [
        f"{found['name']} {found['version']}  {found['target']} ({found['kind']}), "
        f"not in use: {found['trained_on']}",
        f"    AUC {_auc(found['auc'])} on patients left out, "
        f"trained {found['created_utc']}",
    ]
    if found["fits_the_model"]:
        return [*lines, f"    to promote: {found['folder']}"]
    where = f"it cannot be promoted: {found['folder']}"
    return [*lines, f"    fitted to another model, {where}"]


def _auc(told: dict[str, Any]) -> str:
    figures = (told["value"], *told["interval"])
    if None in figures:
        return "not known"
    return "{:.2f} ({:.2f} to {:.2f})".format(*figures)


def _promote(arguments: argparse.Namespace) -> int:
    _, sha256 = read_model_manifest(_bundle(arguments))
    store = _store(arguments)
    source = _folder_of(arguments.expert)
    expert = store.install(source, arguments.name, model_sha256=sha256)
    manifest, place = expert.manifest, expert.manifest.file.parent
    under = "" if place.name == manifest.name else f" as {place.name}"
    print(f"{manifest.name} {manifest.version} is in use{under}: {place}")
    return _refreshed(arguments)


def _refreshed(arguments: argparse.Namespace) -> int:
    from lusviewer.cli.library_predictions import refresh_after  # noqa: PLC0415 - slow

    return refresh_after(arguments, _bundle(arguments), _store(arguments).folder)


def _export(arguments: argparse.Namespace) -> int:
    known = in_use(_bundle(arguments), _store(arguments).folder)
    folder = known.get(arguments.expert) or _folder_of(Path(arguments.expert))
    manifest = pack_expert(folder, arguments.file).manifest
    print(f"{manifest.name} {manifest.version} is in {arguments.file}")
    return 0


def _import(arguments: argparse.Namespace) -> int:
    from lusviewer.library import default_folder  # noqa: PLC0415 - slow
    from lusviewer.library.named import require_library  # noqa: PLC0415 - slow

    if arguments.name and not arguments.promote:
        msg = f"--name {arguments.name} says whose place it takes in use."
        raise ModelError(msg, hint="Add --promote, or leave --name away.")
    if arguments.library is not None:
        require_library(arguments.library)
    _, sha256 = read_model_manifest(_bundle(arguments))
    name = packed_name(arguments.file)
    place = (arguments.library or default_folder()).absolute() / "experts"
    out = arguments.out or free_folder(place, name)
    manifest = unpack_expert(arguments.file, out, sha256).manifest
    print(f"{manifest.name} {manifest.version} is in {out}")
    if not arguments.promote:
        return 0
    arguments.expert = out
    return _promote(arguments)


def _folder_of(folder: Path) -> Path:
    if not (folder / MANIFEST).is_file():
        msg = f"{folder} holds no expert: there is no {MANIFEST}."
        raise ModelError(
            msg, hint="Give the folder that 'lusviewer train expert' made."
        )
    return folder


def _rollback(arguments: argparse.Namespace) -> int:
    store, name = _store(arguments), arguments.name
    if name not in store.names():
        own = ", ".join(store.names()) or "none"
        msg = f"{name} is not one of your own experts: {own}."
        hint = "Those that came with the model are never replaced."
        raise ModelError(msg, hint=hint)
    if any(one.number is not None for one in store.versions(name)):
        expert = store.roll_back(name)
        print(f"{name} {expert.manifest.version} is in use again")
        return _refreshed(arguments)
    store.withdraw(name)
    came = name in in_use(_bundle(arguments), store.folder)
    print(f"{name}: {'the one of the model is in use again' if came else 'none now'}")
    return _refreshed(arguments)


def _compare(arguments: argparse.Namespace) -> int:
    try:
        from lusviewer.training.local.comparing import (  # noqa: PLC0415 - needs the extra
            compare_experts,
        )
    except ImportError as error:
        msg = f"'lusviewer experts compare' needs the extra 'training': {error}."
        hint = "Install it: pip install 'lusviewer[training]'."
        raise TrainingError(msg, hint=hint) from error
    bundle, store = _bundle(arguments), _store(arguments)
    known = in_use(bundle, store.folder)
    folders = {
        text: known.get(text) or _folder_of(Path(text))
        for text in (arguments.expert, arguments.other)
    }
    _, sha256 = read_model_manifest(bundle)
    found = compare_experts(arguments.library, folders, sha256, arguments.rater)
    if arguments.json:
        print(json.dumps(found, indent=1))
        return 0
    print("\n".join(_compared_in_words(arguments, found)))
    return 0


def _compared_in_words(
    arguments: argparse.Namespace, found: dict[str, Any]
) -> list[str]:
    lines = [f"{found['clips']} clips of {found['patients']} patients"]
    for key, words in (("auc", "AUC"), ("accuracy", "accuracy")):
        parts = found[key]
        lines += [
            f"{words:9} {arguments.expert}: {_figure(parts['own'])}",
            f"{'':9} {arguments.other}: {_figure(parts['rival'])}",
            f"{'':9} difference: {_figure(parts['difference'])}",
        ]
    for name, n in found["of_left_out_patients"].items():
        if n:
            lines.append(f"{name}: {n} answers of versions not fitted on that patient")
    if n := found["learned_from"]:
        lines.append(f"left out: {n} clips of patients whose other clips taught one")
    for name, n in found["abstained"].items():
        if n:
            lines.append(f"{name}: abstains on {n} clips")
    return lines


def _figure(figure: dict[str, Any]) -> str:
    low, high = figure["interval"]
    return f"{figure['value']} ({low} to {high})"


def _bundle(arguments: argparse.Namespace) -> Path:
    folder: Path = arguments.model or paths.default_bundle()
    return folder


def _store(arguments: argparse.Namespace) -> ExpertStore:
    folder = arguments.store or paths.user_experts(_bundle(arguments))
    return ExpertStore(folder.absolute())


_ACTIONS: Final[dict[str, Callable[[Any], int]]] = {
    "list": _list,
    "compare": _compare,
    "promote": _promote,
    "rollback": _rollback,
    "export": _export,
    "import": _import,
}
