"""Spectral indices against their published formulas, computed by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from patchwork.core.vocabulary.indices import INDICES, compute_index

# Vegetation: blue, green, red, near infrared, short-wave infrared
BANDS = {"B02": 0.04, "B03": 0.08, "B04": 0.05, "B08": 0.45, "B11": 0.2}
BY_HAND = {
    "NDVI": (0.45 - 0.05) / (0.45 + 0.05),
    "NDWI": (0.08 - 0.45) / (0.08 + 0.45),
    "NDMI": (0.45 - 0.2) / (0.45 + 0.2),
    "NDBI": (0.2 - 0.45) / (0.2 + 0.45),
    "NDSI": (0.08 - 0.2) / (0.08 + 0.2),
    "EVI": 2.5 * (0.45 - 0.05) / (0.45 + 6 * 0.05 - 7.5 * 0.04 + 1),
    "SAVI": 1.5 * (0.45 - 0.05) / (0.45 + 0.05 + 0.5),
    "brightness": (0.04**2 + 0.08**2 + 0.05**2 + 0.45**2) ** 0.5,
}


@pytest.mark.parametrize("name", INDICES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_index_is_its_formula(name, dtype):
    bands = {band: np.full((2, 3), value, dtype) for band, value in BANDS.items()}
    value = compute_index(name, bands)
    assert (value.shape, value.dtype) == ((2, 3), dtype)
    np.testing.assert_allclose(value, BY_HAND[name], rtol=1e-5)


@pytest.mark.parametrize("name", INDICES)
def test_an_index_of_nothing_is_zero(name):
    bands = {band: np.zeros(4, np.float32) for band in BANDS}
    np.testing.assert_array_equal(compute_index(name, bands), 0)


def test_a_denominator_of_zero_gives_zero():
    """Where the numerator is positive or negative too."""
    bands = {"B08": np.array([0.5, 0.25]), "B04": np.array([0.0, 0.5]), "B02": np.array([1.5 / 7.5, 4.25 / 7.5])}
    assert (bands["B08"] + 6.0 * bands["B04"] - 7.5 * bands["B02"] + 1.0 == 0).all()
    np.testing.assert_array_equal(compute_index("EVI", bands), 0.0)


@pytest.mark.parametrize("name", [name for name in INDICES if name.startswith("ND")])
@given(pair=hnp.arrays(np.float32, (2, 9), elements=st.floats(0, 2, width=32)))
def test_normalised_differences_lie_between_minus_one_and_one(name, pair):
    first, second = INDICES[name].bands
    value = compute_index(name, {first: pair[0], second: pair[1]})
    assert (np.abs(value) <= 1).all()
    swapped = compute_index(name, {first: pair[1], second: pair[0]})
    np.testing.assert_allclose(swapped, -value, atol=1e-6)


def test_what_is_given_stays_as_it_is():
    bands = {band: np.zeros(4) for band in BANDS}
    for name in INDICES:
        compute_index(name, bands)
    assert not any(values.any() for values in bands.values())
