"""Map tools: draw the area as a rectangle or a polygon, and ask the map about a place."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsGeometry, QgsPointXY, QgsRectangle, QgsWkbTypes
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsMapTool, QgsRubberBand
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QKeyEvent

LINE = QColor("#c2185b")
FILL = QColor(194, 24, 91, 40)


class _DrawTool(QgsMapTool):
    """A tool that draws; `drawn` gives the shape in the map's CRS, `given_up` comes when it is left without one."""

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
        """Escape gives up."""
        if event.key() == Qt.Key.Key_Escape:
            event.accept()
            self._clear()
            self.given_up.emit()

    def deactivate(self) -> None:
        """Another tool was chosen."""
        self._clear()
        super().deactivate()

    def _finish(self, shape: QgsGeometry) -> None:
        self._clear()
        if shape.area() > 0.0:
            self.drawn.emit(shape)

    def _clear(self) -> None:
        self._band.reset(QgsWkbTypes.GeometryType.PolygonGeometry)


class RectangleTool(_DrawTool):
    """Press, drag, release."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._corner: Optional[QgsPointXY] = None

    def canvasPressEvent(self, event: QgsMapMouseEvent) -> None:
        """The first corner."""
        self._corner = event.mapPoint()

    def canvasMoveEvent(self, event: QgsMapMouseEvent) -> None:
        """The other corner moves."""
        if self._corner is not None:
            box = QgsGeometry.fromRect(QgsRectangle(self._corner, event.mapPoint()))
            self._band.setToGeometry(box, None)

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:
        """The other corner is there."""
        if self._corner is not None:
            box = QgsRectangle(self._corner, event.mapPoint())
            self._corner = None
            self._finish(QgsGeometry.fromRect(box))


class PolygonTool(_DrawTool):
    """A click for each corner; a right click or Enter ends, Backspace takes the last corner back."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._corners: list[QgsPointXY] = []

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:
        """Another corner, or the end."""
        if event.button() == Qt.MouseButton.RightButton:
            self._end()
        else:
            self._corners.append(event.mapPoint())
            self._show(event.mapPoint())

    def canvasMoveEvent(self, event: QgsMapMouseEvent) -> None:
        """The last edge follows the pointer."""
        if self._corners:
            self._show(event.mapPoint())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter ends, Backspace takes a corner back."""
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


class AskTool(QgsMapTool):
    """A click asks about a place; `asked` gives the point in the map's CRS."""

    asked = pyqtSignal(QgsPointXY)

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self.setCursor(Qt.CursorShape.WhatsThisCursor)

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:
        """The place."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.asked.emit(event.mapPoint())
