"""The items of a search, over all its pages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from ....errors import ServiceError
from ....grid.pixel_grid import Bounds
from .addresses import link_of, web_address
from .api import Api

_PAGE = 100
_MOST_PAGES = 2000


def search(api: Api, collection: str, start: date, end: date, boxes: Sequence[Bounds]) -> list[dict[str, Any]]:
    """The items of a collection that intersect the boxes (degrees) from `start` to `end`, both days included.

    Raises ServiceError if the API refuses, does not answer like a STAC API, or pages without an end.
    """
    landing = api.ask("GET", api.public)
    links = [each for each in landing.get("links") or () if isinstance(each, Mapping) and each.get("rel") == "search"]
    link = next((each for each in links if each.get("method") == "POST"), links[0] if links else {})
    address = web_address(link.get("href") or f"{api.public}/search", f"{api.public}/", api.url)
    method = str(link.get("method") or "POST").upper()
    items = {}
    for box in boxes:
        query = {
            "collections": [collection],
            "bbox": list(box),
            "datetime": f"{start.isoformat()}T00:00:00Z/{end.isoformat()}T23:59:59Z",
            "limit": _PAGE,
        }
        items.update({str(item.get("id")): item for page in _pages(api, address, method, query) for item in page})
    # Some services ignore a collection that they do not have.
    return [item for item in items.values() if item.get("collection") in (None, collection)]


def collections_of(api: Api) -> list[str]:
    """The ids of the collections; ServiceError if the API does not list them."""
    link = link_of(api.ask("GET", api.public), "data") or {}
    address = web_address(link.get("href") or f"{api.public}/collections", f"{api.public}/", api.url)
    return sorted(str(each.get("id")) for each in api.ask("GET", address).get("collections") or ())


def item_of(api: Api, collection: str, name: str) -> dict[str, Any]:
    """One item as the API gives it now."""
    link = item_address(api, collection, name)
    return api.ask("GET", web_address(link, link, api.url))


def item_address(api: Api, collection: str, name: str) -> str:
    """The address of an item."""
    return f"{api.public}/collections/{quote(collection, safe='')}/items/{quote(name, safe='')}"


def _pages(api: Api, address: str, method: str, query: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """The items of each page; ServiceError for a page that was requested before, or brings nothing new."""
    body: Mapping[str, Any] | None = query
    if method != "POST":
        method, body, address = "GET", None, f"{address}{'&' if urlsplit(address).query else '?'}{_encoded(query)}"
    asked: set[str] = set()
    known: set[str] = set()
    while len(asked) < _MOST_PAGES:
        asked.add(json.dumps([method, address, body], sort_keys=True))
        page = api.ask(method, address, body)
        items = page.get("features")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise ServiceError(
                f"{api.public} does not answer like a STAC API: its search gives no features. Check SERVICE_URL."
            )
        fresh = [item for item in items if str(item.get("id")) not in known]
        known.update(str(item.get("id")) for item in fresh)
        yield fresh
        link = link_of(page, "next")
        if link is None:
            return
        address = web_address(link.get("href", ""), address, api.url)
        method = str(link.get("method") or "GET").upper()
        own = link.get("body")
        body = None if method == "GET" else {**(query if link.get("merge") else {}), **_mapping(own)}
        if json.dumps([method, address, body], sort_keys=True) in asked or (items and not fresh):
            break
    raise ServiceError(
        f"{api.public}: the search does not end: after {len(asked)} pages the next one repeats an earlier one. This is "
        "a fault of the service. Choose a shorter period (START, END) or another SERVICE_URL."
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _encoded(query: Mapping[str, Any]) -> str:
    return urlencode(
        {name: ",".join(map(str, v)) if isinstance(v, list) else v for name, v in query.items()}, safe=",:/"
    )
