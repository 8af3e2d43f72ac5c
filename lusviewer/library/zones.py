"""Where on the chest a clip was taken: the zones of the usual schemes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lusviewer.errors import LibraryError

_SIDES: Final = (("R", "right"), ("L", "left"))
_TWELVE: Final = (
    "upper anterior",
    "lower anterior",
    "upper lateral",
    "lower lateral",
    "upper posterior",
    "lower posterior",
)
_SIX: Final = ("anterior", "lateral", "posterior")
_BLUE: Final = ("upper BLUE point", "lower BLUE point", "PLAPS point")


def _both_sides(words: tuple[str, ...]) -> dict[str, str]:
    return {
        f"{letter}{number}": f"{side} {word}"
        for letter, side in _SIDES
        for number, word in enumerate(words, 1)
    }


SCHEMES: Final = {
    "12": _both_sides(_TWELVE),
    "8": _both_sides(_TWELVE[:4]),
    "6": _both_sides(_SIX),
    "BLUE": _both_sides(_BLUE),
}
"""The zones of each scheme: their key, R1 ... L6, and their words."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of a scheme, such as R1 of the scheme with 8 zones."""

    scheme: str
    key: str

    def __post_init__(self) -> None:
        known = SCHEMES.get(self.scheme)
        if known is None:
            msg = f"There is no scheme of zones {self.scheme!r}."
            raise LibraryError(msg, hint=f"There are {', '.join(SCHEMES)}.")
        if self.key not in known:
            msg = f"The scheme {self.scheme} has no zone {self.key!r}."
            raise LibraryError(msg, hint=f"Its zones are {', '.join(known)}.")

    def __str__(self) -> str:
        return f"{self.scheme}:{self.key}"

    @property
    def words(self) -> str:
        """What a clinician calls the zone."""
        return SCHEMES[self.scheme][self.key]


def read_zone(text: str) -> Zone:
    """Return the zone that ``scheme:key`` names, as ``8:R1`` or ``BLUE:L3``."""
    scheme, colon, key = text.strip().upper().partition(":")
    if not colon:
        msg = f"{text!r} is no zone."
        raise LibraryError(msg, hint="Write scheme and zone, as 8:R1 or BLUE:L3.")
    return Zone(scheme, key)
