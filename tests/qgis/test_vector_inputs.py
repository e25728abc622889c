"""The engine gets a file with the features that QGIS shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def squares(qgis):
    """Four unit squares in a memory layer, with a `fid` that is not unique."""
    from qgis.core import QgsFeature, QgsGeometry, QgsRectangle, QgsVectorLayer

    layer = QgsVectorLayer("Polygon?crs=EPSG:32631&field=fid:integer&field=Class č:string", "squares", "memory")
    features = []
    for number in range(4):
        feature = QgsFeature(layer.fields())
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(number, 0, number + 1, 1)))
        feature.setAttributes([number // 2, f"class {number}"])
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


@pytest.fixture
def stored(squares, tmp_path):
    """The same squares in a shapefile without a CRS."""
    from qgis.core import QgsCoordinateTransformContext, QgsVectorFileWriter, QgsVectorLayer

    file = tmp_path / "squares č.shp"
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "ESRI Shapefile"
    options.fileEncoding = "UTF-8"
    QgsVectorFileWriter.writeAsVectorFormatV3(squares, str(file), QgsCoordinateTransformContext(), options)
    file.with_suffix(".prj").unlink()
    return QgsVectorLayer(str(file), "stored", "ogr")


def exported(value, encoding=""):
    """The path for the engine, and its layer."""
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProject, QgsVectorLayer

    from patchwork.processing_provider.vector_inputs import to_file

    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    path = to_file("Layer", value, context, QgsProcessingFeedback(False), encoding)
    return path, QgsVectorLayer(path, "exported", "ogr")


def test_a_memory_layer_comes_whole_with_its_fields_and_order(squares):
    _, layer = exported(squares)
    assert [feature["Class č"] for feature in layer.getFeatures()] == [f"class {number}" for number in range(4)]
    assert [feature["fid"] for feature in layer.getFeatures()] == [0, 0, 1, 1]
    assert layer.crs().authid() == "EPSG:32631"


def test_only_what_is_selected_comes(squares):
    from qgis.core import QgsProcessingFeatureSourceDefinition, QgsProject

    QgsProject.instance().addMapLayer(squares)
    squares.selectByIds([2, 3])
    _, layer = exported(QgsProcessingFeatureSourceDefinition(squares.id(), True))
    assert layer.featureCount() == 2
    _, layer = exported(QgsProcessingFeatureSourceDefinition(squares.id(), False))
    assert layer.featureCount() == 4
    QgsProject.instance().takeMapLayer(squares)


def test_an_export_keeps_the_feature_ids(stored):
    from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsRectangle

    stored.setCrs(QgsCoordinateReferenceSystem("EPSG:32631"))
    assert sorted(stored.allFeatureIds()) == [0, 1, 2, 3]
    stored.startEditing()
    stored.deleteFeature(1)
    for number in (8, 9):
        drawn = QgsFeature(stored.fields())
        drawn.setGeometry(QgsGeometry.fromRect(QgsRectangle(number, 0, number + 1, 1)))
        drawn["Class č"] = f"class {number}"
        stored.addFeature(drawn)
    _, layer = exported(stored)
    kept = {feature.id(): feature["Class č"] for feature in layer.getFeatures()}
    assert {id_: kept.pop(id_) for id_ in (0, 2, 3)} == {0: "class 0", 2: "class 2", 3: "class 3"}
    # What is drawn last has the highest id: where polygons overlap, it is used.
    assert [kept[id_] for id_ in sorted(kept)] == ["class 8", "class 9"]
    assert min(kept) > 3
    stored.rollBack()


def test_a_cancelled_export_is_no_layer(squares):
    from qgis.core import QgsProcessingContext, QgsProcessingException, QgsProcessingFeedback

    from patchwork.processing_provider.vector_inputs import to_file

    feedback = QgsProcessingFeedback(False)
    feedback.cancel()
    with pytest.raises(QgsProcessingException, match="Layer: the export was cancelled"):
        to_file("Layer", squares, QgsProcessingContext(), feedback)


def test_a_file_comes_as_it_is(stored):
    path, _ = exported(stored)
    assert path == stored.source()
    assert exported(stored.source())[0] == stored.source()


def test_a_filter_an_edit_and_a_crs_that_only_qgis_knows_come_along(stored):
    from qgis.core import QgsCoordinateReferenceSystem

    stored.setSubsetString("fid = 1")
    assert exported(stored)[1].featureCount() == 2
    stored.setSubsetString("")
    stored.startEditing()
    stored.deleteFeature(next(stored.getFeatures()).id())
    assert exported(stored)[1].featureCount() == 3
    stored.rollBack()
    stored.setCrs(QgsCoordinateReferenceSystem("EPSG:32633"))
    assert exported(stored)[1].crs().authid() == "EPSG:32633"


def test_one_layer_of_several_comes(squares, tmp_path):
    from qgis.core import QgsCoordinateTransformContext, QgsVectorFileWriter

    file = tmp_path / "two layers.gpkg"
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.layerOptions = ["FID=key"]
    for name, selected in (("some", [1]), ("all", [])):
        squares.selectByIds(selected)
        options.layerName, options.onlySelectedFeatures = name, bool(selected)
        QgsVectorFileWriter.writeAsVectorFormatV3(squares, str(file), QgsCoordinateTransformContext(), options)
        options.actionOnExistingFile = QgsVectorFileWriter.ActionOnExistingFile.CreateOrOverwriteLayer
    path, layer = exported(f"{file}|layername=all")
    assert path == f"{file}|layername=all"
    assert layer.featureCount() == 4
    assert exported(f"{file}|layername=some")[1].featureCount() == 1


def test_a_missing_layer_is_an_error(qgis):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match=r"Layer: .*/no/such/file\.gpkg"):
        exported(str(Path("/no/such/file.gpkg")))


@pytest.fixture
def undeclared(squares, tmp_path):
    """A shapefile in windows-1250 that does not declare it."""
    from qgis.core import QgsCoordinateTransformContext, QgsVectorFileWriter, QgsVectorLayer

    file = tmp_path / "undeclared.shp"
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "ESRI Shapefile"
    options.fileEncoding = "windows-1250"
    squares.startEditing()
    squares.changeAttributeValue(2, 1, "čebula")
    squares.renameAttribute(1, "crop")
    squares.commitChanges()
    QgsVectorFileWriter.writeAsVectorFormatV3(squares, str(file), QgsCoordinateTransformContext(), options)
    file.with_suffix(".cpg").unlink()
    return QgsVectorLayer(str(file), "undeclared", "ogr")


def test_an_encoding_that_the_user_has_set_for_the_layer_comes_along(undeclared):
    assert exported(undeclared)[0] == undeclared.source()
    undeclared.setProviderEncoding("windows-1250")
    path, layer = exported(undeclared)
    assert path != undeclared.source()
    assert [feature.attributes()[-1] for feature in layer.getFeatures()][1] == "čebula"


def test_a_selection_is_exported_in_the_given_encoding(undeclared):
    from qgis.core import QgsProcessingFeatureSourceDefinition, QgsProject

    QgsProject.instance().addMapLayer(undeclared)
    undeclared.selectByIds([1, 2])
    selection = QgsProcessingFeatureSourceDefinition(undeclared.id(), True)
    _, layer = exported(selection, "cp1250")
    assert [feature.attributes()[-1] for feature in layer.getFeatures()] == ["čebula", "class 2"]
    QgsProject.instance().takeMapLayer(undeclared)


def test_a_format_that_may_lead_elsewhere_is_exported(squares, tmp_path):
    from qgis.core import QgsCoordinateTransformContext, QgsVectorFileWriter

    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GML"
    file = tmp_path / "squares.gml"
    QgsVectorFileWriter.writeAsVectorFormatV3(squares, str(file), QgsCoordinateTransformContext(), options)
    path, layer = exported(str(file))
    assert path.endswith(".gpkg")
    assert layer.featureCount() == 4


def test_a_check_reads_a_layer_in_the_given_encoding(run, undeclared):
    parameters = {"REFERENCE": undeclared.source(), "CLASS_FIELD": "crop"}
    results = run("checkreference", {**parameters, "ENCODING": "windows-1250"})
    assert [entry["name"] for entry in json.loads(results["CLASSES"])] == ["class 0", "class 2", "class 3", "čebula"]


def test_a_check_names_broken_shapes_of_an_export(run, squares):
    from qgis.core import QgsGeometry

    endless = "POLYGON((0 0, 1e999 0, 1 1, 0 0))"
    squares.dataProvider().changeGeometryValues({2: QgsGeometry.fromWkt(endless)})
    results = run("checkreference", {"REFERENCE": squares, "CLASS_FIELD": "Class č"})
    assert "1 feature dropped" in results["PROBLEMS"]
    assert len(json.loads(results["CLASSES"])) == 3
