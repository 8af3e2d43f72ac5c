"""A field for one number, with a point or a comma."""

from __future__ import annotations

from PySide6.QtCore import QRegularExpression
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QLineEdit


class NumberField(QLineEdit):
    """Takes digits, a sign and a decimal point or comma, whatever the locale."""

    def __init__(self, name: str, text: str = "") -> None:
        super().__init__(text)
        self.setAccessibleName(name)
        pattern = QRegularExpression(r"-?\d{0,9}([.,]\d{0,9})?")
        self.setValidator(QRegularExpressionValidator(pattern, self))

    @property
    def number(self) -> float | None:
        """What is written; None while that is no number."""
        try:
            return float(self.text().replace(",", "."))
        except ValueError:
            return None
