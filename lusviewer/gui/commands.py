"""What the actions do: each is bound to the viewer model here."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QWidget

from lusviewer.gui.background import ExportWish
from lusviewer.gui.dialogs import AboutDialog, KeyboardDialog
from lusviewer.gui.export_dialog import ExportDialog
from lusviewer.gui.exporting import Exporter
from lusviewer.gui.layers import LAYER_NAMES
from lusviewer.gui.picture import signed_picture
from lusviewer.gui.preferences import CACHE_MIB, PreferencesDialog
from lusviewer.gui.review import reviewed
from lusviewer.gui.sight import SPEEDS
from lusviewer.gui.theme import apply_theme, set_icon
from lusviewer.paths import samples, user_logs

if TYPE_CHECKING:
    from collections.abc import Callable

    from lusviewer.gui.actions import Actions
    from lusviewer.gui.clip_view import ClipView
    from lusviewer.gui.layers import Layers
    from lusviewer.gui.player import Player
    from lusviewer.gui.settings import Settings
    from lusviewer.gui.viewer_model import ViewerModel


def bind_viewing(actions: Actions, viewer: ViewerModel, view: ClipView) -> None:
    """Bind what changes the sight of the clip."""
    bind = _binder(actions)
    bind("overlays", viewer.set_overlays)
    bind("saliency", viewer.set_saliency)
    for name in LAYER_NAMES:
        bind(f"layer_{name}", partial(_set_layer, viewer, name))
    bind("fit", view.fit)
    bind("zoom_in", view.zoom_in)
    bind("zoom_out", view.zoom_out)
    bind("measure", view.set_measuring)
    view.measuring_changed.connect(actions["measure"].setChecked)
    viewer.layers_changed.connect(partial(_show_layers, actions))
    _show_layers(actions, viewer.layers)


def bind_cine(actions: Actions, viewer: ViewerModel, player: Player) -> None:
    """Bind what moves through the clip and through the exam."""
    bind = _binder(actions)
    bind("play", partial(_play, actions, viewer))
    for name, step in (
        ("previous_frame", -1),
        ("next_frame", 1),
        ("back_ten", -10),
        ("forth_ten", 10),
    ):
        bind(name, partial(_step, viewer, step))
    bind("first_frame", lambda: viewer.set_frame(0))
    bind("last_frame", lambda: viewer.set_frame(_last(viewer)))
    bind("slower", partial(_change_speed, viewer, -1))
    bind("faster", partial(_change_speed, viewer, 1))
    bind("loop_in", partial(_loop_from_here, viewer))
    bind("loop_out", partial(_loop_to_here, viewer))
    bind("loop_clear", lambda: viewer.set_loop(None))
    bind("sweep", player.set_sweep)
    bind("every_frame", player.set_every_frame)
    bind("previous_clip", lambda: viewer.step_clip(-1))
    bind("next_clip", lambda: viewer.step_clip(1))
    viewer.playing_changed.connect(partial(_show_playing, actions))
    viewer.clip_opened.connect(partial(_show_sweep, actions, player))


def _binder(actions: Actions) -> Callable[[str, Callable[..., object]], None]:
    def bind(name: str, slot: Callable[..., object]) -> None:
        action = actions[name]
        if action.isCheckable():
            action.toggled.connect(slot)
        else:
            action.triggered.connect(lambda _checked=False: slot())

    return bind


def _set_layer(viewer: ViewerModel, name: str, visible: bool) -> None:  # noqa: FBT001
    viewer.set_layer(name, visible=visible)


def _show_layers(actions: Actions, layers: Layers) -> None:
    actions["overlays"].setChecked(layers.overlays)
    actions["saliency"].setChecked(layers.saliency)
    for name in LAYER_NAMES:
        actions[f"layer_{name}"].setChecked(layers.classes[name].visible)


def _show_playing(actions: Actions, playing: bool) -> None:  # noqa: FBT001
    action = actions["play"]
    action.setChecked(playing)
    set_icon(action, "pause" if playing else "play")


def _play(actions: Actions, viewer: ViewerModel, playing: bool) -> None:  # noqa: FBT001
    viewer.set_playing(playing)
    # A still image does not play, however often one asks.
    actions["play"].setChecked(viewer.playing)


def _show_sweep(actions: Actions, player: Player, _clip: object) -> None:
    chosen = player.sweep
    actions["sweep"].setChecked(player.sweeping)
    player.sweep = chosen


def _step(viewer: ViewerModel, n: int) -> None:
    viewer.set_playing(False)
    viewer.step(n)


def _last(viewer: ViewerModel) -> int:
    return 0 if viewer.clip is None else len(viewer.clip) - 1


def _change_speed(viewer: ViewerModel, by: int) -> None:
    now = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - viewer.speed))
    viewer.set_speed(SPEEDS[min(max(now + by, 0), len(SPEEDS) - 1)])


def _loop_from_here(viewer: ViewerModel) -> None:
    here, last = viewer.frame_index, _last(viewer)
    if viewer.loop is not None and viewer.loop[1] > here:
        last = viewer.loop[1]
    viewer.set_loop((here, last))


def _loop_to_here(viewer: ViewerModel) -> None:
    here, first = viewer.frame_index, 0
    if viewer.loop is not None and viewer.loop[0] < here:
        first = viewer.loop[0]
    viewer.set_loop((first, here))


def _show(dialog: QDialog) -> None:
    """Show a dialog without waiting for it in an event loop of its own."""
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


class FileCommands(QObject):
    """Opening, exporting, preferences and help: what asks by a dialog."""

    def __init__(
        self, viewer: ViewerModel, settings: Settings, view: ClipView, window: QWidget
    ) -> None:
        super().__init__(window)
        self._viewer = viewer
        self._settings = settings
        self._view = view
        self._window = window
        self._actions: Actions | None = None
        self.exporter = Exporter(self)
        self.exporter.failed.connect(viewer.report_failure)
        self.exporter.wrote.connect(self._on_wrote)

    def bind(self, actions: Actions) -> None:
        """Bind the actions of the menus file, edit, analysis and help."""
        self._actions = actions
        bind = _binder(actions)
        viewer = self._viewer
        bind("open", self.ask_files)
        bind("open_folder", self.ask_folder)
        bind("open_sample", lambda: self.open([samples()]))
        bind("close", viewer.close_clip)
        bind("export", self.ask_export)
        bind("export_picture", self.ask_picture)
        bind("preferences", self.ask_preferences)
        bind("quit", self._window.close)
        bind("undo", viewer.undo_stack.back)
        bind("redo", viewer.undo_stack.forth)
        viewer.undo_stack.canUndoChanged.connect(actions["undo"].setEnabled)
        viewer.undo_stack.canRedoChanged.connect(actions["redo"].setEnabled)
        actions["undo"].setEnabled(viewer.undo_stack.canUndo())
        actions["redo"].setEnabled(viewer.undo_stack.canRedo())
        bind("analyse", viewer.analyse)
        bind("analyse_exam", viewer.analyse_exam)
        bind("cancel_analysis", viewer.cancel_analysis)
        bind("choose_bundle", self.ask_bundle)
        bind("help_keys", lambda: _show(KeyboardDialog(actions, self._window)))
        bind("open_logs", self.show_logs)
        bind("about", self.show_about)
        actions.enable(frozenset())

    def open(self, several: list[Path]) -> None:
        """Open clips and folders, and remember them."""
        for path in several:
            self._settings.add_recent(path)
        self._viewer.open_path(several)

    @Slot()
    def ask_files(self) -> None:
        """Ask which files to open."""
        kinds = self.tr(
            "Clips (*.dcm *.mp4 *.mov *.avi *.mpg *.mpeg *.mkv *.webm *.gif *.png "
            "*.jpg *.jpeg *.bmp *.tif *.tiff DICOMDIR);;All files (*)"
        )
        files, _ = QFileDialog.getOpenFileNames(
            self._window, self.tr("Open clips"), self._last_folder(), kinds
        )
        if files:
            self.open([Path(file) for file in files])

    @Slot()
    def ask_folder(self) -> None:
        """Ask which folder to open."""
        folder = QFileDialog.getExistingDirectory(
            self._window, self.tr("Open a folder of clips"), self._last_folder()
        )
        if folder:
            self.open([Path(folder)])

    @Slot()
    def ask_bundle(self) -> None:
        """Ask for the folder of another model bundle."""
        folder = QFileDialog.getExistingDirectory(
            self._window,
            self.tr("Choose the folder of a model (with manifest.json)"),
            str(self._viewer.analysis.bundle_path),
        )
        if folder:
            self._viewer.choose_bundle(folder)

    @Slot()
    def ask_export(self) -> None:
        """Ask what to export, then do so in the background."""
        clip = self._viewer.clip
        if clip is None:
            return
        name = clip.identity.path.name
        folder = Path(self._settings.text("export_folder", str(Path.home())))
        dialog = ExportDialog(name, folder, self._window)
        dialog.accepted.connect(partial(self._export_chosen, dialog))
        _show(dialog)

    def _export_chosen(self, dialog: ExportDialog) -> None:
        self._settings.put("export_folder", str(dialog.chosen_folder))
        self.export(dialog.chosen_folder, dialog.formats)

    @Slot()
    def ask_picture(self) -> None:
        """Ask where the picture of the clip view goes, then write it."""
        clip = self._viewer.clip
        if clip is None:
            return
        folder = Path(self._settings.text("export_folder", str(Path.home())))
        frame = self._viewer.frame_index + 1
        suggested = folder / f"{clip.identity.path.name}-{frame}.png"
        file, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Export the picture"), str(suggested), "PNG (*.png)"
        )
        if file:
            path = Path(file)
            self.export(path.parent, ("png",), path.name.removesuffix(".png"))

    def export(self, folder: Path, formats: tuple[str, ...], stem: str = "") -> None:
        """Write the results of the open clip into ``folder``."""
        viewer = self._viewer
        clip = viewer.clip
        if clip is None:
            return
        report = viewer.report
        if report is not None:
            report = reviewed(report, viewer.edits, viewer.predictions)
        wish = ExportWish(
            clip,
            report,
            dict(viewer.findings),
            folder,
            stem or clip.identity.path.name,
            formats,
            self._picture() if "png" in formats else b"",
        )
        viewer.status_changed.emit(self.tr("Exporting ..."))
        self.exporter.write(wish)

    def _picture(self) -> bytes:
        viewer, view = self._viewer, self._view
        measuring = view.measuring
        view.set_measuring(False)  # How to use the tool is no part of the picture.
        picture = signed_picture(view, viewer.report, len(viewer.edits))
        view.set_measuring(measuring)
        return picture

    @Slot(object)
    def _on_wrote(self, path: Path) -> None:
        self._viewer.status_changed.emit(self.tr("Wrote {path}").format(path=path))

    @Slot()
    def ask_preferences(self) -> None:
        """Show the preferences and follow what was changed."""
        dialog = PreferencesDialog(self._settings, self._viewer, self._window)
        dialog.accepted.connect(partial(self._follow, dialog))
        _show(dialog)

    def _follow(self, dialog: PreferencesDialog) -> None:
        dialog.save()
        self.follow_settings()

    def follow_settings(self) -> None:
        """Make the preferences come true; the model is loaded anew if need be."""
        settings, viewer = self._settings, self._viewer
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, settings.text("theme", "system"))
        if self._actions is not None:
            self._actions.follow(settings)
        viewer.auto_analyse = settings.flag("auto_analyse", default=True)
        viewer.cache_bytes = settings.number("cache_mib", CACHE_MIB) * 2**20
        device = settings.text("device", "auto")
        threads = settings.number("threads", 1)
        changed = (device, threads) != (
            viewer.analysis.asked_device,
            viewer.analysis.threads,
        )
        viewer.analysis.threads = threads
        if changed and (viewer.analysis.models or viewer.analysis.loading):
            viewer.choose_device(device)
        viewer.analysis.asked_device = device

    @Slot()
    def show_about(self) -> None:
        """Show what this program is."""
        models = self._viewer.analysis.models
        text = self.tr("No model is loaded.")
        if models is not None:
            identity = models.bundle.identity
            text = self.tr("Model: {name} {version}, SHA-256 {sha}").format(
                name=identity.name, version=identity.version, sha=identity.sha256[:16]
            )
        _show(AboutDialog(text, self._window))

    @Slot()
    def show_logs(self) -> None:
        """Show the folder of the logs."""
        user_logs().mkdir(parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(user_logs())))

    def _last_folder(self) -> str:
        recent = self._settings.recent()
        if not recent:
            return str(Path.home())
        path = Path(recent[0])
        return str(path if path.is_dir() else path.parent)
