"""The acquisitions on a time axis: the covered part of the area, the cloud cover, and which are used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Optional

from qgis.PyQt.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QBrush, QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from qgis.PyQt.QtWidgets import QToolTip, QWidget

from ..processing_provider.translation import tr
from .months import months
from .section import as_tooltip, text_colour

CLEAR, CLOUD = QColor("#2a7fb8"), QColor("#b0b7bd")
MARGIN, LABELS = 6, 16  # pixels


@dataclass(frozen=True)
class Scene:
    """One acquisition: time (UTC), cloud cover and covered part of the area, in percent; None if unknown."""

    time: datetime
    cloud_cover: Optional[float]
    coverage: Optional[float]

    @property
    def name(self) -> str:
        """The time as SKIP_SCENES takes it."""
        return self.time.strftime("%Y%m%dT%H%M%S")

    @property
    def text(self) -> str:
        """The acquisition as text."""
        cloud = tr("cloud cover unknown") if self.cloud_cover is None else tr("{:.0f} % cloud").format(self.cloud_cover)
        shown = "" if self.coverage is None else tr(", {:.0f} % of the area").format(self.coverage)
        return f"{self.time:%Y-%m-%d %H:%M}, {cloud}{shown}"


class SceneStrip(QWidget):
    """One bar for each acquisition; arrow keys move, the space bar or a double click skips it or uses it again."""

    chosen = pyqtSignal(int)
    toggled = pyqtSignal(int)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._scenes: Sequence[Scene] = ()
        self._skipped: frozenset[str] = frozenset()
        self.current = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumHeight(76)
        self.setAccessibleName(tr("Acquisitions of the period"))

    def show_scenes(self, scenes: Sequence[Scene], skipped: frozenset[str]) -> None:
        """Show these acquisitions, of which some are skipped."""
        if [scene.name for scene in scenes] != [scene.name for scene in self._scenes]:
            self.current = -1
        self._scenes, self._skipped = scenes, skipped
        self.update()

    def choose(self, number: int) -> None:
        """Set the current acquisition."""
        self.current = number
        scene = self._scenes[number]
        self.setAccessibleDescription(scene.text)
        self.update()
        self.chosen.emit(number)

    def sizeHint(self) -> QSize:
        """The preferred size."""
        return QSize(280, 84)

    def bar(self, number: int) -> QRectF:
        """The rectangle of the bar of an acquisition."""
        first, last = self._reach()
        scene = self._scenes[number]
        width = max(self.width() - 2 * MARGIN, 1)
        thickness = min(max(0.7 * width / max(len(self._scenes), 1), 2.0), 9.0)
        part = (scene.time - first) / (last - first)
        height = (self.height() - LABELS - MARGIN) * max(100.0 if scene.coverage is None else scene.coverage, 6.0) / 100
        left = MARGIN + part * (width - thickness)
        return QRectF(left, self.height() - LABELS - height, thickness, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the bars, with the months below."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._scenes:
            return
        ink = text_colour()
        self._paint_months(painter, ink)
        for number in range(len(self._scenes)):
            self._paint_bar(painter, ink, number)

    def _paint_bar(self, painter: QPainter, ink: QColor, number: int) -> None:
        scene, bar = self._scenes[number], self.bar(number)
        if scene.name in self._skipped:
            painter.setPen(QPen(ink, 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(bar)
            painter.setPen(QPen(ink, 1))
            middle, size = bar.center(), max(bar.width() / 2, 3.0)
            painter.drawLine(middle + QPointF(-size, -size), middle + QPointF(size, size))
            painter.drawLine(middle + QPointF(-size, size), middle + QPointF(size, -size))
        else:
            cloudy = QRectF(bar)
            cloudy.setHeight(bar.height() * (scene.cloud_cover or 0.0) / 100)
            painter.fillRect(bar, CLEAR)
            painter.fillRect(cloudy, CLOUD)
            painter.fillRect(cloudy, QBrush(CLOUD.darker(125), Qt.BrushStyle.BDiagPattern))
        if number == self.current:
            frame = self.palette().color(QPalette.ColorRole.Highlight)
            painter.setPen(QPen(frame, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(bar.adjusted(-2, -2, 2, 2))

    def _paint_months(self, painter: QPainter, ink: QColor) -> None:
        first, last = self._reach()
        painter.setPen(QPen(ink, 1))
        base = self.height() - LABELS
        painter.drawLine(MARGIN, base, self.width() - MARGIN, base)
        font = painter.font()
        font.setPointSizeF(font.pointSizeF() * 0.8)
        painter.setFont(font)
        free_from = 0.0
        for month, text in months(first, last):
            x = MARGIN + (self.width() - 2 * MARGIN) * ((month - first) / (last - first))
            wide = painter.fontMetrics().horizontalAdvance(text)
            if x >= MARGIN - 1:
                painter.drawLine(QPointF(x, base), QPointF(x, base + 3))
                if x >= free_from and x + wide <= self.width():
                    painter.drawText(QPointF(x, self.height() - 2), text)
                    free_from = x + wide + 6

    def _reach(self) -> tuple[datetime, datetime]:
        first, last = self._scenes[0].time, self._scenes[-1].time
        return first, max(last, first + timedelta(days=1))

    def _at(self, x: float) -> int:
        """The acquisition nearest to a position, -1 if there is none near."""
        near = [(abs(self.bar(number).center().x() - x), number) for number in range(len(self._scenes))]
        distance, number = min(near, default=(99.0, -1))
        return number if distance <= 8 else -1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the clicked acquisition."""
        number = self._at(event.pos().x())
        if number >= 0:
            self.choose(number)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Skip the acquisition, or use it again."""
        if self.current >= 0:
            self.toggled.emit(self.current)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Home and End move; the space bar skips or uses again."""
        last = len(self._scenes) - 1
        moves = {
            Qt.Key.Key_Left: max(self.current - 1, 0),
            Qt.Key.Key_Right: min(self.current + 1, last),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if event.key() in moves and last >= 0:
            self.choose(moves[event.key()])
        elif event.key() == Qt.Key.Key_Space and self.current >= 0:
            self.toggled.emit(self.current)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Show a tooltip for the acquisition under the pointer."""
        if event.type() == QEvent.Type.ToolTip:
            number = self._at(event.pos().x())
            skipped = number >= 0 and self._scenes[number].name in self._skipped
            text = "" if number < 0 else self._scenes[number].text + (tr(" – skipped") if skipped else "")
            QToolTip.showText(event.globalPos(), as_tooltip(text), self)
            return True
        return super().event(event)
