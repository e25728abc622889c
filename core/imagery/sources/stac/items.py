"""The images of an item of a STAC catalogue: their bands, and the meaning of their numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..band_names import COMMON, LANDSAT
from ..passes import baseline_of

_BAND = re.compile(r"^(B\d[\dA]|SCL)(?:_(\d\d)m)?$")
_FIRST_WITH_OFFSET = 4.0
_USUAL_SCALE = 1e-4
# Of Earth Search, today and in its first version.
_APPLIED = ("earthsearch:boa_offset_applied", "sentinel:boa_offset_applied")
ORDER = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12", "SCL", "QA")


def images_of(item: Mapping[str, Any]) -> dict[str, list[Any]]:
    """For each band, the address of its image, and the scale and offset by which numbers become reflectance × 10000;
    then the number without data, if the item declares another than 0.

    An address on the web is preferred to that of a bucket, GeoTIFF to JPEG 2000, and a finer resolution to a coarser
    one.
    """
    found: dict[str, list[tuple[tuple[bool, bool, int], str, Mapping[str, Any]]]] = {}
    for key, asset in item.get("assets", {}).items():
        band, pixel = _band_of(item, key, asset)
        is_jp2 = "jp2" in str(asset.get("type", "")) or str(asset.get("href", "")).endswith(".jp2")
        if band and (is_jp2 or _is_tiff(asset)):
            found.setdefault(band, []).append(((in_bucket(_href(asset)), is_jp2, pixel), key, asset))
    best = {band: min(found[band], key=lambda each: each[:2])[2] for band in ORDER if band in found}
    return {band: [_href(asset), *_radiometry(item, band, asset), *_no_data(asset)] for band, asset in best.items()}


def in_bucket(href: str) -> bool:
    """Whether an address names an object of a cloud storage, such as s3://, which needs an account."""
    return href.partition("://")[0].lower() in ("s3", "gs", "az", "abfs", "abfss", "adl", "oss", "swift")


def _href(asset: Mapping[str, Any]) -> str:
    """The address of an asset: of several (alternate-assets extension), the first that is on the web."""
    own = str(asset.get("href", ""))
    alternate = asset.get("alternate")
    others = [str(each.get("href", "")) for each in alternate.values()] if isinstance(alternate, Mapping) else []
    web = (each for each in (own, *others) if each.startswith(("https://", "http://")))
    return next(web, own) if in_bucket(own) else own


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
    scale, offset = (_declared(item, asset, name) for name in ("scale", "offset"))
    if scale is None and offset is None and "sentinel-2" in str(item.get("collection", "")):
        offset = _usual_offset(item)
    if _says_applied(item):
        offset = 0.0
    scale = _USUAL_SCALE if scale is None else scale
    if not (math.isfinite(scale) and scale > 0.0 and math.isfinite(offset or 0.0)):
        raise ValueError(f"{band} has the scale {scale} and the offset {offset}")
    return round(scale * 10_000.0, 9), round((offset or 0.0) * 10_000.0, 6)


def _no_data(asset: Mapping[str, Any]) -> list[float]:
    """The number without data, if it is declared and is neither 0 nor NaN, which have no data in any image."""
    raster = (asset.get("raster:bands") or asset.get("bands") or [{}])[0]
    declared = raster.get("nodata", asset.get("nodata"))
    return [float(declared)] if declared and not isinstance(declared, str) else []


def doubtful_offset(item: Mapping[str, Any]) -> float | None:
    """The offset (reflectance × 10000) that the pixels of an item need if it is not taken off yet; None without doubt.

    Doubtful are items of `sentinel-2-l2a` that declare an offset or whether it is applied: for some of them it is
    wrong. Catalogues with the images as the agency delivers them declare neither, `sentinel-2-c1-l2a` is consistent,
    and products before baseline 04.00 have no offset.
    https://github.com/Element84/earth-search/issues/66 and 71, https://github.com/cirrus-geo/cirrus-earth-search/issues/33
    """
    if item.get("collection") != "sentinel-2-l2a":
        return None
    declared = {_declared(item, asset, "offset") for asset in item.get("assets", {}).values()} - {None}
    offsets = [value for value in declared if value]
    if offsets:
        return round(min(offsets) * 10_000.0, 6)
    says_anything = bool(declared) or any(name in item.get("properties", {}) for name in _APPLIED)
    return _usual_offset(item) * 10_000.0 if says_anything and _usual_offset(item) else None


def _usual_offset(item: Mapping[str, Any]) -> float:
    """The offset of Sentinel-2 products by their baseline."""
    return -0.1 if baseline_of(item) >= _FIRST_WITH_OFFSET else 0.0


def _says_applied(item: Mapping[str, Any]) -> bool:
    return any(item.get("properties", {}).get(name) is True for name in _APPLIED)


def _declared(item: Mapping[str, Any], asset: Mapping[str, Any], name: str) -> float | None:
    """Scale or offset as the raster extension gives it: of the band, the asset, or (STAC 1.1) the item."""
    bands = [*(asset.get("raster:bands") or ())[:1], *(asset.get("bands") or ())[:1]]
    places = [held.get(key) for held in bands for key in (name, f"raster:{name}")]
    places += [asset.get(f"raster:{name}"), item.get("properties", {}).get(f"raster:{name}")]
    return next((float(value) for value in places if value is not None), None)
