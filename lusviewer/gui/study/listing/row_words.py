"""All that is known of a clip in the list, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lusviewer.gui.clinical_words import tr
from lusviewer.gui.study.listing.work import in_task_classes
from lusviewer.gui.task_words import title_of, value_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lusviewer.gui.study.listing.work import Row
    from lusviewer.library.tasks import Task
    from lusviewer.library.values import ClipPrediction


def told(row: Row, tasks: Mapping[str, Task]) -> str:
    """Return what a tooltip and a screen reader say of a clip, a line each."""
    whose = tr("Patient {name}").format(name=row.patient)
    if row.zone:
        whose = f"{whose}, {row.zone} {row.zone_words}"
    lines = [str(row.path), whose]
    lines += [
        f"{title_of(key, tasks)}: {value_words(key, value)}"
        for key, value in sorted(row.labels.items())
    ]
    lines += [
        tr("{what}, predicted by {expert}: {value} ({p:.0f} %)").format(
            what=_asked(one, tasks),
            expert=one.expert,
            value=tr("no call") if one.abstained else _said(one, tasks),
            p=100 * one.probability,
        )
        for one in sorted(row.predictions, key=lambda one: not _own(one, tasks))
    ]
    lines += [
        tr("Label and prediction differ: {what} {label}, predicted {said}").format(
            what=title_of(one.target, tasks).lower(),
            label=value_words(one.target, one.label),
            said=value_words(one.target, one.predicted),
        )
        for one in row.differences
    ]
    if row.missing:
        lines.append(tr("The file is not where it was."))
    elif not row.analysed:
        lines.append(tr("Not analysed yet."))
    return "\n".join(lines)


def _own(one: ClipPrediction, tasks: Mapping[str, Task]) -> bool:
    return in_task_classes(one, tasks.get(one.target))


def _asked(one: ClipPrediction, tasks: Mapping[str, Task]) -> str:
    """Return what an expert was asked, with its classes where they are its own."""
    title = title_of(one.target, tasks)
    return title if _own(one, tasks) else f"{title} ({' / '.join(one.classes)})"


def _said(one: ClipPrediction, tasks: Mapping[str, Task]) -> str:
    return value_words(one.target, one.best) if _own(one, tasks) else one.best
