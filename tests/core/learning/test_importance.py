"""Permutation importance against scikit-learn's, and by hand."""

import numpy as np
import pytest
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression

from patchwork.core.learning.importance import PermutationImportance


@pytest.fixture
def data():
    """Two classes that the first feature tells apart, the second a little, the third not at all."""
    rng = np.random.default_rng(1)
    ids = np.repeat([3, 8], 100)
    features = rng.normal(size=(200, 3)).astype(np.float32)
    features[:, 0] += 3.0 * (ids == 8)
    features[:, 1] += 0.7 * (ids == 8)
    return features, ids


def test_what_tells_the_classes_apart_is_important(data):
    features, ids = data
    model = LogisticRegression().fit(features, ids)
    found = PermutationImportance(features, ids, folds=1, seed=0)
    found.observe(model.predict_proba, np.ones(200, dtype=bool), np.array([3, 8]))

    def score(_, rows, own):
        return model.predict_proba(rows)[np.arange(len(own)), (own == 8).astype(int)].mean()

    expected = permutation_importance(model, features, ids, scoring=score, n_repeats=30, random_state=0)
    assert found.falls == pytest.approx(expected.importances_mean, abs=0.03)
    assert found.falls[0] > 5 * abs(found.falls[2])


def test_only_test_samples_of_classes_that_the_model_knows_count(data):
    features, ids = data
    rows_seen = []

    def predict(rows):
        rows_seen.append(rows)
        return np.ones((len(rows), 1))

    test = np.zeros(200, dtype=bool)
    test[:10] = test[-10:] = True
    found = PermutationImportance(features, ids, folds=1, seed=0)
    found.observe(predict, test, np.array([8]))
    assert {tuple(row) for row in rows_seen[0]} == {tuple(row) for row in features[-10:]}
    assert found.falls == [0.0, 0.0, 0.0]


def test_nothing_tested_is_unknown(data):
    features, ids = data
    assert PermutationImportance(features, ids, folds=5, seed=0).falls is None


def test_many_features_are_tested_on_fewer_samples():
    rows_seen = []

    def predict(rows):
        rows_seen.append(len(rows))
        return np.full((len(rows), 2), 0.5)

    features = np.zeros((500, 700), dtype=np.float32)
    found = PermutationImportance(features, np.arange(500) % 2, folds=5, seed=0)
    found.observe(predict, np.ones(500, dtype=bool), np.array([0, 1]))
    assert sum(rows_seen) <= 100_000 / 5 + 100
    assert max(rows_seen) <= 4096
