"""The Catalog API: search with filters and pages, in the form of the real answers."""

from __future__ import annotations

import math
import re
from datetime import datetime

import numpy as np
import shapely

from .collections import bad, dataset
from .ground import Product

_KNOWN = {"bbox", "intersects", "datetime", "collections", "ids", "limit", "next", "fields", "filter", "filter-lang"}


def search(products: list[Product], body: dict, deployment: str = "own") -> dict:
    """One page of the results of a search; RefusedError for a request that the service does not accept."""
    if unknown := sorted(set(body) - _KNOWN):
        raise bad(f"Unrecognized field {unknown[0]}.")
    if len(body.get("collections", [])) != 1:
        raise bad("Exactly one collection must be given.")
    (name,) = body["collections"]
    begins = dataset(name, deployment).begins
    found = [each for each in products if each.collection == name and f"{each.time:%Y-%m-%d}" >= begins]
    found = [product for product in found if _in_time(product, body)]
    ground = _ground(body)
    found = [product for product in found if product.footprint.intersects(ground)]
    found = [product for product in found if _passes(product, body.get("filter"))]
    found.sort(key=lambda product: product.time, reverse=True)
    limit, start = body.get("limit", 10), body.get("next", 0)
    if not (isinstance(limit, int) and 1 <= limit <= 100 and isinstance(start, int) and start >= 0):
        raise bad(f"Illegal limit {limit} or next {start}: limit is 1 to 100, next a number of an earlier answer.")
    page = found[start : start + limit]
    context = {"limit": limit, "returned": len(page)}
    if start + limit < len(found):
        context["next"] = start + limit
    features = [_feature(product, deployment) for product in page]
    return {"type": "FeatureCollection", "features": features, "links": [], "context": context}


def price(body: dict) -> float:
    """The units of a valid search: the area in 10⁶ km², at least 0.01, × months begun; 0.01 to 1."""
    left, bottom, right, top = _ground(body).bounds
    high, low = (np.sin(np.radians(angle)) for angle in (top, bottom))
    square_km = 6371.0**2 * np.radians(right - left) * (high - low)
    start, end = (_time(moment) for moment in body["datetime"].split("/"))
    months = math.ceil((end - start).total_seconds() / 86_400 / 30.4375)
    return min(max(max(square_km / 1e6, 0.01) * max(months, 1), 0.01), 1.0)


def _ground(body: dict) -> shapely.Geometry:
    if ("bbox" in body) == ("intersects" in body):
        raise bad("Either bbox or intersects must be given.")
    if "intersects" in body:
        return shapely.geometry.shape(body["intersects"])
    left, bottom, right, top = body["bbox"]
    if not (-180 <= left < right <= 180 and -90 <= bottom < top <= 90):
        raise bad("Illegal bbox.")
    return shapely.box(left, bottom, right, top)


def _in_time(product: Product, body: dict) -> bool:
    interval = body.get("datetime")
    if interval is None:
        raise bad("Parameter `datetime` is required.")
    try:
        ends = [None if end in ("..", "") else _time(end) for end in interval.split("/")]
        start, end = ends if len(ends) == 2 else (ends[0], ends[0])
    except ValueError as error:
        raise bad("Cannot parse parameter `datetime`.") from error
    return (start is None or product.time >= start) and (end is None or product.time <= end)


def _time(text: str) -> datetime:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text):
        raise ValueError(text)
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _passes(product: Product, condition: str | None) -> bool:
    if not condition:
        return True
    found = re.fullmatch(r"eo:cloud_cover\s*(<=?)\s*([\d.]+)", condition.strip())
    if found is None:
        raise bad(f"Querying is not supported on property '{condition.split()[0]}'")
    limit = float(found.group(2))
    return product.cloud_cover < limit or (found.group(1) == "<=" and product.cloud_cover == limit)


def _feature(product: Product, deployment: str) -> dict:
    is_cdse = deployment == "cdse"
    ending = ("_COG.SAFE" if product.collection.startswith("sentinel-1") else ".SAFE") if is_cdse else ""
    if product.collection.startswith("landsat"):
        ending = ""
    properties = {
        "datetime": product.time.strftime("%Y-%m-%dT%H:%M:%S" + (".024Z" if is_cdse else "Z")),
        "platform": product.platform,
        "proj:epsg": product.epsg,
    }
    if product.cloud_cover is not None:
        properties["eo:cloud_cover"] = round(product.cloud_cover, 2)
    return {
        "stac_version": "1.0.0",
        "stac_extensions": ["https://stac-extensions.github.io/eo/v1.0.0/schema.json"],
        "id": product.id + ending,
        "type": "Feature",
        "geometry": shapely.geometry.mapping(shapely.MultiPolygon([product.footprint])),
        "bbox": list(product.footprint.bounds),
        "properties": properties,
        "assets": {},
        "collection": product.collection,
        "links": [],
    }
