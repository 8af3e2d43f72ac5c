"""The recipe ``active``: labels spent against accuracy, asked for by the queue."""

from __future__ import annotations

import time
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.errors import TrainingError
from lusviewer.files import written
from lusviewer.findings import FINDINGS
from lusviewer.inference.bundle import LABEL_KEYS, open_bundle
from lusviewer.library import asking, heads, margins, spread
from lusviewer.library.heads import scaled
from lusviewer.training.active import rounds
from lusviewer.training.active.figures import curves, proposal_figures, resampled
from lusviewer.training.active.picture import active_picture
from lusviewer.training.active.rounds import (
    SHARES,
    STRATEGIES,
    Pool,
    folds,
    played,
    proposal_counts,
)
from lusviewer.training.active.settings import ActiveSettings
from lusviewer.training.experts.inputs import embedding
from lusviewer.training.measure.blues import SEVERE, blues_sources
from lusviewer.training.measure.charts import save_chart
from lusviewer.training.measure.clip_store import ClipStore, code_hash
from lusviewer.training.measure.looks import record_look
from lusviewer.training.measure.results import seconds_spent, write_result
from lusviewer.training.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.inference.bundle import ModelBundle
    from lusviewer.training.measure.blues import BluesLabels
    from lusviewer.training.measure.clip_store import ReadClip
    from lusviewer.training.recipe import Event

QUESTIONS: Final = ("a_lines", "b_lines", "severe")

SPLIT: Final = (
    "COVID-BLUeS by patient: each fold of patients is left out to test once, the "
    "clips of the others are labelled in rounds; the first ones are drawn, the same "
    "for every way. Every clip asked for gets all three answers. Mean over seeds, "
    "patients are resampled. Nothing was chosen by these figures"
)


def play(settings: ActiveSettings, cancel: CancelToken) -> Iterator[Event]:
    """Play labelling through on COVID-BLUeS; a way played already is not played again.

    What is kept lies under a name made from the code and the bundle it depends on.
    """
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - comes with sklearn

    look = Path(settings.results) / "looks.json"
    waiting = [way for way in STRATEGIES if not _kept(settings, way).is_file()]
    if not waiting:
        return
    folder, identity = _folder(settings), _bundle(settings).identity
    record_look(look, "covid-blues", "labels asked for in rounds", identity)
    pool = _pool(settings, folder, cancel)
    with threadpool_limits(settings.threads):
        for way in waiting:
            began = time.monotonic()
            scores, counts = _seeds(pool, way, settings, cancel)
            path = _kept(settings, way)
            path.parent.mkdir(parents=True, exist_ok=True)
            with written(path) as file:
                np.savez_compressed(
                    file, allow_pickle=False, scores=scores, counts=counts
                )
            seconds = round(time.monotonic() - began, 1)
            yield {"event": "way", "stage": "play", "way": way, "seconds": seconds}


def finish(settings: ActiveSettings, cancel: CancelToken) -> Iterator[Event]:
    """Write the curves and their picture."""
    began = time.monotonic()
    pool = _pool(settings, _folder(settings), cancel)
    scores, counts = {}, np.zeros(0, np.int64)
    for way in STRATEGIES:
        with np.load(_kept(settings, way), allow_pickle=False) as stored:
            scores[way] = stored["scores"]
            counts = stored["counts"] if way == "queue" else counts
    found = _found(pool, scores, counts, settings)
    picture = active_picture({q: found[q] for q in QUESTIONS})
    save_chart(picture, Path(settings.picture))
    path = Path(settings.results) / "active.json"
    spent = seconds_spent(settings.run_folder)
    spent["finish"] = time.monotonic() - began
    write_result(path, settings, SPLIT, found, spent)
    yield {"event": "result", "file": str(path), "picture": settings.picture}


def _kept(settings: ActiveSettings, way: str) -> Path:
    code = code_hash([asking, heads, margins, spread, rounds])
    bundle = _bundle(settings).identity.sha256[:12]
    drawn = f"{settings.seed}-{settings.seeds}-{settings.folds}"
    return settings.run_folder / f"{code}-{bundle}-{drawn}" / f"{way}.npz"


def _bundle(settings: ActiveSettings) -> ModelBundle:
    return open_bundle(Path(settings.model), device="cpu")


def _pool(settings: ActiveSettings, folder: Path, cancel: CancelToken) -> Pool:
    sources, labels = blues_sources(folder)
    sources = [source for source in sources if _known(labels[source.name])]
    store = ClipStore(Path(settings.cache))
    clips = store.read_all(_bundle(settings), sources, cancel)
    return pool_of(clips, [labels[clip.name] for clip in clips])


def pool_of(clips: Sequence[ReadClip], labels: Sequence[BluesLabels]) -> Pool:
    """Return clips and their labels as the queue sees them in a library."""
    said = np.stack([clip.probabilities for clip in clips])
    prior = np.full((len(clips), len(QUESTIONS)), np.nan)
    for column, name in enumerate(QUESTIONS):
        if name in FINDINGS:
            prior[:, column] = said[:, len(LABEL_KEYS) + FINDINGS.index(name)]
    truth = np.array([[_truth(one, q) for q in QUESTIONS] for one in labels])
    _, patients = np.unique([clip.patient for clip in clips], return_inverse=True)
    return Pool(scaled([said, embedding(clips)]), truth, prior, patients)


def _known(labels: BluesLabels) -> bool:
    return None not in (labels.a_lines, labels.b_lines, labels.severity)


def _truth(labels: BluesLabels, question: str) -> float:
    if question == "severe":
        return float((labels.severity or 0) >= SEVERE)
    return float(bool(labels.shows(question)))


def _seeds(
    pool: Pool, way: str, settings: ActiveSettings, cancel: CancelToken
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return scores ``(seeds, shares, n, q)`` and proposals ``(shares, 2, 3, n)``."""
    n, q = pool.truth.shape
    scores = np.full((settings.seeds, len(SHARES), n, q), np.nan)
    counts = np.zeros((len(SHARES), 2, 3, n), np.int64)
    for seed in range(settings.seeds):
        drawn = settings.seed + seed
        for fold, test in enumerate(folds(pool.patients, settings.folds, drawn)):
            each = played(pool, test, STRATEGIES[way], [drawn, fold])
            for index, one in enumerate(each):
                cancel.check()
                scores[seed, index, test] = one.scores
                if way == "queue":
                    counts[index] += proposal_counts(one.asked, pool.truth)
    return scores, counts


def _found(
    pool: Pool,
    scores: dict[str, NDArray[np.float64]],
    counts: NDArray[np.int64],
    settings: ActiveSettings,
) -> dict[str, Any]:
    weights = resampled(pool.patients, settings.resamples, settings.seed)
    found: dict[str, Any] = {
        "clips": len(pool.truth),
        "patients": len(np.unique(pool.patients)),
    }
    for column, question in enumerate(QUESTIONS):
        truth = pool.truth[:, column]
        said = {way: table[..., column] for way, table in scores.items()}
        found[question] = {"positives": int(truth.sum())}
        found[question] |= curves(truth, said, SHARES, weights)
    found["go_together"] = _together(pool)
    found["proposals"] = {
        f"{share:g}": proposal_figures(counts[index], weights)
        for index, share in enumerate(SHARES[:-1])
    }
    return found


def _together(pool: Pool) -> dict[str, Any]:
    """Return each pair's correlation, and how many clips show both."""
    phi = margins.correlation(pool.truth, np.arange(len(QUESTIONS))).phi
    return {
        f"{QUESTIONS[a]}, {QUESTIONS[b]}": {
            "correlation": round(float(phi[a, b]), 3),
            "clips_with_both": int((pool.truth[:, a] * pool.truth[:, b]).sum()),
        }
        for a, b in combinations(range(len(QUESTIONS)), 2)
    }


def _folder(settings: ActiveSettings) -> Path:
    named = settings.blues or (
        str(Path(settings.real).parent / "covid-blues") if settings.real else ""
    )
    if not named or not Path(named).is_dir():
        msg = f"The folder of COVID-BLUeS is not there: {named or 'not given'}."
        hint = "Set 'blues', or name the folder of POCUS beside it with --real."
        raise TrainingError(msg, hint=hint)
    return Path(named)


RECIPE: Final = Recipe(
    "active",
    "What share of the labels is enough when the queue asks for them.",
    ActiveSettings,
    {"play": play, "finish": finish},
)
