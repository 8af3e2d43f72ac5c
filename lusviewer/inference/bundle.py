"""A model bundle: a folder with a manifest and the graphs it vouches for.

Everything that can be wrong with a bundle is an error when it is opened: unknown or
missing keys, other classes or biomarkers than this program's, a file whose hash
differs, a graph whose inputs or outputs are not those stated, a graph that does not
run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.errors import ManifestError
from lusviewer.findings import CLASSES, FINDINGS, LABELS, ModelIdentity
from lusviewer.geometry import GRID
from lusviewer.inference.fields import Fields, check_hash, read_manifest
from lusviewer.inference.session import Device, OnnxSession, Tensor, zeros
from lusviewer.inference.signature import check_made, check_tensors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

LABEL_KEYS: Final = tuple(label.key for label in LABELS)
"""The 38 biomarkers a bundle gives, in order."""

PROBABILITY_KEYS: Final = (*LABEL_KEYS, *(f"finding.{key}" for key in FINDINGS))
"""Everything a bundle gives a probability for, in the saliency's order."""

CHECKED_ON: Final = ("real", "phantom")


@dataclass(frozen=True, slots=True)
class GraphManifest:
    """What the manifest says of one graph."""

    file: Path
    sha256: str
    input: Tensor
    layout: str
    outputs: tuple[Tensor, ...]

    def output(self, name: str) -> Tensor:
        """Return the output ``name``."""
        return next(tensor for tensor in self.outputs if tensor.name == name)


@dataclass(frozen=True, slots=True)
class LungView:
    """How the embedding of a frame tells lung from anything else.

    A frame's score is ``weights`` times its embedding, plus ``bias``; a clip whose
    median score lies below ``threshold`` does not look like lung.
    """

    weights: tuple[float, ...]
    bias: float
    threshold: float

    def scores(self, embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the score of each frame of ``embeddings`` ``(n, features)``."""
        return np.asarray(embeddings @ np.array(self.weights) + self.bias)


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """When a clip can be assessed at all.

    ``pleura_frames_min`` share of frames with a pleura found; ``brightness_min``
    mean grey level, and ``contrast_min`` its standard deviation, in the beam;
    ``shadow_max`` share of the beam in shadow. ``lung_view`` tells lung from other
    views; None where the bundle does not.
    """

    pleura_frames_min: float = 0.1
    brightness_min: float = 6.0
    contrast_min: float = 5.0
    shadow_max: float = 0.8
    lung_view: LungView | None = None


@dataclass(frozen=True, slots=True)
class ModelManifest:
    """What a bundle says of itself.

    ``calibration`` gives scale and offset of a key's logit before the sigmoid;
    ``checked_on`` whether a key was checked on real clips or the phantom alone.
    """

    name: str
    version: str
    frame: GraphManifest
    temporal: GraphManifest
    mean: float
    std: float
    calibration: Mapping[str, tuple[float, float]]
    thresholds: Mapping[str, float]
    checked_on: Mapping[str, str]
    quality: QualityLimits
    trained_on: str
    licence: str
    intended_use: str

    def calibration_of(self, keys: tuple[str, ...]) -> NDArray[np.float32]:
        """Return scale and offset of each of ``keys``, ``(2, n)``."""
        pairs = [self.calibration.get(key, (1.0, 0.0)) for key in keys]
        return np.array(pairs, np.float32).T


@dataclass(frozen=True, slots=True)
class ModelBundle:
    """A bundle whose graphs were checked and are ready to run."""

    folder: Path
    manifest: ModelManifest
    identity: ModelIdentity
    frame: OnnxSession
    temporal: OnnxSession

    @property
    def device(self) -> Device:
        """The device the frames run on, and why it is not the one asked for."""
        return self.frame.device


def open_bundle(
    path: Path,
    *,
    device: str = "auto",
    threads: int = 1,
    cancel: CancelToken | None = None,
) -> ModelBundle:
    """Return the bundle in folder ``path``, checked and run once.

    ``threads`` work on one frame; the temporal head always runs on the CPU. Raises
    ``ManifestError`` for all that is wrong with the folder, with what to do.
    """
    cancel = cancel or CancelToken()
    manifest, sha256 = read_model_manifest(path)
    for graph in (manifest.frame, manifest.temporal):
        cancel.check()
        check_hash(graph.file, graph.sha256)
    frame = _open_graph(manifest.frame, device, threads, cancel)
    temporal = _open_graph(manifest.temporal, "cpu", threads, cancel)
    identity = ModelIdentity(manifest.name, manifest.version, sha256, frame.provider)
    return ModelBundle(path, manifest, identity, frame, temporal)


def read_model_manifest(path: Path) -> tuple[ModelManifest, str]:
    """Return the manifest in folder ``path`` and its SHA-256; opens no graph."""
    fields, sha256 = read_manifest(path)
    fields.schema()
    fields.exactly("classes", list(CLASSES))
    fields.exactly("biomarkers", list(LABEL_KEYS))
    fields.exactly("findings", list(FINDINGS))
    fields.exactly("context_frames", 1)
    graphs = fields.child("graphs")
    frame = _frame_graph(graphs.child("frame"))
    temporal = _temporal_graph(graphs.child("temporal"), frame)
    graphs.close()
    mean, std = _preprocess(fields.child("preprocess"))
    manifest = ModelManifest(
        name=fields.text("name"),
        version=fields.text("version"),
        frame=frame,
        temporal=temporal,
        mean=mean,
        std=std,
        calibration=_calibration(fields.child("calibration")),
        thresholds=_thresholds(fields.child("thresholds")),
        checked_on=_checked_on(fields.child("checked_on")),
        quality=_quality(fields, frame.output("embedding").shape[-1]),
        trained_on=fields.text("trained_on"),
        licence=fields.text("licence"),
        intended_use=fields.text("intended_use"),
    )
    fields.close()
    return manifest, sha256


def _frame_graph(fields: Fields) -> GraphManifest:
    expected = {
        "labels": ("uint8", (1, GRID, GRID)),
        "biomarkers": ("float32", (1, len(LABEL_KEYS))),
        "findings": ("float32", (1, len(FINDINGS))),
        "embedding": ("float32", (1, -1)),
        "saliency": ("float32", (1, len(PROBABILITY_KEYS), -1, -1)),
    }
    given = Tensor("frame", "float32", (1, 1, GRID, GRID))
    return _graph(fields, given, "NCHW", expected)


def _temporal_graph(fields: Fields, frame: GraphManifest) -> GraphManifest:
    expected = {
        "biomarkers": ("float32", (1, -1, len(LABEL_KEYS))),
        "findings": ("float32", (1, -1, len(FINDINGS))),
    }
    size = frame.output("embedding").shape[-1]
    return _graph(
        fields, Tensor("embeddings", "float32", (1, -1, size)), "NTC", expected
    )


def _graph(
    fields: Fields,
    given: Tensor,
    layout: str,
    expected: Mapping[str, tuple[str, tuple[int, ...]]],
) -> GraphManifest:
    file, sha256 = fields.file_name("file"), fields.text("sha256").lower()
    entrance = fields.child("input")
    entrance.exactly("name", given.name)
    entrance.exactly("dtype", given.dtype)
    entrance.exactly("layout", layout)
    entrance.exactly("shape", list(given.shape))
    entrance.close()
    exits = fields.child("outputs")
    outputs = tuple(_output(exits, name, *spec) for name, spec in expected.items())
    exits.close()
    fields.close()
    return GraphManifest(file, sha256, given, layout, outputs)


def _output(exits: Fields, name: str, dtype: str, shape: tuple[int, ...]) -> Tensor:
    fields = exits.child(name)
    fields.exactly("dtype", dtype)
    found = fields.integers("shape")
    free = name in ("embedding", "saliency")  # -1 there: any size the model likes
    fits = len(found) == len(shape) and all(
        size == other or (free and other == -1 and size > 0)
        for size, other in zip(found, shape, strict=True)
    )
    if not fits:
        raise fields.wrong(str(list(shape)), list(found), "shape")
    fields.close()
    return Tensor(name, dtype, found)


def _preprocess(fields: Fields) -> tuple[float, float]:
    fields.exactly("region_crop", expected=True)
    fields.exactly("spacing_mm", None)
    mean, std = fields.number("mean"), fields.positive("std")
    fields.close()
    return mean, std


def _key(fields: Fields, key: str, known: tuple[str, ...]) -> str:
    """Return ``key`` as this program spells it; bare findings are understood."""
    full = f"finding.{key}" if key in FINDINGS else key
    if full not in known:
        msg = f"{fields.file}: '{key}' is neither a biomarker nor a finding."
        raise ManifestError(msg, hint="Remove it, or correct its spelling.")
    return full


def _calibration(fields: Fields) -> dict[str, tuple[float, float]]:
    found = {}
    for key in fields.keys():  # noqa: SIM118 - a copy: the keys are taken away
        scale, offset = fields.numbers(key, 2)
        if scale <= 0:
            expected = "a scale above 0 and an offset"
            raise fields.wrong(expected, scale, key)
        found[_key(fields, key, PROBABILITY_KEYS)] = (scale, offset)
    return found


def _thresholds(fields: Fields) -> dict[str, float]:
    return {
        _key(fields, key, PROBABILITY_KEYS): fields.probability(key)
        for key in fields.keys()  # noqa: SIM118
    }


def _checked_on(fields: Fields) -> dict[str, str]:
    return {
        _key(fields, key, PROBABILITY_KEYS): fields.one_of(key, CHECKED_ON)
        for key in fields.keys()  # noqa: SIM118
    }


def _quality(fields: Fields, embedding: int) -> QualityLimits:
    if not fields.has("quality"):
        return QualityLimits()
    given = fields.child("quality")
    limits = {key: given.number(key) for key in _QUALITY_KEYS if given.has(key)}
    view = (
        _lung_view(given.child("lung_view"), embedding)
        if given.has("lung_view")
        else None
    )
    given.close()
    return QualityLimits(**limits, lung_view=view)


def _lung_view(fields: Fields, embedding: int) -> LungView:
    weights = fields.numbers("weights", embedding)
    view = LungView(weights, fields.number("bias"), fields.number("threshold"))
    fields.close()
    return view


_QUALITY_KEYS: Final = (
    "pleura_frames_min",
    "brightness_min",
    "contrast_min",
    "shadow_max",
)


def _open_graph(
    graph: GraphManifest, device: str, threads: int, cancel: CancelToken
) -> OnnxSession:
    session = OnnxSession(graph.file, device, threads=threads)
    check_tensors(graph.file, "input", (graph.input,), session.inputs)
    check_tensors(graph.file, "output", graph.outputs, session.outputs)
    batch = zeros(graph.input, any_size=3)
    outputs = session.warm_up({graph.input.name: batch}, cancel)
    for tensor in graph.outputs:
        check_made(graph.file, tensor, outputs[tensor.name])
    return session
