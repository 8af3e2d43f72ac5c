"""The settings of a training run, as a value read from TOML or JSON."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lusviewer.errors import TrainingError


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Everything a run depends on; the same settings and data give the same weights.

    Folders: ``work`` holds what can be made again (rendered frames, decoded clips) and
    the checkpoints; ``real`` is the POCUS collection ("" trains on the phantom alone);
    ``bundle`` is what is written at the end. ``frame_shards`` and ``clip_shards`` say
    how many shards of single frames and of 16-frame clips are rendered. ``tested``
    false leaves the test patients alone, as long as there are choices to make.
    """

    work: str
    bundle: str = ""
    version: str = "0.0.1"
    real: str = ""
    frame_shards: int = 200
    clip_shards: int = 6
    phantom_seed: int = 11
    seed: int = 0
    steps: int = 4000
    phantom_frames: int = 12
    bags: int = 2
    bag_frames: int = 3
    rate: float = 1e-3
    encoder_rate: float = 3e-4
    warm_up: int = 100
    weight_decay: float = 0.02
    real_weight: float = 0.7
    average: float = 0.998
    temporal_steps: int = 1500
    temporal_rate: float = 1e-3
    checkpoint_every: int = 100
    snapshot_every: int = 1000
    report_every: int = 20
    bfloat16: bool = True
    imagenet: bool = True
    threads: int = 1
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

    @property
    def run_folder(self) -> Path:
        """Where checkpoints and the log are written."""
        return Path(self.work) / "run"

    def with_values(self, **values: Any) -> TrainingConfig:  # noqa: ANN401 - any field
        """Return a copy with other ``values``."""
        return dataclasses.replace(self, **values)


def read_config(path: Path) -> TrainingConfig:
    """Return the settings in the TOML or JSON file ``path``."""
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
    return config_from(values, path.name)


def config_from(values: dict[str, Any], where: str) -> TrainingConfig:
    """Return settings from plain ``values``; refuse unknown keys and wrong types."""
    fields = {field.name: field for field in dataclasses.fields(TrainingConfig)}
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
    return TrainingConfig(**values)
