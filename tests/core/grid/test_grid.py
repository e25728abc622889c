"""The pixel grid: windows, patches, UTM zones and coordinates, against pyproj, rasterio and brute force."""

import math

import numpy as np
import pytest
import rasterio.transform
import rasterio.warp
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from patchwork.core.errors import DataError, ParameterError
from patchwork.core.grid.crs import read_crs, reproject, utm_crs
from patchwork.core.grid.patches import cut, divide
from patchwork.core.grid.pixel_grid import PixelGrid
from patchwork.core.grid.windows import Window

GRID = PixelGrid("EPSG:32633", 0.0, 10_000_000.0, 10.0, 10.0)
ODD_GRID = PixelGrid("EPSG:32633", 465_181.05, 5_079_244.89, 9.9948, 9.9974)

corners = st.integers(-60, 60)
sides = st.integers(0, 40)
windows = st.builds(Window, corners, corners, sides, sides)
full_windows = st.builds(Window, corners, corners, st.integers(1, 40), st.integers(1, 40))


def pixels(window):
    return {(y, x) for y in range(window.row, window.bottom) for x in range(window.column, window.right)}


def array(*geometries):
    return np.array([*geometries, None], dtype=object)[:-1]


# Windows


@given(windows, windows)
def test_the_intersection_holds_the_pixels_of_both(one, other):
    common = one.intersection(other)
    assert pixels(common) == pixels(one) & pixels(other)
    assert common.is_empty == (not pixels(common))


@given(windows, st.integers(0, 10))
def test_an_expanded_window_contains_the_window_with_a_margin(window, margin):
    wide = window.expanded(margin)
    assert wide.shape == (window.height + 2 * margin, window.width + 2 * margin)
    assert (wide.row, wide.column) == (window.row - margin, window.column - margin)


@given(full_windows, st.integers(1, 9))
def test_coarse_cells_are_those_that_the_window_touches(window, factor):
    touched = {(math.floor(y / factor), math.floor(x / factor)) for y, x in pixels(window)}
    assert pixels(window.coarse(factor)) == touched


@given(full_windows, st.integers(1, 9))
def test_fine_pixels_of_coarse_cells_contain_the_window_and_less_than_a_cell_more(window, factor):
    fine = window.coarse(factor).fine(factor)
    assert pixels(window) <= pixels(fine)
    assert fine.coarse(factor) == window.coarse(factor)
    assert all(0 <= edge < factor for edge in (window.row - fine.row, fine.bottom - window.bottom))
    assert all(0 <= edge < factor for edge in (window.column - fine.column, fine.right - window.right))


@given(full_windows, full_windows)
def test_slices_find_a_part_in_an_array(one, other):
    part = one.intersection(other)
    around = part.expanded(3) if part.is_empty else one
    rows, columns = np.mgrid[around.row : around.bottom, around.column : around.right]
    where = around.slices(part)
    assert set(zip(rows[where].ravel(), columns[where].ravel(), strict=True)) == pixels(part)


@given(windows, st.integers(1, 50))
def test_strips_cover_a_window_once_from_the_top(window, height):
    strips = list(window.strips(height))
    assert [y for strip in strips for y in range(strip.row, strip.bottom)] == list(range(window.row, window.bottom))
    assert all(
        strip.height <= height and (strip.column, strip.width) == (window.column, window.width) for strip in strips
    )


# Patches


@given(full_windows, st.integers(1, 30), st.integers(1, 30))
def test_patches_cover_the_domain_exactly_once(domain, height, width):
    patches = cut(domain, height, width)
    covered = np.zeros(domain.shape, dtype=int)
    for patch in patches:
        assert patch.window.intersection(domain) == patch.window
        assert 0 < patch.window.height <= height
        assert 0 < patch.window.width <= width
        covered[domain.slices(patch.window)] += 1
    assert (covered == 1).all()
    assert len({patch.id for patch in patches}) == len(patches)


@given(full_windows, full_windows, st.integers(1, 30), st.integers(1, 30))
def test_ids_stay_when_the_area_grows(small, more, height, width):
    large = Window.between(
        min(small.row, more.row),
        min(small.column, more.column),
        max(small.bottom, more.bottom),
        max(small.right, more.right),
    )
    grown = {patch.id: patch.window for patch in cut(large, height, width)}
    for patch in cut(small, height, width):
        assert grown[patch.id].intersection(small) == patch.window


@given(full_windows, st.data())
def test_a_division_gives_the_number_of_patches_asked_for_and_covers_the_domain_once(domain, data):
    rows, columns = data.draw(st.integers(1, domain.height)), data.draw(st.integers(1, domain.width))
    patches = divide(domain, rows, columns)
    covered = np.zeros(domain.shape, dtype=int)
    for patch in patches:
        assert not patch.window.is_empty
        covered[domain.slices(patch.window)] += 1
    assert (covered == 1).all()
    assert len({patch.id for patch in patches}) == len(patches) == rows * columns


# UTM zones


@pytest.mark.parametrize(
    ("longitude", "latitude", "code"),
    [
        (14.5, 46.05, "EPSG:32633"),  # Ljubljana
        (151.2, -33.87, "EPSG:32756"),  # Sydney
        (-78.5, -0.18, "EPSG:32717"),  # Quito
        (32.6, 0.3, "EPSG:32636"),  # Kampala
        (32.6, 0.0, "EPSG:32636"),
        (-70.6, -79.9, "EPSG:32719"),
        (-180.0, 10.0, "EPSG:32601"),
        (179.999, 10.0, "EPSG:32660"),
        (180.0, 10.0, "EPSG:32660"),
        (12.0, 50.0, "EPSG:32633"),
        (11.999, 50.0, "EPSG:32632"),
        (10.0, 84.0, "EPSG:32632"),
        (10.0, -80.0, "EPSG:32732"),
    ],
)
def test_known_utm_zones(longitude, latitude, code):
    assert utm_crs(shapely.Point(longitude, latitude), "EPSG:4326") == code


@given(st.floats(-179.99, 179.99), st.floats(-79.9, 83.9))
def test_the_utm_zone_is_one_that_is_made_for_the_place(longitude, latitude):
    zone = read_crs(utm_crs(shapely.Point(longitude, latitude), "EPSG:4326")).area_of_use
    assert zone.west - 1e-9 <= longitude <= zone.east + 1e-9
    assert zone.south - 1e-9 <= latitude <= zone.north + 1e-9


def test_an_area_across_zones_lies_in_the_zone_of_its_middle():
    assert utm_crs(shapely.box(10.0, 45.0, 13.0, 46.0), "EPSG:4326") == "EPSG:32632"
    assert utm_crs(shapely.box(11.5, 45.0, 15.0, 46.0), "EPSG:4326") == "EPSG:32633"
    assert utm_crs(shapely.box(8.0, -3.0, 9.0, 1.0), "EPSG:4326") == "EPSG:32732"


def test_an_area_in_a_projected_crs_finds_its_zone():
    x, y = Transformer.from_crs(4326, 3035, always_xy=True).transform(14.5, 46.05)
    assert utm_crs(shapely.Point(x, y).buffer(1000), "EPSG:3035") == "EPSG:32633"


@pytest.mark.parametrize("latitude", [84.5, -80.5])
def test_there_is_no_zone_at_the_poles(latitude):
    with pytest.raises(DataError, match=r"latitude .* Set CRS"):
        utm_crs(shapely.Point(10.0, latitude), "EPSG:4326")


@pytest.mark.parametrize("resolution", [10.0, 20.0, 60.0, 12.5, 30.0, 7.0])
@pytest.mark.parametrize("latitude", [46.0, -46.0])
def test_pixel_edges_lie_on_multiples_of_the_resolution(resolution, latitude):
    grid = PixelGrid.utm(shapely.Point(15.0, latitude), "EPSG:4326", resolution)
    left, bottom, right, top = grid.bounds(Window(5, -9, 3, 4))
    assert all(edge % resolution == 0 for edge in (left, bottom, right, top))
    assert (grid.pixel_width, grid.pixel_height) == (resolution, resolution)


def test_grids_of_two_areas_in_one_zone_share_their_pixels():
    one = PixelGrid.utm(shapely.Point(14.5, 46.05), "EPSG:4326", 10.0)
    other = PixelGrid.utm(shapely.Point(17.5, 12.0), "EPSG:4326", 10.0)
    assert one == other


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:2263"])
def test_a_grid_needs_metres(crs):
    with pytest.raises(ParameterError, match="not a projected system in metres"):
        PixelGrid.utm(shapely.Point(-74.0, 40.7), "EPSG:4326", 10.0, crs)


@pytest.mark.parametrize("name", ["EPSG:99999999", "nonsense", ""])
def test_an_unknown_crs_is_named(name):
    with pytest.raises(ParameterError, match=f"CRS: '{name}' is unknown"):
        read_crs(name)


# Coordinates


@pytest.mark.parametrize("grid", [GRID, ODD_GRID])
@given(window=full_windows)
def test_affine_and_bounds_agree_with_rasterio(grid, window):
    transform = grid.affine(window)
    assert grid.bounds(window) == pytest.approx(
        rasterio.transform.array_bounds(window.height, window.width, transform), abs=1e-6
    )
    x, y = rasterio.transform.xy(transform, 2, 3)
    pixel = grid.bounds(Window(window.row + 2, window.column + 3, 1, 1))
    assert (x, y) == pytest.approx(((pixel[0] + pixel[2]) / 2, (pixel[1] + pixel[3]) / 2), abs=1e-6)


@pytest.mark.parametrize("grid", [GRID, ODD_GRID])
@given(x=st.floats(300_000, 700_000), y=st.floats(4_900_000, 5_200_000))
def test_pixel_coordinates_are_the_inverse_of_the_affine(grid, x, y):
    (moved,) = grid.to_pixels(array(shapely.Point(x, y)))
    row, column = rasterio.transform.rowcol(grid.affine(Window(0, 0, 1, 1)), x, y, op=float)
    assert (moved.x, moved.y) == pytest.approx((column, row), abs=1e-6)


@given(st.tuples(*[st.integers(-400, 400)] * 4))
def test_the_window_of_centres_holds_the_centres_within_the_bounds(quarters):
    xmin, xmax = sorted(quarter / 8 for quarter in quarters[:2])
    ymin, ymax = sorted(quarter / 8 for quarter in quarters[2:])
    window = GRID.window_of_centres((xmin, ymin, xmax, ymax))
    rows = {row for row in range(-60, 60) if ymin <= row + 0.5 <= ymax}
    columns = {column for column in range(-60, 60) if xmin <= column + 0.5 <= xmax}
    assert pixels(window) == {(row, column) for row in rows for column in columns}


@given(full_windows, st.tuples(*[st.sampled_from([-1e-7, 0.0, 1e-7])] * 4), st.sampled_from([0.0, 0.5]))
def test_bounds_a_rounding_error_off_have_the_same_pixels(window, errors, shift):
    """Bounds on edges of pixels, and on their centres, which then all belong to the window."""
    edges = (window.column + shift, window.row + shift, window.right - shift, window.bottom - shift)
    moved = GRID.window_of_centres(tuple(edge + error for edge, error in zip(edges, errors, strict=True)))
    assert moved == window


def test_a_centimetre_inside_the_centre_is_no_rounding_error():
    assert GRID.window_of_centres((0.501, 2.501, 6.499, 7.499)) == Window(3, 1, 4, 5)


def test_the_window_of_an_extent_on_pixel_edges_is_that_extent():
    for grid in (GRID, ODD_GRID):
        for wanted in (Window(488_321, 47_113, 1001, 999), Window(0, 0, 101, 100)):
            (box,) = grid.to_pixels(array(shapely.box(*grid.bounds(wanted))))
            assert grid.window_of_centres(box.bounds) == wanted


def test_grids_are_the_same_where_their_pixels_coincide():
    assert GRID.same_as(PixelGrid("EPSG:32633", 470.0, 9_999_000.0, 10.0, 10.0))
    assert GRID.same_as(PixelGrid(read_crs("EPSG:32633").to_wkt(), 0.0, 10_000_000.0, 10.0, 10.0))
    assert not GRID.same_as(PixelGrid("EPSG:32633", 473.0, 9_999_000.0, 10.0, 10.0))
    assert not GRID.same_as(PixelGrid("EPSG:32633", 470.0, 9_999_005.0, 10.0, 10.0))
    assert not GRID.same_as(PixelGrid("EPSG:32633", 470.0, 9_999_000.1, 10.0, 10.0))
    assert not GRID.same_as(PixelGrid("EPSG:32633", 470.1, 9_999_000.0, 10.0, 10.0))
    assert not GRID.same_as(PixelGrid("EPSG:32633", 470.0, 9_999_000.0, 10.0, 10.01))
    assert not GRID.same_as(PixelGrid("EPSG:32633", 470.0, 9_999_000.0, 10.01, 10.0))
    assert not GRID.same_as(PixelGrid("EPSG:32633", 470.0, 9_999_000.0, 20.0, 20.0))
    assert not GRID.same_as(PixelGrid("EPSG:32634", 470.0, 9_999_000.0, 10.0, 10.0))


# Reprojection


def test_reprojected_points_are_those_of_rasterio():
    rng = np.random.default_rng(1)
    longitudes, latitudes = rng.uniform(12, 18, 50), rng.uniform(44, 48, 50)
    moved = reproject(shapely.points(longitudes, latitudes), "EPSG:4326", "EPSG:32633")
    x, y = rasterio.warp.transform("EPSG:4326", "EPSG:32633", longitudes, latitudes)
    np.testing.assert_allclose(shapely.get_coordinates(moved), np.column_stack([x, y]), atol=1e-3)


def test_long_edges_bend_with_the_projection():
    (moved,) = reproject(array(shapely.box(13.0, 45.0, 16.0, 47.0)), "EPSG:4326", "EPSG:32633")
    along = np.linspace(13.0, 16.0, 977)
    edge = Transformer.from_crs(4326, 32633, always_xy=True).transform(along, np.full(977, 47.0))
    assert shapely.distance(moved.boundary, shapely.points(*edge)).max() < 1.0


def test_nothing_moves_within_one_crs():
    shapes = array(shapely.box(0, 0, 1000, 10), shapely.Point(1, 2))
    assert (reproject(shapes, "EPSG:32633", read_crs("EPSG:32633").to_wkt()) == shapes).all()


def test_there_and_back_is_the_same_place():
    polygon = shapely.box(14.0, 46.0, 14.1, 46.1)
    (there,) = reproject(array(polygon), "EPSG:4326", "EPSG:3035")
    (back,) = reproject(array(there), "EPSG:3035", "EPSG:4326")
    assert shapely.hausdorff_distance(polygon, back) < 1e-6


def test_coordinates_that_cannot_be_brought_over_are_an_error():
    with pytest.raises(DataError, match="Is the CRS of the layer right"):
        reproject(array(shapely.Point(500_000.0, 5_000_000.0)), "EPSG:4326", "EPSG:32633")


def test_an_invalid_polygon_keeps_all_its_corners():
    bow = shapely.Polygon([(5e5, 5.1e6), (5e5 + 99, 5.1e6 + 99), (5e5 + 99, 5.1e6), (5e5, 5.1e6 + 99)])
    moved = reproject(np.array([bow], dtype=object), "EPSG:32633", "EPSG:32634")[0]
    assert len(moved.exterior.coords) == 5
    halves = shapely.make_valid(reproject(np.array([moved], dtype=object), "EPSG:32634", "EPSG:32633"))[0]
    assert halves.area == pytest.approx(99**2 / 2, rel=1e-6)
