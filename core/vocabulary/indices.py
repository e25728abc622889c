"""Spectral indices of Sentinel-2 bands, each by its formula and the bands it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable

# Arrays, but numpy is not imported here: the names of the indices are part of the declarations, which QGIS imports.
Array = Any


@dataclass(frozen=True)
class Index:
    """A formula over reflectances (0 to 1, any shape, float); NaN or infinite where its denominator is 0."""

    bands: tuple[str, ...]
    formula: Callable[..., Array]


def _normalised_difference(a: Array, b: Array) -> Array:
    return (a - b) / (a + b)


INDICES = {
    # Rouse et al. 1974
    "NDVI": Index(("B08", "B04"), _normalised_difference),
    # McFeeters 1996
    "NDWI": Index(("B03", "B08"), _normalised_difference),
    # Gao 1996
    "NDMI": Index(("B08", "B11"), _normalised_difference),
    # Zha et al. 2003
    "NDBI": Index(("B11", "B08"), _normalised_difference),
    # Hall et al. 1995
    "NDSI": Index(("B03", "B11"), _normalised_difference),
    # Huete et al. 2002
    "EVI": Index(
        ("B08", "B04", "B02"), lambda nir, red, blue: 2.5 * (nir - red) / (nir + 6.0 * red - 7.5 * blue + 1.0)
    ),
    # Huete 1988
    "SAVI": Index(("B08", "B04"), lambda nir, red: 1.5 * (nir - red) / (nir + red + 0.5)),
    # The Euclidean norm of the bands, as in "Land Cover Classification with eo-learn"
    "brightness": Index(
        ("B02", "B03", "B04", "B08"),
        lambda blue, green, red, nir: (blue * blue + green * green + red * red + nir * nir) ** 0.5,
    ),
}


def bands_of(name: str) -> tuple[str, ...]:
    """The bands that an index is made of; a band is made of itself."""
    return INDICES[name].bands if name in INDICES else (name,)


def compute_index(name: str, bands: Mapping[str, Array]) -> Array:
    """An index of reflectances by band name, any shape, float; 0 where its denominator is 0."""
    import numpy as np

    index = INDICES[name]
    with np.errstate(divide="ignore", invalid="ignore"):
        value = index.formula(*(bands[band] for band in index.bands))
    return np.nan_to_num(value, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
