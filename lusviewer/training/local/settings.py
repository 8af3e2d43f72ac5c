"""What the training of a local expert depends on, and what of it cannot be."""

from __future__ import annotations

import math
import os
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from lusviewer.errors import TrainingError
from lusviewer.experts.store import folder_name
from lusviewer.library.named import require_library
from lusviewer.training.experts.heads import KINDS
from lusviewer.training.local.chosen import Only

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FOLDS_MIN: Final = 2
_NEEDED: Final = ("sklearn", "onnx", "torch")


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """What the training of a local expert depends on.

    ``out`` None writes to the folder ``experts`` of the library. ``bundle`` is the
    model bundle whose analyses are learned from, ``store`` the folder of the user's
    own experts, the usual one where it is None. ``only`` are the clips that may take
    part; it names files and patients, which a result must not.
    """

    library: Path
    task: str
    bundle: Path
    inputs: tuple[str, ...] = ("biomarkers", "measured")
    kinds: tuple[str, ...] = KINDS
    folds: int = 5
    seed: int = 0
    cuts: tuple[float, ...] = ()
    has: str | None = None
    rater: str | None = None
    certainty: float = 0.5
    name: str | None = None
    out: Path | None = None
    store: Path | None = None
    only: Only = field(default_factory=Only)
    places: tuple[str, ...] = field(
        default=("library", "bundle", "out", "store", "only", "places"), repr=False
    )

    def plain(self) -> dict[str, Any]:
        """Return what decides the result, not where things lie."""
        values = asdict(self)
        return {key: values[key] for key in values if key not in self.places}


def check_settings(settings: LocalSettings) -> None:
    """Refuse settings with which nothing can be trained, whatever the labels say."""
    if unknown := sorted(set(settings.kinds) - set(KINDS)):
        msg = f"There is no kind of expert {', '.join(unknown)}."
        raise TrainingError(msg, hint=f"There are {', '.join(KINDS)}; or 'all'.")
    check_seed(settings.seed)
    check_labels(settings.cuts, settings.certainty)
    if settings.folds < FOLDS_MIN:
        msg = f"{settings.folds} folds leave no patient to test on."
        raise TrainingError(msg, hint=f"{FOLDS_MIN} or more are needed; 5 are usual.")
    check_places(settings.library, settings.name, settings.out)


def check_seed(seed: int) -> None:
    """Refuse a seed that no generator of random numbers takes."""
    if not 0 <= seed < 2**32:
        msg = f"{seed} is no seed."
        raise TrainingError(msg, hint="Give a whole number of 0 or more.")


def check_labels(cuts: Sequence[float], certainty: float) -> None:
    """Refuse cuts and a certainty that no label can lie beyond."""
    if wrong := [f"{cut:g}" for cut in cuts if not math.isfinite(cut)]:
        msg = f"Nothing can be parted at {', '.join(wrong)}."
        raise TrainingError(msg, hint="Give numbers, as --cut 275,430.")
    if not 0.0 <= certainty <= 1.0:
        msg = f"A certainty of {certainty:g} cannot be."
        raise TrainingError(msg, hint="It goes from 0, a guess, to 1, certain.")


def check_places(library: Path, name: str | None, out: Path | None) -> None:
    """Refuse what cannot be learned from, or cannot be written to."""
    require_library(library)
    if name:
        folder_name(name)
    if out is not None and out.exists():
        msg = f"{out} is there already."
        raise TrainingError(msg, hint="Name a new folder with --out.")
    if out is not None and not _can_make(out.absolute()):
        msg = f"{out} could not be written: its folder takes nothing new."
        raise TrainingError(msg, hint="Choose a folder that you may write to.")


def _can_make(folder: Path) -> bool:
    """Whether a folder can be made, asked before hours of work and not after."""
    above = next(one for one in folder.parents if one.exists())
    return above.is_dir() and os.access(above, os.W_OK | os.X_OK)


def check_installed() -> None:
    """Raise ``TrainingError`` where what fits experts is not installed."""
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        msg = f"Training an expert needs {', '.join(missing)}: not installed here."
        hint = "Install lusviewer with its training: pip install 'lusviewer[training]'."
        raise TrainingError(msg, hint=hint)
