"""The results section: the accuracy, the report, and the year of a clicked place."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsApplication, QgsPointXY
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QWidget

from ..core.store.known_maps import KnownMap, known_map
from ..core.store.paths import WorkspacePaths
from ..core.vocabulary.indices import INDICES
from ..processing_provider.translation import tr
from .area_tools import AskTool
from .button_grid import ButtonGrid
from .patch_overlay import PatchOverlay
from .place_view import PlaceView
from .section import Note, Section
from .session import Session

BANDS = ("B02", "B03", "B04", "B08", "B11", "B12", "VV", "VH")


class ResultsSection(Section):
    """Buttons, and the last clicked place."""

    def __init__(self, session: Session, iface: QgisInterface, overlay: PatchOverlay) -> None:
        super().__init__(tr("Results"))
        self._session = session
        self._iface = iface
        self._overlay = overlay
        self.tool = AskTool(iface.mapCanvas())
        self.tool.asked.connect(self._on_asked)
        self.note = Note(self)
        self.report = QPushButton(QgsApplication.getThemeIcon("/mIconHtml.svg"), tr("Report"))
        self.report.clicked.connect(lambda: self._open(WorkspacePaths(self._session.workspace).report))
        self.folder = QPushButton(QgsApplication.getThemeIcon("/mActionFileOpen.svg"), tr("Folder"))
        self.folder.clicked.connect(lambda: self._open(self._session.workspace))
        self.ask = QPushButton(QgsApplication.getThemeIcon("/mActionIdentify.svg"), tr("Ask the map"))
        self.ask.setCheckable(True)
        self.ask.setToolTip(tr("Click on the map to plot the time series of a pixel, or to see why a patch failed"))
        self.ask.toggled.connect(self._take_tool)
        self.tool.setButton(self.ask)
        self.value = QComboBox()
        self.value.addItems([*INDICES, *BANDS])
        self.place = PlaceView(session, iface.mapCanvas())
        self.place.saved.connect(self._show_saved)
        self.value.currentTextChanged.connect(self.place.show_value)
        self._lay_out()
        session.changed.connect(lambda _: self._follow_workspace())
        session.restored.connect(self._forget)
        self.refresh()

    def refresh(self) -> None:
        """Enable what the workspace has."""
        workspace = self._session.workspace
        chosen = self._session.get("WORKSPACE")
        paths = WorkspacePaths(workspace)
        has_scenes = paths.catalogue.is_file()
        self.report.setEnabled(paths.report.is_file())
        self.folder.setEnabled(workspace.is_dir())
        for widget in (self.ask, self.value):
            widget.setEnabled(has_scenes)
        self._shown = workspace
        known = known_map(workspace)
        if known.made is not None:
            self.summary.say(accuracy_text(known))
            text = tr("{}. In brackets the 95 % interval, tested away from the training; see the report.")
            plain = tr("{}; see the report.")
            is_known = known.low is not None
            words = accuracy_text(known, tr("Accuracy"))
            self.note.say((text if is_known else plain).format(words), "info" if is_known else "warning")
            return
        self.summary.say(tr("no map yet"))
        if chosen and not workspace.is_dir():
            text = tr("There is no folder {}. The next run makes it; if it was moved, choose it below.")
            self.note.say(text.format(workspace))
        else:
            self.note.say("")

    @property
    def has_map(self) -> bool:
        """Whether the workspace has a map."""
        return WorkspacePaths(self._session.workspace).layer("map").is_file()

    def stop(self) -> None:
        """Cancel requests, and leave the map as it was."""
        self.place.stop()
        self._iface.mapCanvas().unsetMapTool(self.tool)

    def _lay_out(self) -> None:
        choice = QWidget()
        row = QHBoxLayout(choice)
        row.setContentsMargins(0, 0, 0, 0)
        label = QLabel(tr("Show"))
        label.setBuddy(self.value)
        row.addWidget(label)
        row.addWidget(self.value, 1)
        self.column.addWidget(self.note)
        self.column.addWidget(ButtonGrid((self.report, self.folder, self.ask, choice)))
        self.column.addWidget(self.place)

    def _follow_workspace(self) -> None:
        """Forget what belongs to the former workspace."""
        if self._session.workspace != self._shown:
            self._forget()

    def _forget(self) -> None:
        self.place.forget()
        self.refresh()

    def _take_tool(self, is_wanted: bool) -> None:
        canvas = self._iface.mapCanvas()
        if is_wanted and canvas.mapTool() is not self.tool:
            canvas.setMapTool(self.tool)
        elif not is_wanted:
            canvas.unsetMapTool(self.tool)

    def _on_asked(self, point: QgsPointXY) -> None:
        reason = self._overlay.failure_at(point)
        if reason is not None:
            self.place.say(reason)
            return
        crs = self._iface.mapCanvas().mapSettings().destinationCrs()
        self.place.follow(point, crs, self.value.currentText())

    def _open(self, path: Path) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

    def _show_saved(self, path: str, is_saved: bool) -> None:
        if is_saved:
            self.note.say(tr("Saved as {}.").format(path), "success")
        else:
            self.note.say(tr("{} cannot be written. Choose another folder.").format(path), "error")


def accuracy_text(known: KnownMap, word: str = tr("accuracy")) -> str:
    """The accuracy of a map and its 95 % interval, as far as they are known."""
    if known.accuracy is None:
        return tr("{} unknown").format(word)
    if known.low is None or known.high is None:
        return tr("{} {:.0%}, interval unknown").format(word, known.accuracy)
    return tr("{} {:.0%} ({:.0%} – {:.0%})").format(word, known.accuracy, known.low, known.high)
