"""What the tools do for real frames: measured, and kept as one result."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.errors import TrainingError
from lusviewer.findings import ModelIdentity
from lusviewer.inference.session import OnnxSession
from lusviewer.training.data.shards import open_shards
from lusviewer.training.data.vary import varied
from lusviewer.training.domain_gap.appearance import (
    compared,
    mean_statistics,
    statistics,
    told_apart,
)
from lusviewer.training.domain_gap.at_test import Reader, Tones
from lusviewer.training.domain_gap.judge import Measure, Truth, figures, measures
from lusviewer.training.domain_gap.runs import (
    GRAPH,
    ended,
    graph_of,
    real_bags,
    write_card,
)
from lusviewer.training.domain_gap.tools import BASE, TOOLS
from lusviewer.training.lite.bundle_writer import sha256_of
from lusviewer.training.lite.run_state import needed_real_folder
from lusviewer.training.measure.figures import plain
from lusviewer.training.measure.looks import record_look
from lusviewer.training.measure.results import seconds_spent, write_result
from lusviewer.training.measure.true_lines import TrueFrame, true_frames

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.training.data.batches import Bag
    from lusviewer.training.domain_gap.tools import GapSettings, Tool
    from lusviewer.training.recipe import Event

SPLIT: Final = (
    "Patients. The networks learn from simulated frames; grey levels, sharpness and "
    "the frames that the teacher labels are those of the training patients of "
    "data/pocus_split.json. Findings are measured on its validation patients, lines on "
    "the validation part of lines/line_split.json ('validation') and, as that has few "
    "patients, on validation and training part together ('drawn'): no run here learned "
    "from a drawn line. What is 'chosen' was chosen by these. 'by_seed' has a value "
    "for each run, 'gain' compares runs of the same seeds. The test part was "
    "measured once, at the end, with nothing chosen after."
)
HEADLINES: Final = (
    "findings_auc",
    "drawn/pleura_dice",
    "drawn/a_line_auc_by_finding",
    "drawn/b_line_auc_by_finding",
)
"""The figures whose mean decides which tool is measured on the test part."""

_PARTS: Final = {"validation": ("validation",), "drawn": ("validation", "train")}
_FOUND: Final = "figures.json"
_DRAWN_LINES: Final = "product/dense/phantom+real - product/dense/phantom"
_NONE: Final = {"value": 0.0}

Runs = dict[int, dict[str, Measure]]
"""What the runs of a tool measure, by seed."""


def appearance(settings: GapSettings, cancel: CancelToken) -> Iterator[Event]:
    """Compare how simulated frames, also varied ones, and real ones look."""
    bags = real_bags(settings, "train")
    real = []
    for bag in bags:
        cancel.check()
        chosen = np.linspace(0, len(bag.clip.frames) - 1, 6).round().astype(int)
        frames = [np.array(bag.clip.frames[i]) for i in np.unique(chosen)]
        if (one := mean_statistics(frames)) is not None:
            real.append(one)
    simulated = {}
    for tool in TOOLS:
        cancel.check()
        varied_frames = varied_by(settings, tool, bags)
        found = [statistics(frame) for frame in varied_frames]
        simulated[tool.name] = [one for one in found if one is not None]
    result: Event = {
        "simulated_frames": len(simulated["none"]),
        "real_clips": len(real),
        "statistics": compared(simulated["none"], real),
        "told_apart_by_all": {
            name: plain(told_apart(found, real)) for name, found in simulated.items()
        },
    }
    yield from _keep(settings, "appearance", result)


def varied_by(
    settings: GapSettings, tool: Tool, bags: Sequence[Bag]
) -> Iterator[NDArray[np.uint8]]:
    """Return the simulated frames as ``tool`` varies them."""

    def real(rng: np.random.Generator) -> NDArray[np.uint8]:
        frames = bags[int(rng.integers(len(bags)))].clip.frames
        return np.array(frames[int(rng.integers(len(frames)))])

    for index, (frame, labels) in enumerate(simulated_pairs(settings)):
        rng = np.random.default_rng([settings.seed, index])
        yield varied(frame, labels, tool.variation, real, rng)[0]


def simulated_pairs(
    settings: GapSettings,
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Return simulated training frames and their labels, spread over the shards."""
    shards = open_shards(Path(settings.frames), "train")
    each = -(-settings.compared // len(shards))
    pairs = (
        (np.array(shard.frames[row]), np.array(shard.labels[row]))
        for shard in shards
        for row in range(min(each, len(shard.frames)))
    )
    return islice(pairs, settings.compared)


def measure(settings: GapSettings, cancel: CancelToken) -> Iterator[Event]:
    """Measure each tool on real frames of validation and training patients."""
    started = time.monotonic()
    truth = known_truth(settings, cancel)
    tones = Tones.usual(frame for frame, _ in simulated_pairs(settings))
    runs: dict[str, Runs] = {}
    found: Event = {}
    for tool in (BASE, *(t.name for t in TOOLS if t.name != BASE)):
        cancel.check()
        runs[tool] = measured_runs(settings, tool, truth)
        found[tool] = gains(runs[tool], runs[BASE])
        write_card(settings, _named(tool), found[tool])
        yield {"event": "figures", "tool": tool, **_short(found[tool])}
    yield from _keep(settings, "tools", found)
    yield from _keep(settings, "chosen", chosen(found))
    at_test: Event = {
        BASE: at_test_figures(
            list(graphs_of(settings, BASE).values()),
            list(runs[BASE].values()),
            truth,
            tones,
        )
    }
    for role, bundle in (("teacher", settings.teacher), ("shipped", settings.shipped)):
        cancel.check()
        # The shipped bundle may have learned from the training part's drawn lines.
        kept = truth if role == "teacher" else without_drawn_training(truth)
        graph = graph_of(bundle)
        own = [measures(Reader(graph), kept)]
        at_test[role] = _identity(bundle) | at_test_figures([graph], own, kept, tones)
        yield {"event": "figures", "at_test": role}
    yield from _keep(settings, "at_test", at_test)
    yield from _keep(settings, "drawn_lines", _quoted(settings))
    yield {
        "event": "progress",
        "stage": "measure",
        "seconds": time.monotonic() - started,
    }


def at_test_figures(
    graphs: Sequence[OnnxSession],
    plainly: Sequence[dict[str, Measure]],
    truth: Truth,
    tones: Tones,
) -> Event:
    """Return the figures of networks asked plainly, with even tones, and masked."""
    ways: dict[str, dict[str, Any]] = {
        "even_tones": {"tones": tones},
        "masked": {"masked": True},
    }
    found = {"plain": figures(plainly)}
    for name, way in ways.items():
        runs = [measures(Reader(graph, **way), truth) for graph in graphs]
        found[name] = figures(runs, plainly)
    return found


def measure_chosen(settings: GapSettings, cancel: CancelToken) -> Iterator[Event]:
    """Measure the base, no augmentation and the chosen tool on the test part, once."""
    frames = {"test": drawn_frames(settings, ("test",), cancel)}
    truth = Truth([], frames)
    kept = found_so_far(settings)
    names = dict.fromkeys((BASE, "none", kept["chosen"]["tool"]))
    sha256 = sha256_of(_named(BASE).folder(settings, settings.seed) / GRAPH)
    record = Path(settings.results) / "looks.json"
    record_look(
        record,
        "line test",
        ", ".join(names),
        ModelIdentity("domain-gap", "1", sha256, "cpu"),
    )
    runs = {name: measured_runs(settings, name, truth) for name in names}
    found = {name: gains(own, runs[BASE]) for name, own in runs.items()}
    yield from _keep(settings, "test", found)


def known_truth(settings: GapSettings, cancel: CancelToken) -> Truth:
    """Return the real frames that the tools may be compared and chosen on."""
    clips = [(bag.clip, bag.known) for bag in real_bags(settings, "validation")]
    drawn = {
        name: drawn_frames(settings, parts, cancel) for name, parts in _PARTS.items()
    }
    return Truth(clips, drawn, settings.clip_frames)


def without_drawn_training(truth: Truth) -> Truth:
    """Return ``truth`` with the lines of the validation part alone."""
    return replace(truth, drawn={"validation": truth.drawn["validation"]})


def drawn_frames(
    settings: GapSettings, parts: Sequence[str], cancel: CancelToken
) -> list[TrueFrame]:
    """Return the drawn real frames of ``parts``."""
    folder = needed_real_folder(settings)
    places = Path(settings.lines), folder
    return [
        frame
        for part in parts
        for frame in true_frames(*places, part, Path(settings.cache), cancel)
    ]


def measured_runs(settings: GapSettings, tool: str, truth: Truth) -> Runs:
    """Return the measures of a tool's runs, by seed."""
    graphs = graphs_of(settings, tool)
    return {seed: measures(Reader(graph), truth) for seed, graph in graphs.items()}


def gains(runs: Runs, base: Runs) -> Event:
    """Return the figures of ``runs`` beside those of ``base``, seed by seed."""
    own = list(runs.values())
    return figures(own, None if runs is base else [base[seed] for seed in runs])


def graphs_of(settings: GapSettings, tool: str) -> dict[int, OnnxSession]:
    """Return the graphs of a tool's runs that have come to their end, by seed."""
    one = _named(tool)
    found = {
        seed: OnnxSession(one.folder(settings, seed) / GRAPH, "cpu")
        for seed in ended(settings, one)
    }
    if not found:
        msg = f"No run of the tool '{tool}' has come to its end."
        raise TrainingError(msg, hint="Run the stages 'train' and 'export' first.")
    return found


def chosen(found: Event) -> Event:
    """Return the tool with the highest mean gain in the headline figures, and each."""
    means = {
        tool: round(
            float(
                np.mean([one[name].get("gain", _NONE)["value"] for name in HEADLINES])
            ),
            4,
        )
        for tool, one in found.items()
    }
    best = max(means, key=lambda tool: means[tool])
    return {"tool": best, "by": list(HEADLINES), "mean_gains": means}


def _named(name: str) -> Tool:
    return next(tool for tool in TOOLS if tool.name == name)


def _identity(bundle: str) -> Event:
    folder = Path(bundle)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return {
        "name": manifest["name"],
        "version": manifest["version"],
        "sha256": sha256_of(folder / GRAPH),
    }


def _quoted(settings: GapSettings) -> Event:
    """Return what drawn real lines bring, as the recipe segmentation measured it."""
    path = Path(settings.results) / "segmentation.json"
    if not path.is_file():
        return {"from": path.name, "found": None}
    result = json.loads(path.read_text(encoding="utf-8"))
    pairs = result["figures"]["differences_on_real"]
    return {"from": path.name, "found": {_DRAWN_LINES: pairs[_DRAWN_LINES]}}


def _short(found: Event) -> Event:
    return {name: found[name]["value"] for name in HEADLINES}


def found_so_far(settings: GapSettings) -> Event:
    """Return what the stages have measured until now."""
    path = settings.run_folder / _FOUND
    found: Event = {}
    if path.is_file():
        found = json.loads(path.read_text(encoding="utf-8"))
    return found


def _keep(settings: GapSettings, name: str, found: Event) -> Iterator[Event]:
    """Add ``found`` to what was measured, and write the result anew."""
    every = found_so_far(settings) | {name: found}
    path = settings.run_folder / _FOUND
    path.write_text(json.dumps(every, indent=1, allow_nan=False), encoding="utf-8")
    spent = seconds_spent(settings.run_folder)
    results = Path(settings.results) / "domain-gap.json"
    write_result(results, settings, SPLIT, every, spent)
    yield {"event": "kept", "what": name}
