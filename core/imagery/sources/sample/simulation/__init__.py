"""A simulated region with a year of Sentinel-2 scenes, to try Patchwork without an account.

Everything is derived from `resources/sample_region.json` and is identical on every machine, bit for bit.
"""

from .landscape import land_cover
from .passes import Pass, coverage, passes
from .reference import ReferencePolygon, reference
from .region import CLASSES, Region, load_region
from .rendering import render

VERSION = "ab1b45e23088b0829361860f491da39741c91faa78077e20a93f1e1793453149"  # pragma: allowlist secret
"""Changes when the simulated pixels do, so that workspaces download them again. test_simulation.py compares
pixels with it. The next version can be any other text."""

__all__ = [
    "CLASSES",
    "VERSION",
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
