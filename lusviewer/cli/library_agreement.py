"""``lusviewer library agreement``: how far two raters agree, as a table or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lusviewer import paths
from lusviewer.errors import LibraryError
from lusviewer.export.tabular import plain
from lusviewer.inference.bundle import read_model_manifest
from lusviewer.library.agreement import MODEL, agreement, thresholds_of

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from lusviewer.cancel import CancelToken
    from lusviewer.library import Library
    from lusviewer.library.agreement import Agreement, NumberAgreement, TaskAgreement
    from lusviewer.library.agreement_figures import Estimate


def show_agreement(
    library: Library, arguments: argparse.Namespace, _cancel: CancelToken
) -> int:
    """Print how far two raters agree; return the exit status."""
    names = [name.strip() for name in arguments.raters.split(",")]
    if len(names) != 2 or not all(names):
        msg = f"{arguments.raters!r} does not name two raters."
        raise LibraryError(msg, hint="Write --raters A,B; 'model' is one, too.")
    if arguments.model is not None and MODEL in names:
        _require_last(library, arguments.model)
    thresholds = thresholds_of(library, arguments.model or paths.default_bundle())
    found = agreement(library, names[0], names[1], thresholds)
    if arguments.json:
        print(json.dumps(plain(as_json(found))))
    else:
        _tell(found)
    return 0


def _require_last(library: Library, bundle: Path) -> None:
    """Refuse thresholds of a model that is not the one whose answers are compared."""
    manifest, sha256 = read_model_manifest(bundle)
    models = library.analyses.models()
    if models and models[0].sha256 != sha256:
        last = f"{models[0].name} {models[0].version} ({models[0].sha256[:12]})"
        msg = f"{manifest.name} {manifest.version} ({sha256[:12]}) did not look last."
        hint = f"That was {last}: name its folder, or analyse the library anew."
        raise LibraryError(msg, hint=hint)


def as_json(found: Agreement) -> dict[str, Any]:
    """Return what was found as JSON can hold it, once NaN is made null."""
    return {
        "raters": [found.first, found.second],
        "clips": found.common,
        "tasks": [_task(one) for one in found.tasks],
        "numbers": [_number(one) for one in found.numbers],
        "by_experts": list(found.by_experts),
    }


def _task(one: TaskAgreement) -> dict[str, Any]:
    return {
        "task": one.task,
        "label": one.label or None,
        "clips": one.clips,
        "patients": one.patients,
        "not_assessable": one.not_assessable,
        "agreed": one.agreed,
        "kappa": _estimate(one.kappa),
        "weights": "linear" if one.weighted else None,
        "classes": list(one.classes),
        "confusion": [list(row) for row in one.confusion],
        "apart": [
            {"clip": apart.clip_id, "said": [apart.first, apart.second]}
            for apart in one.apart
        ],
    }


def _number(one: NumberAgreement) -> dict[str, Any]:
    figures = one.figures
    return {
        "what": one.what,
        "pairs": len(one.pairs),
        "clips": one.clips,
        "patients": one.patients,
        "bias": _estimate(figures.bias),
        "sd": figures.sd,
        "lower_limit": _estimate(figures.lower),
        "upper_limit": _estimate(figures.upper),
    }


def _estimate(one: Estimate) -> dict[str, float]:
    return {"value": one.value, "lower": one.lower, "upper": one.upper}


def _tell(found: Agreement) -> None:
    if found.tasks:
        print(f"{'':32} {'kappa (95 % interval)':24} agreed  clips patients")
    for one in found.tasks:
        mark = " weighted" if one.weighted else ""
        print(
            f"{one.name:32} {_words(one.kappa):24} {one.agreed:5.0%} "
            f"{one.clips:6} {one.patients:8}{mark}"
        )
    if found.by_experts:
        print(
            f"By experts: {', '.join(found.by_experts)}. Where they learned from these "
            "labels, this says nothing of other patients."
        )
    for number in found.numbers:
        figures = number.figures
        print(
            f"{number.words}: {len(number.pairs)} pairs, bias {_words(figures.bias)}, "
            f"limits {_words(figures.lower)} to {_words(figures.upper)}"
        )


def _words(one: Estimate) -> str:
    return one.words or "not defined"
