from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.errors import LibraryError
from lusviewer.library import NOT_ASSESSABLE, Answer, Library, open_library
from lusviewer.library.labels_spent import SHARES, auc, labels_spent
from tests.analysed_library import N, fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

B = "finding.b_lines"


@pytest.fixture
def study(empty_folder: Path, tmp_path: Path) -> Iterator[Library]:
    folder = tmp_path / "study"
    shutil.copytree(empty_folder, folder)
    fill(folder)
    with open_library(folder) as opened:
        yield opened


def label(library: Library, rows: list[int], *, turned: bool = False) -> None:
    for row in rows:
        shows = (row % 2 == 1) != turned
        library.labels.give(Answer(row + 1, B, "yes" if shows else "no", "anna"))


def test_the_area_is_that_of_all_pairs_with_ties_for_a_half() -> None:
    truth, said = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.1, 0.4, 0.4])
    assert auc(truth, said) == pytest.approx(3.5 / 4)
    assert np.isnan(auc(np.ones(3), np.arange(3.0)))


def test_the_curve_ends_where_all_orders_have_spent_the_same_labels(
    study: Library,
) -> None:
    label(study, list(range(1, N - 1)))
    points = list(labels_spent(study, "b_lines", CancelToken()))
    assert [point.labels for point in points] == [round(s * (N - 2)) for s in SHARES]
    assert points[-1].by_chance == pytest.approx([points[-1].in_order] * 5)
    assert points[-1].in_order > 0.9


def test_labels_of_one_kind_first_are_worth_less_than_a_random_order(
    study: Library,
) -> None:
    rows = list(range(1, N - 1))
    label(
        study, [row for row in rows if row % 2] + [row for row in rows if not row % 2]
    )
    early = list(labels_spent(study, B, CancelToken()))[2]
    assert early.in_order < np.mean(early.by_chance) - 0.2


def test_clips_nobody_could_judge_are_left_out(study: Library) -> None:
    label(study, list(range(1, N - 1)))
    study.labels.give(Answer(2, B, NOT_ASSESSABLE, "anna"))
    *_, last = labels_spent(study, B, CancelToken())
    assert last.labels == N - 3


def test_too_few_labels_and_tasks_without_classes_are_told(study: Library) -> None:
    label(study, list(range(1, 9)))
    with pytest.raises(LibraryError, match="8 labels of 3 patients"):
        next(labels_spent(study, B, CancelToken()))
    study.labels.give(
        *(Answer(row + 1, "finding.a_lines", "no", "anna") for row in range(30))
    )
    with pytest.raises(LibraryError, match="All 30 labels for A-lines say no"):
        next(labels_spent(study, "a_lines", CancelToken()))
    with pytest.raises(LibraryError, match="no classes"):
        next(labels_spent(study, "s_f", CancelToken()))


def test_it_stops_when_it_is_cancelled(study: Library) -> None:
    label(study, list(range(1, N - 1)))
    cancel = CancelToken()
    points = labels_spent(study, B, cancel)
    next(points)
    cancel.cancel()
    with pytest.raises(Cancelled):
        next(points)
