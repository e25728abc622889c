"""Versions of Patchwork, Python and the packages."""

from __future__ import annotations

import platform
from configparser import ConfigParser
from pathlib import Path

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
    "requests",
    "tenacity",
)


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that the engine needs, by name; `missing` for a missing package."""
    from importlib import metadata  # slow, and QGIS imports this module when it starts

    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def patchwork_version() -> str:
    """The version of Patchwork."""
    parser = ConfigParser(interpolation=None)
    parser.read(Path(__file__).resolve().parents[1] / "metadata.txt", encoding="utf-8")
    return parser["general"]["version"]
