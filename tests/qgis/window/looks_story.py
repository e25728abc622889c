"""Every section of the dock on one screen, in one size of text and one theme: nothing is cut off."""

import os

from driving import click, drive, iface, open_dock, picture, show, wait, wait_until
from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QEvent, QObject, QPoint
from qgis.PyQt.QtWidgets import QAbstractButton, QLabel, QTableWidget

WIDTH, HEIGHT = map(int, os.environ["PATCHWORK_SCREEN"].split("x"))
NARROW = 320


def cut_off(panel):
    """The texts in sight that are wider than their widget, and what reaches past the dock."""
    view = panel._scroll.viewport()
    found = []
    for widget in panel.widget().findChildren((QLabel, QAbstractButton)):
        text = widget.text().replace("&&", "").replace("&", "")
        if not widget.isVisible() or not text or "<" in text:
            continue
        around = view if view.isAncestorOf(widget) else panel.widget()
        right = widget.mapTo(around, QPoint(widget.width(), 0)).x()
        if right > around.width():
            found.append(f"{text} ends at {right} of {around.width()}")
        wraps = isinstance(widget, QLabel) and widget.wordWrap()
        lines = text.split() if wraps else text.split("\n")
        needed = max(widget.fontMetrics().horizontalAdvance(line) for line in lines)
        is_short = not hasattr(widget, "text_whole") and widget is not panel.run.name
        if is_short and needed > widget.width():
            found.append(f"{text} needs {needed} of {widget.width()}")
    for table in panel.findChildren(QTableWidget):
        header = table.horizontalHeader()
        if table.isVisible() and header.length() > table.viewport().width() + 2:
            found.append(f"a table of {header.length()} in {table.viewport().width()}")
    return found


class Paints(QObject):
    """Counts how often widgets paint themselves."""

    def __init__(self, widgets):
        super().__init__()
        self.number = 0
        for widget in widgets:
            widget.installEventFilter(self)

    def eventFilter(self, widget, event):
        self.number += event.type() == QEvent.Type.Paint
        return False


def story(told):
    iface.mainWindow().resize(WIDTH, HEIGHT)
    panel = open_dock()
    layer = QgsVectorLayer(os.environ["PATCHWORK_FLANDERS"] + "/reference.shp", "fields", "ogr")
    QgsProject.instance().addMapLayer(layer)
    chosen = {"SOURCE": "folder", "IMAGERY": os.environ["PATCHWORK_IMAGERY"], "REFERENCE": layer.id()}
    for name, value in {**chosen, "CLASS_FIELD": "crop"}.items():
        panel.session.set(name, value)
    wait_until(lambda: panel.reference.table.rowCount() and panel.overlay.ids)
    click(panel.imagery.find)
    wait_until(lambda: panel.imagery._scenes)
    wait(0.5)
    told["cut"], told["scrolled"], told["painted"] = {}, {}, {}
    paints = Paints([panel.imagery.scenes.strip, panel.results.place.plot])
    for width in (NARROW, 400):
        iface.mainWindow().resizeDocks([panel], [width], 1)
        wait(0.2)
        for section in panel.sections:
            name = section.header.text()
            show(section.content)
            wait(0.1)
            paints.number = 0
            wait(0.2)
            told["painted"][f"{name}, {width}"] = paints.number
            told["cut"][f"{name}, {width}"] = cut_off(panel)
            told["scrolled"][f"{name}, {width}"] = panel._scroll.verticalScrollBar().maximum()
            picture(f"{width}-{panel.sections.index(section) + 1}-{name}")
        told[f"width {width}"] = panel.width()
    told["size"] = [iface.mainWindow().width(), iface.mainWindow().height()]


drive(story)
