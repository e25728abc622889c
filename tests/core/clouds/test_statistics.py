"""Statistics of observations against hand-written loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchwork.core.clouds.statistics import DateStatistics, PixelStatistics, ndvi_of

SHAPE = (6, 7)


def observations(seed, count=5):
    """Probability, mask and NDVI of some acquisitions; pixels without data have 255 in both."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        no_data = rng.random(SHAPE) < 0.3
        no_data[0, :2] = True
        probability = np.where(no_data, 255, rng.integers(0, 101, SHAPE)).astype(np.uint8)
        mask = np.where(no_data, 255, rng.integers(0, 2, SHAPE)).astype(np.uint8)
        mask[0, 3] = 1 if not no_data[0, 3] else 255
        yield probability, mask, rng.uniform(-1, 1, SHAPE)


@given(st.integers(0, 10_000))
def test_pixels_are_counted_and_averaged_as_by_hand(seed):
    statistics = PixelStatistics(SHAPE)
    for observation in observations(seed):
        statistics.add(*observation)
    layers = statistics.layers()
    assert layers.dtype == np.float32
    for y in range(SHAPE[0]):
        for x in range(SHAPE[1]):
            seen = [(p[y, x], m[y, x], n[y, x]) for p, m, n in observations(seed) if p[y, x] != 255]
            valid = [n for _, m, n in seen if m == 0]
            expected = [
                len(valid) if seen else np.nan,
                np.mean([float(p) for p, _, _ in seen]) if seen else np.nan,
                np.mean(valid) if valid else np.nan,
            ]
            np.testing.assert_allclose(layers[:, y, x], expected, rtol=1e-5, atol=1e-6)


def test_what_was_never_seen_is_no_number_and_what_was_only_cloud_is_zero_valid():
    statistics = PixelStatistics((1, 3))
    for _ in range(300):
        statistics.add(
            np.array([[255, 100, 0]], np.uint8), np.array([[255, 1, 0]], np.uint8), np.array([[0, 0.1, 0.5]])
        )
    np.testing.assert_array_equal(
        statistics.layers()[:, 0], np.array([[np.nan, 0, 300], [np.nan, 100, 0], [np.nan, np.nan, 0.5]], np.float32)
    )


def test_without_near_infrared_there_is_no_ndvi():
    statistics = PixelStatistics((1, 1))
    statistics.add(np.array([[10]], np.uint8), np.array([[0]], np.uint8), None)
    valid, probability, ndvi = statistics.layers()[:, 0, 0]
    assert (valid, probability) == (1, 10)
    assert np.isnan(ndvi)
    statistics.add(np.array([[20]], np.uint8), np.array([[0]], np.uint8), np.array([[0.5]]))
    np.testing.assert_array_equal(statistics.layers()[:, 0, 0], [2, 15, 0.5])
    dates = DateStatistics()
    dates.add(np.array([[0]], np.uint8), None)
    assert dates.row()[2] == 1.0


@given(st.integers(0, 10_000))
def test_a_date_is_summed_as_by_hand(seed):
    for _, mask, ndvi in observations(seed, 3):
        mask = np.array(mask)
        date = DateStatistics()
        date.add(mask, ndvi)
        seen = [(m, n) for m, n in zip(mask.ravel(), ndvi.ravel(), strict=True) if m != 255]
        valid = [n for m, n in seen if m == 0]
        everything, without_clouds, fraction = date.row()
        assert everything == pytest.approx(np.mean([n for _, n in seen]), abs=1e-6)
        assert without_clouds == pytest.approx(np.mean(valid), abs=1e-6) if valid else without_clouds is None
        assert fraction == len(valid) / len(seen)


@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 6))
def test_sums_of_patches_are_exactly_those_of_the_whole(seed, row, column):
    ((_, mask, ndvi),) = observations(seed, 1)
    whole, parts = DateStatistics(), DateStatistics()
    whole.add(mask, ndvi)
    for rows in (slice(None, row), slice(row, None)):
        for columns in (slice(column, None), slice(None, column)):
            parts.add(mask[rows, columns], ndvi[rows, columns])
    assert parts == whole


def test_a_date_that_saw_nothing_is_unknown():
    date = DateStatistics()
    date.add(np.full(SHAPE, 255, np.uint8), np.zeros(SHAPE))
    assert date.row() == (None, None, None)
    date.add(np.full(SHAPE, 1, np.uint8), np.full(SHAPE, 0.25))
    assert date.row() == (0.25, None, 0.0)


def test_ndvi_of_digital_numbers():
    red = np.array([[1000, 0, 4000, 0, 65_535]], dtype=np.uint16)
    near_infrared = np.array([[3000, 500, 1000, 0, 65_535]], dtype=np.uint16)
    np.testing.assert_allclose(ndvi_of(red, near_infrared), [[0.5, 1.0, -0.6, 0.0, 0.0]])
