"""The recipe segmentation: which labels, which frames and which network do better.

Dense against sparse labels (Gare et al. 2022, arXiv 2201.10166), simulated frames
alone against simulated and drawn real ones, the product's network against a U-Net.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lusviewer.inference.session import OnnxSession
from lusviewer.training.data.batches import BatchMaker
from lusviewer.training.data.shards import open_shards
from lusviewer.training.lite.run_state import needed_real_folder
from lusviewer.training.measure.results import seconds_spent, write_result
from lusviewer.training.recipe import Event, Recipe, Stage
from lusviewer.training.segmentation.graph import (
    GRAPH,
    count_parameters,
    write_card,
    write_graph,
)
from lusviewer.training.segmentation.measured import (
    Said,
    differences,
    figures_of,
    milliseconds,
    say,
    simulated_frames,
)
from lusviewer.training.segmentation.trainer import train
from lusviewer.training.segmentation.variants import (
    COMPARED,
    VARIANTS,
    SegmentationSettings,
    Variant,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lusviewer.cancel import CancelToken
    from lusviewer.training.data.line_frame import LineFrame
    from lusviewer.training.measure.true_lines import TrueFrame

SPLIT: Final = (
    "Patients: drawn frames of the training part of lines/line_split.json teach, those "
    "of its test part are measured. Nothing was chosen on them, and the validation "
    "part is not used. Simulated scenes: seed 990001, never rendered for training; an "
    "interval over them resamples scenes."
)


def phantom(settings: SegmentationSettings, cancel: CancelToken) -> Iterator[Event]:
    """Train the runs on simulated frames alone."""
    yield from _train(settings, cancel, real=False)


def lines(settings: SegmentationSettings, cancel: CancelToken) -> Iterator[Event]:
    """Train the runs on simulated frames and drawn real ones."""
    yield from _train(settings, cancel, real=True)


def _train(
    settings: SegmentationSettings, cancel: CancelToken, *, real: bool
) -> Iterator[Event]:
    shards = open_shards(Path(settings.frames), "train")
    drawn = drawn_frames(settings, "train", cancel) if real else []
    maker = BatchMaker(shards, [], settings.seed, drawn)
    for variant in VARIANTS:
        if variant.real == real:
            yield from train(settings, variant, maker, cancel)


def drawn_frames(
    settings: SegmentationSettings, part: str, cancel: CancelToken
) -> list[LineFrame]:
    """Return the drawn real frames of ``part``."""
    from lusviewer.training.lines.frames import line_frames  # noqa: PLC0415 - decoders

    places = Path(settings.lines), needed_real_folder(settings)
    return line_frames(*places, part, Path(settings.cache), cancel)


def export(settings: SegmentationSettings, cancel: CancelToken) -> Iterator[Event]:
    """Write the graph and manifest of each run."""
    for variant in VARIANTS:
        cancel.check()
        yield {"event": "graph", "run": variant.name, **write_graph(settings, variant)}


def measure(settings: SegmentationSettings, cancel: CancelToken) -> Iterator[Event]:
    """Measure each run on simulated scenes and on the drawn frames of test patients."""
    started = time.monotonic()
    truths = {
        "phantom": simulated_frames(settings.scenes),
        "real": tested_frames(settings, cancel),
    }
    figures: Event = {}
    said: dict[str, Said] = {}
    graphs = {
        variant.name: OnnxSession(variant.folder(settings) / GRAPH, "cpu")
        for variant in VARIANTS
    }
    spent = milliseconds(graphs)
    for variant in VARIANTS:
        cancel.check()
        found, said[variant.name] = _measured(graphs[variant.name], variant, truths)
        found["cost"] = {
            "parameters": count_parameters(settings, variant),
            "milliseconds_a_frame": spent[variant.name],
        }
        figures[variant.name] = found
        write_card(variant.folder(settings), found)
        yield {"event": "figures", "run": variant.name, **found}
    pairs = {
        f"{first} - {second}": differences(said[first], said[second], truths["real"])
        for first, second in COMPARED
    }
    write_result(
        Path(settings.results) / "segmentation.json",
        settings,
        SPLIT,
        {"runs": figures, "differences_on_real": pairs},
        seconds_spent(settings.run_folder) | {"measure": time.monotonic() - started},
    )


def _measured(
    graph: OnnxSession, variant: Variant, truths: Mapping[str, Sequence[TrueFrame]]
) -> tuple[Event, Said]:
    """Return the figures of a run, and what it says of the real frames."""
    said = {name: say(graph, truth) for name, truth in truths.items()}
    figures: Event = {
        name: figures_of(said[name], truth, dense=variant.dense)
        for name, truth in truths.items()
    }
    return figures, said["real"]


def tested_frames(
    settings: SegmentationSettings, cancel: CancelToken
) -> list[TrueFrame]:
    """Return the drawn frames of the test patients."""
    from lusviewer.training.measure.true_lines import (  # noqa: PLC0415 - decoders
        true_frames,
    )

    places = Path(settings.lines), needed_real_folder(settings)
    return true_frames(*places, "test", Path(settings.cache), cancel)


_STAGES: Final[dict[str, Stage]] = {
    "phantom": phantom,
    "lines": lines,
    "export": export,
    "measure": measure,
}

RECIPE: Final = Recipe(
    "segmentation",
    "Dense against sparse labels, phantom against real lines, network against U-Net.",
    SegmentationSettings,
    _STAGES,
)
