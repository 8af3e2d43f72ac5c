"""What a recipe is: settings, and stages that can each be run again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lusviewer.cancel import CancelToken

if TYPE_CHECKING:
    from lusviewer.training.config import RunSettings

Event = dict[str, Any]
"""One line of the log: what happened, as plain values."""

Stage = Callable[[Any, CancelToken], Iterator[Event]]
"""Does one part of a run from its last checkpoint; yields how it goes."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training that anyone can run again: ``stages`` run in their order.

    ``settings`` is what the settings file is read as; each stage gets one of those.
    """

    name: str
    about: str
    settings: type[RunSettings]
    stages: Mapping[str, Stage]
