"""The experts that answer for a bundle: those that came with it and the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lusviewer import paths
from lusviewer.errors import ManifestError
from lusviewer.experts.expert import Expert, folders_in_use, open_expert

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED: Final = "experts"
"""The folder inside a bundle with the experts that came with it."""


def experts_in_use(bundle: Path, own: Path | None = None) -> tuple[Expert, ...]:
    """Return the experts in use with the bundle in folder ``bundle``, by name.

    The user's own, in the store ``own`` or the usual one, go before those of the same
    name that came with it. Raises ``ManifestError`` for the first that is wrong.
    """
    folders = in_use(bundle, own)
    return tuple(open_expert(folder) for folder in folders.values())


def usable_experts(
    bundle: Path,
) -> tuple[tuple[Expert, ...], tuple[ManifestError, ...]]:
    """Return the experts in use that can be opened, and what is wrong with others."""
    usable, wrong = [], []
    for folder in in_use(bundle).values():
        try:
            usable.append(open_expert(folder))
        except ManifestError as error:
            wrong.append(error)
    return tuple(usable), tuple(wrong)


def in_use(bundle: Path, own: Path | None = None) -> dict[str, Path]:
    """Return where the experts in use with a bundle lie, by name."""
    own = paths.user_experts(bundle) if own is None else own
    found = folders_in_use(bundle / SHIPPED) | folders_in_use(own)
    return {name: found[name] for name in sorted(found)}
