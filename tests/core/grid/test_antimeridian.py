"""Areas at ±180°, such as Fiji: zones, searches and coordinates."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from patchwork.core.grid import antimeridian
from patchwork.core.grid.crs import Ground, reproject, utm_crs

EAST, WEST = shapely.box(179.9, -17.0, 180.0, -16.8), shapely.box(-180.0, -17.0, -179.95, -16.8)
HALVES = shapely.MultiPolygon([EAST, WEST])


def array(*shapes):
    return np.array(shapes, dtype=object)


def test_two_halves_have_the_zone_of_the_larger_one():
    assert utm_crs(HALVES, "EPSG:4326") == "EPSG:32760"
    assert utm_crs(shapely.MultiPolygon([shapely.box(179.98, -17, 180, -16), WEST]), "EPSG:4326") == "EPSG:32701"


@pytest.mark.parametrize(("west", "zone"), [(179.0, "EPSG:32760"), (180.5, "EPSG:32701"), (-181.5, "EPSG:32760")])
def test_longitudes_beyond_180_have_the_zone_of_the_place(west, zone):
    assert utm_crs(shapely.box(west, -17.0, west + 1.0, -16.0), "EPSG:4326") == zone


def test_two_halves_on_a_map_of_the_world_have_their_zone():
    mercator = Ground(EAST, "EPSG:4326").to("EPSG:3857").geometry, Ground(WEST, "EPSG:4326").to("EPSG:3857").geometry
    assert utm_crs(shapely.MultiPolygon(mercator), "EPSG:3857") == "EPSG:32760"


@pytest.mark.parametrize("zone", ["EPSG:32760", "EPSG:32701"])
def test_two_halves_are_one_area_on_the_ground(zone):
    ground = Ground(HALVES, "EPSG:4326").to(zone).geometry
    assert ground.geom_type == "Polygon"
    to_zone = Transformer.from_crs(4326, zone, always_xy=True)
    for longitude, latitude in shapely.get_coordinates(HALVES):
        corner = shapely.Point(to_zone.transform(longitude, latitude))
        assert ground.distance(corner) < 0.01
    along = shapely.points(*to_zone.transform(np.linspace(179.9, 180.05, 50) % 360, np.full(50, -17.0)))
    assert shapely.distance(ground.boundary, along).max() < 0.1


def test_a_rectangle_of_the_ground_comes_back_in_two_halves():
    x, y = Transformer.from_crs(4326, 32760, always_xy=True).transform(180.0, -17.0)
    rectangle = shapely.box(x - 5000, y - 5000, x + 5000, y + 5000)
    (degrees,) = reproject(array(rectangle), "EPSG:32760", "EPSG:4326")
    assert degrees.is_valid
    east, west = sorted(degrees.geoms, key=lambda part: -part.bounds[0])
    assert east.bounds[2] == 180.0
    assert west.bounds[0] == -180.0
    (again,) = reproject(array(degrees), "EPSG:4326", "EPSG:32760")
    assert again.symmetric_difference(rectangle).area < 1.0
    assert antimeridian.boxes(degrees) == [
        (east.bounds[0], degrees.bounds[1], 180.0, degrees.bounds[3]),
        (-180.0, degrees.bounds[1], pytest.approx(west.bounds[2]), degrees.bounds[3]),
    ]


@pytest.mark.parametrize(
    "footprint",
    [
        shapely.Polygon([(179.5, -17), (-179.5, -17), (-179.5, -16), (179.5, -16)]),
        shapely.box(179.5, -17, 180.5, -16),
        shapely.box(-180.5, -17, -179.5, -16),
        shapely.MultiPolygon([shapely.box(179.5, -17, 180, -16), shapely.box(-180, -17, -179.5, -16)]),
    ],
)
def test_a_footprint_is_the_same_however_it_is_written(footprint):
    (found,) = antimeridian.split(array(footprint))
    expected = shapely.MultiPolygon([shapely.box(179.5, -17, 180, -16), shapely.box(-180, -17, -179.5, -16)])
    assert found.is_valid
    assert found.symmetric_difference(expected).area < 1e-9


@given(st.floats(-179, 178), st.floats(0.001, 300), st.floats(-80, 79))
def test_other_boxes_stay_as_they_are(west, width, south):
    box = shapely.box(west, south, min(west + width, 180.0), south + 1)
    assert antimeridian.joined(array(box))[0] is box
    assert antimeridian.boxes(box) == [box.bounds]
    if box.bounds[2] - west <= 180:
        assert antimeridian.split(array(box))[0] is box


def test_the_whole_world_stays_whole():
    world = shapely.box(-180, -90, 180, 90)
    assert antimeridian.split(array(world))[0] is world
    assert antimeridian.boxes(world) == [world.bounds]
