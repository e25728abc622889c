"""Runs that replace files of open layers, on a system that refuses to: layers are closed meanwhile and come back."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

# A Python that, as Windows does, neither replaces nor removes a file that a process has open: here, that of the tests.
LOCKED = """
import os, pathlib

def is_open(path):
    folder = os.path.join("/proc", os.environ["LAYERS_OF"], "fd")
    for number in os.listdir(folder):
        try:
            if os.readlink(os.path.join(folder, number)) == os.path.realpath(path):
                return True
        except OSError:
            pass
    return False

def guarded(act):
    def guard(*paths, **options):
        for path in paths:
            if is_open(path):
                raise PermissionError(13, "The process cannot access the file", str(path))
        return act(*paths, **options)
    return guard

os.replace, pathlib.Path.unlink = guarded(os.replace), guarded(pathlib.Path.unlink)
"""


@pytest.fixture
def locked(monkeypatch, engine_python, tmp_path, provider):
    """An engine on a system that locks open files."""
    from patchwork.core import system

    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(LOCKED)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}:$PYTHONPATH" exec "{engine_python}" "$@"\n')
    python.chmod(0o755)
    monkeypatch.setenv("PATCHWORK_PYTHON", str(python))
    monkeypatch.setenv("LAYERS_OF", str(os.getpid()))
    monkeypatch.setattr(system, "OPEN_FILES_ARE_LOCKED", True)
    return monkeypatch


@pytest.fixture
def project(provider):
    from qgis.core import QgsProject

    QgsProject.instance().clear()
    yield QgsProject.instance()
    QgsProject.instance().clear()


@pytest.fixture
def workspace(finished_run, tmp_path):
    return Path(shutil.copytree(finished_run["WORKSPACE"], tmp_path / "fields č"))


@pytest.fixture
def shown(project, workspace):
    """Layers of the workspace as a user has arranged them; and one that lies elsewhere."""
    from qgis.core import QgsCoordinateReferenceSystem, QgsRasterLayer, QgsVectorLayer

    shutil.copy(workspace / "map.tif", workspace.with_name("other.tif"))
    layers = [
        QgsVectorLayer(f"{workspace / 'patches.gpkg'}|layername=patches", "my patches", "ogr"),
        QgsRasterLayer(str(workspace / "map.tif"), "my map"),
        QgsRasterLayer(str(next((workspace / "acquisitions").glob("*.vrt"))), "a scene"),
        QgsRasterLayer(str(workspace.with_name("other.tif")), "elsewhere"),
    ]
    for layer in layers:
        assert layer.isValid()
        project.addMapLayer(layer)
    patches, land, scene, _ = layers
    scene.dataProvider().block(1, scene.extent(), 9, 9)  # opens the files of the patches
    patches.setSubsetString("\"id\" <> 'none'")
    patches.setCrs(QgsCoordinateReferenceSystem("EPSG:32632"))
    land.setOpacity(0.25)
    land.setCustomProperty("of the user", "kept")
    project.layerTreeRoot().findLayer(scene.id()).setItemVisibilityChecked(False)
    return layers


def state(project):
    """What a user sees of all layers, and has set in them."""
    from qgis.core import QgsMapLayerStyle

    found = []
    for node in project.layerTreeRoot().findLayers():
        layer, style = node.layer(), QgsMapLayerStyle()
        style.readFromLayer(layer)
        facts = (layer.id(), layer.name(), layer.source(), layer.providerType(), layer.crs().authid())
        found.append((*facts, node.isVisible(), style.xmlData(), layer.isValid()))
    return found


def is_held(path):
    links = (os.path.join("/proc/self/fd", number) for number in os.listdir("/proc/self/fd"))
    return any(os.path.realpath(link) == str(path) for link in links if os.path.exists(link))


def test_a_run_replaces_the_map_that_is_shown(run, locked, project, workspace, shown, map_parameters):
    before, old = state(project), (workspace / "map.tif").read_bytes()
    assert is_held(workspace / "map.tif")
    run("makemap", {**map_parameters, "EROSION": 0, "SMOOTHING": 1, "WORKSPACE": str(workspace)})
    assert (workspace / "map.tif").read_bytes() != old
    assert state(project) == before
    assert is_held(workspace / "map.tif")
    assert list(workspace.rglob(".part-*")) == []


def test_layers_come_back_after_a_failure_and_a_cancelled_run(run, locked, project, workspace, shown, feedback):
    from qgis.core import QgsProcessingException

    before, seen = state(project), []
    (workspace / "model.skops").write_text("broken")
    with pytest.raises(QgsProcessingException):
        run("classifypatches", {"WORKSPACE": str(workspace), "MODEL": str(workspace / "model.skops")})
    assert state(project) == before
    feedback.isCanceled = lambda: seen.append([row[2] for row in state(project)]) or True
    run("observationstatistics", {"WORKSPACE": str(workspace)}, feedback)
    assert [str(workspace) in source for source in seen[0]] == [False, False, False, False]
    assert state(project) == before


def test_a_run_in_the_background_releases_in_the_thread_of_the_window(locked, project, workspace, shown, qgis):
    from qgis.core import QgsProcessingAlgRunnerTask, QgsProcessingContext, QgsProcessingFeedback
    from qgis.PyQt.QtCore import QEventLoop, QThread

    before, threads, ended = state(project), [], []
    for layer in shown:
        layer.dataSourceChanged.connect(lambda: threads.append(QThread.currentThread() == qgis.thread()))
    algorithm = qgis.processingRegistry().createAlgorithmById("patchwork:mosaicmap")
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    context.setProject(project)
    values = {"WORKSPACE": str(workspace), "LAYER": "confidence"}
    task, loop = QgsProcessingAlgRunnerTask(algorithm, values, context, feedback), QEventLoop()
    task.executed.connect(lambda succeeded, results: (ended.append(succeeded), loop.quit()))
    qgis.taskManager().addTask(task)
    loop.exec()
    while state(project) != before:
        qgis.processEvents()
    assert ended == [True]
    assert threads == [True] * 6


def test_a_project_saved_during_a_run_has_the_true_sources(locked, project, workspace, shown, tmp_path):
    from patchwork.processing_provider.released import released

    before, file = state(project), str(tmp_path / "project.qgs")
    with released(project, [workspace]):
        assert not is_held(workspace / "map.tif")
        assert project.write(file)
    assert state(project) == before
    assert project.read(file)
    assert [row[:6] for row in state(project)] == [row[:6] for row in before]
    assert all(layer.isValid() for layer in project.mapLayers().values())


def test_another_program_that_holds_the_map_costs_nothing_but_the_run(run, locked, project, workspace, shown):
    """Another window that has the file open cannot be asked to close it."""
    from qgis.core import QgsProcessingException

    old = (workspace / "map.tif").read_bytes()
    shutil.rmtree(workspace / "maps")
    run("classifypatches", {"WORKSPACE": str(workspace), "SMOOTHING": 1})
    with (workspace / "map.tif").open(), pytest.raises(QgsProcessingException, match=r"map\.tif cannot be replaced"):
        run("mosaicmap", {"WORKSPACE": str(workspace)})
    assert (workspace / "map.tif").read_bytes() == old
    run("mosaicmap", {"WORKSPACE": str(workspace)})
    assert (workspace / "map.tif").read_bytes() != old


def test_a_layer_that_is_edited_keeps_its_edits_and_is_named(run, locked, project, workspace, shown, map_parameters):
    from qgis.core import QgsProcessingException

    patches = shown[0]
    assert patches.startEditing()
    with pytest.raises(
        QgsProcessingException, match=r"patches\.gpkg cannot be replaced[^$]*my patches is being edited"
    ):
        run("splitarea", {**map_parameters, "PATCH_SIZE": 200, "WORKSPACE": str(workspace)})
    assert patches.isEditable()
    patches.rollBack()


def test_a_layer_that_is_added_during_a_run_is_released_too(locked, project, workspace, shown, qgis):
    from qgis.core import QgsRasterLayer

    from patchwork.processing_provider.released import released

    with released(project, [workspace]):
        project.addMapLayer(QgsRasterLayer(str(workspace / "confidence.tif"), "late"))
        assert is_held(workspace / "confidence.tif")
        qgis.processEvents()
        assert not is_held(workspace / "confidence.tif")
    (late,) = project.mapLayersByName("late")
    assert late.source() == str(workspace / "confidence.tif")


def test_an_empty_file_that_is_still_drawn_does_no_harm(locked, project, workspace, shown, monkeypatch):
    from patchwork.processing_provider.released import released

    before, remove = state(project), os.unlink

    def refuse(path, **options):
        if str(path).endswith(".vrt"):
            raise PermissionError(13, "The process cannot access the file", str(path))
        remove(path, **options)

    with released(project, [workspace]):
        monkeypatch.setattr(os, "unlink", refuse)
    assert state(project) == before


def test_where_open_files_can_be_replaced_layers_stay_as_they_are(project, workspace, shown):
    from patchwork.processing_provider.released import released

    changed = []
    for layer in shown:
        layer.dataSourceChanged.connect(lambda: changed.append(threading.get_ident()))
    with released(project, [workspace]):
        assert is_held(workspace / "map.tif")
    assert changed == []
