"""Series against np.interp, pixel by pixel, and the plans they are made by."""

import json
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchwork.core.errors import DataError
from patchwork.core.learning.features import SeriesPlan, plan_series, regular_dates
from patchwork.core.learning.observations import Observations
from patchwork.core.learning.series import interpolate, join, validly_seen

NOON = timedelta(hours=12)


def utc(day):
    return datetime(2019, 1, 1, tzinfo=timezone.utc) + timedelta(days=day)


def plan(*days, bands=("B02", "B04", "B08"), indices=("NDVI",)):
    return SeriesPlan(bands, indices, tuple(date(2019, 1, 1) + timedelta(days=day) for day in days))


def by_numpy(made, stack, valid, times):
    """np.interp for each pixel and value; indices are computed on the observations."""
    reflectance = dict(zip(made.needed_bands, np.moveaxis(stack.astype(float) / 10_000, 1, 0), strict=True))
    values = [reflectance[band] for band in made.bands]
    if "NDVI" in made.indices:
        total = reflectance["B08"] + reflectance["B04"]
        values.append(np.where(total > 0, (reflectance["B08"] - reflectance["B04"]) / np.maximum(total, 1e-9), 0))
    observed = np.array([moment.timestamp() for moment in times])
    wanted = [datetime(d.year, d.month, d.day, 12, tzinfo=timezone.utc).timestamp() for d in made.dates]
    features = np.full((stack.shape[2], len(values), len(wanted)), np.nan)
    for pixel in range(stack.shape[2]):
        own = valid[:, pixel]
        if own.any():
            for number, value in enumerate(values):
                features[pixel, number] = np.interp(wanted, observed[own], value[own, pixel])
    return features.reshape(len(features), -1)


def observations(seed, count, pixels, bands=3, share=0.6):
    rng = np.random.default_rng(seed)
    stack = rng.integers(1, 10_000, (count, bands, pixels)).astype(np.uint16)
    return stack, rng.random((count, pixels)) < share


@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=12, unique=True),
    st.integers(0, 10_000),
    st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]),
    st.integers(1, 40),
)
def test_series_are_those_of_numpy(days, seed, share, step):
    times = [utc(day) + timedelta(hours=10, seconds=day) for day in sorted(days)]
    stack, valid = observations(seed, len(times), 23, share=share)
    made = plan(*range(-20, 420, step))
    features = interpolate(made, stack, valid, times)
    assert features.dtype == np.float32
    assert features.shape == (23, len(made.features))
    np.testing.assert_allclose(features, by_numpy(made, stack, valid, times), rtol=1e-4, atol=2e-5)


def test_before_the_first_and_after_the_last_observation_the_nearest_counts():
    stack = np.array([[[1000]], [[3000]]], dtype=np.uint16)
    made = plan(0, 9, 11, 16, 30, bands=("B02",), indices=())
    features = interpolate(made, stack, np.ones((2, 1), bool), [utc(10) + NOON, utc(12) + NOON])
    np.testing.assert_allclose(features, [[0.1, 0.1, 0.2, 0.3, 0.3]], rtol=1e-6)


def test_a_single_observation_counts_for_the_whole_year():
    stack = np.array([[[9000, 1]], [[2000, 1]], [[9000, 1]]], dtype=np.uint16)
    valid = np.array([[False, False], [True, False], [False, False]])
    features = interpolate(plan(0, 10, 20, bands=("B02",), indices=()), stack, valid, [utc(5), utc(10), utc(15)])
    np.testing.assert_allclose(features[0], 0.2, rtol=1e-6)
    assert np.isnan(features[1]).all()


def test_no_observation_at_all_is_no_number():
    stack, _ = observations(1, 4, 5)
    features = interpolate(plan(0, 10), stack, np.zeros((4, 5), bool), [utc(day) for day in range(4)])
    assert np.isnan(features).all()


def test_a_date_on_an_acquisition_has_its_value_exactly():
    stack, valid = observations(2, 3, 50, share=1.0)
    times = [utc(day) + NOON for day in (0, 16, 32)]
    features = interpolate(plan(0, 16, 32, bands=("B02", "B04", "B08"), indices=()), stack, valid, times)
    expected = np.moveaxis(stack, 2, 0).transpose(0, 2, 1).reshape(50, -1) * np.float32(1e-4)
    np.testing.assert_allclose(features, expected, rtol=1e-6)


def test_invalid_observations_count_for_nothing():
    stack, valid = observations(3, 8, 40)
    times = [utc(day * 9) for day in range(8)]
    made = plan(*range(0, 80, 8))
    spoilt = np.where(valid[:, np.newaxis], stack, 65_535).astype(np.uint16)
    np.testing.assert_array_equal(interpolate(made, spoilt, valid, times), interpolate(made, stack, valid, times))


def test_an_acquisition_that_shows_nothing_changes_nothing():
    stack, valid = observations(4, 6, 40, share=0.7)
    valid[[0, 3, 5]] = False
    times = [utc(day * 11) for day in range(6)]
    made = plan(*range(0, 80, 16))
    kept = [1, 2, 4]
    fewer = interpolate(made, stack[kept], valid[kept], [times[number] for number in kept])
    np.testing.assert_allclose(interpolate(made, stack, valid, times), fewer, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_series_of_many_pixels_are_those_of_few_at_a_time(threads):
    stack, valid = observations(5, 9, 40_000)  # several blocks
    times = [utc(day * 7) for day in range(9)]
    made = plan(*range(0, 70, 5))
    parts = [slice(0, 1), slice(1, 8), *(slice(start, start + 997) for start in range(8, 40_000, 997))]
    expected = np.vstack([interpolate(made, stack[:, :, part], valid[:, part], times) for part in parts])
    np.testing.assert_array_equal(interpolate(made, stack, valid, times, threads), expected)


@given(st.integers(0, 10_000))
def test_a_pixel_does_not_depend_on_the_others(seed):
    stack, valid = observations(seed, 7, 30)
    times = [utc(day * 13) for day in range(7)]
    made = plan(*range(0, 100, 9))
    whole = interpolate(made, stack, valid, times)
    chosen = np.random.default_rng(seed).permutation(30)[:11]
    np.testing.assert_array_equal(interpolate(made, stack[:, :, chosen], valid[:, chosen], times), whole[chosen])


# Several satellites


KINDS = (("B04", "B08", "B05"), ("B04", "B08"), ("VV",), ("VV", "VH"))


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=14),
    st.integers(0, 10_000),
    st.sampled_from([0.0, 0.3, 0.7, 1.0]),
)
def test_each_value_is_that_of_numpy_over_all_acquisitions_that_have_its_bands(kinds, seed, share):
    rng = np.random.default_rng(seed)
    times = [utc(int(day)) for day in np.sort(rng.choice(200, len(kinds), replace=False))]
    shown = [dict(zip(KINDS[kind], rng.integers(1, 10_000, (3, 17)).astype(np.uint16), strict=False)) for kind in kinds]
    valid = rng.random((len(kinds), 17)) < share
    groups = []
    for number, bands in enumerate(KINDS):
        own = [place for place, kind in enumerate(kinds) if kind == number]
        stack = np.array([[shown[p][band] for band in bands] for p in own], np.uint16).reshape(len(own), len(bands), 17)
        groups.append(Observations(bands, stack, valid[own], tuple(times[place] for place in own)))
    made = plan(*range(-5, 215, 20), bands=("B04", "B05", "VV", "VH"))
    expected = []
    for value in made.values:
        bands = ("B08", "B04") if value == "NDVI" else (value,)
        own = [place for place, one in enumerate(shown) if set(bands) <= set(one)]
        part = plan(*range(-5, 215, 20), bands=() if value == "NDVI" else bands, indices=("NDVI",) * (value == "NDVI"))
        stack = np.array([[shown[p][band] for band in bands] for p in own]).reshape(len(own), len(bands), 17)
        expected.append(by_numpy(part, stack, valid[own], [times[place] for place in own]))
    found = join(made, groups)
    np.testing.assert_allclose(found, np.hstack(expected), rtol=1e-4, atol=2e-5)
    np.testing.assert_array_equal(validly_seen(made, groups), ~np.isnan(found).any(axis=1))


def test_one_satellite_alone_is_interpolated_as_it_is_and_not_copied(peak_memory):
    stack, valid = observations(6, 40, 20_000)
    times = tuple(utc(day * 7) for day in range(40))
    made = plan(0, 35, bands=("B02", "B08", "B04"))
    groups = [Observations(made.needed_bands, stack, valid, times)]
    assert join(made, groups, 2).tobytes() == interpolate(made, stack, valid, times).tobytes()
    alone = peak_memory(lambda: interpolate(made, stack, valid, times))
    assert peak_memory(lambda: join(made, groups)) < alone + stack.nbytes / 10


def test_a_satellite_with_nothing_to_learn_from_does_not_decide_what_was_seen():
    """Landsat beside Sentinel-2 with a band of its own: where Landsat never looked there is a map all the same."""
    stack, valid = observations(7, 3, 4, share=1.0)
    made = plan(0, 9, indices=())
    sentinel_2 = Observations(("B02", "B04", "B08"), stack, valid, tuple(utc(day) for day in range(3)))
    landsat = Observations(("B02",), np.zeros((0, 1, 4), np.uint16), np.zeros((0, 4), bool), ())
    assert validly_seen(made, [sentinel_2, landsat]).all()
    np.testing.assert_array_equal(join(made, [sentinel_2, landsat]), join(made, [sentinel_2]))


def test_decibel_is_a_number_like_reflectance():
    made = plan(0, bands=("VV",), indices=())
    stack = np.array([[[38_000, 50_000, 26_500]]], dtype=np.uint16)  # -12, 0 and -23.5 decibel
    features = join(made, [Observations(("VV",), stack, np.ones((1, 3), bool), (utc(3),))])
    np.testing.assert_allclose(features[:, 0], [3.8, 5.0, 2.65], rtol=1e-6)


def test_indices_need_bands_that_are_no_features():
    made = plan(0, 5, bands=("B02",), indices=("NDVI",))
    assert made.needed_bands == ("B02", "B08", "B04")
    stack = np.array([[[500], [6000], [2000]]], dtype=np.uint16)
    features = interpolate(made, stack, np.ones((1, 1), bool), [utc(3)])
    np.testing.assert_allclose(features, [[0.05, 0.05, 0.5, 0.5]], rtol=1e-6)


# Plans


def test_features_are_named_by_value_and_date():
    made = plan(0, 16, bands=("B02",), indices=("NDVI",))
    assert made.features == ("B02_20190101", "B02_20190117", "NDVI_20190101", "NDVI_20190117")
    assert SeriesPlan.from_json(json.loads(json.dumps(made.to_json()))) == made


@given(st.dates(date(2015, 1, 1), date(2025, 1, 1)), st.integers(0, 800), st.integers(1, 100))
def test_regular_dates_go_from_the_start_to_the_end(start, days, step):
    end = start + timedelta(days=days)
    dates = regular_dates(start, end, step)
    assert dates[0] == start
    assert {(later - earlier).days for earlier, later in zip(dates, dates[1:], strict=False)} <= {step}
    assert end - timedelta(days=step) < dates[-1] <= end


def test_the_year_of_the_original_run_has_23_dates_and_207_features():
    dates = regular_dates(date(2017, 1, 1), date(2017, 12, 31), 16)
    bands = ("B02", "B03", "B04", "B08", "B11", "B12")
    made, lacking = plan_series(bands, bands, ("NDVI", "NDWI", "brightness"), dates)
    assert (len(dates), len(made.features), lacking) == (23, 207, ())


def test_radar_is_always_learnt_from():
    optical, radar = ("B04", "B08", "SCL"), ("VV", "VH")
    made, lacking = plan_series(optical + radar, ("B04", "B08"), ("NDVI",), (date(2019, 1, 16),))
    assert (made.bands, lacking) == (("B04", "B08", "VV", "VH"), ())
    assert made.features == ("B04_20190116", "B08_20190116", "VV_20190116", "VH_20190116", "NDVI_20190116")
    made, lacking = plan_series(radar, ("VH", "B04"), ("NDVI",), (date(2019, 1, 16),))
    assert (made.bands, made.indices, lacking) == (("VH", "VV"), (), ("B04", "NDVI"))


def test_what_the_imagery_cannot_give_is_left_out_and_told():
    made, lacking = plan_series(("B04", "B08"), ("B04", "B11"), ("NDVI", "NDWI"), (date(2019, 1, 1),))
    assert (made.bands, made.indices, lacking) == (("B04",), ("NDVI",), ("B11", "NDWI"))
    with pytest.raises(DataError, match=r"None of the bands B11 .* B04, B08. Set BANDS"):
        plan_series(("B04", "B08"), ("B11",), ("NDWI",), (date(2019, 1, 1),))
