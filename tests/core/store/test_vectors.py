"""Vector layers in and out."""

import numpy as np
import pyogrio
import pytest
import shapely

from patchwork.core.errors import DataError, WorkspaceError
from patchwork.core.store.vectors import VectorLayer, read_vector, write_geopackage

SQUARES = np.array([shapely.box(0, 0, 1, 1), shapely.box(5, 5, 7, 7)])
FIELDS = {"id": np.array([3, 70_000]), "name": np.array(["Wald", "Äcker & Wiesen"], dtype=object)}


def test_a_geopackage_comes_back_as_it_was_written(tmp_path):
    path = tmp_path / "new" / "layer.gpkg"
    write_geopackage(path, VectorLayer("squares", SQUARES, FIELDS, "EPSG:32633"))
    assert pyogrio.list_layers(path).tolist() == [["squares", "Polygon"]]
    found = read_vector(f"{path}|layername=squares")
    assert (found.name, found.crs) == ("squares", "EPSG:32633")
    assert shapely.equals(found.geometries, SQUARES).all()
    assert {name: column.tolist() for name, column in found.fields.items()} == {
        name: column.tolist() for name, column in FIELDS.items()
    }
    assert [file.name for file in path.parent.iterdir()] == ["layer.gpkg"]


def test_shapes_of_several_kinds_fit_in_one_layer(tmp_path):
    shapes = np.array([shapely.box(0, 0, 1, 1), shapely.MultiPolygon([shapely.box(2, 2, 3, 3)])], dtype=object)
    write_geopackage(tmp_path / "mixed.gpkg", VectorLayer("mixed", shapes, {}, "EPSG:32633"))
    found = read_vector(str(tmp_path / "mixed.gpkg"))
    assert [shape.geom_type for shape in found.geometries] == ["Polygon", "MultiPolygon"]
    assert found.fields == {}


def test_empty_shapes_are_left_out_with_their_attributes(make_reference, tmp_path):
    shapes = [SQUARES[0], None, shapely.Polygon(), SQUARES[1]]
    found = read_vector(str(make_reference(tmp_path / "holes.gpkg", shapes, {"id": [1, 2, 3, 4]})))
    assert found.fields["id"].tolist() == [1, 4]
    assert shapely.equals(found.geometries, SQUARES).all()


@pytest.mark.filterwarnings("ignore:Layer 'high'")
def test_heights_are_left_out(make_reference, tmp_path):
    high = shapely.Polygon([(0, 0, 300), (1, 0, 310), (1, 1, 320), (0, 0, 300)])
    found = read_vector(str(make_reference(tmp_path / "high.gpkg", [high], {"id": [1]})))
    assert not found.geometries[0].has_z


def test_a_layer_without_crs_says_so(make_reference, tmp_path):
    assert read_vector(str(make_reference(tmp_path / "bare.shp", SQUARES, {"id": [1, 2]}, None))).crs == ""


@pytest.mark.parametrize("suffix", ["gpkg", "shp"])
def test_the_real_reference_is_read(realdata, suffix):
    found = read_vector(str(realdata / "slovenia" / f"reference.{suffix}"))
    assert len(found.geometries) == 88
    assert {int(value) for value in found.fields["LULC_ID"]} == {0, 1, 2, 3, 4, 8}


def test_what_cannot_be_read_is_named(tmp_path):
    text = tmp_path / "notes.gpkg"
    text.write_text("not a layer")
    with pytest.raises(DataError, match=r"notes\.gpkg cannot be read as a vector layer"):
        read_vector(str(text))
    with pytest.raises(DataError, match=r"There is no file .*nowhere\.shp"):
        read_vector(str(tmp_path / "nowhere.shp"))


def test_a_table_without_shapes_is_no_layer(tmp_path):
    path = tmp_path / "table.gpkg"
    pyogrio.raw.write(path, None, [np.array([1])], ["id"], driver="GPKG", geometry_type=None)
    with pytest.raises(DataError, match="is a table without geometries"):
        read_vector(str(path))


def test_a_layer_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        write_geopackage(tmp_path / "file" / "layer.gpkg", VectorLayer("l", SQUARES, {}, "EPSG:32633"))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_full_disk_leaves_no_layer(small_disk):
    (small_disk / "ballast").write_bytes(bytes(150_000))
    many = np.array([shapely.Point(i, i).buffer(1, quad_segs=64) for i in range(100)])
    with pytest.raises(WorkspaceError, match="disk"):
        write_geopackage(small_disk / "layer.gpkg", VectorLayer("l", many, {}, "EPSG:32633"))
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]
