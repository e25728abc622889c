"""The year of a place: its plot beside those of kept places, its classes, and what can be saved of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Optional

from qgis.core import QgsApplication, QgsCoordinateReferenceSystem, QgsPointXY
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..processing_provider.places import crs_text
from ..processing_provider.translation import tr
from .area_tools import LINE
from .button_grid import ButtonGrid
from .pinned_places import PinnedPlaces, marker, probabilities_text
from .running import LatestRun
from .series import read_series
from .series_plot import HINT, SeriesPlot
from .session import Session


class PlaceView(QWidget):
    """The place that was asked last, and at most two others that are kept; `saved` says what was, or that it failed."""

    saved = pyqtSignal(str, bool)

    def __init__(self, session: Session, canvas: QgsMapCanvas) -> None:
        super().__init__()
        self._session = session
        self._canvas = canvas
        self._place, self._point, self._value = "", QgsPointXY(), ""
        self._table: Optional[Path] = None
        self._run = LatestRun("timeseries", self, rest_ms=0)
        self._run.ended.connect(self._on_series)
        self.marker = marker(canvas, LINE)
        self.pinned = PinnedPlaces(canvas, self)
        self.pinned.changed.connect(self._show_series)
        self.plot = SeriesPlot(self)
        self.where = QLabel()
        self.where.setTextFormat(Qt.TextFormat.PlainText)
        self.where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.where.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.probable = QLabel()
        self.probable.setTextFormat(Qt.TextFormat.RichText)
        self.probable.setWordWrap(True)
        self.pin = QToolButton()
        self.pin.setIcon(QgsApplication.getThemeIcon("/mActionPinLabels.svg"))
        self.pin.clicked.connect(self._on_pin)
        self.save_table = QPushButton(tr("Save table…"))
        self.save_table.clicked.connect(self._save_table)
        self.save_picture = QPushButton(tr("Save picture…"))
        self.save_picture.clicked.connect(self._save_picture)
        self._lay_out()

    def follow(self, point: QgsPointXY, crs: QgsCoordinateReferenceSystem, value: str) -> None:
        """Plot a band or index of a place over the year, and mark it."""
        digits = 5 if crs.isGeographic() else 0
        self.where.setText(f"{point.x():.{digits}f}, {point.y():.{digits}f} ({crs.authid() or crs.description()})")
        self._point = point
        self.marker.setCenter(point)
        self.marker.show()
        self._place = f"{point.x()!r},{point.y()!r},{crs_text(crs)}"
        self._ask(value)

    def show_value(self, value: str) -> None:
        """Plot another band or index of the same places."""
        if self._place:
            self.pinned.ask(value, {"WORKSPACE": str(self._session.workspace)})
            self._ask(value)

    def say(self, text: str) -> None:
        """Show a text in place of a plot, of no place."""
        self._place = ""  # another value would plot the place before
        self._run.cancel()
        self.where.setText("")
        self.marker.hide()
        self._show_text(text)

    def forget(self) -> None:
        """Forget all places: they belong to another workspace."""
        self.pinned.forget()
        self.say(HINT)

    def stop(self) -> None:
        """Cancel requests, and leave the map as it was."""
        self._run.cancel()
        self.pinned.stop()
        self._canvas.scene().removeItem(self.marker)

    def _lay_out(self) -> None:
        place = QHBoxLayout()
        place.addWidget(self.where, 1)
        place.addWidget(self.pin)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot)
        column.addLayout(place)
        column.addWidget(self.probable)
        column.addWidget(ButtonGrid((self.save_table, self.save_picture)))
        self._show_buttons()

    def _ask(self, value: str) -> None:
        self._value = value
        self._show_text(tr("Reading…"))
        self._run.ask({"WORKSPACE": str(self._session.workspace), "PLACE": self._place, "INDEX": value})

    def _on_series(self, succeeded: bool, results: dict[str, Any], errors: list[str]) -> None:
        if not succeeded:
            self._show_text("\n".join(errors))
            return
        self._table = Path(results["TABLE"])
        self.plot.show_series(read_series(self._value, results))
        self._show_series()

    def _on_pin(self) -> None:
        """Keep the place beside the next ones; where two are kept, forget them."""
        if self.pinned.is_full:
            self.pinned.forget()
        elif self.plot.series is not None:
            self.pinned.pin(self._place, self._point, self.plot.series)
        self._show_series()

    def _show_series(self) -> None:
        if self.plot.series is not None:
            self.plot.show_series(self.plot.series, self.pinned.series)
            self.probable.setText(probabilities_text(self.plot.series))
        self._show_buttons()

    def _show_text(self, text: str) -> None:
        """Show a text in place of a plot; there is nothing to save then."""
        self._table = None
        self.probable.setText("")
        self.plot.show_text(text)
        self._show_buttons()

    def _show_buttons(self) -> None:
        for button in (self.save_table, self.save_picture, self.pin):
            button.setEnabled(self._table is not None)
        is_full = self.pinned.is_full
        self.pin.setToolTip(tr("Forget the kept places") if is_full else tr("Keep this place beside the next ones"))

    def _save_table(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("Save table"), "timeseries.csv", "CSV (*.csv)")
        if not path or self._table is None:
            return
        try:
            shutil.copyfile(self._table, path)
        except OSError:
            self.saved.emit(path, False)
        else:
            self.saved.emit(path, True)

    def _save_picture(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("Save picture"), "timeseries.png", "PNG (*.png)")
        if path:
            self.saved.emit(path, self.plot.picture().save(path, "PNG"))
