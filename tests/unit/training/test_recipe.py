"""The whole recipe, small: from simulated scenes to a bundle that opens."""

from __future__ import annotations

import json

import pytest

from lusviewer.inference.bundle import open_bundle
from lusviewer.training.data import phantom_set
from lusviewer.training.data.phantom_set import RenderPlan, render_shard
from lusviewer.training.train import main

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """A run on the phantom alone: its folder, its settings and what it said."""
    folder = tmp_path_factory.mktemp("run")
    settings = folder / "settings.toml"
    settings.write_text(
        f'work = "{folder}"\nbundle = "{folder / "tiny"}"\nversion = "0.0.7"\n'
        "frame_shards = 1\nclip_shards = 1\nsteps = 2\nphantom_frames = 2\n"
        "bags = 0\ntemporal_steps = 100\nreport_every = 1\nimagenet = false\n"
        "tested = false\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phantom_set, "SCENES_PER_SHARD", 2)
        patch.delenv("LUSVIEWER_REAL_DATA", raising=False)
        render_shard(folder / "phantom-clips", 8, RenderPlan(12, 16))
        render_shard(folder / "phantom-frames", 8, RenderPlan(11, 1))
        status = main(["lus-lite", str(settings)])
    assert status == 0
    log = (folder / "run" / "log.jsonl").read_text().splitlines()
    return folder, [json.loads(line) for line in log]


def test_the_bundle_opens_as_the_viewer_opens_it(ended):
    bundle = open_bundle(ended[0] / "tiny", device="cpu")
    assert bundle.identity.version == "0.0.7"
    assert "no real clip" in bundle.manifest.trained_on


def test_every_stage_is_logged_in_order(ended):
    stages = [event["stage"] for event in ended[1] if event["event"] == "stage"]
    assert stages == [
        "render",
        "decode",
        "frames",
        "temporal",
        "finish",
        "describe",
        "int8",
    ]


def test_progress_says_how_far_it_is(ended):
    steps = [e for e in ended[1] if e.get("stage") == "frames" and "step" in e]
    assert [event["step"] for event in steps] == [1, 2]
    assert all(event["steps"] == 2 and event["loss"] > 0 for event in steps)


def test_without_real_clips_nothing_is_said_to_be_checked_on_them(ended):
    bundle = open_bundle(ended[0] / "tiny", device="cpu")
    assert set(bundle.manifest.checked_on.values()) == {"phantom"}
    assert not (ended[0] / "tiny" / "experts").exists()


def test_the_card_is_written(ended):
    card = (ended[0] / "tiny" / "MODEL_CARD.md").read_text()
    assert card.startswith("# tiny 0.0.7")
    assert card.count("Not measured.") == 4


def test_the_graph_in_8_bits_is_measured_beside_the_full_one(ended):
    found = json.loads((ended[0] / "run" / "int8.json").read_text())
    assert found["megabytes"]["int8"] < 0.5 * found["megabytes"]["float32"]
    assert found["holds"] == (max(found["lost"].values()) <= 0.01)
    assert found["float32"]["figures"].keys() == found["int8"]["figures"].keys()
