"""What the window remembers from one start to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray, QSettings

if TYPE_CHECKING:
    from pathlib import Path

RECENT_LIMIT: Final = 10


class Settings:
    """The preferences by name, each of one type, kept in a ``QSettings``."""

    def __init__(self, store: QSettings) -> None:
        self._store = store

    def text(self, name: str, default: str = "") -> str:
        """Return a text."""
        return str(self._store.value(name, default))

    def number(self, name: str, default: int) -> int:
        """Return a whole number; the default where something else is stored."""
        try:
            return int(str(self._store.value(name, default)))
        except ValueError:
            return default

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a yes or no."""
        value = self._store.value(name, default)
        return str(value).lower() in ("true", "1")

    def raw(self, name: str) -> QByteArray:
        """Return bytes, empty where nothing is stored."""
        value = self._store.value(name)
        return value if isinstance(value, QByteArray) else QByteArray()

    def put(self, name: str, value: str | int | bool | QByteArray) -> None:  # noqa: FBT001
        """Remember a value."""
        self._store.setValue(name, value)

    def remove(self, name: str) -> None:
        """Forget a value: the default holds again."""
        self._store.remove(name)

    def write(self) -> None:
        """Write everything to the disk now."""
        self._store.sync()

    def recent(self) -> list[str]:
        """Return the paths opened last, the newest first."""
        stored = self._store.value("recent", [])
        found = [stored] if isinstance(stored, str) else stored
        return [str(one) for one in found] if isinstance(found, list) else []

    def add_recent(self, path: Path) -> None:
        """Put ``path`` on top of the recent ones."""
        text = str(path.absolute())
        others = [one for one in self.recent() if one != text]
        self._store.setValue("recent", [text, *others][:RECENT_LIMIT])

    def clear_recent(self) -> None:
        """Forget what was opened."""
        self._store.setValue("recent", [])
