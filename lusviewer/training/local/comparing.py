"""Two experts on the labelled clips of a library."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lusviewer.errors import LibraryError, ManifestError, TrainingError
from lusviewer.experts.manifest import read_expert_manifest
from lusviewer.experts.store import VALIDATION, check_model
from lusviewer.library import open_library
from lusviewer.library.named import require_library, require_rater
from lusviewer.training.local.checks import check
from lusviewer.training.local.question import Question, ask
from lusviewer.training.local.rivals import read_rival, side_by_side
from lusviewer.training.local.samples import INPUTS, Choice, read_samples

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lusviewer.library import Library


def compare_experts(
    folder: Path | None,
    experts: Mapping[str, Path],
    model_sha256: str,
    rater: str | None = None,
) -> dict[str, Any]:
    """Return the first expert less the second on a library's clips, with intervals.

    Of clips an expert was validated on it counts what experts like it said that were
    not fitted on that patient; other clips of those patients are left out. Raises
    ``ManifestError`` where the two do not answer the same question, ``LibraryError`` or
    ``TrainingError`` where the labels do not do.
    """
    if len(experts) < 2:
        msg = "An expert was to be compared with itself."
        raise ManifestError(msg, hint="Name two different ones.")
    for place in experts.values():
        # Of clips it was not validated on it would decide by another model's values.
        check_model(read_expert_manifest(place)[0], model_sha256)
    if folder is not None:
        require_library(folder)
    with open_library(folder) as library:
        require_rater(library, rater)
        question = _question(library, list(experts.values()))
        choice = Choice(INPUTS, rater)
        samples = read_samples(library, question, model_sha256, choice)
    check(samples)
    own, rival = (read_rival(n, place, samples) for n, place in experts.items())
    fair = own.fair & rival.fair
    if not fair.any():
        msg = f"{own.name} and {rival.name} learned from the patients of every clip."
        raise TrainingError(msg, hint="Label clips of patients new to both.")
    found = side_by_side(samples, own.probabilities, replace(rival, fair=fair))
    left_out = {own.name: own.unseen, rival.name: rival.unseen}
    abstained = {own.name: own.abstained, rival.name: rival.abstained}
    return found | {"of_left_out_patients": left_out, "abstained": abstained}


def _question(library: Library, folders: list[Path]) -> Question:
    """Return what was asked of the experts: the coarser of their questions."""
    stored = [_stored(folder) for folder in folders]
    asked = [one for one in stored if one is not None]
    parted = [one for one in asked if one.cuts or one.has]
    if parted or asked:
        return (parted or asked)[0]
    task = read_expert_manifest(folders[0])[0].target
    tasks = library.labels.tasks()
    if task not in tasks:
        msg = f"The library has no task {task!r}."
        raise LibraryError(msg, hint=f"It has {', '.join(tasks)}.")
    return ask(tasks[task])


def _stored(folder: Path) -> Question | None:
    path = folder / VALIDATION
    if not path.is_file():
        return None
    try:
        said = json.loads(path.read_text(encoding="utf-8"))["question"]
        cuts = tuple(float(cut) for cut in said["cuts"])
        return Question(said["task"], tuple(said["classes"]), cuts, said["has"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{path} cannot be read: {error!r}."
        raise ManifestError(msg, hint="Train the expert again.") from error
