"""Tables of a result: confusion, kinds and folds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from lusviewer.gui import theme
from lusviewer.gui.clinical_words import kind_words
from lusviewer.gui.results.result_words import figure_words, kind_of, tr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtCore import QPersistentModelIndex

    from lusviewer.experts.validation import Fold, Scores

    Index = QModelIndex | QPersistentModelIndex

_SHARE: Final = Qt.ItemDataRole.UserRole + 1
_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
ROW_PX: Final = 32
"""How high a row of one line is."""


def dress_table(table: QTableView, name: str) -> None:
    """Make a table one to read: whole rows are chosen, nothing is written."""
    table.setAccessibleName(name)
    table.setProperty("role", "figures")
    table.setFont(theme.font(table.font()))
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(ROW_PX)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setDefaultAlignment(
        Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    )


class Table(QTableWidget):
    """Rows that are read, not written."""

    def __init__(self, name: str, headings: Sequence[str]) -> None:
        super().__init__(0, len(headings))
        dress_table(self, name)
        self.setHorizontalHeaderLabels(list(headings))
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)

    def add(self, texts: Sequence[str], numbers: Sequence[int] = ()) -> None:
        """Add a row; the columns in ``numbers`` stand to the right."""
        row = self.rowCount()
        self.insertRow(row)
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            if column in numbers:
                item.setTextAlignment(_RIGHT)
            self.setItem(row, column, item)

    def texts(self, row: int) -> list[str]:
        """Return what stands in a row."""
        items = (self.item(row, column) for column in range(self.columnCount()))
        return ["" if item is None else item.text() for item in items]

    def fit_rows(self) -> None:
        """Be as high as the rows: the page scrolls, not the table."""
        rows = self.rowCount() * self.verticalHeader().defaultSectionSize()
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + rows + 4)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)


class KindsTable(Table):
    """What each kind of expert that was tried came to."""

    def __init__(self, kinds: Mapping[str, Scores]) -> None:
        headings = [tr("Kind"), tr("AUC"), tr("Accuracy"), tr("Balanced accuracy")]
        super().__init__(tr("Kinds that were tried"), headings)
        for name, scores in kinds.items():
            figures = (scores.auc, scores.accuracy, scores.balanced_accuracy)
            self.add([kind_of(name), *map(figure_words, figures)])
        self.fit_rows()


class FoldsTable(Table):
    """What came of each part: patients left out together."""

    def __init__(self, folds: Sequence[Fold]) -> None:
        headings = [
            tr("Part"),
            tr("Patients"),
            tr("Clips"),
            tr("AUC"),
            tr("Accuracy"),
            tr("Kind chosen"),
        ]
        super().__init__(tr("Parts left out in turn"), headings)
        for fold in folds:
            figures = [_plain(fold.auc), _plain(fold.accuracy)]
            counts = [str(n) for n in (fold.number, fold.patients, fold.clips)]
            self.add([*counts, *figures, kind_words(fold.kind)])
        self.fit_rows()


class ConfusionTable(Table):
    """Counts, a row a label and a column what was said; darker is more of the row."""

    def __init__(self, counts: Sequence[Sequence[int]], classes: Sequence[str]) -> None:
        said = [tr("said {name}").format(name=name) for name in classes]
        headings = [tr("Label"), *said, tr("Clips")]
        super().__init__(tr("Confusion"), headings)
        self.setItemDelegate(_ShadedCells(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.verticalHeader().setDefaultSectionSize(46)
        for name, row in zip(classes, counts, strict=True):
            total = sum(row)
            shares = [n / max(total, 1) for n in row]
            texts = [
                f"{n}\n{100 * share:.0f} %"
                for n, share in zip(row, shares, strict=True)
            ]
            self.add([name, *texts, str(total)], numbers=(len(row) + 1,))
            self._shade(self.rowCount() - 1, shares)
        header = self.horizontalHeader()
        header.setStretchLastSection(False)
        for column in range(1, len(classes) + 1):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self.fit_rows()

    def _shade(self, row: int, shares: Sequence[float]) -> None:
        for place, share in enumerate(shares):
            item = self.item(row, place + 1)
            if item is not None:
                item.setData(_SHARE, share)
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)


class _ShadedCells(QStyledItemDelegate):
    """Paints a cell the stronger the larger its share of the row is."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: Index
    ) -> None:
        """Paint the shade below the words."""
        share = index.data(_SHARE)
        parent = self.parent()
        if isinstance(share, float) and isinstance(parent, QWidget):
            colour = theme.theme_of(parent).colour("accent")
            colour.setAlphaF(0.06 + 0.42 * share)
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            place = QRectF(option.rect).adjusted(2, 2, -2, -2)
            painter.drawRoundedRect(place, 4, 4)
            painter.restore()
        super().paint(painter, option, index)


def _plain(value: float | None) -> str:
    return tr("not known") if value is None else f"{value:.2f}"
