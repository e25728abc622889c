"""Places that an algorithm finds, stepped through on the map with the year of each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

from qgis.core import QgsApplication, QgsFeature, QgsProject, QgsRectangle, QgsVectorLayer, QgsWkbTypes
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from ..processing_provider import layers
from ..processing_provider.places import crs_text
from ..processing_provider.translation import tr
from .running import LatestRun
from .section import Note
from .series import Series, read_series
from .series_plot import SeriesPlot
from .session import Session, as_layer

INDEX = "NDVI"
_AROUND = 2.5  # times the size of a place
_NARROWEST = 400.0  # map units, metres on the grid of a workspace


class Review(QWidget):
    """The places of one layer; a subclass adds what can be answered about them."""

    ALGORITHM = ""  # finds the places
    OUTPUT = ""  # its output with the layer of the places
    TITLE = ""  # of the layer
    FIND = ""
    NOTHING = ""

    def __init__(self, session: Session, iface: QgisInterface) -> None:
        super().__init__()
        self._session, self._iface = session, iface
        self._layer_id = ""
        self._features: list[QgsFeature] = []
        self._number = -1
        self._runs: list[LatestRun] = []
        self._finding = self.run_of(self.ALGORITHM, self._on_found)
        self._series = self.run_of("timeseries", self._on_series)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 6, 0, 0)
        self.find = QPushButton(self.FIND)
        self.find.clicked.connect(self.start)
        self.note = Note(self)
        self.previous, self.next, self.zoom = (
            self._button(icon, text, slot)
            for icon, text, slot in (
                ("/mActionArrowLeft.svg", tr("Previous"), lambda: self.step(-1)),
                ("/mActionArrowRight.svg", tr("Next"), lambda: self.step(1)),
                ("/mActionZoomToSelected.svg", tr("Zoom to the place"), self._show_place),
            )
        )
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setWordWrap(True)
        self.plot = SeriesPlot(self)
        self.place = QWidget()
        self._lay_out()
        session.restored.connect(self.forget)
        session.changed.connect(lambda name: self.forget() if name == "WORKSPACE" else None)

    @property
    def layer(self) -> Optional[QgsVectorLayer]:
        """The layer of the places; None before they are found, or if it was removed from the project."""
        found = QgsProject.instance().mapLayer(self._layer_id)
        return found if isinstance(found, QgsVectorLayer) else None

    @property
    def current(self) -> Optional[QgsFeature]:
        """The feature of the place that is shown."""
        return self._features[self._number] if self._number >= 0 else None

    def run_of(self, algorithm: str, on_end: Callable[[bool, dict[str, Any], list[str]], None]) -> LatestRun:
        """Runs of an algorithm that end with the review."""
        run = LatestRun(algorithm, self, rest_ms=0)
        run.ended.connect(on_end)
        self._runs.append(run)
        return run

    def start(self) -> None:
        """Find the places."""
        self.forget()
        self.note.say(tr("Working…"))
        self.find.setEnabled(False)
        self._finding.ask(self.parameters())

    def stop(self) -> None:
        """Cancel what runs."""
        for run in self._runs:
            run.cancel()
        self.find.setEnabled(True)

    def forget(self) -> None:
        """Forget the places, such as those of another workspace."""
        self.stop()
        self._layer_id, self._features, self._number = "", [], -1
        self.note.say("")
        self.place.setVisible(False)

    def step(self, by: int) -> None:
        """Show the place before or after, round the ends."""
        self.show_place((self._number + by) % len(self._features))

    def show_place(self, number: int) -> None:
        """Show a place: on the map, in words, and its year."""
        if self.layer is None:
            self.forget()
            self.note.say(tr("The layer was removed from the project. Find the places again."), "warning")
            return
        self._number = number
        self.tell()
        self._show_place()
        self.plot.show_text(tr("Reading…"))
        place = self._place_of(self._features[number])
        compared = {"CLASSES": self.classes()} if self.classes() else {}
        self._series.ask({"WORKSPACE": str(self._session.workspace), "PLACE": place, "INDEX": INDEX, **compared})

    def tell(self) -> None:
        """Say which place is shown, and what is to be seen."""
        self.title.setText(f"{self._number + 1} / {len(self._features)}: {self.words()}")

    # What subclasses say

    def parameters(self) -> dict[str, Any]:
        """The parameters of the algorithm."""
        return {"WORKSPACE": str(self._session.workspace)}

    def words(self) -> str:
        """The current place in words."""
        raise NotImplementedError

    def classes(self) -> str:
        """The classes whose course is plotted beside the place; that of the map if there is none."""
        return ""

    def shown(self, series: Series) -> Series:
        """What is plotted of a series."""
        return series

    def wanted(self, feature: QgsFeature) -> bool:
        """Whether a feature is a place to step to."""
        return True

    # The rest

    def open(self, file: Path) -> None:
        """Show the layer of a file on the map, and its first place."""
        layer = layers.show_on_top(QgsProject.instance(), self._session.workspace, layers.RunLayer(self.TITLE, file))
        if layer is None:
            self.note.say(tr("The layer {} cannot be opened.").format(file), "error")
            return
        self._layer_id = layer.id()
        self._features = [feature for feature in layer.getFeatures() if self.wanted(feature)]
        self.note.say("" if self._features else self.NOTHING, "success")
        self.place.setVisible(bool(self._features))
        if self._features:
            self.show_place(self.first())

    def first(self) -> int:
        """The number of the place that is shown first."""
        return 0

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.title, 1)
        for button in (self.zoom, self.previous, self.next):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self.answers = QVBoxLayout()
        inner = QVBoxLayout(self.place)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addLayout(row)
        inner.addWidget(self.plot)
        inner.addLayout(self.answers)
        for widget in (self.find, self.note, self.place):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        self.place.setVisible(False)

    def _button(self, icon: str, text: str, slot: Any) -> QToolButton:
        button = QToolButton()
        button.setIcon(QgsApplication.getThemeIcon(icon))
        button.setAutoRaise(True)
        button.setToolTip(text)
        button.setAccessibleName(text)
        button.clicked.connect(lambda: slot())
        return button

    def _on_found(self, succeeded: bool, results: dict[str, Any], errors: list[str]) -> None:
        self.find.setEnabled(True)
        if succeeded:
            self.open(Path(results[self.OUTPUT]))
        else:
            self.note.say("\n".join(errors), "error")

    def _on_series(self, succeeded: bool, results: dict[str, Any], errors: list[str]) -> None:
        if succeeded:
            self.plot.show_series(self.shown(read_series(INDEX, results)))
        else:
            self.plot.show_text("\n".join(errors))

    def _show_place(self) -> None:
        """Select the place and zoom to it."""
        layer, feature, canvas = self.layer, self.current, self._iface.mapCanvas()
        if layer is None or feature is None:
            return
        layer.selectByIds([feature.id()])
        box = feature.geometry().boundingBox()
        side = max(_AROUND * max(box.width(), box.height()), _NARROWEST)
        around = QgsRectangle.fromCenterAndSize(box.center(), side, side)
        canvas.setExtent(canvas.mapSettings().layerExtentToOutputExtent(layer, around))
        canvas.refresh()

    def _place_of(self, feature: QgsFeature) -> Any:
        """A feature as PLACE takes it: a point, or a layer of its polygon."""
        crs, geometry = crs_text(self.layer.crs()), feature.geometry()
        if geometry.type() == QgsWkbTypes.GeometryType.PointGeometry:
            point = geometry.asPoint()
            return f"{point.x()!r},{point.y()!r},{crs}"
        return as_layer({"wkt": geometry.asWkt(), "crs": crs})
