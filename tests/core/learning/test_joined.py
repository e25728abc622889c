"""Several satellites in one model: each value from those that have its bands."""

from datetime import date, datetime, timedelta, timezone

import numpy as np
import pytest

from patchwork.core.learning.features import SeriesPlan, plan_series, regular_dates
from patchwork.core.learning.observations import Observations
from patchwork.core.learning.series import interpolate, join, validly_seen

DATES = regular_dates(date(2019, 1, 1), date(2019, 3, 31), 10)
PIXELS = 50


def observations(bands, every, seed, first=2):
    random = np.random.default_rng(seed)
    days = range(first, 90, every)
    times = tuple(datetime(2019, 1, 1, 10, tzinfo=timezone.utc) + timedelta(days=day) for day in days)
    stack = random.integers(1, 60_000, (len(times), len(bands), PIXELS)).astype(np.uint16)
    valid = random.random((len(times), PIXELS)) < 0.8
    valid[0] = True
    return Observations(bands, stack, valid, times)


def by_hand(seen, band):
    """(pixel, date) of one band, pixel by pixel."""
    at = np.array([moment.timestamp() for moment in seen.times])
    wanted = [datetime.combine(day, datetime.min.time(), timezone.utc).timestamp() + 43_200 for day in DATES]
    values = seen.stack[:, seen.bands.index(band)] * 1e-4
    return np.array([np.interp(wanted, at[ok], values[ok, pixel]) for pixel, ok in enumerate(seen.valid.T)])


def test_each_value_comes_from_the_satellites_that_have_its_bands():
    optical, radar = observations(("B04", "B08"), 7, 1), observations(("VV", "VH"), 12, 2)
    plan, lacking = plan_series(("B04", "B08", "VV", "VH"), ("B04", "B11"), ("NDVI",), DATES)
    assert lacking == ("B11",)
    assert plan.values == ("B04", "VV", "VH", "NDVI")
    groups = [
        Observations(("B04", "B08"), optical.stack, optical.valid, optical.times),
        Observations(("VV", "VH"), radar.stack, radar.valid, radar.times),
    ]
    features = join(plan, groups).reshape(PIXELS, 4, len(DATES))
    np.testing.assert_allclose(features[:, 0], by_hand(optical, "B04"), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(features[:, 1], by_hand(radar, "VV"), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(features[:, 2], by_hand(radar, "VH"), rtol=1e-4, atol=1e-5)
    alone = SeriesPlan((), ("NDVI",), DATES)
    swapped = optical.stack[:, ::-1]  # the plan's own order: B08, B04
    np.testing.assert_array_equal(features[:, 3], interpolate(alone, swapped, optical.valid, optical.times))


def test_one_satellite_alone_is_interpolated_as_before():
    seen = observations(("B04", "B08"), 7, 3)
    plan = SeriesPlan(("B04", "B08"), ("NDVI",), DATES)
    np.testing.assert_array_equal(join(plan, [seen]), interpolate(plan, seen.stack, seen.valid, seen.times))


def test_a_pixel_must_be_seen_by_all():
    optical, radar = observations(("B04",), 7, 1), observations(("VV",), 12, 2)
    optical.valid[:, 3] = False
    radar.valid[:, 5] = False
    seen = validly_seen(SeriesPlan(("B04", "VV"), (), DATES), [optical, radar])
    assert np.flatnonzero(~seen).tolist() == [3, 5]
    features = join(SeriesPlan(("B04", "VV"), (), DATES), [optical, radar]).reshape(PIXELS, 2, -1)
    assert np.isnan(features[3, 0]).all()
    assert np.isnan(features[5, 1]).all()
    assert not np.isnan(features[3, 1]).any()


def test_a_satellite_that_saw_nothing_leaves_nothing():
    optical = observations(("B04",), 7, 1)
    none = Observations(("VV",), np.empty((0, 1, PIXELS), np.uint16), np.empty((0, PIXELS), bool), ())
    assert not validly_seen(SeriesPlan(("B04", "VV"), (), DATES), [optical, none]).any()
    features = join(SeriesPlan(("B04", "VV"), (), DATES), [optical, none]).reshape(PIXELS, 2, -1)
    assert np.isnan(features[:, 1]).all()
    assert not np.isnan(features[:, 0]).any()


def test_pixels_are_taken_out_of_observations():
    seen = observations(("B04", "B08"), 20, 4)
    chosen = np.array([4, 2])
    np.testing.assert_array_equal(seen.take(chosen).stack, seen.stack[:, :, chosen])
    np.testing.assert_array_equal(seen.take(chosen).valid, seen.valid[:, chosen])


@pytest.mark.parametrize("bands", [("VV", "VH"), ("B04", "VV", "VH")])
def test_radar_is_always_learnt_from(bands):
    plan, _ = plan_series(bands, ("B04",), ("NDVI",), DATES)
    assert plan.bands == bands
