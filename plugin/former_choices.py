"""The choices that a map was made with, as the session takes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Optional

from qgis.core import QgsApplication, QgsGeometry, QgsProcessingContext
from qgis.PyQt.QtGui import QTransform

from ..core.imagery.sources import SOURCES
from ..core.operations.drawsamples import DrawSamples
from ..core.operations.makemap import MakeMap
from ..core.operations.rasterizereference import RasterizeReference
from ..core.operations.trainmodel import TrainModel
from ..core.parameters import declared
from ..core.store.known_maps import choices_of
from ..core.store.paths import WorkspacePaths
from ..processing_provider.places import in_qgis_form
from .session import OF_REFERENCE

NOT_CHOSEN = ("WORKSPACE", "MEMORY", "JOBS", "BACKEND")  # of the machine, not of the map
OF_VALIDATION = ("VALIDATION_REFERENCE", "VALIDATION_CLASS_FIELD")
OF_PLACE = ("AREA", "IMAGERY", "START", "END", "SKIP_SCENES")


def former_choices(workspace: Path) -> dict[str, Any]:
    """The values of a finished map that are not the defaults, by upper-case name; of another one its area alone.

    Where a file is gone, such as a temporary one, the area is taken from the workspace, and other layers are left out.
    """
    values = choices_of(workspace)
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("patchwork:makemap")
    found = {}
    for definition in algorithm.parameterDefinitions():
        name, value = definition.name(), values.get(definition.name().lower())
        is_plain = isinstance(value, (str, int, float))
        if name not in NOT_CHOSEN and is_plain and value != definition.defaultValue():
            found[name] = value
    source = SOURCES.get(str(found.get("SOURCE", MakeMap.source)))
    has_own_reference = source is not None and source.reference is not None
    if has_own_reference:
        found.pop("REFERENCE", None)
    for layer, *fields in (OF_REFERENCE, OF_VALIDATION):
        if not _is_file(found.get(layer)):
            for name in (layer, *fields):
                found.pop(name, None)
    area = found.get("AREA")
    is_in_file = area is not None and in_qgis_form(area, QgsProcessingContext()) == area
    if (is_in_file and not _is_file(area)) or not values:
        found["AREA"] = area_of(workspace)
    return {name: value for name, value in found.items() if value is not None}


def choices_elsewhere(workspace: Path) -> dict[str, Any]:
    """The model of a workspace, and its choices apart from those of its place, its year and its training."""
    trained = {own.name.upper() for cls in (RasterizeReference, DrawSamples, TrainModel) for own in declared(cls)}
    found = {name: value for name, value in former_choices(workspace).items() if name not in {*OF_PLACE, *trained}}
    source = SOURCES.get(str(found.get("SOURCE", MakeMap.source)))
    if source is not None and source.is_local:
        found.pop("SOURCE", None)
    return {**found, "MODEL": str(WorkspacePaths(workspace).model)}


def area_of(workspace: Path) -> Optional[dict[str, str]]:
    """The area of a workspace as WKT and CRS; None if it cannot be read."""
    try:
        facts = json.loads(WorkspacePaths(workspace).grid.read_text(encoding="utf-8"))
        grid, shape = facts["grid"], QgsGeometry()
        shape.fromWkb(bytes.fromhex(facts["area"]))
        width, height = float(grid["pixel_width"]), float(grid["pixel_height"])
        shape.transform(QTransform(width, 0.0, 0.0, -height, float(grid["left"]), float(grid["top"])))
        return {"wkt": shape.asWkt(), "crs": str(grid["crs"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_file(value: Any) -> bool:
    return isinstance(value, str) and Path(value.partition("|")[0]).is_file()
