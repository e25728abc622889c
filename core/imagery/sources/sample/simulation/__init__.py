"""A made-up region and the year of Sentinel-2 scenes that never was: data to try Patchwork on, with no account.

Everything follows from `resources/sample_region.json` and is the same on every machine, bit for bit.
"""

from .landscape import land_cover
from .passes import Pass, coverage, passes
from .reference import ReferencePolygon, reference
from .region import CLASSES, Region, load_region
from .rendering import render

__all__ = [
    "CLASSES",
    "Pass",
    "ReferencePolygon",
    "Region",
    "coverage",
    "land_cover",
    "load_region",
    "passes",
    "reference",
    "render",
]
