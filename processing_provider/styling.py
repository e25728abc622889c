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


class RunLayerPostProcessor(QgsProcessingLayerPostProcessorInterface):
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
            layers.move_into_group(project, group, layer)


# QGIS keeps no reference to a post-processor (QGIS #47533) and deletes it with the context of the run: each layer has
# its own, which is kept here until then.
_kept: list[RunLayerPostProcessor] = []


def post_process(details: QgsProcessingContext.LayerDetails, file: str, workspace: Optional[str]) -> None:
    """Set the post-processor of a layer that will be loaded; it is added to the group of the workspace, if any."""
    processor = RunLayerPostProcessor(Path(workspace) if workspace else None)
    _kept[:] = [*(other for other in _kept if not sip.isdeleted(other)), processor]
    details.setPostProcessor(processor)
    if workspace and hasattr(details, "groupName"):  # from QGIS 3.32, layers are added to the tree together
        details.groupName = layers.group_title(Path(workspace))
        details.layerSortKey = layers.sort_key(Path(file))
