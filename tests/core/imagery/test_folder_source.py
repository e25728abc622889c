"""A folder of GeoTIFFs as a source: tiles, grids, and invalid files."""

import pickle
from dataclasses import replace
from datetime import date, datetime, timezone

import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer
from scipy import ndimage

from patchwork.core.errors import DataError, ParameterError
from patchwork.core.grid.crs import reproject
from patchwork.core.grid.pixel_grid import PixelGrid
from patchwork.core.grid.windows import Window
from patchwork.core.imagery.sources import open_local, open_source
from patchwork.core.imagery.sources.folder.source import FolderSource
from patchwork.core.imagery.sources.services import Service

BANDS = ("B04", "B08", "SCL")
TIMES = ("20190105T100031", "20190214T100030")
CORNER = (500_000.0, 5_100_000.0)
# Grids on which every pixel is resampled
HALF_A_PIXEL_ON = PixelGrid("EPSG:32633", 500_005.0, 5_100_005.0, 10.0, 10.0)
FINER_GRID = PixelGrid("EPSG:3035", 0.0, 6_000_000.0, 7.0, 7.0)
COARSER_GRID = PixelGrid("EPSG:32633", 0.0, 10_000_000.0, 20.0, 20.0)
OTHER_GRID = PixelGrid("EPSG:3035", 0.0, 6_000_000.0, 13.0, 17.0)


@pytest.fixture(scope="module")
def folder(make_imagery, tmp_path_factory):
    return make_imagery(tmp_path_factory.mktemp("imagery"), times=TIMES, bands=BANDS, shape=(40, 50), values=mixed)


def found(source, start=None, end=None):
    """The acquisitions over the whole source."""
    return source.find(start, end, source.extent)


def mixed(number, band, shape):
    """Noise, some of it no data; class numbers in SCL."""
    rng = np.random.default_rng([number, *band.encode()])
    values = rng.integers(0, 12, shape) if band == "SCL" else rng.integers(1, 9000, shape)
    gaps = np.random.default_rng(number).random(shape) < 0.05
    return np.where(gaps, 0, values)


def whole_noise(number, band, shape):
    """The same, with data in every pixel."""
    return np.maximum(mixed(7, band, shape), 1)


def read_all(path):
    with rasterio.open(path) as file:
        return file.read()


def whole(source):
    windows = [tile.window for tiles in source.files.values() for tile in tiles]
    return Window.between(
        min(window.row for window in windows),
        min(window.column for window in windows),
        max(window.bottom for window in windows),
        max(window.right for window in windows),
    )


# Pixels


def test_nothing_is_resampled_on_the_own_grid(folder):
    source = open_local("folder", folder)
    assert source.bands == BANDS
    for acquisition, name in zip(found(source), TIMES, strict=True):
        pixels = source.read(acquisition, source.bands, source.grid, Window(0, 0, 40, 50))
        np.testing.assert_array_equal(pixels, read_all(folder / f"S2_{name}.tif"))


@given(st.builds(Window, st.integers(-20, 45), st.integers(-20, 55), st.integers(1, 60), st.integers(1, 60)))
def test_a_window_is_the_crop_of_the_whole_with_zeros_around(folder, window):
    source = open_local("folder", folder)
    (acquisition, _) = found(source)
    padded = np.pad(read_all(folder / f"S2_{TIMES[0]}.tif"), ((0, 0), (100, 100), (100, 100)))
    expected = padded[:, window.row + 100 : window.bottom + 100, window.column + 100 : window.right + 100]
    np.testing.assert_array_equal(source.read(acquisition, source.bands, source.grid, window), expected)


def test_a_grid_that_is_shifted_by_whole_pixels_is_the_own_grid(folder):
    source = open_local("folder", folder)
    (acquisition, _) = found(source)
    shifted = replace(source.grid, left=source.grid.left - 70.0, top=source.grid.top + 30.0)
    pixels = source.read(acquisition, source.bands, shifted, Window(3, 7, 40, 50))
    np.testing.assert_array_equal(pixels, read_all(folder / f"S2_{TIMES[0]}.tif"))


def test_real_files_off_the_ten_metre_grid_are_not_resampled(realdata):
    source = open_local("folder", realdata / "slovenia")
    acquisitions = found(source)
    assert len(acquisitions) == 10
    assert source.grid.pixel_width == pytest.approx(9.9948, abs=1e-4)
    for acquisition in acquisitions[:2]:
        file = realdata / "slovenia" / f"S2_L1C_{acquisition.name}.tif"
        np.testing.assert_array_equal(
            source.read(acquisition, source.bands, source.grid, Window(0, 0, 101, 100)), read_all(file)
        )


def other_window(grid, source):
    """The window of a grid around the footprint of a source."""
    (ground,) = grid.to_pixels(reproject(np.array([source.extent]), source.grid.crs, grid.crs))
    xmin, ymin, xmax, ymax = (int(edge) for edge in ground.bounds)
    return Window.between(ymin - 2, xmin - 2, ymax + 3, xmax + 3)


@pytest.mark.parametrize("grid", [HALF_A_PIXEL_ON, FINER_GRID])
def test_another_grid_is_bilinear_and_nearest_for_classes(make_imagery, tmp_path, grid):
    source = open_local(
        "folder", make_imagery(tmp_path, times=TIMES[:1], bands=BANDS, shape=(40, 50), values=whole_noise)
    )
    (acquisition,) = found(source)
    window = other_window(grid, source)
    pixels = source.read(acquisition, source.bands, grid, window)
    original = read_all(tmp_path / f"S2_{TIMES[0]}.tif").astype(float)
    rows, columns = np.mgrid[window.row : window.bottom, window.column : window.right] + 0.5
    x, y = grid.left + columns * grid.pixel_width, grid.top - rows * grid.pixel_height
    x, y = Transformer.from_crs(grid.crs, source.grid.crs, always_xy=True).transform(x, y)
    place = np.array([(CORNER[1] - y) / 10.0 - 0.5, (x - CORNER[0]) / 10.0 - 0.5])
    inside = (place[0] > 0.01) & (place[0] < 38.99) & (place[1] > 0.01) & (place[1] < 48.99)
    assert inside.sum() > 1000
    for band, expected in zip(pixels[:2], original[:2], strict=True):
        bilinear = ndimage.map_coordinates(expected, place[:, inside], order=1)
        assert np.abs(band[inside] - bilinear).max() < 1.0
    nearest = ndimage.map_coordinates(original[2], place[:, inside], order=0)
    clear = (np.abs(place[:, inside] % 1 - 0.5) > 0.01).all(axis=0)
    np.testing.assert_array_equal(pixels[2][inside][clear], nearest[clear])


@pytest.mark.parametrize("grid", [HALF_A_PIXEL_ON, FINER_GRID, COARSER_GRID, OTHER_GRID])
def test_resampling_draws_no_seams(folder, grid):
    source = open_local("folder", folder)
    (_, acquisition) = found(source)
    window = other_window(grid, source)
    pixels = source.read(acquisition, source.bands, grid, window)
    assert pixels.any()
    rng = np.random.default_rng(3)
    for _ in range(20):
        row, column = rng.integers(window.row, window.bottom), rng.integers(window.column, window.right)
        part = Window(int(row), int(column), *rng.integers(1, 30, 2).tolist()).intersection(window)
        own = source.read(acquisition, source.bands, grid, part)
        np.testing.assert_array_equal(own, pixels[(slice(None), *window.slices(part))])


def test_a_window_elsewhere_is_empty(folder):
    source = open_local("folder", folder)
    (acquisition, _) = found(source)
    assert not source.read(acquisition, source.bands, source.grid, Window(1000, 1000, 5, 5)).any()
    assert not source.read(acquisition, source.bands, OTHER_GRID, Window(90_000, 90_000, 5, 5)).any()


# Tiles


@pytest.fixture(scope="module")
def tiled(make_imagery, tmp_path_factory):
    """Two overlapping tiles of one time, the second beside and below the first; the other time has one tile."""
    place = tmp_path_factory.mktemp("tiled")
    make_imagery(place, times=TIMES, bands=("B04",), shape=(20, 30), values=value(100), prefix="a")
    corner = (CORNER[0] + 200.0, CORNER[1] - 50.0)
    make_imagery(place, times=TIMES[:1], bands=("B04",), shape=(20, 30), values=value(200), prefix="b", corner=corner)
    return place


def value(number):
    def fill(_, band, shape):
        filled = np.full(shape, number)
        filled[:8, :] = 0  # no data in the upper rows
        return filled

    return fill


def expected_mosaic():
    """(25, 50): the first tile where it has data, then the second."""
    pixels = np.zeros((25, 50), dtype=np.uint16)
    pixels[13:25, 20:50] = 200
    pixels[8:20, 0:30] = 100
    return pixels


def test_tiles_of_one_acquisition_are_put_together(tiled):
    source = FolderSource.open(tiled)
    both, one = found(source)
    np.testing.assert_array_equal(
        source.read(both, source.bands, source.grid, Window(0, 0, 25, 50))[0], expected_mosaic()
    )
    alone = np.zeros((25, 50), dtype=np.uint16)
    alone[8:20, :30] = 100
    np.testing.assert_array_equal(source.read(one, source.bands, source.grid, Window(0, 0, 25, 50))[0], alone)


@given(st.builds(Window, st.integers(-5, 30), st.integers(-5, 60), st.integers(1, 30), st.integers(1, 60)))
def test_windows_across_tiles_are_crops_of_the_whole(tiled, window):
    source = FolderSource.open(tiled)
    (both, _) = found(source)
    padded = np.pad(expected_mosaic(), 100)
    expected = padded[window.row + 100 : window.bottom + 100, window.column + 100 : window.right + 100]
    np.testing.assert_array_equal(source.read(both, source.bands, source.grid, window)[0], expected)


def test_the_footprint_is_that_of_the_tiles(tiled):
    source = FolderSource.open(tiled)
    both, one = found(source)
    assert one.footprint.bounds == (500_000.0, 5_099_800.0, 500_300.0, 5_100_000.0)
    assert both.footprint.bounds == (500_000.0, 5_099_750.0, 500_500.0, 5_100_000.0)
    assert both.footprint.area == (2 * 600 - 10 * 15) * 100.0
    assert source.extent.equals(both.footprint)


# Products of processing baseline 04.00 and later


def add_offset(path, offsets):
    """Store reflectance + 1000 as such products do; `offsets` of the bands, as reflectance."""
    with rasterio.open(path, "r+") as file:
        file.scales = (1e-4,) * file.count
        file.offsets = offsets


def test_an_offset_that_the_file_tells_is_taken_off(make_imagery, tmp_path):
    stored = np.array([[0, 1, 999, 1000], [1001, 1500, 9000, 65_535]], dtype=np.uint16)
    scl = np.array([[0, 1, 4, 8], [4, 4, 4, 11]], dtype=np.uint16)
    pixels = np.array([[stored, np.maximum(stored[::-1], 1) * (stored > 0), scl]] * 2)
    make_imagery(tmp_path, times=TIMES, bands=BANDS, shape=(2, 4), values=pixels)
    add_offset(tmp_path / f"S2_{TIMES[0]}.tif", (-0.1, -0.1, 0.0))
    source = open_local("folder", tmp_path)
    new, old = (source.read(item, source.bands, source.grid, Window(0, 0, 2, 4)) for item in found(source))
    expected = np.array([[0, 1, 1, 1], [1, 500, 8000, 64_535]])  # data stays data: at least 1
    np.testing.assert_array_equal(new, [expected, np.array([[0, 500, 8000, 64_535], [1, 1, 1, 1]]), scl])
    np.testing.assert_array_equal(old, pixels[1])


def test_bands_may_have_different_offsets(make_imagery, tmp_path):
    make_imagery(tmp_path, times=TIMES[:1], bands=BANDS, shape=(2, 4), values=5000)
    add_offset(tmp_path / f"S2_{TIMES[0]}.tif", (-0.1, -0.2, 0.0))
    source = open_local("folder", tmp_path)
    pixels = source.read(found(source)[0], source.bands, source.grid, Window(0, 0, 2, 4))
    assert [np.unique(band).tolist() for band in pixels] == [[4000], [3000], [5000]]


# Acquisitions


def test_acquisitions_are_found_by_day_both_ends_included(folder):
    source = open_local("folder", folder)
    assert not source.find(None, None, shapely.box(0, 0, 1, 1))
    assert [item.name for item in found(source)] == list(TIMES)
    assert [item.name for item in found(source, date(2019, 1, 5), date(2019, 1, 5))] == [TIMES[0]]
    assert [item.name for item in found(source, date(2019, 1, 6), None)] == [TIMES[1]]
    assert found(source, date(2019, 2, 15), None) == []
    assert found(source)[0].time == datetime(2019, 1, 5, 10, 0, 31, tzinfo=timezone.utc)


def test_files_out_of_order_are_in_order_of_time(make_imagery, tmp_path):
    make_imagery(tmp_path, times=["20190301T000000"], prefix="a")
    make_imagery(tmp_path, times=["20180301T000000"], prefix="b")
    source = open_local("folder", tmp_path)
    assert [item.name for item in found(source)] == ["20180301T000000", "20190301T000000"]


def test_the_identity_changes_with_the_file(make_imagery, tmp_path):
    make_imagery(tmp_path, times=TIMES)
    one, two = (item.identity for item in found(open_local("folder", tmp_path)))
    assert [item.identity for item in found(open_local("folder", tmp_path))] == [one, two]
    make_imagery(tmp_path, times=TIMES[:1], values=3)
    new, same = (item.identity for item in found(open_local("folder", tmp_path)))
    assert (new != one, same == two) == (True, True)


def test_a_source_can_be_sent_to_another_process(folder):
    source = open_local("folder", folder)
    copy = pickle.loads(pickle.dumps(source))
    (acquisition, _) = found(copy)
    window = Window(3, 4, 5, 6)
    np.testing.assert_array_equal(
        copy.read(acquisition, copy.bands, copy.grid, window),
        source.read(acquisition, source.bands, source.grid, window),
    )


def test_names_may_have_no_prefix_and_other_suffixes(make_imagery, tmp_path):
    make_imagery(tmp_path, times=TIMES)
    (tmp_path / f"S2_{TIMES[0]}.tif").rename(tmp_path / f"{TIMES[0]}.TIF")
    (tmp_path / f"S2_{TIMES[1]}.tif").rename(tmp_path / f"T33TWM_S2A_{TIMES[1]}.tiff")
    (tmp_path / "notes.txt").write_text("not imagery")
    assert [item.name for item in found(open_local("folder", tmp_path))] == list(TIMES)


# Invalid files


def problems(folder):
    with pytest.raises(DataError) as raised:
        open_local("folder", folder)
    return str(raised.value).splitlines()


def test_every_file_that_cannot_be_used_is_named_with_its_reason(make_imagery, tmp_path):
    make_imagery(tmp_path, times=TIMES, bands=BANDS)
    one = {"times": ["20190401T100000"], "bands": BANDS}
    make_imagery(tmp_path, times=["latest"], bands=BANDS)
    make_imagery(tmp_path, times=["20191301T100000"], bands=BANDS)
    make_imagery(tmp_path, **{**one, "bands": ("B04", "SCL")}, prefix="lacking")
    make_imagery(tmp_path, **{**one, "bands": ("B08", "B04", "SCL")}, prefix="order")
    make_imagery(tmp_path, **one, prefix="float", dtype="float32")
    make_imagery(tmp_path, **one, prefix="shifted", corner=(CORNER[0] + 3.0, CORNER[1]))
    make_imagery(tmp_path, **one, prefix="coarse", pixel=20.0)
    make_imagery(tmp_path, **one, prefix="zone", crs="EPSG:32632")
    make_imagery(tmp_path, **one, prefix="nowhere", crs=None)
    make_imagery(tmp_path, **{**one, "bands": ("B04", "B08", "")}, prefix="nameless")
    (tmp_path / "text_20190401T100000.tif").write_text("not a raster")
    (tmp_path / "empty_20190401T100000.tif").write_bytes(b"")
    told = problems(tmp_path)
    assert told[0] == f"12 problems with the imagery in {tmp_path}:"
    wanted = {
        "S2_latest.tif": "no sensing time in the name",
        "S2_20191301T100000.tif": "20191301T100000 is not a time",
        "lacking_20190401T100000.tif": "has no B08",
        "order_20190401T100000.tif": "other bands than the other files, or another order",
        "float_20190401T100000.tif": "its data type is float32, not uint16",
        "shifted_20190401T100000.tif": "is on another grid",
        "coarse_20190401T100000.tif": "is on another grid",
        "zone_20190401T100000.tif": "is on another grid",
        "nowhere_20190401T100000.tif": "has no CRS",
        "nameless_20190401T100000.tif": "its bands have no names",
        "text_20190401T100000.tif": "is not a raster, or is damaged",
        "empty_20190401T100000.tif": "is not a raster, or is damaged",
    }
    for name, reason in wanted.items():
        (line,) = [line for line in told if line.startswith(f"{name}: ")]
        assert reason in line
    assert not any(name in line for line in told for name in TIMES if line.startswith("S2_2019"))


def test_a_raster_that_is_not_north_up_is_told(make_imagery, tmp_path):
    make_imagery(tmp_path, times=TIMES)
    with rasterio.open(tmp_path / f"S2_{TIMES[0]}.tif", "r+") as file:
        file.transform = rasterio.Affine(10.0, 2.0, 500_000.0, 2.0, -10.0, 5_100_000.0)
    assert problems(tmp_path)[1:] == [f"S2_{TIMES[0]}.tif: is not north-up."]


def test_a_file_cut_short_is_named_when_it_is_read(make_imagery, tmp_path):
    make_imagery(tmp_path, times=TIMES, shape=(200, 200))
    file = tmp_path / f"S2_{TIMES[0]}.tif"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(DataError, match=rf"S2_{TIMES[0]}\.tif.*(cut short|not a raster)"):
        read_everything(tmp_path)


def read_everything(folder):
    source = open_local("folder", folder)
    for acquisition in found(source):
        source.read(acquisition, source.bands, source.grid, whole(source))


@pytest.mark.parametrize("grid", [None, OTHER_GRID])
def test_a_file_cut_short_after_it_was_opened_is_named(make_imagery, tmp_path, grid):
    make_imagery(tmp_path, times=TIMES, shape=(200, 200))
    source = open_local("folder", tmp_path)
    file = tmp_path / f"S2_{TIMES[0]}.tif"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    (acquisition, _) = found(source)
    window = whole(source) if grid is None else other_window(grid, source)
    with pytest.raises(DataError, match=rf"S2_{TIMES[0]}\.tif cannot be read; the file seems to be cut short"):
        source.read(acquisition, source.bands, grid or source.grid, window)


def test_a_folder_that_is_none_or_has_no_imagery_is_told(tmp_path):
    with pytest.raises(ParameterError, match=r"IMAGERY.*there is no folder"):
        open_local("folder", tmp_path / "nowhere")
    with pytest.raises(ParameterError, match=r"IMAGERY.*is missing"):
        open_source("folder", None, Service())
    (tmp_path / "readme.txt").write_text("no imagery")
    with pytest.raises(DataError, match="holds no GeoTIFF"):
        open_local("folder", tmp_path)
