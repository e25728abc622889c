"""Areas and places as people write them, and what they are told when that cannot be meant."""

import zipfile

import numpy as np
import pytest
import shapely

from patchwork.core.area.places import read_area, read_places
from patchwork.core.errors import DataError, ParameterError
from patchwork.core.grid.crs import reproject

BOX = shapely.box(500_000.0, 5_100_000.0, 501_000.0, 5_102_000.0)


@pytest.mark.parametrize(
    ("text", "crs"),
    [
        ("14,46,15,47.5", "EPSG:4326"),
        (" 14 , 46, 15 ,47.5 ", "EPSG:4326"),
        ("14,46,15,47.5,EPSG:4258", "EPSG:4258"),
        ("14,46,15,47.5 [EPSG:4258]", "EPSG:4258"),
        ("14,46,15,47.5,", "EPSG:4326"),
    ],
)
def test_an_extent_is_a_box_in_its_crs(text, crs):
    ground = read_area(text)
    area, own_crs = ground.geometry, ground.crs
    assert area.equals(shapely.box(14.0, 46.0, 15.0, 47.5))
    assert own_crs == crs


def test_degrees_beyond_the_antimeridian_are_degrees():
    assert read_area("179,-17,181,-16").geometry.equals(shapely.box(179.0, -17.0, 181.0, -16.0))


@pytest.mark.parametrize("text", ["15,46,14,47", "14,47,15,46", "14,46,14,47"])
def test_an_empty_extent_is_refused(text):
    with pytest.raises(ParameterError, match=r"is empty\. Write xmin,ymin,xmax,ymax"):
        read_area(text)


@pytest.mark.parametrize("text", ["nan,46,15,47", "0,0,inf,1,EPSG:32633"])
def test_numbers_that_are_not_finite_are_refused(text):
    with pytest.raises(ParameterError, match="not finite"):
        read_area(text)


def test_metres_without_a_crs_are_not_taken_for_degrees():
    with pytest.raises(ParameterError, match="is not in degrees"):
        read_area("500000,5100000,501000,5102000")


def test_an_unknown_crs_behind_an_extent_is_named():
    with pytest.raises(ParameterError, match="'EPSG:99999999' is unknown"):
        read_area("14,46,15,47,EPSG:99999999")


@pytest.mark.parametrize("text", ["14,46,15", "14,46,15,47,EPSG:4326,1", "somewhere", "POLYGON" * 99, "a\0b", "a!b"])
def test_what_is_neither_an_extent_nor_a_file_is_told(text):
    with pytest.raises(DataError, match="There is no file"):
        read_area(text)


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "geojson"])
def test_the_polygons_of_a_layer_are_one_area(make_reference, tmp_path, suffix):
    crs = "EPSG:4326" if suffix == "geojson" else "EPSG:32633"
    shapes = [shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3), shapely.box(10, 10, 11, 11)]
    path = make_reference(tmp_path / f"area.{suffix}", shapes, {"n": [1, 2, 3]}, crs)
    ground = read_area(str(path))
    area, own_crs = ground.geometry, ground.crs
    assert area.equals(shapely.union_all(shapes))
    assert area.area == pytest.approx(8.0)
    assert own_crs == crs


def test_one_layer_of_several_is_chosen_by_name(make_reference, tmp_path):
    path = make_reference(tmp_path / "two.gpkg", [shapely.box(0, 0, 1, 1)], {"n": [1]}, layer="one")
    make_reference(path, [BOX], {"n": [1]}, layer="two")
    assert read_area(f"{path}|layername=two").geometry.equals(BOX)
    assert read_area(f"{path}|layername=one").geometry.equals(shapely.box(0, 0, 1, 1))
    with pytest.raises(DataError, match="cannot be read as a vector layer"):
        read_area(f"{path}|layername=three")


def test_an_area_and_a_place_are_read_as_a_reference_is(make_reference, tmp_path):
    path = make_reference(tmp_path / "two.gpkg", [shapely.box(0, 0, 1, 1)], {"n": [1]}, layer="draft")
    make_reference(path, [BOX], {"n": [1]}, layer="final")
    for read in (read_area, read_places):
        with pytest.raises(DataError, match="2 layers: draft, final"):
            read(str(path))
    shape = make_reference(tmp_path / "shp" / "a.shp", [BOX], {"n": ["Ä"]})
    shape.with_suffix(".cpg").write_text("UTF-8")
    content = shape.with_suffix(".dbf").read_bytes()
    shape.with_suffix(".dbf").write_bytes(content.replace("Ä".encode(), b"\xc4 "))  # what the .cpg says is wrong
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        for each in shape.parent.iterdir():
            file.write(each, f"inside/{each.name}")
    assert read_area(str(tmp_path / "a.zip")).geometry.equals(BOX)
    assert read_places(f"/vsizip/{tmp_path}/a.zip/inside/a.shp")[0][0].equals(BOX)


def test_a_self_crossing_polygon_is_repaired(make_reference, tmp_path):
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    area = read_area(str(make_reference(tmp_path / "area.gpkg", [bow_tie], {"n": [1]}))).geometry
    assert area.is_valid
    assert area.area == pytest.approx(50.0)


def test_holes_stay_holes(make_reference, tmp_path):
    ring = shapely.box(0, 0, 10, 10).difference(shapely.box(4, 4, 6, 6))
    area = read_area(str(make_reference(tmp_path / "area.gpkg", [ring], {"n": [1]}))).geometry
    assert area.area == pytest.approx(96.0)


@pytest.mark.parametrize(
    ("shapes", "crs", "message"),
    [
        ([], "EPSG:32633", "is empty"),
        ([None], "EPSG:32633", "is empty"),
        ([shapely.Polygon()], "EPSG:32633", "is empty"),
        ([BOX], None, "has no CRS. Assign one"),
        ([shapely.Point(1, 2), shapely.Point(3, 4)], "EPSG:32633", "has no polygons"),
        ([shapely.LineString([(0, 0), (1, 1)])], "EPSG:32633", "has no polygons"),
    ],
)
def test_a_layer_that_is_no_area_is_told_apart(make_reference, tmp_path, shapes, crs, message):
    path = make_reference(tmp_path / "area.gpkg", shapes, {"n": np.arange(len(shapes))}, crs)
    with pytest.raises(DataError, match=f"AREA.*{message}"):
        read_area(str(path))


def test_a_shapefile_without_prj_has_no_crs(make_reference, tmp_path):
    path = make_reference(tmp_path / "area.shp", [BOX], {"n": [1]})
    path.with_suffix(".prj").unlink()
    with pytest.raises(DataError, match="has no CRS"):
        read_area(str(path))


def test_the_border_of_slovenia_is_an_area(realdata):
    ground = read_area(str(realdata / "slovenia_border.geojson"))
    area, crs = ground.geometry, ground.crs
    (border,) = reproject(np.array([area]), crs, "EPSG:4326")
    assert border.contains(shapely.Point(14.5, 46.05))
    assert not border.contains(shapely.Point(13.0, 45.0))
    assert area.area / 1e6 == pytest.approx(20_271, rel=0.02)  # km²


@pytest.mark.parametrize(
    ("text", "crs"),
    [("14.5,46", "EPSG:4326"), ("14.5,46,EPSG:4258", "EPSG:4258"), ("14.5,46 [EPSG:4258]", "EPSG:4258")],
)
def test_a_place_is_a_point(text, crs):
    places, own_crs = read_places(text)
    assert [place.wkt for place in places] == ["POINT (14.5 46)"]
    assert own_crs == crs


def test_a_place_is_a_layer_of_points_or_polygons(make_reference, tmp_path):
    shapes = [shapely.Point(3, 4), BOX]
    places, crs = read_places(str(make_reference(tmp_path / "places.gpkg", shapes, {"n": [1, 2]})))
    assert all(place.equals(shape) for place, shape in zip(places, shapes, strict=True))
    assert crs == "EPSG:32633"


def test_a_place_in_metres_needs_its_crs():
    with pytest.raises(ParameterError, match="Add the CRS"):
        read_places("500000,5100000")


def test_a_layer_without_places_is_told(make_reference, tmp_path):
    path = make_reference(tmp_path / "places.gpkg", [], {"n": np.arange(0)})
    with pytest.raises(DataError, match=r"PLACE.*is empty"):
        read_places(str(path))
