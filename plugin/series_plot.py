"""The time series of a place as a plot: valid and cloudy observations, and the courses of classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Optional

from qgis.PyQt.QtCore import QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from qgis.PyQt.QtWidgets import QToolTip, QWidget

from ..core.vocabulary.plurals import written
from ..processing_provider.translation import tr
from .months import months
from .section import text_colour
from .series import ClassCurve, Observation, Series

VALID, CLOUDY = QColor("#1b7837"), QColor("#8a8f94")
LEFT, RIGHT, TOP, BOTTOM = 40, 8, 40, 20
PINNED = (QColor("#d95f02"), QColor("#7570b3"))  # lines of pinned places, and their marks on the map
NEAR = 12.0  # pixels from the pointer to an observation

HINT = tr("Click on the map to plot the time series of a place.")


class SeriesPlot(QWidget):
    """Plots one time series."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._series: Optional[Series] = None
        self._pinned: Sequence[Series] = ()
        self._text = HINT
        self._axes: Optional[_Axes] = None  # of the plot on the screen
        self.setMinimumHeight(190)
        self.setMouseTracking(True)

    @property
    def series(self) -> Optional[Series]:
        """The plotted series."""
        return self._series

    @property
    def text(self) -> str:
        """The text shown instead of a series."""
        return "" if self._series is not None else self._text

    def show_series(self, series: Series, pinned: Sequence[Series] = ()) -> None:
        """Show a series, and those of pinned places."""
        self._series, self._pinned = series, pinned
        number = len(series.observations)
        self.setAccessibleDescription(f"{series.name}, {number} {tr('observations')}, {series.class_name}")
        self.update()

    def show_text(self, text: str) -> None:
        """Show a text instead of a series."""
        self._series, self._text = None, text
        self.update()

    def sizeHint(self) -> QSize:
        """The preferred size."""
        return QSize(300, 200)

    def picture(self, width: int = 1200, height: int = 700) -> QImage:
        """The plot on a white background, for a file."""
        image = QImage(width, height, QImage.Format.Format_RGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        scale = width / 480
        painter.scale(scale, scale)
        self._paint(painter, QRectF(0, 0, width / scale, height / scale), QColor("#202124"))
        painter.end()
        return image

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the plot in the colours of the window."""
        self._axes = self._paint(QPainter(self), QRectF(self.rect()), text_colour())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show the observation under the pointer in a tooltip."""
        text = self.text_at(QPointF(event.pos()))
        if text:
            QToolTip.showText(self.mapToGlobal(event.pos()), text, self)
        else:
            QToolTip.hideText()

    def text_at(self, place: QPointF) -> str:
        """The time, value and state of the observation at a place of the plot; empty if none is near."""
        if self._series is None or self._axes is None:
            return ""
        places = [self._axes.place(own.time, own.value) - place for own in self._series.observations]
        near = [(math.hypot(off.x(), off.y()), number) for number, off in enumerate(places)]
        distance, number = min(near)
        if distance > NEAR:
            return ""
        own = self._series.observations[number]
        state = tr("valid") if own.is_valid else tr("cloudy")
        return f"{own.time:%Y-%m-%d %H:%M}, {self._series.name} {written(own.value, 3)}, {state}"

    def _paint(self, painter: QPainter, area: QRectF, ink: QColor) -> Optional[_Axes]:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 0.9)
        painter.setFont(font)
        painter.setPen(ink)
        series = self._series
        if series is None or not series.observations:
            text = self._text if series is None else tr("There are no observations of this place.")
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)
            return None
        seen = [own for other in self._pinned for own in other.observations]
        plot = _Axes(series, seen, area.adjusted(LEFT, TOP, -RIGHT, -BOTTOM))
        plot.paint(painter, ink)
        for curve in series.curves:
            _paint_curve(painter, plot, curve)
        for other, colour in zip(self._pinned, PINNED):
            _paint_observations(painter, plot, [own for own in other.observations if own.is_valid], colour)
        _paint_observations(painter, plot, series.observations, VALID)
        _paint_legend(painter, area, series, ink)
        return plot


class _Axes:
    """Maps time and value to positions on the screen."""

    def __init__(self, series: Series, others: Sequence[Observation], box: QRectF) -> None:
        points = [point for curve in series.curves for point in curve.points]
        observations = [*series.observations, *others]
        times = [observation.time for observation in observations] + [time for time, _, _ in points]
        values = [observation.value for observation in observations]
        values += [mean + side * spread for _, mean, spread in points for side in (-1, 1)]
        self.box = box
        self.first, self.last = min(times), max(max(times), min(times) + timedelta(days=1))
        self.step = _step(max(values) - min(values))
        self.low = math.floor(min(values) / self.step) * self.step
        self.high = max(math.ceil(max(values) / self.step) * self.step, self.low + self.step)

    def place(self, time: datetime, value: float) -> QPointF:
        """The position of a value at a time."""
        x = self.box.left() + self.box.width() * ((time - self.first) / (self.last - self.first))
        return QPointF(x, self.box.bottom() - self.box.height() * (value - self.low) / (self.high - self.low))

    def paint(self, painter: QPainter, ink: QColor) -> None:
        """Paint grid lines and axis labels."""
        grid = QColor(ink)
        grid.setAlpha(45)
        for number in range(round((self.high - self.low) / self.step) + 1):
            value = self.low + number * self.step
            y = self.place(self.first, value).y()
            painter.setPen(QPen(grid, 1))
            painter.drawLine(QPointF(self.box.left(), y), QPointF(self.box.right(), y))
            painter.setPen(ink)
            where = QRectF(0, y - 8, self.box.left() - 5, 16)
            painter.drawText(where, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, written(value, 4))
        free_from = 0.0
        for month, text in months(self.first, self.last):
            x = self.place(month, self.low).x()
            wide = painter.fontMetrics().horizontalAdvance(text)
            if x >= max(self.box.left(), free_from) and x + wide <= self.box.right() + RIGHT:
                painter.drawLine(QPointF(x, self.box.bottom()), QPointF(x, self.box.bottom() + 3))
                painter.drawText(QPointF(x, self.box.bottom() + 15), text)
                free_from = x + wide + 8


def _step(reach: float) -> float:
    """A round step of about a fifth of the range."""
    rough = max(reach, 1e-6) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    return float(next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough))


def _paint_curve(painter: QPainter, axes: _Axes, curve: ClassCurve) -> None:
    """The mean of a class as a broad line, with a band of one standard deviation on both sides."""
    colour = QColor(curve.colour)
    upper = [axes.place(time, mean + spread) for time, mean, spread in curve.points]
    lower = [axes.place(time, mean - spread) for time, mean, spread in curve.points]
    colour.setAlpha(40)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(QPolygonF(upper + lower[::-1]))
    painter.setPen(_curve_pen(curve))
    painter.drawPolyline(QPolygonF([axes.place(time, mean) for time, mean, _ in curve.points]))


def _curve_pen(curve: ClassCurve) -> QPen:
    colour = QColor(curve.colour)
    colour.setAlpha(140)
    return QPen(colour, 5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def _paint_observations(painter: QPainter, axes: _Axes, observations: Sequence[Observation], colour: QColor) -> None:
    """Valid observations as dots on a line, cloudy ones as crosses."""
    painter.setPen(QPen(colour, 1.4))
    places = [(axes.place(each.time, each.value), each.is_valid) for each in observations]
    painter.drawPolyline(QPolygonF([place for place, is_valid in places if is_valid]))
    for place, is_valid in places:
        _paint_sign(painter, place, is_valid, colour)


def _paint_sign(painter: QPainter, place: QPointF, is_valid: bool, colour: QColor = VALID) -> None:
    if is_valid:
        painter.setPen(QPen(colour, 1))
        painter.setBrush(colour)
        painter.drawEllipse(place, 2.8, 2.8)
        return
    painter.setPen(QPen(CLOUDY, 1.3))
    painter.drawLine(place + QPointF(-3, -3), place + QPointF(3, 3))
    painter.drawLine(place + QPointF(-3, 3), place + QPointF(3, -3))


def _paint_legend(painter: QPainter, area: QRectF, series: Series, ink: QColor) -> None:
    """The title and the legend, above the plot."""
    height = painter.fontMetrics().height()
    painter.setPen(ink)
    title = series.name + (f" · {series.class_name}" if series.class_name else "")
    painter.drawText(QPointF(6, height), title)
    x, y = 6.0, 2.0 * height + 2
    for is_valid, text in ((True, tr("valid")), (False, tr("cloudy"))):
        _paint_sign(painter, QPointF(x + 4, y - height / 3), is_valid)
        painter.setPen(ink)
        painter.drawText(QPointF(x + 12, y), text)
        x += 24 + painter.fontMetrics().horizontalAdvance(text)
    for number, curve in enumerate(series.curves):
        painter.setPen(_curve_pen(curve))
        painter.drawLine(QPointF(x + 4, y - height / 3), QPointF(x + 16, y - height / 3))
        painter.setPen(ink)
        room = (area.right() - RIGHT - x) / (len(series.curves) - number) - 32
        text = painter.fontMetrics().elidedText(curve.name, Qt.TextElideMode.ElideRight, int(max(room, 0)))
        painter.drawText(QPointF(x + 23, y), text)
        x += 32 + painter.fontMetrics().horizontalAdvance(text)
