"""The real QGIS window: what to do about labels and accuracy."""

from __future__ import annotations

import json
import re

import pytest
from qgis.core import QgsCoordinateTransformContext, QgsVectorFileWriter, QgsVectorLayer


def test_a_wrong_label_is_corrected_and_validation_points_are_labelled_by_keys(play, wrongly_labelled):
    workspace, reference, choices, (polygon, own, given) = wrongly_labelled
    told = play("quality_story", WORKSPACE=workspace, REFERENCE=reference, CHOICES=json.dumps(choices))
    assert [polygon, given, own] in told["suspects"]
    first, class_id, suggested = told["suspects"][0]
    assert f"polygon {first}" in told["words"]
    assert told["curves"] == [str(class_id), str(suggested)] or told["curves"] == [str(suggested), str(class_id)]
    assert told["seen"]
    assert told["corrections"] == f"{first}={suggested}"
    assert told["undone"] is None
    assert told["edited"].startswith("1 polygon edited in reference")
    assert told["in_buffer"] == {str(first): [suggested]}
    assert told["made"].startswith("The map is finished, with ")
    assert re.fullmatch(r"\d+\.\d % of the map has changed\.", told["changed"])
    assert "Change since the map before" in told["group"]
    assert told["suggested"][0] == 10
    assert re.match(r"1 / 10: \w+ \(\d+ %\) or \w+ \(\d+ %\)\?", told["suggested"][1])
    assert told["hidden"] == ["", 0]
    assert told["map_is_shown"] == [False]
    assert told["scenes"] == ["2018-05-09 11:04"]  # clear, and nearest to the middle
    assert [is_told for _, is_told in told["stored"]] == [False] * 9 + [True]
    assert len({label for label, _ in told["stored"][:9]}) == 2
    assert told["stored"][9][0] == 0
    assert "(10 labelled)" in told["title"]
    assert told["assessed"].startswith("Accuracy of the map ")
    assert told["page"]
    assert (told["kept"], told["of_another_field"]) == (told["corrections"], None)


@pytest.fixture(scope="module")
def wrongly_labelled(run, small, flanders, tmp_path_factory):
    """A map of Flanders whose reference has one wrong label: its workspace, the reference, the choices of the dock, and
    the polygon with its right and its wrong class."""
    folder = tmp_path_factory.mktemp("labels")
    source = QgsVectorLayer(str(flanders / "reference.shp"), "reference", "ogr")
    options = QgsVectorFileWriter.SaveVectorOptions()
    reference = folder / "fields.gpkg"
    QgsVectorFileWriter.writeAsVectorFormatV3(source, str(reference), QgsCoordinateTransformContext(), options)
    layer = QgsVectorLayer(str(reference), "reference", "ogr")
    largest = max(layer.getFeatures(), key=lambda feature: feature.geometry().area())
    own = largest["crop"]
    given = next(feature["crop"] for feature in layer.getFeatures() if feature["crop"] != own)
    place = layer.fields().lookupField("crop")
    assert layer.dataProvider().changeAttributeValues({largest.id(): {place: given}})
    choices = {
        "SOURCE": "folder",
        "IMAGERY": str(small),
        "CLASS_FIELD": "crop",
        "PATCH_SIZE": 640,
        "PER_CLASS": 200,
        "VALIDATION": "polygons",
    }
    workspace = folder / "map č"
    run("makemap", {**choices, "REFERENCE": str(reference), "WORKSPACE": str(workspace)})
    return str(workspace), str(reference), choices, (largest.id(), int(own), int(given))
