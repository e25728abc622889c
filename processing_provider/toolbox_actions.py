"""What the toolbox's context menu offers for Patchwork's algorithms. Only a QGIS window needs it."""

from __future__ import annotations

from processing.gui.ContextAction import ContextAction
from processing.gui.ProviderActions import ProviderContextMenuActions
from qgis.core import QgsApplication
from qgis.PyQt.QtGui import QIcon

from .models import ShippedModel
from .translation import tr


class OpenInModeler(ContextAction):
    """Opens a shipped model as one of the person's own, to be changed and kept elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.name = tr("Open in the modeler…")

    def icon(self) -> QIcon:
        """The modeler's."""
        return QgsApplication.getThemeIcon("/processingModel.svg")

    def isEnabled(self) -> bool:
        """For shipped models alone."""
        return isinstance(self.itemData, ShippedModel)

    def execute(self) -> None:
        """Show the modeler."""
        from processing.modeler.ModelerDialog import ModelerDialog  # loads much; wanted now only

        dialog = ModelerDialog.create(self.itemData.editable_copy())
        dialog.update_model.connect(_show_in_toolbox)
        dialog.show()
        dialog.activate()


ACTIONS = [OpenInModeler()]


def add_to_toolbox() -> None:
    """Offer the actions from now on."""
    ProviderContextMenuActions.registerProviderContextMenuActions(ACTIONS)


def remove_from_toolbox() -> None:
    """Offer them no longer; nothing happens where they were not offered."""
    offered = [action for action in ACTIONS if action in ProviderContextMenuActions.actions]
    ProviderContextMenuActions.deregisterProviderContextMenuActions(offered)


def _show_in_toolbox() -> None:
    QgsApplication.processingRegistry().providerById("model").refreshAlgorithms()
