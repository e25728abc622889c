"""Vector files from strangers, in zips, of several layers, in other encodings and with broken shapes."""

import json
import sqlite3
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pyogrio
import pytest
import shapely

from patchwork.core.errors import DataError, ParameterError
from patchwork.core.store.vectors import read_vector

SQUARES = [shapely.box(500_000, 5_100_000, 500_100, 5_100_100), shapely.box(500_200, 5_100_000, 500_300, 5_100_100)]
DEGREES = [shapely.box(14, 46, 14.1, 46.1), shapely.box(14.2, 46, 14.3, 46.1)]
VRT = (
    '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>{}</SrcDataSource><SrcLayer>{}</SrcLayer>'
    "</OGRVRTLayer></OGRVRTDataSource>"
)


@pytest.fixture
def listener():
    """An address on the loopback interface, and the requests that it has received."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        def do_HEAD(self):
            self.do_GET()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


# Files from strangers


def as_virtual(folder, address, secret):
    (folder / "stolen.gpkg").write_text(VRT.format(secret, "secret"))


def as_virtual_shapefile(folder, address, secret):
    (folder / "stolen.shp").write_text(VRT.format(secret, "secret"))


def as_remote_virtual(folder, address, secret):
    (folder / "stolen.geojson").write_text(VRT.format(f"/vsicurl/{address}/x.geojson", "x"))


def as_virtual_after_a_comment(folder, address, secret):
    text = VRT.format(f"{address}/x.geojson", "x")
    (folder / "stolen.kml").write_text(f'<!-- <kml xmlns="http://www.opengis.net/kml/2.2"> -->{text}')


def as_virtual_in_a_zip(folder, address, secret):
    with zipfile.ZipFile(folder / "stolen.zip", "w") as file:
        file.writestr("a/area.shp", VRT.format(secret, "secret"))


def as_service(folder, address, secret):
    (folder / "stolen.gpkg").write_text(f"<OGRWFSDataSource><URL>{address}/wfs</URL></OGRWFSDataSource>")


def as_pipeline(folder, address, secret):
    line = f"gdal vector pipeline ! read {secret} ! write --of stream streamed"
    (folder / "stolen.geojson").write_text(json.dumps({"type": "gdal_streamed_alg", "command_line": line}))


def as_schema(folder, address, secret):
    (folder / "stolen.gml").write_text(
        '<?xml version="1.0"?><ogr:FeatureCollection xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="http://ogr.maptools.org/ /vsicurl/{address}/g.xsd" '
        'xmlns:ogr="http://ogr.maptools.org/" xmlns:gml="http://www.opengis.net/gml"/>'
    )


def with_linked_crs(folder, address, secret, kind='"link"'):
    features = [{"type": "Feature", "properties": {"id": 1}, "geometry": shapely.geometry.mapping(DEGREES[0])}]
    text = json.dumps({"type": "FeatureCollection", "crs": "CRS", "features": features})
    crs = f'{{"type": {kind}, "properties": {{"href": "{address}/crs"}}}}'
    (folder / "stolen.geojson").write_text(text.replace('"CRS"', crs))


def with_linked_crs_in_escapes(folder, address, secret):
    with_linked_crs(folder, address, secret, '"l\\u0069nk"')


def with_crs_of_an_address(folder, address, secret):
    with_linked_crs(folder, address, secret, '"URL"')


def with_virtual_table(folder, address, secret):
    path = folder / "stolen.gpkg"
    pyogrio.raw.write(path, shapely.to_wkb(np.array(DEGREES)), [], [], crs="EPSG:4326", geometry_type="Polygon")
    base = sqlite3.connect(path)
    base.execute("PRAGMA writable_schema = ON")
    statement = f"CREATE VIRTUAL TABLE v USING VirtualOGR('{secret}')"
    base.execute("INSERT INTO sqlite_master VALUES ('table', 'v', 'v', 0, ?)", (statement,))
    base.commit()
    base.close()


def with_view_of_gdal_functions(folder, address, secret):
    path = folder / "stolen.gpkg"
    pyogrio.raw.write(path, shapely.to_wkb(np.array(DEGREES)), [], [], crs="EPSG:4326", geometry_type="Polygon")
    base = sqlite3.connect(path)
    base.execute("DROP VIEW IF EXISTS v")
    base.execute(
        f"CREATE VIEW v AS SELECT fid, geom, gdal_get_pixel_value('{secret}', 1, 'pixel', 0, 0) AS id FROM stolen"
    )
    base.commit()
    base.close()


def sound_with_crs_of_an_address(folder, address, secret):
    path = folder / "sound.gpkg"
    pyogrio.raw.write(path, shapely.to_wkb(np.array(DEGREES)), [], [], crs="EPSG:4326", geometry_type="Polygon")
    base = sqlite3.connect(path)
    base.execute("UPDATE gpkg_spatial_ref_sys SET organization = 'x', definition = ?", (f"{address}/crs",))
    base.commit()
    base.close()


def sound_with_prj_of_an_address(folder, address, secret):
    path = folder / "sound.shp"
    pyogrio.raw.write(path, shapely.to_wkb(np.array(DEGREES)), [], [], crs="EPSG:4326", geometry_type="Polygon")
    path.with_suffix(".prj").write_text(f"{address}/crs")


def sound_with_links_in_kml(folder, address, secret):
    link = f"<Link><href>{address}/n.kml</href></Link>"
    polygon = "<outerBoundaryIs><LinearRing><coordinates>0,0 1,0 1,1 0,0</coordinates></LinearRing></outerBoundaryIs>"
    mark = f"<Placemark><styleUrl>{address}/s.kml#a</styleUrl><Polygon>{polygon}</Polygon></Placemark>"
    text = f"<NetworkLink>{link}</NetworkLink>{mark}"
    (folder / "sound.kml").write_text(f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{text}</Document></kml>')


@pytest.mark.parametrize("make", [sound_with_crs_of_an_address, sound_with_prj_of_an_address, sound_with_links_in_kml])
def test_nothing_is_sent_for_a_file_that_is_read(make, listener, tmp_path):
    address, asked = listener
    make(tmp_path, address, None)
    (path,) = tmp_path.glob("sound.[gsk][phm][kpl]*")
    assert len(read_vector(str(path)).geometries) > 0
    assert asked == []


def test_a_database_that_another_program_holds_is_read(make_reference, tmp_path):
    path = make_reference(tmp_path / "r.gpkg", SQUARES, {"id": [1, 2]})
    base = sqlite3.connect(path)
    base.execute("PRAGMA journal_mode = WAL")
    base.execute("CREATE TABLE notes (text)")
    assert read_vector(str(path)).fields["id"].tolist() == [1, 2]
    base.close()


def test_a_file_geodatabase_is_read(tmp_path):
    wkb, path = shapely.to_wkb(np.array(SQUARES)), tmp_path / "r.gdb"
    columns = [np.array([1, 2])]
    pyogrio.raw.write(path, wkb, columns, ["c"], crs="EPSG:32633", geometry_type="MultiPolygon", driver="OpenFileGDB")
    assert read_vector(str(path)).fields["c"].tolist() == [1, 2]


ATTACKS = [value for name, value in sorted(globals().items()) if name.startswith(("as_", "with_"))]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_file_that_leads_elsewhere_is_refused_and_nothing_is_sent(attack, listener, make_reference, tmp_path):
    address, asked = listener
    secret = make_reference(tmp_path / "secret.geojson", DEGREES, {"id": [1, 2]}, "EPSG:4326")
    folder = tmp_path / "from a stranger"
    folder.mkdir()
    attack(folder, address, secret)
    (path,) = folder.iterdir()
    with pytest.raises(DataError, match=r"stolen\.\w+ (cannot be read|has a)"):
        read_vector(str(path))
    assert asked == []


@pytest.mark.parametrize(
    "text",
    [
        "/vsicurl/{}/x.geojson",
        "{}/x.geojson",
        "/vsizip//vsicurl/{}/x.zip",
        "zip+{}/x.zip",
        "WFS:{}",
        "<OGRVRTLayer/>",
    ],
)
def test_an_address_is_no_file(text, listener):
    address, asked = listener
    with pytest.raises(DataError, match=r"There is no file|is not a file on this computer"):
        read_vector(text.format(address))
    assert asked == []


@pytest.mark.parametrize("name", ["r ü", "a!b;c"])
@pytest.mark.parametrize(
    ("suffix", "driver"),
    [("gpkg", "GPKG"), ("shp", "ESRI Shapefile"), ("geojson", "GeoJSON"), ("fgb", "FlatGeobuf"), ("kml", "LIBKML")],
)
def test_the_formats_of_users_are_read(name, suffix, driver, tmp_path):
    plain = tmp_path / f"plain.{suffix}"
    columns = [np.array(["a", "b"], dtype=object)]
    wkb = shapely.to_wkb(np.array(DEGREES))
    pyogrio.raw.write(plain, wkb, columns, ["Name"], crs="EPSG:4326", geometry_type="Polygon", driver=driver)
    for file in list(tmp_path.iterdir()):
        file.rename(file.with_name(name + file.suffix))
    layer = read_vector(str(tmp_path / f"{name}.{suffix}"))
    assert (layer.name, layer.notes) == (name, ())
    assert sorted(layer.fields["Name"].tolist()) == ["a", "b"]
    assert shapely.equals_exact(shapely.union_all(layer.geometries), shapely.union_all(DEGREES), 1e-9)


# Zips


def zipped(folder, path, inside=""):
    with zipfile.ZipFile(folder / "r.zip", "a", zipfile.ZIP_DEFLATED) as file:
        for each in sorted(path.parent.glob(f"{path.stem}.*")):
            file.write(each, f"{inside}{each.name}")
        file.writestr(f"__MACOSX/{inside}._{path.name}", b"\0\5\x16\7")
    return folder / "r.zip"


@pytest.mark.parametrize("inside", ["", "data/2018/"])
@pytest.mark.parametrize(
    "written", ["{zip}", "/vsizip/{zip}", "/vsizip/{zip}/{inside}r.shp", "/vsizip/{{{zip}}}/{inside}"]
)
def test_a_shapefile_in_a_zip_is_read(inside, written, make_reference, tmp_path):
    path = make_reference(tmp_path / "unzipped" / "r.shp", SQUARES, {"id": [1, 2]})
    made = zipped(tmp_path, path, inside)
    layer = read_vector(written.format(zip=made, inside=inside))
    assert layer.fields["id"].tolist() == [1, 2]
    assert shapely.equals(layer.geometries, SQUARES).all()


def test_of_several_files_in_a_zip_one_must_be_chosen(make_reference, tmp_path):
    for name in ("old", "new"):
        made = zipped(tmp_path, make_reference(tmp_path / name / f"{name}.shp", SQUARES, {name: [1, 2]}), "d/")
    with pytest.raises(DataError, match=r"2 vector files: d/new\.shp, d/old\.shp\. Choose one, as in /vsizip/.*/d/new"):
        read_vector(str(made))
    assert list(read_vector(f"/vsizip/{made}/d/old.shp").fields) == ["old"]


def test_a_zip_bomb_is_not_unpacked(make_reference, tmp_path):
    path = make_reference(tmp_path / "unzipped" / "r.shp", SQUARES, {"id": [1, 2]})
    with path.open("ab") as file:
        file.truncate(200_000_000)
    with pytest.raises(DataError, match=r"has 0\.2 MB, and 200 MB when unpacked"):
        read_vector(str(zipped(tmp_path, path)))


def test_members_outside_stay_in_the_folder(make_reference, tmp_path):
    path = make_reference(tmp_path / "unzipped" / "r.shp", SQUARES, {"id": [1, 2]})
    made = zipped(tmp_path, path, "../../")
    assert len(read_vector(str(made)).geometries) == 2
    assert sorted(each.name for each in tmp_path.iterdir()) == ["r.zip", "unzipped"]


@pytest.mark.parametrize("name", ["C:r", "a!b;c", "data\\r", "ü r"])
def test_odd_names_in_a_zip_are_file_names(name, make_reference, tmp_path):
    path = make_reference(tmp_path / "unzipped" / "r.shp", SQUARES, {"id": [1, 2]})
    with zipfile.ZipFile(tmp_path / "r.zip", "w") as file:
        for each in path.parent.iterdir():
            file.write(each, f"{name}{each.suffix}")
    assert read_vector(str(tmp_path / "r.zip")).fields["id"].tolist() == [1, 2]


# Several layers


@pytest.fixture
def drafts(make_reference, tmp_path):
    """A GeoPackage with the layers old_draft and training_2018."""
    path = make_reference(tmp_path / "r.gpkg", SQUARES, {"class": [7, 8], "old": [1, 1]}, layer="old_draft")
    return make_reference(path, SQUARES, {"class": [1, 2], "id": [3, 4]}, layer="training_2018")


def test_of_several_layers_one_must_be_chosen(drafts):
    with pytest.raises(
        DataError, match=r"2 layers: old_draft, training_2018\. Choose one, as in .*\|layername=old_draft"
    ):
        read_vector(str(drafts), class_field="class")
    with pytest.raises(DataError, match="2 layers"):
        read_vector(str(drafts))
    assert read_vector(f"{drafts}|layername=training_2018").fields["class"].tolist() == [1, 2]
    assert read_vector(f"{drafts}|layerid=1").fields["class"].tolist() == [1, 2]


def test_the_only_layer_with_the_class_field_is_read(drafts):
    assert read_vector(str(drafts), class_field="id").fields["id"].tolist() == [3, 4]


def test_the_only_layer_of_polygons_is_read(make_reference, tmp_path):
    path = make_reference(tmp_path / "r.gpkg", [shapely.Point(500_000, 5_100_000)], {"id": [9]}, layer="places")
    make_reference(path, SQUARES, {"id": [1, 2]}, layer="fields")
    assert read_vector(str(path), class_field="id").fields["id"].tolist() == [1, 2]
    with pytest.raises(DataError, match="2 layers: places, fields"):
        read_vector(str(path), any_shape=True)


def test_an_option_that_would_be_ignored_is_refused(drafts):
    with pytest.raises(DataError, match=r"the option 'subset=id = 3' is not supported"):
        read_vector(f"{drafts}|layername=training_2018|subset=id = 3")


# Encodings


def shapefile(folder, texts, encoding, cpg):
    path = folder / "r.shp"
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array(SQUARES)),
        [np.array(texts, dtype=object)],
        ["crop"],
        crs="EPSG:32633",
        geometry_type="Polygon",
        encoding=encoding,
    )
    path.with_suffix(".cpg").unlink()
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)
    return str(path)


@pytest.mark.parametrize(("encoding", "cpg"), [("cp1250", "UTF-8"), ("cp1252", "UTF-8")])
def test_texts_that_are_not_in_the_declared_encoding_are_an_error(encoding, cpg, tmp_path):
    path = shapefile(tmp_path, ["Äcker", "Wälder"], encoding, cpg)
    with pytest.raises(DataError, match=r"not in UTF-8 as its \.cpg file says .*Set ENCODING, such as cp1250"):
        read_vector(path)
    assert read_vector(path, encoding=encoding).fields["crop"].tolist() == ["Äcker", "Wälder"]


@pytest.mark.parametrize("cpg", [None, "ISO-8859-1", "1252"])
def test_utf_8_that_is_read_as_something_else_is_reported(cpg, tmp_path):
    path = shapefile(tmp_path, ["Äcker", "wood"], "UTF-8", cpg)
    (note,) = read_vector(path).notes
    assert "look like UTF-8" in note
    assert "Set ENCODING to UTF-8, or correct the .cpg file." in note
    layer = read_vector(path, encoding="utf-8")
    assert (layer.fields["crop"].tolist(), layer.notes) == (["Äcker", "wood"], ())


@pytest.mark.parametrize("cpg", [None, "nonsense"])
def test_an_encoding_that_is_not_declared_is_reported_where_it_matters(cpg, tmp_path):
    path = shapefile(tmp_path, ["čebula", "wood"], "cp1250", cpg)
    (note,) = read_vector(path).notes
    assert "does not declare the encoding of its texts (no valid .cpg file); 'èebula' is read as ISO-8859-1" in note
    assert read_vector(path, encoding="cp1250").fields["crop"].tolist() == ["čebula", "wood"]
    assert read_vector(shapefile(tmp_path, ["onion", "wood"], "cp1250", cpg)).notes == ()


def test_a_declared_encoding_is_not_questioned(tmp_path):
    layer = read_vector(shapefile(tmp_path, ["čebula", "wood"], "cp1250", "1250"))
    assert (layer.fields["crop"].tolist(), layer.notes) == (["čebula", "wood"], ())


@pytest.mark.parametrize(("encoding", "text"), [("utf8", "Äcker"), ("shift_jis", "麦"), ("1250", "čebula")])
def test_all_encodings_of_python_are_read_and_a_wrong_one_is_an_error(encoding, text, tmp_path):
    path = shapefile(tmp_path, ["a", text], encoding.replace("1250", "cp1250"), None)
    assert read_vector(path, encoding=encoding).fields["crop"].tolist() == ["a", text]
    with pytest.raises(DataError, match=r"ENCODING: .* is not in ascii"):
        read_vector(path, encoding="ascii")


def test_what_the_declared_encoding_has_no_letters_for_is_an_error(tmp_path):
    path = shapefile(tmp_path, ["Wälder", "a"], "cp1250", "CP949")
    with pytest.raises(DataError, match=r"not in CP949 as its \.cpg file says\. Set ENCODING"):
        read_vector(path)


@pytest.mark.parametrize("encoding", ["klingon", "rot13", "\0"])
def test_an_unknown_encoding_is_named(encoding, tmp_path):
    with pytest.raises(ParameterError, match=r"ENCODING: .* is unknown"):
        read_vector(shapefile(tmp_path, ["a", "b"], "UTF-8", None), encoding=encoding)


def test_other_formats_have_their_own_encoding(make_reference, tmp_path):
    path = make_reference(tmp_path / "r.gpkg", SQUARES, {"crop": ["čebula", "wood"]})
    assert read_vector(str(path), encoding="cp1250").fields["crop"].tolist() == ["čebula", "wood"]


# Broken shapes and undefined CRSs

INFINITE = shapely.Polygon([(500_000, 5_100_000), (np.inf, 5_100_000), (500_100, 5_100_100), (500_000, 5_100_100)])
NO_NUMBER = shapely.Polygon([(500_000, 5_100_000), (np.nan, 5_100_000), (500_100, 5_100_100), (500_000, 5_100_100)])
ONE_BAD_PART = shapely.MultiPolygon([SQUARES[0], INFINITE])


@pytest.mark.parametrize("broken", [INFINITE, NO_NUMBER, ONE_BAD_PART, None, shapely.Polygon()])
def test_broken_shapes_are_dropped_counted_and_named(broken, make_reference, tmp_path):
    path = make_reference(tmp_path / "r.gpkg", [SQUARES[0], broken, SQUARES[1], broken], {"id": [1, 2, 3, 4]})
    layer = read_vector(str(path))
    assert layer.fields["id"].tolist() == [1, 3]
    assert shapely.equals(layer.geometries, SQUARES).all()
    (note,) = layer.notes
    assert note.startswith("2 features dropped")
    assert note.endswith("feature ids 2, 4.")


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4258", "EPSG:4269"])
def test_a_latitude_beyond_the_pole_names_its_feature(crs, make_reference, tmp_path):
    wrong = shapely.box(14, 94, 15, 95)
    path = make_reference(tmp_path / "r.gpkg", [DEGREES[0], wrong], {"id": [1, 2]}, crs)
    layer = read_vector(str(path))
    assert layer.fields["id"].tolist() == [1]
    assert layer.notes[0].endswith("feature id 2.")


def test_curves_are_read_as_polygons(tmp_path):
    path = tmp_path / "r.gpkg"
    pyogrio.raw.write(path, shapely.to_wkb(np.array(SQUARES)), [], [], crs="EPSG:32633", geometry_type="Unknown")
    base = sqlite3.connect(path)
    circle = np.array([0, 0, 1, 1, 2, 0, 1, -1, 0, 0], dtype="<f8").tobytes()
    wkb = b"\1\x0a\0\0\0\1\0\0\0" + b"\1\x08\0\0\0\5\0\0\0" + circle
    for trigger in [row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]:
        base.execute(f'DROP TRIGGER "{trigger}"')
    base.execute("UPDATE r SET geom = ? WHERE fid = 1", (b"GP\0\1" + (32633).to_bytes(4, "little") + wkb,))
    base.commit()
    base.close()
    assert read_vector(str(path)).geometries[0].area == pytest.approx(np.pi, rel=1e-3)


ENGINEERING = (
    'ENGCRS["Unknown engineering CRS",EDATUM["Unknown"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],'
    'LENGTHUNIT["metre",1]]'
)
LOCAL = 'LOCAL_CS["Undefined Cartesian SRS",UNIT["metre",1]]'


@pytest.mark.parametrize("crs", [LOCAL, ENGINEERING, None])
@pytest.mark.parametrize("suffix", ["gpkg", "shp"])
def test_an_undefined_crs_is_none(crs, suffix, make_reference, tmp_path):
    assert read_vector(str(make_reference(tmp_path / f"r.{suffix}", SQUARES, {"id": [1, 2]}, crs))).crs == ""


@pytest.mark.parametrize("text", ["", "nonsense", LOCAL, "http://127.0.0.1:9/x", "/etc/passwd"])
def test_an_unreadable_prj_is_none(text, make_reference, tmp_path):
    path = make_reference(tmp_path / "r.shp", SQUARES, {"id": [1, 2]})
    path.with_suffix(".prj").write_text(text)
    assert read_vector(str(path)).crs == ""
