"""Which drawn frames teach, choose and test: by patient, fixed before training."""

from __future__ import annotations

import json
from importlib import resources

from lusviewer.training.data.split import PARTS, Split


def line_split() -> Split:
    """Return the clips with drawn frames of each part, by the collection's names.

    The test part holds the test patients of the collection's split and some of its
    validation patients: a third of all patients with drawn frames. No network's
    weights ever learn from any of them.
    """
    file = resources.files("lusviewer.training.lines") / "line_split.json"
    parts = json.loads(file.read_text(encoding="utf-8"))
    return {part: tuple(parts[part]) for part in PARTS}
