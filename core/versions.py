"""Which versions are at work."""

from __future__ import annotations

import platform
from importlib import metadata

PACKAGES = (
    "numpy",
    "rasterio",
    "shapely",
    "pyproj",
    "pyogrio",
    "scipy",
    "s2cloudless",
    "scikit-learn",
    "lightgbm",
    "joblib",
    "skops",
    "matplotlib",
    "jinja2",
    "sentinelhub",
    "pystac-client",
)


def package_versions() -> dict[str, str]:
    """Name to version of the packages the engine needs, `missing` where one is not there; and of Python."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found
