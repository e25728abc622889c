"""Drives the real QGIS window with mouse and key events, and waits for what it shows."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from pathlib import Path

from qgis.core import QgsApplication, QgsPointXY
from qgis.PyQt.QtCore import QEventLoop, QPoint, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QCheckBox, QToolButton
from qgis.utils import iface, plugins

OUT = Path(os.environ["PATCHWORK_WINDOW_OUT"])
LEFT = Qt.MouseButton.LeftButton
CLICKS = []  # clicked widgets
FAULTS = []  # uncaught exceptions, for which QGIS would open a dialog


class Heartbeat:
    """The longest block of the event loop since the last reset, in seconds."""

    INTERVAL = 0.01

    def __init__(self):
        self.longest = 0.0
        self._last = time.monotonic()
        self._timer = QTimer()
        self._timer.setInterval(int(self.INTERVAL * 1000))
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self):
        now = time.monotonic()
        self.longest = max(self.longest, now - self._last - self.INTERVAL)
        self._last = now

    def reset(self):
        self.longest, self._last = 0.0, time.monotonic()


def dock():
    """The dock, made by a click on the plugin's button."""
    return plugins["patchwork"]._dock


def open_dock():
    """Click the button in the tool bar."""
    action = plugins["patchwork"]._action
    (button,) = (w for w in action.associatedWidgets() if isinstance(w, QToolButton))
    wait_until(button.isVisible)
    click(button)
    wait_until(lambda: dock() is not None and dock().isVisible())
    return dock()


def wait(seconds):
    """Let the window live."""
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec_() if hasattr(loop, "exec_") else loop.exec()


def wait_until(is_true, seconds=60.0, what=""):
    """Let the window live until something is true; AssertionError where that does not come, or where a slot fails."""
    end = time.monotonic() + seconds
    while not is_true():
        assert not FAULTS, FAULTS[0]
        if time.monotonic() > end:
            raise AssertionError(f"in {seconds} s it did not come: {what or is_true}")
        wait(0.02)


def show(widget):
    """Open the section of a widget by a click, and scroll the dock to it."""
    for section in dock().sections:
        if section.content.isAncestorOf(widget) and not section.is_open:
            CLICKS.append(section.header)
            QTest.mouseClick(section.header, LEFT)
            wait(0.05)
    dock()._scroll.ensureWidgetVisible(widget)
    wait(0.05)


def click(widget, at=None):
    """A click in the middle of a widget, or at a place of it."""
    if dock() is not None and dock()._scroll.widget().isAncestorOf(widget):
        show(widget)
    assert widget.isVisible(), widget
    assert widget.isEnabled(), widget
    CLICKS.append(widget)
    if isinstance(widget, QCheckBox):
        at = QPoint(8, widget.height() // 2)  # the box itself
    QTest.mouseClick(widget, LEFT, Qt.KeyboardModifier.NoModifier, at or widget.rect().center())
    wait(0.05)


def keys(widget, text):
    """Type a text into a widget."""
    widget.setFocus()
    QTest.keyClicks(widget, text)


def on_map(x, y):
    """Where a place of the map (in its CRS) is on the canvas."""
    place = iface.mapCanvas().getCoordinateTransform().transform(QgsPointXY(x, y))
    return QPoint(round(place.x()), round(place.y()))


def click_map(x, y, button=LEFT):
    """A click on a place of the map."""
    viewport = iface.mapCanvas().viewport()
    at = on_map(x, y)
    QTest.mouseMove(viewport, at)
    QTest.mouseClick(viewport, button, Qt.KeyboardModifier.NoModifier, at)
    wait(0.05)


def drag_map(start, end):
    """Press at a place of the map, move, release at another."""
    viewport = iface.mapCanvas().viewport()
    a, b = on_map(*start), on_map(*end)
    QTest.mousePress(viewport, LEFT, Qt.KeyboardModifier.NoModifier, a)
    QTest.mouseMove(viewport, (a + b) / 2)
    QTest.mouseMove(viewport, b)
    QTest.mouseRelease(viewport, LEFT, Qt.KeyboardModifier.NoModifier, b)
    wait(0.05)


def picture(name):
    """Keep what the window looks like."""
    canvas = iface.mapCanvas()
    if canvas.isDrawing():
        canvas.waitWhileRendering()
    wait(0.1)
    iface.mainWindow().grab().save(str(OUT / f"{name}.png"))


def drive(story):
    """Run a story when the window is open, write its results to `told.json`, and exit."""

    def begin():
        told = {}
        sys.excepthook = lambda *fault: FAULTS.append("".join(traceback.format_exception(*fault)))
        try:
            iface.mainWindow().resize(1360, 940)
            story(told)
            assert not FAULTS, FAULTS[0]
        except BaseException:
            told["error"] = traceback.format_exc()
            if dock() is not None:
                told["notes"] = [section.note.text for section in dock().sections if hasattr(section, "note")]
                told["run"] = [dock().run.note.text, dock().run.messages.text.toPlainText()[-2000:]]
            iface.mainWindow().grab().save(str(OUT / "error.png"))
        (OUT / "told.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
        sys.stdout.flush()
        if dock() is not None:
            dock().close_all()
        QgsApplication.taskManager().cancelAll()
        QApplication.processEvents()
        os._exit(0)

    QTimer.singleShot(1500, begin)
