from __future__ import annotations

import hashlib
import json
import math

import numpy as np
import pytest

from lusviewer.cancel import CancelToken
from lusviewer.errors import ManifestError
from lusviewer.experts import load_experts, open_expert
from lusviewer.experts.features import FEATURES
from lusviewer.experts.manifest import read_expert_manifest
from tests.bundles import (
    TREE,
    logistic_graph,
    make_bundle,
    make_logistic,
    make_tree,
    tree_graph,
    write_graph,
)

NAN = math.nan


def features(**values: float) -> dict[str, float]:
    named = dict.fromkeys(FEATURES, 0.1)
    return named | {key.replace("__", "."): value for key, value in values.items()}


@pytest.fixture
def tree(tmp_path):
    return open_expert(make_tree(tmp_path / "severity"))


@pytest.fixture
def logistic(tmp_path):
    return open_expert(make_logistic(tmp_path / "diagnosis"))


def test_the_experts_of_a_bundle_are_loaded_by_name(tmp_path):
    bundle = make_bundle(tmp_path / "tiny")
    (bundle / "experts" / ".hidden").mkdir()
    (bundle / "experts" / ".hidden" / "manifest.json").write_text("{")

    experts = load_experts(bundle / "experts")

    names = [expert.manifest.name for expert in experts]
    assert names == ["diagnosis-logistic", "severity-tree"]


def test_a_bundle_without_experts_has_none(tmp_path):
    assert load_experts(tmp_path / "experts") == ()


def test_a_tree_predicts_with_its_path_in_words(tree):
    prediction = tree.predict(features(b_lines__many=0.82), CancelToken())

    assert prediction.best == "3"
    assert prediction.probabilities == pytest.approx((0, 0.1, 0.2, 0.7))
    assert not prediction.abstained
    assert [reason.words for reason in prediction.reasons] == [
        "B-lines many or coalescing: 0.82, above 0.41"
    ]


def test_a_longer_path_is_told_step_by_step(tree):
    few = features(b_lines__many=0.2, measured__b_line_count_max=2)

    prediction = tree.predict(few, CancelToken())

    assert prediction.best == "0"
    assert [reason.words for reason in prediction.reasons] == [
        "B-lines many or coalescing: 0.20, not above 0.41",
        "highest count of B-lines: 2.00, not above 3.50",
    ]


def test_an_edited_biomarker_gives_a_new_prediction(tree):
    found = features(b_lines__many=0.2, measured__b_line_count_max=1)

    before = tree.predict(found, CancelToken())
    after = tree.predict(found | {"b_lines.many": 1.0}, CancelToken())

    assert before.best == "0"
    assert after.best == "3"
    assert "B-lines many or coalescing: 1.00" in after.reasons[0].words


def test_a_logistic_head_tells_its_largest_contributions(logistic):
    found = features(finding__b_lines=0.9, finding__consolidation=0.5)

    prediction = logistic.predict(found, CancelToken())

    assert prediction.best == "covid"
    assert sum(prediction.probabilities) == pytest.approx(1)
    assert [reason.words for reason in prediction.reasons] == [
        "B-lines: 0.90 speaks for covid",
        "Consolidation: 0.50 speaks for covid",
    ]


def test_a_feature_at_its_mean_contributes_nothing(logistic):
    found = features(finding__b_lines=0.9, finding__consolidation=0.4)

    prediction = logistic.predict(found, CancelToken())

    assert [reason.feature for reason in prediction.reasons] == ["finding.b_lines"]


def test_a_network_has_no_reasons(tmp_path):
    folder = make_logistic(
        tmp_path / "mlp", kind="mlp", coefficients=None, feature_scales=None
    )

    prediction = open_expert(folder).predict(features(), CancelToken())

    assert prediction.reasons == ()
    assert prediction.best in prediction.classes


def test_an_unsure_expert_abstains_and_says_why(tree):
    torn = features(b_lines__many=0.2, measured__b_line_count_max=5)

    prediction = tree.predict(torn, CancelToken())

    assert prediction.abstained
    assert prediction.why == (
        "No class is probable enough: the best has 0.25, below 0.40."
    )
    assert prediction.reasons


def test_a_class_exactly_as_probable_as_asked_for_is_enough(tmp_path):
    expert = open_expert(make_tree(tmp_path / "tree", abstain_below=0.9))
    few = features(b_lines__many=0.2, measured__b_line_count_max=2)

    assert not expert.predict(few, CancelToken()).abstained


def test_numbers_that_differ_little_keep_the_digits_that_tell_them_apart(tmp_path):
    expert = open_expert(make_tree(tmp_path / "tree", abstain_below=0.2503))
    torn = features(b_lines__many=0.2, measured__b_line_count_max=3.5004)

    prediction = expert.predict(torn, CancelToken())

    assert prediction.why.endswith("the best has 0.2500, below 0.2503.")
    assert prediction.reasons[1].words == (
        "highest count of B-lines: 3.5004, above 3.5000"
    )


def test_a_value_on_the_threshold_is_told_as_not_above_it(tmp_path):
    tree = TREE | {"threshold": [0.605, 3.5, 0, 0, 0]}
    folder = make_tree(tmp_path / "tree", tree=tree)
    expert = open_expert(with_graph(folder, tree_graph(tree, 2)))
    on = features(b_lines__many=0.605, measured__b_line_count_max=2)

    prediction = expert.predict(on, CancelToken())

    assert prediction.reasons[0].words.endswith(": 0.61, not above 0.61")


def test_a_missing_value_is_replaced_by_the_mean_with_a_note(logistic):
    found = features(finding__b_lines=0.9, finding__consolidation=NAN)

    prediction = logistic.predict(found, CancelToken())

    assert not prediction.abstained
    assert prediction.reasons[-1].words == "Consolidation is not known: 0.40 is usual"
    at_mean = logistic.predict(found | {"finding.consolidation": 0.4}, CancelToken())
    assert prediction.probabilities == at_mean.probabilities


def test_an_expert_abstains_where_most_values_are_missing(logistic):
    found = features(finding__b_lines=NAN, finding__consolidation=NAN)

    prediction = logistic.predict(found, CancelToken())

    assert prediction.abstained
    assert prediction.why == "No value for: B-lines, Consolidation."
    assert prediction.probabilities == pytest.approx((1 / 3,) * 3)


def test_without_means_one_missing_value_is_too_many(tmp_path):
    expert = open_expert(make_tree(tmp_path / "tree", feature_means=None))

    prediction = expert.predict(features(b_lines__many=NAN), CancelToken())

    assert prediction.abstained
    assert prediction.why == "No value for: B-lines many or coalescing."


@pytest.mark.parametrize("value", [-0.1, 1.5, math.inf])
def test_an_impossible_value_makes_the_expert_abstain(tree, value):
    prediction = tree.predict(features(b_lines__many=value), CancelToken())

    assert prediction.abstained
    assert "B-lines many or coalescing cannot be" in prediction.why


def test_an_endless_count_is_impossible(tree):
    endless = features(measured__b_line_count_max=math.inf)

    assert "cannot be inf" in tree.predict(endless, CancelToken()).why


def test_a_feature_that_is_not_given_is_an_error(tree):
    with pytest.raises(ManifestError, match=r"no value for b_lines.many"):
        tree.predict({"measured.b_line_count_max": 1.0}, CancelToken())


def refused(folder) -> ManifestError:
    with pytest.raises(ManifestError) as caught:
        open_expert(folder)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"colour": 1}, "unknown key 'colour'"),
        ({"schema": 3}, "'schema' should be 1, found 3"),
        ({"kind": "oracle"}, "'kind' should be one of tree, logistic, mlp, forest, "),
        ({"feature_names": ["b_lines.many", "height"]}, "found height"),
        ({"classes": ["0", "0"]}, "'classes' should be a list of different texts"),
        ({"abstain_below": 2}, "'abstain_below' should be a number from 0 to 1"),
        ({"feature_means": [1]}, "'feature_means' should be a list of 2 numbers"),
        ({"coefficients": [[1, 2]]}, "'coefficients' should be null"),
        ({"trained_on": {"clips": 1}}, "'trained_on.patients' is missing"),
        ({"trained_on": {"clips": 1, "patients": 1, "text": "x", "y": 1}}, "unknown"),
        ({"checked_on": "paper"}, "'checked_on' should be one of real, phantom"),
        ({"sha256": "0" * 64}, "'sha256' should be 0000"),
        ({"file": "other.onnx"}, "cannot be read"),
        ({"classes": ["a", "b", "c"]}, "lists of 3 numbers"),
        ({"tree": None}, "'tree' should be an object"),
        ({"tree": TREE | {"x": 1}}, "unknown key 'tree.x'"),
        ({"tree": TREE | {"left": [1]}}, "lists differ in length"),
        ({"tree": TREE | {"left": [0, 2, -1, -1, -1]}}, "a child of node 0 is not"),
        ({"tree": TREE | {"left": [9, 2, -1, -1, -1]}}, "a child of node 0 is not"),
        ({"tree": TREE | {"feature": [0, 7, -1, -1, -1]}}, "node 1 asks for feature 7"),
        ({"tree": TREE | {"threshold": [0.6, 3.5, 0, 0, 0]}}, "where its tree says"),
    ],
)
def test_a_wrong_manifest_of_a_tree_is_refused(tmp_path, changes, expected):
    assert expected in refused(make_tree(tmp_path / "tree", **changes)).message


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"tree": TREE}, "'tree' should be null"),
        ({"coefficients": [[1, 2]]}, "'coefficients' should be 3 rows"),
        ({"coefficients": [[1], [2], [3]]}, "a list of lists of 2 numbers"),
        ({"feature_scales": None}, "'feature_scales' should be 2 numbers above 0"),
        ({"feature_scales": [1, 0]}, "'feature_scales' should be 2 numbers above 0"),
    ],
)
def test_a_wrong_manifest_of_a_logistic_head_is_refused(tmp_path, changes, expected):
    assert expected in refused(make_logistic(tmp_path / "head", **changes)).message


def with_graph(folder, graph):
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["sha256"] = write_graph(folder / "head.onnx", graph)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_head_of_another_shape_is_refused(tmp_path):
    folder = make_tree(tmp_path / "tree")

    error = refused(with_graph(folder, tree_graph(TREE, 3)))

    assert "the input 'features' should be float32 1 x 2" in error.message


def test_a_head_that_gives_no_probabilities_is_refused(tmp_path):
    graph = logistic_graph([[1, 2], [3, 4], [5, 6]], [0, 0], [1, 1])
    graph.node[3].op_type = "Softplus"
    graph.node[3].ClearField("attribute")

    error = refused(with_graph(make_logistic(tmp_path / "head"), graph))

    assert "those are no probabilities" in error.message


def test_a_manifest_is_read_without_its_head(tmp_path):
    folder = make_tree(tmp_path / "tree")
    (folder / "head.onnx").unlink()

    manifest, sha256 = read_expert_manifest(folder)

    assert manifest.trained_on.patients == 5
    assert manifest.metrics == {"auc": 0.5}
    content = (folder / "manifest.json").read_bytes()
    assert sha256 == hashlib.sha256(content).hexdigest()


def test_a_trees_witnesses_reach_every_leaf(tree):
    own = tree.manifest.tree
    assert own is not None

    leaves = {own.path(row)[-1] for row in own.witnesses(2)}

    assert leaves == {2, 3, 4}


def test_a_tree_of_one_leaf_says_the_same_of_everyone(tmp_path):
    leaf = {
        "feature": [-1],
        "threshold": [0.0],
        "left": [-1],
        "right": [-1],
        "probabilities": [[0.1, 0.2, 0.3, 0.4]],
    }
    folder = make_tree(tmp_path / "tree", tree=leaf)
    expert = open_expert(with_graph(folder, tree_graph(leaf, 2)))

    prediction = expert.predict(features(), CancelToken())

    assert prediction.best == "3"
    assert prediction.reasons == ()


def test_a_value_on_the_threshold_goes_the_same_way_as_in_the_head(tree):
    on = features(b_lines__many=float(np.float32(0.41)), measured__b_line_count_max=0)

    prediction = tree.predict(on, CancelToken())

    assert prediction.best == "0"
    assert "not above 0.41" in prediction.reasons[0].words
