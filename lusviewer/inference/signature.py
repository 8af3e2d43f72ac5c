"""Whether a graph takes and gives what its manifest states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.errors import ManifestError
from lusviewer.inference.session import Tensor

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_NEW_COPY: Final = "The graph is not the one the manifest speaks of: ask its maker."


def check_tensors(
    file: Path, what: str, stated: tuple[Tensor, ...], found: tuple[Tensor, ...]
) -> None:
    """Refuse a graph whose inputs or outputs are not those the manifest states."""
    names = {tensor.name: tensor for tensor in found}
    if names.keys() != {tensor.name for tensor in stated}:
        expected = ", ".join(tensor.name for tensor in stated)
        msg = f"{file}: the {what}s should be {expected}, found {', '.join(names)}."
        raise ManifestError(msg, hint=_NEW_COPY)
    for tensor in stated:
        other = names[tensor.name]
        if tensor.dtype != other.dtype or not _fits(tensor.shape, other.shape):
            msg = (
                f"{file}: the {what} '{tensor.name}' should be {_words(tensor)}, "
                f"found {_words(other)}."
            )
            raise ManifestError(msg, hint=_NEW_COPY)


def _fits(stated: tuple[int, ...], found: tuple[int, ...]) -> bool:
    """Whether shapes agree; a graph may leave open a size of its own outputs."""
    return len(stated) == len(found) and all(
        other in (size, -1) for size, other in zip(stated, found, strict=True)
    )


def check_made(file: Path, tensor: Tensor, value: NDArray[Any]) -> None:
    """Refuse an output that is not of the shape stated, or not a number."""
    made = Tensor(tensor.name, value.dtype.name, value.shape)
    fits = made.dtype == tensor.dtype and _fits(made.shape, tensor.shape)
    if not fits or not np.isfinite(value).all():
        words = _words(made) if not fits else "values that are no numbers"
        msg = f"{file}: '{tensor.name}' should be {_words(tensor)}, found {words}."
        raise ManifestError(msg, hint=_NEW_COPY)


def _words(tensor: Tensor) -> str:
    sizes = " x ".join("any" if size < 0 else str(size) for size in tensor.shape)
    return f"{tensor.dtype} {sizes}"
