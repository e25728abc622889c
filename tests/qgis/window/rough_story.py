"""Rough hands: each has an answer on the screen, and none leaves a process or a broken workspace behind."""

import os
import shutil
from pathlib import Path

from driving import click, click_map, dock, drive, iface, open_dock, picture, wait, wait_until
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QApplication, QMessageBox
from qgis.utils import plugins

DATA = Path(os.environ["PATCHWORK_FLANDERS"])
IMAGERY = os.environ["PATCHWORK_IMAGERY"]
UTM = QgsCoordinateReferenceSystem("EPSG:32631")
MOMENTS = (0, 3, 10, 35, 50, 75)  # percent of the run


def engines():
    """The processes of runs, of this window."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            state, parent = (process / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if b"patchwork.core" in command and b"worker" not in command and int(parent) == os.getpid() and state != "Z":
            found.append(command.decode())
    return found


def memory_copy(name="memory"):
    """The reference as a memory layer, filtered to some classes."""
    source = QgsVectorLayer(str(DATA / "reference.shp"), "fields", "ogr")
    layer = QgsVectorLayer("Polygon?crs=EPSG:32631&field=crop:integer", name, "memory")
    for number, feature in enumerate(source.getFeatures()):
        copy = QgsFeature(layer.fields())
        copy.setGeometry(feature.geometry())
        copy.setAttributes([feature["crop"] if number % 7 else None])
        layer.dataProvider().addFeature(copy)
    layer.setSubsetString('"crop" in (1200, 9120)')
    return layer


def answer(panel, session, told, name, **values):
    """What the area's note says to a choice."""
    for key, value in values.items():
        session.set(key, value)
    wait_until(lambda: not panel.area._split.is_busy)
    told[name] = panel.area.note.text


def story(told):
    panel = open_dock()
    session = panel.session
    project = QgsProject.instance()

    # A project without a CRS, an area of 3 m, a continent
    project.setCrs(QgsCoordinateReferenceSystem())
    panel.area.choose_shape(QgsGeometry.fromRect(QgsRectangle(0, 0, 9, 9)), project.crs())
    told["no_crs"] = panel.area.note.text
    project.setCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    session.set("SOURCE", "stac")
    tiny = QgsGeometry.fromRect(QgsRectangle(4.00001, 50.00001, 4.00004, 50.00004))
    panel.area.choose_shape(tiny, project.crs())
    wait_until(lambda: not panel.area._split.is_busy)
    told["tiny"] = panel.area.note.text
    continent = QgsGeometry.fromRect(QgsRectangle(-10, 36, 30, 60))
    panel.area.choose_shape(continent, project.crs())
    wait_until(lambda: not panel.area._split.is_busy)
    told["continent"] = panel.area.note.text
    session.set("PATCH_SIZE", 50_000.0)
    wait_until(lambda: not panel.area._split.is_busy)
    told["large_patches"] = panel.area.note.text

    def refuse():
        box = QApplication.activeModalWidget()
        told["question"] = box.text()
        box.button(QMessageBox.StandardButton.No).click()

    QTimer.singleShot(500, refuse)
    click(panel.run.button)
    assert not panel.run.is_running

    # A filtered memory layer as the reference, cancelled at some moments, then whole
    layer = memory_copy()
    project.addMapLayer(layer)
    project.setCrs(UTM)
    for name, value in {
        "SOURCE": None,
        "AREA": None,
        "IMAGERY": IMAGERY,
        "PATCH_SIZE": 160.0,
        "VALIDATION": "polygons",
    }.items():
        session.set(name, value)
    session.set("REFERENCE", layer.id())
    session.set("CLASS_FIELD", "crop")
    wait_until(lambda: len(panel.overlay.ids) > 9 and panel.reference.table.rowCount() == 2)
    left, told["cancels"] = [], 0
    for moment in MOMENTS:
        click(panel.run.button)
        wait_until(lambda moment=moment: panel.run.whole.value() >= moment or not panel.run.is_running)
        if panel.run.is_running:
            click(panel.run.button)
            wait_until(lambda: not panel.run.is_running)
            told["cancels"] += 1
            told["cancelled"] = panel.run.note.text
            told["button"] = panel.run.button.text()
        left += engines()
    told["left"] = left
    arrived = []
    panel.arrival.arrived.connect(lambda: arrived.append(True))

    # The reference is edited and removed during the run, the log is flooded
    click(panel.run.button)
    wait_until(lambda: panel.run.whole.value() > 1)
    project.removeMapLayer(layer.id())
    for number in range(20_000):
        panel.run.messages.add(f"line {number}")
    wait_until(lambda: not panel.run.is_running, 200)
    told["whole"] = panel.run.note.text
    told["lines"] = panel.run.messages.text.blockCount()
    wait_until(lambda: arrived)
    workspace = session.workspace
    told["workspace"] = str(workspace)

    # Another run holds the workspace
    layer = memory_copy()
    project.addMapLayer(layer)
    session.set("REFERENCE", layer.id())
    session.set("CLASS_FIELD", "crop")
    panel.area.plan()
    wait_until(lambda: panel.overlay.ids)
    with open(workspace / ".lock", "a+", encoding="utf-8") as lock:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX)
        click(panel.run.button)
        panel.overlay.set_all("done")  # as a step does
        wait_until(lambda: not panel.run.is_running)
        told["held"] = panel.run.note.text
        told["after_failure"] = [panel.run.button.text(), sorted(set(panel.overlay.states().values()))]
    picture("held")

    # The map that was cancelled so often is that of a run left alone
    session.set("WORKSPACE", str(workspace.with_name("left alone č")))
    told["elsewhere"] = [panel.run.note.text, panel.run.button.text(), panel.results.note.text]
    click(panel.run.button)
    wait_until(lambda: not panel.run.is_running, 200)
    told["left_alone"] = panel.run.note.text
    told["same"] = [
        (session.workspace / name).read_bytes() == (workspace / name).read_bytes()
        for name in ("map.tif", "confidence.tif", "valid_count.tif")
    ]
    session.set("WORKSPACE", str(workspace))

    # The project is closed during a run: the run goes on, its layers stay out of the other project
    shutil.rmtree(workspace / "maps")
    click(panel.results.ask)
    click_map(layer.extent().center().x(), layer.extent().center().y())
    wait_until(lambda: panel.results.place.save_table.isEnabled())
    session.set("WORKSPACE", str(workspace.with_name("left alone č")))
    told["other_plot"] = [panel.results.place.plot.text, panel.results.place.save_table.isEnabled()]
    session.set("WORKSPACE", str(workspace))
    click(panel.run.button)
    wait_until(lambda: panel.run.whole.value() > 1)
    assert session.get("REFERENCE")
    iface.newProject()
    assert panel.run.is_running
    wait_until(lambda: not panel.run.is_running, 200)
    wait(0.5)
    told["after_closing"] = [panel.run.note.text, len(project.mapLayers())]
    told["kept"] = {name: value for name, value in session._values.items() if value is not None}
    told["kept_plot"] = [panel.results.place.plot.text, panel.results.place.save_table.isEnabled()]

    # The workspace is deleted, the interpreter is broken
    session.set("WORKSPACE", str(workspace))
    moved = workspace.with_name("moved č")
    workspace.rename(moved)
    panel.results.refresh()
    told["gone"] = panel.results.note.text
    moved.rename(workspace)
    before = os.environ["PATCHWORK_PYTHON"]
    os.environ["PATCHWORK_PYTHON"] = "/no/such/python"
    session.set("IMAGERY", IMAGERY)
    session.set("PATCH_SIZE", 170.0)
    wait_until(lambda: not panel.area._split.is_busy)
    told["broken"] = panel.area.note.text
    os.environ["PATCHWORK_PYTHON"] = before

    # A run is cancelled in QGIS's own list of tasks
    session.set("PATCH_SIZE", 180.0)
    wait_until(lambda: QgsApplication.taskManager().activeTasks())
    QgsApplication.taskManager().cancelAll()
    wait_until(lambda: not panel.area._split.is_busy)
    told["task"] = [panel.area.note.text, panel.area.numbers]

    # The plugin is reloaded during a run
    session.set("SOURCE", "sample")
    session.set("WORKSPACE", str(workspace.with_name("reloaded")))
    wait_until(lambda: not panel.area._split.is_busy)
    click(panel.run.button)
    wait_until(lambda: panel.run.whole.value() > 1)
    plugins["patchwork"].unload()
    wait_until(lambda: engines() == [])
    told["unloaded"] = dock() is None
    plugins["patchwork"].initGui()
    panel = open_dock()
    told["reloaded"] = [panel.isVisible(), panel.session.get("SOURCE")]


drive(story)
