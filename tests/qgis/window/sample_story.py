"""Three clicks from an empty project to the map of the sample region; then the results."""

import os
import time
from collections import Counter
from pathlib import Path

from driving import CLICKS, Heartbeat, click, click_map, drive, iface, open_dock, picture, show, wait, wait_until
from qgis.core import QgsProject
from qgis.gui import QgsGui
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QApplication, QToolButton

from patchwork.plugin.class_table import COLOUR, NAME


def story(told):
    heartbeat = Heartbeat()
    panel = open_dock()
    picture("1-opened")
    (sample,) = (b for b in panel.area.findChildren(QToolButton) if b.text() == "Sample region")
    click(sample)
    wait_until(lambda: panel.overlay.ids and panel.area.numbers)
    told["patches"] = len(panel.overlay.ids)
    told["planned"] = panel.area.note.text
    picture("2-planned")
    if "PATCHWORK_PICTURES" not in os.environ:  # a part is enough to see that it works
        panel.session.set("AREA", "546000,549000,5153000,5155500 [EPSG:32633]")
        panel.session.set("PATCH_SIZE", 1000.0)
        wait_until(lambda: not panel.area._split.is_busy and "24 km²" not in panel.area.note.text)
    seen = Counter()
    heartbeat.reset()
    click(panel.run.button)
    assert panel.run.is_running
    told["clicks"] = len(CLICKS)
    end = time.monotonic() + 300
    while panel.run.is_running:
        assert time.monotonic() < end
        seen.update(panel.overlay.states().values())
        if "running" in panel.overlay.states().values() and panel.run.whole.value() > 30 and "3-running" not in told:
            picture("3-running")
            heartbeat.reset()  # taking a picture holds the window
            told["3-running"] = panel.run.step.text()
        wait(0.05)
    told["held"] = heartbeat.longest
    told["seen"] = sorted(seen)
    told["note"] = panel.run.note.text
    heartbeat.reset()
    group = QgsProject.instance().layerTreeRoot().children()[0]
    panel.arrival.arrived.connect(lambda: told.update(arrived=True))
    wait_until(lambda: "arrived" in told)
    told["held_by_layers"] = heartbeat.longest
    told["group"] = group.name()
    told["layers"] = [node.name() for node in group.children()]
    scenes = group.findGroup("Scenes")
    told["scenes"] = len(scenes.children())
    told["temporal"] = all(node.layer().temporalProperties().isActive() for node in scenes.children())
    classes = next(node.layer() for node in group.children() if node.name() == "Land-cover map").renderer().classes()
    told["classes"] = [entry.label for entry in classes]
    wait(1)
    picture("4-made")
    click(panel.results.ask)
    middle = iface.mapCanvas().extent().center()
    began = time.monotonic()
    click_map(middle.x(), middle.y())
    wait_until(lambda: panel.results.place.plot.series is not None)
    told["plot_seconds"] = time.monotonic() - began
    series = panel.results.place.plot.series
    told["observations"] = [seen.is_valid for seen in series.observations]
    told["class"] = series.class_name
    told["curves"] = [(curve.name, len(curve.points)) for curve in series.curves]
    panel._scroll.ensureWidgetVisible(panel.results.place.save_table)
    wait(0.2)
    picture("5-asked")
    told["report"] = panel.results.report.isEnabled()
    told["workspace"] = str(panel.session.workspace)
    told["files"] = sorted(path.name for path in Path(told["workspace"]).iterdir() if path.is_file())
    other_classes(told, panel, group)
    commands(told, panel)


def other_classes(told, panel, group):
    """A class has another name and colour in the map at once."""
    show(panel.reference.table)
    wait_until(lambda: panel.reference.table.rowCount())
    told["rows"] = panel.reference.table.rowCount()
    panel.reference.table.item(0, NAME).setText("fields, all")
    panel.reference.table.cellWidget(0, COLOUR).setColor(QColor("#123456"))
    told["choices"] = [panel.session.get(name) for name in ("CLASS_NAMES", "CLASS_COLOURS", "SKIP_CLASSES", "MERGE")]
    land = next(node.layer() for node in group.children() if node.name() == "Land-cover map")
    told["restyled"] = next([own.label, own.color.name()] for own in land.renderer().classes() if own.value == 1)
    wait(0.5)
    picture("6-classes")


def commands(told, panel):
    """What the dock has run stands in Processing's history, and can be copied."""
    actions = panel.run.copy.menu().actions()
    told["commands"] = []
    for action in actions:
        action.trigger()
        told["commands"].append(QApplication.clipboard().text())
    if hasattr(QgsGui, "historyProviderRegistry"):
        (entry,) = QgsGui.historyProviderRegistry().queryEntries()
        told["history"] = entry.entry["python_command"]
    else:
        from processing.core.ProcessingLog import ProcessingLog

        (entry,) = ProcessingLog.getLogEntries()
        told["history"] = entry.text


drive(story)
