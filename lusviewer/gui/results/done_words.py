"""What was done to the experts in use, in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from lusviewer.gui.results.work import Done


def tr(text: str) -> str:
    """Return ``text`` in the language of the window."""
    return QCoreApplication.translate("results", text)


def done_words(done: Done) -> str:
    """Return what was done to the experts, for the status line."""
    if done.what == "promoted":
        words = tr("{expert} is in use.")
        return words.format(expert=_placed(done))
    if done.what == "exported":
        return tr("{name} was written.").format(name=done.name)
    if done.what == "changed outside":
        return tr("Other experts were put in use outside this window.")
    if done.version:
        words = tr("{expert} is in use again.")
        return words.format(expert=_placed(done))
    return tr("Your own {name} is no longer in use.").format(name=done.name)


def _placed(done: Done) -> str:
    """Return an expert with its version, and in whose place it is in use."""
    words = f"{done.expert} {done.version}"
    if done.expert == done.name:
        return words
    place = tr("{expert}, in the place of {name},")
    return place.format(expert=words, name=done.name)
