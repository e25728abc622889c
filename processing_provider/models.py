"""The models that Patchwork ships: chains of its own steps, in the toolbox beside them."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProcessingModelAlgorithm
from qgis.PyQt.QtGui import QIcon

from .algorithm import group_id, help_url
from .translation import tr

FOLDER = Path(__file__).resolve().parents[1] / "resources" / "models"


class ShippedModel(QgsProcessingModelAlgorithm):
    """A model from a file, whose name is the algorithm's; what people read is in the file."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self.fromFile(str(file))

    def createInstance(self) -> ShippedModel:
        """Another of the same file."""
        return ShippedModel(self._file)

    def name(self) -> str:
        """The name, fixed for ever."""
        return self._file.stem

    def displayName(self) -> str:
        """The name that people read."""
        return tr(super().displayName())

    def group(self) -> str:
        """The group of the algorithms that it belongs to."""
        return tr(super().group())

    def groupId(self) -> str:
        """That group's id."""
        return group_id(super().group())

    def complete(self) -> None:
        """Learn what its steps give, which can only be known once the provider is registered."""
        self.canExecute()
        self.updateDestinationParameters()

    def icon(self) -> QIcon:
        """The provider's icon."""
        return self.provider().icon() if self.provider() else QIcon()

    def svgIconPath(self) -> str:
        """The file of the provider's icon."""
        return self.provider().svgIconPath() if self.provider() else ""

    def shortDescription(self) -> str:
        """What it does."""
        return tr(self.helpContent().get("ALG_DESC", ""))

    def helpUrl(self) -> str:
        """The section of the help page that comes with the plugin."""
        return help_url(self.name())

    def tags(self) -> list[str]:
        """Words under which it is found."""
        return [tr(tag) for tag in ("model", "modeler", "land cover", "map")]

    def editable_copy(self) -> QgsProcessingModelAlgorithm:
        """A model of the same steps that belongs to no file: the modeler asks where to keep it."""
        copy = QgsProcessingModelAlgorithm()
        copy.fromFile(str(self._file))
        return copy


def shipped_models() -> list[ShippedModel]:
    """All of them."""
    return [ShippedModel(file) for file in sorted(FOLDER.glob("*.model3"))]
