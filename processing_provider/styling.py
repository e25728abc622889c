"""Layers arrive styled: with the .qml that the engine writes beside a raster."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProviderRegistry,
)


class StyleBeside(QgsProcessingLayerPostProcessorInterface):
    """Applies the style that lies beside a layer's file, where there is one."""

    def postProcessLayer(
        self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Style a layer that has just been loaded."""
        parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
        style = Path(parts.get("path", "")).with_suffix(".qml") if parts.get("path") else None
        if style is not None and style.exists():
            layer.loadNamedStyle(str(style))
            layer.triggerRepaint()


# QGIS keeps no reference to a post-processor (QGIS #47533): this one lives as long as QGIS does.
STYLE_BESIDE = StyleBeside()
