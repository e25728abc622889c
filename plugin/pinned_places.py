"""Places that stay in the plot beside the one that was asked last."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any, Optional

from qgis.core import QgsPointXY
from qgis.gui import QgsMapCanvas, QgsVertexMarker
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtGui import QColor

from .running import LatestRun
from .series import Series, read_series
from .series_plot import PINNED


def marker(canvas: QgsMapCanvas, colour: QColor) -> QgsVertexMarker:
    """A hidden cross on the map."""
    made = QgsVertexMarker(canvas)
    made.setIconType(QgsVertexMarker.IconType.ICON_CROSS)
    made.setColor(colour)
    made.setIconSize(14)
    made.setPenWidth(2)
    made.hide()
    return made


class PinnedPlaces(QObject):
    """At most two places with their series; `changed` is emitted when one of them has another series."""

    changed = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas, parent: QObject) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._places: list[str] = []
        self._series: list[Optional[Series]] = []
        self._markers = [marker(canvas, colour) for colour in PINNED]
        self._value = ""
        self._runs = [LatestRun("timeseries", self, rest_ms=0) for _ in PINNED]
        for number, run in enumerate(self._runs):
            run.ended.connect(partial(self._on_series, number))

    @property
    def is_full(self) -> bool:
        """Whether no further place can be pinned."""
        return len(self._places) == len(PINNED)

    @property
    def series(self) -> list[Series]:
        """The series of the places, as far as they are known."""
        return [own for own in self._series if own is not None]

    def pin(self, place: str, point: QgsPointXY, series: Series) -> None:
        """Keep a place with its series; `point` is in the CRS of the map."""
        number = len(self._places)
        self._places.append(place)
        self._series.append(series)
        self._markers[number].setCenter(point)
        self._markers[number].show()

    def ask(self, name: str, parameters: dict[str, Any]) -> None:
        """Ask for another value of all places."""
        self._value = name
        for number, (run, place) in enumerate(zip(self._runs, self._places)):
            self._series[number] = None
            run.ask({**parameters, "PLACE": place, "INDEX": name})

    def forget(self) -> None:
        """Forget all places."""
        self._places, self._series = [], []
        for run, own in zip(self._runs, self._markers):
            run.cancel()
            own.hide()

    def stop(self) -> None:
        """Cancel requests, and leave the map as it was."""
        self.forget()
        for own in self._markers:
            self._canvas.scene().removeItem(own)

    def _on_series(self, number: int, succeeded: bool, results: dict[str, Any], _: list[str]) -> None:
        if succeeded:
            self._series[number] = read_series(self._value, results)
            self.changed.emit()


def probabilities_text(series: Series, most: int = 3) -> str:
    """The most probable classes in a line, each with a square of its colour, as rich text."""
    shown = [own for own in series.probabilities[:most] if own[2] >= 0.005]
    return ", ".join(
        f'<span style="color:{colour}">■</span> {escape(name)} {probability:.0%}' for name, colour, probability in shown
    )
