"""Products of numbers on a grid are exact: fractions, which never round, give the same."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from patchwork.core.learning.exact import on_grid, weights_on_grid


@given(st.integers(1, 300), st.floats(1e-6, 1e6), st.integers(0, 1000))
def test_products_are_exact_in_any_order(count, size, seed):
    rng = np.random.default_rng(seed)
    rows = on_grid(rng.normal(0, 30, (3, count)), 64.0)
    weights = weights_on_grid(rng.normal(0, size, (count, 2)))
    expected = [
        [float(sum(Fraction(x) * Fraction(w) for x, w in zip(row, column, strict=True))) for column in weights.T]
        for row in rows
    ]
    np.testing.assert_array_equal(rows @ weights, expected)
    order = rng.permutation(count)
    np.testing.assert_array_equal(rows[:, order] @ weights[order], expected)


def test_the_worst_case_is_exact():
    rows = np.full((1, 2048), 64.0)
    rows[0, -1] = 2.0**-15
    weights = np.full((2048, 1), 1.0)
    weights[-1] = weights_on_grid(np.array([[1.0], [2.0**-18]]))[1]
    weights = weights_on_grid(weights)
    exact = sum(Fraction(x) * Fraction(w) for x, w in zip(rows[0], weights[:, 0], strict=True))
    assert Fraction((rows @ weights)[0, 0]) == exact


def test_values_are_rounded_a_little_and_limited():
    values = np.array([0.1, -3.7, 1e9, -1e9])
    found = on_grid(values, 64.0)
    np.testing.assert_allclose(found[:2], values[:2], atol=2.0**-16)
    assert found[2:].tolist() == [64.0, -64.0]
    weights = np.array([[1e-3], [-0.7]])
    np.testing.assert_allclose(weights_on_grid(weights), weights, atol=1e-6)
    assert not weights_on_grid(np.zeros((4, 2))).any()
