"""The work on experts and their results that leaves the window's thread.

Nothing here knows Qt. Experts, the library and its database are imported inside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from lusviewer import paths
from lusviewer.errors import ManifestError, TrainingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.experts.listing import Listed
    from lusviewer.experts.manifest import ExpertManifest
    from lusviewer.experts.validation import Compared, Validation
    from lusviewer.gui.background import Models
    from lusviewer.gui.study.work import Shelf
    from lusviewer.library.predicting import Refreshed

_PASSES: Final = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a clip of a training is now, and whose it is."""

    path: Path
    patient: str
    missing: bool


@dataclass(frozen=True, slots=True)
class Result:
    """All that is known of the expert in ``folder``.

    ``clips`` has those of the training the library knows, by SHA-256; ``bands`` the
    intervals of the ROC curves by class, where it knows them all. ``misfit`` says why
    the expert cannot be used with the present model, "" where it can.
    """

    folder: Path
    manifest: ExpertManifest
    sha256: str
    validation: Validation
    card: str
    misfit: str
    experts: tuple[Listed, ...]
    clips: Mapping[str, Place] = field(default_factory=dict)
    bands: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def in_use(self) -> Listed | None:
        """The expert in use that is this very one."""
        found = (one for one in self.experts if one.sha256 == self.sha256)
        return next(found, None)

    @property
    def rivals(self) -> tuple[Listed, ...]:
        """The experts in use whose place this one could take."""
        target = self.manifest.target
        return tuple(
            one
            for one in self.experts
            if one.manifest is not None and one.manifest.target == target
        )


@dataclass(frozen=True, slots=True)
class Done:
    """What was done to the experts in use, for the status line.

    ``expert`` is the one that is in use as ``name`` now, if any.
    """

    what: str
    name: str
    version: str = ""
    expert: str = ""


@dataclass(frozen=True, slots=True)
class Stand:
    """The user's own experts in use: their names, and which file each is.

    ``folder`` is theirs, or the nearest above it that exists.
    """

    folder: Path
    in_use: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Match:
    """Two experts on the same clips; ``left_out`` counts answers of ones not fitted."""

    first: str
    second: str
    clips: int
    patients: int
    auc: Compared
    accuracy: Compared
    left_out: Mapping[str, int]


def load(module: str, _cancel: CancelToken) -> Iterator[str]:
    """Yield once a module is imported, so that the window need not wait for it."""
    import_module(module)
    yield module


def list_in_use(bundle: Path, _cancel: CancelToken) -> Iterator[tuple[Listed, ...]]:
    """Yield the experts in use with the model in ``bundle``, once."""
    from lusviewer.experts.listing import list_experts

    yield list_experts(bundle)


def look(bundle: Path, _cancel: CancelToken) -> Iterator[Stand]:
    """Yield which experts of the user's own are in use with ``bundle``, once."""
    from lusviewer.experts.expert import folders_in_use
    from lusviewer.inference.fields import MANIFEST

    store = paths.user_experts(bundle).absolute()
    folder = next(one for one in (store, *store.parents) if one.is_dir())
    found = {name: place / MANIFEST for name, place in folders_in_use(store).items()}
    stats = {name: file.stat() for name, file in found.items() if file.is_file()}
    in_use = tuple((name, one.st_ino, one.st_mtime_ns) for name, one in stats.items())
    yield Stand(folder, in_use)


def read_result(
    folder: Path, bundle: Path, shelf: Shelf, cancel: CancelToken
) -> Iterator[Result]:
    """Yield all that is known of the expert in ``folder``, once."""
    from lusviewer.experts.listing import list_experts
    from lusviewer.experts.manifest import read_expert_manifest
    from lusviewer.experts.store import check_model
    from lusviewer.experts.validation import read_validation
    from lusviewer.inference.bundle import read_model_manifest

    manifest, sha256 = read_expert_manifest(folder)
    validation = read_validation(folder)
    cancel.check()
    misfit = ""
    try:
        check_model(manifest, read_model_manifest(bundle)[1])
    except ManifestError as error:
        misfit = f"{error.message} {error.hint}"
    card = folder / "MODEL_CARD.md"
    clips = _places(validation, shelf)
    yield Result(
        folder=folder,
        manifest=manifest,
        sha256=sha256,
        validation=validation,
        card=card.read_text(encoding="utf-8") if card.is_file() else "",
        misfit=misfit,
        experts=list_experts(bundle),
        clips=clips,
        bands=_bands(validation, clips),
    )


def _places(validation: Validation, shelf: Shelf) -> dict[str, Place]:
    if not shelf.made:
        return {}
    wanted = {answer.sha256 for answer in validation.answers}
    return {
        clip.sha256: Place(clip.path, clip.patient, clip.missing)
        for clip in shelf.library().clips.all()
        if clip.sha256 in wanted
    }


def _bands(
    validation: Validation, clips: Mapping[str, Place]
) -> dict[str, NDArray[np.float64]]:
    import numpy as np

    from lusviewer.gui.results.roc_bands import roc_band

    answers = validation.answers
    if any(answer.sha256 not in clips for answer in answers):
        return {}
    patients = [clips[answer.sha256].patient for answer in answers]
    labels = np.array([answer.label for answer in answers])
    given = np.array([answer.probabilities for answer in answers])
    bands = {}
    for curve in validation.roc:
        column = validation.question.classes.index(curve.name)
        band = roc_band(labels == curve.name, given[:, column], patients)
        if band is not None:
            bands[curve.name] = band
    return bands


def promote(
    folder: Path, name: str, bundle: Path, _cancel: CancelToken
) -> Iterator[Done]:
    """Put the expert in ``folder`` in use as ``name``; all or nothing."""
    from lusviewer.experts.store import ExpertStore
    from lusviewer.inference.bundle import read_model_manifest

    _, model_sha256 = read_model_manifest(bundle)
    store = ExpertStore(paths.user_experts(bundle))
    expert = store.install(folder, name, model_sha256=model_sha256)
    yield Done("promoted", name, expert.manifest.version, expert.manifest.name)


def roll_back(
    name: str, bundle: Path, _cancel: CancelToken, *, to_model: bool
) -> Iterator[Done]:
    """Put an earlier version in use again: the last, or the one of the model."""
    from lusviewer.experts.store import ExpertStore

    store = ExpertStore(paths.user_experts(bundle))
    earlier = [one for one in store.versions(name) if one.number is not None]
    done = Done("rolled back", name)
    for _ in earlier if to_model else earlier[:1]:
        manifest = store.roll_back(name).manifest
        done = Done("rolled back", name, manifest.version, manifest.name)
    if to_model or not earlier:
        store.withdraw(name)
        done = Done("rolled back", name)
    yield done


def export(folder: Path, file: Path, _cancel: CancelToken) -> Iterator[Done]:
    """Write the expert in ``folder`` to one file."""
    from lusviewer.experts.packing import pack_expert

    pack_expert(folder, file)
    yield Done("exported", file.name)


def unpack(
    file: Path, parent: Path, bundle: Path, _cancel: CancelToken
) -> Iterator[Path]:
    """Yield the new folder in ``parent`` that the expert in ``file`` was written to."""
    from lusviewer.experts.packing import packed_name, unpack_expert
    from lusviewer.files import free_folder
    from lusviewer.inference.bundle import read_model_manifest

    _, model_sha256 = read_model_manifest(bundle)
    out = free_folder(parent, packed_name(file))
    unpack_expert(file, out, model_sha256)
    yield out


def refresh(
    shelf: Shelf, models: Models, who: str, cancel: CancelToken
) -> Iterator[Refreshed]:
    """Have the experts in use judge every analysed clip of a library."""
    from lusviewer.library.predicting import refresh_predictions

    if not shelf.made:
        return
    sha256, experts = models.bundle.identity.sha256, models.experts
    for _ in range(_PASSES):
        # Once more: what was analysed meanwhile was judged by those before.
        yield from refresh_predictions(
            shelf.library(), sha256, experts, cancel, who=who
        )


def compare(
    shelf: Shelf, experts: Mapping[str, Path], bundle: Path, _cancel: CancelToken
) -> Iterator[Match]:
    """Yield the first expert less the second on the labelled clips of a library."""
    from lusviewer.inference.bundle import read_model_manifest

    try:
        from lusviewer.training.local.comparing import compare_experts
    except ImportError as error:
        msg = f"Comparing needs the extra 'training': {error}."
        hint = "Install it: pip install 'lusviewer[training]'."
        raise TrainingError(msg, hint=hint) from error
    _, model_sha256 = read_model_manifest(bundle)
    found = compare_experts(shelf.folder, experts, model_sha256)
    first, second = experts
    yield Match(
        first=first,
        second=second,
        clips=found["clips"],
        patients=found["patients"],
        auc=_compared(found["auc"]),
        accuracy=_compared(found["accuracy"]),
        left_out=found["of_left_out_patients"],
    )


def _compared(found: Mapping[str, Any]) -> Compared:
    from lusviewer.experts.validation import Compared, Estimate

    parts = (found[key] for key in ("own", "rival", "difference"))
    return Compared(*(Estimate(one["value"], *one["interval"]) for one in parts))
