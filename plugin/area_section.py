"""The area section: draw the area, use a layer, or use the sample region; patches are drawn while their size is set."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, Callable, Optional

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsMapLayer,
    QgsProject,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QMenu, QToolButton, QWidget

from ..processing_provider.places import crs_text
from ..processing_provider.translation import tr
from .amounts import minutes_text, size_text
from .area_tools import DrawingTools
from .button_grid import ButtonGrid
from .parameter_form import ParameterForm
from .patch_overlay import MOST_SHOWN, PatchOverlay
from .running import LatestRun
from .section import Note, Section
from .session import SAMPLE, Session

# The dock asks for confirmation of runs on larger areas.
LARGE_KM2 = 50_000.0
GRID_PARAMETERS = ("PATCH_SIZE", "PATCH_COUNT", "BUFFER", "RESOLUTION", "CRS")
NOTHING = tr("Draw an area on the map, use a layer, or try the sample region.")
AREA_PARAMETERS = ("SOURCE", "IMAGERY", "BAND_NAMES", "AREA", *GRID_PARAMETERS)


class AreaSection(Section):
    """The area and its patches. `planned` is emitted with the outputs of `splitarea` when the patches are known."""

    planned = pyqtSignal(dict)

    def __init__(self, session: Session, iface: QgisInterface, overlay: PatchOverlay) -> None:
        super().__init__(tr("Area"))
        self._session = session
        self._iface = iface
        self._overlay = overlay
        self.is_frozen = False  # during a run the patches are those of the run
        self.numbers: dict[str, Any] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="patchwork-plan-")
        self._plans = 0
        self._split = LatestRun("splitarea", self)
        self._split.ended.connect(self._on_split)
        self._tools = DrawingTools(iface.mapCanvas(), self)
        self._tools.drawn.connect(self._on_drawn)
        self._tools.hint_changed.connect(self._show_hint)
        self.column.addWidget(self._buttons())
        self.form = ParameterForm(["PATCH_SIZE"], session, iface, self)
        self.column.addWidget(self.form)
        self.note = Note(self)
        self.column.addWidget(self.note)
        session.changed.connect(self._on_change)
        session.restored.connect(self.plan)

    @property
    def workspace(self) -> Path:
        """A temporary workspace with the planned patches only."""
        return Path(self._folder.name) / str(self._plans)

    def close_plans(self) -> None:
        """Stop planning, and remove the temporary workspace."""
        self._split.cancel()
        self._tools.stop()
        shutil.rmtree(self._folder.name, ignore_errors=True)  # QGIS keeps files open for a minute

    def plan(self) -> None:
        """Split the current area into patches."""
        if self.is_frozen:
            return
        chosen = self._session.get("AREA") or self._session.is_sample or self._session.get("IMAGERY")
        if not chosen:
            self._split.cancel()
            self._overlay.show_layer(None)
            self.numbers = {}
            self._show_numbers()
            return
        self._plans += 1
        parameters = self._session.parameters()
        area = {name: parameters[name] for name in AREA_PARAMETERS if name in parameters}
        self._split.ask({**area, "WORKSPACE": str(self.workspace)})

    def choose_sample(self) -> None:
        """Use the whole sample region."""
        self._session.set("AREA", None)
        self._session.set("SOURCE", SAMPLE)

    def choose_shape(self, shape: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> None:
        """Use a geometry in a CRS; a rectangle becomes an extent."""
        if not crs.isValid():
            self.note.say(tr("The project has no CRS. Set one and draw the area again."), "error")
            return
        if self._session.is_sample:
            self._session.set("SOURCE", None)
        box = shape.boundingBox()
        if shape.isGeosEqual(QgsGeometry.fromRect(box)):
            numbers = [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()]
            self._session.set("AREA", ",".join([*map(repr, numbers), crs_text(crs)]))
        else:
            self._session.set("AREA", {"wkt": shape.asWkt(), "crs": crs_text(crs)})

    def _buttons(self) -> QWidget:
        choices: list[tuple[str, str, str, Optional[Callable[[], None]]]] = [
            ("mActionAddBasicRectangle", tr("Rectangle"), tr("Draw a rectangle on the map"), None),
            ("mActionCapturePolygon", tr("Polygon"), tr("Draw a polygon; right-click ends it"), None),
            ("mActionViewExtentInCanvas", tr("Map extent"), tr("Current extent of the map canvas"), self._take_extent),
            ("mIconSelected", tr("Selection"), tr("The selected polygons of the current layer"), self._take_selection),
            ("mIconPolygonLayer", tr("Layer"), tr("All polygons of a layer"), self._choose_layer),
            ("mActionZoomFullExtent", tr("Sample region"), tr("Simulated; no account needed"), self.choose_sample),
        ]
        buttons: list[QToolButton] = []
        for icon, text, help_, act in choices:
            button = QToolButton()
            button.setObjectName(f"area-{icon}")
            button.setIcon(QgsApplication.getThemeIcon(f"/{icon}.svg"))
            button.setText(text)
            button.setToolTip(help_)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIconSize(QSize(16, 16))
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            if act is not None:
                button.clicked.connect(lambda _, act=act: act())
            buttons.append(button)
        self._tools.set_buttons(*buttons[:2])
        return ButtonGrid(buttons)

    def _show_hint(self, hint: str) -> None:
        """Show how to draw, and afterwards the planned patches."""
        if hint:
            self.note.say(hint)
        else:
            self._show_numbers()

    def _on_drawn(self, shape: QgsGeometry) -> None:
        self.choose_shape(shape, self._iface.mapCanvas().mapSettings().destinationCrs())

    def _take_extent(self) -> None:
        settings = self._iface.mapCanvas().mapSettings()
        self.choose_shape(QgsGeometry.fromRect(settings.visibleExtent()), settings.destinationCrs())

    def _take_selection(self) -> None:
        layer = self._iface.activeLayer()
        if not _is_polygon_layer(layer) or not layer.selectedFeatureCount():
            self.note.say(tr("Select polygons in a layer first, and make it the current layer."), "warning")
            return
        shape = QgsGeometry.unaryUnion([feature.geometry() for feature in layer.selectedFeatures()])
        self.choose_shape(shape, layer.crs())

    def _choose_layer(self) -> None:
        layers = [layer for layer in QgsProject.instance().mapLayers().values() if _is_polygon_layer(layer)]
        if not layers:
            self.note.say(tr("The project has no polygon layer. Add one, or draw the area."), "warning")
            return
        menu = QMenu(self)
        for layer in sorted(layers, key=lambda each: each.name().lower()):
            menu.addAction(layer.name(), lambda layer=layer: self._take_layer(layer))
        menu.exec(self.cursor().pos())

    def _take_layer(self, layer: QgsVectorLayer) -> None:
        if self._session.is_sample:
            self._session.set("SOURCE", None)
        self._session.set("AREA", layer.id())

    def _on_change(self, name: str) -> None:
        if name in AREA_PARAMETERS:
            self.plan()

    def _on_split(self, succeeded: bool, results: dict[str, Any], errors: list[str]) -> None:
        if not succeeded:
            self._overlay.show_layer(None)
            self.numbers = {}
            self.note.say("\n".join(errors), "error")
            self.summary.say(tr("not usable"))
            self.planned.emit({})
            return
        self.numbers = results
        for older in set(self.workspace.parent.iterdir()) - {self.workspace}:
            shutil.rmtree(older, ignore_errors=True)
        layer = QgsVectorLayer(results["PATCHES"], "patches", "ogr")
        self._overlay.show_layer(layer)
        self._show_numbers()
        self._show_on_map(layer.crs())
        self.planned.emit(results)

    def _show_numbers(self) -> None:
        found = self.numbers
        if not found:
            self.note.say(NOTHING)
            self.summary.say(tr("none chosen"))
            return
        number = found["PATCH_NUMBER"]
        parts = [
            tr("1 patch") if number == 1 else tr("{:,} patches").format(number),
            tr("{:,.0f} km²").format(found["AREA_KM2"])
            if found["AREA_KM2"] >= 1
            else tr("{:.2f} km²").format(found["AREA_KM2"]),
        ]
        self.summary.say(tr("{} ✓").format(", ".join(parts)))
        text = tr("{}. A year takes about {}, {} on disk and {} of memory.").format(
            ", ".join(parts), minutes_text(found["MINUTES"]), size_text(found["DISK_MB"]), size_text(found["MEMORY_MB"])
        )
        if number > MOST_SHOWN:
            text += " " + tr("Too many patches to draw.")
        self.note.say(text, "warning" if found["AREA_KM2"] > LARGE_KM2 else "info")

    def _show_on_map(self, crs: QgsCoordinateReferenceSystem) -> None:
        """Zoom to the patches if none is visible; a project without layers gets their CRS."""
        canvas = self._iface.mapCanvas()
        if self._overlay.extent.isEmpty() or canvas.extent().intersects(self._overlay.extent):
            return
        if not QgsProject.instance().mapLayers():
            QgsProject.instance().setCrs(crs)
        extent = self._overlay.extent
        extent.scale(1.3)
        canvas.setExtent(extent)
        canvas.refresh()


def _is_polygon_layer(layer: Any) -> bool:
    return (
        isinstance(layer, QgsMapLayer)
        and isinstance(layer, QgsVectorLayer)
        and layer.geometryType() == QgsWkbTypes.GeometryType.PolygonGeometry
    )
