"""Which versions are at work."""

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
    "pystac-client",
    "tenacity",
)


def package_versions() -> dict[str, str]:
    """Name to version of the packages the engine needs, `missing` where one is not there; and of Python."""
    from importlib import metadata  # QGIS imports this module when it starts, and this takes a while

    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def patchwork_version() -> str:
    """Patchwork's own version."""
    parser = ConfigParser(interpolation=None)
    parser.read(Path(__file__).resolve().parents[1] / "metadata.txt", encoding="utf-8")
    return parser["general"]["version"]
