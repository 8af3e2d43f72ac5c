"""The tuned networks of several starts, each kept as its scores once it is trained."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.files import written
from lusviewer.training.data.real_clips import open_cached
from lusviewer.training.label_fraction.curve import Scores, drawn
from lusviewer.training.label_fraction.judge import rows
from lusviewer.training.label_fraction.library import UNKNOWN
from lusviewer.training.label_fraction.tune import Tuning, clip_scores, tuned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.training.label_fraction.library import Library
    from lusviewer.training.label_fraction.settings import FractionSettings
    from lusviewer.training.label_fraction.starts import Start
    from lusviewer.training.recipe import Event

FRACTIONS: Final = (0.1, 1.0)
_FOLDER: Final = "tuned"


def tuned_scores(
    settings: FractionSettings,
    library: Library,
    files: Sequence[str],
    starts: Sequence[Start],
    cancel: CancelToken,
) -> Iterator[Event]:
    """Train each start on each drawn fraction; keep the tested clips' scores.

    ``library`` has one fold. What was trained before is not trained again.
    """
    folder = settings.run_folder / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    cases = [
        (start, fraction, draw)
        for draw in range(settings.tuned_draws)
        for fraction in FRACTIONS
        for start in starts
    ]
    for number, (start, fraction, draw) in enumerate(cases, 1):
        path = folder / f"{start.name}-{round(100 * fraction)}-{draw}.npz"
        if path.is_file():
            continue
        began = time.monotonic()
        arrays = _one(settings, library, files, (start, fraction, draw), cancel)
        with written(path) as file:
            np.savez(file, allow_pickle=False, **arrays)
        yield {
            "event": "progress",
            "stage": "tune",
            "step": number,
            "steps": len(cases),
            "run": path.stem,
            "seconds": round(time.monotonic() - began, 1),
        }


def _one(
    settings: FractionSettings,
    library: Library,
    files: Sequence[str],
    case: tuple[Start, float, int],
    cancel: CancelToken,
) -> dict[str, Any]:
    """Return the scores of each question ``(clips, classes)``, and how many taught."""
    import torch  # noqa: PLC0415 - only here

    torch.set_num_threads(settings.threads)
    start, fraction, draw = case
    fold, asked = library.folds[0], library.questions
    chosen = _labelled(library, fraction, [settings.seed, draw])
    clips = [open_cached(Path(settings.clips), file).frames for file in files]
    tuning = Tuning(
        settings.tuned_steps,
        settings.tuned_batch,
        settings.tuned_size,
        settings.rate,
        settings.encoder_rate,
        settings.bfloat16,
        settings.seed + draw,
    )
    network = tuned(start.weights(settings.seed), clips, asked, chosen, tuning, cancel)
    values = [np.full((len(files), q.classes), np.nan) for q in asked]
    for index in fold.test:
        for one, scores in zip(
            values, clip_scores(network, clips[index], tuning), strict=True
        ):
            one[index] = scores
    found = {q.name: value for q, value in zip(asked, values, strict=True)}
    people = len({library.patients[i] for i in chosen})
    return found | {"labelled": np.array([people, len(chosen)])}


def _labelled(library: Library, fraction: float, seed: list[int]) -> NDArray[np.intp]:
    """Return the clips of which the answers to all questions are taken as known."""
    learn = library.folds[0].learn
    truths = [question.truth[learn] for question in library.questions]
    known = np.any([truth != UNKNOWN for truth in truths], 0)
    learn, truths = learn[known], [truth[known] for truth in truths]
    names = [library.patients[i] for i in learn]
    return learn[drawn(truths, names, fraction, seed)]


def tuned_figures(settings: FractionSettings, library: Library) -> dict[str, Any]:
    """Return the rows of each question and start, of all that was trained."""
    kept: dict[tuple[str, int], list[Path]] = {}
    for path in sorted((settings.run_folder / _FOLDER).glob("*.npz")):
        name, percent, _ = path.stem.rsplit("-", 2)
        kept.setdefault((name, int(percent)), []).append(path)
    found: dict[str, Any] = {}
    for question in library.questions:
        scores: dict[str, list[Scores]] = {}
        for (start, share), paths in sorted(kept.items()):
            scores.setdefault(start, []).append(_scores(paths, share, question.name))
        found[question.name] = {"starts": rows(library, question, scores)}
    return found


def _scores(paths: Sequence[Path], percent: int, question: str) -> Scores:
    values, counts = [], []
    for path in paths:
        with np.load(path, allow_pickle=False) as stored:
            values.append(stored[question])
            counts.append(stored["labelled"])
    mean = np.mean(counts, 0)
    return Scores(percent / 100, np.stack(values), float(mean[0]), float(mean[1]))
