"""What an adaptation depends on, and what of it cannot be."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from lusviewer.errors import TrainingError
from lusviewer.library import open_library
from lusviewer.library.named import require_rater, task_key
from lusviewer.training.local.chosen import Only
from lusviewer.training.local.settings import (
    check_labels,
    check_places,
    check_seed,
)

if TYPE_CHECKING:
    from pathlib import Path

TEMPORAL: Final = "temporal"
BLOCK: Final = "block"
PRETRAIN: Final = "pretrain"
WHATS: Final = (TEMPORAL, BLOCK, PRETRAIN)

USCL: Final = "uscl"
FRAME_ORDER: Final = "frame-order"
METHODS: Final = (USCL, FRAME_ORDER)

STEPS: Final = {TEMPORAL: 400, BLOCK: 300, PRETRAIN: 300}
"""Steps where none are asked for."""

_PLACES: Final = ("library", "bundle", "out", "cache_bytes", "only")
GIB: Final = 2**30


@dataclass(frozen=True, slots=True)
class AdaptSettings:
    """What an adaptation depends on; same settings, clips and labels, same model.

    ``task`` is what the labels answer, as for an expert (``cuts``, ``has``); only a
    pretraining can do without. ``method`` is of a pretraining alone. ``out`` None
    writes to the folder ``models`` of the library. ``cache_bytes`` is how large the
    library's ``cache`` may grow. ``patience`` is after how many looks at the
    validation patients without any gain it ends. ``only`` are the clips that may take
    part; it names files and patients, which a result must not.
    """

    library: Path
    bundle: Path
    what: str
    method: str = USCL
    task: str | None = None
    cuts: tuple[float, ...] = ()
    has: str | None = None
    rater: str | None = None
    certainty: float = 0.5
    seed: int = 0
    steps: int = 300
    look_every: int = 25
    checkpoint_every: int = 25
    patience: int = 6
    draws: int = 20
    threads: int = 1
    name: str | None = None
    out: Path | None = None
    cache_bytes: int = 4 * GIB
    only: Only = field(default_factory=Only)

    @property
    def way(self) -> str:
        """In one word what is done: "temporal", "block", "uscl" or "frame-order"."""
        return self.method if self.what == PRETRAIN else self.what

    def plain(self) -> dict[str, Any]:
        """Return what decides the result, not where things lie."""
        values = asdict(self)
        if self.what != PRETRAIN:
            del values["method"]
        return {key: value for key, value in values.items() if key not in _PLACES}

    def fingerprint(self, labels_sha256: str, model_sha256: str) -> str:
        """Return what tells this run: other labels or another model make another."""
        said = {"settings": self.plain(), "labels": labels_sha256}
        text = json.dumps(said | {"model": model_sha256}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def check_settings(settings: AdaptSettings) -> None:
    """Refuse settings with which nothing can be trained, whatever the labels say."""
    if settings.what != PRETRAIN and settings.task is None:
        msg = f"--what {settings.what} learns from labels: which is not said."
        raise TrainingError(msg, hint="Say --task finding.b_lines, for example.")
    if settings.steps < 1 or settings.look_every < 1 or settings.checkpoint_every < 1:
        msg = "An adaptation needs at least one step."
        raise TrainingError(msg, hint="Leave --steps away for the usual number.")
    if settings.threads < 1:
        msg = f"{settings.threads} threads do no work."
        raise TrainingError(msg, hint="Say --threads 1, or more.")
    check_seed(settings.seed)
    check_labels(settings.cuts, settings.certainty)
    check_places(settings.library, settings.name, settings.out)


def resolved(settings: AdaptSettings) -> AdaptSettings:
    """Return the settings with the task's whole key, once all can be found.

    Raises ``TrainingError`` and ``LibraryError`` as ``check_settings`` does, and for a
    task or rater that the library does not know.
    """
    check_settings(settings)
    with open_library(settings.library) as library:
        require_rater(library, settings.rater)
        if settings.task is None:
            return settings
        return replace(settings, task=task_key(library.labels.tasks(), settings.task))
