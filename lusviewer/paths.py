"""Where things are, from a source checkout and from a frozen program."""

from __future__ import annotations

import sys
from pathlib import Path

import platformdirs

_APP = "lusviewer"


def install_root() -> Path:
    """Return the folder that holds ``models`` and ``resources``."""
    frozen = getattr(sys, "_MEIPASS", None)
    return Path(frozen) if frozen else Path(__file__).resolve().parent.parent


def resources() -> Path:
    """Return the folder of icons, style sheets and the sample clips."""
    return install_root() / "resources"


def samples() -> Path:
    """Return the folder of the simulated sample clips."""
    return resources() / "samples"


def shipped_models() -> Path:
    """Return the folder of the model bundles that come with the program."""
    return install_root() / "models"


def default_bundle() -> Path:
    """Return the model bundle used when none is chosen."""
    return shipped_models() / "lus-lite"


def user_data() -> Path:
    """Return the folder for the user's own bundles, experts and library."""
    return Path(platformdirs.user_data_dir(_APP, appauthor=False))


def user_experts(bundle: Path) -> Path:
    """Return the folder of the user's own experts for a model bundle."""
    return user_data() / "experts" / bundle.name


def user_logs() -> Path:
    """Return the folder for log files."""
    return Path(platformdirs.user_log_dir(_APP, appauthor=False))


def user_cache() -> Path:
    """Return the folder for what can be made again."""
    return Path(platformdirs.user_cache_dir(_APP, appauthor=False))
