"""The plugin as QGIS knows it: it brings the Processing provider."""

from __future__ import annotations

from qgis.core import QgsApplication


class PatchworkPlugin:
    """Registers the provider, in the QGIS window and in qgis_process alike."""

    def __init__(self, iface) -> None:
        """`iface` is the QGIS window, None in qgis_process."""
        self._iface = iface
        self._provider = None

    def initProcessing(self) -> None:
        """Register the provider; qgis_process calls this alone."""
        from ..processing_provider.provider import PatchworkProvider

        self._provider = PatchworkProvider()
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self) -> None:
        """Set up what the QGIS window shows."""
        self.initProcessing()

    def unload(self) -> None:
        """Take everything away again."""
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
