"""A decision tree as it decides: questions, branches, and what each leaf says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QFontMetricsF,
    QKeyEvent,
    QPainterPath,
    QPen,
)
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem

from lusviewer.experts.features import CLINICAL, feature_words
from lusviewer.gui import theme
from lusviewer.gui.results.charts import class_colour
from lusviewer.gui.results.result_words import input_words, tr
from lusviewer.gui.zoom_view import ZoomView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QColor, QFont, QShowEvent

    from lusviewer.experts.validation import Node

_LINE: Final = 19.0
"""How high a line of words is, at least."""
_BESIDE_WORDS: Final = 24.0
"""What a box needs above and below its words, for the bar of shares."""
_ROOM: Final = 1000.0
"""Wider than this, questions are written in two lines: else nobody could read them."""
_EDGE: Final = 24.0
_LEGIBLE: Final = 0.75
"""Words smaller than this share of the window's nobody reads with ease."""
_GAP: Final = (22.0, 44.0)
_PAD: Final = 10.0
_BAR: Final = 7.0
_WIDEST: Final = 300.0
_MEASURES: Final = ("measured.", "clinical.", "embedding.")
"""Values that are no probabilities."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a node stands: the middle of its box, in px of the picture."""

    x: float
    y: float


def places(
    nodes: Sequence[Node], width: float, height: float = 62.0
) -> dict[int, Spot]:
    """Return where each node stands: leaves side by side, questions above them.

    ``width`` and ``height`` are those of a box.
    """
    found: dict[int, Spot] = {}
    across = 0.0

    def place(number: int, depth: int) -> float:
        nonlocal across
        node = nodes[number]
        if node.left is None or node.right is None:
            x = across
            across += width + _GAP[0]
        else:
            x = (place(node.left, depth + 1) + place(node.right, depth + 1)) / 2
        found[number] = Spot(x, depth * (height + _GAP[1]))
        return x

    place(0, 0)
    return found


def branch_words(node: Node) -> tuple[str, str]:
    """Return what leads left and what leads right."""
    limit = limit_words(node)
    return tr("up to {limit}").format(limit=limit), tr("above {limit}").format(
        limit=limit
    )


def limit_words(node: Node) -> str:
    """Return a threshold: what the model gives a probability for as percent."""
    threshold, feature = node.threshold or 0.0, node.feature or ""
    if feature.startswith((*_MEASURES,)):
        return f"{threshold:.3g}"
    return f"{100 * threshold:.2g} %"


def asked_words(node: Node) -> str:
    """Return what a node asks, as a question."""
    feature, words = node.feature or "", node.words or ""
    if feature.startswith(CLINICAL):
        # Experts of before were written with the bare names of columns.
        words = feature_words(feature)
    return f"{input_words(feature, words)}?"


def leaf_words(node: Node, classes: Sequence[str]) -> str:
    """Return what a leaf says: its likeliest class and how likely."""
    best = max(range(len(classes)), key=lambda place: node.shares[place])
    return f"{classes[best]}: {100 * node.shares[best]:.0f} %"


def shares_words(node: Node, classes: Sequence[str]) -> str:
    """Return the share of every class."""
    parts = zip(classes, node.shares, strict=True)
    return ", ".join(f"{name} {100 * share:.0f} %" for name, share in parts)


def how_to_move() -> str:
    """Return how one gets about in the tree."""
    return tr("Wheel or + and - zoom, dragging moves, 0 shows all")


def in_two_lines(words: str, metrics: QFontMetricsF) -> list[str]:
    """Return words parted where the longer line is shortest."""
    parts = words.split(" ")
    ways = [
        [" ".join(parts[:n]), " ".join(parts[n:])] for n in range(1, len(parts))
    ] or [[words]]
    return min(ways, key=lambda lines: _widest(lines, metrics))


def _widest(lines: Sequence[str], metrics: QFontMetricsF) -> float:
    return max(metrics.horizontalAdvance(line) for line in lines)


class TreeView(ZoomView):
    """The tree drawn; the wheel zooms, dragging pans, + - and 0 do so by key."""

    def __init__(self, nodes: Sequence[Node], classes: Sequence[str]) -> None:
        super().__init__()
        self._nodes, self._classes = tuple(nodes), tuple(classes)
        self._drawn, self._all = "", False
        self._width, self._height, self._line = _WIDEST, 0.0, _LINE
        self._told: list[list[str]] = []
        self.setAccessibleName(tr("The tree, drawn"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip(how_to_move())

    def showEvent(self, event: QShowEvent) -> None:
        """Draw when first seen: only then is the theme known."""
        super().showEvent(event)
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self._drawn:
            self._draw()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom and fit by key; arrows move."""
        if event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_in()
        elif event.key() == Qt.Key.Key_Minus:
            self.zoom_out()
        elif event.key() == Qt.Key.Key_0:
            self.show_all()
        else:
            super().keyPressEvent(event)

    def show_all(self) -> None:
        """Fit the whole tree, however small its words get."""
        self._all = True
        self.fit()

    def _fit_now(self) -> None:
        """Fit the tree, or begin at its first question where words would be tiny."""
        super()._fit_now()
        if self.zoom < _LEGIBLE and self._nodes and not self._all:
            self.resetTransform()
            self.scale(_LEGIBLE, _LEGIBLE)
            first = places(self._nodes, self._width, self._height)[0]
            down = self.viewport().height() / 2 / _LEGIBLE
            self.centerOn(first.x, first.y - self._height / 2 - _EDGE + down)

    def _draw(self) -> None:
        colours = self._theme()
        if colours.name == self._drawn:
            return
        self._drawn = colours.name
        self.scene().clear()
        self.setBackgroundBrush(QBrush(colours.colour("panel")))
        self._fit_words()
        spots = places(self._nodes, self._width, self._height)
        for number, node in enumerate(self._nodes):
            self._branches(node, spots[number], spots)
        for number, spot in spots.items():
            self._box(number, spot)
        whole = self.scene().itemsBoundingRect()
        whole.adjust(-_EDGE, -_EDGE, _EDGE, _EDGE)
        self.set_extent(whole, whole)

    def _theme(self) -> theme.Theme:
        # The style sheet makes every graphics view as dark as the clip's stage.
        return theme.theme_of(self.window())

    def _fit_words(self) -> None:
        """Part the words into lines, and make the boxes large enough, if possible."""
        metrics = QFontMetricsF(theme.font(self.font(), bold=True))
        self._line = max(_LINE, metrics.height() + 4)
        told = [
            leaf_words(node, self._classes) if node.words is None else asked_words(node)
            for node in self._nodes
        ]
        self._told = [[words] for words in told]
        leaves = sum(node.words is None for node in self._nodes)
        if leaves * (self._widest_box(metrics) + _GAP[0]) > _ROOM:
            self._told = [
                in_two_lines(words, metrics) if node.words else [words]
                for node, words in zip(self._nodes, told, strict=True)
            ]
        self._width = self._widest_box(metrics)
        lines = max(map(len, self._told))
        self._height = _BESIDE_WORDS + (lines + 1) * self._line

    def _widest_box(self, metrics: QFontMetricsF) -> float:
        widest = max(_widest(lines, metrics) for lines in self._told)
        return min(widest + 2 * _PAD + 4, _WIDEST)

    def _branches(self, node: Node, at: Spot, spots: dict[int, Spot]) -> None:
        if node.left is None or node.right is None:
            return
        colours = self._theme()
        for child, words in zip(
            (node.left, node.right), branch_words(node), strict=True
        ):
            to = spots[child]
            start = QPointF(at.x, at.y + self._height / 2)
            end = QPointF(to.x, to.y - self._height / 2)
            path = QPainterPath(start)
            bend = QPointF(0, _GAP[1] * 0.55)
            path.cubicTo(start + bend, end - bend, end)
            # As wide as many clips went this way.
            share = self._nodes[child].clips / max(self._nodes[0].clips, 1)
            pen = QPen(colours.colour("muted"), 1.0 + 6.0 * share)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            line = self.scene().addPath(path, pen)
            line.setOpacity(0.55)
            self._branch_label(words, path.pointAtPercent(0.55))

    def _branch_label(self, words: str, at: QPointF) -> None:
        colours = self._theme()
        font = theme.font(self.font(), scale=0.95)
        metrics = QFontMetricsF(font)
        width, height = metrics.horizontalAdvance(words) + 12, metrics.height() + 2
        place = QRectF(at.x() - width / 2, at.y() - height / 2, width, height)
        back = QPainterPath()
        back.addRoundedRect(place, height / 2, height / 2)
        self.scene().addPath(back, QPen(Qt.PenStyle.NoPen), colours.colour("panel"))
        self._words(words, place, font, colours.colour("muted"))

    def _box(self, number: int, at: Spot) -> None:
        node, colours = self._nodes[number], self._theme()
        box = QRectF(0, 0, self._width, self._height)
        box.moveCenter(QPointF(at.x, at.y))
        leaf = node.words is None
        shape = QPainterPath()
        shape.addRoundedRect(box, 8, 8)
        edge = colours.colour("line")
        if leaf:
            best = max(range(len(node.shares)), key=lambda p: node.shares[p])
            edge = class_colour(self.window(), best)
        self.scene().addPath(shape, QPen(edge, 1.5), colours.colour("raised"))
        wide = box.width() - 2 * _PAD
        top = QRectF(box.left() + _PAD, box.top() + 5, wide, self._line)
        bold = theme.font(self.font(), bold=True)
        for words in self._told[number]:
            self._words(words, top, bold, colours.colour("text"))
            top.translate(0, self._line)
        small = theme.font(self.font(), scale=0.88)
        count = tr("1 clip") if node.clips == 1 else tr("{n} clips")
        self._words(count.format(n=node.clips), top, small, colours.colour("muted"))
        self._shares(node, QRectF(top.left(), box.bottom() - 14, top.width(), _BAR))

    def _shares(self, node: Node, bar: QRectF) -> None:
        left = bar.left()
        for place, share in enumerate(node.shares):
            width = share * bar.width()
            part = QRectF(left, bar.top(), width, bar.height())
            none = QPen(Qt.PenStyle.NoPen)
            self.scene().addRect(part, none, class_colour(self.window(), place))
            left += width

    def _words(self, words: str, place: QRectF, font: QFont, colour: QColor) -> None:
        metrics = QFontMetricsF(font)
        mode = Qt.TextElideMode.ElideRight
        shown = metrics.elidedText(words, mode, place.width() + 1)
        item = self.scene().addSimpleText(shown, font)
        item.setBrush(colour)
        if shown != words:
            item.setToolTip(words)
        x = place.center().x() - metrics.horizontalAdvance(shown) / 2
        item.setPos(x, place.center().y() - metrics.height() / 2)


class TreeInWords(QTreeWidget):
    """The same tree as an outline that the keys and screen readers go through."""

    def __init__(self, nodes: Sequence[Node], classes: Sequence[str]) -> None:
        super().__init__()
        self.setAccessibleName(tr("The tree, in words"))
        self.setHeaderLabels([tr("Question or answer"), tr("Clips"), tr("Shares")])
        self._nodes, self._classes = tuple(nodes), tuple(classes)
        self._add(0, "", self.invisibleRootItem())
        self.expandAll()
        for column in (0, 1):
            self.resizeColumnToContents(column)

    def _add(self, number: int, way: str, parent: QTreeWidgetItem) -> None:
        node = self._nodes[number]
        lead = f"{way}: " if way else ""
        asks = node.words is not None
        words = asked_words(node) if asks else leaf_words(node, self._classes)
        shares = shares_words(node, self._classes)
        texts = [f"{lead}{words}", str(node.clips), shares]
        item = QTreeWidgetItem(parent, texts)
        if node.left is not None and node.right is not None:
            left, right = branch_words(node)
            self._add(node.left, left, item)
            self._add(node.right, right, item)
