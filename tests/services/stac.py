"""A STAC API on the loopback address, with Cloud Optimized GeoTIFFs that it serves by range requests."""

from __future__ import annotations

import json
import re
import threading
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import numpy as np
import rasterio
import shapely
from pyproj import Transformer
from rasterio.io import MemoryFile
from rasterio.shutil import copy as write_copy

COLLECTION = "sentinel-2-l2a"
COLLECTION_1 = "sentinel-2-c1-l2a"
KEYS = {"B02": "blue", "B03": "green", "B04": "red", "B05": "rededge1", "B06": "rededge2", "B07": "rededge3"}
KEYS |= {"B08": "nir", "B8A": "nir08", "B11": "swir16", "B12": "swir22", "SCL": "scl"}


def write_item(
    folder: Path,
    name: str,
    time: str,
    bands: dict[str, np.ndarray],
    *,
    crs: str,
    affine: rasterio.Affine,
    offset: int = 0,
    properties: dict | None = None,
    raster: dict | None = None,
    collection: str = COLLECTION,
) -> dict:
    """Write one COG for each band, with `offset` added where there is data, and return the item as Earth Search does.

    `raster` holds the scale and offset that the item declares; hrefs are relative to the server.
    """
    assets = {}
    for band, values in bands.items():
        numbers = values if band == "SCL" else np.where(values > 0, values.astype(np.int64) + offset, 0)
        file = folder / name / f"{band}.tif"
        _write_cog(file, numbers.astype(np.uint8 if band == "SCL" else np.uint16), crs, affine)
        assets[KEYS[band]] = {
            "href": f"{name}/{band}.tif",
            "type": "image/tiff; application=geotiff; profile=cloud-optimized",
            "eo:bands": [{"name": KEYS[band]}],
            "raster:bands": [{"nodata": 0, **({} if band == "SCL" else raster or {})}],
        }
    height, width = next(iter(bands.values())).shape
    box = shapely.box(affine.c, affine.f + height * affine.e, affine.c + width * affine.a, affine.f)
    to_degrees = Transformer.from_crs(crs, 4326, always_xy=True)
    ground = shapely.transform(box.segmentize(200), to_degrees.transform, interleaved=False)
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": collection,
        "geometry": shapely.geometry.mapping(ground),
        "bbox": list(ground.bounds),
        "properties": {"datetime": time, "platform": "sentinel-2a", "eo:cloud_cover": 10.0, **(properties or {})},
        "assets": assets,
        "links": [],
    }


def write_folder_items(source: Path, folder: Path, *, limit: int | None = None) -> list[dict]:
    """Items of the acquisitions of a folder source (one GeoTIFF each), with one file per band."""
    items = []
    for path in sorted(source.glob("*.tif"))[:limit]:
        moment = datetime.strptime(path.stem[-15:], "%Y%m%dT%H%M%S").replace(tzinfo=timezone.utc)
        with rasterio.open(path) as file:
            bands = dict(zip(file.descriptions, file.read(), strict=True))
            place = {"crs": file.crs.to_string(), "affine": file.transform}
        told = {"scale": 0.0001, "offset": 0}
        items.append(write_item(folder, path.stem, moment.strftime("%Y-%m-%dT%H:%M:%SZ"), bands, **place, raster=told))
    return items


def _write_cog(file: Path, values: np.ndarray, crs: str, affine: rasterio.Affine) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    profile = {"driver": "GTiff", "count": 1, "height": values.shape[0], "width": values.shape[1], "nodata": 0}
    with MemoryFile() as memory:
        with memory.open(**profile, dtype=values.dtype.name, crs=crs, transform=affine) as image:
            image.write(values, 1)
        with memory.open() as image:
            write_copy(image, file, driver="COG", compress="deflate", blocksize=256, overviews="NONE")


@dataclass
class Seen:
    """One request, as it came."""

    method: str
    path: str
    headers: dict[str, str]


class StacServer:
    """The API over items and the files in `folder`, as Earth Search (and, with `tokens`, Planetary Computer) answers.

    `failing` maps parts of paths to the number of failures (503), `answers` to a list of the next answers: statuses,
    statuses with headers, or "drop" for a connection that ends without one. With `tokens`, files need one of those that
    `/sas/<account>/<container>` gives. With `account` (user name and password) or `key`, every request needs them.
    """

    def __init__(self, folder: Path, items: list[dict]) -> None:
        self.folder, self.items = folder, items
        self.requests: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self.seen: list[Seen] = []
        self.failing: dict[str, int] = {}
        self.answers: dict[str, list] = {}
        self.tokens: list[str] | None = None
        self.token_life = timedelta(hours=1)
        self.account = self.key = ""
        self.searches_by_get = False
        self.next_link: Callable[[dict, int], dict] | None = None
        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"api": self}))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> StacServer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def search(self, body: dict) -> dict:
        """One page."""
        start, _, end = body["datetime"].partition("/")
        box = shapely.box(*body["bbox"])
        found = [
            item
            for item in self.items
            if item["collection"] in body["collections"]
            and start <= (item["properties"]["datetime"] or item["properties"]["start_datetime"]) <= end
            and (item["geometry"] is None or shapely.geometry.shape(item["geometry"]).intersects(box))
        ]
        first, limit = int(body.get("token") or 0), min(int(body.get("limit", 10)), 7)
        links = [{"rel": "root", "href": self.url, "type": "application/json"}]
        if self.searches_by_get and first + limit < len(found):
            links.append({"rel": "next", "href": f"/search?{urlencode({**self._query(body), 'token': first + limit})}"})
        elif self.next_link is not None:
            links.append({"rel": "next", **self.next_link(body, first)})
        elif first + limit < len(found):
            body = {**body, "token": str(first + limit)}
            links.append({"rel": "next", "href": f"{self.url}/search", "method": "POST", "body": body})
        return {
            "type": "FeatureCollection",
            "features": [self._absolute(i) for i in found[first : first + limit]],
            "links": links,
        }

    @staticmethod
    def _query(body: dict) -> dict:
        return {name: ",".join(map(str, v)) if isinstance(v, list) else v for name, v in body.items()}

    def item(self, collection: str, name: str) -> dict | None:
        """One item."""
        found = (each for each in self.items if (each["collection"], each["id"]) == (collection, name))
        item = next(found, None)
        return None if item is None else self._absolute(item)

    def _absolute(self, item: dict) -> dict:
        """The item with absolute hrefs; those that tests make strange stay as they are."""
        assets = {
            key: {**each, "href": f"{self.url}/files/{each['href']}"} if each["href"].startswith(item["id"]) else each
            for key, each in item["assets"].items()
        }
        return {**item, "assets": assets}

    def root(self) -> dict:
        """The landing page."""
        classes = ["https://api.stacspec.org/v1.0.0/core", "https://api.stacspec.org/v1.0.0/item-search"]
        classes += ["https://api.stacspec.org/v1.0.0/collections"]
        links = [
            {"rel": "self", "href": self.url, "type": "application/json"},
            {"rel": "root", "href": self.url, "type": "application/json"},
            {"rel": "data", "href": f"{self.url}/collections", "type": "application/json"},
            {"rel": "search", "href": f"{self.url}/search", "type": "application/geo+json", "method": "GET"},
        ]
        if not self.searches_by_get:
            links.append({**links[-1], "method": "POST"})
        common = {"type": "Catalog", "stac_version": "1.0.0", "id": "test", "description": "A STAC API of tests."}
        return {**common, "conformsTo": classes, "links": links}

    def collections(self) -> dict:
        """The collections of the items, and the usual one."""
        extent = {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}}
        one = {"type": "Collection", "stac_version": "1.0.0", "description": "…", "license": "other"}
        names = sorted({COLLECTION, *(item["collection"] for item in self.items)})
        return {"collections": [{**one, "id": name, "extent": extent, "links": []} for name in names], "links": []}

    def token(self) -> dict:
        """A new token, and when it ends."""
        assert self.tokens is not None
        self.tokens.append(f"se=2030&sig=t0psecret{len(self.tokens)}")
        return {"token": self.tokens[-1], "msft:expiry": (datetime.now(timezone.utc) + self.token_life).isoformat()}

    def refusal(self, path: str, headers: Mapping[str, str]) -> tuple[int | str, dict[str, str]] | None:
        """The status and headers of a request that is not answered as usual."""
        with self.lock:
            for part, left in self.failing.items():
                if part in path and left > 0:
                    self.failing[part] -= 1
                    return 503, {}
            for part, answers in self.answers.items():
                if part in path and answers:
                    answer = answers.pop(0)
                    return answer if isinstance(answer, tuple) else (answer, {})
        if self.key and f"key={self.key}" not in path:
            return 401, {}
        if self.account and headers.get("Authorization") != f"Basic {b64encode(self.account.encode()).decode()}":
            return 401, {}
        if self.tokens is not None and ".tif" in path:
            return None if path.partition("?")[2] in self.tokens else (409, {})
        return None


class _Handler(BaseHTTPRequestHandler):
    api: StacServer
    protocol_version = "HTTP/1.1"

    def log_message(self, form: str, *values: object) -> None:
        """Write no log."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._is_refused(with_body=True):
            self._json(self.api.search(body) if self.path.startswith("/search") else None)

    def do_HEAD(self) -> None:
        if not self._is_refused(with_body=False):
            self._file(with_body=False)

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        item = re.fullmatch(r"/collections/([^/]+)/items/([^/]+)", path)
        if self._is_refused(with_body=True):
            return
        if path == "/search":
            given = {name: values[-1] for name, values in parse_qs(self.path.partition("?")[2]).items()}
            box = [float(value) for value in given["bbox"].split(",")]
            self._json(self.api.search({**given, "bbox": box, "collections": given["collections"].split(",")}))
        elif path in ("", "/"):
            self._json(self.api.root())
        elif path == "/collections":
            self._json(self.api.collections())
        elif item:
            self._json(self.api.item(item[1], item[2]))
        elif path.startswith("/sas/"):
            self._json(self.api.token())
        else:
            self._file(with_body=True)

    def _is_refused(self, *, with_body: bool) -> bool:
        self.api.seen.append(Seen(self.command, self.path, dict(self.headers)))
        refusal = self.api.refusal(self.path, self.headers)
        if refusal is None:
            return False
        status, headers = refusal
        if status == "drop":
            self.close_connection = True
        else:
            self._send(int(status), b"", headers, with_body)
        return True

    def _file(self, *, with_body: bool) -> None:
        path = self.api.folder / self.path.split("?")[0].removeprefix("/files/").lstrip("/")
        with self.api.lock:
            self.api.requests[path.name] += 1
        if not path.is_file():
            self._send(404, b"", {}, with_body)
            return
        content = path.read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked is None:
            self._send(200, content, {"Accept-Ranges": "bytes"}, with_body)
            return
        first, last = int(asked[1]), min(int(asked[2] or len(content) - 1), len(content) - 1)
        with self.api.lock:
            self.api.bytes[path.name] += last + 1 - first if with_body else 0
        self._send(206, content[first : last + 1], {"Content-Range": f"bytes {first}-{last}/{len(content)}"}, with_body)

    def _json(self, value: object) -> None:
        self._send(
            404 if value is None else 200, json.dumps(value).encode(), {"Content-Type": "application/json"}, True
        )

    def _send(self, status: int, content: bytes, headers: dict[str, str], with_body: bool) -> None:
        self.send_response(status)
        for name, text in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, text)
        self.end_headers()
        if with_body:
            self.wfile.write(content)
