"""What a training is asked for, as the command line takes it; nothing knows Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

EXPERT: Final = ("train", "expert")
ADAPT: Final = ("train", "adapt")
"""The words by which the two kinds of training are called."""

KINDS: Final = ("tree", "forest", "logistic", "svm", "mlp")
"""The kinds of expert, the plainest first."""

INPUTS: Final = ("biomarkers", "measured", "embedding", "clinical")
USUAL_INPUTS: Final = frozenset({"biomarkers", "measured"})

TEMPORAL, BLOCK, PRETRAIN = "temporal", "block", "pretrain"
STEPS: Final = {TEMPORAL: 400, BLOCK: 300, PRETRAIN: 300}
METHODS: Final = ("uscl", "frame-order")

CLIPS: Final = "--clips"
"""Before the numbers of the clips that may take part."""

FOLDS: Final = 5
CERTAINTY: Final = 0.5


@dataclass(frozen=True, slots=True)
class Asked:
    """A task, parted at ``cuts`` where it is one of numbers; ``has`` is of a set."""

    task: str
    cuts: tuple[float, ...] = ()
    has: str | None = None

    def arguments(self) -> list[str]:
        """Return it as the command line takes it."""
        cuts = ["--cut", ",".join(f"{cut:g}" for cut in self.cuts)] if self.cuts else []
        has = ["--has", self.has] if self.has is not None else []
        return ["--task", self.task, *cuts, *has]


@dataclass(frozen=True, slots=True)
class Source:
    """The library, the model that looked at its clips, and whose labels count."""

    library: Path
    model: Path
    rater: str | None = None
    certainty: float = CERTAINTY

    def arguments(self) -> list[str]:
        """Return it as the command line takes it."""
        given = ["--library", str(self.library), "--model", str(self.model)]
        by = ["--rater", self.rater] if self.rater is not None else []
        return [*given, *by, "--certainty", f"{self.certainty:g}"]


@dataclass(frozen=True, slots=True)
class Wish:
    """An expert to be fitted; ``clips`` None is on all that are labelled."""

    asked: Asked
    source: Source
    inputs: tuple[str, ...]
    kinds: tuple[str, ...] = KINDS
    folds: int = FOLDS
    seed: int = 0
    clips: tuple[int, ...] | None = None

    def arguments(self) -> list[str]:
        """Return the call, without the program's name."""
        only = [] if self.clips is None else [CLIPS, in_runs(self.clips)]
        return [
            *(*EXPERT, *self.asked.arguments(), *self.source.arguments()),
            *("--inputs", ",".join(self.inputs), "--kind", ",".join(self.kinds)),
            *("--folds", str(self.folds), "--seed", str(self.seed)),
            *only,
        ]


@dataclass(frozen=True, slots=True)
class DeepWish:
    """A model to be adapted; ``asked`` None is for a pretraining without labels."""

    what: str
    asked: Asked | None
    source: Source
    method: str = METHODS[0]
    steps: int = 300
    seed: int = 0

    def arguments(self) -> list[str]:
        """Return the call, without the program's name."""
        by = ["--method", self.method] if self.what == PRETRAIN else []
        asked = [] if self.asked is None else self.asked.arguments()
        return [
            *(*ADAPT, "--what", self.what, *by, *asked, *self.source.arguments()),
            *("--steps", str(self.steps), "--seed", str(self.seed)),
        ]


def in_runs(numbers: Iterable[int]) -> str:
    """Return numbers in order as the command line takes them, such as ``1,4,7-12``."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][-1] == number - 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ",".join("-".join(map(str, run)) for run in runs)
