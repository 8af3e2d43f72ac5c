"""The settings of a training run, as a value read from TOML or JSON."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from lusviewer.errors import TrainingError

Kind = TypeVar("Kind", bound="RunSettings")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What every recipe's run depends on; same settings and data, same results.

    ``work`` is the folder for what can be made again, ``real`` that of the POCUS
    collection ("" for none), ``seed`` of all that is drawn.
    """

    work: str
    real: str = ""
    seed: int = 0
    threads: int = 1
    bfloat16: bool = True

    @property
    def run_folder(self) -> Path:
        """Where checkpoints, results and the log are written."""
        return Path(self.work) / "run"

    def with_values(self, **values: Any) -> Self:  # noqa: ANN401 - any field
        """Return a copy with other ``values``."""
        return dataclasses.replace(self, **values)


@dataclass(frozen=True, slots=True)
class Rates:
    """How fast a network learns over ``steps`` steps; the encoder has its own rate."""

    rate: float
    encoder_rate: float
    weight_decay: float
    warm_up: int
    steps: int


class Paced:
    """Settings of a recipe among which are the rates of its network."""

    __slots__ = ()

    rate: float
    encoder_rate: float
    weight_decay: float
    warm_up: int
    steps: int

    @property
    def rates(self) -> Rates:
        """How fast the network learns."""
        return Rates(
            self.rate,
            self.encoder_rate,
            self.weight_decay,
            self.warm_up,
            self.steps,
        )


@dataclass(frozen=True, slots=True)
class TrainingConfig(RunSettings, Paced):
    """The settings of ``lus-lite``.

    ``work`` holds rendered frames, decoded clips and the checkpoints; without ``real``
    the phantom alone teaches; ``bundle`` is what is written at the end, its card
    from the measured ``results``. ``lines`` is
    the folder of lines drawn on real frames ("" for none), of which ``line_frames``
    join each batch from step ``lines_from`` on. ``frame_shards`` and ``clip_shards``
    say how many shards of single frames and of 16-frame clips are rendered.
    ``start`` is the folder of a bundle to go on from ("" starts from ImageNet).
    ``other_frames`` simulated frames that are not of lung teach the gate (0: no gate).
    ``tested`` false leaves the test patients alone, as long as there are choices.
    """

    bundle: str = ""
    results: str = "docs/results"
    version: str = "0.0.1"
    frame_shards: int = 200
    clip_shards: int = 6
    phantom_seed: int = 11
    steps: int = 4000
    phantom_frames: int = 12
    bags: int = 2
    bag_frames: int = 3
    rate: float = 1e-3
    encoder_rate: float = 3e-4
    warm_up: int = 100
    weight_decay: float = 0.02
    real_weight: float = 0.7
    lines: str = ""
    lines_from: int = 0
    line_frames: int = 6
    lines_weight: float = 1.0
    average: float = 0.998
    temporal_steps: int = 1500
    temporal_rate: float = 1e-3
    checkpoint_every: int = 100
    snapshot_every: int = 1000
    snapshots_from: int = 0
    snapshots_to: int = 1_000_000
    report_every: int = 20
    imagenet: bool = True
    start: str = ""
    other_frames: int = 0
    tested: bool = True

    @property
    def frames_folder(self) -> Path:
        """Where the rendered single frames lie."""
        return Path(self.work) / "phantom-frames"

    @property
    def clips_folder(self) -> Path:
        """Where the rendered clips lie."""
        return Path(self.work) / "phantom-clips"

    @property
    def cache_folder(self) -> Path:
        """Where the decoded real clips lie."""
        return Path(self.work) / "real"


def read_settings(kind: type[Kind], path: Path) -> Kind:
    """Return the settings of ``kind`` in the TOML or JSON file ``path``."""
    try:
        text = path.read_text(encoding="utf-8")
        values = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}."
        raise TrainingError(
            msg, hint="Give a TOML or JSON file of settings."
        ) from error
    except ValueError as error:
        msg = f"{path} is not valid: {error}."
        raise TrainingError(
            msg, hint="Give a TOML or JSON file of settings."
        ) from error
    return settings_from(kind, values, path.name)


def settings_from(kind: type[Kind], values: dict[str, Any], where: str) -> Kind:
    """Return settings from plain ``values``; refuse unknown keys and wrong types."""
    fields = {field.name: field for field in dataclasses.fields(kind)}
    if unknown := sorted(values.keys() - fields.keys()):
        msg = f"{where}: unknown setting {', '.join(unknown)}."
        raise TrainingError(msg, hint=f"Known: {', '.join(fields)}.")
    if "work" not in values:
        msg = f"{where}: the setting 'work' is missing."
        raise TrainingError(msg, hint="It names the folder to work in.")
    for name, value in values.items():
        expected = str(fields[name].type)
        fits = type(value).__name__ == expected or (
            expected == "float" and type(value) is int
        )
        if not fits:
            msg = f"{where}: '{name}' should be of type {expected}, found {value!r}."
            raise TrainingError(msg)
    return kind(**values)
