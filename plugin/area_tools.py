"""Map tools: draw the area as a rectangle or a polygon, and query a place."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsGeometry, QgsPointXY, QgsRectangle, QgsWkbTypes
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsMapTool, QgsRubberBand
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QKeyEvent
from qgis.PyQt.QtWidgets import QToolButton

from ..processing_provider.translation import tr

LINE = QColor("#c2185b")
FILL = QColor(194, 24, 91, 40)


class _DrawTool(QgsMapTool):
    """A drawing tool; `drawn` gives the geometry in the map's CRS, `given_up` is emitted if drawing is abandoned."""

    hint = ""  # how to use it
    drawn = pyqtSignal(QgsGeometry)
    given_up = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._band = QgsRubberBand(canvas, QgsWkbTypes.GeometryType.PolygonGeometry)
        self._band.setStrokeColor(LINE)
        self._band.setFillColor(FILL)
        self._band.setWidth(2)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Abandon drawing on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            event.accept()
            self._clear()
            self.given_up.emit()

    def deactivate(self) -> None:
        """Abandon drawing when another tool is activated."""
        self._clear()
        super().deactivate()

    def _finish(self, shape: QgsGeometry) -> None:
        self._clear()
        if shape.area() > 0.0:
            self.drawn.emit(shape)

    def _clear(self) -> None:
        self._band.reset(QgsWkbTypes.GeometryType.PolygonGeometry)


class RectangleTool(_DrawTool):
    """Draws a rectangle: press, drag, release."""

    hint = tr("Drag a rectangle on the map; Esc stops.")

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._corner: Optional[QgsPointXY] = None

    def canvasPressEvent(self, event: QgsMapMouseEvent) -> None:
        """Set the first corner."""
        self._corner = event.mapPoint()

    def canvasMoveEvent(self, event: QgsMapMouseEvent) -> None:
        """Move the opposite corner."""
        if self._corner is not None:
            box = QgsGeometry.fromRect(QgsRectangle(self._corner, event.mapPoint()))
            self._band.setToGeometry(box, None)

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:
        """Finish the rectangle."""
        if self._corner is not None:
            box = QgsRectangle(self._corner, event.mapPoint())
            self._corner = None
            self._finish(QgsGeometry.fromRect(box))


class PolygonTool(_DrawTool):
    """Draws a polygon: click adds a vertex, right click or Enter finishes, Backspace removes the last vertex."""

    hint = tr("Click corners on the map; a right click finishes, Backspace removes the last, Esc stops.")

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._corners: list[QgsPointXY] = []

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:
        """Add a vertex, or finish."""
        if event.button() == Qt.MouseButton.RightButton:
            self._end()
        else:
            self._corners.append(event.mapPoint())
            self._show(event.mapPoint())

    def canvasMoveEvent(self, event: QgsMapMouseEvent) -> None:
        """Move the last edge with the pointer."""
        if self._corners:
            self._show(event.mapPoint())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Finish on Enter, remove the last vertex on Backspace."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
            self._end()
        elif event.key() == Qt.Key.Key_Backspace and self._corners:
            event.accept()
            self._show(self._corners.pop())
        else:
            super().keyPressEvent(event)

    def _show(self, pointer: QgsPointXY) -> None:
        self._band.setToGeometry(QgsGeometry.fromPolygonXY([[*self._corners, pointer]]), None)

    def _end(self) -> None:
        shape = QgsGeometry.fromPolygonXY([self._corners])
        self._finish(shape if shape.isGeosValid() else shape.makeValid())

    def _clear(self) -> None:
        self._corners = []
        super()._clear()


class DrawingTools(QObject):
    """The two drawing tools of a canvas, each armed by a button that shows it; the former tool comes back afterwards.

    `drawn` gives the geometry in the map's CRS; `hint_changed` gives the instructions for the active tool, "" for none.
    """

    drawn = pyqtSignal(QgsGeometry)
    hint_changed = pyqtSignal(str)

    def __init__(self, canvas: QgsMapCanvas, parent: QObject) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._tools = (RectangleTool(canvas), PolygonTool(canvas))
        self._former: Optional[QgsMapTool] = None  # the tool before drawing
        for tool in self._tools:
            tool.drawn.connect(self._on_drawn)
            tool.given_up.connect(self._put_away)
            tool.deactivated.connect(lambda: self.hint_changed.emit(""))

    def set_buttons(self, rectangle: QToolButton, polygon: QToolButton) -> None:
        """The buttons that arm the tools, and show which one is armed."""
        for button, tool in ((rectangle, self._tools[0]), (polygon, self._tools[1])):
            button.setCheckable(True)
            button.clicked.connect(lambda _, tool=tool: self._arm(tool))
            tool.setButton(button)

    def stop(self) -> None:
        """Take the tools from the canvas."""
        for tool in self._tools:
            self._canvas.unsetMapTool(tool)

    def _arm(self, tool: _DrawTool) -> None:
        """Arm a tool, or put it away if it is armed."""
        if self._canvas.mapTool() is tool:
            self._put_away()
            return
        if self._canvas.mapTool() not in self._tools:
            self._former = self._canvas.mapTool()
        self._canvas.setMapTool(tool)
        self.hint_changed.emit(tool.hint)

    def _put_away(self) -> None:
        """Give the former tool back."""
        former, self._former = self._former, None
        if former is not None and not sip.isdeleted(former):
            self._canvas.setMapTool(former)
        else:
            self._canvas.unsetMapTool(self._canvas.mapTool())

    def _on_drawn(self, shape: QgsGeometry) -> None:
        self._put_away()
        self.drawn.emit(shape)


class AskTool(QgsMapTool):
    """Queries the clicked place; `asked` gives the point in the map's CRS."""

    asked = pyqtSignal(QgsPointXY)

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self.setCursor(Qt.CursorShape.WhatsThisCursor)

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:
        """Emit the clicked point."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.asked.emit(event.mapPoint())
