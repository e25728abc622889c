"""The kinds of rasters of a patch. Standard library only: QGIS imports it too."""

from __future__ import annotations

from typing import Optional

from ..frozen import frozen


@frozen
class PatchRaster:
    """A kind of raster: its folder in the workspace, the operation that makes it, its bands and its no data value."""

    name: str
    step: str
    bands: tuple[str, ...]
    nodata: Optional[float]


STATISTICS = PatchRaster(
    "statistics",
    "observationstatistics",
    ("valid_count", "mean_cloud_probability", "mean_ndvi"),
    float("nan"),
)
LABELS = PatchRaster("labels", "rasterizereference", ("labels", "polygon"), 0)
MAPS = PatchRaster("maps", "classifypatches", ("map", "confidence"), None)
UNCERTAINTY = PatchRaster("uncertainty", "classifypatches", ("entropy", "margin"), float("nan"))
APPLICABILITY = PatchRaster("applicability", "classifypatches", ("dissimilarity", "applicability"), float("nan"))
# One band for each class, named by its id: its probability × 10000
PROBABILITIES = PatchRaster("probabilities", "classifypatches", (), 65535)
SMOOTHED_MAPS = PatchRaster("maps-smoothed", "classifypatches", ("map", "confidence"), None)
UNSMOOTHED_MAPS = PatchRaster("maps-raw", "classifypatches", ("map", "confidence"), None)
