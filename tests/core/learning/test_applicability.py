"""Dissimilarity against brute force, and what was never seen is flagged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist, pdist

from patchwork.core.learning.applicability import FeatureSpace, feature_space


def samples(seed=0, number=300, features=6):
    """Two clouds of samples, their folds, and the importance of each feature."""
    rng = np.random.default_rng(seed)
    table = rng.normal(0, 1, (number, features)) * np.arange(1, features + 1) + 100
    table[number // 2 :, 0] += 8
    return table.astype(np.float32), rng.integers(0, 5, number), rng.uniform(0.1, 1.0, features)


@given(st.integers(0, 1000))
def test_values_equal_brute_force(seed):
    table, folds, importance = samples(seed, 120)
    space = feature_space(table, folds, importance, 0)
    weighted = (table - table.mean(axis=0)) / table.std(axis=0) * (importance / importance.max())
    mean = pdist(weighted).mean()
    apart = cdist(weighted, weighted)
    apart[folds[:, np.newaxis] == folds] = np.inf
    own = apart.min(axis=1) / mean
    low, high = np.quantile(own, (0.25, 0.75))
    assert space.threshold == pytest.approx(min(high + 1.5 * (high - low), own.max()), rel=0.08)
    pixels = (np.random.default_rng(seed + 1).normal(100, 8, (50, 6))).astype(np.float32)
    moved = (pixels - table.mean(axis=0)) / table.std(axis=0) * (importance / importance.max())
    expected = cdist(moved, weighted).min(axis=1) / mean
    np.testing.assert_allclose(space.dissimilarity(pixels), expected, rtol=0.08, atol=0.03)


def test_what_is_far_from_all_samples_is_flagged_and_samples_are_not():
    table, folds, importance = samples()
    space = feature_space(table, folds, importance, 0)
    assert (space.dissimilarity(table) < 0.01).all()
    strange = table.copy()
    strange[:, 3] += 60
    assert (space.dissimilarity(strange) > space.threshold).mean() > 0.95
    assert (space.dissimilarity(samples(5)[0]) > space.threshold).mean() < 0.1


def test_blocks_and_threads_do_not_change_a_value():
    table, folds, importance = samples(2, 200, 30)
    space = feature_space(table, folds, importance, 0)
    pixels = np.random.default_rng(3).normal(100, 20, (5000, 30)).astype(np.float32)
    whole = space.dissimilarity(pixels, 2)
    parts = np.concatenate([space.dissimilarity(pixels[:777]), space.dissimilarity(pixels[777:])])
    np.testing.assert_array_equal(whole, parts)


def test_there_is_no_space_without_something_to_compare():
    table, _folds, importance = samples()
    assert feature_space(table, np.zeros(300, dtype=int), importance, 0) is None
    assert feature_space(np.ones((10, 3), dtype=np.float32), np.arange(10), None, 0) is None


def test_arrays_that_do_not_fit_are_refused():
    table, folds, importance = samples()
    arrays = feature_space(table, folds, importance, 0).to_arrays()
    assert FeatureSpace.from_arrays(arrays).threshold == arrays["threshold"]
    for name in ("mean", "points"):
        with pytest.raises(ValueError, match="its feature space"):
            FeatureSpace.from_arrays({**arrays, name: arrays[name][..., :-1]})
