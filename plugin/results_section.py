"""The results section: the report, and the time series of a clicked place."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Optional

from qgis.core import QgsApplication, QgsCoordinateReferenceSystem, QgsPointXY
from qgis.gui import QgisInterface, QgsVertexMarker
from qgis.PyQt.QtCore import Qt, QUrl
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QComboBox, QFileDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy

from ..core.store.known_maps import KnownMap, known_map
from ..core.store.paths import WorkspacePaths
from ..core.vocabulary.indices import INDICES
from ..processing_provider.places import crs_text
from ..processing_provider.translation import tr
from .area_tools import LINE, AskTool
from .patch_overlay import PatchOverlay
from .running import LatestRun
from .section import Note, Section
from .series import read_series
from .series_plot import HINT, SeriesPlot
from .session import Session

BANDS = ("B02", "B03", "B04", "B08", "B11", "B12", "VV", "VH")


class ResultsSection(Section):
    """Buttons, and the plot of the last clicked place."""

    def __init__(self, session: Session, iface: QgisInterface, overlay: PatchOverlay) -> None:
        super().__init__(tr("Results"))
        self._session = session
        self._iface = iface
        self._overlay = overlay
        self._place = ""
        self._table: Optional[Path] = None
        self._series = LatestRun("timeseries", self, rest_ms=0)
        self._series.ended.connect(self._on_series)
        self.tool = AskTool(iface.mapCanvas())
        self.tool.asked.connect(self._on_asked)
        self._marker = QgsVertexMarker(iface.mapCanvas())
        self._marker.setIconType(QgsVertexMarker.IconType.ICON_CROSS)
        self._marker.setColor(LINE)
        self._marker.setIconSize(14)
        self._marker.setPenWidth(2)
        self._marker.hide()
        self.where = QLabel()
        self.where.setTextFormat(Qt.TextFormat.PlainText)
        self.where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.where.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
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
        self.value.currentTextChanged.connect(lambda _: self._follow())
        self.plot = SeriesPlot(self)
        self.save_table = QPushButton(tr("Save table…"))
        self.save_table.clicked.connect(self._save_table)
        self.save_picture = QPushButton(tr("Save picture…"))
        self.save_picture.clicked.connect(self._save_picture)
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
        """Cancel the request."""
        self._series.cancel()
        self._iface.mapCanvas().unsetMapTool(self.tool)
        self._iface.mapCanvas().scene().removeItem(self._marker)

    def follow(self, point: QgsPointXY, crs: QgsCoordinateReferenceSystem) -> None:
        """Plot the time series of a place, and mark it."""
        digits = 5 if crs.isGeographic() else 0
        self.where.setText(f"{point.x():.{digits}f}, {point.y():.{digits}f} ({crs.authid() or crs.description()})")
        self._marker.setCenter(point)
        self._marker.show()
        self._place = f"{point.x()!r},{point.y()!r},{crs_text(crs)}"
        self._follow()

    def _lay_out(self) -> None:
        buttons = QGridLayout()
        buttons.addWidget(self.report, 0, 0)
        buttons.addWidget(self.folder, 0, 1)
        buttons.addWidget(self.ask, 1, 0)
        row = QHBoxLayout()
        label = QLabel(tr("Show"))
        label.setBuddy(self.value)
        row.addWidget(label)
        row.addWidget(self.value, 1)
        buttons.addLayout(row, 1, 1)
        exports = QHBoxLayout()
        exports.addWidget(self.save_table)
        exports.addWidget(self.save_picture)
        self.column.addWidget(self.note)
        self.column.addLayout(buttons)
        self.column.addWidget(self.plot)
        self.column.addWidget(self.where)
        self.column.addLayout(exports)
        self._show_exports()

    def _follow_workspace(self) -> None:
        """Forget what belongs to the former workspace."""
        if self._session.workspace != self._shown:
            self._forget()

    def _forget(self) -> None:
        """Forget the last place: it belongs to another workspace."""
        self._place = ""
        self._unmark()
        self._series.cancel()
        self._show_text(HINT)
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
            self._place = ""  # another value of the list would plot the place before
            self._unmark()
            self._series.cancel()
            self._show_text(reason)
            return
        self.follow(point, self._iface.mapCanvas().mapSettings().destinationCrs())

    def _follow(self) -> None:
        if not self._place:
            return
        self._show_text(tr("Reading…"))
        workspace = str(self._session.workspace)
        self._series.ask({"WORKSPACE": workspace, "PLACE": self._place, "INDEX": self.value.currentText()})

    def _on_series(self, succeeded: bool, results: dict[str, Any], errors: list[str]) -> None:
        if not succeeded:
            self._show_text("\n".join(errors))
            return
        self._table = Path(results["TABLE"])
        self.plot.show_series(read_series(self.value.currentText(), results))
        self._show_exports()

    def _unmark(self) -> None:
        self.where.setText("")
        self._marker.hide()

    def _show_text(self, text: str) -> None:
        """Show a text in place of a plot; there is nothing to save then."""
        self._table = None
        self.plot.show_text(text)
        self._show_exports()

    def _show_exports(self) -> None:
        for button in (self.save_table, self.save_picture):
            button.setEnabled(self._table is not None)

    def _open(self, path: Path) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

    def _save_table(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("Save table"), "timeseries.csv", "CSV (*.csv)")
        if not path or self._table is None:
            return
        try:
            shutil.copyfile(self._table, path)
        except OSError:
            self._show_saved(path, False)
        else:
            self._show_saved(path, True)

    def _save_picture(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("Save picture"), "timeseries.png", "PNG (*.png)")
        if path:
            self._show_saved(path, self.plot.picture().save(path, "PNG"))

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
