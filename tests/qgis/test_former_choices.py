"""The choices of a finished map come back as they were."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest


@pytest.fixture
def former(provider):
    from patchwork.plugin import former_choices

    return former_choices


def test_what_is_not_the_default_comes_back(former, finished_run, map_parameters):
    found = former.former_choices(Path(finished_run["WORKSPACE"]))
    assert found == map_parameters


def test_an_area_or_a_reference_that_is_gone_is_replaced_or_left_out(former, finished_run, tmp_path):
    workspace = shutil.copytree(finished_run["WORKSPACE"], tmp_path / "č")
    record = workspace / "records" / "makemap.json"
    facts = json.loads(record.read_text(encoding="utf-8"))
    gone = {"area": "/tmp/gone, too/layer.gpkg|layername=layer", "reference": "/tmp/gone.gpkg", "source": "stac"}
    gone |= {"validation_reference": "/tmp/gone, too.gpkg", "validation_class_field": "id"}
    facts["parameters"].update(gone)
    record.write_text(json.dumps(facts), encoding="utf-8")
    found = former.former_choices(workspace)
    assert "REFERENCE" not in found
    assert "CLASS_FIELD" not in found
    assert not [name for name in found if name.startswith("VALIDATION_")]
    assert found["AREA"] == former.area_of(workspace)
    record.unlink()
    assert former.former_choices(workspace) == {"AREA": former.area_of(workspace)}
    (workspace / "grid.json").write_text('{"area": "zz"}', encoding="utf-8")
    assert former.former_choices(workspace) == {}


def test_the_area_is_that_of_the_patches(former, finished_run):
    from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsVectorLayer

    workspace = Path(finished_run["WORKSPACE"])
    area = former.area_of(workspace)
    patches = QgsVectorLayer(str(workspace / "patches.gpkg"), "patches", "ogr")
    assert QgsCoordinateReferenceSystem(area["crs"]) == patches.crs()
    whole = QgsGeometry.unaryUnion([feature.geometry() for feature in patches.getFeatures()])
    shape = QgsGeometry.fromWkt(area["wkt"])
    assert shape.difference(whole).area() < 1
    assert shape.area() > 0.5 * whole.area()
