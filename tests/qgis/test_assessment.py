"""Validation points, assessment and change through the algorithms of QGIS."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

CLASSES = [{"id": 1, "name": "field", "colour": "#ffff00"}, {"id": 2, "name": "forest", "colour": "#054907"}]


@pytest.fixture
def write_map(qgis, tmp_path):
    """`write_map(name, split)`: field left of a column, forest right of it."""
    import numpy as np
    from osgeo import gdal, osr

    def write(name, split):
        path = tmp_path / f"{name}.tif"
        file = gdal.GetDriverByName("GTiff").Create(str(path), 60, 40, 1, gdal.GDT_Byte)
        file.SetGeoTransform((500_000.0, 10.0, 0.0, 5_100_000.0, 0.0, -10.0))
        reference = osr.SpatialReference()
        reference.ImportFromEPSG(32633)
        file.SetProjection(reference.ExportToWkt())
        file.SetMetadataItem("CLASSES", json.dumps(CLASSES))
        file.GetRasterBand(1).WriteArray(np.where(np.arange(60) < split, 1, 2)[np.newaxis].repeat(40, 0))
        file.GetRasterBand(1).SetNoDataValue(0)
        file = None
        return path

    return write


def test_points_are_drawn_labelled_in_their_form_and_assessed(run, write_map, feedback):
    from qgis.core import QgsVectorLayer

    path = write_map("map", 30)
    drawn = run("drawvalidation", {"MAP": str(path), "NUMBER": 60, "MINIMUM_PER_CLASS": 20})
    assert drawn["POINT_NUMBER"] == 60
    layer = QgsVectorLayer(drawn["POINTS"], "points", "ogr")
    form = {field.name(): layer.editorWidgetSetup(layer.fields().indexOf(field.name())) for field in layer.fields()}
    assert {name: setup.type() for name, setup in form.items() if name not in ("fid", "id")} == {
        "class": "ValueMap",
        "cannot_tell": "CheckBox",
        "notes": "TextEdit",
        "stratum": "Hidden",
        "stratum_pixels": "Hidden",
    }
    names = [name for entry in form["class"].config()["map"] for name in entry]
    assert names == ["(not labelled)", "field", "forest"]
    assert layer.renderer().type() == "singleSymbol"
    assert layer.startEditing()
    for feature in layer.getFeatures():
        true = 1 if feature.geometry().asPoint().x() < 500_000 + 270 else 2
        layer.changeAttributeValue(feature.id(), layer.fields().indexOf("class"), true)
    assert layer.commitChanges()
    results = run("assessmap", {"MAP": str(path), "VALIDATION_POINTS": layer}, feedback)
    assert results["ACCURACY"] == pytest.approx(0.95, abs=0.05)
    assert results["ACCURACY_LOW"] < results["ACCURACY"] < results["ACCURACY_HIGH"] <= 1.0
    with open(results["TABLE"], encoding="utf-8", newline="") as file:
        rows = {(row["measure"], row["class"]): float(row["estimate"]) for row in csv.DictReader(file)}
    assert rows["area_ha", "1"] + rows["area_ha", "2"] == pytest.approx(24.0)
    assert Path(results["REPORT"]).is_file()
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match="60 labelled points, which would be lost"):
        run("drawvalidation", {"MAP": str(path), "NUMBER": 60, "MINIMUM_PER_CLASS": 20})


def test_change_arrives_with_its_legend(run, write_map, tmp_path):
    from qgis.core import QgsRasterLayer

    copy = tmp_path / "copy of the change.tif"
    results = run(
        "comparemaps", {"MAP_FROM": str(write_map("old", 30)), "MAP_TO": str(write_map("new", 36)), "CHANGE": str(copy)}
    )
    assert results["CHANGE"] == str(copy)
    layer = QgsRasterLayer(str(copy), "change", "gdal")
    assert [entry.label for entry in layer.renderer().classes()] == ["unchanged", "forest → field"]
    with open(results["TABLE"], encoding="utf-8", newline="") as file:
        areas = {(row["from"], row["to"]): row["area_ha"] for row in csv.DictReader(file)}
    assert areas["forest", "field"] == "2.4"


def test_a_raster_that_is_not_a_file_is_refused(run, qgis):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match="MAP"):
        run("drawvalidation", {"MAP": "/no/such/map.tif"})
