"""Algorithms run with the real engine: results are values, files, layers and messages."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def parameters(small, flanders):
    """The parameters of a whole map, without the workspace."""
    reference = str(flanders / "reference.shp")
    return {
        "IMAGERY": str(small),
        "REFERENCE": reference,
        "CLASS_FIELD": "crop",
        "PATCH_SIZE": 320,
        "VALIDATION": "polygons",
    }


def engine(python, operation, values):
    """The engine's own command line."""
    command = [python, "-m", "patchwork.core", operation]
    for name, value in values.items():
        command += [f"--{name.lower().replace('_', '-')}", str(value)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "core" / "launcher")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def exception():
    from qgis.core import QgsProcessingException

    return QgsProcessingException


@pytest.fixture(scope="module")
def made(run, parameters, tmp_path_factory):
    """A whole map of the algorithm, with destinations."""
    folder = tmp_path_factory.mktemp("run with spaces č")
    wanted = {"MAP": str(folder / "my map.tif"), "REPORT": str(folder / "page.html")}
    return folder, run("makemap", {**parameters, **wanted, "WORKSPACE": str(folder / "work")})


def test_the_map_equals_that_of_the_engine(made, parameters, engine_python, tmp_path):
    _, results = made
    own = engine(engine_python, "makemap", {**parameters, "WORKSPACE": tmp_path / "work"})
    assert Path(results["MAP"]).read_bytes() == Path(own["MAP"]).read_bytes()
    assert results["ACCURACY"] == own["ACCURACY"]


def test_results_are_copies_where_asked_for_and_lie_in_the_workspace_otherwise(made):
    folder, results = made
    assert results["MAP"] == str(folder / "my map.tif")
    assert (folder / "my map.qml").is_file()
    assert "<html" in Path(results["REPORT"]).read_text(encoding="utf-8")[:300].lower()
    assert folder / "work" in Path(results["CONFIDENCE"]).parents
    assert results["WORKSPACE"] == str(folder / "work")


def test_a_map_arrives_as_a_styled_layer_with_a_name(made, run, parameters):
    from processing.gui.Postprocessing import handleAlgorithmResults
    from qgis.core import (
        QgsPalettedRasterRenderer,
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsProcessingOutputLayerDefinition,
        QgsProject,
    )

    folder, _ = made
    project = QgsProject()
    context = QgsProcessingContext()
    context.setProject(project)
    shown = QgsProcessingOutputLayerDefinition("TEMPORARY_OUTPUT", project)
    values = {**parameters, "WORKSPACE": str(folder / "work"), "MAP": shown}
    algorithm = _algorithm("makemap")
    feedback = QgsProcessingFeedback(False)
    _, ok = algorithm.run(values, context, feedback)
    assert ok, feedback.textLog()
    assert handleAlgorithmResults(algorithm, context, feedback)
    (layer,) = project.mapLayers().values()
    assert layer.name() == "Land-cover map"
    assert folder / "work" in Path(layer.source()).parents
    assert isinstance(layer.renderer(), QgsPalettedRasterRenderer)
    assert len(layer.renderer().classes()) >= 2


def _algorithm(name):
    from qgis.core import QgsApplication

    return QgsApplication.processingRegistry().createAlgorithmById(f"patchwork:{name}")


def test_messages_warnings_and_progress_reach_the_user(run, small, tmp_path, feedback):
    result = run("splitarea", {"IMAGERY": str(small), "WORKSPACE": str(tmp_path / "work")}, feedback)
    assert any("64 × 64 pixels" in text for text in feedback.infos)
    assert feedback.steps[-1] == 100.0
    assert result["PATCH_NUMBER"] == 1


def test_band_names_reach_the_engine(run, small, tmp_path):
    def found_bands(**more):
        for name in ("splitarea", "findscenes"):
            run(name, {"WORKSPACE": str(tmp_path), "IMAGERY": str(small), **more})
        return json.loads((tmp_path / "scenes.json").read_text())["acquisitions"][0]["bands"]

    bands = found_bands()
    assert found_bands(BAND_NAMES=",".join(reversed(bands))) == bands[::-1]


@pytest.mark.parametrize("form", ["{0},{2},{1},{3} [EPSG:32631]", "{0},{1},{2},{3},EPSG:32631"])
def test_an_extent_is_an_area(run, small, tmp_path, form):
    box = _footprint(small)
    half = [box.xMinimum(), box.yMinimum(), box.center().x(), box.yMaximum()]
    values = {"IMAGERY": str(small), "WORKSPACE": str(tmp_path / "work"), "AREA": form.format(*half), "PATCH_SIZE": 160}
    assert run("splitarea", values)["PATCH_NUMBER"] == 3 * 5  # cut on multiples of 160 m from the zone's origin


def _footprint(small):
    from qgis.core import QgsRasterLayer

    return QgsRasterLayer(str(next(small.iterdir())), "scene").extent()


def _memory_layer(box, *, parts=2):
    """Vertical strips of a rectangle as polygons."""
    from qgis.core import QgsFeature, QgsGeometry, QgsRectangle, QgsVectorLayer

    layer = QgsVectorLayer("Polygon?crs=EPSG:32631&field=class:string", "strips", "memory")
    features = []
    for number in range(parts):
        left = box.xMinimum() + box.width() * number / parts
        feature = QgsFeature(layer.fields())
        strip = QgsRectangle(left, box.yMinimum(), left + box.width() / parts, box.yMaximum())
        feature.setGeometry(QgsGeometry.fromRect(strip))
        feature.setAttributes([f"class {number}"])
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def test_a_memory_layer_and_a_selection_of_it_are_an_area(run, small, tmp_path):
    from qgis.core import QgsProcessingFeatureSourceDefinition, QgsProject

    layer = _memory_layer(_footprint(small))
    QgsProject.instance().addMapLayer(layer)
    layer.select(next(layer.getFeatures()).id())
    values = {"IMAGERY": str(small), "PATCH_SIZE": 160}
    whole = run("splitarea", {**values, "WORKSPACE": str(tmp_path / "whole"), "AREA": layer})
    selected = QgsProcessingFeatureSourceDefinition(layer.id(), True)
    half = run("splitarea", {**values, "WORKSPACE": str(tmp_path / "half"), "AREA": selected})
    QgsProject.instance().removeMapLayer(layer)
    assert (whole["PATCH_NUMBER"], half["PATCH_NUMBER"]) == (5 * 5, 3 * 5)


def test_what_qgis_shows_of_a_reference_reaches_the_engine(run, made, flanders, tmp_path):
    """A file with spaces and a č in its name, one layer of several, a filter, and a virtual field for the class."""
    from qgis.core import QgsCoordinateTransformContext, QgsVectorFileWriter, QgsVectorLayer

    folder, _ = made
    file = tmp_path / "moja č plast.gpkg"
    original = QgsVectorLayer(str(flanders / "reference.shp"), "reference", "ogr")
    options = QgsVectorFileWriter.SaveVectorOptions()
    for name in ("other", "polygons"):
        options.layerName = name
        QgsVectorFileWriter.writeAsVectorFormatV3(original, str(file), QgsCoordinateTransformContext(), options)
        options.actionOnExistingFile = QgsVectorFileWriter.ActionOnExistingFile.CreateOrOverwriteLayer
    layer = QgsVectorLayer(f"{file}|layername=polygons", "polygons", "ogr")
    layer.setSubsetString('"crop" in (1200, 9120)')
    (shown,) = QgsVectorLayer("None?field=shown:string", "", "memory").fields()
    layer.addExpressionField("\"crop\" || ' of QGIS'", shown)
    results = run("rasterizereference", {"WORKSPACE": str(folder / "work"), "REFERENCE": layer, "CLASS_FIELD": "shown"})
    masks = sorted(file.name for file in Path(results["MASKS"]).glob("mask_*.tif"))
    assert {"mask_1.tif", "mask_2.tif"} <= set(masks)
    record = (folder / "work" / "records" / "rasterizereference.json").read_text(encoding="utf-8")
    assert "1200 of QGIS" in record
    assert "9120 of QGIS" in record


def test_a_model_chains_steps_through_the_workspace(provider, small, tmp_path):
    from qgis.core import (
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsProcessingModelAlgorithm,
        QgsProcessingModelChildAlgorithm,
        QgsProcessingModelChildParameterSource,
        QgsProcessingModelParameter,
        QgsProcessingParameterFile,
    )

    model = QgsProcessingModelAlgorithm("chain", "Tests")
    folder = QgsProcessingParameterFile("FOLDER", "Folder", behavior=QgsProcessingParameterFile.Behavior.Folder)
    model.addModelParameter(folder, QgsProcessingModelParameter("FOLDER"))
    workspace = QgsProcessingModelChildParameterSource.fromModelParameter("FOLDER")
    imagery = QgsProcessingModelChildParameterSource.fromStaticValue(str(small))
    for name in ("splitarea", "downloadscenes", "maskclouds"):
        child = QgsProcessingModelChildAlgorithm(f"patchwork:{name}")
        child.setChildId(name)
        child.addParameterSources("WORKSPACE", [workspace])
        if name != "maskclouds":
            child.addParameterSources("IMAGERY", [imagery])
        model.addChildAlgorithm(child)
        workspace = QgsProcessingModelChildParameterSource.fromChildOutput(name, "WORKSPACE")
    model.initAlgorithm()
    values = {"FOLDER": str(tmp_path / "work")}
    results, ok = model.run(values, QgsProcessingContext(), QgsProcessingFeedback(False))
    assert ok, results
    clouds = list((tmp_path / "work" / "clouds").rglob("*.tif"))
    assert len(clouds) == len(list(small.glob("*.tif")))


def test_cancelling_ends_the_engine_and_all_its_processes(
    run, parameters, flanders, tmp_path, feedback, monkeypatch, processes_with
):
    workspace = tmp_path / "work"
    monkeypatch.setenv("PATCHWORK_TEST_MARKER", str(workspace))
    alive, cancelled = [], []

    def cancel():
        while not feedback.infos:
            time.sleep(0.05)
        time.sleep(1.5)
        alive.extend(processes_with(workspace))
        cancelled.append(time.monotonic())
        feedback.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    values = {**parameters, "IMAGERY": str(flanders), "PATCH_SIZE": 80, "WORKSPACE": str(workspace)}
    results = run("makemap", values, feedback)
    seconds = time.monotonic() - cancelled[0]  # it ended after the cancellation, not by itself
    assert processes_with(workspace) == []
    thread.join()
    assert alive
    assert seconds < 10
    assert "MAP" not in results
    assert not (workspace / "map.tif").exists()


def test_an_error_of_the_engine_is_shown_to_the_user(run, tmp_path, engine_python):
    with pytest.raises(exception(), match=r"has no .* yet: run .* first"):
        run("maskclouds", {"WORKSPACE": str(tmp_path / "empty")})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"CLASS_FIELD": "no such field"}, "has no field no such field. It has .*crop"),
        ({"IMAGERY": "/no/such/folder"}, "there is no folder /no/such/folder"),
        ({"BANDS": "B02", "INDICES": "NDVI,nonsense"}, "'nonsense' is not one of"),
        ({"CLASSIFIER": "oracle"}, "CLASSIFIER|Classifier"),
        ({"REFERENCE": "/no/such/file.shp"}, "Reference|REFERENCE"),
        ({"PATCH_SIZE": 0}, "must be greater than 0"),
        ({"AREA": "/no/such/area.gpkg"}, "AREA|Area"),
        ({"MAP": "/tmp/map.png"}, r"MAP\).*must end in \.tif"),
        ({"REPORT": "/no/such/folder/report.html"}, "there is no folder /no/such/folder"),
    ],
)
def test_wrong_parameters_are_found_before_a_run(provider, parameters, tmp_path, wrong, message):
    import re

    from qgis.core import QgsProcessingContext

    values = {**parameters, "WORKSPACE": str(tmp_path / "work"), **wrong}
    ok, text = _algorithm("makemap").checkParameterValues(values, QgsProcessingContext())
    assert not ok
    assert re.search(message, text)
    assert not (tmp_path / "work").exists()


def test_right_parameters_pass_the_check(provider, parameters, tmp_path):
    from qgis.core import QgsProcessingContext

    values = {**parameters, "WORKSPACE": str(tmp_path / "work"), "START": "2018-01-01"}
    assert _algorithm("makemap").checkParameterValues(values, QgsProcessingContext()) == (True, "")
