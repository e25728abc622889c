"""The sample region as a source; the simulation itself is tested in test_simulation.py."""

import pickle
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchwork.core.grid import PixelGrid, Window, reproject
from patchwork.core.sources import open_source
from patchwork.core.sources.sample import CLASS_FIELD, NAME_FIELD, write_reference
from patchwork.core.vectors import read_vector

REGION = Window(0, 0, 400, 600)


@pytest.fixture(scope="module")
def source():
    return open_source("sample", None)


@pytest.fixture(scope="module")
def whole(source):
    area = source.footprint().area
    summer = source.find(date(2019, 6, 1), None)
    acquisition = next(item for item in summer if source.footprint(item).area == area and item.cloud_cover < 0.5)
    return acquisition, source.read(acquisition, source.grid, REGION)


def test_the_region_lies_on_its_own_grid(source):
    assert source.footprint().bounds == (546_000.0, 5_152_000.0, 552_000.0, 5_156_000.0)
    assert source.grid == PixelGrid("EPSG:32633", 546_000.0, 5_156_000.0, 10.0, 10.0)
    assert {"B02", "B03", "B04", "B08", "B11", "B12"} <= set(source.bands)


def test_acquisitions_are_found_by_day_both_ends_included(source):
    everything = source.find(None, None)
    days = [item.time.date() for item in everything]
    assert days == sorted(days)
    assert len(set(days)) == len(days) > 20
    assert source.find(days[3], days[5]) == everything[3:6]
    assert source.find(date(2020, 1, 1), None) == []
    assert all(0 <= item.cloud_cover <= 1 for item in everything)
    assert len({item.identity for item in everything}) == len(everything)


@settings(max_examples=15)
@given(st.builds(Window, st.integers(-50, 390), st.integers(-50, 590), st.integers(1, 90), st.integers(1, 90)))
def test_a_window_is_the_crop_of_the_whole_with_zeros_around(source, whole, window):
    acquisition, pixels = whole
    padded = np.pad(pixels, ((0, 0), (100, 100), (100, 100)))
    expected = padded[:, window.row + 100 : window.bottom + 100, window.column + 100 : window.right + 100]
    np.testing.assert_array_equal(source.read(acquisition, source.grid, window), expected)


def test_a_grid_that_is_shifted_by_whole_pixels_is_the_own_grid(source, whole):
    acquisition, pixels = whole
    grid = PixelGrid.utm(source.footprint(), source.grid.crs, 10.0)
    window = Window(484_400 + 30, 54_600 + 20, 50, 60)
    np.testing.assert_array_equal(source.read(acquisition, grid, window), pixels[:, 30:80, 20:80])


def test_half_a_pixel_on_is_the_mean_of_four(source, whole):
    acquisition, pixels = whole
    grid = PixelGrid("EPSG:32633", 546_005.0, 5_155_995.0, 10.0, 10.0)
    moved = source.read(acquisition, grid, Window(100, 100, 40, 50))
    corners = [pixels[:, 100 + y : 140 + y, 100 + x : 150 + x].astype(float) for y in (0, 1) for x in (0, 1)]
    inside = np.all([corner > 0 for corner in corners], axis=0)
    assert inside.mean() > 0.9
    assert np.abs(moved - np.mean(corners, axis=0))[inside].max() <= 0.5


@pytest.mark.parametrize(
    ("crs", "resolution"),
    [("EPSG:32633", 5.0), ("EPSG:32633", 20.0), ("EPSG:3035", 25.0)],
)
def test_another_grid_draws_no_seams(source, whole, crs, resolution):
    acquisition, _ = whole
    grid = PixelGrid(crs, 0.0, 6_000_000.0, resolution, resolution)
    (middle,) = grid.to_pixels(reproject(np.array([source.footprint().centroid]), source.grid.crs, crs))
    window = Window(int(middle.y) - 30, int(middle.x) - 30, 60, 70)
    pixels = source.read(acquisition, grid, window)
    assert pixels.all()
    for part in (Window(window.row + 20, window.column + 33, 17, 9), Window(window.row, window.column, 60, 50)):
        own = source.read(acquisition, grid, part)
        np.testing.assert_array_equal(own, pixels[(slice(None), *window.slices(part))])


def test_a_source_can_be_sent_to_another_process(source, whole):
    acquisition, pixels = whole
    copy = pickle.loads(pickle.dumps(source))
    np.testing.assert_array_equal(copy.read(acquisition, copy.grid, Window(5, 6, 20, 30)), pixels[:, 5:25, 6:36])


def test_the_footprint_of_a_pass_holds_its_pixels(source, whole):
    _, pixels = whole
    assert pixels.any(axis=0).all()
    partly = next(item for item in source.find(None, None) if source.footprint(item).area < source.footprint().area)
    seen = source.read(partly, source.grid, REGION).any(axis=0)
    assert seen.sum() == pytest.approx(source.footprint(partly).area / 100.0, rel=0.02)


def test_the_reference_is_written_once(tmp_path):
    path = write_reference(tmp_path / "reference.gpkg")
    layer = read_vector(str(path))
    assert layer.crs == "EPSG:32633"
    pairs = set(zip(layer.fields[CLASS_FIELD].tolist(), layer.fields[NAME_FIELD].tolist(), strict=True))
    assert len({id_ for id_, _ in pairs}) == len(pairs) >= 5
    written = path.read_bytes()
    write_reference(path)
    assert path.read_bytes() == written
