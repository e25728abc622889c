"""Accuracy compared with scikit-learn and with values calculated by hand; cross-validation splits and blocks."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from patchwork.core.learning.accuracy import assess, cross_validate, spatial_blocks
from patchwork.core.learning.assessment import Assessment


class Spy:
    """A classifier that records its samples. Feature 0 is the number of the sample, feature 1 its class."""

    def __init__(self):
        self.fits = []

    def fit(self, features, class_ids):
        fitted = Fitted(features[:, 0].astype(int), class_ids)
        self.fits.append(fitted)
        return fitted


class Fitted:
    def __init__(self, training, class_ids):
        self.training, self.class_ids, self.tested = training, class_ids, []

    def predict(self, features):
        self.tested = features[:, 0].astype(int)
        return features[:, 1].astype(np.int64)


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


# Accuracy and scores


def test_values_calculated_by_hand():
    true = np.array([1, 1, 1, 1, 5, 5, 5, 9])
    predicted = np.array([1, 1, 5, 9, 5, 5, 1, 9])
    found = assess("polygons", true, predicted, (3,), 4)
    assert found.class_ids == (1, 5, 9)
    np.testing.assert_array_equal(found.confusion, [[2, 1, 1], [1, 2, 0], [0, 0, 1]])
    assert found.overall == 5 / 8
    first = found.scores[0]
    assert (first.class_id, first.pixels) == (1, 4)
    assert (first.precision, first.recall) == pytest.approx((2 / 3, 0.5))
    assert first.f1 == pytest.approx(2 * (2 / 3) * 0.5 / (2 / 3 + 0.5))
    assert (found.untested, found.groups, found.kind) == ((3,), 4, "polygons")


def test_json_is_that_of_existing_records():
    found = assess("polygons", np.array([1, 1, 5, 5]), np.array([1, 5, 5, 9]), (3,), 4)
    recorded = {
        "kind": "polygons",
        "class_ids": [1, 5, 9],
        "confusion": [[1, 1, 0], [0, 1, 1], [0, 0, 0]],
        "scores": [
            {"class_id": 1, "precision": 1.0, "recall": 0.5, "f1": 2 / 3, "pixels": 2},
            {"class_id": 5, "precision": 0.5, "recall": 0.5, "f1": 0.5, "pixels": 2},
            {"class_id": 9, "precision": 0.0, "recall": 0.0, "f1": 0.0, "pixels": 0},
        ],
        "untested": [3],
        "groups": 4,
        "overall": 0.5,
        "mean_f1": (2 / 3 + 0.5) / 2,
    }
    text = json.dumps(found.to_json())
    assert text == json.dumps(recorded)
    read = Assessment.from_json(json.loads(text))
    assert json.dumps(read.to_json()) == text
    assert (read.pixels, read.correct, read.class_ids) == (4, 2, (1, 5, 9))


def test_the_report_does_not_import_scikit_learn():
    code = "import sys; import patchwork.core.report; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.filterwarnings("ignore:A single label")
@given(
    st.lists(st.tuples(st.sampled_from([1, 2, 70, 1200]), st.sampled_from([1, 2, 70, 1200])), min_size=1, max_size=80)
)
def test_values_equal_those_of_scikit_learn(pairs):
    true, predicted = (np.array(values) for values in zip(*pairs, strict=True))
    found = assess("polygons", true, predicted, (), 2)
    assert found.overall == pytest.approx(metrics.accuracy_score(true, predicted))
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(true, predicted, labels=found.class_ids))
    for score in found.scores:
        only = {"labels": [score.class_id], "average": None, "zero_division": 0}
        assert score.f1 == pytest.approx(metrics.f1_score(true, predicted, **only)[0])
        assert score.precision == pytest.approx(metrics.precision_score(true, predicted, **only)[0])
        assert score.recall == pytest.approx(metrics.recall_score(true, predicted, **only)[0])
        assert score.pixels == (true == score.class_id).sum()
    tested = sorted(set(true.tolist()))
    assert found.mean_f1 == pytest.approx(
        metrics.f1_score(true, predicted, labels=tested, average="macro", zero_division=0)
    )


# Splits


@settings(max_examples=25)
@given(st.dictionaries(st.integers(1, 9), st.integers(1, 9), min_size=1, max_size=5), st.integers(0, 100))
@pytest.mark.filterwarnings("ignore:The least populated class")
def test_a_polygon_is_never_in_both_training_and_test(groups_per_class, seed):
    class_ids, polygons = grouped(groups_per_class, seed)
    spy = Spy()
    found = cross_validate("polygons", samples(class_ids), class_ids, polygons, seed, spy.fit)
    tested = [number for fitted in spy.fits for number in fitted.tested]
    for fitted in spy.fits:
        assert not set(polygons[fitted.training]) & set(polygons[fitted.tested])
        np.testing.assert_array_equal(class_ids[fitted.training], fitted.class_ids)
        assert len(set(fitted.class_ids.tolist())) >= 2
    assert len(tested) == len(set(tested))
    single = {id_ for id_, number in groups_per_class.items() if number < 2}
    assert not set(class_ids[tested].tolist()) & single
    if found is None:
        assert not tested
    else:
        assert set(found.untested) == single
        assert found.confusion.sum() == len(tested)
        assert found.groups == len(set(polygons[tested].tolist()))
        assert found.overall == 1.0


def test_every_pixel_of_classes_with_enough_polygons_is_tested_once():
    class_ids, polygons = grouped({1: 10, 2: 10, 3: 10})
    spy = Spy()
    found = cross_validate("polygons", samples(class_ids), class_ids, polygons, 0, spy.fit)
    assert sorted(number for fitted in spy.fits for number in fitted.tested) == list(range(len(class_ids)))
    assert len(spy.fits) == 5
    assert found.groups == 30


def test_a_class_with_one_polygon_is_in_every_training_set_and_never_tested():
    class_ids, polygons = grouped({1: 6, 2: 6, 3: 1})
    spy = Spy()
    found = cross_validate("polygons", samples(class_ids), class_ids, polygons, 0, spy.fit)
    assert found.untested == (3,)
    assert 3 not in found.class_ids
    assert all(3 in fitted.class_ids for fitted in spy.fits)


def test_without_two_polygons_of_any_class_nothing_can_be_tested():
    class_ids, polygons = grouped({1: 1, 2: 1})
    assert cross_validate("polygons", samples(class_ids), class_ids, polygons, 0, Spy().fit) is None


def test_accuracy_is_that_of_the_predictions():
    class_ids, polygons = grouped({1: 8, 2: 8})
    features = samples(class_ids)
    features[:, 1] = 1  # every pixel is predicted as class 1
    found = cross_validate("polygons", features, class_ids, polygons, 0, Spy().fit)
    assert found.overall == pytest.approx((class_ids == 1).mean())
    assert [score.recall for score in found.scores] == [1.0, 0.0]


def test_the_seed_decides_the_folds():
    class_ids, polygons = grouped({1: 12, 2: 12})

    def folds(seed):
        spy = Spy()
        cross_validate("polygons", samples(class_ids), class_ids, polygons, seed, spy.fit)
        return [fitted.tested.tolist() for fitted in spy.fits]

    assert folds(1) == folds(1)
    assert folds(1) != folds(2)


# Blocks


@given(st.integers(0, 1000), st.integers(1, 60))
def test_blocks_keep_polygons_whole_and_are_squares_of_the_area(seed, side):
    rng = np.random.default_rng(seed)
    polygons = rng.integers(1, 15, 80)
    rows = polygons * 10 + rng.integers(0, 12, 80)
    columns = (polygons * 37) % 100 + rng.integers(0, 12, 80)
    blocks = spatial_blocks(rows, columns, polygons, side)
    squares = {}
    for polygon in np.unique(polygons):
        own = polygons == polygon
        assert len(np.unique(blocks[own])) == 1
        square = (rows[own].mean() // side, columns[own].mean() // side)
        squares.setdefault(square, set()).add(int(blocks[own][0]))
    assert all(len(found) == 1 for found in squares.values())
    assert len(set.union(*squares.values())) == len(squares)
