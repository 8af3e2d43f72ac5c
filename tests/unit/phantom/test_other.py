"""Simulated ultrasound that is not of lung."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lusviewer.geometry import Probe
from lusviewer.phantom.chance_other import KINDS, random_other
from lusviewer.phantom.other import Body, render_other


def scene_of(kind, seed=4):
    return random_other(np.random.default_rng(seed), kind)


def small(scene, n_frames=1):
    return render_other(scene, n_frames, rows=96, columns=96)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_drawn_within_its_beam(kind):
    clip = small(scene_of(kind))

    assert clip.frames.shape == (1, 96, 96)
    assert clip.scene.kind == kind
    quiet = replace(clip.scene, flow=None)
    quiet = replace(quiet, machine=replace(quiet.machine, jpeg_quality=0))
    bare = small(quiet)
    far = ~bare.geometry.beam_mask()
    assert bare.frames[0][far].mean() < 3
    assert bare.frames[0][~far].max() > 10


def test_the_same_scene_gives_the_same_pixels_and_another_seed_others():
    first, again = (small(scene_of("heart")) for _ in range(2))
    other = small(scene_of("heart", seed=5))

    assert np.array_equal(first.frames, again.frames)
    assert not np.array_equal(first.frames, other.frames)


def test_a_heart_moves_and_a_test_object_does_not():
    def change(kind):
        scene = scene_of(kind)
        still = replace(
            scene, flow=None, frame_rate_hz=10.0, beats_per_s=2.5,
            machine=replace(scene.machine, noise_db=-95.0, noise_slope_db=0.0),
        )  # fmt: skip
        frames = small(still, 3).frames.astype(float)
        return np.abs(frames[1] - frames[0]).mean()

    assert change("heart") > 10 * max(change("test object"), 0.01)


def test_fluid_is_dark_with_brighter_tissue_below_and_bone_casts_a_shadow():
    scene = scene_of("test object", seed=2)
    view = replace(scene.view, depth_mm=50.0, width_mm=50.0, flare=0.0)
    assert view.probe is Probe.LINEAR
    machine = replace(scene.machine, bright_grey=0.0, noise_db=-95.0, gain_db=0.0)
    plain = replace(
        scene, view=replace(view, crop=(0, 0, 0, 0)), machine=machine,
        contact=(-1.3, 1.3), ground_db=-30.0, loss_db=0.0,
    )  # fmt: skip
    fluid = Body((-12.0, 20.0), (6.0, 6.0), 0.0, -85.0, behind_db=8.0)
    bone = Body((12.0, 20.0), (6.0, 6.0), 0.0, -12.0, behind_db=-20.0)

    frame = small(replace(plain, bodies=(fluid, bone))).frames[0].astype(float)

    left, middle, right = (slice(c - 4, c + 4) for c in (25, 48, 71))
    below = slice(60, 85)
    assert frame[36:42, left].mean() < 0.5 * frame[36:42, middle].mean()
    assert frame[below, left].mean() > frame[below, middle].mean() + 5
    assert frame[below, right].mean() < frame[below, middle].mean() - 5


def test_without_contact_only_the_near_field_is_lit():
    scene = scene_of("no contact")
    quiet = replace(scene.machine, noise_db=-90.0, noise_slope_db=0.0)

    frame = small(replace(scene, machine=quiet, ringing_db=0.0)).frames[0]

    assert frame[:30].max() > 60
    assert frame[48:].mean() < 12
