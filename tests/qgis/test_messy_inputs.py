"""Messy files through the Processing algorithms: what they hold is read right, or refused with what to do."""

from __future__ import annotations

import json
import shutil
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

LEFT, TOP, SIDE = 500_000.0, 5_100_000.0, 24
BANDS = ("B04", "B08", "SCL")
ONE, TWO, THREE, FOUR = "20190405T100031", "20190505T100031", "20190605T100031", "20190705T100031"


def write_image(path, pixels, *, bands=BANDS, no_data=0, crs=32633, place=None, kind="uint16", scale=None, left=LEFT):
    """A GeoTIFF of bands (band, y, x), written by QGIS's own GDAL."""
    from osgeo import gdal, osr

    pixels = [[[value] * SIDE for _ in range(SIDE)] if isinstance(value, (int, float)) else value for value in pixels]
    code = {"uint16": gdal.GDT_UInt16, "int16": gdal.GDT_Int16, "float32": gdal.GDT_Float32}[kind]
    file = gdal.GetDriverByName("GTiff").Create(str(path), SIDE, SIDE, len(pixels), code)
    file.SetGeoTransform(place or (left, 10.0, 0.0, TOP, 0.0, -10.0))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(crs)
    file.SetProjection(reference.ExportToWkt())
    import numpy as np

    for number, own in enumerate(pixels, start=1):
        band = file.GetRasterBand(number)
        band.WriteArray(np.array(own))
        if bands:
            band.SetDescription(bands[number - 1])
        if no_data is not None:
            band.SetNoDataValue(no_data)
        if scale and number < len(pixels):
            band.SetScale(scale[0])
            band.SetOffset(scale[1])
    file = None
    return path


def half(left, right):
    return [[left] * (SIDE // 2) + [right] * (SIDE // 2) for _ in range(SIDE)]


def read_image(path):
    from osgeo import gdal

    return gdal.Open(str(path)).ReadAsArray()


@pytest.fixture(scope="module")
def fetched(run, tmp_path_factory):
    """The scenes of a folder in which every file is messy in its own way."""
    folder = tmp_path_factory.mktemp("messy č")
    imagery = folder / "scenes"
    imagery.mkdir()
    write_image(imagery / f"S2_{ONE}.tif", [half(65535, 900), half(65535, 3000), 4], no_data=65535)
    write_image(imagery / f"S2_{TWO}.tif", [10_000, 20_000, 4], scale=(2.75e-5, -0.2))
    product = f"S2A_MSIL2A_{THREE}_N0500_R122_T33TWM_20230817T101010.SAFE"
    write_image(imagery / f"{product}_B.tif", [half(0, 900), 3000, 4])
    write_image(imagery / f"S2_{FOUR}.tif", [0.09, 0.3, 4], kind="float32", no_data=-9999)
    second_later = f"S2_{FOUR[:-1]}2.tif"
    write_image(imagery / second_later, [0.09, 0.3, 4], kind="float32", no_data=-9999, left=LEFT + 10 * SIDE)
    (imagery / f"._S2_{ONE}.tif").write_bytes(b"\0\5\26\7 what macOS leaves behind")
    workspace = folder / "work"
    parameters = {"WORKSPACE": str(workspace), "SOURCE": "folder", "IMAGERY": str(imagery)}
    run("splitarea", parameters)
    run("downloadscenes", {**parameters, "BANDS": "B04,B08"})
    return workspace


def scene(workspace, time):
    """The bands of one acquisition over the whole of the small area, which is one patch."""
    (file,) = (workspace / "scenes").glob(f"*/{time}.tif")
    return read_image(file)


def test_declared_no_data_is_no_data(fetched):
    pixels = scene(fetched, ONE)[:2, :, :SIDE]
    assert (pixels[:, :, : SIDE // 2] == 0).all()
    assert pixels[:, 0, -1].tolist() == [900, 3000]


def test_scale_and_offset_of_the_file_are_used(fetched):
    assert scene(fetched, TWO)[:2, 0, 0].tolist() == [750, 3500]


def test_no_data_in_one_band_is_no_data_and_the_sensing_time_counts(fetched):
    pixels = scene(fetched, THREE)[:2, :, :SIDE]
    assert (pixels[:, :, : SIDE // 2] == 0).all()
    assert pixels[:, 0, -1].tolist() == [900, 3000]


def test_reflectance_from_0_to_1_and_tiles_a_second_apart_are_one_pass(fetched):
    times = {file.stem for file in (fetched / "scenes").glob("*/*.tif")}
    assert times == {ONE, TWO, THREE, FOUR}
    pixels = scene(fetched, FOUR)
    assert pixels.shape[2] == 2 * SIDE
    assert {tuple(own) for own in pixels[:2].reshape(2, -1).T.tolist()} == {(900, 3000)}


def test_imagery_in_degrees_is_mapped_in_the_utm_zone(run, tmp_path, feedback):
    place = (15.0, 0.0001, 0.0, 46.0, 0.0, -0.0001)
    write_image(tmp_path / f"S2_{ONE}.tif", [900, 3000, 4], crs=4326, place=place)
    workspace = tmp_path / "work"
    run("splitarea", {"WORKSPACE": str(workspace), "SOURCE": "folder", "IMAGERY": str(tmp_path)}, feedback)
    grid = json.loads((workspace / "grid.json").read_text(encoding="utf-8"))["grid"]
    assert "32633" in grid["crs"]
    assert grid["pixel_width"] >= 5.0


def failure(run, name, parameters):
    """The message of an algorithm that must fail."""
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as error:
        run(name, parameters)
    return str(error.value)


def test_bands_without_names_are_an_error_before_anything_is_fetched(run, tmp_path):
    write_image(tmp_path / f"S2_{ONE}.tif", [900, 3000, 4], bands=None)
    workspace = tmp_path / "work"
    parameters = {"WORKSPACE": str(workspace), "SOURCE": "folder", "IMAGERY": str(tmp_path)}
    assert "BAND_NAMES" in failure(run, "splitarea", parameters)
    assert not (workspace / "scenes").exists()


def test_two_dates_in_a_name_are_refused(run, tmp_path):
    write_image(tmp_path / "field_20190405_20190812.tif", [900, 3000, 4])
    parameters = {"WORKSPACE": str(tmp_path / "work"), "SOURCE": "folder", "IMAGERY": str(tmp_path)}
    said = failure(run, "splitarea", parameters)
    assert "20190405 and 20190812. Rename it" in said


# References


def polygons(path, values, *, field="class", layer=None, crs="EPSG:32633", driver="GPKG", update=False):
    """Squares with a class each."""
    from osgeo import ogr, osr

    source = ogr.Open(str(path), 1) if update else ogr.GetDriverByName(driver).CreateDataSource(str(path))
    reference = None
    if crs:
        reference = osr.SpatialReference()
        reference.SetFromUserInput(crs)
    made = source.CreateLayer(layer or Path(path).stem, reference, ogr.wkbPolygon)
    made.CreateField(ogr.FieldDefn(field, ogr.OFTString if isinstance(values[0], str) else ogr.OFTInteger))
    for number, value in enumerate(values):
        feature = ogr.Feature(made.GetLayerDefn())
        x = LEFT + 100 * number
        ring = f"{x} {TOP}, {x + 80} {TOP}, {x + 80} {TOP - 80}, {x} {TOP - 80}, {x} {TOP}"
        feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POLYGON(({ring}))"))
        feature.SetField(field, value)
        made.CreateFeature(feature)
    made = source = None
    return path


def check(run, path, field="class"):
    reference = str(path) if isinstance(path, Path) else path
    results = run("checkreference", {"REFERENCE": reference, "CLASS_FIELD": field})
    return {entry["id"]: entry["name"] for entry in json.loads(results["CLASSES"])}, results["PROBLEMS"]


def test_whole_numbers_in_texts_stay_ids(run, tmp_path):
    assert check(run, polygons(tmp_path / "texts.gpkg", ["1", "10", "2"]))[0] == {1: "1", 2: "2", 10: "10"}
    assert check(run, polygons(tmp_path / "zeros.gpkg", ["01", "10", "2"]))[0] == {1: "01", 2: "10", 3: "2"}


def test_class_0_is_said_to_mean_unknown(run, tmp_path):
    classes, problems = check(run, polygons(tmp_path / "zero.gpkg", [0, 0, 1, 2]))
    assert list(classes) == [1, 2]
    assert "2 polygons have class 0, which means unknown" in problems


def test_one_of_several_layers_has_the_class_field(run, tmp_path):
    file = polygons(tmp_path / "layers.gpkg", [7, 8], field="old", layer="old_draft")
    polygons(file, [1, 2], layer="training_2018", update=True)
    assert list(check(run, file)[0]) == [1, 2]
    polygons(file, [3, 4], layer="training_2019", update=True)
    said = failure(run, "checkreference", {"REFERENCE": str(file), "CLASS_FIELD": "class"})
    assert "has 3 layers: old_draft, training_2018, training_2019. Choose one" in said
    assert list(check(run, f"{file}|layername=training_2019")[0]) == [3, 4]


def test_an_undefined_crs_is_a_missing_one(run, tmp_path):
    wkt = 'LOCAL_CS["Undefined Cartesian SRS",UNIT["metre",1]]'
    _, problems = check(run, polygons(tmp_path / "nowhere.gpkg", [1, 2], crs=wkt))
    assert "has no CRS" in problems


def test_a_shapefile_in_a_folder_of_a_zip_is_read(run, tmp_path):
    folder = tmp_path / "deep"
    folder.mkdir()
    polygons(folder / "fields.shp", ["wheat", "maize"], driver="ESRI Shapefile")
    archive = tmp_path / "fields.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for part in sorted(folder.iterdir()):
            file.write(part, f"some/folder/{part.name}")
    shutil.rmtree(folder)
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer(f"/vsizip/{archive}/some/folder/fields.shp", "zipped", "ogr")
    assert check(run, layer)[0] == {1: "maize", 2: "wheat"}


def test_wrong_encodings_are_told_with_the_remedy(run, tmp_path):
    file = polygons(tmp_path / "latin.shp", ["Weizen", "Hafer"], driver="ESRI Shapefile")
    data = file.with_suffix(".dbf").read_bytes()
    file.with_suffix(".dbf").write_bytes(data.replace(b"Hafer", b"H\xe4fer"))
    file.with_suffix(".cpg").write_text("UTF-8")
    from qgis.core import QgsProcessingException

    try:
        _, problems = check(run, file)
    except QgsProcessingException as error:
        problems = str(error)
    assert "ENCODING" in problems


# Catalogues


class Catalogue(BaseHTTPRequestHandler):
    """A catalogue whose pages lead to each other for ever, or that refuses."""

    status = 200

    def log_message(self, *_):
        """Say nothing."""

    def do_GET(self):
        self._answer({"type": "Catalog", "id": "x", "links": [], "conformsTo": []})

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        link = {"rel": "next", "href": f"http://{self.headers['Host']}/search", "method": "POST", "body": {"page": 1}}
        self._answer({"type": "FeatureCollection", "features": [], "links": [link]})

    def _answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(type(self).status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def catalogue():
    with ThreadingHTTPServer(("127.0.0.1", 0), Catalogue) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        Catalogue.status = 200
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(("status", "message"), [(200, "page"), (403, "403 Forbidden")])
def test_a_catalogue_that_never_ends_or_refuses_is_an_error(run, tmp_path, catalogue, status, message):
    Catalogue.status = status
    area = "500000,501000,5099000,5100000 [EPSG:32633]"
    parameters = {"WORKSPACE": str(tmp_path / "work"), "SOURCE": "stac", "SERVICE_URL": catalogue, "AREA": area}
    run("splitarea", {key: parameters[key] for key in ("WORKSPACE", "SOURCE", "AREA")})
    said = failure(run, "findscenes", {**parameters, "START": "2019-01-01", "END": "2019-12-31"})
    assert message in said
