"""Calibration: a known temperature is found, good probabilities are left alone, the class never changes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from patchwork.core.learning.calibration import brier, calibrate, tempered


def simulated(temperature, number=6000, seed=0):
    """Probabilities (n, 4), the columns of classes drawn from them, then distorted by a temperature."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(4, 0.5), number)
    places = (probabilities.cumsum(axis=1) < rng.random((number, 1))).sum(axis=1)
    return tempered(probabilities, 1.0 / temperature), places


def test_the_temperature_is_found_and_probabilities_then_hold():
    probabilities, places = simulated(0.5)
    found = calibrate(probabilities, places, np.ones(6000), np.arange(6000) % 5)
    assert found.temperature == pytest.approx(0.5, abs=0.05)
    assert found.brier_after < found.brier_before
    for own in found.reliability:
        assert own.accuracy == pytest.approx(own.probability, abs=0.06)
    assert sum(own.samples for own in found.reliability) == 6000


def test_good_probabilities_are_hardly_changed():
    probabilities, places = simulated(1.0)
    found = calibrate(probabilities, places, np.ones(6000), np.arange(6000) % 5)
    assert found.temperature == pytest.approx(1.0, abs=0.05)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.2, 5.0))
def test_the_most_probable_class_stays(seed, temperature):
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(5), 50).astype(np.float32)
    found = tempered(probabilities, temperature)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found.argmax(axis=1), probabilities.argmax(axis=1))
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-5)


def test_the_brier_score_is_that_of_scikit_learn():
    probabilities, places = simulated(1.0, 300)
    weights = np.random.default_rng(1).uniform(0.5, 2.0, 300)
    each = [brier_score_loss(places == k, probabilities[:, k], sample_weight=weights) for k in range(4)]
    assert brier(probabilities, places, weights) == pytest.approx(sum(each))
