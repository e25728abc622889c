"""The patches on the map canvas with their states during a run; colour is never the only sign."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas, QgsMapCanvasItem
from qgis.PyQt.QtCore import QRectF, Qt
from qgis.PyQt.QtGui import QBrush, QColor, QFont, QPainter, QPen, QPolygonF

MOST_SHOWN = 20_000
SMALLEST_WITH_SIGN = 14  # pixels


@dataclass(frozen=True)
class PatchStyle:
    """How patches in one state are painted: outline, fill and sign."""

    line: QColor
    fill: QBrush
    sign: str


STYLES = {
    "planned": PatchStyle(QColor("#c2185b"), QBrush(QColor(194, 24, 91, 25)), ""),
    "waiting": PatchStyle(QColor("#5f6368"), QBrush(QColor(95, 99, 104, 40)), ""),
    "running": PatchStyle(QColor("#b26a00"), QBrush(QColor(255, 167, 38, 150), Qt.BrushStyle.BDiagPattern), "…"),
    "done": PatchStyle(QColor("#1b5e20"), QBrush(QColor(67, 160, 71, 60)), "✓"),
    "failed": PatchStyle(QColor("#b71c1c"), QBrush(QColor(229, 57, 53, 110)), "✕"),
}


class PatchOverlay(QgsMapCanvasItem):
    """Paints the patches of a layer, each by its state."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._shapes: dict[str, QgsGeometry] = {}
        self._crs = QgsCoordinateReferenceSystem()
        self._corners: dict[str, list[QgsPointXY]] = {}
        self._states: dict[str, str] = {}
        self._reasons: dict[str, str] = {}
        canvas.destinationCrsChanged.connect(self._project)
        self.setZValue(10)

    @property
    def ids(self) -> list[str]:
        """The patches that are shown."""
        return list(self._shapes)

    @property
    def extent(self) -> QgsRectangle:
        """The extent of all patches, in the map's CRS."""
        points = [corner for corners in self._corners.values() for corner in corners]
        if not points:
            return QgsRectangle()
        xs, ys = [point.x() for point in points], [point.y() for point in points]
        return QgsRectangle(min(xs), min(ys), max(xs), max(ys))

    def show_layer(self, layer: Optional[QgsVectorLayer]) -> None:
        """Show the planned patches of a layer; None shows nothing."""
        features = [] if layer is None or layer.featureCount() > MOST_SHOWN else layer.getFeatures()
        self._shapes = {str(feature["id"]): QgsGeometry(feature.geometry()) for feature in features}
        self._crs = QgsCoordinateReferenceSystem() if layer is None else layer.crs()
        self._states, self._reasons = {}, {}
        self._project()

    def set_states(self, ids: Iterable[str], state: str, reason: str = "") -> None:
        """Set the state of patches; `reason` is why they failed."""
        for id_ in ids:
            self._states[id_] = state
            self._reasons[id_] = reason
        self._canvas.viewport().update()

    def set_all(self, state: str) -> None:
        """Set the state of all patches."""
        self.set_states(self._shapes, state)

    def states(self) -> dict[str, str]:
        """The state of each patch."""
        return {id_: self._states.get(id_, "planned") for id_ in self._shapes}

    def failure_at(self, point: QgsPointXY) -> Optional[str]:
        """Why the patch at a point of the map failed; None if none failed there."""
        for id_, corners in self._corners.items():
            if self._states.get(id_) == "failed" and QgsGeometry.fromPolygonXY([corners]).contains(point):
                return self._reasons[id_]
        return None

    def paint(self, painter: QPainter, option: object = None, widget: object = None) -> None:
        """Paint the visible patches."""
        sight = QRectF(self._canvas.viewport().rect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self._canvas.font())
        font.setBold(True)
        painter.setFont(font)
        for id_, corners in self._corners.items():
            shape = QPolygonF([self.toCanvasCoordinates(corner) for corner in corners])
            box = shape.boundingRect()
            if box.intersects(sight):
                self._paint_patch(painter, shape, box, STYLES[self._states.get(id_, "planned")])

    def _paint_patch(self, painter: QPainter, shape: QPolygonF, box: QRectF, style: PatchStyle) -> None:
        painter.setPen(QPen(style.line, 1.2))
        painter.setBrush(style.fill)
        painter.drawPolygon(shape)
        if style.sign and min(box.width(), box.height()) >= SMALLEST_WITH_SIGN:
            painter.setPen(QPen(style.line))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, style.sign)

    def _project(self) -> None:
        """Transform the patches to the map's CRS."""
        transform = QgsCoordinateTransform(
            self._crs, self._canvas.mapSettings().destinationCrs(), QgsProject.instance()
        )
        self._corners = {}
        for id_, shape in self._shapes.items():
            corners = shape.asPolygon() or (shape.asMultiPolygon() or [[]])[0]
            try:
                self._corners[id_] = [transform.transform(corner) for corner in corners[0]]
            except (QgsCsException, IndexError):
                continue  # beyond what the map's CRS can show
        self._canvas.viewport().update()

    def updatePosition(self) -> None:
        """Follow the canvas when the map moves."""
        self.prepareGeometryChange()

    def boundingRect(self) -> QRectF:
        """The whole canvas; patches outside are skipped when painting."""
        return QRectF(self._canvas.viewport().rect())
