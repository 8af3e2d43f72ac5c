"""The preferences: device, speed and memory, how the window looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from lusviewer.gui import background
from lusviewer.gui.jobs import Lane
from lusviewer.gui.keys_page import KeysPage
from lusviewer.gui.status_strip import device_words
from lusviewer.gui.theme import SPACE
from lusviewer.gui.translation import QT_TRANSLATE_NOOP, languages

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent

    from lusviewer.gui.settings import Settings
    from lusviewer.gui.viewer_model import ViewerModel
    from lusviewer.inference.session import Device, Provider

THEMES: Final = (
    ("system", QT_TRANSLATE_NOOP("Preferences", "As the system")),
    ("dark", QT_TRANSLATE_NOOP("Preferences", "Dark reading room")),
    ("light", QT_TRANSLATE_NOOP("Preferences", "Light")),
)
CACHE_MIB: Final = 512
CACHE_LIMITS_MIB: Final = (64, 8192)
THREAD_LIMIT: Final = 16


class PreferencesDialog(QDialog):
    """Shows the preferences; ``save`` keeps them. Nothing changes before."""

    def __init__(
        self, settings: Settings, viewer: ViewerModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Preferences"))
        self._settings = settings
        self._viewer = viewer
        self._lane = Lane(self)
        tabs = QTabWidget()
        tabs.addTab(self._analysis_page(), self.tr("Analysis"))
        tabs.addTab(self._window_page(), self.tr("Window"))
        self.keys = KeysPage(settings)
        tabs.addTab(self.keys, self.tr("Keyboard"))
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.agree = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.keys.checked.connect(self.agree.setEnabled)
        column = QVBoxLayout(self)
        column.addWidget(tabs)
        column.addWidget(buttons)
        self.setMinimumWidth(600)
        self.finished.connect(self._lane.close)
        self._lane.produced.connect(self._show_providers)
        self._lane.run(background.list_providers)

    def _analysis_page(self) -> QWidget:
        self.device = QComboBox()
        self.device.addItem(self.tr("The fastest available"), "auto")
        asked = self._settings.text("device", "auto")
        if asked != "auto":
            self.device.addItem(device_words(asked), asked)
            self.device.setCurrentIndex(1)
        self.why = QLabel(self.tr("Looking for devices ..."))
        self.why.setWordWrap(True)
        self.why.setProperty("role", "muted")
        self.threads = QSpinBox()
        self.threads.setRange(1, THREAD_LIMIT)
        self.threads.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.threads.setValue(self._settings.number("threads", 1))
        self.threads.setToolTip(
            self.tr("Threads of one run of the model; two runs go on at a time")
        )
        self.cache = QSpinBox()
        self.cache.setRange(*CACHE_LIMITS_MIB)
        self.cache.setSingleStep(64)
        self.cache.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.cache.setSuffix(" MiB")
        self.cache.setValue(self._settings.number("cache_mib", CACHE_MIB))
        self.automatic = QCheckBox(self.tr("Analyse each clip when it is opened"))
        self.automatic.setChecked(self._settings.flag("auto_analyse", default=True))
        page, form = _page()
        form.addRow(self.tr("Run on"), self.device)
        form.addRow(self.tr("Devices"), self.why)
        form.addRow(self.tr("Threads"), self.threads)
        form.addRow(self.tr("Decoded frames kept"), self.cache)
        form.addRow("", self.automatic)
        return page

    def _window_page(self) -> QWidget:
        self.theme = QComboBox()
        for key, words in THEMES:
            self.theme.addItem(QCoreApplication.translate("Preferences", words), key)
        chosen = self._settings.text("theme", "system")
        self.theme.setCurrentIndex(max(0, self.theme.findData(chosen)))
        self.language = QComboBox()
        self.language.addItem(self.tr("As the system"), "")
        for code, name in languages():
            self.language.addItem(name, code)
        spoken = self._settings.text("language")
        self.language.setCurrentIndex(max(0, self.language.findData(spoken)))
        note = QLabel(self.tr("The language changes with the next start."))
        note.setProperty("role", "muted")
        page, form = _page()
        form.addRow(self.tr("Colours"), self.theme)
        form.addRow(self.tr("Language"), self.language)
        form.addRow("", note)
        return page

    def save(self) -> None:
        """Keep what was chosen."""
        put = self._settings.put
        put("device", str(self.device.currentData()))
        put("threads", self.threads.value())
        put("cache_mib", self.cache.value())
        put("auto_analyse", self.automatic.isChecked())
        put("theme", str(self.theme.currentData()))
        put("language", str(self.language.currentData()))
        self.keys.save()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Wait for the search for devices."""
        self._lane.close()
        super().closeEvent(event)

    @Slot(object)
    def _show_providers(self, found: tuple[tuple[Provider, ...], ...]) -> None:
        providers = found[-1]
        for provider in providers:
            known = self.device.findData(provider.device) >= 0
            if provider.available and not known:
                self.device.addItem(device_words(provider.device), provider.device)
        models = self._viewer.analysis.models
        used = None if models is None else models.bundle.device
        self.why.setText(devices_in_words(providers, used))
        self.adjustSize()


def devices_in_words(providers: tuple[Provider, ...], used: Device | None) -> str:
    """Return what is in use and why each other device is not."""
    lines = []
    if used is not None:
        translate = QCoreApplication.translate
        lines.append(
            translate("Preferences", "In use: {name}.").format(
                name=device_words(used.got)
            )
        )
        if used.why:
            lines.append(used.why)
    lines.extend(
        f"{device_words(provider.device)}: {provider.why}"
        for provider in providers
        if not provider.available
    )
    return "\n".join(lines)


def _page() -> tuple[QWidget, QFormLayout]:
    page = QWidget()
    form = QFormLayout(page)
    form.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
    form.setHorizontalSpacing(SPACE * 2)
    form.setVerticalSpacing(SPACE + SPACE // 2)
    return page, form
