"""What models said of clips, kept for experts to learn from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lusviewer.analysis import analyse_whole
from lusviewer.cancel import CancelToken
from lusviewer.errors import LibraryError
from lusviewer.experts.features import FEATURES, features_of
from lusviewer.export.tabular import report_dict
from lusviewer.inference import open_bundle
from lusviewer.io import open_clip
from lusviewer.library import ClipFilter
from tests.bundles import EMBEDDING, make_bundle

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.findings import ClipReport
    from lusviewer.library import Library


@pytest.fixture(scope="module")
def reports(exam: Path, tmp_path_factory: pytest.TempPathFactory) -> list[ClipReport]:
    """The reports of the tiny bundle on the three pictures."""
    bundle = open_bundle(make_bundle(tmp_path_factory.mktemp("models") / "tiny"))
    found = []
    for file in sorted(exam.iterdir()):
        with open_clip(file) as clip:
            _, report = analyse_whole(clip, bundle, (), CancelToken())
            found.append(report)
    return found


def keep(library: Library, reports: list[ClipReport]) -> None:
    for clip_id, report in enumerate(reports, 1):
        library.analyses.keep(clip_id, report, report_dict(report))


def test_a_report_is_kept_with_all_its_digits(
    filled: Library, reports: list[ClipReport]
) -> None:
    keep(filled, reports)
    model = reports[0].model
    kept = filled.analyses.get(2, model.sha256)
    assert kept is not None
    assert kept.report == report_dict(reports[1])
    expected = {k: np.float32(v) for k, v in features_of(reports[1]).items()}
    np.testing.assert_equal(kept.features, expected)
    embeddings = reports[1].timelines.embeddings
    assert embeddings is not None
    np.testing.assert_array_equal(kept.embedding_mean, embeddings.mean(axis=0))
    np.testing.assert_array_equal(kept.embedding_max, embeddings.max(axis=0))
    assert filled.analyses.get(2, "f" * 64) is None
    assert filled.verify().holds


def test_experts_get_a_table_to_learn_from(
    filled: Library, reports: list[ClipReport]
) -> None:
    keep(filled, reports)
    (model,) = filled.analyses.models()
    table = filled.analyses.table(model.sha256)
    assert table.names == FEATURES
    assert table.clip_ids.tolist() == [1, 2, 3]
    assert table.features.shape == (3, len(FEATURES))
    assert table.embedding_mean.shape == table.embedding_max.shape == (3, EMBEDDING)
    column = FEATURES.index("finding.b_lines")
    expected = [features_of(report)["finding.b_lines"] for report in reports]
    np.testing.assert_array_equal(
        table.features[:, column], np.array(expected, np.float32)
    )


def test_a_clip_has_one_analysis_by_each_model(
    filled: Library, reports: list[ClipReport]
) -> None:
    keep(filled, reports[:1])
    keep(filled, reports[:1])
    other = replace(reports[0], model=replace(reports[0].model, sha256="e" * 64))
    filled.analyses.keep(1, other, report_dict(other))
    assert len(filled.analyses.models()) == 2
    assert len(filled.analyses.table("e" * 64).clip_ids) == 1
    waiting = ClipFilter(not_analysed_by=reports[0].model.sha256)
    assert [clip.id for clip in filled.clips.page(waiting)] == [2, 3]
    done = ClipFilter(analysed_by="e" * 64)
    assert [clip.id for clip in filled.clips.page(done)] == [1]


def test_features_kept_in_another_layout_are_put_in_order(
    filled: Library, reports: list[ClipReport]
) -> None:
    keep(filled, reports[:2])
    with filled.database.writing("test") as change:
        change.connection.exec_driver_sql(
            "INSERT INTO feature_sets VALUES (9, ?)",
            ('["severity", "finding.b_lines"]',),
        )
        change.connection.exec_driver_sql(
            "UPDATE analyses SET feature_set_id = 9, features = ? WHERE clip_id = 2",
            (np.array([7.0, 0.5], "<f4").tobytes(),),
        )
    table = filled.analyses.table(reports[0].model.sha256)
    assert table.features[1, FEATURES.index("finding.b_lines")] == 0.5
    assert np.isnan(table.features[1]).sum() == len(FEATURES) - 1


def test_what_is_not_there_is_said(filled: Library, reports: list[ClipReport]) -> None:
    with pytest.raises(LibraryError, match="No clip of the library was analysed"):
        filled.analyses.table("f" * 64)
    with pytest.raises(LibraryError, match="no clip 9"):
        filled.analyses.keep(9, reports[0], report_dict(reports[0]))
