"""Layers are added to the group of their run, named, styled and sorted, from the dock and from the toolbox."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


def add_run(project, workspace, title, *, scenes=True):
    """All layers of a workspace in their group, as the dock adds them one by one."""
    from patchwork.processing_provider import layers

    group = layers.run_group(project, workspace, title)
    wanted = layers.layers_of(workspace, scenes=scenes)
    layers.remove_others(project, group, wanted)
    for layer in wanted:
        layers.show_layer(project, group, layer)
    return group


@pytest.fixture(scope="module")
def layers(provider):
    from patchwork.processing_provider import layers

    return layers


@pytest.fixture(scope="module")
def workspace(finished_run):
    return Path(finished_run["WORKSPACE"])


@pytest.fixture
def project(provider):
    """The project instance of QGIS, empty: QGIS 3.40 crashes if another one is deleted."""
    from qgis.core import QgsProject

    project = QgsProject.instance()
    project.clear()
    yield project
    project.clear()


def tree(group):
    """The names in a group from top to bottom, subgroups as (name, names)."""
    from qgis.core import QgsLayerTree

    return [(child.name(), tree(child)) if QgsLayerTree.isGroup(child) else child.name() for child in group.children()]


def layer_named(project, name):
    (layer,) = project.mapLayersByName(name)
    return layer


PRODUCTS = ["Patches", "Land-cover map", "Confidence", "Valid observations", "Mean cloud probability", "Mean NDVI"]


def test_a_run_is_one_group_in_order(layers, workspace, project):
    group = add_run(project, workspace, layers.group_title(workspace))
    assert tree(project.layerTreeRoot()) == [("Patchwork – fields 1", tree(group))]
    *products, (reference, labels), (scenes, times) = tree(group)
    assert products == PRODUCTS
    assert (reference, scenes) == ("Reference", "Scenes")
    assert labels[0] == "Labels"
    assert len(labels) > 3
    expected = sorted(path.stem.rpartition("_")[2] for path in (workspace / "acquisitions").glob("*.vrt"))
    assert [name.replace("-", "").replace(":", "").replace(" ", "T") for name in times] == [t[:-2] for t in expected]
    assert times[0] == "2017-08-04 10:53"


def test_only_the_map_and_the_patches_are_seen_at_first(layers, workspace, project):
    group = add_run(project, workspace, "run")
    assert [node.name() for node in group.findLayers() if node.isVisible()] == PRODUCTS[:2]
    for name in ("Reference", "Scenes"):
        assert not group.findGroup(name).isExpanded()
        assert not group.findGroup(name).itemVisibilityChecked()
        assert all(node.itemVisibilityChecked() for node in group.findGroup(name).findLayers()[1:])


def test_layers_have_their_styles(layers, workspace, project):
    add_run(project, workspace, "run")
    renderers = {name: layer_named(project, name).renderer().type() for name in PRODUCTS[1:]}
    assert renderers.pop("Land-cover map") == "paletted"
    assert set(renderers.values()) == {"singlebandpseudocolor"}
    patches = layer_named(project, "Patches")
    assert (patches.labelsEnabled(), patches.labeling().settings().fieldName) == (False, "id")  # on demand
    classes = layer_named(project, "Land-cover map").renderer().classes()
    masks = [node.name() for node in project.layerTreeRoot().findGroup("Reference").findLayers()]
    assert masks[1:] == [entry.label for entry in classes]


def test_the_scenes_play_the_year(layers, workspace, project):
    group = add_run(project, workspace, "run")
    scenes = [node.layer() for node in group.findGroup("Scenes").findLayers()]
    shown = [layer.temporalProperties().fixedTemporalRange() for layer in scenes]
    assert all(layer.temporalProperties().isActive() for layer in scenes)
    assert all(one.end() < other.begin() for one, other in zip(shown, shown[1:]))
    assert all(one.end().secsTo(other.begin()) == 1 for one, other in zip(shown, shown[1:]))
    assert all(layer.renderer().type() == "multibandcolor" for layer in scenes)


def test_a_run_made_again_leaves_what_the_user_made_of_its_layers(layers, workspace, project):
    from qgis.core import QgsVectorLayer

    group = add_run(project, workspace, "run")
    before = tree(group)
    own = QgsVectorLayer("Point?crs=EPSG:4326", "my own", "memory")
    project.addMapLayer(own, False)
    group.insertLayer(2, own)
    group.setName("renamed")
    confidence = layer_named(project, "Confidence")
    confidence.setName("how sure")
    confidence.setOpacity(0.5)
    group.findLayer(confidence).setItemVisibilityChecked(True)
    group.findLayer(layer_named(project, "Land-cover map")).setExpanded(False)
    ids = set(project.mapLayers())
    project.removeMapLayer(layer_named(project, "Mean cloud probability").id())
    again = add_run(project, workspace, "run", scenes=True)
    assert again.name() == "renamed"
    expected = [*before[:2], "my own", "how sure", *before[3:]]
    assert tree(again) == expected
    assert len(set(project.mapLayers()) - ids) == 1
    assert confidence.opacity() == 0.5
    assert group.findLayer(confidence).itemVisibilityChecked()
    assert not group.findLayer(layer_named(project, "Land-cover map")).isExpanded()
    add_run(project, workspace, "run", scenes=False)
    assert "Scenes" not in [group.name() for group in project.layerTreeRoot().findGroups(True)]


def test_another_style_of_a_run_and_a_larger_area_are_seen(layers, workspace, project, tmp_path):
    from osgeo import gdal

    work = shutil.copytree(workspace, tmp_path / "fields 6")
    group = add_run(project, work, "run", scenes=False)
    shown = layer_named(project, "Land-cover map")
    legend = shown.renderer().classes()
    style = (work / "map.qml").read_text(encoding="utf-8")
    (work / "map.qml").write_text(style.replace(legend[0].label, "another name"), encoding="utf-8")
    width = shown.extent().width()
    box = shown.extent().buffered(width / 4)
    corners = [box.xMinimum(), box.yMaximum(), box.xMaximum(), box.yMinimum()]
    gdal.Translate(str(work / "other.tif"), str(work / "map.tif"), projWin=corners)
    (work / "other.tif").replace(work / "map.tif")
    add_run(project, work, "run", scenes=False)
    assert [entry.label for entry in shown.renderer().classes()] == ["another name", *[e.label for e in legend[1:]]]
    assert shown.extent().width() == pytest.approx(1.5 * width)
    assert group.findLayer(shown) is not None


def test_the_legend_of_the_map_lists_its_classes_alone(layers, workspace, project):
    from qgis.core import QgsLayerTreeModel

    group = add_run(project, workspace, "run", scenes=False)
    shown = layer_named(project, "Land-cover map")
    model = QgsLayerTreeModel(project.layerTreeRoot())
    nodes = model.layerLegendNodes(group.findLayer(shown))
    assert [node.data(0) for node in nodes] == [entry.label for entry in shown.renderer().classes()]


def test_a_project_that_was_saved_knows_its_runs(layers, workspace, project, tmp_path):
    add_run(project, workspace, "run")
    before = tree(project.layerTreeRoot())
    assert project.write(str(tmp_path / "project.qgz"))
    project.clear()
    assert project.read(str(tmp_path / "project.qgz"))
    add_run(project, workspace, "run")
    assert tree(project.layerTreeRoot()) == before


def test_two_runs_have_two_groups(layers, workspace, project, tmp_path):
    other = shutil.copytree(workspace, tmp_path / workspace.name)
    add_run(project, workspace, layers.group_title(workspace))
    add_run(project, other, layers.group_title(other), scenes=False)
    assert len(project.layerTreeRoot().children()) == 2


def test_an_empty_or_half_made_workspace_shows_what_there_is(layers, workspace, project, tmp_path):
    assert layers.layers_of(tmp_path) == []
    shutil.copy(workspace / "valid_count.tif", tmp_path)
    (tmp_path / "map.tif").write_bytes(b"cut short")
    group = add_run(project, tmp_path, "run")
    assert tree(group) == ["Valid observations"]


def test_layers_can_be_added_one_by_one_so_that_a_window_stays_alive(layers, workspace, project):
    group = layers.run_group(project, workspace, "run")
    for number, layer in enumerate(layers.layers_of(workspace), start=1):
        added = layers.show_layer(project, group, layer)
        assert added.name() == layer.title
        assert len(project.mapLayers()) == number


def run_as_the_toolbox_does(name, values, project, shown):
    """Run the algorithm with outputs to be loaded, and load them as Processing does."""
    from processing.gui.Postprocessing import handleAlgorithmResults
    from qgis.core import (
        QgsApplication,
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsProcessingOutputLayerDefinition,
    )

    context = QgsProcessingContext()
    context.setProject(project)
    feedback = QgsProcessingFeedback(False)
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"patchwork:{name}")
    wanted = {output: QgsProcessingOutputLayerDefinition(file, project) for output, file in shown.items()}
    _, ok = algorithm.run({**values, **wanted}, context, feedback)
    assert ok, feedback.textLog()
    assert handleAlgorithmResults(algorithm, context, feedback)


TEMPORARY = "TEMPORARY_OUTPUT"


def test_layers_of_algorithms_join_the_group_of_their_run(layers, workspace, project, tmp_path):
    work = shutil.copytree(workspace, tmp_path / "fields 2")
    for layer in ("mean_ndvi", "confidence", "map"):
        run_as_the_toolbox_does("mosaicmap", {"WORKSPACE": str(work), "LAYER": layer}, project, {"MAP": TEMPORARY})
    assert tree(project.layerTreeRoot()) == [("Patchwork – fields 2", ["Land-cover map", "Confidence", "Mean NDVI"])]
    assert layer_named(project, "Mean NDVI").renderer().type() == "singlebandpseudocolor"
    run_as_the_toolbox_does("mosaicmap", {"WORKSPACE": str(work)}, project, {"MAP": TEMPORARY})
    assert tree(project.layerTreeRoot()) == [("Patchwork – fields 2", ["Land-cover map", "Confidence", "Mean NDVI"])]
    copied = {"MAP": str(tmp_path / "my map.tif")}
    run_as_the_toolbox_does("mosaicmap", {"WORKSPACE": str(work)}, project, copied)
    ((_, names),) = tree(project.layerTreeRoot())
    assert sorted(names) == ["Confidence", "Land-cover map", "Mean NDVI", "Mosaic"]
    assert layer_named(project, "Mosaic").renderer().type() == "paletted"
    add_run(project, work, layers.group_title(work), scenes=False)
    assert len(project.mapLayersByName("Land-cover map")) == 1


def test_a_layer_shows_its_file_anew_when_the_algorithm_has_run_again(workspace, project, tmp_path):
    from osgeo import gdal

    work = shutil.copytree(workspace, tmp_path / "fields 5")
    values = {"WORKSPACE": str(work)}
    run_as_the_toolbox_does("mosaicmap", values, project, {"MAP": TEMPORARY})
    gdal.Translate(str(work / "other.tif"), str(work / "map.tif"), scaleParams=[[0, 65535, 7, 7]])
    (work / "other.tif").replace(work / "map.tif")
    run_as_the_toolbox_does("mosaicmap", values, project, {"MAP": TEMPORARY})
    shown = layer_named(project, "Land-cover map").dataProvider()
    assert shown.sample(shown.extent().center(), 1) == (7.0, True)


def test_layers_of_a_model_join_the_group_of_their_run(map_parameters, workspace, project, tmp_path):
    work = shutil.copytree(workspace, tmp_path / "fields 3")
    shown = {
        "observationstatistics:Valid observations": TEMPORARY,
        "mosaicmap_confidence:Confidence": TEMPORARY,
        "mosaicmap:Land-cover map": TEMPORARY,
    }
    run_as_the_toolbox_does("landcovermodel", {**map_parameters, "WORKSPACE": str(work)}, project, shown)
    names = ["Land-cover map", "Confidence", "Valid observations"]
    assert tree(project.layerTreeRoot()) == [("Patchwork – fields 3", names)]
    assert layer_named(project, "Land-cover map").renderer().type() == "paletted"


def test_patches_arrive_as_outlines(map_parameters, project, tmp_path):
    values = {"IMAGERY": map_parameters["IMAGERY"], "PATCH_SIZE": 320, "WORKSPACE": str(tmp_path / "fields 4")}
    run_as_the_toolbox_does("splitarea", values, project, {"PATCHES": str(tmp_path / "copy.gpkg")})
    assert tree(project.layerTreeRoot()) == [("Patchwork – fields 4", ["Patches"])]
    (part,) = layer_named(project, "Patches").renderer().symbol().symbolLayers()
    assert part.layerType() == "SimpleLine"
