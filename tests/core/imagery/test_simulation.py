"""The simulated sample region: reproducible, seamless, plausible, and neither too easy nor too hard."""

import hashlib
import pickle
from collections import Counter
from datetime import timedelta
from functools import lru_cache

import numpy as np
import pytest
from rasterio.features import rasterize
from rasterio.transform import from_origin
from s2cloudless import S2PixelCloudDetector
from sklearn.ensemble import RandomForestClassifier

from patchwork.core.imagery.sources.sample.simulation import (
    CLASSES,
    VERSION,
    coverage,
    land_cover,
    load_region,
    noise,
    passes,
    reference,
    render,
)
from patchwork.core.imagery.sources.sample.simulation.atmosphere import clouds

REGION = load_region()
PASSES = {each.time.date().isoformat(): each for each in passes(REGION)}
HEIGHTS = (0, 0, 150, 240)
TOWN = (110, 380, 150, 200)


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()).hexdigest()


@lru_cache(maxsize=3)
def whole(day):
    return render(REGION, PASSES[day], 0, 0, REGION.height, REGION.width)


def opacity(day, window):
    """The opacity of opaque and of thin cloud over a window."""
    row, column, height, width = window
    y, x = np.arange(row, row + height, dtype=float)[:, None], np.arange(column, column + width, dtype=float)[None, :]
    opaque, thin = np.zeros((height, width)), np.zeros((height, width))
    for cloud in clouds(REGION, PASSES[day].sky, y, x):
        target = thin if max(cloud.opacity.max(), cloud.shadow.max()) < 0.5 else opaque
        np.maximum(target, cloud.opacity, out=target)
    return opaque, thin


def burnt(values):
    """The values of the reference polygons on the region's pixels, 0 outside them."""
    transform = from_origin(REGION.left, REGION.top, REGION.resolution, REGION.resolution)
    shapes = [(each.geometry, value) for each, value in zip(reference(REGION), values, strict=True)]
    return rasterize(shapes, (REGION.height, REGION.width), transform=transform, dtype="int32")


def test_it_is_declared_as_simulated():
    assert "simulated" in REGION.title
    assert len(REGION.bands) == 13
    assert (REGION.epsg, REGION.width, REGION.height, REGION.resolution) == (32633, 600, 400, 10.0)


# Checksums of pixels by version: if pixels change, VERSION must change, so that workspaces download them again.
PIXELS = {
    "ab1b45e23088b0829361860f491da39741c91faa78077e20a93f1e1793453149": {
        "land cover": "8c5db9584c86aa3af8c13ac27a1849e0589c44d6bf0dd15e3a39b51e2b1860c1",
        "reference": "0931ffb4e9373f43e63a722cc22e470a19f1c84dfa18c12c347ee83de5642bb5",
        "snow": "46ab7b7e76119c6345dceb829e427157f01b89f36f49e2e2bbb4a491c50b799d",
        "cumulus": "ef6ada4c4fd93713d069637c43815865857033bbe97c823b2cee1e8cc1eb6482",
        "cirrus": "c3cd464bdac417eb3d3797217a568bbef0ed6332d4ad1237cbc0b39174119c6d",
        "part of the swath": "93f3fad892d5a7bc4f4a655085489e1a5a9cd6e8a01e138fb8c8d25ce697427f",
        "summer": "30e797955c14e214288dbd95e7f42dc63179f79d5ae5c1f5d8283288bbc0e4b5",
        "deck": "5c23fa1d70fe454fc498a037512691f1edf7417ca5b4919cddfdaf4bcbf296f6",
    },
}
RENDERED = {
    "land cover": lambda: land_cover(REGION),
    "reference": lambda: burnt(each.class_id for each in reference(REGION)),
    "snow": lambda: whole("2019-02-17"),
    "cumulus": lambda: whole("2019-05-23"),
    "cirrus": lambda: whole("2019-07-09"),
    "part of the swath": lambda: render(REGION, PASSES["2019-07-24"], 120, 200, 90, 160),
    "summer": lambda: render(REGION, PASSES["2019-06-27"], 310, 0, 90, 70),
    "deck": lambda: render(REGION, PASSES["2019-01-23"], 0, 500, 60, 100),
}


@pytest.mark.parametrize("what", RENDERED)
def test_every_bit_is_that_of_the_version_on_every_machine(what):
    assert digest(RENDERED[what]()) == PIXELS[VERSION][what], "the pixels have changed: give them another VERSION"


@pytest.mark.parametrize("window", [(0, 0, 1, 1), (37, 101, 90, 133), (399, 560, 1, 40)])
def test_a_window_is_the_crop_of_the_whole(window):
    row, column, height, width = window
    for day in ("2019-05-23", "2019-07-09"):
        cut = whole(day)[:, row : row + height, column : column + width]
        assert cut.shape == (13, height, width)
        np.testing.assert_array_equal(render(REGION, PASSES[day], *window), cut)


@pytest.mark.parametrize("window", [(-1, 0, 10, 10), (0, 0, 0, 10), (395, 0, 10, 10), (0, 595, 10, 10)])
def test_a_window_outside_the_region_is_refused(window):
    with pytest.raises(ValueError, match="does not lie in the region"):
        render(REGION, PASSES["2019-06-27"], *window)


def test_passes_are_a_year_of_two_orbits():
    found = passes(REGION)
    assert len(found) == 32
    assert [each.time for each in found] == sorted(each.time for each in found)
    assert {each.time.utcoffset() for each in found} == {timedelta(0)}
    for orbit, time in ((122, "10:00:31"), (79, "09:50:29")):
        own = [each.time for each in found if each.orbit == orbit]
        assert {each.time().isoformat() for each in own} == {time}
        assert all((each - own[0]).days % 5 == 0 for each in own)


def test_cloud_cover_is_that_of_central_europe():
    cover = np.array([each.cloud_cover for each in passes(REGION)])
    assert 0.4 < cover.mean() < 0.6
    assert np.count_nonzero(cover < 0.02) >= 3
    assert np.count_nonzero(cover > 0.99) >= 4


def test_half_of_the_region_is_seen_about_twice_as_often():
    east = [coverage(REGION, each).area / 24e6 for each in passes(REGION) if each.orbit == 79]
    full = [coverage(REGION, each).area / 24e6 for each in passes(REGION) if each.orbit == 122]
    assert all(0.4 < share < 0.6 for share in east)
    assert 0.7 < len(east) / len(full) <= 1.0
    assert [share for share in full if share < 1.0] == [pytest.approx(0.79, abs=0.01), pytest.approx(0.66, abs=0.01)]


@pytest.mark.parametrize("day", ["2019-03-29", "2019-07-24", "2019-08-01"])
def test_data_is_where_the_coverage_is_and_nowhere_zero(day):
    scene = whole(day)
    transform = from_origin(REGION.left, REGION.top, REGION.resolution, REGION.resolution)
    inside = rasterize([coverage(REGION, PASSES[day])], scene.shape[1:], transform=transform).astype(bool)
    for band in scene:
        np.testing.assert_array_equal(band > 0, inside)
    assert scene.max() < 20000


def test_the_land_has_its_classes():
    classes = land_cover(REGION)
    assert (classes.dtype, classes.shape) == (np.uint8, (400, 600))
    assert set(np.unique(classes)) == set(range(1, 10)) < set(CLASSES)
    shares = np.bincount(classes.reshape(-1), minlength=11) / classes.size
    assert shares[1:10].min() > 0.02
    assert shares.max() < 0.4


def test_reference_polygons_are_a_usable_layer():
    polygons = reference(REGION)
    bounds = (REGION.left, REGION.top - 4000, REGION.left + 6000, REGION.top)
    for each in polygons:
        assert each.geometry.geom_type == "Polygon"
        assert each.geometry.is_valid
        assert each.geometry.area >= 2500
        assert CLASSES[each.class_id] == each.class_name
        assert all(np.sign([1, 1, -1, -1]) * (np.array(each.geometry.bounds) - bounds) >= 0)
    assert 0.28 < sum(each.geometry.area for each in polygons) / 24e6 < 0.38
    counts = Counter(each.class_id for each in polygons)
    assert set(counts) == set(range(1, 10))
    assert min(counts.values()) >= 10


def test_a_few_reference_polygons_are_wrong():
    polygons, truth = reference(REGION), land_cover(REGION)
    numbers = burnt(range(1, len(polygons) + 1))
    majority = [np.bincount(truth[numbers == number]).argmax() for number in range(1, len(polygons) + 1)]
    wrong = sum(found != each.class_id for found, each in zip(majority, polygons, strict=True))
    assert 0.02 < wrong / len(polygons) < 0.06
    labels = burnt(each.class_id for each in polygons)
    assert 0.93 < np.mean(labels[labels > 0] == truth[labels > 0]) < 0.99


def masked(day, window):
    detector = S2PixelCloudDetector(threshold=0.4, average_over=4, dilation_size=2, all_bands=True)
    scene = render(REGION, PASSES[day], *window)
    return detector.get_cloud_masks(np.moveaxis(scene, 0, -1)[None] / 10000.0)[0].astype(bool)


@pytest.mark.parametrize(("day", "window"), [("2019-05-23", HEIGHTS), ("2019-09-30", TOWN), ("2019-01-23", HEIGHTS)])
def test_opaque_clouds_are_found(day, window):
    opaque, _ = opacity(day, window)
    assert np.count_nonzero(opaque > 0.5) > 5000
    assert masked(day, window)[opaque > 0.5].mean() > 0.95


@pytest.mark.parametrize(("day", "window"), [("2019-02-17", HEIGHTS), ("2019-06-27", TOWN), ("2019-09-10", HEIGHTS)])
def test_clear_land_is_not_taken_for_cloud(day, window):
    assert masked(day, window).mean() < 0.03


def test_thin_clouds_are_found_in_part():
    _, thin = opacity("2019-06-07", TOWN)
    assert 0.3 < masked("2019-06-07", TOWN)[thin > 0.06].mean() < 0.95


@pytest.mark.parametrize("day", ["2019-01-03", "2019-08-21"])
def test_clouds_are_found_at_60_m_too(day):
    detector = S2PixelCloudDetector(threshold=0.4, average_over=1, dilation_size=1, all_bands=True)
    opaque, thin = opacity(day, (0, 0, 396, 600))
    coarse = (whole(day)[:, :396] / 10000.0).reshape(13, 66, 6, 100, 6).mean(axis=(2, 4))
    mask = detector.get_cloud_masks(np.moveaxis(coarse, 0, -1)[None])[0].astype(bool)
    blocks = (66, 6, 100, 6)
    cloudy = (opaque > 0.5).reshape(blocks).all(axis=(1, 3))
    clear = (np.maximum(opaque, thin) < 0.01).reshape(blocks).all(axis=(1, 3))
    assert mask[cloudy].mean() > 0.95 if cloudy.any() else PASSES[day].sky.deck == 0.0
    # Snow among bare trees is sometimes detected as cloud, as in real scenes.
    assert mask[clear].mean() < 0.12


def test_shadows_fall_away_from_the_sun():
    """A cloud 1300 m up, under a sun 61 degrees high in the south-south-east, shades pixels 63 rows north, 35 west."""
    opaque, _ = opacity("2019-05-23", (0, 0, 400, 600))
    near_infrared = [
        whole(day)[REGION.bands.index("B08")][:-63, :-35] / 10000.0 for day in ("2019-05-23", "2019-06-27")
    ]
    ratio = near_infrared[0] / near_infrared[1]
    clear, shaded = opaque[:-63, :-35] < 0.01, opaque[63:, 35:]
    assert np.median(ratio[clear & (shaded > 0.9)]) < 0.5
    assert np.median(ratio[clear & (shaded < 0.01)]) > 0.9


def test_a_year_tells_more_than_a_day():
    """A random forest is trained on half of the polygons and tested on the true classes of the other half."""
    row, column, height, width = 60, 300, 280, 300
    part = (slice(row, row + height), slice(column, column + width))
    polygons = reference(REGION)
    labels = burnt(each.class_id for each in polygons)[part][::3, ::3].reshape(-1)
    numbers = burnt(range(1, len(polygons) + 1))[part][::3, ::3].reshape(-1)
    truth = land_cover(REGION)[part][::3, ::3].reshape(-1)
    teach, test = (numbers > 0) & (numbers % 2 == 0), numbers % 2 == 1
    bands = [REGION.bands.index(name) for name in ("B02", "B03", "B04", "B08", "B11", "B12")]

    days, scenes, valid = [], [], []
    for day, each in PASSES.items():
        if each.cloud_cover > 0.75:
            continue
        scene = render(REGION, each, row, column, height, width)[bands][:, ::3, ::3].reshape(len(bands), -1)
        cloud = np.maximum(*opacity(day, (row, column, height, width)))[::3, ::3].reshape(-1)
        days.append(each.time.timetuple().tm_yday)
        scenes.append(scene.astype(float))
        valid.append((scene[0] > 0) & (cloud < 0.03))
    at, series, seen = np.arange(1, 366, 16), np.stack(scenes, axis=-1), np.stack(valid, axis=-1)
    known = np.flatnonzero(teach | test)
    filled = np.zeros((labels.size, len(bands), at.size))
    for pixel in known:
        own = seen[pixel]
        for band in range(len(bands)):
            filled[pixel, band] = np.interp(at, np.array(days)[own], series[band, pixel, own])

    def accuracy(features):
        forest = RandomForestClassifier(40, random_state=0, min_samples_leaf=2, n_jobs=2)
        forest.fit(features[teach], labels[teach])
        return np.mean(forest.predict(features[test]) == truth[test])

    single = accuracy(series[:, :, days.index(178)].T)
    year = accuracy(filled.reshape(labels.size, -1))
    assert 0.7 < single < 0.9
    assert 0.88 < year < 0.98
    print(f"one day {single:.3f}, the year {year:.3f}")
    assert year > single + 0.04


def test_it_travels_to_other_processes():
    region, first = pickle.loads(pickle.dumps((REGION, passes(REGION)[0])))
    assert (region, first) == (REGION, passes(REGION)[0])
    assert hash(region) == hash(REGION)


def test_noise_on_a_grid_is_that_of_its_places():
    y, x = np.arange(-3.0, 40.0)[:, None] + 0.3, np.arange(7.0, 60.0)[None, :] - 0.7
    places = np.broadcast_arrays(y, x)
    for scale in (2.0, 9.5, 300.0):
        np.testing.assert_array_equal(noise.field(5, y, x, scale), noise.field(5, *places, scale))
        for one, other in zip(noise.cells(5, y, x, scale), noise.cells(5, *places, scale), strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_cell_of_a_place_is_that_of_the_nearest_seed():
    y, x = np.broadcast_arrays(np.arange(30.0)[:, None], np.arange(40.0)[None, :])
    hashes, seed_y, seed_x = noise.cells(5, y, x, 6.0)
    seeds = np.unique(np.stack([seed_y.ravel(), seed_x.ravel()], axis=1), axis=0)
    distances = np.hypot(y[..., None] - seeds[:, 0], x[..., None] - seeds[:, 1])
    np.testing.assert_allclose(np.hypot(y - seed_y, x - seed_x), distances.min(axis=-1))
    assert len(np.unique(hashes)) == len(seeds)
