"""The Catalog API: search with filters and pages, in the form of the real answers."""

from __future__ import annotations

import re
from datetime import datetime, timezone

import shapely

from .ground import Product
from .process import RefusedError


def search(products: list[Product], body: dict) -> dict:
    """One page of the results of a search; RefusedError for a request that the service does not accept."""
    names = {product.collection for product in products}
    for name in body.get("collections", []):
        if name not in names:
            raise RefusedError(400, "COMMON_BAD_PAYLOAD", f"Illegal collection {name}.")
    found = [product for product in products if product.collection in body["collections"]]
    found = [product for product in found if _in_time(product, body.get("datetime"))]
    ground = shapely.box(*body["bbox"]) if "bbox" in body else shapely.geometry.shape(body["intersects"])
    found = [product for product in found if product.footprint.intersects(ground)]
    found = [product for product in found if _passes(product, body.get("filter"))]
    found.sort(key=lambda product: product.time, reverse=True)
    limit, start = int(body.get("limit", 10)), int(body.get("next") or 0)
    page = found[start : start + limit]
    context = {"limit": limit, "returned": len(page)}
    if start + limit < len(found):
        context["next"] = start + limit
    return {"type": "FeatureCollection", "features": [_feature(p) for p in page], "links": [], "context": context}


def _in_time(product: Product, interval: str | None) -> bool:
    if interval is None:
        return True
    try:
        ends = [None if end in ("..", "") else _time(end) for end in interval.split("/")]
        start, end = ends if len(ends) == 2 else (ends[0], ends[0])
    except ValueError as error:
        raise RefusedError(400, "COMMON_BAD_PAYLOAD", "Cannot parse parameter `datetime`.") from error
    return (start is None or product.time >= start) and (end is None or product.time <= end)


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)


def _passes(product: Product, condition: str | None) -> bool:
    if not condition:
        return True
    found = re.fullmatch(r"eo:cloud_cover\s*(<=?)\s*([\d.]+)", condition.strip())
    if found is None:
        message = f"Querying is not supported on property '{condition.split()[0]}'"
        raise RefusedError(400, "COMMON_BAD_PAYLOAD", message)
    limit = float(found.group(2))
    return product.cloud_cover < limit or (found.group(1) == "<=" and product.cloud_cover == limit)


def _feature(product: Product) -> dict:
    properties = {
        "datetime": product.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "platform": product.platform,
        "proj:epsg": product.epsg,
    }
    if product.cloud_cover is not None:
        properties["eo:cloud_cover"] = round(product.cloud_cover, 2)
    return {
        "stac_version": "1.0.0",
        "stac_extensions": ["https://stac-extensions.github.io/eo/v1.0.0/schema.json"],
        "id": product.id,
        "type": "Feature",
        "geometry": shapely.geometry.mapping(shapely.MultiPolygon([product.footprint])),
        "bbox": list(product.footprint.bounds),
        "properties": properties,
        "assets": {},
        "collection": product.collection,
        "links": [],
    }
