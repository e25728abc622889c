"""The commands of what the dock runs: inputs that are in no file become files."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest


@pytest.fixture
def values(provider, tmp_path):
    """The plain values of a run with a drawn area and a selection of a layer in memory."""
    from qgis.core import QgsFeature, QgsGeometry, QgsProcessingFeatureSourceDefinition, QgsProject, QgsVectorLayer

    from patchwork.plugin.commands import plain_values
    from patchwork.plugin.session import as_layer

    fields = QgsVectorLayer("Polygon?crs=EPSG:32633&field=class:integer", "fields", "memory")
    for number in range(3):
        feature = QgsFeature(fields.fields())
        feature.setGeometry(QgsGeometry.fromWkt(f"POLYGON(({number} 0, {number} 1, {number + 1} 1, {number} 0))"))
        feature.setAttribute("class", 10 * number)
        fields.dataProvider().addFeature(feature)
    fields.selectByIds([3])
    QgsProject.instance().addMapLayer(fields)
    yield plain_values(
        {
            "WORKSPACE": str(tmp_path / "my map's č"),
            "SOURCE": "sample",
            "AREA": as_layer({"wkt": "POLYGON((0 0, 0 9, 9 0, 0 0))", "crs": "EPSG:32633"}),
            "REFERENCE": QgsProcessingFeatureSourceDefinition(fields.id(), True),
            "CLASS_FIELD": "class",
            "VALIDATION_REFERENCE": "/nowhere/other.gpkg",
            "SMOOTHING": 2,
        }
    )
    QgsProject.instance().removeMapLayer(fields.id())


def test_what_is_in_no_file_becomes_one(values, tmp_path):
    from qgis.core import QgsVectorLayer

    folder = tmp_path / "my map's č" / "inputs"
    assert (values["AREA"], values["REFERENCE"]) == (str(folder / "area.gpkg"), str(folder / "reference.gpkg"))
    area, selected = (QgsVectorLayer(values[name], name, "ogr") for name in ("AREA", "REFERENCE"))
    (shape,) = area.getFeatures()
    assert (shape.geometry().area(), area.crs().authid()) == (40.5, "EPSG:32633")
    assert [(feature.id(), feature["class"]) for feature in selected.getFeatures()] == [(3, 20)]
    assert values["VALIDATION_REFERENCE"] == "/nowhere/other.gpkg"


def test_both_commands_say_the_same(values, run):
    from patchwork.core.operations.makemap import MakeMap
    from patchwork.plugin.commands import as_process, as_python

    program, *rest = shlex.split(as_process(values))
    assert Path(program).name.startswith("qgis_process")
    assert rest[:3] == ["run", "patchwork:makemap", "--"]
    given = dict(word.split("=", 1) for word in rest[3:])
    got = {}
    scope = {"run": lambda name, own: got.update(own, name=name)}
    exec(as_python(values), {"processing": type("Processing", (), {"run": staticmethod(scope["run"])})})
    assert got.pop("name") == "patchwork:makemap"
    assert {name: str(value) for name, value in got.items()} == given
    lower = {name.lower(): value for name, value in given.items()}
    assert MakeMap.from_values(lower).smoothing == 2
