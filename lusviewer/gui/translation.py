"""The languages of the window: one compiled catalogue each, in ``resources/i18n``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator

from lusviewer.paths import resources

if TYPE_CHECKING:
    from PySide6.QtCore import QCoreApplication

_PREFIX = "lusviewer_"


def QT_TRANSLATE_NOOP(_context: str, text: str) -> str:
    """Return ``text``, marked for the catalogues to be translated where it is shown.

    Qt's own of this name, which ``lupdate`` looks for, is typed as any object.
    """
    return text


def languages() -> list[tuple[str, str]]:
    """Return code and own name of each language there is a catalogue for."""
    found = [("en", "English")]
    for file in sorted((resources() / "i18n").glob(f"{_PREFIX}*.qm")):
        code = file.stem.removeprefix(_PREFIX)
        found.append((code, QLocale(code).nativeLanguageName()))
    return found


def install_translation(app: QCoreApplication, language: str) -> None:
    """Speak ``language``, "" for the system's, as far as there is a catalogue."""
    locale = QLocale(language) if language else QLocale.system()
    for name, folder in (
        ("qtbase", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)),
        ("lusviewer", str(resources() / "i18n")),
    ):
        translator = QTranslator(app)
        if translator.load(locale, name, "_", folder):
            app.installTranslator(translator)
