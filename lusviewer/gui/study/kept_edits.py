"""Keeping what a person corrects in the open clip, where the library knows it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from lusviewer.gui.edits import model_values
from lusviewer.gui.study.work import Changed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lusviewer.cancel import CancelToken
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.study.work import Current, Shelf
    from lusviewer.gui.viewer_model import ViewerModel

    Key = tuple[str, Path]
    """Who corrects, and which file."""


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """All that a person set in a clip, and what which model had said of that."""

    values: Mapping[str, float]
    model_values: Mapping[str, float]
    model_sha256: str


class KeptEdits(QObject):
    """Writes each correction of the open clip to the library, and shows what it has.

    What was set and is not kept yet, because the library does not know the clip or
    could not be written, is tried again when the clip is opened or corrected again.
    """

    def __init__(self, viewer: ViewerModel, study: StudyModel) -> None:
        super().__init__(study)
        self._viewer, self._study = viewer, study
        self._unkept: dict[Key, Said] = {}
        self._queued: set[Key] = set()
        self._written: list[tuple[Key, Said, Changed]] = []
        self._met: tuple[Key, int] | None = None
        viewer.exam.editor = study.rater
        viewer.analysis.edits.said.connect(self._on_said)
        viewer.clip_closed.connect(self._forget)
        study.opened.connect(self._forget)
        study.changed.connect(self._on_changed)
        study.current_changed.connect(self._on_current)
        study.rater_changed.connect(self._on_rater)

    @Slot()
    def _forget(self) -> None:
        self._met = None

    @Slot()
    def _on_said(self) -> None:
        viewer = self._viewer
        if viewer.clip is None:
            return
        key, values = (self._study.rater, viewer.clip.identity.path), viewer.edits
        known = model_values(viewer.report)
        known = {name: known[name] for name in values if name in known}
        sha256 = "" if viewer.report is None else viewer.report.model.sha256
        self._unkept[key] = Said(values, known, sha256)
        if self._met is not None and self._met[0] == key:
            self._keep(*self._met)

    @Slot(object)
    def _on_current(self, current: Current | None) -> None:
        """Show what the library has of the clip, unless something newer was said."""
        viewer = self._viewer
        if current is None or current.entry is None or viewer.clip is None:
            self._met = None
            return
        key = (self._study.rater, current.path)
        new, self._met = self._met != (key, current.entry.id), (key, current.entry.id)
        if key not in self._unkept:
            own = [one for one in current.corrected if one.rater == self._study.rater]
            viewer.analysis.edits.take(own[0].values if own else {})
        elif new:
            self._keep(*self._met)

    @Slot(str)
    def _on_rater(self, name: str) -> None:
        """Let everybody see and change only what he set himself."""
        viewer, current = self._viewer, self._study.current
        viewer.exam.editor = name
        self._met = None
        if viewer.clip is not None:
            path = viewer.clip.identity.path
            viewer.analysis.edits.reset(viewer.exam.edits_of(path))
            if current is not None and current.path == path:
                self._on_current(current)

    # --- writing -------------------------------------------------------------------

    def _keep(self, key: Key, clip: int) -> None:
        """Have written what was set last, unless that waits for its turn already."""
        if key not in self._queued:
            self._queued.add(key)
            self._study.errand(partial(self._write, key, clip, self._study.shelf))

    def _write(
        self, key: Key, clip: int, shelf: Shelf, _cancel: CancelToken
    ) -> Iterator[Changed]:
        # Another thread: what is set from here on is an errand of its own.
        self._queued.discard(key)
        said = self._unkept.get(key)
        if said is None:
            return
        shelf.library().corrections.correct(
            clip,
            said.values,
            rater=key[0],
            model_values=said.model_values,
            model_sha256=said.model_sha256,
        )
        changed = Changed(frozenset({clip}))
        self._written.append((key, said, changed))
        yield changed

    @Slot(object)
    def _on_changed(self, changed: Changed) -> None:
        """Forget what is kept by now; the study then reads the clip again."""
        for one in [one for one in self._written if one[2] is changed]:
            self._written.remove(one)
            key, said, _ = one
            if self._unkept.get(key) is said:
                del self._unkept[key]
