"""Layers that close their files during a run, where an open file can be neither replaced nor removed (Windows)."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsMapLayer,
    QgsMapLayerStyle,
    QgsProcessingException,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QObject, Qt, pyqtSignal, pyqtSlot
from qgis.PyQt.QtXml import QDomDocument, QDomElement

from ..core import system
from ..core.frozen import frozen
from .layers import file_of
from .translation import tr

SECONDS_TO_RELEASE = 10.0


@frozen
class _Released:
    """A layer's own source, CRS and style, and the empty source that stands in for it."""

    source: str
    provider: str
    crs: QgsCoordinateReferenceSystem
    style: QgsMapLayerStyle
    stand_in: str


class _Release(QObject):
    """Releases the layers of a project in the thread that owns them, whichever thread asks."""

    wanted = pyqtSignal()
    unwanted = pyqtSignal()

    def __init__(self, project: QgsProject, paths: list[Path]) -> None:
        super().__init__()
        self.is_done = threading.Event()
        self._project = project
        self._paths = [path.resolve() for path in paths]
        self._released: dict[str, _Released] = {}
        self.edited: dict[str, str] = {}  # files of layers that stay open, and the names of these
        self._folder = Path(tempfile.mkdtemp(prefix="patchwork-layers-"))
        self.moveToThread(QgsApplication.instance().thread())
        self.wanted.connect(self.release)
        self.unwanted.connect(self.restore)

    @pyqtSlot()
    def release(self) -> None:
        """Give all layers of the paths an empty source in place of their own, also those that are added later."""
        self.setParent(QgsApplication.instance())  # so that it lives until the layers are restored
        self._release_all()
        self._project.writeMapLayer.connect(self._on_write)
        self._project.layersAdded.connect(self._release_all, Qt.ConnectionType.QueuedConnection)
        self.is_done.set()

    @pyqtSlot()
    def restore(self) -> None:
        """Give the layers their sources and styles back."""
        self._project.writeMapLayer.disconnect(self._on_write)
        self._project.layersAdded.disconnect(self._release_all)
        for id_, own in self._released.items():
            layer = self._project.mapLayer(id_)
            if layer is not None and layer.source() == own.stand_in:  # neither removed nor read again meanwhile
                _set_source(layer, own.source, own.provider)
                layer.setCrs(own.crs)
                own.style.writeToLayer(layer)
                layer.triggerRepaint()
        shutil.rmtree(self._folder, ignore_errors=True)  # the map may still be drawn from it
        self.deleteLater()

    def _release_all(self) -> None:
        for layer in self._project.mapLayers().values():
            file = file_of(layer)
            if file is None or not any(path in (file.resolve(), *file.resolve().parents) for path in self._paths):
                continue
            if layer.isEditable():
                self.edited[str(file)] = layer.name()
            elif isinstance(layer, (QgsRasterLayer, QgsVectorLayer)):
                self._release(layer)

    def _release(self, layer: QgsMapLayer) -> None:
        source, provider, crs, style = layer.source(), layer.providerType(), layer.crs(), QgsMapLayerStyle()
        style.readFromLayer(layer)
        if isinstance(layer, QgsVectorLayer):
            shape = QgsWkbTypes.displayString(layer.wkbType())
            _set_source(layer, f"{shape}?crs={layer.crs().authid()}", "memory")
        else:
            empty = self._folder / f"{len(self._released)}.vrt"
            empty.write_text(_empty_raster(layer), encoding="utf-8")
            _set_source(layer, str(empty), "gdal")
        self._released[layer.id()] = _Released(source, provider, crs, style, layer.source())

    def _on_write(self, layer: QgsMapLayer, element: QDomElement, document: QDomDocument) -> None:
        """Write a layer's own source where the project is saved during the run."""
        own = self._released.get(layer.id())
        if own is not None and layer.source() == own.stand_in:
            for tag, text in (("datasource", own.source), ("provider", own.provider)):
                element.firstChildElement(tag).firstChild().setNodeValue(text)


@contextmanager
def released(project: QgsProject, paths: list[Path]) -> Iterator[None]:
    """Release the project's layers of these files, and of files in these folders, during the `with` block.

    Names, styles, positions and visibility of the layers stay. A layer that is being edited stays open; where that is
    why a file cannot be replaced, the error names it. Nothing is done where open files can be replaced.
    """
    if not system.OPEN_FILES_ARE_LOCKED:
        yield
        return
    release = _Release(project, paths)
    release.wanted.emit()
    release.is_done.wait(SECONDS_TO_RELEASE)  # QGIS's window may be waiting for this very run to end
    try:
        yield
    except QgsProcessingException as error:
        names = [name for file, name in release.edited.items() if file in str(error)]
        if not names:
            raise
        text = tr("The layer {} is being edited: save or discard the edits.").format(", ".join(names))
        raise QgsProcessingException(f"{error}\n{text}") from error
    finally:
        release.unwanted.emit()


def _set_source(layer: QgsMapLayer, source: str, provider: str) -> None:
    layer.setDataSource(source, layer.name(), provider)


def _empty_raster(layer: QgsRasterLayer) -> str:
    """A GDAL VRT without data, with the bands, the extent and the CRS of a layer."""
    extent = layer.extent()
    corner = f"{extent.xMinimum()}, {extent.width()}, 0, {extent.yMaximum()}, 0, {-extent.height()}"
    bands = "".join(
        f'<VRTRasterBand dataType="Byte" band="{number}"><NoDataValue>0</NoDataValue></VRTRasterBand>'
        for number in range(1, layer.bandCount() + 1)
    )
    return (
        f'<VRTDataset rasterXSize="1" rasterYSize="1"><SRS>{layer.crs().authid()}</SRS>'
        f"<GeoTransform>{corner}</GeoTransform>{bands}</VRTDataset>"
    )
