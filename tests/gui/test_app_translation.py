"""The window speaks another language where there is a catalogue for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator

from lusviewer.gui import translation
from lusviewer.gui.actions import MENUS, translated

CATALOGUE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de">
<context><name>Actions</name>
<message><source>&amp;File</source><translation>&amp;Datei</translation></message>
</context></TS>
"""


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch) -> Path:
    """A German catalogue of one word in place of the shipped ones."""
    folder = tmp_path / "i18n"
    folder.mkdir()
    source = folder / "lusviewer_de.ts"
    source.write_text(CATALOGUE, encoding="utf-8")
    release = Path(sys.executable).with_name("pyside6-lrelease")
    subprocess.run([release, "-silent", source], check=True, timeout=60)
    monkeypatch.setattr(translation, "resources", lambda: tmp_path)
    return folder


def test_a_catalogue_in_the_folder_can_be_chosen_and_is_spoken(qapp, catalogue):
    assert ("de", "Deutsch") in translation.languages()
    translation.install_translation(qapp, "de")
    try:
        assert translated(MENUS[0][1]) == "&Datei"
        assert translated(MENUS[1][1]) == "&Edit"
    finally:
        for translator in qapp.findChildren(QTranslator):
            QCoreApplication.removeTranslator(translator)
    assert translated(MENUS[0][1]) == "&File"


def test_english_is_always_there():
    assert ("en", "English") in translation.languages()
