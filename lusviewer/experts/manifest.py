"""What an expert's manifest says, read strictly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lusviewer.experts.features import is_feature
from lusviewer.experts.tree import Tree
from lusviewer.inference.fields import Fields, read_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KINDS: Final = ("tree", "logistic", "mlp", "forest", "svm")


@dataclass(frozen=True, slots=True)
class TrainedOn:
    """How much an expert has seen."""

    clips: int
    patients: int
    text: str


@dataclass(frozen=True, slots=True)
class ExpertManifest:
    """What an expert says of itself.

    ``coefficients`` ``(n_classes, n_features)`` apply to features less their
    ``means`` over their ``scales``; ``means`` also stand in for missing values.
    ``model_sha256`` is the bundle it decides on, where it was fitted to one.
    """

    name: str
    version: str
    target: str
    classes: tuple[str, ...]
    feature_names: tuple[str, ...]
    kind: str
    file: Path
    sha256: str
    calibrated: bool
    abstain_below: float
    tree: Tree | None
    coefficients: tuple[tuple[float, ...], ...] | None
    means: tuple[float, ...] | None
    scales: tuple[float, ...] | None
    trained_on: TrainedOn
    metrics: Mapping[str, Any]
    checked_on: str
    licence: str
    intended_use: str
    model_sha256: str | None = None


def read_expert_manifest(folder: Path) -> tuple[ExpertManifest, str]:
    """Return the manifest in ``folder`` and its SHA-256; opens no graph."""
    fields, sha256 = read_manifest(folder)
    fields.schema()
    classes, names = fields.texts("classes"), _feature_names(fields)
    kind = fields.one_of("kind", KINDS)
    manifest = ExpertManifest(
        name=fields.text("name"),
        version=fields.text("version"),
        target=fields.text("target"),
        classes=classes,
        feature_names=names,
        kind=kind,
        file=fields.file_name("file"),
        sha256=fields.text("sha256").lower(),
        calibrated=fields.flag("calibrated"),
        abstain_below=fields.probability("abstain_below"),
        tree=_tree(fields, kind, len(names), len(classes)),
        coefficients=_coefficients(fields, kind, len(names), len(classes)),
        means=_row(fields, "feature_means", len(names)),
        scales=_scales(fields, kind, len(names)),
        trained_on=_trained_on(fields.child("trained_on")),
        metrics=fields.anything("metrics"),
        checked_on=fields.one_of("checked_on", ("real", "phantom")),
        licence=fields.text("licence"),
        intended_use=fields.text("intended_use"),
        model_sha256=_model(fields),
    )
    fields.close()
    return manifest, sha256


def _feature_names(fields: Fields) -> tuple[str, ...]:
    names = fields.texts("feature_names")
    if unknown := [name for name in names if not is_feature(name)]:
        expected = "values of a clip: biomarkers, measured, embedding, clinical"
        raise fields.wrong(expected, unknown[0], "feature_names")
    return names


def _tree(fields: Fields, kind: str, n_features: int, n_classes: int) -> Tree | None:
    if kind != "tree":
        fields.exactly("tree", None)
        return None
    return Tree.read(fields.child("tree"), n_features, n_classes)


def _coefficients(
    fields: Fields, kind: str, n_features: int, n_classes: int
) -> tuple[tuple[float, ...], ...] | None:
    if kind != "logistic":
        fields.exactly("coefficients", None)
        return None
    rows = fields.table("coefficients", n_features)
    if len(rows) != n_classes:
        expected = f"{n_classes} rows, one a class"
        raise fields.wrong(expected, f"{len(rows)} rows", "coefficients")
    return rows


def _row(fields: Fields, key: str, length: int) -> tuple[float, ...] | None:
    if fields.has(key):
        return fields.numbers(key, length)
    return None


def _scales(fields: Fields, kind: str, length: int) -> tuple[float, ...] | None:
    scales = _row(fields, "feature_scales", length)
    if kind == "logistic" and (scales is None or min(scales) <= 0):
        expected = f"{length} numbers above 0"
        raise fields.wrong(expected, scales, "feature_scales")
    return scales


def _model(fields: Fields) -> str | None:
    if fields.has("model_sha256"):
        return fields.text("model_sha256").lower()
    return None


def _trained_on(fields: Fields) -> TrainedOn:
    trained_on = TrainedOn(
        fields.integer("clips"), fields.integer("patients"), fields.text("text")
    )
    fields.close()
    return trained_on
