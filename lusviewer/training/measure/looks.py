"""The record of each look at clips that nothing may be chosen on."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lusviewer.errors import TrainingError

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.findings import ModelIdentity

Look = dict[str, Any]


def read_looks(path: Path) -> list[Look]:
    """Return the looks recorded so far, the oldest first; none where no file is."""
    if not path.is_file():
        return []
    try:
        looks: list[Look] = json.loads(path.read_text(encoding="utf-8"))["looks"]
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{path} is not a record of looks: {error!r}."
        raise TrainingError(msg, hint="Restore it: a look must not be lost.") from error
    return looks


def record_look(path: Path, collection: str, what: str, model: ModelIdentity) -> None:
    """Add a look at ``collection`` to the record, before anything is measured."""
    looks = read_looks(path)
    looks.append(
        {
            "date": datetime.now(UTC).isoformat(timespec="minutes"),
            "collection": collection,
            "what": what,
            "model": model.name,
            "version": model.version,
            "sha256": model.sha256,
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"looks": looks}, indent=1) + "\n"
    path.write_text(text, encoding="utf-8")
