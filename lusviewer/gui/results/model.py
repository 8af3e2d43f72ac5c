"""The experts in use as the window manages them: promoting, going back, handing on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from lusviewer.errors import LusViewerError
from lusviewer.gui.errands import Errands
from lusviewer.gui.jobs import Lane
from lusviewer.gui.results import work
from lusviewer.gui.results.store_watch import StoreWatch
from lusviewer.gui.results.work import Done
from lusviewer.gui.study.work import Changed

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel
    from lusviewer.library.predicting import Refreshed


class ExpertsModel(QObject):
    """Changes the experts in use, off this thread; what they say is said anew.

    Signals
    -------
    changed(Done)
        Other experts are in use, or another version of one; also where another
        program put them there.
    told(Done)
        What was done, whether or not it changed what is in use.
    unpacked(Path)
        An expert that came in one file lies in this folder now.
    refreshing(int, int)
        So many of so many clips were judged anew; 0, 0 when none are being.
    failed(LusViewerError)
        Why something could not be done; nothing is different then.
    """

    changed = Signal(object)
    told = Signal(object)
    unpacked = Signal(object)
    refreshing = Signal(int, int)
    failed = Signal(object)

    def __init__(self, viewer: ViewerModel, study: StudyModel) -> None:
        super().__init__(study)
        self._viewer, self._study = viewer, study
        self._errands = Errands(self)
        self._errands.produced.connect(self._on_done)
        self._errands.failed.connect(self._on_failed)
        self._untold = False
        self._refreshing = Lane(self)
        self._refreshing.produced.connect(self._on_refreshed)
        self._refreshing.ended.connect(self._on_refreshing_ended)
        self._refreshing.failed.connect(viewer.report_failure)
        self.watch = StoreWatch(self)
        self.watch.changed.connect(self._on_changed_outside)
        viewer.models_changed.connect(self._follow)
        viewer.analysis.experts_changed.connect(self.refresh)
        viewer.models_changed.connect(self.refresh)
        study.opened.connect(self.refresh)

    @property
    def bundle(self) -> Path:
        """The folder of the model whose experts these are."""
        return self._viewer.analysis.bundle_path

    @property
    def busy(self) -> bool:
        """Whether something that was asked for is still to be done."""
        return self._errands.busy

    @property
    def refreshes(self) -> bool:
        """Whether clips of the library are being judged anew."""
        return self._refreshing.busy

    def promote(self, folder: Path, name: str) -> None:
        """Put the expert in ``folder`` in use as ``name``."""
        self._errands.run(partial(work.promote, folder, name, self.bundle))

    def roll_back(self, name: str, *, to_model: bool = False) -> None:
        """Put the version before in use again, or the one that came with the model."""
        do = partial(work.roll_back, name, self.bundle, to_model=to_model)
        self._errands.run(do)

    def export(self, folder: Path, file: Path) -> None:
        """Write the expert in ``folder`` to one file that can be handed on."""
        self._errands.run(partial(work.export, folder, file))

    def unpack(self, file: Path) -> None:
        """Take in an expert from one file, without putting it in use."""
        parent = self._study.shelf.folder / "experts"
        self._errands.run(partial(work.unpack, file, parent, self.bundle))

    @Slot()
    def refresh(self) -> None:
        """Have the experts in use judge the clips of the library they have yet to."""
        models = self._viewer.analysis.models
        if models is None or not self._study.shelf.made:
            self._refreshing.cancel()
            return
        do = partial(work.refresh, self._study.shelf, models, self._study.rater)
        self._untold = self._refreshing.busy
        self._refreshing.run(do)

    @Slot()
    def stop_refreshing(self) -> None:
        """Leave the rest of the library to be judged another time."""
        self._untold = True
        self._refreshing.cancel()

    def close(self) -> None:
        """End what was begun; let the library be."""
        self.watch.close()
        self._refreshing.close()
        self._errands.close()

    @Slot(object)
    def _on_done(self, found: tuple[Done | Path, ...]) -> None:
        for one in found:
            if not isinstance(one, Done):
                self.unpacked.emit(one)
                continue
            if one.what != "exported":
                self._follow()
                self._viewer.analysis.reload_experts()
                self.changed.emit(one)
            self.told.emit(one)

    @Slot()
    def _follow(self) -> None:
        self.watch.follow(self.bundle)

    @Slot()
    def _on_changed_outside(self) -> None:
        done = Done("changed outside", "")
        self._viewer.analysis.reload_experts()
        self.changed.emit(done)
        self.told.emit(done)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LusViewerError):
            raise error
        self.failed.emit(error)

    @Slot(object)
    def _on_refreshed(self, steps: tuple[Refreshed, ...]) -> None:
        clips = frozenset(clip for step in steps for clip in step.clip_ids)
        self.refreshing.emit(steps[-1].done, steps[-1].total)
        self._study.changed.emit(Changed(clips))

    @Slot()
    def _on_refreshing_ended(self) -> None:
        if self._untold:
            # Nobody was told of the clips that were kept as it was stopped.
            self._untold = False
            self._study.changed.emit(Changed())
        self.refreshing.emit(0, 0)
