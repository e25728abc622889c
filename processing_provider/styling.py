"""Post-processing of layers that Processing loads: name, style, and the group of their run."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.core import (
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
)
from qgis.PyQt import sip

from . import layers


class ArrivesFinished(QgsProcessingLayerPostProcessorInterface):
    """Styles a layer of a run and moves it into the run's group."""

    def __init__(self, workspace: Optional[Path]) -> None:
        super().__init__()
        self._workspace = workspace

    def postProcessLayer(
        self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Style and move a layer that has just been loaded."""
        layers.load_style(layer)
        project = layer.project() or context.project()
        if self._workspace is not None and project is not None:
            group = layers.run_group(project, self._workspace, layers.group_title(self._workspace))
            layers.take_in(project, group, layer)


# QGIS keeps no reference to a post-processor (QGIS #47533), and deletes it with the context of the run: so each layer
# has one of its own, kept here until QGIS has deleted it.
_kept: list[ArrivesFinished] = []


def finish_on_arrival(details: QgsProcessingContext.LayerDetails, file: str, workspace: Optional[str]) -> None:
    """Post-process a layer that will be loaded from a file; it joins the group of the workspace, if there is one."""
    finishing = ArrivesFinished(Path(workspace) if workspace else None)
    _kept[:] = [*(other for other in _kept if not sip.isdeleted(other)), finishing]
    details.setPostProcessor(finishing)
    if workspace and hasattr(details, "groupName"):  # from QGIS 3.32 on layers join the layer tree when all are there
        details.groupName = layers.group_title(Path(workspace))
        details.layerSortKey = layers.sort_key(Path(file))
