"""The images of an item of a STAC catalogue: their bands, and the meaning of their numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..band_names import COMMON, LANDSAT

_BAND = re.compile(r"^(B\d[\dA]|SCL)(?:_(\d\d)m)?$")
_BASELINE_IN_ID = re.compile(r"_N(\d{4})_")
_FIRST_WITH_OFFSET = 4.0
_USUAL_SCALE = 1e-4
ORDER = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12", "SCL", "QA")


def images_of(item: Mapping[str, Any]) -> dict[str, list[Any]]:
    """For each band, the address of its image, and the scale and offset by which numbers become reflectance × 10000;
    then the number without data, if the item declares another than 0.

    GeoTIFF is preferred to JPEG 2000, and a finer resolution to a coarser one.
    """
    found: dict[str, list[tuple[tuple[bool, int], str, Mapping[str, Any]]]] = {}
    for key, asset in item.get("assets", {}).items():
        band, pixel = _band_of(item, key, asset)
        is_jp2 = "jp2" in str(asset.get("type", "")) or str(asset.get("href", "")).endswith(".jp2")
        if band and (is_jp2 or _is_tiff(asset)):
            found.setdefault(band, []).append(((is_jp2, pixel), key, asset))
    best = {band: min(found[band], key=lambda each: each[:2])[2] for band in ORDER if band in found}
    return {band: [asset["href"], *_radiometry(item, band, asset), *_no_data(asset)] for band, asset in best.items()}


def _band_of(item: Mapping[str, Any], key: str, asset: Mapping[str, Any]) -> tuple[str, int]:
    """The band of an asset and the size of its pixels (m, 0 if unknown); the band is empty for other assets."""
    names = LANDSAT if "landsat" in str(item.get("collection", "")) else COMMON
    described: Sequence[Mapping[str, Any]] = asset.get("eo:bands") or asset.get("bands") or ()
    candidates = [key.removesuffix("-jp2")]
    if len(described) == 1:
        candidates += [str(described[0].get("name", "")), str(described[0].get("eo:common_name", ""))]
        candidates.append(str(described[0].get("common_name", "")))
    for name in candidates:
        match = _BAND.match(name)
        if match and "landsat" not in str(item.get("collection", "")):
            return match.group(1), int(match.group(2) or 0)
        if name.lower() in names:
            return names[name.lower()], 0
    return "", 0


def _is_tiff(asset: Mapping[str, Any]) -> bool:
    path = str(asset.get("href", "")).split("?")[0].lower()
    return "tiff" in str(asset.get("type", "")) or path.endswith((".tif", ".tiff"))


def _radiometry(item: Mapping[str, Any], band: str, asset: Mapping[str, Any]) -> tuple[float, float]:
    """Scale and offset to reflectance × 10000; 1 and 0 for classes and bits."""
    if band in ("SCL", "QA"):
        return 1.0, 0.0
    properties = item.get("properties", {})
    raster = (asset.get("raster:bands") or asset.get("bands") or [{}])[0]
    scale = _number(raster, asset, "scale")
    offset = _number(raster, asset, "offset")
    if scale is None and offset is None and "sentinel-2" in str(item.get("collection", "")):
        offset = -0.1 if _baseline(item) >= _FIRST_WITH_OFFSET else 0.0
    if properties.get("earthsearch:boa_offset_applied") is True:
        offset = 0.0
    scale = _USUAL_SCALE if scale is None else scale
    return round(scale * 10_000.0, 9), round((offset or 0.0) * 10_000.0, 6)


def _no_data(asset: Mapping[str, Any]) -> list[float]:
    """The number without data, if it is declared and is neither 0 nor NaN, which have no data in any image."""
    raster = (asset.get("raster:bands") or asset.get("bands") or [{}])[0]
    declared = raster.get("nodata", asset.get("nodata"))
    return [float(declared)] if declared and not isinstance(declared, str) else []


def _number(raster: Mapping[str, Any], asset: Mapping[str, Any], name: str) -> float | None:
    for held in (raster.get(name), raster.get(f"raster:{name}"), asset.get(f"raster:{name}")):
        if held is not None:
            return float(held)
    return None


def _baseline(item: Mapping[str, Any]) -> float:
    """The processing baseline, 0 if the item does not declare it."""
    properties = item.get("properties", {})
    for name in ("s2:processing_baseline", "processing:version"):
        if re.fullmatch(r"\d\d\.\d\d", str(properties.get(name, ""))):
            return float(properties[name])
    found = _BASELINE_IN_ID.search(str(properties.get("s2:product_uri", "")) or str(item.get("id", "")))
    return int(found.group(1)) / 100.0 if found else 0.0
