"""The dock: one column from the area to the results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsProject
from qgis.gui import QgisInterface, QgsDockWidget
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from ..processing_provider.worker import WORKER
from .area_section import AreaSection
from .arrival import Arrival
from .imagery_section import ImagerySection
from .installation_note import InstallationNote
from .maps_section import MapsSection
from .method_section import MethodSection
from .patch_overlay import PatchOverlay
from .quality_section import QualitySection
from .reference_section import ReferenceSection
from .results_section import ResultsSection
from .run_section import RunSection
from .section import Section
from .session import Session

NARROWEST = 320  # pixels


class PatchworkDock(QgsDockWidget):
    """Holds and connects the sections; all processing is done by the algorithms that they run."""

    def __init__(self, iface: QgisInterface) -> None:
        super().__init__("Patchwork", iface.mainWindow())
        self.setObjectName("PatchworkDock")
        self._iface = iface
        self._is_project_of_run = False
        project = QgsProject.instance()
        self.session = Session(project, self)
        self.overlay = PatchOverlay(iface.mapCanvas())
        self.area = AreaSection(self.session, iface, self.overlay)
        self.imagery = ImagerySection(self.session, iface, self.area)
        self.reference = ReferenceSection(self.session, iface, self.area)
        self.method = MethodSection(self.session, iface)
        self.results = ResultsSection(self.session, iface, self.overlay)
        self.quality = QualitySection(self.session, iface)
        self.maps = MapsSection(self.session)
        self.run = RunSection(self.session, iface, self.area, self.overlay)
        self.installation = InstallationNote(self)
        self.arrival = Arrival(self)
        inputs = (self.area, self.imagery, self.reference, self.method)
        self.sections = (*inputs, self.results, self.quality, self.maps)
        self._lay_out()
        for section in self.sections:
            section.opened.connect(lambda section=section: self._fold_others(section))
        self._open_first()
        project.readProject.connect(self._on_project)
        project.cleared.connect(self._on_project)
        self.run.started.connect(self._on_started)
        self.run.ended.connect(self._on_ended)
        self.quality.labels.again.connect(self.run.start_or_cancel)
        self.maps.chosen.connect(self._on_map_chosen)
        self.installation.installed.connect(self._on_installed)
        self.visibilityChanged.connect(self._on_visible)
        self.area.plan()

    def close_all(self) -> None:
        """Stop everything that runs and clear the map canvas, before the plugin is unloaded."""
        project = QgsProject.instance()
        project.readProject.disconnect(self._on_project)
        project.cleared.disconnect(self._on_project)
        self.run.cancel()
        self.arrival.stop()
        self.imagery.stop()
        self.reference.stop()
        self.results.stop()
        self.quality.stop()
        self.maps.stop()
        self.area.close_plans()
        self.installation.stop()
        WORKER.release()
        self._iface.mapCanvas().scene().removeItem(self.overlay)

    def _lay_out(self) -> None:
        column = QWidget()
        layout = QVBoxLayout(column)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.installation)
        for section in self.sections:
            layout.addWidget(section)
        layout.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(column)
        self._scroll = scroll
        whole = QWidget()
        outer = QVBoxLayout(whole)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        outer.addWidget(self.run)
        whole.setMinimumWidth(NARROWEST)
        self.setWidget(whole)

    def _open_first(self) -> None:
        """Open the section to begin with: the results where there is a map."""
        (self.results if self.results.has_map else self.area).set_open(True)

    def _fold_others(self, opened: Section) -> None:
        """Fold the sections that are not pinned, except the one that was opened."""
        for section in self.sections:
            if section is not opened and section.is_open and not section.is_pinned:
                section.set_open(False)

    def _on_project(self) -> None:
        """Restore the session of the new project; a running map continues, since it belongs to its workspace."""
        self._is_project_of_run = False
        self.arrival.stop()
        self.session.restore()
        self._open_first()

    def _on_visible(self, is_visible: bool) -> None:
        """Keep a warm engine and show the patches while the dock is visible."""
        self.overlay.setVisible(is_visible)
        if is_visible:
            WORKER.keep()
            self.installation.look()
        else:
            WORKER.release()

    def _on_installed(self) -> None:
        """Refresh the sections after the engine was installed."""
        WORKER.keep()
        self.session.restored.emit()

    def _on_map_chosen(self, workspace: Path) -> None:
        """Show the layers and results of an earlier map."""
        self.arrival.show(workspace)
        self.results.set_open(True)

    def _on_started(self) -> None:
        self._is_project_of_run = True
        for section in (self.area, self.imagery, self.reference, self.method, self.quality, self.maps):
            section.content.setEnabled(False)

    def _on_ended(self, results: dict[str, Any]) -> None:
        for section in self.sections:
            section.content.setEnabled(True)
        self.results.refresh()
        self.maps.refresh()
        self.quality.finish(results if self._is_project_of_run else {})
        if not self._is_project_of_run:
            self.area.plan()
            return
        if not results:
            return
        self.overlay.show_layer(None)
        self.arrival.show(Path(results["WORKSPACE"]))
        if not self.quality.is_open:  # otherwise the run came from there
            self.results.set_open(True)
