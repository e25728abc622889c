"""The models of the toolbox that come with Patchwork."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProcessingModelAlgorithm
from qgis.PyQt.QtGui import QIcon

from .algorithm import group_id, help_url
from .translation import tr

FOLDER = Path(__file__).resolve().parents[1] / "resources" / "models"


class ShippedModel(QgsProcessingModelAlgorithm):
    """A model from a file, which also contains its texts; the stem of the file is the name of the algorithm."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self.fromFile(str(file))

    def createInstance(self) -> ShippedModel:
        """A new instance of the same file."""
        return ShippedModel(self._file)

    def name(self) -> str:
        """The permanent name."""
        return self._file.stem

    def displayName(self) -> str:
        """The display name."""
        return tr(super().displayName())

    def group(self) -> str:
        """The group in the toolbox."""
        return tr(super().group())

    def groupId(self) -> str:
        """The id of the group."""
        return group_id(super().group())

    def complete(self) -> None:
        """Determine the outputs, which are known only after the provider is registered."""
        self.canExecute()
        self.updateDestinationParameters()

    def icon(self) -> QIcon:
        """The provider's icon."""
        return self.provider().icon() if self.provider() else QIcon()

    def svgIconPath(self) -> str:
        """The file of the provider's icon."""
        return self.provider().svgIconPath() if self.provider() else ""

    def shortDescription(self) -> str:
        """The description of the model."""
        return tr(self.helpContent().get("ALG_DESC", ""))

    def helpUrl(self) -> str:
        """The section of the help page that comes with the plugin."""
        return help_url(self.name())

    def tags(self) -> list[str]:
        """Search tags."""
        return [tr(tag) for tag in ("model", "modeler", "land cover", "map")]

    def editable_copy(self) -> QgsProcessingModelAlgorithm:
        """A copy without a file, so that the modeler asks where to save it."""
        copy = QgsProcessingModelAlgorithm()
        copy.fromFile(str(self._file))
        return copy


def shipped_models() -> list[ShippedModel]:
    """All models that come with Patchwork."""
    return [ShippedModel(file) for file in sorted(FOLDER.glob("*.model3"))]
