"""The sample region as a source; the simulation itself is tested in test_simulation.py."""

import pickle
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchwork.core.grid.crs import reproject
from patchwork.core.grid.pixel_grid import PixelGrid
from patchwork.core.grid.windows import Window
from patchwork.core.imagery.sources import open_local
from patchwork.core.imagery.sources.sample.source import CLASS_FIELD, NAME_FIELD, write_reference
from patchwork.core.store.vectors import read_vector

REGION = Window(0, 0, 400, 600)


def found(source, start=None, end=None):
    """The acquisitions over the whole source."""
    return source.find(start, end, source.extent)


@pytest.fixture(scope="module")
def source():
    return open_local("sample", None)


@pytest.fixture(scope="module")
def whole(source):
    area = source.extent.area
    summer = found(source, date(2019, 6, 1), None)
    acquisition = next(item for item in summer if item.footprint.area == area and item.cloud_cover < 0.5)
    return acquisition, source.read(acquisition, source.bands, source.grid, REGION)


def test_the_region_lies_on_its_own_grid(source):
    assert source.extent.bounds == (546_000.0, 5_152_000.0, 552_000.0, 5_156_000.0)
    assert source.grid == PixelGrid("EPSG:32633", 546_000.0, 5_156_000.0, 10.0, 10.0)
    assert {"B02", "B03", "B04", "B08", "B11", "B12"} <= set(source.bands)


def test_acquisitions_are_found_by_day_both_ends_included(source):
    everything = found(source)
    days = [item.time.date() for item in everything]
    assert days == sorted(days)
    assert len(set(days)) == len(days) > 20
    assert found(source, days[3], days[5]) == everything[3:6]
    assert found(source, date(2020, 1, 1), None) == []
    assert all(0 <= item.cloud_cover <= 1 for item in everything)
    assert len({item.identity for item in everything}) == len(everything)


@settings(max_examples=15)
@given(st.builds(Window, st.integers(-50, 390), st.integers(-50, 590), st.integers(1, 90), st.integers(1, 90)))
def test_a_window_is_the_crop_of_the_whole_with_zeros_around(source, whole, window):
    acquisition, pixels = whole
    padded = np.pad(pixels, ((0, 0), (100, 100), (100, 100)))
    expected = padded[:, window.row + 100 : window.bottom + 100, window.column + 100 : window.right + 100]
    np.testing.assert_array_equal(source.read(acquisition, source.bands, source.grid, window), expected)


def test_a_grid_that_is_shifted_by_whole_pixels_is_the_own_grid(source, whole):
    acquisition, pixels = whole
    grid = PixelGrid.utm(source.extent, source.grid.crs, 10.0)
    window = Window(484_402 + 30, 54_600 + 20, 50, 60)
    np.testing.assert_array_equal(source.read(acquisition, source.bands, grid, window), pixels[:, 30:80, 20:80])


def test_another_grid_takes_the_pixel_under_the_centre(source, whole):
    acquisition, pixels = whole
    grid = PixelGrid("EPSG:32633", 546_000.0, 5_156_000.0, 60.0, 60.0)
    coarse = source.read(acquisition, source.bands, grid, Window(10, 20, 30, 40))
    np.testing.assert_array_equal(coarse, pixels[:, 63:243:6, 123:363:6])
    shifted = PixelGrid("EPSG:32633", 546_004.0, 5_155_996.0, 10.0, 10.0)
    moved = source.read(acquisition, source.bands, shifted, Window(100, 100, 40, 50))
    np.testing.assert_array_equal(moved, pixels[:, 100:140, 100:150])
    some = source.read(acquisition, ("B12", "B02"), grid, Window(10, 20, 30, 40))
    np.testing.assert_array_equal(some, coarse[[12, 1]])


@pytest.mark.parametrize(
    ("crs", "resolution"),
    [("EPSG:32633", 5.0), ("EPSG:32633", 20.0), ("EPSG:3035", 25.0)],
)
def test_another_grid_draws_no_seams(source, whole, crs, resolution):
    acquisition, _ = whole
    grid = PixelGrid(crs, 0.0, 6_000_000.0, resolution, resolution)
    (middle,) = grid.to_pixels(reproject(np.array([source.extent.centroid]), source.grid.crs, crs))
    window = Window(int(middle.y) - 30, int(middle.x) - 30, 60, 70)
    pixels = source.read(acquisition, source.bands, grid, window)
    assert pixels.all()
    for part in (Window(window.row + 20, window.column + 33, 17, 9), Window(window.row, window.column, 60, 50)):
        own = source.read(acquisition, source.bands, grid, part)
        np.testing.assert_array_equal(own, pixels[(slice(None), *window.slices(part))])


def test_a_source_can_be_sent_to_another_process(source, whole):
    acquisition, pixels = whole
    copy = pickle.loads(pickle.dumps(source))
    np.testing.assert_array_equal(
        copy.read(acquisition, copy.bands, copy.grid, Window(5, 6, 20, 30)), pixels[:, 5:25, 6:36]
    )


def test_the_footprint_of_a_pass_holds_its_pixels(source, whole):
    _, pixels = whole
    assert pixels.any(axis=0).all()
    partly = next(item for item in found(source) if item.footprint.area < source.extent.area)
    seen = source.read(partly, source.bands, source.grid, REGION).any(axis=0)
    assert seen.sum() == pytest.approx(partly.footprint.area / 100.0, rel=0.02)


def test_the_reference_is_written_once(tmp_path):
    path = write_reference(tmp_path / "reference.gpkg")
    layer = read_vector(str(path))
    assert layer.crs == "EPSG:32633"
    pairs = set(zip(layer.fields[CLASS_FIELD].tolist(), layer.fields[NAME_FIELD].tolist(), strict=True))
    assert len({id_ for id_, _ in pairs}) == len(pairs) >= 5
    written = path.read_bytes()
    write_reference(path)
    assert path.read_bytes() == written
