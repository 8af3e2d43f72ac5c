"""The tools that are compared, and the settings of the comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lusviewer.training.config import RunSettings, TrainingConfig
from lusviewer.training.data.vary import Variation

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class GapSettings(RunSettings):
    """The settings of ``domain-gap``.

    ``frames`` is the folder of simulated frames, ``cache`` where decoded real ones
    are kept, ``lines`` that of the drawn lines. ``teacher`` is the bundle that labels
    real frames, one that has not learned from drawn lines; it and ``shipped`` are
    measured with the tools that need no training. Each tool is trained ``seeds``
    times, for ``steps`` steps of ``batch`` frames; with self-training ``taught`` of
    them are real, up to ``taught_a_clip`` of a clip, on which the teacher agrees with
    itself over time on at least ``agreed``. ``clip_frames`` of each clip are looked at
    when findings are measured, and ``compared`` simulated frames when the appearance
    is.
    """

    frames: str = "runs/lite/phantom-frames"
    cache: str = "runs/lite/real"
    lines: str = "resources/line-labels"
    teacher: str = "runs/domain-gap/teacher"
    shipped: str = "models/lus-lite"
    results: str = "docs/results"
    seeds: int = 2
    steps: int = 250
    batch: int = 10
    taught: int = 3
    taught_a_clip: int = 6
    agreed: float = 0.9
    rate: float = 2e-3
    encoder_rate: float = 5e-4
    warm_up: int = 30
    average: float = 0.98
    checkpoint_every: int = 70
    report_every: int = 20
    clip_frames: int = 12
    compared: int = 400
    imagenet: bool = True


@dataclass(frozen=True, slots=True)
class Tool:
    """One way to train: how simulated frames vary, and whether a teacher helps."""

    name: str
    about: str
    variation: Variation
    taught: bool = False

    def folder(self, settings: GapSettings, seed: int) -> Path:
        """Where its run of ``seed`` lies."""
        return settings.run_folder / f"{self.name}-{seed}"

    def config(self, settings: GapSettings, seed: int) -> TrainingConfig:
        """Return the settings of its run, as the trainer of the product has them."""
        real = settings.taught if self.taught else 0
        return TrainingConfig(
            work=str(self.folder(settings, seed)),
            seed=seed,
            threads=settings.threads,
            bfloat16=settings.bfloat16,
            steps=settings.steps,
            phantom_frames=settings.batch - real,
            bags=0,
            line_frames=real,
            rate=settings.rate,
            encoder_rate=settings.encoder_rate,
            warm_up=settings.warm_up,
            average=settings.average,
            checkpoint_every=settings.checkpoint_every,
            snapshot_every=settings.steps,
            report_every=settings.report_every,
            imagenet=settings.imagenet,
        )


BASE: Final = "looks"
"""The tool that all others are compared with."""

TOOLS: Final = (
    Tool("none", "no augmentation", Variation(looks=False, toned=0)),
    Tool(BASE, "the plain augmentation", Variation(toned=0)),
    Tool("grey", "and grey levels of real frames", Variation(toned=0.5)),
    Tool("beam", "and the geometry of the beam", Variation(toned=0, in_beam=0.5)),
    Tool("sharp", "and sharpness of real frames", Variation(toned=0, sharpened=0.5)),
    Tool("taught", "and frames a teacher labelled", Variation(toned=0), taught=True),
    Tool(
        "together",
        "and grey levels, beam and sharpness",
        Variation(toned=0.35, in_beam=0.35, sharpened=0.35),
    ),
)
"""In the order of the table; all but the first two are the base and one thing more."""
