"""The QGIS plugin: the Processing provider, and in the QGIS window the dock and the options."""

from __future__ import annotations

from qgis.core import QgsApplication


class PatchworkPlugin:
    """Registers the provider, in the QGIS window and in qgis_process."""

    def __init__(self, iface) -> None:
        """`iface` is the QGIS window, None in qgis_process."""
        self._iface = iface
        self._provider = None
        self._dock = None
        self._options = None

    def initProcessing(self) -> None:
        """Register the provider; qgis_process calls this alone."""
        from ..processing_provider.provider import PatchworkProvider

        self._provider = PatchworkProvider()
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self) -> None:
        """Add the dock, the options and the actions to the QGIS window."""
        from qgis.PyQt.QtCore import QTimer
        from qgis.PyQt.QtWidgets import QAction

        self.initProcessing()
        self._action = QAction(self._provider.icon(), "Patchwork", self._iface.mainWindow())
        self._action.setObjectName("patchwork-dock")
        self._action.setCheckable(True)
        self._action.toggled.connect(self._show_dock)
        self._iface.addPluginToMenu("Patchwork", self._action)
        self._iface.addToolBarIcon(self._action)
        QTimer.singleShot(0, self._add_rest)  # what is not visible at once must not delay the start of QGIS

    def unload(self) -> None:
        """Remove everything."""
        if self._dock is not None:
            self._dock.close_all()
            self._iface.removeDockWidget(self._dock)
            self._dock.deleteLater()
            self._dock = None
        if self._iface is not None:
            self._iface.removePluginMenu("Patchwork", self._action)
            self._iface.removeToolBarIcon(self._action)
        if self._options is not None:
            from ..processing_provider.toolbox_actions import remove_from_toolbox

            self._iface.unregisterOptionsWidgetFactory(self._options)
            remove_from_toolbox()
            self._options = None
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None

    def _add_rest(self) -> None:
        """The options page, and the toolbox's context menu."""
        from ..processing_provider.toolbox_actions import add_to_toolbox
        from .options import OptionsFactory

        if self._provider is not None:
            self._options = OptionsFactory()
            self._iface.registerOptionsWidgetFactory(self._options)
            add_to_toolbox()

    def _show_dock(self, is_wanted: bool) -> None:
        """Show or hide the dock, which is created when it is shown first."""
        if self._dock is None:
            from qgis.PyQt.QtCore import Qt

            from .dock import PatchworkDock

            if not self._iface.mapCanvas().isVisible():
                self._iface.newProject()  # in place of the page of recent projects, which hides the map
            self._dock = PatchworkDock(self._iface)
            self._iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self._dock)
            self._dock.setToggleVisibilityAction(self._action)
        self._dock.setUserVisible(is_wanted)
