"""Real imagery in a folder, a drawn area, a styled shapefile as the reference; then the year of a field."""

import json
import os
from pathlib import Path

from driving import click, click_map, drag_map, drive, iface, keys, open_dock, picture, show, wait, wait_until
from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsCoordinateReferenceSystem,
    QgsFillSymbol,
    QgsProject,
    QgsRasterLayer,
    QgsRendererCategory,
    QgsVectorLayer,
)
from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import QPointF, Qt, QTimer
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QComboBox, QMessageBox, QToolButton

from patchwork.plugin.class_table import NAME

DATA = Path(os.environ["PATCHWORK_FLANDERS"])
COLOURS = {1200: "#ffcc00", 2130: "#aa4400", 5100: "#00aa88", 7900: "#8844aa", 9120: "#33aa33"}


def choose(form, name, text):
    """Pick an entry of a list by its text."""
    combo = form.widget(name)
    combo = combo if isinstance(combo, QComboBox) else combo.findChild(QComboBox)
    number = combo.findText(text)
    assert number >= 0, [combo.itemText(i) for i in range(combo.count())]
    combo.setCurrentIndex(number)
    combo.activated.emit(number)  # as a click on the entry does


def styled_reference():
    layer = QgsVectorLayer(str(DATA / "reference.shp"), "fields", "ogr")
    categories = []
    for value, colour in COLOURS.items():
        symbol = QgsFillSymbol.createSimple({"color": colour})
        categories.append(QgsRendererCategory(value, symbol, str(value)))
    layer.setRenderer(QgsCategorizedSymbolRenderer("crop", categories))
    return layer


def story(told):
    project = QgsProject.instance()
    panel = open_dock()
    project.setCrs(QgsCoordinateReferenceSystem("EPSG:32631"))
    layer = styled_reference()
    project.addMapLayer(layer)
    scene = QgsRasterLayer(str(sorted(Path(os.environ["PATCHWORK_IMAGERY"]).glob("*.tif"))[3]), "scene")
    box = scene.extent()
    wide = scene.extent()
    wide.scale(1.3)
    iface.mapCanvas().setExtent(wide)
    iface.mapCanvas().refresh()
    wait(0.5)
    told["source"] = panel.imagery.summary.text_whole
    choose(panel.imagery.form, "SOURCE", "Folder of GeoTIFFs")
    imagery = panel.imagery.form.widget("IMAGERY")
    imagery = imagery if isinstance(imagery, QgsFileWidget) else imagery.findChild(QgsFileWidget)
    keys(imagery.lineEdit(), os.environ["PATCHWORK_IMAGERY"])
    wait_until(lambda: panel.overlay.ids)
    (draw,) = (b for b in panel.area.findChildren(QToolButton) if b.text() == "Rectangle")
    click(draw)
    told["armed"] = [draw.isChecked(), panel.area.note.text]
    iface.actionPan().trigger()  # another tool: the hint goes
    told["other_tool"] = [draw.isChecked(), panel.area.note.text]
    before = iface.mapCanvas().mapTool()
    click(draw)
    margin = 40
    drag_map((box.xMinimum() + margin, box.yMinimum() + margin), (box.xMaximum() - margin, box.yMaximum() - margin))
    wait_until(lambda: (panel.session.get("AREA") or "").endswith("EPSG:32631"))
    told["put_away"] = [draw.isChecked(), iface.mapCanvas().mapTool() is before]
    panel.session.set("PATCH_SIZE", 200.0)
    wait_until(lambda: len(panel.overlay.ids) >= 9)
    told["planned"] = panel.area.note.text
    told["proposed"] = [panel.session.get("REFERENCE") == layer.id(), panel.session.get("CLASS_FIELD")]
    wait_until(lambda: panel.reference.table.rowCount() >= 3)
    wait_until(lambda: not panel.reference._check.is_busy)
    told["rows"] = panel.reference.table.rowCount()
    told["reference"] = panel.reference.note.text
    told["colours"] = panel.reference.table.colours
    panel.reference.table.item(0, NAME).setText("maize")
    click(panel.imagery.find)
    wait_until(lambda: panel.imagery._scenes)
    told["scenes"] = len(panel.imagery._scenes)
    wait(0.5)  # the strip takes its place
    click(panel.imagery.scenes.strip, panel.imagery.scenes.strip.bar(3).center().toPoint())
    wait_until(
        lambda: panel.imagery.scenes.picture.pixmap() is not None and not panel.imagery.scenes.picture.pixmap().isNull()
    )
    click(panel.imagery.scenes.use)
    told["skipped"] = panel.session.get("SKIP_SCENES")
    strip = panel.imagery.scenes.strip
    strip.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Space):
        QTest.keyClick(strip, key)
    told["by_keys"] = [strip.current, panel.session.get("SKIP_SCENES")]
    QTest.keyClick(strip, Qt.Key.Key_Space)
    assert panel.session.get("SKIP_SCENES") == told["skipped"]
    wait_until(lambda: not panel.imagery._look.is_busy)
    picture("1-chosen")
    show(panel.reference.note)
    wait(0.2)
    picture("2-reference")
    told["summaries"] = [section.summary.text_whole for section in panel.sections]
    told["open"] = [section.is_open for section in panel.sections]
    click(panel.run.button)
    assert panel.run.is_running
    arrived = []
    panel.arrival.arrived.connect(lambda: arrived.append(True))
    wait_until(lambda: not panel.run.is_running, 300)
    told["note"] = panel.run.note.text
    wait_until(lambda: arrived)
    wait(1)
    picture("3-made")
    told["expanded"] = project.layerTreeRoot().children()[0].isExpanded()
    group = project.layerTreeRoot().children()[0]
    land = next(node.layer() for node in group.children() if node.name() == "Land-cover map")
    told["legend"] = [entry.label for entry in land.renderer().classes()]
    told["classes"] = {int(entry.value): entry.color.name() for entry in land.renderer().classes()}
    click(panel.results.ask)
    click_map(box.center().x(), box.center().y())
    wait_until(lambda: panel.results.place.plot.series is not None)
    told["where"] = panel.results.place.where.text()
    told["marked"] = panel.results.place.marker.isVisible()
    wait_until(lambda: panel.results.place.plot._axes is not None)  # painted
    seen = panel.results.place.plot.series.observations[0]
    told["hovered"] = panel.results.place.plot.text_at(panel.results.place.plot._axes.place(seen.time, seen.value))
    told["nothing"] = panel.results.place.plot.text_at(QPointF(0, 0))
    told["valid"] = sum(seen.is_valid for seen in panel.results.place.plot.series.observations)
    panel._scroll.ensureWidgetVisible(panel.results.place.save_table)
    wait(0.2)
    picture("4-asked")
    two_places(told, panel, box)
    told["white"] = panel.results.place.plot.picture().pixelColor(2, 2) == QColor("white")
    panel.results.place.plot.picture().save(str(Path(os.environ["PATCHWORK_WINDOW_OUT"]) / "plot.png"))
    told["workspace"] = str(panel.session.workspace)
    catalogue = json.loads((panel.session.workspace / "scenes.json").read_text(encoding="utf-8"))
    told["times"] = [item["time"] for item in catalogue["acquisitions"]]

    # A click on a failed patch shows why it failed; there is nothing to save then
    assert panel.results.place.save_table.isEnabled()
    panel.overlay.show_layer(QgsVectorLayer(f"{told['workspace']}/patches.gpkg", "patches", "ogr"))
    panel.overlay.set_states(panel.overlay.ids, "failed", "the disk was full")
    click_map(box.center().x(), box.center().y())
    told["why"] = panel.results.place.plot.text
    told["saves"] = [panel.results.place.save_table.isEnabled(), panel.results.place.save_picture.isEnabled()]
    picture("5-failed")
    a_way_back(told, panel, project)


def two_places(told, panel, box):
    """A place stays in the plot beside the next one, also for another index."""
    place = panel.results.place
    told["probable"] = [place.probable.text(), place.plot.series.probabilities]
    click(place.pin)
    click_map(box.center().x() + 200, box.center().y() + 150)
    wait_until(lambda: place.plot.series is not None)
    told["beside"] = [len(place.pinned.series), place.pinned.series[0].name, place.pinned._markers[0].isVisible()]
    choice = panel.results.value
    choice.setCurrentText("NDWI")
    wait_until(lambda: place.plot.series is not None and place.pinned.series)
    told["beside"].append(place.pinned.series[0].name)
    choice.setCurrentText("NDVI")
    wait_until(lambda: place.plot.series is not None and place.pinned.series)
    click(place.pin)
    wait(0.2)
    picture("4-beside")
    click(place.pin)  # both are kept: it forgets them
    told["beside"] += [place.pinned.series, place.pinned._markers[0].isVisible()]


def a_way_back(told, panel, project):
    """A new project: the map is opened again, its choices are used for another one, and it is thrown away."""
    names = ("IMAGERY", "PATCH_SIZE", "AREA", "CLASS_FIELD", "SKIP_SCENES", "CLASS_NAMES", "CLASS_COLOURS")
    chosen = {name: panel.session.get(name) for name in names}
    told["named"] = chosen["CLASS_NAMES"]
    iface.newProject()
    show(panel.maps.list)
    told["maps"] = [panel.maps.list.item(number).text().split("\n") for number in range(panel.maps.list.count())]
    wait_until(lambda: "MB" in panel.maps.list.item(0).text())
    picture("6-maps")
    panel.maps.list.setCurrentRow(0)
    arrived = []
    panel.arrival.arrived.connect(lambda: arrived.append(True))
    click(panel.maps.open)
    wait_until(lambda: arrived)
    told["as_before"] = {name: panel.session.get(name) for name in chosen} == chosen
    told["opened"] = [str(panel.session.workspace), panel.results.is_open, panel.results.report.isEnabled()]
    told["group"] = [node.name() for node in project.layerTreeRoot().children()[0].children()][:2]
    told["accuracy"] = panel.results.note.text
    wait_until(lambda: panel.overlay.ids and not panel.area._split.is_busy)
    picture("7-opened")
    show(panel.maps.list)
    panel.maps.list.setCurrentRow(0)
    click(panel.maps.elsewhere)
    told["elsewhere"] = [panel.session.get(name) for name in ("MODEL", "REFERENCE", "AREA", "SOURCE")]
    told["no_reference"] = panel.reference.summary.text_whole
    show(panel.maps.list)
    panel.maps.list.setCurrentRow(0)
    click(panel.maps.again)
    told["as_new"] = [{name: panel.session.get(name) for name in chosen} == chosen, panel.session.get("WORKSPACE")]

    def agree():
        box = QApplication.activeModalWidget()
        told["question"] = box.text()
        box.button(QMessageBox.StandardButton.Yes).click()

    panel.maps.list.setCurrentRow(0)
    QTimer.singleShot(500, agree)
    click(panel.maps.delete)
    told["deleted"] = [panel.maps.note.text, panel.maps.list.count(), len(project.mapLayers())]


drive(story)
