"""What is laid over the image, down to the colour of a pixel."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QGraphicsScene

from lusviewer.findings import BIOMARKERS, CLASSES, Lines
from lusviewer.geometry import FrameGeometry, Sector
from lusviewer.gui import palette
from lusviewer.gui.overlay import (
    LabelItem,
    LinesItem,
    SaliencyItem,
    beam_extent,
    beam_path,
    depth_axis,
    displaced,
    level_parts,
    origins,
    relative_depth,
    thinned,
    with_edges,
    within_beam,
)

SECTOR = Sector((-50.0, 150.0), (60.0, 220.0), (-0.5, 0.5))
FAN = FrameGeometry(
    200,
    300,
    (0, 0, 200, 300),
    sector=SECTOR,
    beam_from="pixels",
)


def drawn(item, rows=100, columns=100):
    scene = QGraphicsScene()
    scene.addItem(item)
    image = QImage(columns, rows, QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    painter = QPainter(image)
    area = QRectF(0, 0, columns, rows)
    scene.render(painter, area, area)
    painter.end()
    scene.removeItem(item)
    return image


def test_a_patch_is_painted_in_its_class_colour_and_opacity(qapp):
    item = LabelItem()
    labels = np.zeros((50, 50), np.uint8)
    labels[20:40, 20:40] = CLASSES.index("b_line")
    item.set_opacities({"b_line": 1.0})
    item.set_labels(labels, QRectF(0, 0, 100, 100))
    image = drawn(item)
    inside, full = image.pixelColor(60, 60), palette.colour_of("b_line")
    assert inside.red() == pytest.approx(full.red() / 2, abs=3)
    assert inside.green() == pytest.approx(full.green() / 2, abs=3)
    assert image.pixelColor(10, 10) == QColor("black")


def test_an_edge_is_stronger_than_what_it_surrounds(qapp):
    item = LabelItem()
    labels = np.zeros((50, 50), np.uint8)
    labels[20:40, 20:40] = CLASSES.index("b_line")
    item.set_opacities({"b_line": 0.5})
    item.set_labels(labels, QRectF(0, 0, 100, 100))
    image = drawn(item)
    assert image.pixelColor(41, 60).red() > 1.3 * image.pixelColor(60, 60).red()


def test_a_class_without_opacity_is_not_painted(qapp):
    item = LabelItem()
    item.set_opacities({"pleura": 1.0})
    labels = np.full((20, 20), CLASSES.index("b_line"), np.uint8)
    item.set_labels(labels, QRectF(0, 0, 100, 100))
    assert drawn(item).pixelColor(50, 50) == QColor("black")


def test_edges_lie_on_both_sides_of_a_border():
    labels = np.zeros((4, 6), np.uint8)
    labels[:, 3:] = 5
    marked = with_edges(labels)
    assert (marked[:, 2] == palette.EDGE).all()
    assert (marked[:, 3] == 5 + palette.EDGE).all()
    assert (marked[:, [0, 1]] == 0).all()
    assert (marked[:, [4, 5]] == 5).all()


def test_saliency_is_clear_where_low_and_light_where_high(qapp):
    item = SaliencyItem()
    saliency = np.zeros((100, 100), np.float32)
    saliency[:, 50:] = 1.0
    item.set_saliency(saliency)
    image = drawn(item)
    assert image.pixelColor(20, 50) == QColor("black")
    assert image.pixelColor(80, 50).lightness() > 120
    item.set_saliency(None)
    assert item.boundingRect().isEmpty()


def test_the_saliency_map_gets_evenly_lighter():
    rgb = palette.saliency_rgb(np.linspace(0, 1, 64)) / 255.0
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance = linear @ (0.2126, 0.7152, 0.0722)
    lightness = 116 * np.cbrt(luminance) - 16
    steps = np.diff(lightness)
    assert (steps > 0).all()
    assert steps.max() < 2.5 * steps.min()


def lines_of(pleura, b_lines=(), a_lines=()):
    return Lines(
        np.asarray(pleura, np.float32).reshape(-1, 2),
        np.asarray(a_lines, np.float32),
        None,
        np.asarray(b_lines, np.float32).reshape(-1, 6),
    )


def test_each_line_is_drawn_where_it_was_measured_in_its_colour(qapp):
    item = LinesItem()
    item.set_opacities({"pleura": 1.0, "b_line": 1.0, "a_line": 1.0})
    pleura = [(20, column) for column in range(5, 96)]
    b_line = (20, 50, 90, 50, 6, 0)
    frame = FrameGeometry(100, 100, (0, 0, 100, 100))
    item.set_lines(lines_of(pleura, [b_line], [30.0]), frame)
    image = drawn(item)
    for x, y, name in ((30, 20, "pleura"), (50, 70, "b_line"), (8, 50, "a_line")):
        near = [image.pixelColor(x + dx, y + dy) for dx in (0, 1) for dy in (0, 1)]
        wanted = palette.colour_of(name)
        assert any(
            abs(c.hue() - wanted.hue()) < 12 and c.value() > 100 for c in near
        ), name


def test_an_a_line_echoes_a_slanted_pleura_at_its_multiples():
    frame = FrameGeometry(100, 100, (0, 0, 100, 100))
    pleura = np.array([(20, 10), (25, 50), (30, 90)], np.float32)
    depths = 25 * relative_depth(pleura, frame)
    echo = displaced(pleura, depths, frame)
    np.testing.assert_allclose(echo[:, 0], 2 * pleura[:, 0])
    at = np.array([(-50 + r, 150) for r in (70, 80, 90)], np.float32)
    np.testing.assert_allclose(relative_depth(at, FAN), [0.5, 1, 1.5])


def test_an_a_line_is_not_drawn_outside_the_beam():
    frame = FrameGeometry(100, 100, (10, 20, 90, 80))
    points = np.array([(50, 5), (50, 30), (95, 40), (50, 70), (50, 130)], np.float32)
    assert within_beam(points, frame).tolist() == [[50, 30], [50, 70]]


def test_a_line_is_not_drawn_across_a_jump_of_the_pleura():
    jumping = np.array([[10, 0], [11, 4], [60, 5], [61, 9], [62, 13]], np.float32)
    first, second = level_parts(jumping)
    assert first.tolist() == jumping[:2].tolist()
    assert second.tolist() == jumping[2:].tolist()
    assert level_parts(np.array([[0, 0], [40, 1]], np.float32)) == []


def test_a_b_line_marks_how_much_of_the_pleura_it_leaves_from():
    pleura = [(20 + column / 10, column) for column in range(100)]
    found = lines_of(pleura, [(25, 50, 90, 50, 20, 0), (22, 20, 90, 20, 4, 0)])
    wide, narrow = origins(found)
    assert wide.boundingRect().left() == pytest.approx(40.5)
    assert wide.boundingRect().width() == pytest.approx(20)
    assert narrow.boundingRect().width() == pytest.approx(4)
    assert wide.at(0).y() == pytest.approx(24.5, abs=1e-3)
    assert origins(lines_of([], [(25, 50, 90, 50, 20, 0)])) == []


def test_lines_of_a_hidden_layer_are_not_drawn(qapp):
    item = LinesItem()
    item.set_opacities({"b_line": 1.0})
    frame = FrameGeometry(100, 100, (0, 0, 100, 100))
    item.set_lines(lines_of([(20, 5), (20, 95)]), frame)
    blank = QImage(100, 100, QImage.Format.Format_RGB32)
    blank.fill(QColor("black"))
    assert drawn(item) == blank


def test_depth_runs_along_the_beam():
    straight = displaced(
        np.array([[10, 20]], np.float32),
        np.array([5.0], np.float32),
        FrameGeometry(100, 100, (0, 0, 100, 100)),
    )
    assert straight.tolist() == [[15.0, 20.0]]
    point = np.array([[50.0, 250.0]], np.float32)
    moved = displaced(point, np.array([10.0], np.float32), FAN)
    apex = np.array(SECTOR.apex_px)
    assert np.linalg.norm(moved - point) == pytest.approx(10.0, abs=1e-3)
    assert np.linalg.norm(moved - apex) == pytest.approx(
        np.linalg.norm(point - apex) + 10, abs=1e-3
    )


def test_a_thinned_line_keeps_its_ends_and_its_course():
    columns = np.arange(300)
    line = np.column_stack((50 + 5 * np.sin(columns / 40), columns)).astype(np.float32)
    thin = thinned(line)
    assert len(thin) < 110
    assert thin[0, 1] == 0
    assert thin[-1, 1] == 299
    assert np.abs(np.interp(columns, thin[:, 1], thin[:, 0]) - line[:, 0]).max() < 0.5


def test_the_outline_of_a_fan_holds_its_beam_and_no_more():
    path = beam_path(FAN)
    mask = FAN.beam_mask()
    rng = np.random.default_rng(0)
    hits = [
        path.contains(QRectF(c + 0.4, r + 0.4, 0.2, 0.2)) == mask[r, c]
        for r, c in zip(
            rng.integers(0, 200, 400), rng.integers(0, 300, 400), strict=True
        )
    ]
    assert np.mean(hits) > 0.97


def test_the_part_to_look_at_is_the_beam_with_a_little_room():
    extent = beam_extent(FAN)
    beam = beam_path(FAN).boundingRect()
    assert extent.contains(beam)
    assert extent.width() < 1.1 * beam.width()
    nothing_known = FrameGeometry(200, 300, (0, 0, 200, 300))
    assert beam_extent(nothing_known) == QRectF(0, 0, 300, 200)


def test_depth_starts_at_the_skin_below_the_apex():
    axis = depth_axis(FAN)
    assert axis.x1() == pytest.approx(150.5)
    assert axis.y1() == 10
    assert axis.y2() == 171


@pytest.mark.parametrize("key", [b.key for b in BIOMARKERS])
def test_every_biomarker_has_the_colour_of_its_family(key):
    name = key.removeprefix("finding.").removeprefix("measured.")
    colour = palette.colour_of(key).name().upper()
    if name.endswith((".none", ".not_applicable")) or name in (
        "brightness",
        "contrast",
    ):
        assert colour == "#999999"
    elif name.startswith("b_line") or name == "pleura_with_b_lines_fraction":
        assert colour == "#E69F00"
    elif name.startswith("a_line"):
        assert colour == "#56B4E9"
    else:
        assert colour != "#999999"


@pytest.mark.parametrize("background", ["#ffffff", "#191d21"])
@pytest.mark.parametrize("name", CLASSES[1:])
def test_every_colour_stands_out_in_either_theme(name, background):
    ground = QColor(background)
    inked = palette.ink(palette.colour_of(name), ground)
    assert palette.contrast(inked, ground) >= 3.0
