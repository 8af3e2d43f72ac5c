"""The label-fraction curve: starts against each other, by how much is labelled."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lusviewer.errors import TrainingError
from lusviewer.files import written
from lusviewer.training.data.collection import Record, read_blues, read_pocus
from lusviewer.training.data.real_clips import cache_clips, is_cached
from lusviewer.training.label_fraction.collections import blues_library, pocus_library
from lusviewer.training.label_fraction.curve import FRACTIONS
from lusviewer.training.label_fraction.judge import LOOKS, described, judged, tell_look
from lusviewer.training.label_fraction.picture import curves_picture
from lusviewer.training.label_fraction.settings import FractionSettings
from lusviewer.training.label_fraction.starts import FRAMES, Start, clip_vectors
from lusviewer.training.label_fraction.tuned_runs import tuned_figures, tuned_scores
from lusviewer.training.lite.bundle_writer import sha256_of
from lusviewer.training.lite.run_state import needed_real_folder
from lusviewer.training.measure.charts import save_chart
from lusviewer.training.measure.results import seconds_spent, write_result
from lusviewer.training.recipe import Recipe, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lusviewer.cancel import CancelToken
    from lusviewer.training.label_fraction.library import Library
    from lusviewer.training.recipe import Event

SPLIT: Final = (
    "POCUS: heads and networks learn from the training patients of the shipped split, "
    "are tested on its validation and test patients. COVID-BLUeS: five folds of "
    "patients, heads on frozen features only. Every fraction is of patients"
)
_FROZEN: Final = "frozen.json"


@dataclass(frozen=True, slots=True)
class _Source:
    """A collection: its library, its files and where they lie decoded."""

    library: Library
    files: list[str]
    cache: Path


def decode(settings: FractionSettings, cancel: CancelToken) -> Iterator[Event]:
    """Decode the clips of both collections that are not decoded yet."""
    pocus = needed_real_folder(settings)
    files = [record.name for record in read_pocus(pocus)]
    for file, error in cache_clips(pocus, files, Path(settings.clips), cancel):
        if error:
            yield {"event": "skipped", "file": file, "why": error}
    blues = _blues_folder(settings)
    if blues is None:
        return
    names = [_blues_file(record, blues) for record in read_blues(blues)]
    found = cache_clips(blues, names, settings.blues_cache, cancel, FRAMES)
    for number, (file, error) in enumerate(found, 1):
        if error:
            yield {"event": "skipped", "file": file, "why": error}
        if number % 50 == 0 or number == len(names):
            yield _progress("decode", number, len(names))


def curves(settings: FractionSettings, cancel: CancelToken) -> Iterator[Event]:
    """Measure each start's frozen features on each collection."""
    found: dict[str, Any] = {}
    work = Path(settings.work)
    graphs = {
        start.name: start.graph(work / "starts", settings.seed)
        for start in starts(settings)
    }
    files = {name: graph.path for name, graph in graphs.items()}
    for source in _sources(settings):
        began = time.monotonic()
        place = work / "vectors"
        vectors = {
            name: clip_vectors(graph, source.cache, source.files, place, cancel)
            for name, graph in graphs.items()
        }
        name, asked = source.library.name, source.library.questions
        tell_look(Path(settings.results) / LOOKS, name, files)
        found[name] = {}
        for number, question in enumerate(asked, 1):
            cancel.check()
            found[name][question.name] = described(source.library, question) | {
                "starts": judged(
                    source.library, question, vectors, FRACTIONS, settings.draws
                )
            }
            seconds = round(time.monotonic() - began, 1)
            began = time.monotonic()
            told = _progress("curves", number, len(asked)) | {"seconds": seconds}
            yield told | {"collection": name, "question": question.name}
    seen = {name: sha256_of(path) for name, path in files.items()}
    _write(settings.run_folder / _FROZEN, {"graphs": seen, "frozen": found})


def tune(settings: FractionSettings, cancel: CancelToken) -> Iterator[Event]:
    """Train the whole network from each start on POCUS, at two fractions."""
    source = _pocus(settings)
    trained = [start for start in starts(settings) if start.name != "lus-lite"]
    yield from tuned_scores(settings, source.library, source.files, trained, cancel)


def finish(settings: FractionSettings, cancel: CancelToken) -> Iterator[Event]:
    """Write the result and the picture of the curves."""
    cancel.check()
    path = settings.run_folder / _FROZEN
    if not path.is_file():
        msg = f"{path} is not there."
        raise TrainingError(msg, hint="Run the stage 'curves' first.")
    figures = json.loads(path.read_text("utf-8"))
    figures["tuned"] = tuned_figures(settings, _pocus(settings).library)
    result = Path(settings.results) / "label-fraction.json"
    spent = seconds_spent(settings.run_folder)
    write_result(result, settings, SPLIT, figures, spent)
    picture = Path(settings.images) / "label-fraction.png"
    save_chart(curves_picture(figures["frozen"]), picture)
    yield {"event": "result", "file": str(result), "picture": str(picture)}


def starts(settings: FractionSettings) -> list[Start]:
    """Return the starts that are compared; ImageNet's is always among them."""
    work = Path(settings.work)
    named = {
        "uscl": settings.uscl,
        "video-ssl": settings.video_ssl,
        "lus-lite": settings.model,
    }
    made = [Start(name, Path(folder)) for name, folder in named.items() if folder]
    return [Start("scratch", work), Start("imagenet", work), *made]


def _sources(settings: FractionSettings) -> list[_Source]:
    sources = [_pocus(settings)]
    blues = _blues_folder(settings)
    if blues is not None:
        records = read_blues(blues)
        files = [_blues_file(record, blues) for record in records]
        kept = [i for i, f in enumerate(files) if is_cached(settings.blues_cache, f)]
        library = blues_library([records[i] for i in kept])
        names = [files[i] for i in kept]
        sources.append(_Source(library, names, settings.blues_cache))
    return sources


def _pocus(settings: FractionSettings) -> _Source:
    cache = Path(settings.clips)
    records = read_pocus(needed_real_folder(settings))
    records = tuple(record for record in records if is_cached(cache, record.name))
    return _Source(pocus_library(records), [r.name for r in records], cache)


def _blues_folder(settings: FractionSettings) -> Path | None:
    named = settings.blues
    folder = (
        Path(named) if named else needed_real_folder(settings).parent / "covid-blues"
    )
    return folder if named != "none" and (folder / "severity.csv").is_file() else None


def _blues_file(record: Record, folder: Path) -> str:
    return record.path.relative_to(folder).as_posix()


def _progress(stage: str, step: int, steps: int) -> Event:
    return {"event": "progress", "stage": stage, "step": step, "steps": steps}


def _write(path: Path, value: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with written(path) as file:
        file.write(json.dumps(value, indent=1, allow_nan=False).encode())


_STAGES: Final[dict[str, Stage]] = {
    "decode": decode,
    "curves": curves,
    "tune": tune,
    "finish": finish,
}

RECIPE: Final = Recipe(
    "label-fraction",
    "How far each start gets with 1 to 100 % of the patients labelled.",
    FractionSettings,
    _STAGES,
)
