"""The recipe of lus-lite: render, decode, train frames, train time, finish.

Each stage can be run again: what is there already is kept, and training goes on from
its last checkpoint.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.training.config import TrainingConfig
from lusviewer.training.data.batches import Bag, BatchMaker
from lusviewer.training.data.shards import open_shards
from lusviewer.training.lite.run_state import (
    TEMPORAL_STATE,
    drawn_frames,
    embedded,
    exported_frame_graph,
    known_clips,
    load_frame_network,
    part_of,
    real_folder,
)
from lusviewer.training.lite.trainer import start_run, train_frames
from lusviewer.training.nets.temporal import train_temporal
from lusviewer.training.recipe import Recipe, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lusviewer.cancel import CancelToken

CLIP_FRAMES: Final = 16
"""Frames of a simulated clip."""


def render(config: TrainingConfig, cancel: CancelToken) -> Iterator[dict[str, Any]]:
    """Render the simulated frames and clips that are not there yet."""
    from lusviewer.training.data.phantom_set import (  # noqa: PLC0415 - renderer: only here
        RenderPlan,
        render_shards,
    )

    plans = (
        (config.frames_folder, config.frame_shards, RenderPlan(config.phantom_seed, 1)),
        (
            config.clips_folder,
            config.clip_shards,
            RenderPlan(config.phantom_seed + 1, CLIP_FRAMES),
        ),
    )
    for folder, count, plan in plans:
        for index in render_shards(folder, range(count), plan, cancel):
            yield {
                "event": "progress",
                "stage": f"render {folder.name}",
                "step": index + 1,
                "steps": count,
            }


def decode(config: TrainingConfig, cancel: CancelToken) -> Iterator[dict[str, Any]]:
    """Decode the real clips that are not in the cache yet."""
    from lusviewer.training.data.real_clips import cache_clips  # noqa: PLC0415 - decoders

    known = known_clips(config)
    folder = real_folder(config)
    if folder is None:
        return
    files = [clip.file for clip in known]
    found = cache_clips(folder, files, config.cache_folder, cancel)
    for index, (file, error) in enumerate(found):
        event = {
            "event": "progress",
            "stage": "decode",
            "step": index + 1,
            "steps": len(files),
        }
        yield event | ({"skipped": file, "why": error} if error else {})


def frames(config: TrainingConfig, cancel: CancelToken) -> Iterator[dict[str, Any]]:
    """Train the frame network from its last checkpoint to its last step."""
    shards = open_shards(config.frames_folder, "train")
    lines = drawn_frames(config, "train", cancel)
    maker = BatchMaker(shards, _bags(config), config.seed, lines)
    run = start_run(config, maker)
    yield from train_frames(config, run, maker, cancel)


def temporal(config: TrainingConfig, cancel: CancelToken) -> Iterator[dict[str, Any]]:
    """Train the temporal head on embeddings of the averaged frame network."""
    network = load_frame_network(config)
    graph = exported_frame_graph(config, network)
    clips = embedded(config, graph, "train")
    for event in train_temporal(config, network, clips, cancel):
        if isinstance(event, dict):
            yield event
        else:
            arrays = {f"avg/{k}": v.numpy() for k, v in event.state_dict().items()}
            with (config.run_folder / TEMPORAL_STATE).open("wb") as file:
                np.savez(file, **arrays)


def finish(config: TrainingConfig, cancel: CancelToken) -> Iterator[dict[str, Any]]:
    """Calibrate, fit the experts and write the bundle."""
    from lusviewer.training.lite.finish import finish_bundle  # noqa: PLC0415 - onnx

    cancel.check()
    yield from finish_bundle(config)


def describe(config: TrainingConfig, cancel: CancelToken) -> Iterator[dict[str, Any]]:
    """Write the bundle's card from what ``lusviewer evaluate`` measured of it."""
    from lusviewer.inference.bundle import open_bundle  # noqa: PLC0415 - onnxruntime
    from lusviewer.training.lite.card import model_card  # noqa: PLC0415 - text only

    cancel.check()
    folder = Path(config.bundle)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    sha256 = open_bundle(folder, device="cpu").identity.sha256
    figures = _measured_of(sha256, Path(config.results))
    known = known_clips(config)
    seen = part_of(known, "train") + part_of(known, "validation")
    path = folder / "MODEL_CARD.md"
    path.write_text(model_card(manifest, figures, seen), encoding="utf-8")
    yield {"event": "card", "file": str(path), "collections": sorted(figures)}


def _measured_of(sha256: str, folder: Path) -> dict[str, dict[str, Any]]:
    """Return the results in ``folder`` that are of this very bundle."""
    found = {}
    for name in ("pocus", "covid-blues", "phantom", "lines"):
        path = folder / f"{name}.json"
        if path.is_file():
            result = json.loads(path.read_text(encoding="utf-8"))
            if result.get("sha256") == sha256:
                found[name] = result
    return found


def int8(config: TrainingConfig, cancel: CancelToken) -> Iterator[dict[str, Any]]:
    """Make the frame graph in 8 bits and say whether its figures hold."""
    from lusviewer.training.lite.int8 import (  # noqa: PLC0415 - onnxruntime's tools
        compare,
        quantise,
        ranges_from,
    )

    full = Path(config.bundle) / "frame.onnx"
    small = config.run_folder / "frame-int8.onnx"
    bags = [bag.clip.frames for bag in _bags(config)]
    shards = open_shards(config.frames_folder, "train")
    cancel.check()
    quantise(full, small, ranges_from(shards, bags))
    found = compare(full, small, open_shards(config.frames_folder, "validation"))
    path = config.run_folder / "int8.json"
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    yield {"event": "int8", "file": str(path), "holds": found["holds"]}


_STAGES: Final[dict[str, Stage]] = {
    "render": render,
    "decode": decode,
    "frames": frames,
    "temporal": temporal,
    "finish": finish,
    "describe": describe,
    "int8": int8,
}

RECIPE: Final = Recipe(
    "lus-lite",
    "The shipped bundle: dense labels, 38 labels, findings, and experts on them.",
    TrainingConfig,
    _STAGES,
)


def _bags(config: TrainingConfig) -> list[Bag]:
    from lusviewer.training.data.real_clips import (  # noqa: PLC0415 - decoders
        is_cached,
        open_cached,
    )

    return [
        Bag(open_cached(config.cache_folder, clip.file), clip)
        for clip in part_of(known_clips(config), "train")
        if is_cached(config.cache_folder, clip.file)
    ]
