"""The exam's clips as thumbnails, with what was found in each."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Slot,
)
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QListView,
    QPushButton,
    QStackedLayout,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from lusviewer.findings import FINDING_BIOMARKERS
from lusviewer.gui.clinical_words import findings_in_words
from lusviewer.gui.palette import colour_of
from lusviewer.gui.row_paint import (
    elided,
    paint_badge,
    paint_ground,
    paint_picture,
    pixmap_of,
)
from lusviewer.gui.theme import SPACE, font, theme_of
from lusviewer.paths import samples

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.findings import ClipReport
    from lusviewer.gui.background import Thumbnail
    from lusviewer.gui.viewer_model import ViewerModel
    from lusviewer.io.folder import ExamClip

_Index = QModelIndex | QPersistentModelIndex

_PICTURE: Final = QSize(72, 72)
_ROW: Final = _PICTURE.height() + 2 * SPACE
_WORDS: Final = {b.key: b.label for b in FINDING_BIOMARKERS}
_SHORT: Final = {
    "finding.a_lines": "A",
    "finding.b_lines": "B",
    "finding.consolidation": "C",
    "finding.effusion": "E",
    "finding.pleural_irregularity": "P",
}


class Role(IntEnum):
    """What the list gives beside the clip's name."""

    PICTURE = Qt.ItemDataRole.UserRole + 1
    SUBTITLE = Qt.ItemDataRole.UserRole + 2
    FINDINGS = Qt.ItemDataRole.UserRole + 3
    SCORE = Qt.ItemDataRole.UserRole + 4
    WARNING = Qt.ItemDataRole.UserRole + 5
    OPEN = Qt.ItemDataRole.UserRole + 6


@dataclass(slots=True)
class _Row:
    clip: ExamClip
    pixmap: QPixmap = field(default_factory=QPixmap)
    n_frames: int = 0
    duration_s: float = 0.0
    problem: str = ""
    findings: tuple[str, ...] | None = None
    score: str = ""
    warning: str = ""


class ExamListModel(QAbstractListModel):
    """The clips of the exam, as a list that a view can show."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__(viewer)
        self._viewer = viewer
        self._clips: tuple[ExamClip, ...] = ()
        self._rows: list[_Row] = []
        viewer.exam.thumbnailed.connect(self._on_thumbnails)
        viewer.exam.results_changed.connect(self._on_results)
        viewer.exam_changed.connect(self._on_exam)

    def rowCount(self, parent: _Index | None = None) -> int:  # noqa: ARG002
        """Return how many clips the exam has."""
        return len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what ``role`` asks of the clip at ``index``."""
        if not 0 <= index.row() < len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == Role.OPEN:
            return index.row() == self._viewer.exam.position
        answers: dict[int, object] = {
            Qt.ItemDataRole.DisplayRole: row.clip.label,
            Qt.ItemDataRole.ToolTipRole: self._told(row),
            Qt.ItemDataRole.AccessibleTextRole: self._told(row),
            Role.PICTURE: row.pixmap,
            Role.SUBTITLE: self._subtitle(row),
            Role.FINDINGS: row.findings,
            Role.SCORE: row.score,
            Role.WARNING: row.problem or row.warning,
        }
        return answers.get(role)

    def _subtitle(self, row: _Row) -> str:
        if row.problem:
            return row.problem
        if row.n_frames == 1:
            return self.tr("still image")
        if row.n_frames:
            return self.tr("{n} frames, {t:.1f} s").format(
                n=row.n_frames, t=row.duration_s
            )
        return ""

    def _told(self, row: _Row) -> str:
        lines = [str(row.clip.path), self._subtitle(row)]
        if row.findings is not None:
            words = [_WORDS[key] for key in row.findings]
            found = ", ".join(words) or self.tr("nothing above the threshold")
            lines.append(self.tr("Found: {what}").format(what=found))
        if row.score:
            lines.append(self.tr("Severity {score}").format(score=row.score))
        if row.warning:
            lines.append(row.warning)
        return "\n".join(line for line in lines if line)

    def _list_anew(self) -> None:
        self.beginResetModel()
        self._clips = self._viewer.exam.clips
        self._rows = [_Row(clip) for clip in self._clips]
        for row in self._rows:
            self._take_results(row)
        self.endResetModel()

    @Slot(object)
    def _on_thumbnails(self, thumbnails: tuple[Thumbnail, ...]) -> None:
        for thumbnail in thumbnails:
            for number in self._rows_of(thumbnail.path):
                row = self._rows[number]
                row.n_frames = thumbnail.n_frames
                row.duration_s = thumbnail.duration_s
                row.problem = thumbnail.problem
                if thumbnail.picture is not None:
                    row.pixmap = pixmap_of(thumbnail.picture)
                self._tell(number)

    @Slot(object)
    def _on_results(self, path: Path) -> None:
        for number in self._rows_of(path):
            self._take_results(self._rows[number])
            self._tell(number)

    @Slot()
    def _on_exam(self) -> None:
        if self._clips is not self._viewer.exam.clips:
            self._list_anew()
        elif self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    def _take_results(self, row: _Row) -> None:
        kept = self._viewer.exam.kept(row.clip.path)
        row.findings, row.score, row.warning = None, "", ""
        if kept is not None:
            row.findings = self._present(kept.report)
            row.score = severity_of(kept.report)
            row.warning = warning_of(kept.report)

    def _present(self, report: ClipReport) -> tuple[str, ...]:
        """Return the findings that are there, as the findings panel tells them."""
        bundle = self._viewer.bundle
        thresholds = {} if bundle is None else bundle.manifest.thresholds
        words = findings_in_words(report, thresholds, {})
        return tuple(one.key for one in words if one.present)

    def _rows_of(self, path: Path) -> list[int]:
        return [i for i, row in enumerate(self._rows) if row.clip.path == path]

    def _tell(self, number: int) -> None:
        self.dataChanged.emit(self.index(number), self.index(number))


def severity_of(report: ClipReport) -> str:
    """Return the severity score as told by the expert, "" where none tells it."""
    for prediction in report.predictions:
        if prediction.target == "severity" and not prediction.abstained:
            return prediction.best
    return ""


def warning_of(report: ClipReport) -> str:
    """Return why the clip cannot be assessed, else the first warning."""
    if not report.quality.assessable:
        return report.quality.reason
    return report.warnings[0] if report.warnings else ""


class ExamDelegate(QStyledItemDelegate):
    """Paints one clip: its picture, its name and its badges."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        """Return the room of one clip."""
        return QSize(180, _ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: _Index
    ) -> None:
        """Paint the clip at ``index``."""
        view = option.widget
        theme = theme_of(view)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = option.rect.adjusted(SPACE // 2, 2, -SPACE // 2, -2)
        paint_ground(painter, option, box, marked=bool(index.data(Role.OPEN)))
        picture = QRect(
            box.left() + SPACE,
            box.top() + SPACE - 2,
            _PICTURE.width(),
            _PICTURE.height(),
        )
        paint_picture(painter, picture, index.data(Role.PICTURE), view)
        text = QRect(picture.right() + SPACE + 4, picture.top(), 0, picture.height())
        text.setRight(box.right() - SPACE)
        painter.setPen(theme.colour("text"))
        painter.setFont(font(option.font, bold=bool(index.data(Role.OPEN))))
        under = text.translated(0, _paint_name(painter, text, str(index.data())) + 2)
        painter.setFont(font(option.font, scale=0.9))
        painter.setPen(theme.colour("muted"))
        subtitle = elided(painter, str(index.data(Role.SUBTITLE)), text.width())
        painter.drawText(under, Qt.AlignmentFlag.AlignTop, subtitle)
        badges = QRect(text.left(), picture.bottom() - 19, text.width(), 19)
        self._paint_badges(painter, badges, index, view)
        painter.restore()

    def _paint_badges(
        self, painter: QPainter, box: QRect, index: _Index, view: QWidget
    ) -> None:
        theme = theme_of(view)
        x = box.left()
        score = str(index.data(Role.SCORE) or "")
        if score:
            x += paint_badge(painter, box, x, score, theme.colour("accent"))
        for key in index.data(Role.FINDINGS) or ():
            x += paint_badge(painter, box, x, _SHORT[key], colour_of(key))
        if index.data(Role.WARNING):
            paint_badge(painter, box, x, "!", theme.colour("warning"))


def _paint_name(painter: QPainter, box: QRect, name: str) -> int:
    """Paint a clip's name on at most two lines and return their height."""
    metrics = painter.fontMetrics()
    line = metrics.lineSpacing()
    first, rest = _broken(painter, name, box.width())
    top = box.top() + metrics.ascent()
    painter.drawText(box.left(), top, first)
    if not rest:
        return line
    painter.drawText(
        box.left(), top + line, elided(painter, rest, box.width(), middle=True)
    )
    return line * 2


def _broken(painter: QPainter, name: str, width: int) -> tuple[str, str]:
    """Return what fits on a line, up to a mark where there is one, and the rest."""
    metrics = painter.fontMetrics()
    fits = len(name)
    while fits > 1 and metrics.horizontalAdvance(name[:fits]) > width:
        fits -= 1
    if fits == len(name):
        return name, ""
    marks = [place + 1 for place in range(fits) if name[place] in " -_."]
    at = marks[-1] if marks and marks[-1] > fits // 3 else fits
    return name[:at], name[at:]


class ExamPanel(QWidget):
    """The list of the exam's clips; says what to do while there is none."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self.setObjectName("exam_panel")
        self._viewer = viewer
        self.setMinimumWidth(_PICTURE.width() + 90)
        self.clips = ExamListModel(viewer)
        self.view = QListView()
        self.view.setModel(self.clips)
        self.view.setItemDelegate(ExamDelegate(self.view))
        self.view.setAccessibleName(self.tr("Clips of the exam"))
        self.view.setUniformItemSizes(True)
        self.view.setMouseTracking(True)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._empty = self._invitation()
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.view)
        self.view.clicked.connect(self._open)
        self.view.activated.connect(self._open)
        viewer.exam_changed.connect(self._show_exam)

    def _invitation(self) -> QWidget:
        hint = QLabel(self.tr("No clips yet. Drop a folder, or press Ctrl+O."))
        hint.setProperty("role", "muted")
        hint.setWordWrap(True)
        sample = QPushButton(self.tr("Open the simulated samples"))
        sample.setProperty("role", "link")
        sample.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        sample.clicked.connect(lambda: self._viewer.open_path(samples()))
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(SPACE + 4, SPACE, SPACE, SPACE)
        column.addWidget(hint)
        column.addWidget(sample, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        return page

    def sizeHint(self) -> QSize:
        """Return a width in which names can be read."""
        return QSize(250, 400)

    @Slot(QModelIndex)
    def _open(self, index: QModelIndex) -> None:
        if index.row() != self._viewer.exam.position:
            self._viewer.open_position(index.row())

    @Slot()
    def _show_exam(self) -> None:
        has_clips = bool(self._viewer.exam.clips)
        self._stack.setCurrentWidget(self.view if has_clips else self._empty)
        position = self._viewer.exam.position
        if position >= 0:
            self.view.setCurrentIndex(self.clips.index(position))
