"""Accuracy compared with scikit-learn and with values calculated by hand; cross-validation keeps groups apart."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from patchwork.core.learning.accuracy import Checked, assess, cross_validate
from patchwork.core.learning.assessment import Assessment, fair
from patchwork.core.learning.folds import UNTESTED, grouping
from patchwork.core.learning.intervals import Estimate


class Spy:
    """A classifier that records its samples. Feature 0 is the number of the sample, feature 1 its class."""

    def __init__(self):
        self.fits = []

    def __call__(self, features, class_ids):
        fitted = Fitted(features[:, 0].astype(int), class_ids)
        self.fits.append(fitted)
        return fitted.probabilities


class Fitted:
    def __init__(self, training, class_ids):
        self.training, self.class_ids, self.tested = training, class_ids, []

    def probabilities(self, features):
        self.tested = features[:, 0].astype(int)
        return (features[:, 1, np.newaxis].astype(np.int64) == np.unique(self.class_ids)).astype(np.float64)


def samples(class_ids):
    return np.column_stack([np.arange(len(class_ids)), class_ids]).astype(np.float32)


def grouped(groups_per_class, seed=0):
    """Class ids and polygons of samples, with a number of polygons of 1 to 6 pixels for each class."""
    rng = np.random.default_rng(seed)
    class_ids, polygons = [], []
    for class_id, number in groups_per_class.items():
        for _ in range(number):
            pixels = int(rng.integers(1, 7))
            class_ids += [class_id] * pixels
            polygons += [len(set(polygons)) + 1] * pixels
    return np.array(class_ids), np.array(polygons)


def checked(class_ids, polygons=None, weights=None):
    number = len(class_ids)
    return Checked(
        np.asarray(class_ids),
        np.arange(number) if polygons is None else polygons,
        np.ones(number) if weights is None else np.asarray(weights, dtype=float),
    )


# Accuracy and scores


def test_values_calculated_by_hand():
    true = np.array([1, 1, 1, 1, 5, 5, 5, 9])
    predicted = np.array([1, 1, 5, 9, 5, 5, 1, 9])
    found = assess("polygons", checked(true), predicted, np.arange(8) // 2)
    assert found.class_ids == (1, 5, 9)
    np.testing.assert_array_equal(found.confusion, [[2, 1, 1], [1, 2, 0], [0, 0, 1]])
    assert found.overall.value == 5 / 8
    first = found.scores[0]
    assert (first.class_id, first.pixels, first.polygons) == (1, 4, 4)
    assert (first.precision.value, first.recall.value) == pytest.approx((2 / 3, 0.5))
    assert first.f1.value == pytest.approx(2 * (2 / 3) * 0.5 / (2 / 3 + 0.5))
    assert (found.groups, found.polygons, found.kind) == (4, 8, "polygons")


def test_a_sample_weighs_as_much_as_the_pixels_that_it_stands_for():
    found = assess("polygons", checked([1, 1, 2, 2], weights=[10, 10, 1, 1]), np.array([1, 2, 2, 2]), np.arange(4))
    assert found.overall.value == pytest.approx(12 / 22)
    assert [score.precision.value for score in found.scores] == pytest.approx([1.0, 2 / 12])


def test_json_keeps_all_and_that_of_early_versions_is_read():
    found = assess("polygons", checked([1, 1, 5, 5]), np.array([1, 5, 5, 9]), np.arange(4))
    text = json.dumps(found.to_json())
    read = Assessment.from_json(json.loads(text))
    assert json.dumps(read.to_json()) == text
    early = {
        "kind": "polygons",
        "class_ids": [1, 5],
        "confusion": [[1, 1], [0, 1]],
        "scores": [{"class_id": 1, "precision": 1.0, "recall": 0.5, "f1": 2 / 3, "pixels": 2}],
        "untested": [3],
        "groups": 4,
        "overall": 0.75,
        "mean_f1": 0.7,
    }
    read = Assessment.from_json(early)
    assert (read.overall.value, read.overall.is_known, read.polygons, read.untested) == (0.75, False, 4, (3,))
    assert "interval unknown" in read.headline


def test_the_report_does_not_import_scikit_learn():
    code = "import sys; import patchwork.core.report; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.filterwarnings("ignore:A single label")
@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.sampled_from([1, 2, 70, 1200]), st.sampled_from([1, 2, 70, 1200])), min_size=1, max_size=80),
    st.integers(0, 5),
)
def test_values_equal_those_of_scikit_learn(pairs, seed):
    true, predicted = (np.array(values) for values in zip(*pairs, strict=True))
    weights = np.random.default_rng(seed).uniform(0.1, 3.0, len(true))
    found = assess("polygons", checked(true, weights=weights), predicted, np.arange(len(true)))
    assert found.overall.value == pytest.approx(metrics.accuracy_score(true, predicted, sample_weight=weights))
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(true, predicted, labels=found.class_ids))
    for score in found.scores:
        only = {"labels": [score.class_id], "average": None, "sample_weight": weights}
        for name, function in (("precision", metrics.precision_score), ("recall", metrics.recall_score)):
            value = getattr(score, name).value
            expected = function(true, predicted, zero_division=math.nan, **only)[0]
            assert value == pytest.approx(expected, nan_ok=True)
        assert score.f1.value == pytest.approx(metrics.f1_score(true, predicted, zero_division=0, **only)[0])
        assert score.pixels == (true == score.class_id).sum()


# Which validation to believe


def assessment(kind, mismatch=None):
    found = assess(kind, checked([1, 2]), np.array([1, 2]), np.arange(2))
    return Assessment(**{**vars(found), "mismatch": mismatch})


@pytest.mark.parametrize(
    ("kinds", "believed"),
    [
        ([("random", 1.0)], None),
        ([("polygons", 30.0), ("random", 1.0), ("blocks", 50.0)], "polygons"),
        ([("polygons", 300.0), ("random", 1.0), ("blocks", 50.0)], "blocks"),
        ([("polygons", 1.0), ("regions", 900.0)], "regions"),
        ([("polygons", 1.0), ("regions", 9.0), ("independent", None)], "independent"),
    ],
)
def test_the_fair_one_is_the_users_or_the_one_that_resembles_the_map(kinds, believed):
    found = fair(tuple(assessment(*kind) for kind in kinds))
    assert (found and found.kind) == believed


def test_the_headline_says_how_sure_it_is_and_why():
    found = Assessment(**{**vars(assessment("polygons")), "overall": Estimate(0.88, 0.71, 0.96), "polygons": 12})
    assert found.headline.replace("\u202f", " ") == (
        "Accuracy 88 %, between 71 % and 96 %: 12 polygons are few; "
        "tested on 12 polygons that the model was not trained on"
    )
    exact = Assessment(**{**vars(found), "overall": Estimate(0.951, 0.945, 0.957), "polygons": 900})
    assert "95.1 %, between 94.5 % and 95.7 %; tested" in exact.headline.replace("\u202f", " ")


# Cross-validation


@settings(max_examples=25)
@given(st.dictionaries(st.integers(1, 9), st.integers(1, 9), min_size=1, max_size=5), st.integers(0, 100))
@pytest.mark.filterwarnings("ignore:The least populated class")
def test_a_polygon_is_never_in_both_training_and_test(groups_per_class, seed):
    class_ids, polygons = grouped(groups_per_class, seed)
    spy, classes = Spy(), np.unique(class_ids)
    own = grouping("polygons", class_ids, polygons, seed)
    found = cross_validate(samples(class_ids), class_ids, own, classes, spy)
    numbers = [number for fitted in spy.fits for number in fitted.tested]
    for fitted in spy.fits:
        assert not set(polygons[fitted.training]) & set(polygons[fitted.tested])
        np.testing.assert_array_equal(class_ids[fitted.training], fitted.class_ids)
        assert len(set(fitted.class_ids.tolist())) >= 2
    assert len(numbers) == len(set(numbers))
    seen = ~np.isnan(found[:, 0])
    assert set(np.flatnonzero(seen)) == set(numbers)
    single = {id_ for id_, number in groups_per_class.items() if number < 2}
    assert not set(class_ids[seen].tolist()) & single
    for fitted in spy.fits:
        known = np.isin(class_ids[fitted.tested], fitted.class_ids)
        predicted = classes[found[fitted.tested].argmax(axis=1)]
        assert (predicted[known] == class_ids[fitted.tested][known]).all()


def test_every_pixel_of_classes_with_enough_polygons_is_tested_once():
    class_ids, polygons = grouped({1: 10, 2: 10, 3: 10})
    spy = Spy()
    own = grouping("polygons", class_ids, polygons, 0)
    cross_validate(samples(class_ids), class_ids, own, np.array([1, 2, 3]), spy)
    assert sorted(number for fitted in spy.fits for number in fitted.tested) == list(range(len(class_ids)))
    assert len(spy.fits) == 5


def test_a_class_with_one_polygon_is_in_every_training_set_and_never_tested():
    class_ids, polygons = grouped({1: 6, 2: 6, 3: 1})
    spy = Spy()
    own = grouping("polygons", class_ids, polygons, 0)
    found = cross_validate(samples(class_ids), class_ids, own, np.array([1, 2, 3]), spy)
    assert np.isnan(found[class_ids == 3]).all()
    assert not np.isnan(found[class_ids != 3]).any()
    assert all(3 in fitted.class_ids for fitted in spy.fits)


def test_without_two_polygons_of_any_class_nothing_can_be_tested():
    class_ids, polygons = grouped({1: 1, 2: 1})
    own = grouping("polygons", class_ids, polygons, 0)
    assert (own.folds == UNTESTED).all()
    assert np.isnan(cross_validate(samples(class_ids), class_ids, own, np.array([1, 2]), Spy())).all()


def test_the_seed_decides_the_folds():
    class_ids, polygons = grouped({1: 12, 2: 12})
    folds = [grouping("polygons", class_ids, polygons, seed).folds.tolist() for seed in (1, 1, 2)]
    assert folds[0] == folds[1]
    assert folds[0] != folds[2]


def test_each_region_is_tested_with_a_model_of_the_others():
    class_ids = np.array([1, 2, 1, 2, 1, 2])
    regions = np.array([4, 4, 7, 7, 9, 9])
    spy = Spy()
    cross_validate(samples(class_ids), class_ids, grouping("regions", class_ids, regions, 0), np.array([1, 2]), spy)
    assert [sorted(fitted.tested) for fitted in spy.fits] == [[0, 1], [2, 3], [4, 5]]
