"""What came of an import, an export or a check, in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication

from lusviewer.gui.translation import QT_TRANSLATE_NOOP

if TYPE_CHECKING:
    from lusviewer.gui.study.filling.model import Result
    from lusviewer.gui.study.filling.work import Progressed

_OUTCOMES: Final = {
    "added": QT_TRANSLATE_NOOP("Filling", "{n} added"),
    "found again": QT_TRANSLATE_NOOP("Filling", "{n} found again"),
    "known": QT_TRANSLATE_NOOP("Filling", "{n} known before"),
    "written": QT_TRANSLATE_NOOP("Filling", "{n} written"),
    "refused": QT_TRANSLATE_NOOP("Filling", "{n} refused"),
    "missing": QT_TRANSLATE_NOOP("Filling", "{n} missing"),
    "broken": QT_TRANSLATE_NOOP("Filling", "The library is damaged"),
    "sound": QT_TRANSLATE_NOOP("Filling", "The library is sound"),
}
_WORDS: Final = {
    "added": QT_TRANSLATE_NOOP("Filling", "added"),
    "found again": QT_TRANSLATE_NOOP("Filling", "found again"),
    "known": QT_TRANSLATE_NOOP("Filling", "known before"),
    "written": QT_TRANSLATE_NOOP("Filling", "written"),
    "refused": QT_TRANSLATE_NOOP("Filling", "refused"),
    "missing": QT_TRANSLATE_NOOP("Filling", "missing"),
    "broken": QT_TRANSLATE_NOOP("Filling", "damaged"),
    "sound": QT_TRANSLATE_NOOP("Filling", "sound"),
}
_MB: Final = 1e6


def tr(text: str) -> str:
    """Return ``text`` in the language of the window."""
    return QCoreApplication.translate("Filling", text)


def outcome_words(outcome: str) -> str:
    """Return what became of one file."""
    return tr(_WORDS.get(outcome, outcome))


def summary(result: Result) -> str:
    """Return what came of all files: "37 added, 3 refused"."""
    counts = Counter(one.outcome for one in result.told)
    parts = [
        tr(text).format(n=counts[outcome])
        for outcome, text in _OUTCOMES.items()
        if counts[outcome]
    ]
    if result.stopped:
        parts.append(tr("stopped before the end"))
    if result.error is not None:
        parts.append(result.error.message)
    return ", ".join(parts) or tr("nothing to do")


def wrong_words(result: Result) -> str:
    """Return that something went wrong, "" where nothing did."""
    if result.error is not None:
        return tr("It failed")
    n = sum(one.trouble for one in result.told)
    text = tr("A problem with {n} of {all} files")
    if len(result.told) == 1:
        text = tr("A problem with the file")
    return text.format(n=n, all=len(result.told)) if n else ""


def how_far(step: Progressed) -> str:
    """Return how many files and megabytes are done: "12 of 37, 45 of 210 MB"."""
    if not step.total:
        return tr("Checking ...")
    text = tr("{done} of {total}").format(done=step.done, total=step.total)
    if step.total_bytes >= _MB:
        done, total = step.done_bytes / _MB, step.total_bytes / _MB
        sizes = tr("{done:.0f} of {total:.0f} MB").format(done=done, total=total)
        text = f"{text}, {sizes}"
    return text
