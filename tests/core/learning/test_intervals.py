"""Intervals: coverage in simulated clusters, and cases calculated by hand or by statsmodels' formulas."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from patchwork.core.learning.intervals import Estimate, ratio


def of(right, clusters, weights=None):
    right, clusters = np.asarray(right, dtype=float), np.asarray(clusters)
    weights = np.ones(len(right)) if weights is None else weights
    return ratio(right * weights, weights, clusters, clusters)


def test_single_pixels_have_the_exact_binomial_interval():
    right = np.arange(200) < 150
    found = of(right, np.arange(200))
    exact = stats.binomtest(150, 200).proportion_ci(method="exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=0.002)


def test_pixels_of_a_polygon_that_are_all_alike_count_as_one():
    once = of(np.arange(20) < 16, np.arange(20))
    repeated = of(np.repeat(np.arange(20) < 16, 50), np.repeat(np.arange(20), 50))
    assert (repeated.low, repeated.high) == pytest.approx((once.low, once.high), abs=0.01)


def test_few_polygons_that_are_all_right_do_not_give_certainty():
    found = of(np.ones(600), np.repeat(np.arange(12), 50))
    assert found.value == found.high == 1.0
    assert 0.6 < found.low < 0.8
    nearly = np.ones(600)
    nearly[0] = 0
    assert of(nearly, np.repeat(np.arange(12), 50)).low < 0.85


def test_one_cluster_has_no_interval_and_none_no_value():
    assert of([1, 0, 1, 1], [7, 7, 7, 7]).value == 0.75
    assert not of([1, 0, 1, 1], [7, 7, 7, 7]).is_known
    nothing = ratio(np.zeros(3), np.zeros(3), np.arange(3), np.arange(3))
    assert math.isnan(nothing.value)
    assert nothing.in_words == "unknown"


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 40))
def test_the_interval_holds_the_estimate_and_stays_within_0_and_1(seed, clusters):
    rng = np.random.default_rng(seed)
    own = rng.integers(0, clusters, 200)
    found = of(rng.random(200) < rng.random(clusters)[own], own, rng.uniform(0.1, 5.0, 200))
    if found.is_known:
        assert 0.0 <= found.low <= found.value <= found.high <= 1.0


def test_nineteen_of_twenty_intervals_hold_the_truth_where_single_pixels_mislead():
    """30 polygons of 5 to 60 pixels, each with an accuracy of its own: the truth is 0.8."""
    rng = np.random.default_rng(11)
    fair = naive = 0
    for _ in range(300):
        sizes = rng.integers(5, 60, 30)
        own = np.repeat(np.arange(30), sizes)
        right = rng.random(len(own)) < rng.beta(3.2, 0.8, 30)[own]
        found, single = of(right, own), of(right, np.arange(len(own)))
        fair += found.low <= 0.8 <= found.high
        naive += single.low <= 0.8 <= single.high
    assert fair >= 0.93 * 300
    assert naive < 0.7 * 300


def test_json_has_no_nan():
    assert Estimate(0.5, math.nan, math.nan).to_json() == [0.5, None, None]
    read = Estimate.from_json([0.5, None, None])
    assert math.isnan(read.low)
