"""Still charts: where figures come to lie, and that they stay within and are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from lusviewer.gui.charts import Axis, Chart, Plane, axis_over, round_step
from lusviewer.gui.theme import apply_theme

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from lusviewer.gui.theme import Theme
    from tests.gui.watchdog import WatchedApplication

RED = QColor("#ff0000")
UNIT = Axis("", 0.0, 1.0)


class Crossed(Chart):
    """A line from corner to corner, a dot in the middle."""

    def __init__(self) -> None:
        super().__init__("Crossed", Axis("across", 0, 10), Axis("up", -1, 1))
        self.resize(300, 200)

    def draw(self, plane: Plane, colours: Theme) -> None:
        plane.line([(0, -1), (10, 1)], colours.colour("accent"), 3.0)
        plane.dots([(5.0, 0.0)], RED, 9.0)


def drawn(act: object, box: QRectF | None = None) -> QImage:
    """Return what ``act`` draws between axes from 0 to 1, on black, 100 px wide."""
    image = QImage(100, 100, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    assert callable(act)
    act(Plane(painter, box or QRectF(0, 0, 100, 100), UNIT, UNIT))
    painter.end()
    return image


def is_red(image: QImage, x: int, y: int) -> bool:
    return image.pixelColor(x, y) == RED


@pytest.mark.parametrize(
    ("least", "step"),
    [(0.11, 0.2), (0.2, 0.2), (0.21, 0.5), (0.6, 1.0), (3.0, 5.0), (70.0, 100.0)],
)
def test_marks_stand_at_round_steps(least: float, step: float) -> None:
    assert round_step(least) == pytest.approx(step)


def test_marks_are_within_the_axis_and_written_with_as_many_digits_as_needed() -> None:
    assert [text for _, text in Axis("", -0.03, 1.03).marks(6)] == [
        "0",
        "0.2",
        "0.4",
        "0.6",
        "0.8",
        "1.0",
    ]
    places, texts = zip(*Axis("", -0.11, 0.11).marks(6), strict=True)
    assert places == pytest.approx((-0.1, -0.05, 0.0, 0.05, 0.1))
    assert texts == ("\u22120.10", "\u22120.05", "0", "0.05", "0.10")
    assert [text for _, text in Axis("", 0, 250).marks(6)] == [
        "0",
        "50",
        "100",
        "150",
        "200",
        "250",
    ]


def test_names_given_to_places_stand_there_instead() -> None:
    assert Axis("", 0, 2, ((1.0, "severity-tree"),)).marks(9) == (
        (1.0, "severity-tree"),
    )


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([2.0, 4.0], 1.9, 4.1),
        ([3.0], 2.45, 3.55),
        ([float("nan"), float("inf")], -0.05, 1.05),
        ([], -0.05, 1.05),
    ],
)
def test_an_axis_shows_all_values_even_one_or_none(
    values: list[float], low: float, high: float
) -> None:
    axis = axis_over("", values, 1.0)
    assert (axis.low, axis.high) == pytest.approx((low, high))


def test_what_is_drawn_lies_where_its_figures_say() -> None:
    box = QRectF(20, 10, 60, 80)
    plane = Plane(QPainter(), box, Axis("", 0, 2), Axis("", -1, 1))
    assert plane.at(0, -1) == QPointF(20, 90)
    assert plane.at(2, 1) == QPointF(80, 10)
    assert plane.at(1, 0) == QPointF(50, 50)


def test_lines_bands_and_dots_cover_what_they_should() -> None:
    line = drawn(lambda plane: plane.level(0.25, RED, 3.0))
    assert is_red(line, 50, 75)
    assert not is_red(line, 50, 25)
    upright = drawn(lambda plane: plane.upright(0.25, RED, 3.0))
    assert is_red(upright, 25, 50)
    assert not is_red(upright, 75, 50)
    edges = [(0.0, 0.2, 0.4), (1.0, 0.6, 0.8)]
    band = drawn(lambda plane: plane.band(edges, RED))
    assert is_red(band, 50, 50)
    assert not is_red(band, 50, 20)
    assert not is_red(band, 50, 80)
    stripe = drawn(lambda plane: plane.stripe(0.5, 1.0, RED))
    assert is_red(stripe, 50, 20)
    assert not is_red(stripe, 50, 80)
    dots = drawn(lambda plane: plane.dots([(0.2, 0.2), (0.8, 0.8)], RED, [20.0, 4.0]))
    assert is_red(dots, 20, 72)
    assert is_red(dots, 80, 20)
    assert not is_red(dots, 80, 12)


def test_a_chart_of_no_dots_or_lines_draws_nothing() -> None:
    unknown = [(float("nan"), 0.5), (0.5, float("nan"))]
    empty = drawn(
        lambda plane: [
            (plane.dots(points, RED, 5.0), plane.line(points, RED))
            for points in ([], unknown)
        ]
    )
    assert empty == drawn(lambda plane: None)


def test_a_chart_shows_its_figures_between_its_axes_in_the_colours_of_the_theme(
    qtbot: QtBot, qapp: WatchedApplication
) -> None:
    chart = Crossed()
    qtbot.addWidget(chart)
    pictures = []
    try:
        for name in ("light", "dark"):
            apply_theme(qapp, name)
            pictures.append(chart.grab().toImage())
    finally:
        apply_theme(qapp, "dark")
    box = chart.box()
    middle = box.center().toPoint()
    for picture in pictures:
        assert is_red(picture, middle.x(), middle.y())
    quarter = QPointF(box.left() + box.width() / 4, box.bottom() - box.height() / 4)
    at = quarter.toPoint()
    light, dark = (picture.pixelColor(at) for picture in pictures)
    assert light != dark


def test_names_of_axes_and_long_names_of_rows_leave_room_for_the_figures(
    qtbot: QtBot,
) -> None:
    bare = Chart("bare", UNIT, UNIT)
    named = Chart("named", Axis("x", 0, 1), Axis("y", 0, 1))
    rows = Chart("rows", UNIT, Axis("", 0, 1, ((0.5, "m" * 200),)))
    for chart in (bare, named, rows):
        qtbot.addWidget(chart)
        chart.resize(400, 200)
    assert named.box().left() > bare.box().left()
    assert named.box().bottom() < bare.box().bottom()
    assert rows.box().width() > 400 * 0.5
    for chart in (bare, named, rows):
        assert chart.rect().toRectF().contains(chart.box())
    rows.resize(3, 3)
    assert rows.box().isValid()
    assert rows.grab().width() == 3
