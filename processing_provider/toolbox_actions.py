"""Actions in the context menu of the toolbox, for the QGIS window only."""

from __future__ import annotations

from processing.gui.ContextAction import ContextAction
from processing.gui.ProviderActions import ProviderContextMenuActions
from qgis.core import QgsApplication
from qgis.PyQt.QtGui import QIcon

from .models import ShippedModel
from .translation import tr


class OpenInModeler(ContextAction):
    """Opens a copy of a shipped model in the modeler."""

    def __init__(self) -> None:
        super().__init__()
        self.name = tr("Open in the modeler…")

    def icon(self) -> QIcon:
        """The icon of the modeler."""
        return QgsApplication.getThemeIcon("/processingModel.svg")

    def isEnabled(self) -> bool:
        """Only for shipped models."""
        return isinstance(self.itemData, ShippedModel)

    def execute(self) -> None:
        """Open the modeler."""
        from processing.modeler.ModelerDialog import ModelerDialog  # slow to import

        dialog = ModelerDialog.create(self.itemData.editable_copy())
        dialog.update_model.connect(_show_in_toolbox)
        dialog.show()
        dialog.activate()


ACTIONS = [OpenInModeler()]


def add_to_toolbox() -> None:
    """Register the actions."""
    ProviderContextMenuActions.registerProviderContextMenuActions(ACTIONS)


def remove_from_toolbox() -> None:
    """Unregister the actions, if they are registered."""
    offered = [action for action in ACTIONS if action in ProviderContextMenuActions.actions]
    ProviderContextMenuActions.deregisterProviderContextMenuActions(offered)


def _show_in_toolbox() -> None:
    QgsApplication.processingRegistry().providerById("model").refreshAlgorithms()
