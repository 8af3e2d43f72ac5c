"""The runs of the comparison: real frames by a teacher, training, graphs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lusviewer.errors import TrainingError
from lusviewer.geometry import GRID
from lusviewer.inference.frames import MEAN, STD
from lusviewer.inference.session import OnnxSession
from lusviewer.training.data.batches import Bag, BatchMaker
from lusviewer.training.data.shards import open_shards
from lusviewer.training.domain_gap.teach import load_taught, save_taught, taught_frames
from lusviewer.training.domain_gap.tools import TOOLS
from lusviewer.training.lite.bundle_writer import sha256_of, write_json
from lusviewer.training.lite.run_state import (
    known_clips,
    load_frame_network,
    part_of,
)
from lusviewer.training.lite.trainer import SNAPSHOTS, start_run, train_frames
from lusviewer.training.nets.export_onnx import export_frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lusviewer.cancel import CancelToken
    from lusviewer.training.data.line_frame import LineFrame
    from lusviewer.training.domain_gap.tools import GapSettings, Tool
    from lusviewer.training.recipe import Event

GRAPH: Final = "frame.onnx"
TAUGHT: Final = "taught.npz"
"""The frames that the teacher labelled, in the run's folder."""

LICENCES: Final = (
    "Apache-2.0",
    "Research use, non-commercial: made with frames of POCUS clips under CC BY, "
    "CC BY-NC and CC BY-NC-SA licences.",
)
"""Without and with real frames."""


def real_bags(settings: GapSettings, part: str) -> list[Bag]:
    """Return the decoded clips of ``part`` and what is known of them."""
    from lusviewer.training.data.real_clips import (  # noqa: PLC0415 - decoders
        is_cached,
        open_cached,
    )

    cache = Path(settings.cache)
    found = [
        Bag(open_cached(cache, clip.file), clip)
        for clip in part_of(known_clips(settings), part)
        if is_cached(cache, clip.file)
    ]
    if not found:
        msg = f"{cache} holds no decoded real clips of the part '{part}'."
        hint = "Run 'lusviewer train lus-lite --only decode --real FOLDER' first."
        raise TrainingError(msg, hint=hint)
    return found


def teach(settings: GapSettings, cancel: CancelToken) -> Iterator[Event]:
    """Let the teacher label frames of the training clips, once."""
    path = settings.run_folder / TAUGHT
    if path.is_file():
        return
    graph = graph_of(settings.teacher)
    frames: list[LineFrame] = []
    bags = real_bags(settings, "train")
    for bag in bags:
        cancel.check()
        most = settings.taught_a_clip
        frames += taught_frames(graph, bag.clip, most, settings.agreed)
    if not frames:
        msg = f"{settings.teacher} agrees with itself on no frame."
        raise TrainingError(msg, hint="Lower the setting 'agreed'.")
    save_taught(path, frames)
    clips = len({frame.clip for frame in frames})
    yield {"event": "taught", "frames": len(frames), "clips": clips, "of": len(bags)}


def graph_of(bundle: str) -> OnnxSession:
    """Return the frame graph of the bundle in a folder."""
    path = Path(bundle) / GRAPH
    if not path.is_file():
        msg = f"{path} is not there."
        hint = "'teacher' and 'shipped' name folders of model bundles."
        raise TrainingError(msg, hint=hint)
    return OnnxSession(path, "cpu")


def train(settings: GapSettings, cancel: CancelToken) -> Iterator[Event]:
    """Train each tool with each seed, from its last checkpoint to its last step."""
    shards = open_shards(Path(settings.frames), "train")
    bags = real_bags(settings, "train")
    for seed in range(settings.seed, settings.seed + settings.seeds):
        for tool in TOOLS:
            taught = load_taught(settings.run_folder / TAUGHT) if tool.taught else []
            maker = BatchMaker(shards, bags, seed, taught, tool.variation)
            config = tool.config(settings, seed)
            for event in train_frames(config, start_run(config, maker), maker, cancel):
                yield event | {"stage": "train", "tool": tool.name, "seed": seed}


def export(settings: GapSettings, cancel: CancelToken) -> Iterator[Event]:
    """Write the graph and manifest of each run that has come to its end."""
    for tool in TOOLS:
        for seed in ended(settings, tool):
            cancel.check()
            apart = write_graph(settings, tool, seed)
            name = {"tool": tool.name, "seed": seed}
            yield {"event": "graph", **name, "difference": apart}


def ended(settings: GapSettings, tool: Tool) -> list[int]:
    """Return the seeds of which the run of ``tool`` has come to its end."""
    last = f"{settings.steps:06d}.npz"
    return [
        seed
        for seed in range(settings.seed, settings.seed + settings.seeds)
        if (tool.config(settings, seed).run_folder / SNAPSHOTS / last).is_file()
    ]


def write_graph(settings: GapSettings, tool: Tool, seed: int) -> float:
    """Write the graph and manifest of a run; return the difference to torch."""
    folder = tool.folder(settings, seed)
    network = load_frame_network(tool.config(settings, seed))
    apart = export_frame(network, folder / GRAPH)
    manifest = {
        "schema": 1,
        "name": f"domain-gap-{tool.name}-{seed}",
        "graph": {
            "file": GRAPH,
            "sha256": sha256_of(folder / GRAPH),
            "input": {"name": "frame", "layout": "NCHW", "shape": [1, 1, GRID, GRID]},
        },
        "preprocess": {"region_crop": True, "mean": MEAN, "std": STD},
        "trained_on": trained_on(settings, tool),
        "licence": LICENCES[uses_real_frames(tool)],
        "intended_use": "Comparing ways of training. Not for reading clips.",
    }
    write_json(folder / "manifest.json", manifest)
    return apart


def uses_real_frames(tool: Tool) -> bool:
    """Whether real frames went into the weights, if only by their grey levels."""
    variation = tool.variation
    return tool.taught or variation.toned > 0 or variation.sharpened > 0


def trained_on(settings: GapSettings, tool: Tool) -> str:
    """Return in words what a run learned from."""
    real = settings.taught if tool.taught else 0
    text = f"{settings.steps} steps of {settings.batch - real} simulated frames"
    more = f" and {real} POCUS frames labelled by a teacher" if real else ""
    return f"{text}{more}; {tool.about}"


def write_card(settings: GapSettings, tool: Tool, figures: Mapping[str, Any]) -> None:
    """Write the card of each run of ``tool`` from its ``figures``."""
    said = ", ".join(f"{name} {one['value']}" for name, one in figures.items())
    for seed in ended(settings, tool):
        lines = [
            f"# domain-gap-{tool.name}-{seed}",
            "",
            f"Trained on {trained_on(settings, tool)}.",
            "Made to compare ways of training, not for reading clips.",
            f"Licence: {LICENCES[uses_real_frames(tool)]}",
            "",
            f"On real frames nobody labelled for it, mean over seeds: {said}. "
            "All figures: docs/results/domain-gap.json.",
        ]
        path = tool.folder(settings, seed) / "MODEL_CARD.md"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
