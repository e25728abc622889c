"""The Processing provider, with every operation of the engine."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsApplication, QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from ..core.operations import OPERATIONS
from .algorithm import OperationAlgorithm
from .installation import CHECK, CheckInstallationAlgorithm, InstallEngineAlgorithm
from .models import ShippedModel, shipped_models

ICON = Path(__file__).resolve().parents[1] / "resources" / "icon.svg"


class PatchworkProvider(QgsProcessingProvider):
    """The algorithms of all operations, and the shipped models."""

    def __init__(self) -> None:
        super().__init__()
        self._models: list[ShippedModel] = []
        QgsApplication.processingRegistry().providerAdded.connect(self._complete_models)

    def id(self) -> str:
        """The permanent id: algorithms are called `patchwork:…`."""
        return "patchwork"

    def name(self) -> str:
        """The name in the toolbox."""
        return "Patchwork"

    def icon(self) -> QIcon:
        """The icon."""
        return QIcon(str(ICON))

    def svgIconPath(self) -> str:
        """The file of the icon."""
        return str(ICON)

    def loadAlgorithms(self) -> None:
        """Add the algorithms, when QGIS asks for them."""
        algorithms = [OperationAlgorithm(operation) for operation in OPERATIONS.values() if operation != CHECK]
        for algorithm in (*algorithms, CheckInstallationAlgorithm(), InstallEngineAlgorithm()):
            self.addAlgorithm(algorithm)
        self._models = shipped_models()
        for model in self._models:
            self.addAlgorithm(model)

    def _complete_models(self, added: str) -> None:
        if added == self.id():
            for model in self._models:
                model.complete()

    def supportedOutputRasterLayerExtensions(self) -> list[str]:
        """Rasters are copied from the workspace as they are: GeoTIFF."""
        return ["tif", "tiff"]

    def supportedOutputVectorLayerExtensions(self) -> list[str]:
        """Vector layers are copied from the workspace as they are: GeoPackage."""
        return ["gpkg"]

    def supportedOutputTableExtensions(self) -> list[str]:
        """Tables are written as GeoPackages too."""
        return ["gpkg"]

    def defaultRasterFileExtension(self) -> str:
        """The default raster format."""
        return "tif"

    def defaultVectorFileExtension(self, hasGeometry: bool = True) -> str:
        """The default vector format."""
        return "gpkg"

    def supportsNonFileBasedOutput(self) -> bool:
        """The engine writes files; there are no memory layers or database tables among its outputs."""
        return False
