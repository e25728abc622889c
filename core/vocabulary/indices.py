"""Spectral indices of Sentinel-2 bands: one record here each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from ..frozen import frozen
from ..registry import Registry

# Arrays, but numpy is not imported here: the names of the indices are part of the declarations, which QGIS imports.
Array = Any


@frozen
class Index:
    """A formula over reflectances (0 to 1, any shape, float) of bands, NaN or infinite where its denominator is 0."""

    name: str
    label: str
    help: str
    bands: tuple[str, ...]
    formula: Callable[..., Array]


def _normalised_difference(a: Array, b: Array) -> Array:
    return (a - b) / (a + b)


def _evi(nir: Array, red: Array, blue: Array) -> Array:
    return 2.5 * (nir - red) / (nir + 6.0 * red - 7.5 * blue + 1.0)


def _savi(nir: Array, red: Array) -> Array:
    return 1.5 * (nir - red) / (nir + red + 0.5)


def _norm(blue: Array, green: Array, red: Array, nir: Array) -> Array:
    return (blue * blue + green * green + red * red + nir * nir) ** 0.5


INDICES = Registry(
    "Index",
    (
        Index("NDVI", "Vegetation (NDVI)", "Rouse et al. 1974", ("B08", "B04"), _normalised_difference),
        Index("NDWI", "Open water (NDWI)", "McFeeters 1996", ("B03", "B08"), _normalised_difference),
        Index("NDMI", "Moisture (NDMI)", "Gao 1996", ("B08", "B11"), _normalised_difference),
        Index("NDBI", "Built-up (NDBI)", "Zha et al. 2003", ("B11", "B08"), _normalised_difference),
        Index("NDSI", "Snow (NDSI)", "Hall et al. 1995", ("B03", "B11"), _normalised_difference),
        Index("EVI", "Enhanced vegetation (EVI)", "Huete et al. 2002", ("B08", "B04", "B02"), _evi),
        Index("SAVI", "Soil-adjusted vegetation (SAVI)", "Huete 1988", ("B08", "B04"), _savi),
        Index(
            "brightness",
            "Brightness",
            'The Euclidean norm of the bands, as in "Land Cover Classification with eo-learn"',
            ("B02", "B03", "B04", "B08"),
            _norm,
        ),
    ),
)


def bands_of(name: str) -> tuple[str, ...]:
    """The bands of an index; for a band, the band itself."""
    return INDICES[name].bands if name in INDICES else (name,)


def compute_index(name: str, bands: Mapping[str, Array]) -> Array:
    """An index of reflectances by band name, any shape, float; 0 where its denominator is 0."""
    import numpy as np

    index = INDICES[name]
    with np.errstate(divide="ignore", invalid="ignore"):
        value = index.formula(*(bands[band] for band in index.bands))
    return np.nan_to_num(value, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
