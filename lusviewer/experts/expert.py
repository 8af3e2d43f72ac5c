"""An expert: named features in, calibrated probabilities with their reasons out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.errors import ManifestError
from lusviewer.experts.explain import explain, words_apart
from lusviewer.experts.features import CLINICAL, feature_range, feature_words
from lusviewer.experts.manifest import ExpertManifest, read_expert_manifest
from lusviewer.findings import Prediction, Reason
from lusviewer.inference.fields import MANIFEST, check_hash
from lusviewer.inference.session import OnnxSession, Tensor
from lusviewer.inference.signature import check_tensors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_INPUT, _OUTPUT = "features", "probabilities"
_NEW_COPY: Final = "The head is not the one the manifest speaks of: ask its maker."
_TREE_TOLERANCE: Final = 1e-3

VERSIONS: Final = ".versions"
"""Where a store keeps the experts that others replaced."""

MISSING_MAX: Final = 0.5
"""With a larger share of its features unknown an expert abstains."""


@dataclass(frozen=True, slots=True)
class Expert:
    """A head that answers one clinical question from a clip's features.

    ``sha256`` is that of its manifest, which names the graph's: it tells versions.
    """

    manifest: ExpertManifest
    head: OnnxSession
    sha256: str

    def predict(self, features: Mapping[str, float], cancel: CancelToken) -> Prediction:
        """Return the probabilities of the classes, with reasons in words.

        It abstains where a feature is impossible, where one is missing and has no
        mean to stand in, and where no class is probable enough. Raises
        ``ManifestError`` where a feature it needs is not among ``features``.
        """
        manifest = self.manifest
        features = _with_clinical(manifest.feature_names, features)
        if unknown := [n for n in manifest.feature_names if n not in features]:
            msg = f"{manifest.name}: no value for {', '.join(unknown)}."
            raise ManifestError(msg, hint="Analyse the clip with a newer bundle.")
        given = {name: float(features[name]) for name in manifest.feature_names}
        if why := _impossible(given):
            return self.abstain(why)
        values, notes = self._filled(given)
        missing = [name for name in values if math.isnan(values[name])]
        if missing or len(notes) > MISSING_MAX * len(values):
            names = missing or [note.feature for note in notes]
            words = ", ".join(map(feature_words, names))
            return self.abstain(f"No value for: {words}.")
        row = np.array([list(values.values())], np.float32)
        found = self.head.run({_INPUT: row}, cancel)[_OUTPUT][0]
        probabilities = tuple(float(p) for p in found)
        best = int(np.argmax(found))
        # Heads answer in float32: a leaf of 0.9 is 0.8999999762 there.
        least = float(np.float32(manifest.abstain_below))
        unsure = probabilities[best] < least
        has, limit = words_apart(probabilities[best], least)
        why = f"No class is probable enough: the best has {has}, below {limit}."
        return Prediction(
            expert=manifest.name,
            target=manifest.target,
            classes=manifest.classes,
            probabilities=probabilities,
            abstained=unsure,
            why=why if unsure else "",
            reasons=(*explain(manifest, row[0], best), *notes),
        )

    def abstain(self, why: str) -> Prediction:
        """Return the prediction of an expert that does not commit itself, and why."""
        manifest = self.manifest
        even = 1 / len(manifest.classes)
        return Prediction(
            expert=manifest.name,
            target=manifest.target,
            classes=manifest.classes,
            probabilities=(even,) * len(manifest.classes),
            abstained=True,
            why=why,
        )

    def _filled(
        self, given: Mapping[str, float]
    ) -> tuple[dict[str, float], tuple[Reason, ...]]:
        """Return the values with means in place of missing ones, and notes on those."""
        values, notes = dict(given), []
        means = self.manifest.means
        if means is None:
            return values, ()
        for name, mean in zip(self.manifest.feature_names, means, strict=True):
            if math.isnan(values[name]):
                values[name] = mean
                words = f"{feature_words(name)} is not known: {mean:.2f} is usual"
                notes.append(Reason(name, mean, words))
        return values, tuple(notes)


def load_experts(folder: Path, device: str = "cpu") -> tuple[Expert, ...]:
    """Return the experts in use in ``folder``, by name; none if it is not there.

    Raises ``ManifestError`` for the first that is wrong.
    """
    return tuple(open_expert(one, device) for one in folders_in_use(folder).values())


def folders_in_use(folder: Path) -> dict[str, Path]:
    """Return where the experts in use in ``folder`` lie, by name.

    Where a promotion was killed between taking the old one away and putting the new
    one there, it is the old one, from where it was put away.
    """
    manifests = folder.glob(f"*/{MANIFEST}")
    found = {file.parent.name: file.parent for file in manifests}
    for kept in (folder / VERSIONS).glob("*/"):
        numbers = versions_of(folder, kept.name)
        if numbers and kept.name not in found:
            found[kept.name] = kept / str(max(numbers))
    return {name: found[name] for name in sorted(found) if not name.startswith(".")}


def versions_of(folder: Path, name: str) -> list[int]:
    """Return the numbers of the versions that an expert in ``folder`` replaced."""
    kept = (folder / VERSIONS / name).glob("*/")
    return [int(one.name) for one in kept if one.name.isdecimal()]


def open_expert(folder: Path, device: str = "cpu") -> Expert:
    """Return the expert in ``folder``, its hash and graph checked, run once."""
    manifest, sha256 = read_expert_manifest(folder)
    check_hash(manifest.file, manifest.sha256)
    head = OnnxSession(manifest.file, device)
    expert = Expert(manifest, head, sha256)
    _check_signature(manifest, head)
    _check_runs(expert)
    return expert


def _with_clinical(
    names: tuple[str, ...], features: Mapping[str, float]
) -> Mapping[str, float]:
    """Return ``features`` with what only the exam knows as missing, where it is."""
    asked = [name for name in names if name.startswith(CLINICAL)]
    return {**dict.fromkeys(asked, math.nan), **features} if asked else features


def _impossible(given: Mapping[str, float]) -> str:
    """Say which feature has a value it cannot have; empty where none has."""
    for name, value in given.items():
        lower, upper = feature_range(name)
        if value < lower or value > upper or math.isinf(value):
            return f"{feature_words(name)} cannot be {value:g}."
    return ""


def _check_signature(manifest: ExpertManifest, head: OnnxSession) -> None:
    given = Tensor(_INPUT, "float32", (1, len(manifest.feature_names)))
    made = Tensor(_OUTPUT, "float32", (1, len(manifest.classes)))
    check_tensors(manifest.file, "input", (given,), head.inputs)
    check_tensors(manifest.file, "output", (made,), head.outputs)


def _check_runs(expert: Expert) -> None:
    """Refuse a head that gives no probabilities, or other ones than its tree."""
    manifest = expert.manifest
    rows = np.zeros((1, len(manifest.feature_names)), np.float32)
    if manifest.tree is not None:
        rows = manifest.tree.witnesses(len(manifest.feature_names))
    for row in rows:
        found = _run(expert, row)
        if found.shape != (len(manifest.classes),) or not _are_probabilities(found):
            msg = f"{manifest.file} gives {found}: those are no probabilities."
            raise ManifestError(msg, hint=_NEW_COPY)
        if manifest.tree is not None:
            stated = manifest.tree.probabilities[manifest.tree.path(row)[-1]]
            if np.abs(found - stated).max() > _TREE_TOLERANCE:
                msg = f"{manifest.file} gives {found} where its tree says {stated}."
                raise ManifestError(msg, hint=_NEW_COPY)


def _run(expert: Expert, row: NDArray[np.float32]) -> NDArray[np.float32]:
    outputs = expert.head.run({_INPUT: row[None]}, CancelToken())
    found: NDArray[np.float32] = outputs[_OUTPUT][0]
    return found


def _are_probabilities(found: NDArray[np.float32]) -> bool:
    fits = (
        np.isfinite(found).all() and (found >= -1e-5).all() and (found <= 1.001).all()
    )
    return bool(fits) and abs(float(found.sum()) - 1) < 1e-2
