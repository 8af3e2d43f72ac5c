from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from lusviewer.training.measure.charts import (
    Axis,
    Series,
    line_chart,
    reliability_chart,
    save_chart,
    side_by_side,
)

if TYPE_CHECKING:
    from pathlib import Path

BLUE = (178, 114, 0)


def blue_pixels(picture: np.ndarray) -> np.ndarray:
    near = np.abs(picture.astype(int) - BLUE).max(axis=2) < 12
    return np.argwhere(near)


def test_a_higher_value_stands_higher_in_the_chart() -> None:
    def top(value: float) -> int:
        series = [Series("", (0.0, 1.0), (value, value))]
        return int(
            blue_pixels(line_chart("", Axis("x"), Axis("y"), series))[:, 0].min()
        )

    assert top(0.9) < top(0.5) < top(0.1)


def test_on_a_logarithmic_axis_equal_ratios_are_equally_far_apart() -> None:
    axis = Axis("patients, %", 1, 100, (1, 10, 100), logarithmic=True)
    assert np.allclose(axis.share((1, 10, 100)), (0, 0.5, 1))


def test_values_off_the_axis_stay_at_its_edge() -> None:
    assert np.allclose(Axis("y").share((-5, 7)), (-0.02, 1.02))


def test_an_interval_is_shaded_around_its_line() -> None:
    bare = [Series("", (0, 1), (0.5, 0.5))]
    shaded = [Series("", (0, 1), (0.5, 0.5), (0.2, 0.2), (0.8, 0.8))]
    axes = Axis("x"), Axis("y")
    differs = (line_chart("", *axes, bare) != line_chart("", *axes, shaded)).any(axis=2)
    assert differs.mean() > 0.2


def test_dots_grow_with_the_clips_they_stand_for() -> None:
    def area(size: float) -> int:
        return len(
            blue_pixels(reliability_chart("", [Series("", [0.5], [0.5], size=[size])]))
        )

    assert area(2.0) > 1.5 * area(0.5)


def test_charts_stand_side_by_side_and_are_written_as_png(tmp_path: Path) -> None:
    chart = line_chart("title", Axis("x"), Axis("y"), [Series("a", (0, 1), (0, 1))])
    both = side_by_side([chart, chart, chart])
    assert both.shape == (840, 1120, 3)
    save_chart(both, tmp_path / "new" / "chart.png")
    read = cv2.imread(str(tmp_path / "new" / "chart.png"))
    assert read is not None
    assert np.array_equal(read, both)
