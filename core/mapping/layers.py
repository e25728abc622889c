"""The layers of the area: one record here each. Standard library only: QGIS imports it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Callable, Optional

from ..frozen import frozen
from ..registry import Registry
from ..store.patch_rasters import APPLICABILITY, LABELS, MAPS, PROBABILITIES, STATISTICS, UNCERTAINTY, PatchRaster

if TYPE_CHECKING:
    from ..styles.renderers import Scale

REFERENCE_GROUP = "Reference"
UNCERTAINTY_GROUP = "Uncertainty"
# The rasters (by name) that stand beside the map of a patch if their layers are requested, and their data types
BESIDE = {UNCERTAINTY.name: "float32", PROBABILITIES.name: "uint16", APPLICABILITY.name: "float32"}


@frozen
class AreaLayer:
    """A layer: the band `name` of a patch raster, over the whole area.

    Without a `dtype` it holds class ids, in the data type and the colours of the classes; otherwise `scale` gives the
    colours of the raster in a file. In QGIS it stands in the subgroup `group` ("" for none) and is visible if
    `is_shown`.
    """

    name: str
    label: str
    help: str
    raster: PatchRaster
    dtype: Optional[str]
    nodata: float
    scale: Optional[Callable[[Path], Scale]] = None
    group: str = ""
    is_shown: bool = False


def _confidence(file: Path) -> Scale:
    from ..styles import CONFIDENCE

    return CONFIDENCE


def _entropy(file: Path) -> Scale:
    from ..styles import ENTROPY

    return ENTROPY


def _margin(file: Path) -> Scale:
    from ..styles import MARGIN

    return MARGIN


def _dissimilarity(file: Path) -> Scale:
    from ..styles import DISSIMILARITY

    return DISSIMILARITY


def _applicability(file: Path) -> Scale:
    from ..styles import APPLICABLE

    return APPLICABLE


def _mean_ndvi(file: Path) -> Scale:
    from ..styles import MEAN_NDVI

    return MEAN_NDVI


def _valid_count(file: Path) -> Scale:
    from ..store.rasters import read_highest
    from ..styles import count_scale

    return count_scale(read_highest(file))


def _mean_cloud_probability(file: Path) -> Scale:
    from ..store.rasters import read_highest
    from ..styles import mean_cloud_scale

    return mean_cloud_scale(read_highest(file))


# From top to bottom, as QGIS shows them.
LAYERS = Registry(
    "Layer (LAYER)",
    (
        AreaLayer("map", "Land-cover map", "The class of each pixel, 0 = no data.", MAPS, None, 0, is_shown=True),
        AreaLayer(
            "confidence",
            "Confidence",
            "The model's probability of the class, in percent.",
            MAPS,
            "uint8",
            255,
            _confidence,
        ),
        AreaLayer(
            "entropy",
            "Entropy",
            "How evenly the probability is spread over the classes: 0 for one class, 1 for all alike.",
            UNCERTAINTY,
            "float32",
            float("nan"),
            _entropy,
            group=UNCERTAINTY_GROUP,
        ),
        AreaLayer(
            "margin",
            "Margin",
            "The difference of the two highest probabilities, from 0 to 1.",
            UNCERTAINTY,
            "float32",
            float("nan"),
            _margin,
            group=UNCERTAINTY_GROUP,
        ),
        AreaLayer(
            "probabilities",
            "Probabilities",
            "The probability of each class in percent, one band a class.",
            PROBABILITIES,
            "uint8",
            255,
            _confidence,
            group=UNCERTAINTY_GROUP,
        ),
        AreaLayer(
            "dissimilarity",
            "Dissimilarity",
            "Distance to the nearest training sample in the space of the features, over the mean distance of samples.",
            APPLICABILITY,
            "float32",
            float("nan"),
            _dissimilarity,
            group=UNCERTAINTY_GROUP,
        ),
        AreaLayer(
            "applicability",
            "Area of applicability",
            "1 where the model has seen something alike, 0 where the map is a guess.",
            APPLICABILITY,
            "uint8",
            255,
            _applicability,
            group=UNCERTAINTY_GROUP,
        ),
        AreaLayer(
            "valid_count",
            "Valid observations",
            "The number of valid observations of each pixel.",
            STATISTICS,
            "uint16",
            0,
            _valid_count,
        ),
        AreaLayer(
            "mean_cloud_probability",
            "Mean cloud probability",
            "The mean cloud probability of all observations, in percent.",
            STATISTICS,
            "float32",
            float("nan"),
            _mean_cloud_probability,
        ),
        AreaLayer(
            "mean_ndvi",
            "Mean NDVI",
            "The mean NDVI of the valid observations.",
            STATISTICS,
            "float32",
            float("nan"),
            _mean_ndvi,
        ),
        AreaLayer(
            "labels",
            "Labels",
            "The class of each labelled pixel, 0 = unknown.",
            LABELS,
            None,
            0,
            group=REFERENCE_GROUP,
        ),
    ),
)

REQUESTED = ("confidence", *(name for name, layer in LAYERS.items() if layer.raster.name in BESIDE))
"""The layers that can be requested with a map; the confidence is always there."""
