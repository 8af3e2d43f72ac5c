"""The three ways to adapt: what each caches, learns, exports, and is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import torch

from lusviewer.cancel import CancelToken
from lusviewer.errors import TrainingError
from lusviewer.findings import FINDINGS, LABELS
from lusviewer.inference.frames import MEAN, STD
from lusviewer.inference.session import OnnxSession
from lusviewer.training.adapt.cache import (
    ACTIVE,
    EMBEDDED,
    RUNS,
    SEEN,
    Cache,
    embeddings_by,
    frames_of,
)
from lusviewer.training.adapt.lessons import (
    BlockLesson,
    Labels,
    Task,
    TemporalLesson,
    through_runs,
)
from lusviewer.training.adapt.networks import (
    LAST,
    LATE,
    LatePart,
    activations,
    temporal_from,
)
from lusviewer.training.adapt.settings import BLOCK, TEMPORAL
from lusviewer.training.adapt.unlabelled import PretrainLesson, Unlabelled
from lusviewer.training.label_fraction.starts import clip_vector
from lusviewer.training.nets.export_onnx import export_frame, export_temporal
from lusviewer.training.nets.from_onnx import network_from
from lusviewer.training.nets.temporal import embed
from lusviewer.training.pretrain.clips import Recording

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.inference.bundle import ModelBundle
    from lusviewer.library import ClipEntry
    from lusviewer.training.adapt.lessons import Lesson
    from lusviewer.training.adapt.settings import AdaptSettings
    from lusviewer.training.adapt.study import Study
    from lusviewer.training.nets.network import TemporalNetwork

    Array = NDArray[np.float32]

FRAME, IN_TIME = "frame.onnx", "temporal.onnx"
_FEWEST: Final = 24

_CHOOSING: Final = 200
"""Clips of validation patients that are asked at each look, at most."""


@dataclass(frozen=True, slots=True)
class Graphs:
    """A bundle's two graphs, opened."""

    frame: OnnxSession
    temporal: OnnxSession

    @classmethod
    def of(cls, folder: Path) -> Graphs:
        """Return those in ``folder``."""
        return cls(
            OnnxSession(folder / FRAME, "cpu"), OnnxSession(folder / IN_TIME, "cpu")
        )

    @classmethod
    def of_bundle(cls, bundle: ModelBundle) -> Graphs:
        """Return those of an open bundle."""
        return cls(bundle.frame, bundle.temporal)

    def logits(self, embeddings: Array) -> Array:
        """Return the temporal head's logits ``(n, 43)`` of ``(n, 128)``."""
        found = self.temporal.run({"embeddings": embeddings[None]}, CancelToken())
        return np.concatenate([found["biomarkers"][0], found["findings"][0]], 1)


class Way(Protocol):
    """One way to adapt a bundle."""

    caches: tuple[Cache, ...]
    """What is made of each clip, in this order; the last is learned from."""

    changed: tuple[str, ...]
    """The graphs that are others afterwards."""

    vectors_are: str
    """In words what the linear heads of the curve see."""

    def lesson(self, study: Study, source: Source) -> Lesson:
        """Return what is made smaller; the networks are then this way's own."""

    def export(self, folder: Path) -> dict[str, float]:
        """Write the graphs that changed; return how far each is from torch."""

    def vector(self, graphs: Graphs, clip: ClipEntry) -> tuple[Array, Array]:
        """Return a clip's features, and its 43 logits as the model answers.

        The logits are the highest frame's; NaN where this way does not change them.
        """


@dataclass(frozen=True, slots=True)
class Source:
    """Where what was cached of a study's clips comes from.

    ``only`` are clips that stand for all others, while time is measured.
    """

    cache: Cache
    clips: Sequence[ClipEntry]
    only: Sequence[ClipEntry] = ()

    def load(self, row: int) -> NDArray[Any]:
        """Return what was cached of the clip in ``row``."""
        if self.only:
            return self.cache.load(self.only[row % len(self.only)])
        return self.cache.load(self.clips[row])

    def recordings(self, rows: NDArray[np.intp]) -> list[Recording]:
        """Return the clips in ``rows``, their frames not yet read."""
        if self.only:
            chosen = islice(cycle(self.only), _FEWEST)
            return [Recording(f"{i}", self.cache.load(c)) for i, c in enumerate(chosen)]
        found = [self.clips[row] for row in rows]
        return [Recording(clip.patient, self.cache.load(clip)) for clip in found]


def way_of(settings: AdaptSettings, bundle: ModelBundle) -> Way:
    """Return the way ``settings`` ask for; refuse a bundle of another kind."""
    manifest = bundle.manifest
    if (manifest.mean, manifest.std) != (MEAN, STD):
        msg = f"{bundle.folder.name} wants other grey values than lus-lite."
        raise TrainingError(msg, hint="Only lus-lite and its descendants are adapted.")
    if settings.what == TEMPORAL:
        return TemporalWay(settings, bundle)
    if settings.what == BLOCK:
        return BlockWay(settings, bundle)
    return PretrainWay(settings, bundle)


def _task(settings: AdaptSettings, study: Study) -> Task:
    name = study.questions[0].name
    asks_finding = (settings.task or "").startswith("finding.") and name in FINDINGS
    return Task(FINDINGS.index(name) if asks_finding else None, settings.seed)


def _labels(settings: AdaptSettings, study: Study, source: Source) -> Labels:
    validation = study.rows("validation")
    if len(validation) > _CHOOSING:
        rng = np.random.default_rng([settings.seed, 61])
        validation = np.sort(rng.choice(validation, _CHOOSING, replace=False))
    truth, learn = study.questions[0].truth, study.rows("learn")
    return Labels(source.load, truth, learn, validation, settings.seed)


class TemporalWay:
    """The temporal head; the frame graph stays as it is, byte for byte."""

    changed: tuple[str, ...] = (IN_TIME,)
    vectors_are = "mean and highest of the temporal head's 43 logits over a clip"

    def __init__(self, settings: AdaptSettings, bundle: ModelBundle) -> None:
        self._settings = settings
        self._temporal = temporal_from(bundle.manifest.temporal.file)
        sha256 = bundle.manifest.frame.sha256
        look = embeddings_by(bundle)
        kept = Cache(settings.library, EMBEDDED, look, sha256)
        self.caches: tuple[Cache, ...] = (kept,)

    def lesson(self, study: Study, source: Source) -> Lesson:
        """Return the lesson."""
        task = _task(self._settings, study)
        labels = _labels(self._settings, study, source)
        return TemporalLesson(self._temporal, task, labels)

    def export(self, folder: Path) -> dict[str, float]:
        """Write the temporal graph."""
        return {IN_TIME: export_temporal(self._temporal, folder / IN_TIME)}

    def vector(self, graphs: Graphs, clip: ClipEntry) -> tuple[Array, Array]:
        """Return what the temporal head says of the cached embeddings."""
        logits = graphs.logits(np.array(self.caches[0].load(clip), np.float32))
        return np.concatenate([logits.mean(0), logits.max(0)]), logits.max(0)


class BlockWay:
    """The encoder's last stage and both heads."""

    changed: tuple[str, ...] = (FRAME, IN_TIME)
    vectors_are = "mean and highest of the embedding over 24 frames of a clip"

    def __init__(self, settings: AdaptSettings, bundle: ModelBundle) -> None:
        self._settings = settings
        self._late = LatePart(network_from(bundle.manifest.frame.file), LAST)
        self._temporal = temporal_from(bundle.manifest.temporal.file)
        runs = Cache(settings.library, RUNS, frames_of(RUNS))

        def look(clip: ClipEntry, cancel: CancelToken) -> NDArray[np.float16]:
            cancel.check()
            return activations(self._late, runs.load(clip))

        sha256 = bundle.manifest.frame.sha256
        kept = Cache(settings.library, ACTIVE, look, sha256)
        self.caches: tuple[Cache, ...] = (runs, kept)

    def lesson(self, study: Study, source: Source) -> Lesson:
        """Return the lesson."""
        task = _task(self._settings, study)
        labels = _labels(self._settings, study, source)
        return BlockLesson(self._late, self._temporal, task, labels)

    def export(self, folder: Path) -> dict[str, float]:
        """Write both graphs."""
        return _export_both(self._late, self._temporal, folder)

    def vector(self, graphs: Graphs, clip: ClipEntry) -> tuple[Array, Array]:
        """Return the embedding of the cached frames, and what the model answers."""
        embeddings = embed(graphs.frame, self.caches[0].load(clip))
        logits = through_runs(
            lambda runs: torch.from_numpy(
                np.stack([graphs.logits(run) for run in runs.numpy()])
            ),
            torch.from_numpy(embeddings),
        )[0]
        found = np.concatenate([embeddings.mean(0), embeddings.max(0)])
        return found, logits.numpy().max(0)


class PretrainWay:
    """The encoder from stride 32 on, without labels; what it answers is held."""

    changed: tuple[str, ...] = (FRAME, IN_TIME)
    vectors_are = "mean and highest of the embedding over 12 frames of a clip"

    def __init__(self, settings: AdaptSettings, bundle: ModelBundle) -> None:
        self._settings, self._bundle = settings, bundle
        self._late = LatePart(network_from(bundle.manifest.frame.file), LATE)
        self._temporal = temporal_from(bundle.manifest.temporal.file)
        kept = Cache(settings.library, SEEN, frames_of(SEEN))
        self.caches: tuple[Cache, ...] = (kept,)

    def lesson(self, study: Study, source: Source) -> Lesson:
        """Return the lesson; no clip of a tested patient is in it."""
        clips = Unlabelled(
            source.recordings(study.rows("learn")),
            source.recordings(study.rows("validation")),
            self._settings.seed,
        )
        return PretrainLesson(
            self._settings.method,
            (self._late, self._temporal),
            self._bundle.manifest.quality.lung_view,
            clips,
        )

    def export(self, folder: Path) -> dict[str, float]:
        """Write both graphs."""
        return _export_both(self._late, self._temporal, folder)

    def vector(self, graphs: Graphs, clip: ClipEntry) -> tuple[Array, Array]:
        """Return the embedding of 12 of the cached frames."""
        found = clip_vector(graphs.frame, self.caches[0].load(clip))
        return found, np.full(len(LABELS) + len(FINDINGS), np.nan, np.float32)


def _export_both(
    late: LatePart, temporal: TemporalNetwork, folder: Path
) -> dict[str, float]:
    return {
        FRAME: export_frame(late.network.eval(), folder / FRAME),
        IN_TIME: export_temporal(temporal, folder / IN_TIME),
    }
