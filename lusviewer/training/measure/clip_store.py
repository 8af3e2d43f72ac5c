"""What a bundle says of each clip of a collection, kept so that it is asked once.

Decoded frames depend on how the beam is found, answers on the bundle: each is kept
under a folder named after what it depends on, so that nothing stale is ever read.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer import beam, biomarkers, geometry
from lusviewer.analysis.quality import assess
from lusviewer.analysis.summary import measured_summary
from lusviewer.biomarkers import KEYS as MEASURED_KEYS
from lusviewer.biomarkers import measure, measure_image
from lusviewer.cancel import CancelToken
from lusviewer.errors import ClipError, TrainingError
from lusviewer.experts.features import clip_features
from lusviewer.files import written
from lusviewer.findings import FINDINGS, INDEX, MEASURED, Evidence, Timelines
from lusviewer.geometry import GridMap, grid_mask
from lusviewer.inference import frames as grid_code
from lusviewer.inference.bundle import LABEL_KEYS
from lusviewer.inference.frames import OUTSIDE, run_grid, run_temporal
from lusviewer.training.data.real_clips import located_frames
from lusviewer.training.measure.true_lines import geometry_from, geometry_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import ModuleType

    from numpy.typing import NDArray

    from lusviewer.findings import Quality
    from lusviewer.geometry import FrameGeometry
    from lusviewer.inference.bundle import ModelBundle

    Floats = NDArray[np.float32]

_MEASURED_EVERY: Final = 3
"""Lines are measured on every third frame; probabilities are had on all."""


@dataclass(frozen=True, slots=True)
class Source:
    """A clip of a collection: its name there, its patient and its file."""

    name: str
    patient: str
    path: Path


@dataclass(frozen=True, slots=True)
class ReadClip:
    """What a bundle says of a clip, frame by frame.

    ``frames`` ``(n, 43)`` calibrated probabilities, each frame seen among its
    neighbours; ``embeddings`` ``(n, 128)``; ``measured`` ``(14, n)``, NaN where not
    measured.
    """

    name: str
    patient: str
    frames: Floats
    embeddings: Floats
    measured: Floats

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """The probabilities ``(43,)`` of the clip: the highest over its frames."""
        return np.asarray(self.frames.max(axis=0), np.float64)

    def features(self) -> dict[str, float]:
        """Return the features that experts decide by, as the viewer has them."""
        peaks = [Evidence(float(p), 0) for p in self.probabilities]
        labels = dict(zip(LABEL_KEYS, peaks[: len(LABEL_KEYS)], strict=True))
        return clip_features(
            labels, self._findings(), measured_summary(self._timelines())
        )

    def quality(self, bundle: ModelBundle) -> Quality:
        """Return whether the viewer would take the clip for assessable."""
        return assess(self._timelines(), self._findings(), bundle.manifest)

    def _findings(self) -> dict[str, Evidence | None]:
        peaks = self.probabilities[len(LABEL_KEYS) :]
        return {k: Evidence(float(p), 0) for k, p in zip(FINDINGS, peaks, strict=True)}

    def _timelines(self) -> Timelines:
        timelines = Timelines(np.arange(len(self.frames), dtype=np.float64))
        timelines.values[[INDEX[b.key] for b in MEASURED]] = self.measured
        timelines.analysed[::_MEASURED_EVERY] = True
        timelines.embeddings = self.embeddings
        return timelines


class ClipStore:
    """Decoded clips, and what bundles said of them, under ``folder``."""

    def __init__(self, folder: Path) -> None:
        finding = [beam, geometry, grid_code]
        self._frames = folder / f"frames-{code_hash(finding)}"
        self._said = folder / f"said-{code_hash([*finding, biomarkers])}"

    def read_all(
        self, bundle: ModelBundle, sources: Sequence[Source], cancel: CancelToken
    ) -> list[ReadClip]:
        """Return what ``bundle`` says of each clip; those that do not open are named.

        Raises ``TrainingError`` where none of them opens.
        """
        found = []
        for number, source in enumerate(sources):
            cancel.check()
            try:
                found.append(self.read(bundle, source, cancel))
            except ClipError as error:
                print(error, file=sys.stderr)
            _tell(number + 1, len(sources), source.name)
        if not found:
            msg = "None of the clips could be read."
            raise TrainingError(msg, hint="Give the folder of the collection.")
        return found

    def read(
        self, bundle: ModelBundle, source: Source, cancel: CancelToken
    ) -> ReadClip:
        """Return what ``bundle`` says of a clip."""
        path = self._said / bundle.identity.sha256[:16] / self.file_of(source)
        if not path.is_file():
            frames, place = self.decoded(source, cancel)
            arrays = dict(_said(bundle, frames, place, cancel))
            path.parent.mkdir(parents=True, exist_ok=True)
            with written(path) as file:
                np.savez_compressed(file, allow_pickle=False, **arrays)
        with np.load(path, allow_pickle=False) as stored:
            said = (stored["frames"], stored["embeddings"], stored["measured"])
        return ReadClip(source.name, source.patient, *said)

    def decoded(
        self, source: Source, cancel: CancelToken
    ) -> tuple[NDArray[np.uint8], FrameGeometry]:
        """Return a clip's frames on the grid ``(n, 224, 224)`` and its geometry."""
        path = self._frames / self.file_of(source)
        if not path.is_file():
            frames, place = located_frames(source.path, cancel)
            values = json.dumps(geometry_values(place)).encode()
            path.parent.mkdir(parents=True, exist_ok=True)
            with written(path) as file:
                text = np.frombuffer(values, np.uint8)
                np.savez(file, allow_pickle=False, frames=frames, geometry=text)
        with np.load(path, allow_pickle=False) as stored:
            values = json.loads(stored["geometry"].tobytes())
            return stored["frames"], geometry_from(values)

    @staticmethod
    def file_of(source: Source) -> str:
        """Return the name under which what belongs to a clip is kept."""
        name = f"{source.path.parent.name}/{source.path.name}"
        return f"{hashlib.sha256(name.encode()).hexdigest()[:20]}.npz"


def read_frames(
    bundle: ModelBundle, source: Source, frames: NDArray[np.uint8], place: FrameGeometry
) -> ReadClip:
    """Return what ``bundle`` says of frames ``(n, 224, 224)``; nothing is kept."""
    said = dict(_said(bundle, frames, place, CancelToken()))
    return ReadClip(source.name, source.patient, **said)


def _said(
    bundle: ModelBundle,
    frames: NDArray[np.uint8],
    place: FrameGeometry,
    cancel: CancelToken,
) -> Iterator[tuple[str, Floats]]:
    embeddings = []
    measured = np.full((len(MEASURED_KEYS), len(frames)), np.nan, np.float32)
    mask, grid = grid_mask(place), GridMap.of(place)
    for index, frame in enumerate(frames):
        outputs = run_grid(bundle, frame, cancel)
        embeddings.append(outputs["embedding"][0])
        if index % _MEASURED_EVERY == 0:
            labels = np.where(mask, outputs["labels"][0], OUTSIDE).astype(np.uint8)
            _, values = measure(labels, grid, place)
            values |= measure_image(frame, place)
            measured[:, index] = [values[key] for key in MEASURED_KEYS]
    stacked = np.stack(embeddings)
    yield "frames", np.concatenate(run_temporal(bundle, stacked, cancel), axis=1)
    yield "embeddings", stacked
    yield "measured", measured


def code_hash(modules: Sequence[ModuleType]) -> str:
    """Return a name for the code that finds the beam and resamples it."""
    text = "".join(inspect.getsource(module) for module in modules)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _tell(number: int, count: int, name: str) -> None:
    if number % 20 == 0 or number == count:
        print(f"{number}/{count} {name}", file=sys.stderr, flush=True)
