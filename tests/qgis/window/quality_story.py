"""A wrong label is found, corrected and trained again; validation points are labelled by keys and assessed."""

import json
import os
from pathlib import Path

from driving import click, drive, iface, open_dock, picture, wait, wait_until
from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication

from patchwork.core.store.paths import WorkspacePaths


def story(told):
    workspace, reference = Path(os.environ["WORKSPACE"]), os.environ["REFERENCE"]
    panel = open_dock()
    layer = QgsVectorLayer(reference, "reference", "ogr")
    QgsProject.instance().addMapLayer(layer)
    for name, value in json.loads(os.environ["CHOICES"]).items():
        panel.session.set(name, value)
    panel.session.set("REFERENCE", layer.id())
    panel.session.set("WORKSPACE", str(workspace))
    quality = panel.quality
    click(quality.header)
    wait_until(lambda: quality.tabs.isEnabled())
    labels_of_a_polygon(told, panel, quality.labels)
    suggestions(told, quality)
    points(told, quality, workspace)
    told["kept"] = panel.session.get("CORRECTIONS")
    panel.session.set("CLASS_FIELD", "other")
    told["of_another_field"] = panel.session.get("CORRECTIONS")


def labels_of_a_polygon(told, panel, labels):
    click(labels.find)
    wait_until(lambda: labels.current is not None and labels.plot.series is not None, what="the first suspect")
    told["suspects"] = [[f["polygon"], f["class"], f["suggested"]] for f in labels._features]
    told["words"] = labels.title.text()
    told["curves"] = [curve.name for curve in labels.plot.series.curves]
    told["seen"] = (
        iface.mapCanvas()
        .extent()
        .contains(
            iface.mapCanvas()
            .mapSettings()
            .layerToMapCoordinates(labels.layer, labels.current.geometry().centroid().asPoint())
        )
    )
    picture("1-suspect")
    click(labels.change)
    told["corrections"] = panel.session.get("CORRECTIONS")
    click(labels.undo)
    told["undone"] = panel.session.get("CORRECTIONS")
    click(labels.change)
    click(labels.write)
    told["edited"] = labels.note.text
    reference = next(layer for layer in QgsProject.instance().mapLayers().values() if layer.name() == "reference")
    told["in_buffer"] = {
        str(fid): list(values.values()) for fid, values in reference.editBuffer().changedAttributeValues().items()
    }
    reference.rollBack()
    panel.arrival.arrived.connect(lambda: told.update(arrived=True))
    click(labels.train)
    assert panel.run.is_running
    wait_until(lambda: not panel.run.is_running, 300, "the map made again")
    told["made"] = panel.run.note.text
    wait_until(lambda: "has changed" in labels.note.text, what="what has changed")
    told["changed"] = labels.note.text
    wait_until(lambda: "arrived" in told, what="the layers")
    told["group"] = [node.name() for node in QgsProject.instance().layerTreeRoot().children()[0].children()]
    picture("2-changed")


def suggestions(told, quality):
    quality.tabs.setCurrentIndex(1)
    click(quality.suggestions.find)
    wait_until(lambda: quality.suggestions.current is not None and quality.suggestions.plot.series is not None)
    told["suggested"] = [len(quality.suggestions._features), quality.suggestions.title.text()]
    click(quality.suggestions.next)
    wait(1)
    picture("3-suggestion")


def points(told, quality, workspace):
    review = quality.points
    quality.tabs.setCurrentIndex(2)
    review.number.setValue(30)
    review.least.setValue(2)
    click(review.find)
    wait_until(lambda: review.current is not None and review.plot.series is not None, what="the first point")
    told["hidden"] = [review.plot.series.class_name, len(review.plot.series.curves)]
    root = QgsProject.instance().layerTreeRoot()
    told["map_is_shown"] = [
        node.isVisible() for node in root.findLayers() if node.layer() and node.layer().name() == "Land-cover map"
    ]
    told["scenes"] = [
        node.layer().name() for node in root.findGroup("Scenes").findLayers() if node.isVisible() and node.layer()
    ]
    picture("4-point")
    iface.mainWindow().activateWindow()  # there is no window manager that would do it
    wait_until(lambda: QApplication.activeWindow() is not None, what="an active window")
    given = []
    for number in range(10):
        key = (Qt.Key.Key_1, Qt.Key.Key_2)[number % 2] if number < 9 else Qt.Key.Key_0
        feature = review.current.id()
        QTest.keyClick(iface.mapCanvas(), key)
        wait_until(lambda own=feature: review.current.id() != own, what="the next point")
        given.append(feature)
    told["title"] = review.title.text()
    stored = QgsVectorLayer(str(WorkspacePaths(workspace).folder / "map_validation.gpkg"), "stored", "ogr")
    told["stored"] = [[stored.getFeature(fid)["class"], bool(stored.getFeature(fid)["cannot_tell"])] for fid in given]
    click(review.assess)
    wait_until(lambda: review.note.text.startswith("Accuracy") or "not" in review.note.text, what="the assessment")
    told["assessed"] = review.note.text
    told["page"] = review.page.isEnabled()
    wait(1)
    picture("5-assessed")


drive(story)
